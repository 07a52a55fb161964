//! `diff` lists exactly the nodes whose NodeConfig or profile differs, and for each the edits that, undone, take it off the
//! list, and none of which is idle: on random pairs of sites. What differs is found with `plan` alone, and edits are undone in the text of the report, so
//! that neither borrows from what `diff` computes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/varied.rs"]
mod varied;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rackwright_manifest::{Path as Field, Step};
use run::{code, err, out, run_in};
use serde_json::{Value, json};
use varied::{inventory, object, site};

/// Pairs that are compared. Few are refused: the edits are valid alone.
const CASES: usize = 40;

fn write(folder: &Path, name: &str, site: &[Value]) {
    let documents: Vec<String> = site.iter().map(Value::to_string).collect();
    fs::write(folder.join(name), documents.join("\n---\n")).unwrap();
}

/// The NodeConfigs of a plan by node: pool, and all of the spec but addresses that nobody else may get.
fn configs(text: &str) -> BTreeMap<String, (String, Value)> {
    let objects = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let nodes = objects
        .filter(|object| object["kind"] == "NodeConfig")
        .map(|mut object| {
            object["spec"].as_object_mut().unwrap().remove("quarantined");
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let pool = text(&object["metadata"]["labels"]["rackwright.dev/pool"]);
            (text(&object["metadata"]["name"]), (pool, object["spec"].clone()))
        });
    nodes.collect()
}

/// By node: pool and spec.
type Configs = BTreeMap<String, (String, Value)>;

/// What a site makes of nodes by `plan` alone, after the state of the old one if there is one; none where it is refused.
fn becomes(folder: &Path, site: &[Value], previous: &[&str]) -> Option<Configs> {
    write(folder, "planned.yaml", site);
    let output = run_in(
        folder,
        &[&["plan", "-o", "jsonl", "planned.yaml"], previous].concat(),
        b"",
    );
    let text = (code(&output) == 0).then(|| out(&output))?;
    if previous.is_empty() {
        fs::write(folder.join("a.jsonl"), &text).unwrap();
    }
    let mut becomes = configs(&text);
    // A pool that is taken out of the documents is deleted, which `plan` cannot know.
    let there = |pool: &str| {
        site.iter()
            .any(|object| object["kind"] == "GPUPool" && object["metadata"]["name"] == pool)
    };
    becomes.retain(|_, (pool, _)| there(pool));
    Some(becomes)
}

const AFTER_A: [&str; 2] = ["--previous", "a.jsonl"];

/// What two sites make of nodes; none where one is refused.
fn states(folder: &Path, a: &[Value], b: &[Value]) -> Option<[Configs; 2]> {
    Some([becomes(folder, a, &[])?, becomes(folder, b, &AFTER_A)?])
}

fn differing([was, is]: &[Configs; 2]) -> BTreeSet<String> {
    let names = was.keys().chain(is.keys());
    let differ = names.filter(|name| was.get(*name) != is.get(*name));
    differ.cloned().collect()
}

fn named(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// The new site with edits undone, by what the report says of them.
fn undone(edits: &[&Value], a: &[Value], b: &[Value]) -> Vec<Value> {
    let mut site = b.to_vec();
    // Values first, while the places are those of the new side; then what came, the last first; then what went, the first first.
    let mut edits: Vec<(u8, &&Value)> = edits
        .iter()
        .map(|edit| match (edit.get("old"), edit.get("new")) {
            (Some(_), Some(_)) => (0, edit),
            (None, Some(_)) => (1, edit),
            _ => (2, edit),
        })
        .collect();
    let path = |edit: &Value| {
        edit["path"]
            .as_str()
            .unwrap_or_default()
            .parse::<Field>()
            .unwrap()
    };
    edits.sort_by(|(kind, one), (other, two)| {
        let order = path(one).cmp(&path(two));
        kind.cmp(other)
            .then(if *kind == 1 { order.reverse() } else { order })
    });
    for (_, edit) in edits {
        let id = edit["object"].as_str().unwrap();
        if edit.get("path").is_none() {
            // What came goes, what went comes back, and an inventory becomes what it was.
            site.retain(|object| named(object) != id);
            site.extend(a.iter().filter(|object| named(object) == id).cloned());
            continue;
        }
        let at = site.iter().position(|object| named(object) == id).unwrap();
        let path = path(edit);
        let down = |value, step: &Step| match step {
            Step::Key(key) => Value::get_mut(value, key).unwrap(),
            Step::Index(index) => Value::get_mut(value, index).unwrap(),
        };
        let (last, parents) = path.steps().split_last().unwrap();
        let parent = parents.iter().fold(&mut site[at], down);
        match (last, edit.get("old"), edit.get("new")) {
            (Step::Key(key), Some(old), _) => parent[key] = old.clone(),
            (Step::Key(key), None, _) => drop(parent.as_object_mut().unwrap().remove(key)),
            (Step::Index(at), Some(old), Some(_)) => parent[*at] = old.clone(),
            (Step::Index(at), Some(old), None) => {
                let items = parent.as_array_mut().unwrap();
                items.insert((*at).min(items.len()), old.clone());
            }
            (Step::Index(at), None, _) => drop(parent.as_array_mut().unwrap().remove(*at)),
        }
    }
    site
}

fn report(folder: &Path, b: &str) -> Value {
    let output = run_in(folder, &["diff", "a.yaml", b, "-o", "json"], b"");
    serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("{}", err(&output)))
}

