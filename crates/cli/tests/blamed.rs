//! An edit of something else is never among the causes of a node in `rackwright diff`: of documents and of a saved cluster, where
//! nodes go, come and change by several edits that only together do it.

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
#[allow(dead_code, reason = "no node here is in a state of its own")]
#[path = "support/saved.rs"]
mod saved;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use diffed::report;
use run::{code, err, out, run_in};
use saved::{Saved, WHEN, documents, object};
use serde_json::{Value, json};

/// Two pools, each with its own fabric and tier.
fn site() -> Vec<Value> {
    let pool = |racks: &str, fabric: &str, tier: &str| {
        json!({"supercluster": "lab", "nodes": {"racks": racks}, "fabrics": [{"name": fabric}], "storage": [{"tier": tier}],
            "host": {"sysctls": {"vm.swappiness": "1"}}})
    };
    let fabric = |plane: &str, ipv4: &str| json!({"supercluster": "lab", "plane": plane, "topology": {"type": "FatTree", "rails": 2}, "addressing": {"ipv4": ipv4}});
    let tier = |path: &str| json!({"supercluster": "lab", "nfs": {"server": "s1", "export": path, "transport": "TCP"}, "mountPoint": path});
    vec![
        object(
            "Supercluster",
            "lab",
            json!({"racks": [{"names": "a[1-2]", "nodes": "n[1-2]", "system": "dgx-b200"}, {"names": "b[1-2]", "nodes": "n[1-2]", "system": "dgx-b200"}]}),
        ),
        object("GPUPool", "one", pool("a[1-2]", "compute", "home")),
        object("GPUPool", "two", pool("b[1-2]", "storage", "data")),
        object("InfiniBandFabric", "compute", fabric("Compute", "10.64.0.0/24")),
        object("InfiniBandFabric", "storage", fabric("Storage", "10.65.0.0/24")),
        object("StorageTier", "home", tier("/home")),
        object("StorageTier", "data", tier("/data")),
    ]
}

fn get<'s>(site: &'s mut [Value], name: &str) -> &'s mut Value {
    let mut objects = site.iter_mut();
    objects.find(|object| object["metadata"]["name"] == name).unwrap()
}

/// The edit of the other pool, which is nobody else's cause.
fn tame(site: &mut [Value]) {
    get(site, "two")["spec"]["host"]["sysctls"]["vm.swappiness"] = json!("10");
}

/// By the nodes of a pool, `a` or `b`: the edits that are told of them.
fn blamed(folder: &Path, a: &str, b: &str) -> BTreeMap<char, BTreeSet<String>> {
    let (report, exit) = report(folder, &[a, b]);
    assert_eq!(exit, 1, "{report}");
    let mut blamed: BTreeMap<char, BTreeSet<String>> = BTreeMap::new();
    for node in report["nodes"].as_array().unwrap() {
        let pool = node["name"].as_str().unwrap().chars().next().unwrap();
        let of_pool = blamed.entry(pool).or_default();
        for cause in node["causes"].as_array().unwrap() {
            for edit in report["causes"][cause.as_u64().unwrap() as usize]["edits"]
                .as_array()
                .unwrap()
            {
                let text = |key: &str| edit[key].as_str().unwrap_or_default();
                of_pool.insert(format!("{} {}", text("object"), text("path")).trim().to_owned());
            }
        }
    }
    blamed
}

fn set(edits: &[&str]) -> BTreeSet<String> {
    edits.iter().map(ToString::to_string).collect()
}

const OTHER: &str = "GPUPool/two spec.host.sysctls[vm.swappiness]";

/// A change of the site by its name, what makes it, and the edits that are the causes of the nodes of the first pool.
type Change = (&'static str, fn(&mut Vec<Value>), &'static [&'static str]);

const CHANGES: &[Change] = &[
    (
        "a pool goes with what it refers to",
        |site| {
            site.retain(|object| {
                !["one", "compute", "home"].contains(&object["metadata"]["name"].as_str().unwrap())
            });
        },
        &["GPUPool/one", "InfiniBandFabric/compute", "StorageTier/home"],
    ),
    (
        "a rack goes, and the pool's word of it",
        |site| {
            get(site, "lab")["spec"]["racks"][0]["names"] = json!("a1");
            get(site, "one")["spec"]["nodes"]["racks"] = json!("a1");
        },
        &["GPUPool/one spec.nodes.racks", "Supercluster/lab"],
    ),
    (
        "nodes go, and a setting changes that they no more have",
        |site| {
            get(site, "one")["spec"]["nodes"] = json!({"names": "a1-n1"});
            get(site, "home")["spec"]["nfs"]["server"] = json!("s2");
        },
        &["GPUPool/one spec.nodes", "StorageTier/home spec.nfs.server"],
    ),
];

#[test]
fn documents_blame_what_did_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, change, edits) in CHANGES {
        let (a, mut b) = (site(), site());
        change(&mut b);
        tame(&mut b);
        for (name, a, b) in [((*name).to_owned(), &a, &b), (format!("{name}, turned"), &b, &a)] {
            fs::write(folder.join("a.yaml"), documents(a)).unwrap();
            fs::write(folder.join("b.yaml"), documents(b)).unwrap();
            let found = blamed(folder, "a.yaml", "b.yaml");
            let of_first = &found[&'a'];
            assert!(
                of_first
                    .iter()
                    .all(|edit| edits.iter().any(|known| edit.starts_with(known))),
                "{name}: {found:?}"
            );
            assert!(!of_first.is_empty(), "{name}: {found:?}");
            assert_eq!(found[&'b'], set(&[OTHER]), "{name}");
        }
    }
}

