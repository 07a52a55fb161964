//! Addresses, stable: what a node holds stays its own, whatever is added or taken away around it.
//!
//! A fabric's prefix is cut into one equal prefix a rail. A node has one *slot* in a fabric and the same host number
//! (slot + 1) on every rail. Slots that a previous compile gave are kept, those of detached nodes included; a new node
//! takes the lowest slot of its area that is free. Slots in which a host may still have an address that was taken from
//! it (see [`crate::quarantine`]) are not free but for that host. Areas are the ranges of member clusters, and what lies
//! outside of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use rackwright_hostset::natural_cmp;

use crate::claims::{Keeper, held};
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
        let host = offset & (self.stride() - 1);
        (offset >> (32 - self.length) < u32::from(self.rails) && (1..=self.capacity()).contains(&host))
            .then(|| host - 1)
    }

    fn stride(self) -> u32 {
        1 << (32 - self.length)
    }
}

/// A node that needs a slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub name: &'a str,
    /// The area that its slot must lie in.
    pub area: usize,
    /// When it arrives, by rank: among new nodes, earlier ones are served first.
    pub arrival: u32,
}

/// A slot that is kept for one node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reserved<'a> {
    pub slot: u32,
    pub name: &'a str,
}

/// The slots of one fabric.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Space<'a> {
    pub prefixes: RailPrefixes,
    /// Areas, each as spans of slots (first and last), ascending; areas share no slot.
    pub areas: &'a [Vec<(u32, u32)>],
    /// Sorted by slot, each slot and each name once.
    pub reserved: &'a [Reserved<'a>],
}

/// Why slots cannot be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The area has fewer slots than are needed, those that are held or reserved included.
    Full { area: usize, needed: usize },
    /// The slot is reserved for one node, by its place in `reserved`, and held by another.
    Held { reserved: usize, holder: String },
    /// A node holds a slot outside of its area.
    Outside { node: usize, slot: u32 },
}

