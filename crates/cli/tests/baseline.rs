//! Findings that are known: counted, and no reason to fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/run.rs"]
mod run;

use std::fs;

use folder::{SITE, findings, folder, pool};
use run::{code, err, out, run_in};
use serde_json::Value;

const KNOWN: &[&str] = &["validate", "--strict", "--baseline", "known.json", "a.yaml"];

/// A site with an unknown field, and a pool without a node.
fn site() -> String {
    let racks = SITE.replace("spec: {", "spec: { rows: 1,");
    format!(
        "{racks}{}",
        pool("train", "nodes: { selector: { matchLabels: { gpu: b200 } } }")
    )
}

fn write_baseline(folder: &tempfile::TempDir) {
    let output = run_in(
        folder.path(),
        &["validate", "a.yaml", "--write-baseline", "known.json"],
        b"",
    );
    assert_eq!(
        (code(&output), out(&output)),
        (0, String::new()),
        "{}",
        err(&output)
    );
}

#[test]
fn known_findings_are_counted_and_new_ones_fail() {
    let folder = folder(&[("a.yaml", &site())]);
    let before = findings(folder.path(), &["a.yaml"]).len();
    assert!(before > 0);
    write_baseline(&folder);
    let output = run_in(folder.path(), KNOWN, b"");
    assert_eq!((code(&output), out(&output)), (0, String::new()));
    assert!(err(&output).contains("in the baseline\n"), "{}", err(&output));
    // Lines move; another finding comes.
    let more = pool("infer", "nodes: { racks: \"a[1-2]\" }, gpus: 8");
    fs::write(
        folder.path().join("a.yaml"),
        format!("# a line\n{}{more}", site()),
    )
    .unwrap();
    let output = run_in(
        folder.path(),
        &["validate", "-o", "json", "--baseline", "known.json", "a.yaml"],
        b"",
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let new: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["object"])
        .collect();
    assert_eq!(code(&output), 1);
    assert!(
        !new.is_empty() && new.iter().all(|object| *object == "GPUPool/infer"),
        "{new:?}"
    );
}

/// One is known, and the second of two equal ones is new.
#[test]
fn equal_findings_are_counted() {
    let folder = folder(&[("a.yaml", "a: 1\n")]);
    write_baseline(&folder);
    assert_eq!(code(&run_in(folder.path(), KNOWN, b"")), 0);
    fs::write(folder.path().join("a.yaml"), "a: 1\n---\na: 1\n").unwrap();
    let output = run_in(folder.path(), KNOWN, b"");
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(out(&output).contains("a.yaml:3:1"), "{}", out(&output));
}

#[test]
fn what_is_gone_is_said_and_fails_nothing() {
    let folder = folder(&[("a.yaml", &site())]);
    write_baseline(&folder);
    fs::write(folder.path().join("a.yaml"), SITE).unwrap();
    let output = run_in(folder.path(), KNOWN, b"");
    assert_eq!(code(&output), 0);
    assert!(
        err(&output).contains("of the baseline not found any more"),
        "{}",
        err(&output)
    );
}

#[test]
fn no_baseline_is_written_of_what_could_not_be_read() {
    let folder = folder(&[("a.yaml", &site())]);
    let output = run_in(
        folder.path(),
        &[
            "validate",
            "a.yaml",
            "nope.yaml",
            "--write-baseline",
            "known.json",
        ],
        b"",
    );
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("known.json: not written"),
        "{}",
        err(&output)
    );
    assert!(!folder.path().join("known.json").exists());
}

#[test]
fn a_baseline_is_the_same_whatever_the_order_of_findings() {
    let folder = folder(&[("a.yaml", &site())]);
    write_baseline(&folder);
    let before = fs::read(folder.path().join("known.json")).unwrap();
    let text = site();
    let (first, second) = text.split_once("---\n").unwrap();
    fs::write(folder.path().join("a.yaml"), format!("{second}---\n{first}")).unwrap();
    write_baseline(&folder);
    assert_eq!(fs::read(folder.path().join("known.json")).unwrap(), before);
}

/// What is ignored is told in reading order, each with the reason of its own line.
#[test]
fn what_is_ignored_is_told_in_reading_order() {
    let pool = |name: &str| {
        let nodes = "nodes: { selector: { matchLabels: { gpu: b200 } } }";
        let named = format!(
            "name: {name}, annotations: {{ rackwright.dev/ignore: \"RW2010: {name} comes in May\" }}"
        );
        pool(name, nodes).replace(&format!("name: {name}"), &named)
    };
    let names = ["middle", "zuse", "atlas"];
    let folder = folder(&[("a.yaml", &(SITE.to_owned() + &names.map(pool).concat()))]);
    let output = run_in(folder.path(), &["validate", "-o", "json", "a.yaml"], b"");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ignored = report["ignored"].as_array().unwrap().iter();
    let told: Vec<(&Value, &Value)> = ignored.map(|one| (&one["object"], &one["reason"])).collect();
    let expected = names.map(|name| {
        let (object, reason) = (format!("GPUPool/{name}"), format!("{name} comes in May"));
        (Value::from(object), Value::from(reason))
    });
    assert_eq!(told, expected.each_ref().map(|(object, reason)| (object, reason)));
    assert_eq!(
        (code(&output), &report["findings"]),
        (0, &Value::Array(Vec::new()))
    );
}

#[test]
fn a_baseline_of_another_version_is_not_read() {
    let folder = folder(&[("a.yaml", &site())]);
    write_baseline(&folder);
    let path = folder.path().join("known.json");
    let text = fs::read_to_string(&path).unwrap();
    let later = text.replace("\"formatVersion\": 1", "\"formatVersion\": 2");
    assert_ne!(later, text);
    fs::write(&path, later).unwrap();
    let output = run_in(folder.path(), KNOWN, b"");
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("its formatVersion is not 1"),
        "{}",
        err(&output)
    );
}
