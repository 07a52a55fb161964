//! Host numbers: inside the range of the node's member cluster, as they are reserved, and where they were.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::intents::{Fabric, Intents, hostlist};
use super::profiles::{KnownRail, Prefix};
use crate::input::{Checked, Held, Node};
use crate::table::{NUMBER_MOVED, NUMBER_RANGE, NUMBER_RESERVED, UNRESOLVED};
use crate::violation::{Kind, Sink, Violation};

/// What the fabrics and the nodes' previous addresses say about host numbers.
pub(super) struct Numbers<'a> {
    /// The fabrics that say anything.
    promises: BTreeMap<&'a str, Promises<'a>>,
    previous: Previous<'a>,
    moved: Vec<Moved<'a>>,
}

/// What one fabric says.
struct Promises<'a> {
    /// First and last number by member cluster.
    ranges: HashMap<&'a str, (u32, u32)>,
    /// The member cluster of each rack.
    clusters: HashMap<String, &'a str>,
    by_node: HashMap<String, u32>,
    by_number: HashMap<u32, String>,
}

/// A node that has another number than before.
struct Moved<'a> {
    node: &'a str,
    fabric: &'a str,
    /// The prefixes of the fabric's rails.
    rails: Vec<Ipv4Net>,
    before: u32,
    after: u32,
}

impl<'a> Numbers<'a> {
    /// Reads ranges and reservations of the fabrics in use.
    pub(super) fn read(checked: &Checked<'a>, intents: &Intents<'a>, sink: &mut Sink) -> Self {
        let mut promises = BTreeMap::new();
        for (name, fabric) in &intents.fabrics {
            match Promises::read(fabric, checked) {
                Ok(Some(read)) => drop(promises.insert(*name, read)),
                Ok(None) => {}
                Err(why) => sink.report(
                    Violation::new(
                        &UNRESOLVED,
                        format!("the ranges or reservations of the fabric {name} cannot be read: {why}"),
                    )
                    .object(Kind::InfiniBandFabric, name),
                ),
            }
        }
        Self {
            promises,
            previous: Previous::new(checked.previous),
            moved: Vec::new(),
        }
    }

