//! Drift of a saved cluster: each way in which the chain from the intents to a host breaks, all of them at random on one site, and
//! that none of it reaches the change.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/diffed.rs"]
mod diffed;
#[path = "support/run.rs"]
mod run;
#[path = "support/saved.rs"]
mod saved;
#[path = "support/states.rs"]
mod states;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use diffed::report;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rackwright_hostset::{Limits, expand};
use rackwright_planner::drift::{Break, Link};
use run::{out, run_in};
use saved::{Saved, condition, documents, object};
use serde_json::{Value, json};
use states::{OTHERS, PLANNED, site};

/// Sites with random states.
const CASES: usize = 40;

/// Every break of a report with its nodes, after its counts were added up.
fn broken(drift: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let number = |value: &Value| value.as_u64().unwrap();
    let mut broken: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for link in drift["links"].as_array().unwrap() {
        let mut of_link = BTreeSet::new();
        for group in link["breaks"].as_array().unwrap() {
            let names = expand(group["names"].as_str().unwrap(), &Limits::default()).unwrap();
            assert_eq!(names.len() as u64, number(&group["nodes"]), "{group}");
            for name in names {
                assert!(of_link.insert(name.clone()), "{name} stands twice in {link}");
                broken
                    .entry(group["kind"].as_str().unwrap().to_owned())
                    .or_default()
                    .insert(name);
            }
        }
        let held = number(&link["holds"]) + number(&link["silent"]);
        assert_eq!(held + of_link.len() as u64, number(&drift["nodes"]), "{link}");
        all.extend(of_link);
    }
    let parts = ["inSync", "drifting", "unknown"].map(|part| number(&drift[part]));
    assert_eq!(parts.iter().sum::<u64>(), number(&drift["nodes"]));
    assert_eq!(parts[1] + parts[2], all.len() as u64, "in sync is not listed");
    broken
}

/// The change, without what names the sides, and without the number of NodeConfigs that are left as they are.
fn change(mut report: Value) -> Value {
    report["changes"]["kept"].take();
    let map = report.as_object_mut().unwrap();
    map.remove("drift");
    map.remove("sides");
    report
}

/// A site in which all is as the intents say, with nodes that no pool has.
fn in_sync(folder: &Path) -> Saved {
    let mut saved = Saved::of(folder, &site("1"), &site("5"));
    for other in 1..=OTHERS.len() {
        saved.copy("a1-n1", &format!("a9-n{other}"));
        (OTHERS[0].1)(&mut saved, &format!("a9-n{other}"));
    }
    saved
}

#[test]
fn every_node_stands_where_its_state_puts_it_and_no_state_reaches_the_change() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let clean = in_sync(folder);
    clean.write(&folder.join("sync.json"));
    fs::write(folder.join("next.yaml"), documents(&site("10"))).unwrap();
    let (found, exit) = report(folder, &["sync.json", "next.yaml"]);
    assert_eq!((broken(&found["drift"][0]).len(), exit), (0, 1));
    assert_eq!(found["drift"][0]["detached"], OTHERS.len());
    let expected = change(found);
    assert_eq!(expected["changes"]["changed"], 24);

    let planned: Vec<String> = clean.configs().filter(|name| !name.starts_with("a9")).collect();
    let (mut seen, mut compared): (BTreeSet<Break>, _) = (BTreeSet::new(), 0);
    let mut runner = TestRunner::deterministic();
    let states = (
        prop::collection::vec(0..PLANNED.len(), planned.len()),
        prop::collection::vec(0..OTHERS.len(), OTHERS.len()),
    );
    for _ in 0..CASES {
        let (of_planned, of_others) = states.new_tree(&mut runner).unwrap().current();
        let mut saved = clean.clone();
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let others: Vec<String> = (1..=OTHERS.len()).map(|other| format!("a9-n{other}")).collect();
        let of_planned = planned.iter().zip(of_planned.iter().map(|&at| PLANNED[at]));
        let of_others = others.iter().zip(of_others.iter().map(|&at| OTHERS[at]));
        for (node, (_, make, breaks)) in of_planned.chain(of_others) {
            if node.starts_with("a9") {
                saved.config(node)["spec"]["management"] = json!("Managed");
            }
            make(&mut saved, node);
            seen.extend(breaks);
            for what in breaks {
                wanted
                    .entry(format!("{what:?}"))
                    .or_default()
                    .insert(node.clone());
            }
        }
        saved.write(&folder.join("off.json"));
        let (found, _) = report(folder, &["off.json", "next.yaml"]);
        assert_eq!(broken(&found["drift"][0]), wanted);
        // What another pool has and cannot let go, no change reaches.
        if !wanted.contains_key("Blocked") {
            assert_eq!(change(found), expected);
            compared += 1;
        }
    }
    assert!(compared > CASES / 8, "{compared} changes");
    let all = Break::ALL
        .into_iter()
        .filter(|what| *what != Break::EditedProfile);
    assert_eq!(seen, all.collect(), "each break is tried");
}

