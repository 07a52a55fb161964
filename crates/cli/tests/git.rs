//! Git revisions as input: what they hold is read as files are, links and hostile names included, and nothing in the
//! worktree changes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/repository.rs"]
mod repository;
#[path = "support/run.rs"]
mod run;

use std::fs;
use std::process::Command;

use repository::Repository;
use run::{code, err, out, run_in};

const SITE: &str = "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec: { racks: [ { names: r1, nodes: n1, system: dgx-b200 } ] }
";

fn inventory(node: &str) -> String {
    format!(
        "{{\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeInventory\",\"metadata\":{{\"name\":\"{node}\"}},\"spec\":{{\"hcas\":[{{\"guid\":\"0x0000000000000001\",\"rail\":0}}]}}}}\n"
    )
}

#[test]
fn a_revision_is_read_as_its_files_were() {
    let repository = Repository::new();
    repository.write("deploy/site.yaml", SITE);
    repository.write("deploy/more/inventory.jsonl", &inventory("n1"));
    repository.write("deploy/.hidden/x.yaml", "kind: [");
    repository.write("deploy/README.md", "no manifest");
    repository.write("deploy/more/kustomization.yaml", "resources: []");
    repository.commit();
    let files = run_in(repository.root(), &["validate", "deploy"], b"");
    // The worktree moves on; the revision does not.
    repository.write("deploy/site.yaml", "kind: [");
    let before = repository.state();
    for name in ["main:deploy", "main:deploy/", "HEAD:./deploy", "main:"] {
        let read = run_in(repository.root(), &["validate", name], b"");
        assert_eq!((err(&read), code(&read)), (err(&files), code(&files)), "{name}");
    }
    let below = repository.root().join("deploy");
    let one = run_in(&below, &["validate", "HEAD:./site.yaml", "HEAD:./site.yaml"], b"");
    assert!(err(&one).contains("read 1 object of ours"), "{}", err(&one));
    // A folder is named from the root, also from below.
    for name in ["main:deploy", "main:"] {
        let read = run_in(&below, &["validate", name], b"");
        assert_eq!((err(&read), code(&read)), (err(&files), code(&files)), "{name}");
    }
    assert_eq!(
        repository.state(),
        before,
        "neither worktree nor index is touched"
    );
    // A file that is named is read whatever it is called.
    repository.write("deploy/site.yaml", SITE);
    repository.write("deploy/notes.txt", SITE);
    repository.commit();
    let named = run_in(repository.root(), &["validate", "main:deploy/notes.txt"], b"");
    assert!(err(&named).contains("read 1 object of ours"), "{}", err(&named));
}