    /// Looks at the number that a node has in a fabric; `rails` are those of its profile.
    pub(super) fn check(
        &mut self,
        node: &Node<'_>,
        fabric: &'a str,
        number: u32,
        rails: &[KnownRail<'_>],
        sink: &mut Sink,
    ) {
        let promises = self.promises.get(fabric);
        if let Some(promises) = promises {
            promises.range(node, fabric, number, sink);
            promises.reservation(node, fabric, number, sink);
        }
        let reserved = promises.is_some_and(|promises| promises.by_node.contains_key(node.name));
        let Some(held) = self.previous.find(node.name).filter(|_| !reserved) else {
            return;
        };
        let of_fabric = || rails.iter().filter(|rail| rail.fabric == fabric);
        let before = common_number(held.addresses, || of_fabric().filter_map(prefix));
        if let Some(before) = before.filter(|before| *before != number) {
            self.moved.push(Moved {
                node: held.name,
                fabric,
                rails: of_fabric().filter_map(prefix).collect(),
                before,
                after: number,
            });
        }
    }

    /// Reports nodes that moved although nobody else may have what they had.
    pub(super) fn finish(self, taken: &[Held<'_>], sink: &mut Sink) {
        if self.moved.is_empty() {
            return;
        }
        let mut fabrics: BTreeMap<&str, &[Ipv4Net]> = BTreeMap::new();
        let mut wanted: BTreeMap<(&str, u32), BTreeSet<&str>> = BTreeMap::new();
        for moved in &self.moved {
            fabrics.insert(moved.fabric, &moved.rails);
            wanted.insert((moved.fabric, moved.before), BTreeSet::new());
        }
        for held in self.previous.sorted.iter().copied().chain(taken) {
            for (fabric, rails) in &fabrics {
                let may_have = held.addresses.iter().chain(held.quarantined);
                for number in may_have.filter_map(|address| number_in(*address, rails)) {
                    if let Some(holders) = wanted.get_mut(&(*fabric, number)) {
                        holders.insert(held.name);
                    }
                }
            }
        }
        for moved in &self.moved {
            if wanted[&(moved.fabric, moved.before)].len() > 1 {
                continue;
            }
            let message = format!(
                "the node {} was host {} of the fabric {} and is host {}",
                moved.node, moved.before, moved.fabric, moved.after
            );
            sink.report(
                Violation::new(&NUMBER_MOVED, message)
                    .node(moved.node)
                    .object(Kind::InfiniBandFabric, moved.fabric),
            );
        }
    }
}

fn prefix(rail: &KnownRail<'_>) -> Option<Ipv4Net> {
    match rail.prefix {
        Prefix::Net(net) => Some(net),
        Prefix::Absent | Prefix::Unreadable => None,
    }
}

/// The host number of an address in the first of these prefixes that holds it; none for addresses that no host may have.
fn number_in(address: Ipv4Addr, rails: &[Ipv4Net]) -> Option<u32> {
    let net = rails.iter().find(|net| net.contains(&address))?;
    let host = address != net.network() && address != net.broadcast();
    host.then(|| u32::from(address) - u32::from(net.network()))
}

/// The host number that all addresses in these prefixes have; none where they differ, as after another cut of the
/// fabric's prefix.
fn common_number<I: Iterator<Item = Ipv4Net>>(addresses: &[Ipv4Addr], rails: impl Fn() -> I) -> Option<u32> {
    let mut common = None;
    for address in addresses {
        let Some(number) = rails().find_map(|net| number_in(*address, &[net])) else {
            continue;
        };
        if common.is_some_and(|common| common != number) {
            return None;
        }
        common = Some(number);
    }
    common
}

impl<'a> Promises<'a> {
    /// None where the fabric promises nothing; the error says what cannot be read.
    fn read(fabric: &Fabric<'a>, checked: &Checked<'a>) -> Result<Option<Self>, String> {
        let Some(addressing) = &fabric.spec.addressing else {
            return Ok(None);
        };
        if addressing.ranges.is_empty() && addressing.reservations.is_empty() {
            return Ok(None);
        }
        let site = checked
            .superclusters
            .iter()
            .find(|(name, _)| **name == fabric.spec.supercluster);
        let mut clusters = HashMap::new();
        for cluster in site.iter().flat_map(|(_, site)| &site.clusters) {
            hostlist(&cluster.racks)?.for_each(|rack| {
                clusters.insert(rack.to_owned(), cluster.name.as_str());
            });
        }
        let ranges = addressing
            .ranges
            .iter()
            .map(|range| (range.cluster.as_str(), (range.first, range.last)))
            .collect();
        let (mut by_node, mut by_number) = (HashMap::new(), HashMap::new());
        for reservation in &addressing.reservations {
            let mut number = reservation.first;
            hostlist(&reservation.nodes)?.for_each(|node| {
                by_node.insert(node.to_owned(), number);
                by_number.insert(number, node.to_owned());
                number += 1;
            });
        }
        Ok(Some(Self {
            ranges,
            clusters,
            by_node,
            by_number,
        }))
    }

    fn range(&self, node: &Node<'_>, fabric: &str, number: u32, sink: &mut Sink) {
        if self.ranges.is_empty() {
            return;
        }
        let within = |(first, last): &(u32, u32)| (*first..=*last).contains(&number);
        let rack = node.spec.facts.rack.as_ref();
        let wrong = match rack.and_then(|rack| self.clusters.get(rack.as_str())) {
            Some(cluster) => match self.ranges.get(cluster) {
                Some(range) if within(range) => return,
                Some((first, last)) => {
                    format!("not one of {first} to {last} of its member cluster {cluster}")
                }
                None => format!("and its member cluster {cluster} has no range"),
            },
            None if self.ranges.values().any(within) => {
                "which lies in a range, although it is of no member cluster".to_owned()
            }
            None => return,
        };
        let message = format!(
            "the node {} is host {number} of the fabric {fabric}, {wrong}",
            node.name
        );
        sink.report(case(Violation::new(&NUMBER_RANGE, message), node, fabric));
    }

    fn reservation(&self, node: &Node<'_>, fabric: &str, number: u32, sink: &mut Sink) {
        let wrong = match (self.by_node.get(node.name), self.by_number.get(&number)) {
            (Some(promised), _) if *promised != number => format!("and host {promised} is reserved for it"),
            (_, Some(other)) if other != node.name => format!("which is reserved for {other}"),
            _ => return,
        };
        let message = format!(
            "the node {} is host {number} of the fabric {fabric}, {wrong}",
            node.name
        );
        sink.report(case(Violation::new(&NUMBER_RESERVED, message), node, fabric));
    }
}

fn case(violation: Violation, node: &Node<'_>, fabric: &str) -> Violation {
    violation
        .node(node.name)
        .object(Kind::GPUPool, node.pool)
        .object(Kind::InfiniBandFabric, fabric)
}

/// What nodes held before, by name.
struct Previous<'a> {
    sorted: Vec<&'a Held<'a>>,
    /// Where the last search ended.
    last: usize,
}

impl<'a> Previous<'a> {
    fn new(previous: &'a [Held<'a>]) -> Self {
        let mut sorted: Vec<&Held<'_>> = previous.iter().collect();
        sorted.sort_by_key(|held| held.name);
        Self { sorted, last: 0 }
    }

    /// What a node held; none where it comes twice, which says nothing. Those who ask mostly go in the order of names,
    /// so the next one is tried first.
    fn find(&mut self, name: &str) -> Option<&'a Held<'a>> {
        let named = |at: usize| self.sorted.get(at).is_some_and(|held| held.name == name);
        let next = self.last + 1;
        let at = if named(next) {
            next
        } else {
            self.sorted.binary_search_by(|held| held.name.cmp(name)).ok()?
        };
        let twice = named(at + 1) || at.checked_sub(1).is_some_and(named);
        self.last = at;
        Some(self.sorted[at]).filter(|_| !twice)
    }
}
