//! The scalable unit that people read is the one on the cables, in every verb that names one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/unit.rs"]
#[allow(dead_code, reason = "this site is not that unit")]
mod unit;

use run::{code, err, out, run_in};
use serde_json::{Value, json};
use unit::{folder_of, report};

/// Racks of two nodes, two of which make a unit, all of one pool that counts units.
fn site(racks: &str, driver: &str) -> String {
    format!(
        r#"apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: {{ name: lab }}
spec:
  racks:
  - {{ names: "{racks}", nodes: "n[1-2]", system: dgx-b200 }}
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: {{ name: compute }}
spec:
  supercluster: lab
  plane: Compute
  topology: {{ type: FatTree, rails: 2, nodesPerUnit: 4, switch: qm9700 }}
  addressing: {{ ipv4: 10.64.0.0/24 }}
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: {{ name: train }}
spec:
  supercluster: lab
  nodes: {{ racks: "{racks}" }}
  fabrics: [ {{ name: compute }} ]
  gpu: {{ driver: {{ version: {driver} }} }}
  rollout: {{ maxUnavailable: {{ domains: 1, domain: ScalableUnit }} }}
"#
    )
}

/// a2 comes between a1 and a3, whose nodes have the host numbers 1 to 4: by these they would be one unit.
#[test]
fn a_rack_that_comes_between_others_is_told_where_it_sits() {
    let (old, driver) = ("580.95.05", "580.105.08");
    let folder = folder_of(&[
        ("a.yaml", &site("a[1,3]", old)),
        ("b.yaml", &site("a[1-3]", old)),
        ("c.yaml", &site("a[1-3]", driver)),
    ]);
    let path = folder.path();
    let save = |documents: &str, previous: Option<&str>, file: &str| {
        let mut arguments = vec!["plan", documents, "--out", file];
        arguments.extend(previous.iter().flat_map(|previous| ["--previous", previous]));
        let saved = run_in(path, &arguments, b"");
        assert_eq!(code(&saved), 0, "{}", err(&saved));
    };
    save("a.yaml", None, "a.json");
    save("b.yaml", Some("a.json"), "b.json");
    save("c.yaml", Some("b.json"), "c.json");

    // a2 comes: the unit of a1 is reached, and no other.
    for sides in [["a.json", "b.yaml"], ["a.json", "b.json"]] {
        let (come, _) = report(path, &sides);
        assert_eq!(come["reach"]["units"], json!(["compute/1"]), "{sides:?}");
    }
    // All change, unit by unit: a1 with a2, and then a3.
    for sides in [["b.json", "c.yaml"], ["b.json", "c.json"]] {
        let (all, _) = report(path, &sides);
        assert_eq!(
            all["reach"]["units"],
            json!(["compute/1", "compute/2"]),
            "{sides:?}"
        );
        assert_eq!(all["reach"]["domains"], 2);
        let nodes = all["nodes"].as_array().unwrap().iter();
        let waves: Vec<(&Value, &Value)> = nodes.map(|node| (&node["rack"], &node["wave"])).collect();
        let expected = [("a1", 1), ("a1", 1), ("a2", 1), ("a2", 1), ("a3", 2), ("a3", 2)];
        assert_eq!(
            json!(
                waves
                    .iter()
                    .map(|(rack, wave)| json!([rack, wave]))
                    .collect::<Vec<_>>()
            ),
            json!(expected)
        );
        let text = run_in(path, &["diff", sides[0], sides[1]], b"");
        assert!(
            out(&text).contains("2 scalable units (compute/1, compute/2)"),
            "{}",
            out(&text)
        );
    }
    // What explains a node says the same, with the leaf that bears the unit's number.
    for (node, unit) in [("a1-n1", 1), ("a2-n2", 1), ("a3-n1", 2)] {
        let page = run_in(path, &["explain", "node", node, "c.yaml"], b"");
        let line = format!("compute rail 0: unit {unit}, su{unit:02}-r0-l01 port ");
        assert!(out(&page).contains(&line), "{}", out(&page));
    }
}