/// A profile is immutable; who deletes it and makes it anew gives it another content under the same name.
#[test]
fn a_profile_that_is_not_what_its_name_says_breaks_all_its_nodes() {
    let folder = tempfile::tempdir().unwrap();
    let mut saved = in_sync(folder.path());
    let profiles = saved.of_kind("NodeProfile");
    let profile = profiles
        .into_iter()
        .find(|name| name.starts_with("plain-"))
        .unwrap();
    saved.object("NodeProfile", &profile)["spec"]["host"]["sysctls"]["vm.swappiness"] = json!("60");
    saved.write(&folder.path().join("off.json"));
    fs::write(folder.path().join("same.yaml"), documents(&site("1"))).unwrap();
    let (found, exit) = report(folder.path(), &["off.json", "same.yaml"]);
    let broken = broken(&found["drift"][0]);
    assert_eq!(broken.keys().collect::<Vec<_>>(), ["EditedProfile"]);
    assert_eq!(
        (broken["EditedProfile"].len(), exit),
        (12, 1),
        "the refused pool is a finding"
    );
}

/// How an object is edited.
type Edit = fn(&mut Value);

/// The operator stopped before it had seen the last edit, or says why it did nothing.
#[test]
fn what_the_operator_says_is_told_with_what_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("same.yaml"), documents(&site("1"))).unwrap();
    let said: [(&str, Edit, &str); 5] = [
        (
            "GPUPool",
            |pool| pool["metadata"]["generation"] = json!(4),
            "looked at generation 1, and 4 is stored",
        ),
        (
            "GPUPool",
            |pool| pool["status"] = json!({"observedGeneration": -1}),
            "has never looked at it",
        ),
        (
            "GPUPool",
            |pool| pool["status"] = json!("well"),
            "cannot be read by this version",
        ),
        (
            "InfiniBandFabric",
            |fabric| {
                fabric["status"]["conditions"] =
                    json!([condition("Stalled", "True", "Refused", "RW2001: no")]);
            },
            "InfiniBandFabric/compute: Refused: RW2001: no",
        ),
        ("GPUPool", |_| {}, "the operator says that all is written"),
    ];
    for (kind, edit, told) in said {
        let mut saved = in_sync(folder.path());
        saved.remove("NodeConfig", "a4-n1");
        edit(saved.object(kind, if kind == "GPUPool" { "train" } else { "compute" }));
        saved.write(&folder.path().join("off.json"));
        let (found, _) = report(folder.path(), &["off.json", "same.yaml"]);
        let group = &found["drift"][0]["links"][0]["breaks"][0];
        assert_eq!(
            (group["kind"].as_str(), group["names"].as_str()),
            (Some("NotWritten"), Some("a4-n1"))
        );
        let why = group["why"].as_str().unwrap();
        assert!(why.contains(told), "{why}");
    }
}

/// Drift alone is told; whoever wants it to fail says so. What nobody knows is no drift.
#[test]
fn drift_ends_with_1_only_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let sane: Vec<Value> = site("1")
        .into_iter()
        .filter(|object| object["metadata"]["name"] != "refused")
        .collect();
    fs::write(folder.path().join("same.yaml"), documents(&sane)).unwrap();
    let clean = Saved::of(folder.path(), &sane, &sane);
    for (make, exit) in [
        ("in sync", 0),
        ("no status", 0),
        ("changed on the host", 1),
        ("not there", 1),
    ] {
        let mut saved = clean.clone();
        let (_, state, _) = PLANNED.iter().find(|(name, ..)| *name == make).unwrap();
        state(&mut saved, "a1-n2");
        saved.write(&folder.path().join("off.json"));
        for (sides, drift) in [
            (["off.json", "same.yaml"], 1),
            (["same.yaml", "off.json"], 1),
            (["off.json", "off.json"], 2),
        ] {
            let (found, told) = report(folder.path(), &sides);
            assert_eq!((found["verdict"].as_str(), told), (Some("Same"), 0), "{make}");
            assert_eq!(found["drift"].as_array().unwrap().len(), drift);
            let (_, failed) = report(folder.path(), &[&sides[..], &["--fail-on-drift"]].concat());
            assert_eq!(failed, exit, "{make}");
        }
    }
    let (found, _) = report(folder.path(), &["same.yaml", "same.yaml"]);
    assert!(
        found.get("drift").is_none(),
        "who knows no status says nothing of drift"
    );
}