#[test]
fn what_was_refused_before_blames_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut a, mut b) = (site(), site());
    get(&mut a, "one")["spec"]["fabrics"][0]["name"] = json!("missing");
    tame(&mut b);
    fs::write(folder.join("a.yaml"), documents(&a)).unwrap();
    fs::write(folder.join("b.yaml"), documents(&b)).unwrap();
    let found = blamed(folder, "a.yaml", "b.yaml");
    assert_eq!(found[&'a'].len(), 1, "{found:?}");
    assert!(
        found[&'a']
            .first()
            .unwrap()
            .starts_with("GPUPool/one spec.fabrics"),
        "{found:?}"
    );
    assert_eq!(found[&'b'], set(&[OTHER]));
}

/// A cluster and documents in either direction: what only a cluster knows (a deletion that was ordered, nodes whose pool is not
/// there) is no reason to blame something else.
#[test]
fn a_cluster_blames_what_did_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut b = site();
    tame(&mut b);
    fs::write(folder.join("b.yaml"), documents(&b)).unwrap();
    let clean = Saved::of(folder, &site(), &site());

    let mut deleting = clean.clone();
    deleting.object("GPUPool", "one")["metadata"]["deletionTimestamp"] = json!(WHEN);
    deleting.write(&folder.join("deleting.json"));
    for sides in [["deleting.json", "b.yaml"], ["b.yaml", "deleting.json"]] {
        let found = blamed(folder, sides[0], sides[1]);
        assert_eq!(
            found[&'a'],
            set(&["GPUPool/one metadata.deletionTimestamp"]),
            "{sides:?}"
        );
        assert_eq!(found[&'b'], set(&[OTHER]), "{sides:?}");
    }

    // The nodes are as the lost pool left them, and the pool that comes asks for something else.
    let mut orphaned = clean.clone();
    orphaned.remove("GPUPool", "one");
    orphaned.write(&folder.join("orphaned.json"));
    get(&mut b, "one")["spec"]["host"]["sysctls"]["vm.swappiness"] = json!("5");
    fs::write(folder.join("b.yaml"), documents(&b)).unwrap();
    let found = blamed(folder, "orphaned.json", "b.yaml");
    assert_eq!(found[&'a'], set(&["GPUPool/one"]));
    assert_eq!(found[&'b'], set(&[OTHER]));

    for (name, change, edits) in CHANGES {
        let mut b = site();
        change(&mut b);
        tame(&mut b);
        fs::write(folder.join("b.yaml"), documents(&b)).unwrap();
        clean.write(&folder.join("clean.json"));
        for sides in [["clean.json", "b.yaml"], ["b.yaml", "clean.json"]] {
            let found = blamed(folder, sides[0], sides[1]);
            // What no pool of documents speaks for is as the cluster has it.
            let of_first = found.get(&'a').cloned().unwrap_or_default();
            let known = |edit: &String| edits.iter().any(|known| edit.starts_with(known));
            assert!(of_first.iter().all(known), "{name} {sides:?}: {found:?}");
            assert!(!of_first.is_empty() || sides[0] == "b.yaml", "{name}");
            assert_eq!(found[&'b'], set(&[OTHER]), "{name} {sides:?}");
        }
    }
}

/// A saved plan has no causes, and so blames nobody.
#[test]
fn saved_plans_blame_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut b = site();
    CHANGES[0].1(&mut b);
    tame(&mut b);
    for (name, site) in [("a", site()), ("b", b)] {
        fs::write(folder.join("site.yaml"), documents(&site)).unwrap();
        let file = format!("{name}.json");
        let saved = run_in(folder, &["plan", "site.yaml", "--out", &file], b"");
        assert_eq!(code(&saved), 0, "{}", err(&saved));
    }
    let output = run_in(folder, &["diff", "a.json", "b.json", "-o", "json"], b"");
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(report.get("causes"), None);
    assert_eq!(report["untriedEdits"].as_array().unwrap().len(), 4);
}

/// More pools than objects are tried one by one: each is blamed for its own nodes.
#[test]
fn many_pools_blame_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let site = |swappiness: &dyn Fn(usize) -> String| {
        let racks = json!([{"names": "r[01-60]", "nodes": "n[1-2]", "system": "dgx-b200"}]);
        let mut site = vec![object("Supercluster", "lab", json!({ "racks": racks }))];
        site.extend((1..=60).map(|at| {
            object(
                "GPUPool",
                &format!("p{at:02}"),
                json!({"supercluster": "lab", "nodes": {"racks": format!("r{at:02}")}, "host": {"sysctls": {"vm.swappiness": swappiness(at)}}}),
            )
        }));
        documents(&site)
    };
    fs::write(folder.join("a.yaml"), site(&|_| "1".to_owned())).unwrap();
    fs::write(folder.join("b.yaml"), site(&|at| format!("{}", at + 1))).unwrap();
    let output = run_in(folder, &["diff", "a.yaml", "b.yaml", "-o", "json"], b"");
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    let nodes = report["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 120);
    for node in nodes {
        let rack = &node["name"].as_str().unwrap()[1..3];
        let [cause] = &node["causes"].as_array().unwrap()[..] else {
            panic!("{node}")
        };
        let edits = report["causes"][cause.as_u64().unwrap() as usize]["edits"]
            .as_array()
            .unwrap();
        let objects: Vec<&Value> = edits.iter().map(|edit| &edit["object"]).collect();
        assert_eq!(objects, [&json!(format!("GPUPool/p{rack}"))], "{node}");
    }
}
