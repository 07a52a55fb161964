//! JSON lines: read without positions, and with the right ones where something is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/run.rs"]
mod run;

use folder::{SITE, findings, folder, pool};
use run::{code, err, out, run_in};

fn inventory(name: &str, guid: u32) -> String {
    format!(
        r#"{{"apiVersion":"rackwright.dev/v1alpha1","kind":"NodeInventory","metadata":{{"name":"{name}","labels":{{"gpu":"b200"}}}},"spec":{{"hcas":[{{"rail":0,"guid":"0x{guid:016x}"}}]}}}}"#
    )
}

#[test]
fn json_lines_give_the_plan_that_yaml_gives() {
    let nodes = [("a1-n1", 1), ("a1-n2", 2), ("a2-n1", 3), ("a2-n2", 4)];
    let all: Vec<String> = nodes.iter().map(|(name, guid)| inventory(name, *guid)).collect();
    let site = SITE.to_owned()
        + &pool(
            "train",
            "nodes: { selector: { matchLabels: { gpu: b200 } } }, fabrics: [ { name: ib } ]",
        )
        + "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: ib }\n\
           spec: { supercluster: lab, plane: Compute, topology: { type: FatTree, rails: 1 } }\n";
    let folder = folder(&[
        ("site.yaml", &site),
        ("nodes.jsonl", &all.join("\n")),
        ("nodes.yaml", &all.join("\n---\n")),
    ]);
    let plan = |file: &str| {
        out(&run_in(
            folder.path(),
            &["plan", "site.yaml", file, "-o", "jsonl"],
            b"",
        ))
    };
    let fast = plan("nodes.jsonl");
    assert_eq!(fast, plan("nodes.yaml"));
    assert_eq!(fast.lines().count(), 5);
    assert!(fast.contains("0x0000000000000003"), "{fast}");
}

/// Lines are written by hand, the JSON form by serde.
#[test]
fn a_line_is_the_node_of_the_json_form() {
    let site = SITE.to_owned()
        + &pool("train", "nodes: { racks: \"a1\" }, fabrics: [ { name: ib } ]")
        + &pool("infer", "nodes: { racks: \"a2\" }")
        + "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: ib }\n\
           spec: { supercluster: lab, plane: Compute, topology: { type: FatTree, rails: 12 }, addressing: { ipv4: 10.0.0.0/8 } }\n";
    let folder = folder(&[("site.yaml", &site), ("nodes.jsonl", &inventory("a1-n1", 1))]);
    let plan = |form: &str| out(&run_in(folder.path(), &["plan", ".", "-o", form], b""));
    let (lines, json) = (plan("jsonl"), plan("json"));
    let nodes: Vec<&str> = lines
        .lines()
        .filter(|line| line.contains("\"kind\":\"NodeConfig\""))
        .collect();
    assert_eq!(nodes.len(), 4);
    for node in nodes {
        assert!(json.contains(&format!("\n{node}")), "{node}\n{json}");
    }
}

#[test]
fn findings_in_json_lines_have_their_line() {
    let good = inventory("a1-n1", 1);
    let cases = [
        (
            "not-json",
            format!("{good}\n\n{{\"apiVersion\": \"v1\",,}}\n"),
            "RW0001 nodes.jsonl:3:21",
        ),
        (
            "schema",
            format!(
                "{good}\n{}\n",
                inventory("a1-n2", 2).replace("rail\":0", "rail\":99")
            ),
            "RW1007 nodes.jsonl:2:140",
        ),
        (
            "duplicate-key",
            format!(
                "\n\n\n{}\n",
                good.replacen("{\"rail\":0", "{\"rail\":0,\"rail\":0", 1)
            ),
            "RW0005 nodes.jsonl:4:142 nodes.jsonl:4:133",
        ),
        (
            "twice",
            format!("{good}\n{}\n{good}\n", inventory("a1-n2", 2)),
            "RW0101 nodes.jsonl:3:83 nodes.jsonl:1:83",
        ),
        (
            "kind",
            good.replace("NodeInventory", "NodeInventry"),
            "RW0102 nodes.jsonl:1:48",
        ),
        (
            "list",
            format!(
                "{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{good},\n{}\n]}}\n",
                inventory("B", 2)
            ),
            "RW1013 nodes.jsonl:3:83",
        ),
    ];
    for (name, text, expected) in cases {
        let folder = folder(&[("nodes.jsonl", &text)]);
        assert_eq!(
            findings(folder.path(), &["nodes.jsonl"]),
            [expected],
            "{name}: {text}"
        );
    }
}

#[test]
fn findings_about_several_json_lines_have_all_their_places() {
    let text = [
        inventory("a1-n1", 1),
        inventory("a1-n2", 2),
        inventory("a2-n1", 1),
    ]
    .join("\n");
    let folder = folder(&[("nodes.jsonl", &text), ("site.yaml", SITE)]);
    let found = findings(folder.path(), &["nodes.jsonl", "site.yaml"]);
    assert!(
        found
            .iter()
            .any(|finding| finding.starts_with("RW2016 nodes.jsonl:1:1")
                && finding.contains(" nodes.jsonl:3:1")),
        "{found:?}"
    );
    let again = findings(folder.path(), &["nodes.jsonl", "site.yaml", "./site.yaml"]);
    assert_eq!(found, again, "a file counts once, whatever it is called");
}

#[test]
fn the_same_inventory_under_two_names_is_said_and_not_endless() {
    let text: Vec<String> = (0..1500).map(|at| inventory(&format!("n{at}"), at)).collect();
    let folder = folder(&[("a.jsonl", &text.join("\n")), ("b.jsonl", &text.join("\n"))]);
    let found = findings(folder.path(), &["."]);
    assert_eq!(
        found
            .iter()
            .filter(|finding| finding.starts_with("RW0101 ./b.jsonl:"))
            .count(),
        1000
    );
    assert_eq!(
        found
            .iter()
            .filter(|finding| finding.starts_with("RW0020"))
            .count(),
        1
    );
    assert_eq!(found.len(), 1001);
}

#[test]
fn json_lines_of_results_are_checked_too() {
    let folder = folder(&[(
        "site.yaml",
        &(SITE.to_owned() + &pool("train", "nodes: { racks: a1 }")),
    )]);
    let plan = run_in(folder.path(), &["plan", "site.yaml", "-o", "jsonl"], b"").stdout;
    std::fs::write(folder.path().join("plan.jsonl"), plan).unwrap();
    let output = run_in(folder.path(), &["validate", "plan.jsonl"], b"");
    assert_eq!((code(&output), out(&output)), (0, String::new()));
    assert_eq!(err(&output), "read 3 objects of ours: no findings\n");
}
