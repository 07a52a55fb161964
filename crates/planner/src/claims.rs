//! Who holds the slots of a fabric: what NodeConfigs say that hosts have, or may still have.

use std::net::Ipv4Addr;

use crate::allocate::RailPrefixes;
use crate::input::PreviousNode;

/// Who may keep a slot; nodes by their place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    Nobody,
    /// The node that holds it.
    Has(usize),
    /// The node that held it, and may have it back.
    Had(usize),
}

impl Keeper {
    /// Whoever it is.
    pub fn node(self) -> Option<usize> {
        match self {
            Self::Nobody => None,
            Self::Has(node) | Self::Had(node) => Some(node),
        }
    }
}

/// An address in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    slot: u32,
    how: How,
    /// By rank of its name; none outside of the nodes.
    node: Option<u32>,
    address: Ipv4Addr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// The node's first address in the fabric.
    First,
    Later,
    /// Taken from the node; its host may still have it.
    Quarantined,
}

/// The slots in which a host may have an address, ascending, and the node of `nodes` that may keep each.
///
/// Every address counts, also one that the present cut of the prefix would put on another rail.
pub(crate) fn held(prefixes: RailPrefixes, nodes: &[&str], previous: &[PreviousNode]) -> Vec<(u32, Keeper)> {
    let mut by_name: Vec<usize> = (0..nodes.len()).collect();
    by_name.sort_by_key(|&node| nodes[node]);
    // A site has one fabric for some of its nodes: most hold nothing of this one.
    let concerned = |held: &&PreviousNode| held.may_have().any(|address| prefixes.slot(address).is_some());
    let mut previous: Vec<&PreviousNode> = previous.iter().filter(concerned).collect();
    previous.sort_by(|a, b| a.name.cmp(&b.name));
    let mut claims: Vec<Claim> = Vec::new();
    let mut rank = 0;
    for held in previous {
        let name = held.name.as_str();
        while by_name.get(rank).is_some_and(|&node| nodes[node] < name) {
            rank += 1;
        }
        let inside = by_name.get(rank).is_some_and(|&node| nodes[node] == name);
        let node = inside.then_some(rank as u32);
        let within = |address: &Ipv4Addr| Some((prefixes.slot(*address)?, *address));
        for (at, (slot, address)) in held.addresses.iter().filter_map(within).enumerate() {
            let how = if at == 0 { How::First } else { How::Later };
            claims.push(Claim {
                slot,
                how,
                node,
                address,
            });
        }
        for (slot, address) in held.quarantined.iter().filter_map(within) {
            let how = How::Quarantined;
            claims.push(Claim {
                slot,
                how,
                node,
                address,
            });
        }
    }
    claims.sort_unstable();
    let of_slot = |claims: &[Claim]| (claims[0].slot, keeper(claims, &by_name));
    claims.chunk_by(|a, b| a.slot == b.slot).map(of_slot).collect()
}

/// Who may keep the slot of these claims: not one in which a node outside of the list holds an address. Of several nodes,
/// which only hands on the objects or another cut can bring about, the first by name for which it is the slot of its
/// first rail, unless another host may have an address there that this one had not.
fn keeper(claims: &[Claim], by_name: &[usize]) -> Keeper {
    let holds = |claim: &&Claim| claim.how != How::Quarantined;
    if claims.iter().filter(holds).any(|claim| claim.node.is_none()) {
        return Keeper::Nobody;
    }
    let first = &claims[0];
    let Some(node) = first.node else {
        return Keeper::Nobody;
    };
    let (own, others): (Vec<&Claim>, Vec<&Claim>) = claims.iter().partition(|claim| claim.node == first.node);
    let place = by_name[node as usize];
    match first.how {
        How::First => {
            let had = |other: &&Claim| own.iter().any(|own| own.address == other.address);
            if others.iter().all(had) {
                Keeper::Has(place)
            } else {
                Keeper::Nobody
            }
        }
        How::Quarantined if others.is_empty() => Keeper::Had(place),
        How::Later | How::Quarantined => Keeper::Nobody,
    }
}
