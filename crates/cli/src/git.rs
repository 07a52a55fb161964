//! What a git revision holds below a path, such as `main:deploy/`: read from the object store through the installed git,
//! never checked out, so that neither the worktree nor the index is touched.
//!
//! Names that a user or a pipeline gives go to git on standard input, where nothing is an option; only object ids stand on
//! its command line.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a pointer of Git LFS begins with.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A file of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// As `git show` takes it: `main:deploy/lab.yaml`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A revision that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("{0}: names a git revision, and git is not installed")]
    NoGit(String),
    /// Git cannot be run.
    #[error("{name}: git cannot be run: {error}")]
    Run {
        /// What was asked for.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// What no revision can be named.
    #[error("{0:?}: names no git revision: it has a line break, a zero byte or is not UTF-8")]
    Name(String),
    /// The revision does not exist.
    #[error("{name}: git knows no revision {revision}; in a shallow clone, fetch it first")]
    Revision {
        /// What was asked for.
        name: String,
        /// The part before the colon.
        revision: String,
    },
    /// The path does not exist in it.
    #[error(
        "{0}: the revision has no such file or folder; the path is from the root of the repository, or write `REVISION:./PATH`"
    )]
    Path(String),
    /// Git says something else.
    #[error("{name}: git says: {said}")]
    Said {
        /// What was asked for.
        name: String,
        /// Its first line.
        said: String,
    },
    /// A link that cannot be followed.
    #[error(
        "{0}: is a link that leads to no file inside of the folder that was named; name a folder above both"
    )]
    Link(String),
    /// A submodule.
    #[error("{0}: is a submodule, whose files no revision holds; name the folders beside it, one by one")]
    Submodule(String),
    /// Git LFS.
    #[error(
        "{0}: the revision holds a pointer of Git LFS, not the file; `git lfs pull`, and name the file itself"
    )]
    Pointer(String),
}

/// The revision and the path, where a text has the form of both: `main:deploy/`. The path may be empty, for the whole
/// repository. Whether there is a file of that name is the caller's to ask first.
pub fn parts(text: &str) -> Option<(&str, &str)> {
    let (revision, path) = text.split_once(':')?;
    (!revision.is_empty()).then_some((revision, path))
}

/// The files at or below a revision's path that `wanted` takes by their paths, in git's order: bytes of their names.
/// Links are followed inside of the folder. A path that is a file itself is taken whatever it is called.
pub fn files(name: &str, wanted: impl Fn(&Path) -> bool) -> Result<Vec<Blob>, GitError> {
    let Some((revision, path)) = parts(name) else {
        return Err(GitError::Name(name.to_owned()));
    };
    if name.contains(['\n', '\0', '\u{fffd}']) {
        return Err(GitError::Name(name.to_owned()));
    }
    let git = Git { name };
    let [known, found] = git.look_up(revision)?;
    if known.is_none() {
        return Err(GitError::Revision {
            name: name.to_owned(),
            revision: revision.to_owned(),
        });
    }
    let entries = match found.as_deref().and_then(object) {
        Some((id, "blob")) => vec![(name.to_owned(), id.to_owned())],
        Some((id, "tree")) => {
            let folder = match path {
                "" => name.to_owned(),
                _ => format!("{}/", name.trim_end_matches('/')),
            };
            git.below(id, &folder, wanted)?
        }
        _ => return Err(GitError::Path(name.to_owned())),
    };
    git.read(entries)
}

/// Whether a revision is there and has nothing at a path, which stands `other` in the worktree or in another revision: documents
/// that are new. Of a path that is spelt in another way nobody can say so, since it may be a slip.
pub fn is_new(name: &str, other: &str) -> Result<bool, GitError> {
    let Some((revision, path)) = parts(name).filter(|_| !name.contains(['\n', '\0', '\u{fffd}'])) else {
        return Ok(false);
    };
    let git = Git { name };
    let (mut path, mut other) = (path.to_owned(), other);
    if let Some((_, there)) = parts(other) {
        other = there;
    } else if !path.starts_with("./") {
        // What is no revision is named from where the program runs, a path of a revision from the root.
        let below = git.run(&["rev-parse", "--show-prefix"], Vec::new())?.stdout;
        let below = String::from_utf8_lossy(&below);
        path = path.strip_prefix(below.trim_end()).unwrap_or(&path).to_owned();
    }
    let bare = |path: &str| path.trim_start_matches("./").trim_end_matches('/').to_owned();
    if bare(&path) != bare(other) {
        return Ok(false);
    }
    let [known, found] = git.look_up(revision)?;
    Ok(known.is_some() && found.is_none())
}

/// `<id> <type> <size>`; none for what is missing, and for what leads nowhere.
fn object(answer: &str) -> Option<(&str, &str)> {
    let mut words = answer.split(' ');
    let (id, kind, size) = (words.next()?, words.next()?, words.next()?);
    let hex = |byte: u8| byte.is_ascii_hexdigit();
    let whole = words.next().is_none() && id.len() >= 40 && id.bytes().all(hex);
    (whole && size.parse::<u64>().is_ok()).then_some((id, kind))
}

/// Git, asked about one name.
struct Git<'a> {
    name: &'a str,
}