fn listed(report: &Value) -> BTreeSet<String> {
    let nodes = report["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| node["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_differs_is_listed_with_causes_that_undo_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut runner = TestRunner::deterministic();
    let (mut compared, mut undone_sets, mut together) = (0, 0, 0);
    for _ in 0..CASES {
        let (a, b) = (site(), site()).new_tree(&mut runner).unwrap().current();
        write(folder, "a.yaml", &a);
        write(folder, "b.yaml", &b);
        let Some(states) = states(folder, &a, &b) else {
            continue;
        };
        let expected = differing(&states);
        compared += 1;
        let found = report(folder, "b.yaml");
        assert_eq!(listed(&found), expected, "{a:?}\n{b:?}");
        let mut by_causes: BTreeMap<Vec<u64>, BTreeSet<String>> = BTreeMap::new();
        for node in found["nodes"].as_array().unwrap() {
            let causes: Vec<u64> = node["causes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|cause| cause.as_u64().unwrap())
                .collect();
            by_causes
                .entry(causes)
                .or_default()
                .insert(node["name"].as_str().unwrap().to_owned());
        }
        for (causes, nodes) in by_causes {
            let edits = causes
                .iter()
                .flat_map(|cause| found["causes"][*cause as usize]["edits"].as_array().unwrap());
            let mut distinct: Vec<&Value> = Vec::new();
            for edit in edits {
                if !distinct.contains(&edit) {
                    distinct.push(edit);
                }
            }
            write(folder, "undone.yaml", &undone(&distinct, &a, &b));
            let left = listed(&report(folder, "undone.yaml"));
            assert!(
                left.is_disjoint(&nodes),
                "{nodes:?} are left of {left:?} without {distinct:?}\n{a:?}\n{b:?}"
            );
            undone_sets += 1;
        }
        together += no_cause_is_idle(folder, &found, (&a, &b), &states);
    }
    assert!(
        compared > CASES / 2 && undone_sets > CASES / 2 && together > 0,
        "{compared} pairs, {undone_sets} sets of causes, {together} causes of several edits"
    );
}

/// Each cause alone, undone, makes something else of each of its nodes; and of several edits that only together do so each is
/// needed. How many of these there are.
fn no_cause_is_idle(
    folder: &Path,
    report: &Value,
    (a, b): (&[Value], &[Value]),
    [was, is]: &[Configs; 2],
) -> usize {
    let mut together = 0;
    for cause in report["causes"].as_array().unwrap() {
        let nodes = hosts(cause["names"].as_str().unwrap());
        let edits: Vec<&Value> = cause["edits"].as_array().unwrap().iter().collect();
        let without = becomes(folder, &undone(&edits, a, b), &AFTER_A);
        let without = without.unwrap_or_else(|| panic!("{cause} cannot be undone\n{a:?}\n{b:?}"));
        for node in &nodes {
            assert_ne!(
                without.get(node),
                is.get(node),
                "{cause} does nothing to {node}\n{a:?}\n{b:?}"
            );
        }
        if edits.len() == 1 {
            continue;
        }
        together += 1;
        for one in &edits {
            let others: Vec<&Value> = edits.iter().filter(|edit| edit != &one).copied().collect();
            if let Some(without) = becomes(folder, &undone(&others, a, b), &AFTER_A) {
                for node in &nodes {
                    assert_ne!(
                        without.get(node),
                        was.get(node),
                        "{one} is not needed for {node} in {cause}\n{a:?}\n{b:?}"
                    );
                }
            }
        }
    }
    together
}

/// The nodes of a hostlist such as `b1-n[01-03,07]`, or of several.
fn hosts(list: &str) -> BTreeSet<String> {
    rackwright_hostset::expand(list, &rackwright_hostset::Limits::default())
        .unwrap()
        .into_iter()
        .collect()
}

/// More inventories than are tried one by one: each that changes its own node alone is told so, in folded form, and what
/// takes several is told as such.
#[test]
fn many_inventories_are_told_together_and_are_causes_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let names: Vec<String> = (1..=4)
        .flat_map(|rack| (1..=20).map(move |node| format!("b{rack}-n{node:02}")))
        .collect();
    let racks = json!([{"names": "b[1-4]", "nodes": "n[01-20]", "system": "dgx-b200"}]);
    let intents = vec![
        object("Supercluster", "lab", json!({ "racks": racks })),
        object(
            "GPUPool",
            "all",
            json!({"supercluster": "lab", "nodes": {"selector": {"matchLabels": {"role": "all"}}}, "fabrics": [{"name": "compute"}]}),
        ),
        object(
            "InfiniBandFabric",
            "compute",
            json!({"supercluster": "lab", "plane": "Compute", "topology": {"type": "FatTree", "rails": 2}, "addressing": {"ipv4": "10.64.0.0/24"}}),
        ),
    ];
    // The last three racks change: GUIDs of two, of the last some leave, some come, and some are as idle as before.
    let (mut a, mut b) = (intents.clone(), intents);
    for (name, at) in names.iter().zip(0_u32..) {
        let (was, is) = match at {
            0..20 => (inventory(name, at, "all"), inventory(name, at, "all")),
            20..60 => (inventory(name, at, "all"), inventory(name, at + 100, "all")),
            60..65 => (inventory(name, at, "all"), inventory(name, at, "none")),
            65..70 => (inventory(name, at, "none"), inventory(name, at, "all")),
            _ => (inventory(name, at, "none"), inventory(name, at + 100, "none")),
        };
        a.push(was);
        b.push(is);
    }
    write(folder, "a.yaml", &a);
    write(folder, "b.yaml", &b);
    let expected = differing(&states(folder, &a, &b).unwrap());
    let found = report(folder, "b.yaml");
    assert_eq!(listed(&found), expected);
    let causes = found["causes"].as_array().unwrap();
    let told = |at: usize| {
        let edit = &causes[at]["edits"][0];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&edit["object"]),
            hosts(&text(&edit["names"])),
            hosts(&text(&causes[at]["names"])),
        )
    };
    let (each, others): (Vec<usize>, Vec<usize>) =
        (0..causes.len()).partition(|at| causes[*at]["each"] == true);
    let own: BTreeSet<String> = each.iter().flat_map(|at| told(*at).2).collect();
    // Who leaves, and whose GUID is another one, owes it to one inventory; and so does the first that comes.
    assert_eq!(own, names[20..65].iter().cloned().collect());
    for at in each {
        let (object, names, nodes) = told(at);
        assert_eq!(
            (object, &names),
            (format!("{} NodeInventory objects", nodes.len()), &nodes)
        );
    }
    let [together, first] = others[..] else {
        panic!("{causes:?}")
    };
    let line = b
        .iter()
        .position(|object| object["metadata"]["name"] == names[65].as_str())
        .unwrap()
        * 2
        + 1;
    let edit = json!({"object": format!("NodeInventory/{}", names[65]), "file": "b.yaml", "line": line});
    assert_eq!(
        (&causes[first]["edits"], &causes[first]["names"]),
        (&json!([edit]), &json!(names[65]))
    );
    // The others get addresses that depend on who else comes.
    let (_, objects, nodes) = told(together);
    assert_eq!(
        (objects.len(), nodes),
        (60, names[66..70].iter().cloned().collect())
    );
    // Each alone takes its node off the list, and no other one.
    for at in [20, 41, 60, 64] {
        let edit = json!({"object": format!("NodeInventory/{}", names[at])});
        write(folder, "undone.yaml", &undone(&[&edit], &a, &b));
        let left = listed(&report(folder, "undone.yaml"));
        let gone: Vec<&String> = expected.difference(&left).collect();
        assert_eq!(gone, [&names[at]], "{left:?}");
    }
    // What changes nothing is said too.
    let idle: Vec<Value> = (0..60)
        .map(|at| inventory(&names[at], 500 + at as u32, "none"))
        .collect();
    let quiet: Vec<Value> = (0..60)
        .map(|at| inventory(&names[at], 600 + at as u32, "none"))
        .collect();
    write(folder, "a.yaml", &[&a[..1], &idle].concat());
    write(folder, "b.yaml", &[&a[..1], &quiet].concat());
    let found = report(folder, "b.yaml");
    let other = &found["otherEdits"][0];
    assert_eq!(
        (&other["object"], &found["verdict"]),
        (&json!("60 NodeInventory objects"), &json!("Same"))
    );
    assert_eq!(hosts(other["names"].as_str().unwrap()).len(), 60);
}
