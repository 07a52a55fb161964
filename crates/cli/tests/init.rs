//! `rackwright init`: what it writes validates, for each source and for many figures, and keeps every host's name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
#[allow(dead_code, reason = "not every helper is needed here")]
mod run;

use std::collections::BTreeSet;

use proptest::prelude::*;
use run::{code, err, out, root, run_in};
use serde_json::Value;

/// What `init` writes, after `validate` found nothing in it: no error, and no warning either.
fn valid(arguments: &[&str], input: &str) -> String {
    let made = run_in(&root(), arguments, input.as_bytes());
    assert_eq!(code(&made), 0, "{arguments:?}: {}", err(&made));
    let text = out(&made);
    let judged = run_in(&root(), &["validate", "--strict", "-"], text.as_bytes());
    assert_eq!(code(&judged), 0, "{arguments:?}\n{text}\n{}", out(&judged));
    text
}

/// The nodes that a plan of a text has.
fn nodes(text: &str) -> BTreeSet<String> {
    let planned = run_in(&root(), &["plan", "-", "-o", "jsonl"], text.as_bytes());
    assert_eq!(code(&planned), 0, "{}", err(&planned));
    let objects = out(&planned);
    let objects = objects
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let configs = objects.filter(|object| object["kind"] == "NodeConfig");
    configs
        .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn each_source_gives_a_site_that_validates_and_renames_no_host() {
    let file = |name: &str| format!("crates/cli/tests/init/{name}");
    let cluster = valid(&["init", "--from", &file("nodes.yaml")], "");
    assert_eq!(
        nodes(&cluster),
        set(&["gpu-a.example.com", "gpu-b.example.com", "trainer7"])
    );
    let slurm = valid(
        &["init", "--from", &file("slurm.conf"), "--nodes-per-rack", "4"],
        "",
    );
    let expected = ["dgx001", "dgx002", "dgx003", "dgx004", "dgx005", "dgx009"];
    assert_eq!(nodes(&slurm), set(&expected));
    let capture = valid(
        &[
            "init",
            "--from",
            "crates/cli/tests/fabric/designed.txt",
            "--system",
            "hgx-b200",
        ],
        "",
    );
    assert_eq!(nodes(&capture), set(&["r1-n1", "r1-n2", "r2-n1", "r2-n2"]));
    let table = valid(
        &[
            "init",
            "--from",
            &file("hosts.csv"),
            "--system",
            "hgx-h100",
            "--nfs",
            "nas1:/home",
        ],
        "",
    );
    assert_eq!(
        nodes(&table),
        set(&["gb01", "gb02", "trainer-7", "trainer-8", "trainer-9"])
    );
    let names = valid(
        &[
            "init",
            "--names",
            "a1,b7,c[3-4]",
            "--system",
            "dgx-h100",
            "--scratch",
            "1",
            "--scratch-model",
            "SAMSUNG*",
        ],
        "",
    );
    assert_eq!(nodes(&names), set(&["a1", "b7", "c3", "c4"]));
    for text in [&cluster, &slurm, &capture, &table, &names] {
        assert!(
            text.contains("paused: true") && !text.contains("\n  addressing:"),
            "adoption changes hosts: {text}"
        );
    }
}

#[test]
fn a_list_as_json_is_read_as_one_as_yaml() {
    let nodes = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Node","metadata":{"name":"a1"},
        "status":{"capacity":{"nvidia.com/gpu":"8"}}}]}"#;
    let text = valid(
        &["init", "--from", "-", "--system", "dgx-b200", "--no-fabric"],
        nodes,
    );
    assert!(text.contains("nodeNames: \"a1\""), "{text}");
}

#[test]
fn a_file_is_written_once_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "init",
        "--system",
        "dgx-b200",
        "--nodes",
        "4",
        "--out",
        "site.yaml",
    ];
    assert_eq!(code(&run_in(folder.path(), &arguments, b"")), 0);
    let path = folder.path().join("site.yaml");
    std::fs::write(&path, "mine").unwrap();
    let second = run_in(folder.path(), &arguments, b"");
    assert_eq!(code(&second), 2);
    assert!(err(&second).contains("writes over nothing"), "{}", err(&second));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_figures_give_a_site_that_validates(
        nodes in 1_u32..3000,
        per_rack in prop::option::of(1_u16..40),
        system in prop::sample::select(vec!["dgx-b200", "dgx-h100", "gb200-nvl72", "gb300-nvl72", "hgx-a100-80gb"]),
        rails in prop::option::of(1_u8..9),
        scratch in prop::option::of(1_u8..9),
    ) {
        let mut arguments: Vec<String> =
            ["init", "--system", system, "--nodes", &nodes.to_string()].map(str::to_owned).to_vec();
        let mut flag = |name: &str, value: Option<u16>| {
            arguments.extend(value.into_iter().flat_map(|value| [name.to_owned(), value.to_string()]));
        };
        flag("--nodes-per-rack", per_rack);
        flag("--rails", rails.map(u16::from));
        flag("--scratch", scratch.map(u16::from));
        if scratch.is_some() {
            arguments.extend(["--scratch-model", "KIOXIA \"CM7\"*"].map(str::to_owned));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        valid(&arguments, "");
    }
}