#[test]
fn a_finding_names_the_file_in_its_revision() {
    let repository = Repository::new();
    repository.write("deploy/site.yaml", &SITE.replace("dgx-b200", "dgx-b20"));
    repository.write("deploy/i.jsonl", &inventory("No"));
    repository.commit();
    let read = run_in(repository.root(), &["validate", "main:deploy"], b"");
    assert!(out(&read).contains("main:deploy/site.yaml:4:"), "{}", out(&read));
    assert!(out(&read).contains("main:deploy/i.jsonl:1:"), "{}", out(&read));
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_of_the_folder_and_refused_beyond() {
    let repository = Repository::new();
    repository.write("deploy/real/site", SITE);
    repository.link("deploy/site.yaml", "real/site");
    repository.link("deploy/notes.md", "nowhere");
    repository.link("deploy/copy.md", "real/site");
    repository.commit();
    let read = run_in(repository.root(), &["validate", "main:deploy"], b"");
    assert!(err(&read).contains("read 1 object of ours"), "{}", err(&read));
    for (at, (link, target)) in [
        ("deploy/a.yaml", "nowhere"),
        ("deploy/b.yaml", "../../outside.yaml"),
        ("deploy/c.yaml", "/etc/passwd"),
        ("deploy/folder", "real"),
        ("deploy/two\nlines.yaml", "real/site"),
    ]
    .into_iter()
    .enumerate()
    {
        repository.link(link, target);
        repository.commit();
        let read = run_in(repository.root(), &["validate", "main:deploy"], b"");
        let name = link.strip_prefix("deploy/").unwrap();
        assert_eq!(code(&read), 2, "{at}: {link}");
        assert!(
            err(&read).contains(&format!("{name}: is a link")),
            "{}",
            err(&read)
        );
        fs::remove_file(repository.root().join(link)).unwrap();
    }
}

#[test]
fn what_is_missing_or_hostile_is_a_line_and_code_2() {
    let repository = Repository::new();
    repository.write("deploy/site.yaml", SITE);
    repository.write(
        "lfs/site.yaml",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    );
    repository.write("empty/README.md", "");
    repository.commit();
    repository.submodule("module/foreign");
    for (name, said) in [
        ("gone:deploy", "git knows no revision gone"),
        ("main:gone", "has no such file or folder"),
        ("main:deploy/../../x", ""),
        ("main:/etc", ""),
        ("--output=x:deploy", "git knows no revision --output=x"),
        ("--batch:deploy", "git knows no revision --batch"),
        ("main:deploy\nHEAD", "names no git revision"),
        ("main:lfs", "pointer of Git LFS"),
        ("main:module", "is a submodule"),
        ("main:empty", "holds no file named"),
        ("main..main:deploy", "git knows no revision"),
    ] {
        let read = run_in(repository.root(), &["validate", "--", name], b"");
        assert_eq!(code(&read), 2, "{name}: {}", err(&read));
        assert!(err(&read).contains(said), "{name}: {}", err(&read));
    }
    let outside = tempfile::tempdir().unwrap();
    let read = run_in(outside.path(), &["validate", "main:deploy"], b"");
    assert_eq!(code(&read), 2);
    assert!(err(&read).contains("not a git repository"), "{}", err(&read));
}

/// Git answers while it is asked: questions and answers are more than two pipes hold.
#[test]
fn many_files_are_read_at_once() {
    const FILES: usize = 2500;
    let repository = Repository::new();
    for at in 0..FILES {
        repository.write(&format!("deploy/{at}.yaml"), &format!("# {at:0200}\n"));
    }
    repository.write("deploy/site.yaml", SITE);
    repository.commit();
    let read = run_in(repository.root(), &["validate", "main:deploy"], b"");
    assert_eq!(code(&read), 0, "{}", err(&read));
    assert!(err(&read).contains("read 1 object of ours"), "{}", err(&read));
}

/// What a partial clone lacks is not fetched: this program asks nobody without being told to.
#[test]
fn a_partial_clone_is_not_completed() {
    let repository = Repository::new();
    repository.write("deploy/site.yaml", SITE);
    repository.commit();
    let (folder, clone) = repository.partial_clone();
    let objects = || {
        let lacks = Command::new("git")
            .args(["rev-list", "--objects", "--all", "--missing=print"])
            .current_dir(&clone)
            .env("GIT_NO_LAZY_FETCH", "1")
            .output()
            .unwrap();
        String::from_utf8(lacks.stdout).unwrap()
    };
    let before = objects();
    assert!(before.lines().any(|line| line.starts_with('?')), "{before}");
    let read = run_in(&clone, &["validate", "HEAD:deploy"], b"");
    assert_eq!(code(&read), 2, "{}", err(&read));
    assert_eq!(objects(), before, "nothing was fetched");
    drop(folder);
}

/// A replacement is a view of one clone; a pipeline reads what was committed.
#[test]
fn what_was_committed_is_read_whatever_replaces_it() {
    let repository = Repository::new();
    repository.write("deploy/site.yaml", SITE);
    repository.commit();
    repository.write("other.yaml", "kind: [");
    repository.commit();
    repository.replace("HEAD:deploy/site.yaml", "HEAD:other.yaml");
    let read = run_in(repository.root(), &["validate", "HEAD:deploy"], b"");
    assert_eq!(code(&read), 0, "{}{}", out(&read), err(&read));
}

/// A name of other bytes is not taken for the revision that it is shown as.
#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let repository = Repository::new();
    repository.write("deploy\u{fffd}/site.yaml", SITE);
    repository.commit();
    let output = Command::new(env!("CARGO_BIN_EXE_rackwright"))
        .arg("validate")
        .arg(std::ffi::OsStr::from_bytes(b"main:deploy\xff"))
        .current_dir(repository.root())
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("no such file"), "{}", err(&output));
}
