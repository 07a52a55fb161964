//! Result kinds serialise directly to canonical JSON: their fields are declared in its order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use rackwright_api::hash::canonical_json;
use rackwright_api::*;
use serde_json::json;

type Edit<T> = Box<dyn Fn(&mut T)>;

fn profile() -> NodeProfileSpec {
    serde_json::from_value(json!({
        "gpu": {"driver": {"kernelModules": "Open", "version": "580.95.05"}, "mig": {"layout": [{"count": 7, "profile": "1g.23gb"}]}, "powerLimit": "1000W"},
        "host": {"kernelArguments": ["iommu=pt"], "modules": ["nvidia_peermem"], "sysctls": {"vm.swappiness": "1", "net.core.rmem_max": "536870912"}},
        "mounts": [{"mountPoint": "/scratch", "nfs": {"export": "/a", "server": "nas1", "transport": "TCP"}, "options": ["noatime"], "tier": "scratch"}],
        "rails": [{"fabric": "f", "fabricRail": 0, "ipv4": "10.64.0.0/14", "mtu": 4096, "plane": "Compute", "rail": 0}],
        "schema": 1
    }))
    .unwrap()
}

fn config() -> NodeConfigSpec {
    serde_json::from_value(json!({
        "facts": {"rack": "a001", "rails": [{"guid": "0xa088c20300000001", "ipv4": "10.64.0.1/14", "rail": 0}]},
        "grant": {"hash": "0123456789abcdef0123456789abcdef", "wave": 3},
        "hash": "0123456789abcdef0123456789abcdef",
        "management": "Managed",
        "profile": "train-4f9c2a71b03d",
        "quarantined": ["10.64.0.9"]
    }))
    .unwrap()
}

#[test]
fn a_profile_is_canonical_as_it_serialises() {
    assert_eq!(
        serde_json::to_string(&profile()).unwrap(),
        canonical_json(&profile()).unwrap()
    );
}

#[test]
fn a_config_is_canonical_as_it_serialises() {
    assert_eq!(
        serde_json::to_string(&config()).unwrap(),
        canonical_json(&config()).unwrap()
    );
}

/// Every field of the profile is part of its hash.
#[test]
fn each_field_changes_the_profile_hash() {
    let base = profile().hash().unwrap();
    let edits: Vec<Edit<NodeProfileSpec>> = vec![
        Box::new(|p| p.gpu = None),
        Box::new(|p| p.gpu.as_mut().unwrap().power_limit = None),
        Box::new(|p| p.host.as_mut().unwrap().modules.clear()),
        Box::new(|p| p.host.as_mut().unwrap().kernel_arguments.clear()),
        Box::new(|p| p.host.as_mut().unwrap().sysctls.clear()),
        Box::new(|p| p.mounts.clear()),
        Box::new(|p| p.rails[0].mtu = None),
        Box::new(|p| p.rails[0].fabric_rail = 1),
        Box::new(|p| p.schema = 2),
    ];
    for (i, edit) in edits.iter().enumerate() {
        let mut changed = profile();
        edit(&mut changed);
        assert_ne!(changed.hash().unwrap(), base, "edit {i}");
    }
}

/// Every fact is part of the node's hash, and so is the profile.
#[test]
fn each_fact_changes_the_node_hash() {
    let hash = profile().hash().unwrap();
    let facts = config().facts;
    let base = facts.hash(&hash).unwrap();
    let edits: Vec<Edit<Facts>> = vec![
        Box::new(|f| f.rack = None),
        Box::new(|f| f.rails[0].guid = None),
        Box::new(|f| f.rails[0].ipv4 = None),
        Box::new(|f| f.rails[0].rail = 1),
        Box::new(|f| f.rails.clear()),
    ];
    for (i, edit) in edits.iter().enumerate() {
        let mut changed = facts.clone();
        edit(&mut changed);
        assert_ne!(changed.hash(&hash).unwrap(), base, "edit {i}");
    }
    let other = content_hash_of_other_profile();
    assert_ne!(facts.hash(&other).unwrap(), base);
}

fn content_hash_of_other_profile() -> Hash {
    let mut other = profile();
    other.mounts.clear();
    other.hash().unwrap()
}
