//! Nodes of a cluster, as `kubectl get nodes -o yaml` and `-o json` print them.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_manifest::{Limits, Sources, read as read_yaml};
use serde_json::{Map, Value};

use super::system::{Gpus, guess};
use super::{Host, Known};
use crate::summary::count;

/// Labels of the GPU feature discovery.
const PRODUCT: &str = "nvidia.com/gpu.product";
const COUNT: &str = "nvidia.com/gpu.count";
const MACHINE: &str = "nvidia.com/gpu.machine";
const DRIVER: &str = "nvidia.com/cuda.driver-version.full";
/// The resource of the device plug-in.
const RESOURCE: &str = "nvidia.com/gpu";

/// Reads a list of Nodes. `said` is the system of which the user speaks.
pub fn read(text: &str, said: Option<&str>) -> Result<Known, String> {
    let mut sources = Sources::new();
    let read = read_yaml(
        &mut sources,
        "nodes",
        text.as_bytes().to_vec(),
        &Limits::default(),
    );
    if let Some(finding) = read.diagnostics.first() {
        return Err(finding.message.clone());
    }
    let nodes: Vec<&Value> = read
        .documents
        .iter()
        .filter(|document| document.kind() == Some("Node"))
        .map(|document| &document.value)
        .collect();
    if nodes.is_empty() {
        return Err("holds no Node; `kubectl get nodes -o yaml` prints them".to_owned());
    }
    let any_gpu = nodes.iter().any(|node| has_gpus(node));
    let mut known = Known::default();
    let mut left_out = 0_usize;
    let mut drivers: BTreeSet<Option<&str>> = BTreeSet::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for node in nodes {
        if any_gpu && !has_gpus(node) {
            left_out += 1;
            continue;
        }
        let labels = labels(node);
        let label = |key: &str| labels.get(key).and_then(|value| value.as_str());
        drivers.insert(label(DRIVER));
        let gpus = label(PRODUCT).map(|product| Gpus {
            product: product.to_owned(),
            count: label(COUNT).and_then(|count| count.parse().ok()),
            machine: label(MACHINE).map(str::to_owned),
        });
        let (system, note) = gpus.as_ref().map_or((None, None), |gpus| guess(gpus, said));
        told.extend(note);
        known.hosts.push(Host {
            name: node
                .pointer("/metadata/name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            rack: rack(&labels),
            system,
        });
    }
    if left_out > 0 {
        let left_out = count(left_out, "node");
        known.unknown.push(format!(
            "{left_out} without GPUs left out: pools are for GPU nodes"
        ));
    }
    known.unknown.extend(told);
    let one = (drivers.len() == 1)
        .then(|| drivers.into_iter().next().flatten())
        .flatten();
    known.driver = one.map(str::to_owned);
    Ok(known)
}

fn labels(node: &Value) -> BTreeMap<&str, &Value> {
    let labels = node.pointer("/metadata/labels").and_then(Value::as_object);
    let pairs = labels.into_iter().flat_map(Map::iter);
    pairs.map(|(key, value)| (key.as_str(), value)).collect()
}

fn has_gpus(node: &Value) -> bool {
    let capacity = node.pointer("/status/capacity").and_then(|all| all.get(RESOURCE));
    let some = capacity.and_then(Value::as_str).is_some_and(|count| count != "0");
    some || labels(node).contains_key(PRODUCT)
}

/// The first label whose name is `rack`, whoever's it is.
fn rack(labels: &BTreeMap<&str, &Value>) -> Option<String> {
    let is_rack = |key: &str| key.rsplit('/').next().is_some_and(|name| name == "rack");
    let found = labels.iter().find(|(key, _)| is_rack(key));
    found.and_then(|(_, value)| Some(value.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_racks_and_systems_come_from_the_labels() {
        let nodes = r#"{"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "gpu-a.example.com", "labels": {
                "example.com/rack": "R1", "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.count": "8",
                "nvidia.com/gpu.machine": "DGXH100", "nvidia.com/cuda.driver-version.full": "570.86.15"}}},
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "control-1"}}]}"#;
        let known = read(nodes, None).unwrap();
        assert_eq!(
            known.hosts,
            [Host {
                name: "gpu-a.example.com".to_owned(),
                rack: Some("R1".to_owned()),
                system: Some("dgx-h100".to_owned()),
            }]
        );
        assert_eq!(known.driver.as_deref(), Some("570.86.15"));
        assert_eq!(
            known.unknown,
            ["1 node without GPUs left out: pools are for GPU nodes"]
        );
        assert!(read("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", None).is_err());
    }
}
