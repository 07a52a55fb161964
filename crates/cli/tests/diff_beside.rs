//! What `rackwright diff` tells where no node differs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[allow(dead_code, reason = "other tests need the rest of it")]
#[path = "support/unit.rs"]
mod unit;

use std::fs;

use run::{code, err, out, root, run_in};
use serde_json::json;
use unit::{folder_of, report, unit};

/// What is built or may be drawn is another site, though no node differs, and each form says so at once. Pools that are paused
/// or on their way draw what they did, so the same documents are no difference.
#[test]
fn what_differs_beside_nodes_is_a_difference() {
    let tiny = fs::read_to_string(root().join("examples/tiny/lab.yaml")).unwrap();
    let budget = |budget: &str| {
        tiny.replace(
            "spec:\n  racks:",
            &format!("spec:\n  power: {{ budget: {budget} }}\n  racks:"),
        )
    };
    assert_ne!(budget("90kW"), tiny);
    let racked = unit().replace(
        "    placement:",
        "    switchRacks: [ { level: Leaf, racks: \"s[1-8]\", perRack: 5 } ]\n    placement:",
    );
    for (a, b, beside) in [
        (budget("90kW"), budget("100kW"), "other power"),
        (
            tiny.clone(),
            tiny.replace("dgx-b200", "gb200-nvl72"),
            "other capacity",
        ),
        (racked.clone(), racked.replace("s[1-8]", "t[1-8]"), "other cables"),
    ] {
        let folder = folder_of(&[("a.yaml", &a), ("b.yaml", &b)]);
        let (found, exit) = report(folder.path(), &["a.yaml", "b.yaml"]);
        assert_eq!(
            (&found["verdict"], &found["nodes"], exit),
            (&json!("Different"), &json!([]), 1),
            "{beside}"
        );
        for form in ["text", "markdown", "html"] {
            let told = run_in(folder.path(), &["diff", "a.yaml", "b.yaml", "-o", form], b"");
            let told = out(&told);
            let line = told.lines().find(|line| line.contains("no node differs"));
            assert!(
                line.is_some_and(|line| line.ends_with(beside) || line.contains(&format!("{beside}<"))),
                "{beside} {form}: {told}"
            );
            if form != "html" {
                assert!(
                    !told.contains("\n\n\n") && !told.contains("| nodes |"),
                    "{beside} {form}: {told}"
                );
            }
        }
    }
    let paused = unit()
        .replace("    driver:", "    powerLimit: 900W\n    driver:")
        .replace("  rollout:", "  rollout:\n    paused: true");
    // An edit of nothing that counts, so that power is looked at.
    let later = paused.replace("soak: 30m", "soak: 31m");
    assert_ne!(later, paused);
    let folder = folder_of(&[("a.yaml", &paused), ("b.yaml", &paused), ("c.yaml", &later)]);
    let saved = run_in(folder.path(), &["plan", "a.yaml", "--out", "a.json"], b"");
    assert_eq!(code(&saved), 0, "{}", err(&saved));
    for sides in [["a.yaml", "b.yaml"], ["a.yaml", "c.yaml"], ["a.json", "b.yaml"]] {
        let (found, exit) = report(folder.path(), &sides);
        assert_eq!(
            (&found["power"], &found["verdict"], exit),
            (&json!([]), &json!("Same"), 0),
            "{sides:?}"
        );
    }
}

/// A roll-out of many like waves is a line for people, and whole for programs and on the page.
#[test]
fn like_waves_share_a_line() {
    let site = |version: &str| {
        format!(
            "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\n\
             spec: {{ racks: [ {{ names: \"r[01-40]\", nodes: \"n[1-2]\", system: dgx-b200 }} ] }}\n---\n\
             apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: all }}\n\
             spec: {{ supercluster: lab, nodes: {{ racks: \"r[01-40]\" }}, gpu: {{ driver: {{ version: {version}, kernelModules: Open }} }}, \
             rollout: {{ maxUnavailable: {{ nodes: 2 }} }} }}\n"
        )
    };
    let folder = folder_of(&[("a.yaml", &site("580.95.05")), ("b.yaml", &site("580.105.08"))]);
    let told = |form: &str| {
        out(&run_in(
            folder.path(),
            &["diff", "a.yaml", "b.yaml", "-o", form],
            b"",
        ))
    };
    let line = "1-40 within the budgets: 40 waves of 1 rack and 2 nodes each (r[01-40]-n[1-2])";
    for form in ["text", "markdown"] {
        let told = told(form);
        assert!(
            told.contains(line) && told.matches("within the budgets").count() == 1,
            "{form}: {told}"
        );
    }
    assert_eq!(told("html").matches("within the budgets: 2 nodes").count(), 40);
    let (found, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    assert_eq!(found["changes"]["waves"].as_array().unwrap().len(), 40);
    let nodes = found["nodes"].as_array().unwrap();
    assert!(nodes.iter().all(|node| node["wave"].is_u64()));
}
