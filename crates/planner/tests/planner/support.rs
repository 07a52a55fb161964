//! Reads YAML texts into a compiler's input.

use std::collections::BTreeMap;
use std::sync::Arc;

use rackwright_api::labels::IGNORE_ANNOTATION;
use rackwright_api::{Name, NodeConfigSpec, NodeName};
use rackwright_manifest::{Limits, Sources, read};
use rackwright_planner::change::cap_of_profile;
use rackwright_planner::{Compilation, Finding, InForce, Input, Intent, Inventory, PreviousNode};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn intent<S: DeserializeOwned>(value: &Value) -> Intent<S> {
    Intent {
        name: Name::new(value["metadata"]["name"].as_str().unwrap()).unwrap(),
        deleting: value["metadata"].get("deletionTimestamp").is_some(),
        ignore: value["metadata"]["annotations"][IGNORE_ANNOTATION]
            .as_str()
            .map(Into::into),
        spec: serde_json::from_value(value["spec"].clone()).unwrap(),
    }
}

/// Every document of a YAML text, by kind.
pub fn input(yaml: &str) -> Input {
    let mut sources = Sources::default();
    let read = read(
        &mut sources,
        "test.yaml",
        yaml.as_bytes().to_vec(),
        &Limits::default(),
    );
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    let mut input = Input::default();
    for document in &read.documents {
        let value = &document.value;
        match value["kind"].as_str().unwrap() {
            "Supercluster" => input.superclusters.push(intent(value)),
            "GPUPool" => input.pools.push(intent(value)),
            "InfiniBandFabric" => input.fabrics.push(intent(value)),
            "StorageTier" => input.tiers.push(intent(value)),
            "NodeInventory" => {
                let labels: BTreeMap<String, String> =
                    serde_json::from_value(value["metadata"]["labels"].clone()).unwrap_or_default();
                let name = NodeName::new(value["metadata"]["name"].as_str().unwrap()).unwrap();
                input.inventories.push(Inventory::new(
                    name,
                    labels,
                    &serde_json::from_value(value["spec"].clone()).unwrap(),
                ));
            }
            "NodeConfig" => {
                let name = NodeName::new(value["metadata"]["name"].as_str().unwrap()).unwrap();
                let spec = serde_json::from_value(value["spec"].clone()).unwrap();
                input.previous.push(PreviousNode::new(name, &spec));
            }
            other => panic!("unexpected kind {other}"),
        }
    }
    input
}

/// Compiles a YAML text.
pub fn compile(yaml: &str) -> Compilation {
    rackwright_planner::compile(&input(yaml)).unwrap()
}

/// The NodeConfigs of a compilation, by node.
pub fn configs(compilation: &Compilation) -> BTreeMap<String, NodeConfigSpec> {
    compilation
        .plan
        .nodes()
        .map(|node| (node.name().to_owned(), node.spec()))
        .collect()
}

/// What the next compile finds written.
pub fn previous(configs: &BTreeMap<String, NodeConfigSpec>) -> Vec<PreviousNode> {
    configs
        .iter()
        .map(|(name, spec)| PreviousNode::new(NodeName::new(name.as_str()).unwrap(), spec))
        .collect()
}

/// The same with what hosts have in force, as far as power goes.
pub fn in_force(compilation: &Compilation) -> Vec<PreviousNode> {
    let nodes = compilation.plan.nodes();
    nodes
        .map(|node| {
            let pool = node.pool();
            let cap = Some(cap_of_profile(&pool.profile));
            let name = NodeName::new(node.name()).unwrap();
            PreviousNode {
                in_force: Some(Arc::new(InForce::new(&pool.profile_name, cap))),
                ..PreviousNode::new(name, &node.spec())
            }
        })
        .collect()
}

/// The codes of a compilation's findings, each once.
pub fn codes(compilation: &Compilation) -> Vec<&'static str> {
    let mut codes: Vec<&str> = compilation
        .findings
        .iter()
        .map(|finding| finding.rule.code)
        .collect();
    codes.dedup();
    codes
}

/// All that a finding says: message, places with their notes, advice.
pub fn told(finding: &Finding) -> String {
    let mut text = format!("{} {}\n", finding.rule.code, finding.message);
    for party in &finding.parties {
        let part = party
            .range
            .map_or(String::new(), |(from, to)| format!(" bytes {from}..{to}"));
        let meant = party
            .replacement
            .as_ref()
            .map_or(String::new(), |meant| format!(", meant: {meant}"));
        let verb = if party.refused { "refuses" } else { "tells" };
        text += &format!(
            "  {verb} {} at {}{part}: {}{meant}\n",
            party.object, party.path, party.note
        );
    }
    if let Some(help) = &finding.help {
        text += &format!("  help: {help}\n");
    }
    text
}
