//! Plans after plans, and plans of one member cluster, through the real program.

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

use std::collections::BTreeMap;
use std::fs;

use folder::folder;
use run::{code, err, out, run_in};
use serde_json::Value;

/// Nodes that left every pool are carried on, detached and with what they hold, so that a chain of plans gives away
/// nothing that was given before.
#[test]
fn a_chain_of_plans_keeps_what_left() {
    let pool = |racks: &str| {
        format!(
            "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec: {{ racks: [ {{ names: \"a[1-9]\", nodes: \"n[1-2]\", system: dgx-b200 }} ] }}\n\
             ---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: {{ name: compute }}\nspec: {{ supercluster: lab, plane: Compute, topology: {{ type: FatTree, rails: 1 }}, addressing: {{ ipv4: 10.1.0.0/24 }} }}\n\
             ---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: train }}\nspec: {{ supercluster: lab, nodes: {{ racks: \"{racks}\" }}, fabrics: [ {{ name: compute }} ] }}\n"
        )
    };
    let folder = folder(&[
        ("first.yaml", &pool("a[1-2]")),
        ("less.yaml", &pool("a2")),
        ("more.yaml", &pool("a[2-3]")),
        ("wrong.yaml", &pool("a[2-99]")),
    ]);
    let plan = |file: &str, previous: Option<&str>, form: &str| {
        let mut arguments = vec!["plan", file, "-o", form];
        arguments.extend(previous.iter().flat_map(|path| ["--previous", path]));
        out(&run_in(folder.path(), &arguments, b""))
    };
    let configs = |lines: &str| -> BTreeMap<String, Value> {
        let objects = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        objects
            .filter(|object| object["kind"] == "NodeConfig")
            .map(|object| (object["metadata"]["name"].as_str().unwrap().to_owned(), object))
            .collect()
    };
    let first = plan("first.yaml", None, "jsonl");
    fs::write(folder.path().join("first"), &first).unwrap();
    let mut left = configs(&first).remove("a1-n1").unwrap();
    left["spec"]["management"] = "Detached".into();
    let mut chains = Vec::new();
    for form in ["jsonl", "json"] {
        fs::write(folder.path().join("less"), plan("less.yaml", Some("first"), form)).unwrap();
        let more = plan("more.yaml", Some("less"), "jsonl");
        let configs = configs(&more);
        assert_eq!(configs["a1-n1"], left);
        // Its profile stays known, once: without it nobody could say what becomes of its devices.
        let profile = left["spec"]["profile"].as_str().unwrap();
        let named = format!("\"name\":\"{profile}\"");
        assert_eq!(more.matches(&named).count(), 1, "{more}");
        assert_eq!(
            configs["a2-n1"]["spec"]["facts"]["rails"][0]["ipv4"],
            "10.1.0.3/24"
        );
        assert_eq!(
            configs["a3-n1"]["spec"]["facts"]["rails"][0]["ipv4"], "10.1.0.5/24",
            "1 and 2 stay taken"
        );
        chains.push(more);
    }
    assert_eq!(chains[0], chains[1]);
    let yaml = plan("less.yaml", Some("first"), "yaml");
    assert_eq!(yaml.matches("management: Detached").count(), 2, "{yaml}");
    // A pool that is refused lets nobody go.
    assert_eq!(plan("wrong.yaml", Some("first"), "jsonl"), first);
}

const LAB: &str = "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec:\n  racks: [ { names: \"a[1-4]\", nodes: n1, system: dgx-b200 } ]\n  \
                   clusters: [ { name: one, racks: \"a[1-2]\" }, { name: two, racks: \"a[3-4]\" } ]\n";

fn pool(name: &str, racks: &str, fabrics: &str) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: lab, nodes: {{ racks: \"{racks}\" }}, fabrics: [ {fabrics} ] }}\n"
    )
}

