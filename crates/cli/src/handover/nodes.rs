//! Labels of the Node objects, as objects for server-side apply.

use std::collections::BTreeMap;

use rackwright_api::labels::POOL;
use rackwright_api::{NodeTaint, TaintEffect};
use rackwright_planner::Plan;
use rackwright_planner::handover::gpu_operator::PoolHandover;
use rackwright_planner::handover::storage::lvms_node_labels;
use serde_json::json;

use super::{File, Form, Note, Parts};
use crate::carried::Carried;

/// Labels by node.
pub(super) type NodeLabels = BTreeMap<Box<str>, BTreeMap<String, String>>;

/// Labels by pool.
pub(super) type Labels<'a> = BTreeMap<&'a str, BTreeMap<String, String>>;

/// What each pool asks for, what GPU Operator and LVMS are told by label, and the pool itself, by which its nodes are selected.
pub(super) fn labels<'a>(parts: &'a Parts<'_>, of_gpus: &[PoolHandover]) -> Labels<'a> {
    let mut all = Labels::new();
    for pool in parts.pools() {
        let asked = pool.plan.profile.kubernetes.iter();
        let asked = asked.flat_map(|metadata| &metadata.labels);
        let mut labels: BTreeMap<String, String> = asked
            .map(|(key, value)| (key.clone(), value.to_string()))
            .collect();
        labels.extend(lvms_node_labels(pool.tiers().map(|(_, tier)| tier)));
        labels.insert(POOL.to_owned(), pool.plan.name.to_string());
        all.insert(pool.plan.name.as_str(), labels);
    }
    for pool in of_gpus {
        if let Some(labels) = all.get_mut(pool.pool.as_str()) {
            labels.extend(pool.labels.clone());
        }
    }
    all
}

/// One object for each node, with nothing but what is applied. A node that another pool still holds keeps that one's labels:
/// without a line here an apply takes none of them away.
pub(super) fn file<'a>(
    plan: &'a Plan,
    carried: &'a Carried,
    labels: Labels<'a>,
    own: NodeLabels,
) -> File<'a> {
    let nodes = plan.nodes().filter(|node| !carried.is_blocked(node.name()));
    let objects = nodes.map(move |node| {
        let of_pool = labels.get(node.pool().name.as_str());
        let of_node = own.get(node.name());
        let labels: BTreeMap<&String, &String> = of_pool.into_iter().chain(of_node).flatten().collect();
        Ok(json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": { "labels": labels, "name": node.name() },
        }))
    });
    File {
        path: "nodes.jsonl".to_owned(),
        content: "Node",
        read_by: "kubectl apply --server-side",
        form: Form::Lines,
        objects: Box::new(objects),
    }
}

/// Taints are one list to server-side apply (`listType: atomic` in the type NodeSpec): it would take away those that
/// others set.
pub(super) fn taints(parts: &Parts<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for pool in parts.pools() {
        let metadata = pool.plan.profile.kubernetes.as_ref();
        let taints: Vec<String> = metadata
            .into_iter()
            .flat_map(|metadata| &metadata.taints)
            .map(taint)
            .collect();
        if !taints.is_empty() {
            notes.push(Note {
                object: format!("GPUPool/{}", pool.plan.name),
                text: format!(
                    "taints stand in no file, because a server-side apply replaces all taints of a node; once the labels are there: kubectl taint nodes --overwrite --selector {POOL}={} {}",
                    pool.plan.name,
                    taints.join(" ")
                ),
            });
        }
    }
    notes
}

/// As `kubectl taint` takes it.
fn taint(taint: &NodeTaint) -> String {
    let NodeTaint { effect, key, value } = taint;
    let effect = match effect {
        TaintEffect::NoExecute => "NoExecute",
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
    };
    match value {
        Some(value) => format!("{key}={value}:{effect}"),
        None => format!("{key}:{effect}"),
    }
}