/// Gives each node its slot, in the order of `nodes`.
///
/// A reserved slot comes first, then the one that the node holds already, then one of its area that it held before and
/// that nobody else may have, then the lowest of its area that is free. New nodes are served in the order of their arrival, then of their names as people sort them: who comes later never takes
/// what an earlier one would get.
pub(crate) fn slots(
    space: Space<'_>,
    nodes: &[Wanted<'_>],
    previous: &[PreviousNode],
) -> Result<Vec<u32>, Vec<Refusal>> {
    let names: Vec<&str> = nodes.iter().map(|node| node.name).collect();
    let held = held(space.prefixes, &names, previous);
    let mut refusals = held_by_others(space, &held, &names, previous);
    let mut slots = reserved_slots(space.reserved, &names);
    for &(slot, keeper) in &held {
        if let Keeper::Has(node) = keeper
            && slots[node].is_none()
        {
            slots[node] = Some(slot);
            if !covers(&space.areas[nodes[node].area], slot) {
                refusals.push(Refusal::Outside { node, slot });
            }
        }
    }
    for &(slot, keeper) in &held {
        if let Keeper::Had(node) = keeper
            && slots[node].is_none()
            && covers(&space.areas[nodes[node].area], slot)
        {
            slots[node] = Some(slot);
        }
    }
    let mut taken: Vec<u32> = held.iter().map(|(slot, _)| *slot).collect();
    taken.extend(space.reserved.iter().map(|reserved| reserved.slot));
    taken.sort_unstable();
    taken.dedup();
    let mut new: Vec<usize> = (0..nodes.len()).filter(|&node| slots[node].is_none()).collect();
    new.sort_by(|&a, &b| {
        let key = |node: usize| (nodes[node].area, nodes[node].arrival);
        key(a).cmp(&key(b)).then_with(|| natural_cmp(names[a], names[b]))
    });
    for of_area in new.chunk_by(|&a, &b| nodes[a].area == nodes[b].area) {
        let area = nodes[of_area[0]].area;
        match needed(&space.areas[area], &taken, of_area.len()) {
            Some(needed) => refusals.push(Refusal::Full { area, needed }),
            None => {
                for (&node, slot) in of_area.iter().zip(free(&space.areas[area], &taken)) {
                    slots[node] = Some(slot);
                }
            }
        }
    }
    if refusals.is_empty() {
        Ok(slots.into_iter().flatten().collect())
    } else {
        Err(refusals)
    }
}

/// The slots that are reserved for these nodes.
fn reserved_slots(reserved: &[Reserved<'_>], names: &[&str]) -> Vec<Option<u32>> {
    if reserved.is_empty() {
        return vec![None; names.len()];
    }
    let by_name: HashMap<&str, u32> = reserved.iter().map(|kept| (kept.name, kept.slot)).collect();
    names.iter().map(|name| by_name.get(name).copied()).collect()
}

/// Reserved slots in which another node holds an address, or its host may still have one.
fn held_by_others(
    space: Space<'_>,
    held: &[(u32, Keeper)],
    names: &[&str],
    previous: &[PreviousNode],
) -> Vec<Refusal> {
    let mut contested: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, kept) in space.reserved.iter().enumerate() {
        let holder = held.binary_search_by_key(&kept.slot, |(slot, _)| *slot);
        if holder.is_ok_and(|at| held[at].1.node().is_none_or(|node| names[node] != kept.name)) {
            contested.insert(kept.slot, at);
        }
    }
    if contested.is_empty() {
        return Vec::new();
    }
    let mut refusals = BTreeSet::new();
    for node in previous {
        let slots = node.may_have().filter_map(|address| space.prefixes.slot(address));
        for reserved in slots.filter_map(|slot| contested.get(&slot).copied()) {
            let holder = node.name.as_str();
            if holder != space.reserved[reserved].name {
                refusals.insert((reserved, holder));
            }
        }
    }
    let refusal = |(reserved, holder): (usize, &str)| Refusal::Held {
        reserved,
        holder: holder.to_owned(),
    };
    refusals.into_iter().map(refusal).collect()
}

/// Whether an area has a slot.
pub(crate) fn covers(spans: &[(u32, u32)], slot: u32) -> bool {
    spans.iter().any(|(first, last)| (*first..=*last).contains(&slot))
}

/// How many slots are needed, if that is more than there are.
fn needed(spans: &[(u32, u32)], taken: &[u32], new: usize) -> Option<usize> {
    let size: usize = spans
        .iter()
        .map(|(first, last)| (last - first) as usize + 1)
        .sum();
    let within = |(first, last): &(u32, u32)| {
        taken.partition_point(|slot| slot <= last) - taken.partition_point(|slot| slot < first)
    };
    let needed = spans.iter().map(within).sum::<usize>() + new;
    (needed > size).then_some(needed)
}

/// The slots that are free, ascending.
fn free<'a>(spans: &'a [(u32, u32)], taken: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    spans.iter().flat_map(|&(first, last)| {
        let from = taken.partition_point(|&slot| slot < first);
        let mut taken = taken[from..].iter().copied().peekable();
        (first..=last).filter(move |slot| taken.next_if_eq(slot).is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rackwright_api::NodeName;

    /// Slots without ranges and reservations, of nodes that arrive together.
    fn plain(
        prefixes: RailPrefixes,
        nodes: &[&str],
        previous: &[PreviousNode],
    ) -> Result<Vec<u32>, Vec<Refusal>> {
        let areas = [vec![(0, prefixes.capacity() - 1)]];
        let wanted: Vec<Wanted<'_>> = nodes.iter().map(|name| wanted(name, 0, 0)).collect();
        slots(space(prefixes, &areas, &[]), &wanted, previous)
    }

    fn wanted(name: &str, area: usize, arrival: u32) -> Wanted<'_> {
        Wanted { name, area, arrival }
    }

    fn space<'a>(
        prefixes: RailPrefixes,
        areas: &'a [Vec<(u32, u32)>],
        reserved: &'a [Reserved<'a>],
    ) -> Space<'a> {
        Space {
            prefixes,
            areas,
            reserved,
        }
    }

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
            quarantined: Box::default(),
            in_force: None,
        }
    }

    /// With two rails `z` held .1 and .129; with one rail both are slots of their own, and neither is free.
    #[test]
    fn another_cut_of_the_prefix_frees_nothing() {
        let outside = [holder("z", &["10.0.0.1", "10.0.0.129"])];
        let nodes: Vec<String> = (0..200).map(|i| format!("n{i}")).collect();
        let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let slots = plain(prefixes("10.0.0.0/24", 1), &nodes, &outside).unwrap();
        assert!(!slots.contains(&0) && !slots.contains(&128));
    }

    #[test]
    fn an_address_held_outside_is_nobodys() {
        let both = [holder("a", &["10.0.0.5"]), holder("z", &["10.0.0.5"])];
        assert_eq!(plain(prefixes("10.0.0.0/24", 1), &["a"], &both), Ok(vec![0]));
        assert_eq!(
            plain(prefixes("10.0.0.0/24", 1), &["a", "z"], &both),
            Ok(vec![4, 0])
        );
    }

    /// With one rail `a` was host 1 and `z` host 129; cut for two, both are host 1, on different rails.
    #[test]
    fn a_slot_in_which_another_host_may_have_an_address_is_kept_by_nobody() {
        let both = [holder("a", &["10.0.0.1"]), holder("z", &["10.0.0.129"])];
        assert_eq!(
            plain(prefixes("10.0.0.0/24", 2), &["a", "z"], &both),
            Ok(vec![1, 2])
        );
        assert_eq!(plain(prefixes("10.0.0.0/24", 2), &["a"], &both[..1]), Ok(vec![0]));
        let quarantined = |name: &str, had: &[&str]| PreviousNode {
            quarantined: holder(name, had).addresses,
            ..holder(name, &[])
        };
        let had = [both[0].clone(), quarantined("z", &["10.0.0.129", "10.0.0.7"])];
        assert_eq!(
            plain(prefixes("10.0.0.0/24", 2), &["a", "z"], &had),
            Ok(vec![1, 6])
        );
        // The one that has the address keeps it from one that had it.
        let had = [both[0].clone(), quarantined("z", &["10.0.0.1"])];
        assert_eq!(
            plain(prefixes("10.0.0.0/24", 1), &["a", "z"], &had),
            Ok(vec![0, 1])
        );
        let both = ["y", "z"].map(|name| quarantined(name, &["10.0.0.9"]));
        assert_eq!(
            plain(prefixes("10.0.0.0/24", 1), &["y", "z"], &both),
            Ok(vec![0, 1])
        );
    }

    #[test]
    fn new_nodes_come_in_natural_order() {
        assert_eq!(
            plain(prefixes("10.0.0.0/24", 1), &["n10", "n9"], &[]),
            Ok(vec![1, 0])
        );
    }

    fn previous(names: &[&str], slots: &[u32], prefixes: RailPrefixes) -> Vec<PreviousNode> {
        (names.iter().zip(slots))
            .map(|(name, slot)| PreviousNode {
                name: NodeName::new(*name).unwrap(),
                addresses: Box::new([Ipv4Addr::from(u32::from(prefixes.first(0)) + slot)]),
                guids: Box::default(),
                quarantined: Box::default(),
                in_force: None,
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
            let first = plain(cut, &before, &[]).unwrap();
            let held = previous(&before, &first, cut);
            let second = plain(cut, &after, &held).unwrap();
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
            prop_assert_eq!(plain(cut, &after, &previous(&after, &second, cut)).unwrap(), second);
        }

        /// A slot's address reads back as the slot.
        #[test]
        fn slot_round_trip(slot in 0u32..16_382, rail in 0u8..8) {
            let cut = prefixes("10.64.0.0/15", 8);
            prop_assert_eq!(cut.slot(Ipv4Addr::from(u32::from(cut.first(rail)) + slot % cut.capacity())), Some(slot % cut.capacity()));
        }
    }
}
