//! Addresses, stable: what a node holds stays its own, whatever is added or taken away around it.
//!
//! A fabric's prefix is cut into one equal prefix a rail. A node has one *slot* in a fabric and the same host number
//! (slot + 1) on every rail. Slots that a previous compile gave are kept, those of detached nodes included; a new node
//! takes the lowest slot that is free, new nodes in the natural order of their names.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use rackwright_hostset::natural_cmp;

use crate::input::PreviousNode;

/// The prefixes of the rails of one fabric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RailPrefixes {
    base: u32,
    length: u8,
    rails: u8,
}

impl RailPrefixes {
    /// Cuts a prefix into one equal prefix for each of `rails` (a power of two of them, the last ones stay free); none
    /// if a rail would have no host address.
    pub fn new(net: Ipv4Net, rails: u8) -> Option<Self> {
        let length = Some(Self::cut(net, rails)).filter(|length| (1..=30).contains(length))?;
        Some(Self {
            base: u32::from(net.network()),
            length,
            rails,
        })
    }

    /// The length that each rail's prefix would have.
    pub fn cut(net: Ipv4Net, rails: u8) -> u8 {
        let bits = u32::from(rails.max(1)).next_power_of_two().trailing_zeros() as u8;
        net.prefix_len() + bits
    }

    /// The length of each rail's prefix.
    pub fn length(self) -> u8 {
        self.length
    }

    /// How many nodes fit: the addresses of a rail without network and broadcast address.
    pub fn capacity(self) -> u32 {
        (1u32 << (32 - self.length)) - 2
    }

    /// The prefix of a rail.
    pub fn rail(self, rail: u8) -> Option<Ipv4Net> {
        Ipv4Net::new(
            Ipv4Addr::from(self.base + self.stride() * u32::from(rail)),
            self.length,
        )
        .ok()
    }

    /// The address of slot 0 on a rail.
    pub fn first(self, rail: u8) -> Ipv4Addr {
        Ipv4Addr::from(self.base + self.stride() * u32::from(rail) + 1)
    }

    /// The slot that an address belongs to; none if it is no host address of a rail.
    pub fn slot(self, address: Ipv4Addr) -> Option<u32> {
        let offset = u32::from(address).checked_sub(self.base)?;
        let host = offset % self.stride();
        (offset / self.stride() < u32::from(self.rails) && (1..=self.capacity()).contains(&host))
            .then(|| host - 1)
    }

    fn stride(self) -> u32 {
        1 << (32 - self.length)
    }
}

/// Gives each node its slot, in the order of `nodes`; or, where the prefix is too small, the number of slots needed.
pub(crate) fn slots(
    prefixes: RailPrefixes,
    nodes: &[&str],
    previous: &[PreviousNode],
) -> Result<Vec<u32>, usize> {
    let held = held(prefixes, nodes, previous);
    let mut slots: Vec<Option<u32>> = vec![None; nodes.len()];
    for &(slot, keeper) in &held {
        if let Some(node) = keeper {
            slots[node].get_or_insert(slot);
        }
    }
    let mut new: Vec<usize> = (0..nodes.len()).filter(|&node| slots[node].is_none()).collect();
    let needed = held.len() + new.len();
    if needed > prefixes.capacity() as usize {
        return Err(needed);
    }
    new.sort_by(|&a, &b| natural_cmp(nodes[a], nodes[b]));
    let mut taken = held.iter().map(|(slot, _)| *slot).peekable();
    let mut free = 0u32;
    for node in new {
        while taken.next_if_eq(&free).is_some() {
            free += 1;
        }
        slots[node] = Some(free);
        free += 1;
    }
    Ok(slots.into_iter().flatten().collect())
}

