//! `rackwright fmt`: what it writes, what it leaves, and that no comment, value or byte of others is lost on the way.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/emit.rs"]
mod emit;
#[path = "support/folder.rs"]
#[allow(dead_code, reason = "findings are read whole here")]
mod folder;
#[path = "support/header.rs"]
#[allow(dead_code, reason = "the files are what is needed here")]
mod header;
#[path = "support/repository.rs"]
mod repository;
#[path = "support/run.rs"]
mod run;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use folder::folder;
use proptest::prelude::*;
use rackwright_manifest::{Limits, Sources};
use repository::Repository;
use run::{code, err, out, root, run_in};
use serde_json::Value;

const MIXED: &str = "\
# Ours and others'.
kind: GPUPool
apiVersion: rackwright.dev/v1alpha1
metadata: { name: train }
spec:
  nodes: { racks: \"a1,a2\" } # both
  supercluster: lab
---
kind:   Deployment
apiVersion: apps/v1
spec:   { replicas:   \"3\" }   # rackwright.dev
---
kind: NodeConfig
apiVersion: rackwright.dev/v1alpha1
";

const FORMATTED: &str = "\
# Ours and others'.
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: \"a[1-2]\" } # both
---
kind:   Deployment
apiVersion: apps/v1
spec:   { replicas:   \"3\" }   # rackwright.dev
---
kind: NodeConfig
apiVersion: rackwright.dev/v1alpha1
";

fn values(text: &str) -> Vec<Value> {
    let mut sources = Sources::new();
    let read = rackwright_manifest::read(&mut sources, "", text.as_bytes().to_vec(), &Limits::default());
    read.documents
        .into_iter()
        .map(|document| document.value)
        .collect()
}

/// What `fmt -` makes of a text, which must be all that there is to do.
fn formatted(text: &str) -> String {
    let here = Path::new(".");
    let output = run_in(here, &["fmt", "-"], text.as_bytes());
    let after = out(&output);
    let again = run_in(here, &["fmt", "-"], after.as_bytes());
    assert_eq!(out(&again), after, "from {text}");
    after
}

#[test]
fn files_are_rewritten_where_they_differ_and_nowhere_else() {
    let folder = folder(&[
        ("a/mixed.yaml", MIXED),
        ("a/same.yaml", FORMATTED),
        (
            "a/one.json",
            "{\"kind\":\"GPUPool\",\"apiVersion\":\"rackwright.dev/v1alpha1\"}",
        ),
        ("a/kustomization.yaml", MIXED),
        ("a/.hidden.yaml", MIXED),
        ("chart/Chart.yaml", "name: c"),
        ("chart/templates/a.yaml", MIXED),
        ("elsewhere", MIXED),
    ]);
    let path = |name: &str| folder.path().join(name);
    fs::set_permissions(path("a/mixed.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("../elsewhere", path("a/link.yaml")).unwrap();
    let before = fs::metadata(path("a/same.yaml")).unwrap();
    for flag in ["--check", "--diff"] {
        let output = run_in(folder.path(), &["fmt", flag], b"");
        assert_eq!(code(&output), 1, "{}", err(&output));
        assert_eq!(fs::read_to_string(path("a/mixed.yaml")).unwrap(), MIXED, "{flag}");
    }
    let output = run_in(folder.path(), &["fmt"], b"");
    assert_eq!(
        (code(&output), out(&output).as_str()),
        (0, "./a/link.yaml\n./a/mixed.yaml\n"),
        "{}",
        err(&output)
    );
    assert_eq!(err(&output), "3 documents: 2 files formatted\n");
    for name in ["a/mixed.yaml", "elsewhere"] {
        assert_eq!(fs::read_to_string(path(name)).unwrap(), FORMATTED, "{name}");
    }
    assert!(fs::symlink_metadata(path("a/link.yaml")).unwrap().is_symlink());
    assert_eq!(
        fs::metadata(path("a/mixed.yaml")).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let after = fs::metadata(path("a/same.yaml")).unwrap();
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec()),
        "not touched"
    );
    for name in ["a/kustomization.yaml", "a/.hidden.yaml", "chart/templates/a.yaml"] {
        assert_eq!(fs::read_to_string(path(name)).unwrap(), MIXED, "{name}");
    }
    let output = run_in(folder.path(), &["fmt", "--check", "."], b"");
    assert_eq!((code(&output), out(&output).as_str()), (0, ""));
}

#[test]
fn standard_input_goes_to_standard_output_whatever_it_is() {
    let here = Path::new(".");
    for (text, after, expected) in [
        (MIXED, FORMATTED, 0),
        (FORMATTED, FORMATTED, 0),
        ("\u{1}", "\u{1}", 0),
        ("", "", 0),
    ] {
        let output = run_in(here, &["fmt", "-"], text.as_bytes());
        assert_eq!((code(&output), out(&output).as_str()), (expected, after));
    }
    let broken = "apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nspec: [\n";
    let output = run_in(here, &["fmt", "-"], broken.as_bytes());
    assert_eq!((code(&output), out(&output).as_str()), (1, broken));
    let output = run_in(here, &["fmt", "-", "--check"], MIXED.as_bytes());
    assert_eq!((code(&output), out(&output).as_str()), (1, "-\n"));
    let output = run_in(here, &["fmt", "-"], b"# rackwright.dev \xff");
    assert_eq!(output.stdout, b"# rackwright.dev \xff");
    assert_eq!(code(&output), 1);
}

/// A revision is compared, and never written.
#[test]
fn a_git_revision_is_no_file_to_write_to() {
    let repository = Repository::new();
    repository.write("a.yaml", MIXED);
    repository.commit();
    let state = repository.state();
    let output = run_in(repository.root(), &["fmt", "HEAD:a.yaml"], b"");
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("HEAD:a.yaml: is no file to write to; --check and --diff take it"),
        "{}",
        err(&output)
    );
    let output = run_in(repository.root(), &["fmt", "--check", "HEAD:a.yaml"], b"");
    assert_eq!((code(&output), out(&output).as_str()), (1, "HEAD:a.yaml\n"));
    assert_eq!(repository.state(), state);
}

/// A disk with room for 4 KiB in a file, as far as the program can tell.
#[test]
fn a_full_disk_leaves_the_old_file_whole() {
    let text = MIXED.to_owned() + &"# long\n".repeat(2000);
    let folder = folder(&[("a.yaml", &text)]);
    let line = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} fmt a.yaml",
        env!("CARGO_BIN_EXE_rackwright")
    );
    let output = Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 3);
    assert!(
        err(&output).contains("error: a.yaml: cannot be written: "),
        "{}",
        err(&output)
    );
    assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn told(folder: &Path, name: &str) -> Vec<String> {
    let output = run_in(folder, &["validate", "-o", "json", name], b"");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let one = |finding: &Value| format!("{} {} {}", finding["code"], finding["object"], finding["path"]);
    let mut told: Vec<String> = report["findings"].as_array().unwrap().iter().map(one).collect();
    told.sort();
    told
}

fn examples(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            examples(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

/// Whatever is wrong with a file is wrong with it afterwards, and at the same fields.
#[test]
fn findings_are_the_same_before_and_after() {
    let mut paths = header::files(&root().join("crates/cli/tests/corpus")).unwrap();
    examples(&root().join("examples"), &mut paths);
    let mut changed = 0;
    for path in paths {
        let before = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let folder = folder(&[]);
        let file = folder.path().join(name);
        fs::write(&file, &before).unwrap();
        let findings = told(folder.path(), name);
        run_in(folder.path(), &["fmt", name], b"");
        changed += usize::from(fs::read(&file).unwrap() != before);
        assert_eq!(told(folder.path(), name), findings, "{}", path.display());
        let again = run_in(folder.path(), &["fmt", "--check", name], b"");
        assert_eq!(out(&again), "", "{}", path.display());
    }
    assert!(changed > 50, "{changed} files changed");
}

/// What people read first is written as the program writes it, and so is what `init` begins with.
#[test]
fn the_examples_and_what_init_writes_are_formatted() {
    let output = run_in(&root(), &["fmt", "--check", "examples"], b"");
    assert_eq!(
        (code(&output), out(&output).as_str()),
        (0, ""),
        "{}",
        err(&output)
    );
    let init = [
        "init",
        "--system",
        "dgx-b200",
        "--nodes",
        "32",
        "--scratch",
        "8",
        "--scratch-model",
        "SAMSUNG MZWLO*",
    ];
    let text = out(&run_in(&root(), &init, b""));
    assert_eq!(formatted(&text), text);
}

const SITES: &[&[&str]] = &[
    &["tiny/lab.yaml"],
    &["gb200-unit/site.yaml"],
    &["superpod-b300-xdr/site.yaml"],
    &[
        "superpod-b200/supercluster.yaml",
        "superpod-b200/fabrics.yaml",
        "superpod-b200/pools.yaml",
        "superpod-b200/storage.yaml",
    ],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// However a site is written, its nodes become the same, and what is wrong with it is wrong at the same fields. What it
    /// looks like is tried in the formatter's own tests.
    #[test]
    fn a_site_is_planned_the_same(
        site in prop::sample::select(SITES),
        draws in prop::collection::vec(any::<u8>(), 40..400),
    ) {
        let texts = site.iter().map(|file| fs::read_to_string(root().join("examples").join(file)).unwrap());
        let texts = texts.collect::<Vec<_>>().join("---\n");
        let text = emit::documents(&values(&texts), &draws).text;
        let after = formatted(&text);
        prop_assert_ne!(&text, &after);
        let folder = folder(&[("before.yaml", &text), ("after.yaml", &after)]);
        let plan = |name: &str| out(&run_in(folder.path(), &["plan", "-o", "jsonl", name], b""));
        prop_assert_eq!(plan("before.yaml"), plan("after.yaml"));
        prop_assert_eq!(told(folder.path(), "before.yaml"), told(folder.path(), "after.yaml"));
    }
}