/// Compiles a document after an earlier plan, which may be empty: lines of output, and what is said beside.
fn after(document: &str, previous: &str, more: &[&str]) -> (String, String) {
    let folder = folder(&[("site.yaml", document), ("previous", previous)]);
    let mut arguments = vec!["plan", "site.yaml", "-o", "jsonl"];
    if !previous.is_empty() {
        arguments.extend(["--previous", "previous"]);
    }
    arguments.extend(more);
    let done = run_in(folder.path(), &arguments, b"");
    (out(&done), err(&done))
}

fn by_node(lines: &str) -> BTreeMap<String, Value> {
    let objects = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    objects
        .filter(|object| object["kind"] == "NodeConfig")
        .map(|object| (object["metadata"]["name"].as_str().unwrap().to_owned(), object))
        .collect()
}

/// As the operator: a pool that is not among the documents, and an object without our label, say nothing.
#[test]
fn a_part_of_the_documents_lets_nobody_go() {
    let whole = format!("{LAB}{}{}", pool("left", "a1", ""), pool("right", "a[2-3]", ""));
    let (first, _) = after(&whole, "", &[]);
    let part = format!("{LAB}{}", pool("right", "a2", ""));
    let unlabelled = first.replace(
        "\"metadata\":{\"labels\":{\"rackwright.dev/pool\":\"right\"},\"name\":\"a3-n1\"}",
        "\"metadata\":{\"name\":\"a3-n1\"}",
    );
    assert_ne!(unlabelled, first);
    let (second, _) = after(&part, &unlabelled, &[]);
    assert_eq!(by_node(&second), by_node(&unlabelled));
    let (second, _) = after(&part, &first, &[]);
    assert_eq!(by_node(&second)["a1-n1"], by_node(&first)["a1-n1"]);
    assert_eq!(by_node(&second)["a3-n1"]["spec"]["management"], "Detached");
    // The summary says the same.
    let folder = folder(&[("site.yaml", &part), ("previous", &first)]);
    let text = out(&run_in(
        folder.path(),
        &["plan", "site.yaml", "--previous", "previous"],
        b"",
    ));
    assert!(
        text.contains("0 changed, 0 added, 1 removed, 1 the same, 1 left as they are"),
        "{text}"
    );
}

/// A node goes from a pool that is refused to one that is accepted: it keeps what it has.
#[test]
fn a_node_of_a_refused_pool_is_not_anothers_yet() {
    let (first, _) = after(&format!("{LAB}{}", pool("old", "a[1-2]", "")), "", &[]);
    let moved = |fabrics: &str| format!("{LAB}{}{}", pool("old", "a1", fabrics), pool("new", "a2", ""));
    let (second, said) = after(&moved("{ name: nowhere }"), &first, &[]);
    assert_eq!(by_node(&second), by_node(&first));
    // Its profile with it, and not the one that no node has.
    assert!(
        second.contains("\"name\":\"old-") && !second.contains("\"name\":\"new-"),
        "{second}"
    );
    assert!(
        said.contains("1 node of GPUPool/new still have their configuration from GPUPool/old"),
        "{said}"
    );
    let (third, _) = after(&moved(""), &second, &[]);
    assert_eq!(
        by_node(&third)["a2-n1"]["metadata"]["labels"]["rackwright.dev/pool"],
        "new"
    );
}

/// A part that is made from what the whole site has leaves the nodes of others out, and says so once.
#[test]
fn a_part_lets_no_node_of_another_member_cluster_go() {
    let all = format!("{LAB}{}", pool("train", "a[1-4]", ""));
    let (first, _) = after(&all, "", &[]);
    let less = format!("{LAB}{}", pool("train", "a[2-3]", ""));
    let (part, said) = after(&less, &first, &["--cluster", "one"]);
    let nodes = by_node(&part);
    let names: Vec<&String> = nodes.keys().collect();
    assert_eq!(names, ["a1-n1", "a2-n1"]);
    assert_eq!(nodes["a1-n1"]["spec"]["management"], "Detached");
    assert_eq!(said.matches("RW2030").count(), 1, "{said}");
    assert!(
        said.contains("2 nodes (a[3-4]-n1) of the member cluster two"),
        "{said}"
    );
    let folder = folder(&[("site.yaml", &less), ("previous", &first)]);
    let arguments = ["plan", "site.yaml", "--previous", "previous", "--cluster", "one"];
    let text = out(&run_in(folder.path(), &arguments, b""));
    assert!(
        text.contains("0 changed, 0 added, 1 removed, 1 the same\n"),
        "{text}"
    );
}