/// The slots in which a previous compile gave an address, and the node of `nodes` that may keep each.
///
/// Every address counts, also one that the present cut of the prefix would put on another rail: its host may still
/// have it. So nobody keeps a slot in which a node outside of `nodes` holds an address; of several inside, which only
/// hands on the objects or another cut can bring about, the first by name for which it is the slot of its first rail.
fn held(prefixes: RailPrefixes, nodes: &[&str], previous: &[PreviousNode]) -> Vec<(u32, Option<usize>)> {
    let mut by_name: Vec<usize> = (0..nodes.len()).collect();
    by_name.sort_by_key(|&node| nodes[node]);
    let mut previous: Vec<&PreviousNode> = previous.iter().collect();
    previous.sort_by(|a, b| a.name.cmp(&b.name));
    // By slot: whether the address is a later one of its node, and whose it is, as its rank by name. Nodes outside come
    // first.
    let mut holders: Vec<(u32, Option<(bool, usize)>)> = Vec::new();
    let mut rank = 0;
    for held in previous {
        let name = held.name.as_str();
        while by_name.get(rank).is_some_and(|&node| nodes[node] < name) {
            rank += 1;
        }
        let inside = by_name.get(rank).is_some_and(|&node| nodes[node] == name);
        let slots = held
            .addresses
            .iter()
            .filter_map(|&address| prefixes.slot(address));
        for (at, slot) in slots.enumerate() {
            holders.push((slot, inside.then_some((at > 0, rank))));
        }
    }
    holders.sort_unstable();
    holders.dedup_by_key(|(slot, _)| *slot);
    let keeper = |(later, rank): (bool, usize)| (!later).then(|| by_name[rank]);
    holders
        .into_iter()
        .map(|(slot, holder)| (slot, holder.and_then(keeper)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rackwright_api::NodeName;

    fn prefixes(net: &str, rails: u8) -> RailPrefixes {
        RailPrefixes::new(net.parse().unwrap(), rails).unwrap()
    }

    #[test]
    fn a_prefix_is_cut_for_the_next_power_of_two_of_rails() {
        let cut = prefixes("10.64.0.0/12", 6);
        assert_eq!((cut.length(), cut.capacity()), (15, 131_070));
        assert_eq!(cut.rail(5).unwrap().to_string(), "10.74.0.0/15");
        assert_eq!(cut.first(1).to_string(), "10.66.0.1");
        assert_eq!(cut.slot("10.66.0.1".parse().unwrap()), Some(0));
        for none in ["10.66.0.0", "10.67.255.255", "10.76.0.1", "10.63.0.1"] {
            assert_eq!(cut.slot(none.parse().unwrap()), None, "{none}");
        }
    }

    #[test]
    fn a_prefix_without_room_is_none() {
        assert_eq!(RailPrefixes::new("10.0.0.0/28".parse().unwrap(), 8), None);
        assert_eq!(prefixes("10.0.0.0/28", 4).capacity(), 2);
    }

    #[test]
    fn the_whole_address_space_is_no_prefix_of_a_rail() {
        assert_eq!(RailPrefixes::new("0.0.0.0/0".parse().unwrap(), 1), None);
        assert_eq!(prefixes("0.0.0.0/0", 2).capacity(), (1 << 31) - 2);
    }

    fn holder(name: &str, addresses: &[&str]) -> PreviousNode {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        PreviousNode {
            name: NodeName::new(name).unwrap(),
            addresses,
            guids: Box::default(),
        }
    }

    /// With two rails `z` held .1 and .129; with one rail both are slots of their own, and neither is free.
    #[test]
    fn another_cut_of_the_prefix_frees_nothing() {
        let outside = [holder("z", &["10.0.0.1", "10.0.0.129"])];
        let nodes: Vec<String> = (0..200).map(|i| format!("n{i}")).collect();
        let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let slots = slots(prefixes("10.0.0.0/24", 1), &nodes, &outside).unwrap();
        assert!(!slots.contains(&0) && !slots.contains(&128));
    }

    #[test]
    fn an_address_held_outside_is_nobodys() {
        let both = [holder("a", &["10.0.0.5"]), holder("z", &["10.0.0.5"])];
        assert_eq!(slots(prefixes("10.0.0.0/24", 1), &["a"], &both), Ok(vec![0]));
        assert_eq!(
            slots(prefixes("10.0.0.0/24", 1), &["a", "z"], &both),
            Ok(vec![4, 0])
        );
    }

    #[test]
    fn new_nodes_come_in_natural_order() {
        assert_eq!(
            slots(prefixes("10.0.0.0/24", 1), &["n10", "n9"], &[]),
            Ok(vec![1, 0])
        );
    }

    fn previous(names: &[&str], slots: &[u32], prefixes: RailPrefixes) -> Vec<PreviousNode> {
        (names.iter().zip(slots))
            .map(|(name, slot)| PreviousNode {
                name: NodeName::new(*name).unwrap(),
                addresses: Box::new([Ipv4Addr::from(u32::from(prefixes.first(0)) + slot)]),
                guids: Box::default(),
            })
            .collect()
    }

    proptest! {
        /// Whatever was there before keeps its slot, no slot comes twice, and a second run changes nothing.
        #[test]
        fn allocation_is_stable(before in proptest::collection::btree_set(0u8..60, 0..30), after in proptest::collection::btree_set(0u8..60, 0..30)) {
            let cut = prefixes("10.0.0.0/24", 2);
            let names = |set: &std::collections::BTreeSet<u8>| set.iter().map(|i| format!("n{i}")).collect::<Vec<_>>();
            let (before, after) = (names(&before), names(&after));
            let before: Vec<&str> = before.iter().map(String::as_str).collect();
            let after: Vec<&str> = after.iter().map(String::as_str).collect();
            let first = slots(cut, &before, &[]).unwrap();
            let held = previous(&before, &first, cut);
            let second = slots(cut, &after, &held).unwrap();
            for (name, slot) in after.iter().zip(&second) {
                if let Some(at) = before.iter().position(|other| other == name) {
                    prop_assert_eq!(first[at], *slot);
                } else {
                    prop_assert!(!first.contains(slot), "{} took the slot of a node that left", name);
                }
            }
            let mut unique = second.clone();
            unique.sort_unstable();
            unique.dedup();
            prop_assert_eq!(unique.len(), after.len());
            prop_assert_eq!(slots(cut, &after, &previous(&after, &second, cut)).unwrap(), second);
        }

        /// A slot's address reads back as the slot.
        #[test]
        fn slot_round_trip(slot in 0u32..16_382, rail in 0u8..8) {
            let cut = prefixes("10.64.0.0/15", 8);
            prop_assert_eq!(cut.slot(Ipv4Addr::from(u32::from(cut.first(rail)) + slot % cut.capacity())), Some(slot % cut.capacity()));
        }
    }
}
