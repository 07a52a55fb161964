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
    assert_eq!(
        repository.state(),
        before,
        "neither worktree nor index is touched"
    );
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
    repository.commit();
    let read = run_in(repository.root(), &["validate", "main:deploy"], b"");
    assert!(err(&read).contains("read 1 object of ours"), "{}", err(&read));
    for (at, (link, target)) in [
        ("deploy/a.yaml", "nowhere"),
        ("deploy/b.yaml", "../../outside.yaml"),
        ("deploy/c.yaml", "/etc/passwd"),
        ("deploy/folder", "real"),
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
