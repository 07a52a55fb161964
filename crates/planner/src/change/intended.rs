//! What intents say of nodes, as the old side of a change: what they have not brought yet is drift, and no part of what other
//! intents change.

use super::state::{NodeState, State};

/// The nodes of a plan. Those that it does not speak for are as they are written, and so are those that it cannot reach, because
/// another pool has them; of none it matters what its host says.
pub fn intended<'a>(planned: &State<'a>, written: &State<'a>, blocked: impl Fn(&str) -> bool) -> State<'a> {
    let is_planned = |node: &NodeState<'_>| {
        let nodes = &planned.nodes;
        nodes.binary_search_by(|known| known.name.cmp(node.name)).is_ok() && !blocked(node.name)
    };
    let nodes = planned.nodes.iter().filter(|node| !blocked(node.name));
    let others = written.nodes.iter().filter(|node| !is_planned(node));
    let others = others.map(|node| NodeState {
        applied: None,
        ..node.clone()
    });
    let profiles = written.profiles.iter().chain(&planned.profiles);
    let profiles = profiles.map(|(name, spec)| (*name, spec.clone()));
    let nodes: Vec<NodeState<'a>> = nodes.cloned().chain(others).collect();
    State::new(nodes, profiles)
}
