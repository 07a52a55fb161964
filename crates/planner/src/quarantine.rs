//! Addresses that are nobody's: a node had them and has them no more, and its host may still be configured with them.
//!
//! The compiler takes an address from a node with a line in a NodeConfig; the host lets go of it when its agent has
//! applied that NodeConfig and read it back. In between another host with this address would take its traffic. So the
//! NodeConfig keeps what was taken (`spec.quarantined`), nothing of it is given to another node, and only a status that
//! shows the host to be what the spec says, or the deletion of the NodeConfig, ends that.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::input::PreviousNode;
use crate::plan::Plan;

/// By node of the plan: what its host may have and the plan does not give it, ascending.
pub(crate) fn of(plan: &Plan, previous: &[PreviousNode]) -> BTreeMap<Box<str>, Vec<Ipv4Addr>> {
    let mut previous: Vec<&PreviousNode> = previous.iter().collect();
    previous.sort_by(|a, b| a.name.cmp(&b.name));
    let mut planned = plan.nodes().peekable();
    let mut quarantined: BTreeMap<Box<str>, Vec<Ipv4Addr>> = BTreeMap::new();
    let mut has = Vec::new();
    for held in previous {
        let name = held.name.as_str();
        while planned.next_if(|node| node.name() < name).is_some() {}
        let Some(node) = planned.peek().filter(|node| node.name() == name) else {
            continue;
        };
        has.clear();
        has.extend(node.addresses());
        let taken: Vec<Ipv4Addr> = held.may_have().filter(|address| !has.contains(address)).collect();
        if !taken.is_empty() {
            quarantined.entry(name.into()).or_default().extend(taken);
        }
    }
    for addresses in quarantined.values_mut() {
        addresses.sort_unstable();
        addresses.dedup();
    }
    quarantined
}