impl Git<'_> {
    /// What git answers of the revision and of the whole name; none for what is not there.
    fn look_up(&self, revision: &str) -> Result<[Option<String>; 2], GitError> {
        let asked = format!("{revision}^{{}}\n{}\n", self.name);
        let found = self.ask(&["cat-file", "--batch-check"], &asked)?;
        let mut answers = found.lines();
        Ok([(); 2].map(|()| {
            let answer = answers.next().filter(|answer| object(answer).is_some());
            answer.map(str::to_owned)
        }))
    }

    /// The wanted files below a tree, by name, with their ids.
    fn below(
        &self,
        tree: &str,
        folder: &str,
        wanted: impl Fn(&Path) -> bool,
    ) -> Result<Vec<(String, String)>, GitError> {
        let listed = self.run(&["ls-tree", "-r", "-z", "--full-tree", tree], Vec::new())?;
        let mut entries = Vec::new();
        for entry in listed.stdout.split(|&byte| byte == 0) {
            // `<mode> <type> <id>\t<path>`
            let entry = String::from_utf8_lossy(entry);
            let Some((header, path)) = entry.split_once('\t') else {
                continue;
            };
            let mut words = header.split(' ');
            let (mode, id) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
            let hidden = path.split('/').any(|part| part.starts_with('.'));
            let shown = || format!("{folder}{path}");
            match mode {
                _ if hidden => {}
                "160000" => return Err(GitError::Submodule(shown())),
                "120000" => {
                    if let Some(id) = self.followed(tree, path, &wanted)? {
                        entries.push((shown(), id));
                    }
                }
                _ if wanted(Path::new(path)) => entries.push((shown(), id.to_owned())),
                _ => {}
            }
        }
        Ok(entries)
    }

    /// The file that a link leads to; none where nobody would have read it. A link to a folder hides files from us, so it
    /// is an error whatever its name.
    fn followed(
        &self,
        tree: &str,
        path: &str,
        wanted: impl Fn(&Path) -> bool,
    ) -> Result<Option<String>, GitError> {
        let broken = || GitError::Link(format!("{}: {path}", self.name));
        if path.contains('\n') {
            return Err(broken());
        }
        let asked = format!("{tree}:{path}\n");
        let answer = self.ask(&["cat-file", "--batch-check", "--follow-symlinks"], &asked)?;
        match answer.lines().next().and_then(object) {
            Some((id, "blob")) => Ok(wanted(Path::new(path)).then(|| id.to_owned())),
            None if !wanted(Path::new(path)) => Ok(None),
            _ => Err(broken()),
        }
    }

    /// The bytes of files.
    fn read(&self, entries: Vec<(String, String)>) -> Result<Vec<Blob>, GitError> {
        let ids: Vec<&str> = entries.iter().flat_map(|(_, id)| [id, "\n"]).collect();
        let all = self
            .run(&["cat-file", "--batch"], ids.concat().into_bytes())?
            .stdout;
        let said = |said: &str| GitError::Said {
            name: self.name.to_owned(),
            said: said.to_owned(),
        };
        let (mut rest, mut blobs) = (&*all, Vec::with_capacity(entries.len()));
        for (name, _) in entries {
            // `<id> blob <size>\n<bytes>\n`
            let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            let header = String::from_utf8_lossy(&rest[..end]);
            let size = object(&header).and_then(|_| header.rsplit(' ').next()?.parse::<usize>().ok());
            let bytes = size.and_then(|size| rest.get(end + 1..end + 1 + size));
            let Some(bytes) = bytes else {
                return Err(said(&format!("{name} cannot be read: {header}")));
            };
            if bytes.starts_with(LFS_POINTER) {
                return Err(GitError::Pointer(name));
            }
            rest = rest.get(end + bytes.len() + 2..).unwrap_or_default();
            blobs.push(Blob {
                name,
                bytes: bytes.to_vec(),
            });
        }
        Ok(blobs)
    }

    fn ask(&self, arguments: &[&str], input: &str) -> Result<String, GitError> {
        let output = self.run(arguments, input.as_bytes().to_vec())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs git with a text on standard input.
    fn run(&self, arguments: &[&str], input: Vec<u8>) -> Result<Output, GitError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => GitError::NoGit(self.name.to_owned()),
            _ => GitError::Run {
                name: self.name.to_owned(),
                error,
            },
        };
        let mut child = Command::new("git")
            .args(arguments)
            // Its messages are read by people and tests alike. What a partial clone lacks is not fetched: this program
            // talks to nobody.
            .envs([
                ("LC_ALL", "C"),
                ("GIT_NO_LAZY_FETCH", "1"),
                ("GIT_OPTIONAL_LOCKS", "0"),
                ("GIT_NO_REPLACE_OBJECTS", "1"),
                ("GIT_TERMINAL_PROMPT", "0"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        // Git answers while it is asked, so somebody has to listen meanwhile.
        let stdin = child.stdin.take();
        let asking = std::thread::spawn(move || stdin.map_or(Ok(()), |mut pipe| pipe.write_all(&input)));
        let output = child.wait_with_output().map_err(failed)?;
        // A git that ended early says itself why.
        asking.join().unwrap_or(Ok(())).unwrap_or(());
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().next().unwrap_or("nothing, and fails");
            return Err(GitError::Said {
                name: self.name.to_owned(),
                said: said.trim_start_matches("fatal: ").to_owned(),
            });
        }
        Ok(output)
    }
}
