//! What `render` writes, through the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/tree.rs"]
mod tree;

use std::fs;
use std::path::Path;

use run::{code, err, out, root, run_in};
use serde_json::Value;
use tree::tree;

/// Renders a node of the SuperPOD example to a folder.
fn render(node: &str, folder: &Path, rest: &[&str]) -> std::process::Output {
    let folder = folder.to_str().unwrap();
    let arguments = [
        &["render", "node", node, "examples/superpod-b200", "--out", folder],
        rest,
    ]
    .concat();
    run_in(&root(), &arguments, b"")
}

#[test]
fn the_manifest_lists_every_file_with_its_hash_and_fields() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("dgx097");
    let output = render("dgx097", &folder, &[]);
    assert_eq!(
        (code(&output), out(&output)),
        (0, String::new()),
        "{}",
        err(&output)
    );
    let mut files = tree(&folder);
    let manifest: Value = serde_json::from_str(&files.remove("/manifest.json").unwrap()).unwrap();
    assert_eq!(
        (&manifest["node"], &manifest["generator"]),
        (&"dgx097".into(), &"rackwright".into())
    );
    let entries = ["files", "units"].map(|list| manifest[list].as_array().unwrap().clone());
    for entry in entries.concat() {
        let Some(path) = entry["path"].as_str() else {
            continue;
        };
        let content = files
            .remove(path)
            .unwrap_or_else(|| panic!("{path} is listed and not there"));
        let hash = blake3::hash(content.as_bytes()).to_hex();
        assert_eq!(entry["blake3"].as_str(), Some(hash.as_str()), "{path}");
        assert!(!entry["fields"].as_array().unwrap().is_empty(), "{path}");
    }
    assert!(files.is_empty(), "not listed: {files:?}");
    assert_eq!(manifest["localTiers"][0]["unit"], "mnt-scratch.mount");
}

#[test]
fn a_second_run_replaces_the_first_and_gives_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("node");
    assert_eq!(code(&render("dgx097", &folder, &[])), 0);
    let first = tree(&folder);
    // Another node of another pool, then the first again: nothing of the other is left.
    assert_eq!(code(&render("dgx001", &folder, &[])), 0);
    assert_ne!(tree(&folder), first);
    assert_eq!(code(&render("dgx097", &folder, &[])), 0);
    assert_eq!(tree(&folder), first);
    assert_eq!(
        fs::read_dir(root.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn other_forms_are_one_file_and_the_manifest() {
    let root = tempfile::tempdir().unwrap();
    for (format, name) in [("ignition", "config.ign"), ("cloud-init", "user-data")] {
        let folder = root.path().join(format);
        assert_eq!(code(&render("dgx001", &folder, &["--format", format])), 0);
        let files: Vec<String> = tree(&folder).into_keys().collect();
        let mut wanted = [format!("/{name}"), "/manifest.json".to_owned()];
        wanted.sort();
        assert_eq!(files, wanted);
    }
}

#[test]
fn a_folder_of_somebody_else_and_a_wrong_input_write_nothing() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("precious"), "x").unwrap();
    let output = render("dgx001", root.path(), &[]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    assert!(err(&output).contains("was not written by `rackwright render`"));
    let folder = root.path().join("new");
    assert_eq!(code(&render("dgx999", &folder, &[])), 2);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}
