//! What the intents of a cluster say of its nodes, as the old side of a change: what they have not brought yet is drift, and no
//! part of what other intents change.

use super::state::{NodeState, State};

/// What becomes of NodeConfigs that a cluster has.
pub struct Carry<'f> {
    /// Whether a planned node keeps its NodeConfig, because another pool has it and cannot let it go.
    pub blocked: &'f dyn Fn(&str) -> bool,
    /// Whether a NodeConfig that is not planned is to be detached.
    pub let_go: &'f dyn Fn(&str) -> bool,
}

/// What a cluster's intents make of its nodes. Those that they do not speak for are as they are written.
pub fn intended<'a>(planned: &State<'a>, written: &State<'a>, carry: &Carry<'_>) -> State<'a> {
    let is_planned = |node: &NodeState<'_>| {
        let nodes = &planned.nodes;
        nodes.binary_search_by(|known| known.name.cmp(node.name)).is_ok()
    };
    let nodes = planned.nodes.iter().filter(|node| !(carry.blocked)(node.name));
    let others = written.nodes.iter();
    let others = others.filter(|node| !is_planned(node) || (carry.blocked)(node.name));
    let others = others.map(|node| NodeState {
        applied: None,
        managed: node.managed && !(carry.let_go)(node.name),
        ..node.clone()
    });
    let profiles = written.profiles.iter().chain(&planned.profiles);
    let profiles = profiles.map(|(name, spec)| (*name, spec.clone()));
    let nodes: Vec<NodeState<'a>> = nodes.cloned().chain(others).collect();
    State::new(nodes, profiles)
}
