//! Random variations of one site: pools, fabrics, tiers and inventories that share it.

use proptest::prelude::*;
use serde_json::{Value, json};

/// An object of ours.
pub fn object(kind: &str, name: &str, spec: impl Into<Value>) -> Value {
    let spec: Value = spec.into();
    json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// Pools, fabrics and tiers that share one site; what edits start from.
fn base() -> Vec<Value> {
    let pool = |racks: &str, fabric: &str| {
        json!({"supercluster": "lab", "nodes": {"racks": racks}, "fabrics": [{"name": fabric}],
            "host": {"sysctls": {"vm.swappiness": "1"}}, "storage": [{"tier": "scratch"}]})
    };
    let fabric = |plane: &str, ipv4: &str| json!({"supercluster": "lab", "plane": plane, "topology": {"type": "FatTree", "rails": 2}, "addressing": {"ipv4": ipv4}});
    let racks = json!([{"names": "a[1-2]", "nodes": "n[1-2]", "system": "dgx-b200"}, {"names": "a[3-4]", "nodes": "n[1-2]", "system": "dgx-b200"}]);
    let local =
        json!({"devices": {"count": 2, "model": "X*"}, "raid": 0, "filesystem": "xfs", "wipe": "Never"});
    vec![
        object("Supercluster", "lab", json!({ "racks": racks })),
        object("GPUPool", "one", pool("a1", "compute")),
        object("GPUPool", "two", pool("a2", "compute")),
        object("GPUPool", "three", pool("a[3-4]", "storage")),
        object("InfiniBandFabric", "compute", fabric("Compute", "10.64.0.0/24")),
        object("InfiniBandFabric", "storage", fabric("Storage", "10.65.0.0/24")),
        object(
            "StorageTier",
            "scratch",
            json!({"supercluster": "lab", "localNVMe": local, "mountPoint": "/scratch"}),
        ),
        object(
            "StorageTier",
            "home",
            json!({"supercluster": "lab", "nfs": {"server": "s1", "export": "/home", "transport": "TCP"}, "mountPoint": "/home"}),
        ),
        inventory("a1-n1", 1, ""),
        inventory("a2-n1", 2, "two"),
        inventory("a2-n2", 3, "two"),
        inventory("a3-n2", 4, ""),
    ]
}

fn guid(number: u32) -> String {
    format!("0xa088c203{number:08x}")
}

/// What an agent found: one HCA, and a label that selectors look at.
pub fn inventory(node: &str, number: u32, role: &str) -> Value {
    let mut inventory = object(
        "NodeInventory",
        node,
        json!({"hcas": [{"guid": guid(number), "rail": 0}]}),
    );
    inventory["metadata"]["labels"] = json!({ "role": role });
    inventory
}

/// An object, a field below its spec, and what it may become; null takes it away. Without a field it is the whole object.
fn choices() -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let gpu = |version: &str| json!({"driver": {"version": version, "kernelModules": "Open"}});
    vec![
        (
            "one",
            "/gpu",
            vec![gpu("580.95.05"), gpu("580.105.08"), json!({"powerLimit": "900W"})],
        ),
        (
            "two",
            "/gpu",
            vec![gpu("580.95.05"), json!({"powerLimit": "800W"})],
        ),
        (
            "one",
            "/host",
            vec![
                json!({"sysctls": {"vm.swappiness": "1", "kernel.numa_balancing": "0"}}),
                json!({"kernelArguments": ["iommu=pt"]}),
                json!(null),
            ],
        ),
        (
            "two",
            "/host",
            vec![
                json!({"sysctls": {"vm.swappiness": "10"}}),
                json!({"modules": ["a"]}),
            ],
        ),
        (
            "three",
            "/host/sysctls",
            vec![
                json!({"vm.swappiness": "5"}),
                json!({"vm.max_map_count": "262144"}),
            ],
        ),
        (
            "one",
            "/nodes",
            vec![
                json!({"names": "a1-n1"}),
                json!({"names": "a1-n2"}),
                json!({"names": "a1-n[1-2]"}),
            ],
        ),
        (
            "three",
            "/nodes",
            vec![
                json!({"racks": "a3"}),
                json!({"racks": "a4"}),
                json!({"names": "a3-n1,a4-n2"}),
            ],
        ),
        (
            "one",
            "/storage",
            vec![
                json!([{"tier": "home"}]),
                json!([{"tier": "scratch"}, {"tier": "home"}]),
                json!(null),
            ],
        ),
        (
            "two",
            "/storage",
            vec![json!([{"tier": "home"}, {"tier": "scratch"}]), json!([])],
        ),
        (
            "three",
            "/fabrics",
            vec![
                json!([{"name": "storage"}, {"name": "compute"}]),
                json!([{"name": "compute"}, {"name": "storage"}]),
                json!(null),
            ],
        ),
        (
            "one",
            "/rollout",
            vec![json!({"paused": true}), json!({"maxUnavailable": {"nodes": 2}})],
        ),
        (
            "compute",
            "/addressing",
            vec![
                json!({"ipv4": "10.66.0.0/24"}),
                json!({"ipv4": "10.64.0.0/23"}),
                json!(null),
            ],
        ),
        ("compute", "/topology/rails", vec![json!(1), json!(4)]),
        ("storage", "/addressing/ipv4", vec![json!("10.67.0.0/24")]),
        ("scratch", "/localNVMe/filesystem", vec![json!("ext4")]),
        ("scratch", "/mountPoint", vec![json!("/local")]),
        (
            "home",
            "/nfs",
            vec![
                json!({"server": "s2", "export": "/home", "transport": "TCP"}),
                json!({"server": "s1", "export": "/home", "transport": "TCP", "version": "4.2"}),
            ],
        ),
        (
            "lab",
            "/racks",
            vec![
                json!([{"names": "a[1-4]", "nodes": "n[1-2]", "system": "dgx-b200"}]),
                json!([{"names": "a[1-2]", "nodes": "n[1-2]", "system": "dgx-b200"}, {"names": "a[3-4]", "nodes": "n[1-3]", "system": "dgx-b200"}]),
            ],
        ),
        (
            "two",
            "/nodes",
            vec![json!({"selector": {"matchLabels": {"role": "two"}}})],
        ),
        ("a1-n1", "/hcas/0/guid", vec![json!(guid(11)), json!(guid(12))]),
        ("a2-n1", "/hcas/0/guid", vec![json!(guid(13))]),
        ("a2-n1", "metadata/labels/role", vec![json!("one")]),
        ("a2-n2", "metadata/labels/role", vec![json!("one")]),
        ("a2-n2", "/hcas/0/rail", vec![json!(1)]),
        ("a3-n2", "/hcas/0/guid", vec![json!(guid(14))]),
        ("a2-n2", "", vec![json!(null)]),
        ("a3-n2", "", vec![json!(null)]),
        ("two", "", vec![json!(null)]),
        ("three", "", vec![json!(null)]),
        ("home", "", vec![json!(null)]),
        ("storage", "", vec![json!(null)]),
    ]
}

pub fn site() -> impl Strategy<Value = Vec<Value>> {
    let choices = choices();
    let one = (0..choices.len()).prop_flat_map(move |at| {
        let (name, field, values) = choices[at].clone();
        prop::sample::select(values).prop_map(move |value| (name, field, value))
    });
    prop::collection::vec(one, 0..5).prop_map(|edits| {
        let mut site = base();
        for (name, field, value) in edits {
            let Some(at) = site.iter().position(|object| object["metadata"]["name"] == name) else {
                continue;
            };
            let (root, field) = match field.strip_prefix("metadata") {
                Some(field) => ("metadata", field),
                None => ("spec", field),
            };
            let Some((parent, key)) = field.rsplit_once('/') else {
                site.remove(at);
                continue;
            };
            let Some(parent) = site[at][root].pointer_mut(parent).and_then(Value::as_object_mut) else {
                continue;
            };
            match value {
                Value::Null => drop(parent.remove(key)),
                value => drop(parent.insert(key.to_owned(), value)),
            }
        }
        site
    })
}
