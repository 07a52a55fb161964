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
    let folder = folder_of(&[("a.yaml", &paused), ("b.yaml", &paused)]);
    let (found, exit) = report(folder.path(), &["a.yaml", "b.yaml"]);
    assert_eq!(
        (&found["power"], &found["verdict"], exit),
        (&json!([]), &json!("Same"), 0)
    );
}
