//! Nodes that keep what they have, because their pool is refused or waits, through the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[allow(dead_code, reason = "each test file takes what it needs")]
#[path = "support/folder.rs"]
mod folder;
#[path = "support/run.rs"]
mod run;

use std::fs;

use folder::folder;
use run::{code, err, out, run_in};
use serde_json::{Value, json};
use tempfile::TempDir;

const LAB: &str = "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec: { power: { budget: 52400W }, racks: [ { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 } ] }\n";

fn pool(name: &str, rack: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: lab, nodes: {{ racks: {rack} }}, gpu: {{ powerLimit: 700W }}{rest} }}\n"
    )
}

const MISSING: &str = ", fabrics: [ { name: nope } ]";

/// The documents beside `plan`, which is what is written when pool `old` has rack `a1`, and its NodeProfile's name.
fn site(files: &[(&str, &str)]) -> (TempDir, String) {
    let first = format!("{LAB}{}", pool("old", "a1", ""));
    let folder = folder(&[&[("first.yaml", &*first)], files].concat());
    let plan = out(&run_in(
        folder.path(),
        &["plan", "first.yaml", "-o", "jsonl"],
        b"",
    ));
    let profile: Value = serde_json::from_str(plan.lines().next().unwrap()).unwrap();
    fs::write(folder.path().join("plan"), &plan).unwrap();
    let name = profile["metadata"]["name"].as_str().unwrap().to_owned();
    (folder, name)
}

#[test]
fn a_node_of_a_refused_pool_keeps_what_it_has() {
    let refused = format!("{LAB}{}", pool("old", "a1", MISSING));
    let unread = format!("{LAB}{}", pool("old", "a1", ", unknown: 1"));
    let (folder, profile) = site(&[("refused.yaml", &refused), ("unread.yaml", &unread)]);
    let keeps = format!("it keeps what it has, NodeProfile/{profile}");
    let previous: &[&str] = &["--previous", "plan"];
    for (file, rest, said) in [
        ("refused.yaml", previous, vec!["refused (RW2001)", &keeps]),
        (
            "refused.yaml",
            &[],
            vec!["refused (RW2001)", "nobody knows what that is"],
        ),
        ("unread.yaml", previous, vec!["refused (RW1", &keeps]),
    ] {
        for verb in [
            &["plan", file, "--node", "a1-n1"][..],
            &["render", "node", "a1-n1", file, "--format", "ignition"],
        ] {
            let done = run_in(folder.path(), &[verb, rest].concat(), b"");
            let told = err(&done);
            assert_eq!(code(&done), 1, "{verb:?}: {told}");
            assert_eq!(out(&done), "", "{verb:?}");
            assert!(
                told.contains("error: node a1-n1 is of GPUPool/old, which is"),
                "{told}"
            );
            for words in &said {
                assert!(told.contains(words), "{words}: {told}");
            }
        }
    }
    let unknown = run_in(folder.path(), &["plan", "refused.yaml", "--node", "a3-n1"], b"");
    assert_eq!(code(&unknown), 2, "{}", err(&unknown));
}

/// The new pool selects the nodes of one that is refused, and so cannot let them go.
#[test]
fn a_node_that_a_refused_pool_holds_gets_nothing_of_the_new_one() {
    let taken = format!("{LAB}{}{}", pool("old", "a2", MISSING), pool("new", "a1", ""));
    let (folder, profile) = site(&[("taken.yaml", &taken)]);
    let previous = ["--previous", "plan"];
    for verb in [
        &["plan", "taken.yaml", "--node", "a1-n1"][..],
        &["render", "node", "a1-n1", "taken.yaml", "--format", "cloud-init"],
    ] {
        let done = run_in(folder.path(), &[verb, &previous].concat(), b"");
        let told = err(&done);
        assert_eq!((code(&done), out(&done)), (1, String::new()), "{told}");
        assert!(
            told.contains("node a1-n1 is GPUPool/new's by the plan, and GPUPool/old still holds it")
                && told.contains("refused (RW2001)")
                && told.contains(&format!("NodeProfile/{profile}")),
            "{told}"
        );
    }
    let labelled = |rest: &[&str]| -> (String, String) {
        let folder_out = tempfile::tempdir().unwrap();
        let to = folder_out.path().join("handover");
        let verb = ["render", "cluster", "taken.yaml", "--out", to.to_str().unwrap()];
        let done = run_in(folder.path(), &[&verb, rest].concat(), b"");
        assert_eq!(code(&done), 1, "{}", err(&done));
        (
            fs::read_to_string(to.join("nodes.jsonl")).unwrap_or_default(),
            err(&done),
        )
    };
    let (nodes, _) = labelled(&[]);
    assert_eq!(nodes.lines().count(), 2, "{nodes}");
    let (nodes, told) = labelled(&previous);
    assert_eq!(nodes, "", "{told}");
    assert!(
        told.contains("2 nodes of GPUPool/new still have their configuration from GPUPool/old"),
        "{told}"
    );
}

/// Four nodes draw 57.2 kW, 52.4 kW where two of them are capped at 700 W.
#[test]
fn a_paused_pool_is_counted_with_the_cap_that_its_nodes_have() {
    let paused = format!("{LAB}{}", pool("old", "a1", ", rollout: { paused: true }"));
    let (folder, _) = site(&[("paused.yaml", &paused)]);
    let told = |previous: Option<&str>| {
        let mut verb = vec!["validate", "paused.yaml"];
        verb.extend(previous.iter().flat_map(|file| ["--previous", file]));
        let done = run_in(folder.path(), &verb, b"");
        (code(&done), out(&done))
    };
    assert_eq!(told(Some("plan")).0, 0, "{}", told(Some("plan")).1);
    let (exit, text) = told(None);
    assert!(exit == 1 && text.contains("RW4003"), "{text}");
    assert!(
        text.contains("4.8 kW of 2 nodes of GPUPool/old, which is paused"),
        "{text}"
    );
    // Hosts that say what they have applied: the same, and something else.
    let plan = fs::read_to_string(folder.path().join("plan")).unwrap();
    let as_list = |applied: &dyn Fn(&Value) -> Value| {
        let items: Vec<Value> = plan
            .lines()
            .map(|line| {
                let mut object: Value = serde_json::from_str(line).unwrap();
                if object["kind"] == "NodeConfig" {
                    object["status"] = json!({ "applied": { "hash": applied(&object["spec"]["hash"]) } });
                }
                object
            })
            .collect();
        let list = serde_json::to_string_pretty(&json!({ "kind": "List", "items": items })).unwrap();
        fs::write(folder.path().join("list"), list).unwrap();
        told(Some("list"))
    };
    assert_eq!(as_list(&Value::clone).0, 0);
    let (exit, text) = as_list(&|_| json!("0".repeat(32)));
    assert!(exit == 1 && text.contains("RW4003"), "{text}");
}
