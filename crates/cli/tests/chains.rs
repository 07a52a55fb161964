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
