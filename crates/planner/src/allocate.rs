//! Addresses, stable: what a node holds stays its own, whatever is added or taken away around it.
//!
//! A fabric's prefix is cut into one equal prefix a rail. A node has one *slot* in a fabric and the same host number
//! (slot + 1) on every rail. Slots that a previous compile gave are kept, those of detached nodes included; a new node
//! takes the lowest slot that is free, new nodes in the natural order of their names.

use std::collections::HashMap;
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
        let bits = u32::from(rails.max(1)).next_power_of_two().trailing_zeros() as u8;
        let length = net
            .prefix_len()
            .checked_add(bits)
            .filter(|&length| length <= 30)?;
        Some(Self {
            base: u32::from(net.network()),
            length,
            rails,
        })
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
    let held = Held::new(prefixes, previous);
    let mut slots: Vec<Option<u32>> = nodes.iter().map(|name| held.slot_of.get(name).copied()).collect();
    let mut new: Vec<usize> = (0..nodes.len()).filter(|&node| slots[node].is_none()).collect();
    let needed = held.taken.len() + new.len();
    if needed > prefixes.capacity() as usize {
        return Err(needed);
    }
    new.sort_by(|&a, &b| natural_cmp(nodes[a], nodes[b]));
    let mut taken = held.taken.iter().copied().peekable();
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

/// The slots that a previous compile gave.
struct Held<'a> {
    slot_of: HashMap<&'a str, u32>,
    /// Sorted.
    taken: Vec<u32>,
}

impl<'a> Held<'a> {
    fn new(prefixes: RailPrefixes, previous: &'a [PreviousNode]) -> Self {
        let mut held: Vec<(u32, &str)> = (previous.iter())
            .filter_map(|node| {
                let slot = node
                    .addresses
                    .iter()
                    .find_map(|&address| prefixes.slot(address))?;
                Some((slot, node.name.as_str()))
            })
            .collect();
        // Two holders of one slot can only come from hands on the objects: the first by name keeps it.
        held.sort_unstable();
        held.dedup_by_key(|(slot, _)| *slot);
        Self {
            taken: held.iter().map(|(slot, _)| *slot).collect(),
            slot_of: held.into_iter().map(|(s, n)| (n, s)).collect(),
        }
    }
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
