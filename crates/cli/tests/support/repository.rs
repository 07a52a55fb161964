//! A git repository for one test.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A repository with a branch `main`.
pub struct Repository(tempfile::TempDir);

#[allow(dead_code, reason = "not each test file needs all of it")]
impl Repository {
    /// An empty one.
    pub fn new() -> Self {
        let new = Self(tempfile::tempdir().unwrap());
        new.git(&["init", "--quiet", "--initial-branch=main"]);
        new
    }

    /// Its worktree.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes a link.
    #[cfg(unix)]
    pub fn link(&self, path: &str, target: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// Commits all that is there.
    pub fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=a change"]);
    }

    /// Commits a submodule that nobody has.
    pub fn submodule(&self, path: &str) {
        let entry = format!("160000,{},{path}", "1".repeat(40));
        self.git(&["update-index", "--add", "--cacheinfo", &entry]);
        self.git(&["commit", "--quiet", "--message=a submodule"]);
    }

    /// A clone without the bytes of any file, in a folder of its own.
    pub fn partial_clone(&self) -> (tempfile::TempDir, std::path::PathBuf) {
        self.git(&["config", "uploadpack.allowFilter", "true"]);
        let folder = tempfile::tempdir().unwrap();
        let clone = folder.path().join("clone");
        let from = format!("file://{}", self.root().display());
        let place = clone.to_str().unwrap();
        self.git(&[
            "clone",
            "--quiet",
            "--no-checkout",
            "--filter=blob:none",
            &from,
            place,
        ]);
        (folder, clone)
    }

    /// Has one object read in the place of another one.
    pub fn replace(&self, object: &str, by: &str) {
        self.git(&["replace", object, by]);
    }

    /// What the worktree, the index and the branches are.
    pub fn state(&self) -> String {
        self.git(&["status", "--porcelain=v2", "--branch"]) + &self.git(&["for-each-ref"])
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=test", "-c", "user.email=test@example.org"])
            .args(arguments)
            .current_dir(self.root())
            // What the machine is set up with must not change a test.
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}