/// What a node had is in its NodeConfig as long as its host may have it, through a chain of plans, and a status of the
/// stored generation ends it. The GUIDs that it had are another's as soon as that one's inventory shows them.
#[test]
fn what_a_host_may_have_goes_through_a_chain() {
    let fabric = "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: compute }\nspec: { supercluster: lab, plane: Compute, \
                  topology: { type: FatTree, rails: 1 }, addressing: { ipv4: 10.1.0.0/24 } }\n";
    let document = |of_a1: &str, other: &str| format!("{LAB}{fabric}{}{other}", pool("train", "a1", of_a1));
    let compute = "{ name: compute }";
    let (first, _) = after(&document(compute, ""), "", &[]);
    let (second, _) = after(&document("", ""), &first, &[]);
    assert_eq!(
        by_node(&second)["a1-n1"]["spec"]["quarantined"],
        serde_json::json!(["10.1.0.1"])
    );
    let more = pool("more", "a2", compute);
    let address = |lines: &str| by_node(lines)["a2-n1"]["spec"]["facts"]["rails"][0]["ipv4"].clone();
    let (third, _) = after(&document("", &more), &second, &[]);
    assert_eq!(address(&third), "10.1.0.2/24");
    assert_eq!(by_node(&third)["a1-n1"], by_node(&second)["a1-n1"]);

    // As `kubectl get -o json` prints it, once the agent has reported.
    let mut stored = by_node(&second).remove("a1-n1").unwrap();
    stored["metadata"]["generation"] = 2.into();
    stored["status"] =
        serde_json::json!({"observedGeneration": 2, "applied": {"hash": stored["spec"]["hash"]}});
    for generation in [1, 2] {
        stored["status"]["observedGeneration"] = generation.into();
        let list = serde_json::to_string_pretty(&serde_json::json!({"items": [stored]})).unwrap();
        for previous in [list, serde_json::to_string(&stored).unwrap()] {
            let (given, _) = after(&document("", &more), &previous, &[]);
            let expected = if generation == 2 {
                "10.1.0.1/24"
            } else {
                "10.1.0.2/24"
            };
            assert_eq!(address(&given), expected, "{previous}");
        }
    }

    let guid = "\"0xa088c20300000001\"";
    let inventory = |node: &str| {
        format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: {node} }}\nspec: {{ hcas: [ {{ rail: 0, device: mlx5_0, guid: {guid} }} ] }}\n"
        )
    };
    let both = document(compute, &more);
    let (before, _) = after(&format!("{both}{}", inventory("a1-n1")), "", &[]);
    let (swapped, said) = after(&format!("{both}{}", inventory("a2-n1")), &before, &[]);
    assert_eq!(swapped.matches("0xa088c20300000001").count(), 1, "{swapped}");
    assert!(
        by_node(&swapped)["a2-n1"]
            .to_string()
            .contains("0xa088c20300000001")
    );
    assert!(said.contains("RW2029"), "{said}");
}

/// A pipe can be read once only.
#[cfg(unix)]
#[test]
fn an_earlier_plan_may_come_from_a_pipe() {
    let (first, _) = after(&format!("{LAB}{}", pool("train", "a[1-2]", "")), "", &[]);
    let folder = folder(&[("site.yaml", &format!("{LAB}{}", pool("train", "a2", "")))]);
    for form in ["text", "json", "jsonl"] {
        let arguments = ["plan", "site.yaml", "--previous", "/dev/stdin", "-o", form];
        let done = run_in(folder.path(), &arguments, first.as_bytes());
        assert_eq!(code(&done), 0, "{}", err(&done));
        let text = out(&done);
        assert!(text.contains("Detached") || text.contains("1 removed"), "{text}");
    }
}