/// A cluster has the NodeConfigs of its own nodes only, and the documents of the whole site.
#[test]
fn nodes_of_other_member_clusters_are_not_missing() {
    let folder = tempfile::tempdir().unwrap();
    let racks = json!([{"names": "a[1-4]", "nodes": "n[1-2]", "system": "dgx-b200"}]);
    let clusters = json!([{"name": "one", "racks": "a[1-2]"}, {"name": "two", "racks": "a3"}]);
    let site = [
        object(
            "Supercluster",
            "lab",
            json!({"racks": racks, "clusters": clusters}),
        ),
        object(
            "GPUPool",
            "plain",
            json!({"supercluster": "lab", "nodes": {"racks": "a[1-3]"}}),
        ),
    ];
    fs::write(folder.path().join("same.yaml"), documents(&site)).unwrap();
    let mut saved = Saved::of(folder.path(), &site, &site);
    for node in ["a3-n1", "a3-n2", "a1-n2"] {
        saved.remove("NodeConfig", node);
    }
    saved.write(&folder.path().join("one.json"));
    let (found, _) = report(folder.path(), &["one.json", "same.yaml"]);
    let drift = &found["drift"][0];
    assert_eq!((&drift["elsewhere"], &drift["nodes"]), (&json!(2), &json!(4)));
    assert_eq!(drift["links"][0]["breaks"][0]["names"], "a1-n2");
}

/// The page lists each kind, and whether it is known.
#[test]
fn the_page_tells_of_each_kind() {
    let page = fs::read_to_string(run::root().join("docs/drift.md")).unwrap();
    let mut rows = page.lines().filter_map(|line| line.split_once("| `"));
    for what in Break::ALL {
        let (link, row) = rows.next().unwrap();
        assert!(
            row.starts_with(&format!(
                "{what:?}` | {} |",
                if what.is_known() { "yes" } else { "no" }
            )),
            "{row}"
        );
        let first = Break::ALL.into_iter().find(|other| other.link() == what.link()) == Some(what);
        let words = what.link().words().replace("->", "→");
        assert_eq!(link.contains(&words), first, "{link}");
    }
}

/// One group, one line, however many nodes.
#[test]
fn what_is_the_same_of_many_nodes_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let racks = json!([{"names": "a[001-100]", "nodes": "n[01-20]", "system": "dgx-b200"}]);
    let site = [
        object("Supercluster", "lab", json!({ "racks": racks })),
        object(
            "GPUPool",
            "plain",
            json!({"supercluster": "lab", "nodes": {"racks": "a[001-100]"}}),
        ),
    ];
    let mut saved = Saved::of(folder.path(), &site, &site);
    for node in saved.configs().collect::<Vec<_>>() {
        let (_, state, _) = PLANNED
            .iter()
            .find(|(name, ..)| *name == "changed on the host")
            .unwrap();
        state(&mut saved, &node);
    }
    saved.write(&folder.path().join("off.json"));
    fs::write(folder.path().join("same.yaml"), documents(&site)).unwrap();
    for form in ["text", "json", "markdown", "html"] {
        let output = run_in(folder.path(), &["diff", "off.json", "same.yaml", "-o", form], b"");
        let text = out(&output);
        assert!(
            text.contains("ChangedOnHost") && text.contains("and others otherwise") != (form == "json"),
            "{text}"
        );
        assert!(text.len() < 40_000, "{form} has {} bytes", text.len());
    }
    let (found, _) = report(folder.path(), &["off.json", "same.yaml"]);
    let group = &found["drift"][0]["links"][2]["breaks"][0];
    assert_eq!(group["names"], "a[001-100]-n[01-20]");
    assert_eq!(
        (&group["nodes"], &group["details"][0]["nodes"]),
        (&json!(2000), &json!(2000))
    );
    assert_eq!(group["details"].as_array().unwrap().len(), 1);
    assert_eq!(
        Link::ALL.len(),
        found["drift"][0]["links"].as_array().unwrap().len()
    );
}