/// A cluster says what each host has applied: one that waits for the change before is not the same, whatever is written.
#[test]
fn what_hosts_have_applied_counts() {
    let pool = |host: &str| {
        format!(
            "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec: {{ racks: [ {{ names: a1, nodes: \"n[1-3]\", system: dgx-b200 }} ] }}\n\
             ---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: train }}\nspec: {{ supercluster: lab, nodes: {{ racks: a1 }}, host: {{ {host} }} }}\n"
        )
    };
    let folder = folder(&[
        ("first.yaml", &pool("")),
        ("then.yaml", &pool("kernelArguments: [ iommu=pt ]")),
    ]);
    let objects = |file: &str| -> Vec<Value> {
        let text = out(&run_in(folder.path(), &["plan", file, "-o", "jsonl"], b""));
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let (first, mut then) = (objects("first.yaml"), objects("then.yaml"));
    let hash = |object: &Value| object["spec"]["hash"].clone();
    let status = |hash: Value| serde_json::json!({ "observedGeneration": 1, "applied": { "at": "2026-01-01T00:00:00Z", "hash": hash } });
    // The first node waits, the second does not, and of the third nobody knows.
    then[1]["status"] = status(hash(&first[1]));
    then[2]["status"] = status(hash(&then[2]));
    then.push(first[0].clone());
    let list = serde_json::json!({ "kind": "List", "items": then });
    fs::write(
        folder.path().join("cluster"),
        serde_json::to_string_pretty(&list).unwrap(),
    )
    .unwrap();
    let told = out(&run_in(
        folder.path(),
        &["plan", "then.yaml", "--previous", "cluster"],
        b"",
    ));
    assert!(
        told.contains("1 changed, 0 added, 0 removed, 2 the same"),
        "{told}"
    );
    assert!(
        told.contains("Reboot       1 node  host.kernelArguments"),
        "{told}"
    );
    assert!(told.contains("within the budgets: 1 node (a1-n1)"), "{told}");
}

/// One member cluster's part, and what its operator would not write.
#[test]
fn a_member_cluster_has_its_own_nodes_and_profiles() {
    let site = "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec:\n  racks: [ { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 } ]\n  \
                clusters: [ { name: one, racks: a1 }, { name: two, racks: a2 } ]\n";
    let pool = |name: &str, racks: &str| {
        format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: lab, nodes: {{ names: \"{racks}\" }} }}\n"
        )
    };
    let site = format!("{site}{}{}", pool("both", "a1-n1,a2-n1"), pool("single", "a2-n2"));
    let folder = folder(&[("site.yaml", &site)]);
    let names = |arguments: &[&str]| -> Vec<String> {
        let mut all = vec!["plan", "site.yaml", "-o", "jsonl"];
        all.extend(arguments);
        let text = out(&run_in(folder.path(), &all, b""));
        let objects = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        objects
            .map(|object| {
                object["metadata"]["name"]
                    .as_str()
                    .unwrap()
                    .split_at(5)
                    .0
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(names(&[]), ["both-", "singl", "a1-n1", "a2-n1", "a2-n2"]);
    assert_eq!(names(&["--cluster", "one"]), ["both-", "a1-n1"]);
    assert_eq!(names(&["--cluster", "two"]), ["both-", "singl", "a2-n1", "a2-n2"]);
    let wrong = run_in(folder.path(), &["plan", "site.yaml", "--cluster", "tow"], b"");
    assert_eq!(code(&wrong), 2);
    let error = err(&wrong);
    assert!(
        error.contains("no Supercluster has a member cluster tow; did you mean two?"),
        "{error}"
    );
}
