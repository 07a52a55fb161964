//! The host numbers of a fabric: ranges of member clusters, reservations, and who gets which.
//!
//! Host number *n* is slot *n* - 1 (see [`crate::allocate`]). With ranges, the nodes of a member cluster get numbers of
//! their cluster's range only, and nodes of no cluster those outside of all ranges: so what one cluster allocates never
//! depends on what another did.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use rackwright_api::{Addressing, Date, InfiniBandFabricSpec};

use crate::allocate::{self, RailPrefixes, Refusal, Reserved, Space, Wanted};
use crate::finding::{Finding, at};
use crate::input::{Intent, Kind, ObjectRef, PreviousNode};
use crate::model::Model;
use crate::power::arrivals;
use crate::rules::{
    host_number_conflict, hostlist_invalid, number_outside_range, prefix_too_small, range_too_small,
    reservation_unknown_node,
};

/// A fabric with addressing, and what its numbers are counted by.
pub(crate) struct Addressed<'a> {
    pub fabric: &'a Intent<InfiniBandFabricSpec>,
    pub addressing: &'a Addressing,
    pub net: Ipv4Net,
    /// The fabric's site, as its place among the superclusters.
    pub site: u32,
}

/// A node with a reserved number.
pub(crate) struct Kept {
    pub number: u32,
    pub name: Box<str>,
    /// The place of the reservation.
    pub reservation: usize,
}

impl<'a> Addressed<'a> {
    /// None without addressing, or without the site, which is RW2001's finding.
    pub fn new(model: &Model<'a>, fabric: &'a Intent<InfiniBandFabricSpec>) -> Option<Self> {
        let addressing = fabric.spec.addressing.as_ref()?;
        let name = &fabric.spec.supercluster;
        let site = model
            .superclusters
            .binary_search_by(|site| site.name.cmp(name))
            .ok()?;
        Some(Self {
            fabric,
            addressing,
            net: addressing.ipv4.net()?,
            site: site as u32,
        })
    }

    /// All of a model.
    pub fn all(model: &Model<'a>) -> impl Iterator<Item = Self> {
        model.fabrics.iter().filter_map(|fabric| Self::new(model, fabric))
    }

    pub fn object(&self) -> ObjectRef {
        ObjectRef::new(Kind::InfiniBandFabric, &self.fabric.name)
    }

    /// How many numbers there are: 1 to this; none if the prefix cannot be cut for the rails, which is RW3001's finding.
    pub fn capacity(&self) -> Option<u32> {
        let prefixes = RailPrefixes::new(self.net, self.fabric.spec.topology.rails)?;
        Some(prefixes.capacity())
    }

    /// The range of a member cluster, as its place in `addressing.ranges`.
    pub fn range_of(&self, model: &Model<'_>, cluster: u32) -> Option<usize> {
        let clusters = &model.superclusters[self.site as usize].spec.clusters;
        let name = &clusters.get(cluster as usize)?.name;
        self.addressing
            .ranges
            .iter()
            .position(|range| range.cluster == *name)
    }

    /// The area of each member cluster's nodes; of nodes of no cluster it is 0.
    fn areas_of_clusters(&self, model: &Model<'_>) -> Vec<usize> {
        let clusters = model.superclusters[self.site as usize].spec.clusters.len() as u32;
        (0..clusters)
            .map(|cluster| self.range_of(model, cluster).map_or(0, |range| range + 1))
            .collect()
    }

    /// The slots outside of all ranges, then those of each range.
    fn areas(&self, capacity: u32) -> Vec<Vec<(u32, u32)>> {
        let ranges = (self.addressing.ranges.iter()).map(|range| (range.first - 1, range.last - 1));
        let mut sorted: Vec<(u32, u32)> = ranges.clone().collect();
        sorted.sort_unstable();
        let mut outside = Vec::new();
        let mut next = 0;
        for (first, last) in sorted {
            if next < first {
                outside.push((next, first - 1));
            }
            next = last + 1;
        }
        if next < capacity {
            outside.push((next, capacity - 1));
        }
        std::iter::once(outside)
            .chain(ranges.map(|range| vec![range]))
            .collect()
    }

    /// The reserved numbers, by number. What cannot be is a finding.
    pub fn reservations(&self, findings: &mut Vec<Finding>) -> Vec<Kept> {
        let before = findings.len();
        let mut lists = Vec::new();
        for (place, reservation) in self.addressing.reservations.iter().enumerate() {
            let path = at!("spec", "addressing", "reservations", place, "nodes");
            let list = hostlist_invalid::read(&reservation.nodes, &self.object(), &path, findings);
            let Some(list) = list.filter(|list| !list.is_empty()) else {
                continue;
            };
            let highest = u64::from(reservation.first) + list.count() - 1;
            if self
                .capacity()
                .is_some_and(|capacity| highest > u64::from(capacity))
            {
                findings.push(number_outside_range::beyond_prefix(self, place, highest));
                continue;
            }
            lists.push((reservation.first, highest as u32, place, list));
        }
        lists.sort_by_key(|(first, last, place, _)| (*first, *last, *place));
        let clashes = lists.iter().zip(lists.iter().skip(1));
        findings.extend(
            clashes
                .filter(|(one, other)| one.1 >= other.0)
                .map(|(one, other)| {
                    let shared = (other.0, one.1.min(other.1));
                    host_number_conflict::two_reservations(self, one.2, other.2, shared)
                }),
        );
        // Numbers that come twice could stand for any number of names.
        if findings.len() > before {
            return Vec::new();
        }
        let mut kept = Vec::new();
        for (first, _, reservation, list) in lists {
            let mut number = first;
            list.for_each(|name| {
                let name = name.into();
                kept.push(Kept {
                    number,
                    name,
                    reservation,
                });
                number += 1;
            });
        }
        kept
    }
}

/// The rules about reservations that need no more than the documents.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in Addressed::all(model).filter(|fabric| !fabric.addressing.reservations.is_empty()) {
        let kept = fabric.reservations(findings);
        host_number_conflict::reserved_twice(&fabric, &kept, findings);
        reservation_unknown_node::check(model, &fabric, &kept, findings);
        number_outside_range::reserved(model, &fabric, &kept, findings);
    }
}

/// The nodes of one fabric and the slot of each, in their order; or why there is none.
pub(crate) fn allocate(
    model: &Model<'_>,
    fabric: &Addressed<'_>,
    nodes: &[u32],
    previous: &[PreviousNode],
) -> Result<(RailPrefixes, Vec<u32>), Vec<Finding>> {
    let Some(prefixes) = RailPrefixes::new(fabric.net, fabric.fabric.spec.topology.rails) else {
        return Err(vec![prefix_too_small::finding(
            fabric.fabric,
            fabric.net,
            nodes.len(),
        )]);
    };
    let areas = fabric.areas(prefixes.capacity());
    let kept = fabric.reservations(&mut Vec::new());
    let reserved: Vec<Reserved<'_>> = kept
        .iter()
        .map(|kept| Reserved {
            slot: kept.number - 1,
            name: &kept.name,
        })
        .collect();
    let area_of = fabric.areas_of_clusters(model);
    let arrivals = arrivals(&model.superclusters[fabric.site as usize].spec);
    // What no rack holds is there from the start.
    let mut dates: Vec<Option<&Date>> = arrivals.iter().copied().chain([None]).collect();
    dates.sort_unstable();
    dates.dedup();
    let wanted: Vec<Wanted<'_>> = nodes
        .iter()
        .map(|&node| {
            let cluster = model.site.cluster_of(node);
            let rack = model.site.racks.get(model.site.rack_of[node as usize] as usize);
            let by = rack.and_then(|rack| arrivals[rack.group.group as usize]);
            Wanted {
                name: model.site.name(node),
                area: cluster
                    .and_then(|cluster| area_of.get(cluster as usize).copied())
                    .unwrap_or(0),
                arrival: dates.partition_point(|date| *date < by) as u32,
            }
        })
        .collect();
    let space = Space {
        prefixes,
        areas: &areas,
        reserved: &reserved,
    };
    let left = left_outside(model, fabric, nodes, space, &area_of);
    match allocate::slots(space, &wanted, previous) {
        Ok(slots) if left.is_empty() => Ok((prefixes, slots)),
        other => {
            let refusals = other.err().unwrap_or_default();
            Err(worded(model, fabric, &wanted, &kept, &areas, &refusals, left))
        }
    }
}

/// A number outside of its area: the place of the range, none for nodes of no member cluster; the node; the number.
type Outside<'a> = (Option<usize>, &'a str, u32);

/// Numbers on hosts that another member cluster may give away, because it does not see whose they are: what nodes beside
/// `nodes` hold outside of their area, and what any node had, or is moved from by a reservation, in the range of another
/// cluster. What the nodes keep is the allocator's matter.
fn left_outside<'a>(
    model: &'a Model<'_>,
    fabric: &Addressed<'_>,
    nodes: &[u32],
    space: Space<'_>,
    area_of: &[usize],
) -> Vec<Outside<'a>> {
    let mut outside = Vec::new();
    if fabric.addressing.ranges.is_empty() {
        return outside;
    }
    let moved: BTreeSet<&str> = space.reserved.iter().map(|reserved| reserved.name).collect();
    let here = |node: u32| model.site.supercluster_of(node) == Some(fabric.site);
    for (node, held) in model.written().filter(|(node, _)| here(*node)) {
        let name = held.name.as_str();
        let area = model.site.cluster_of(node);
        let area = area.and_then(|cluster| area_of.get(cluster as usize).copied());
        let area = area.unwrap_or(0);
        let of_another = |slot: u32| {
            let mut ranges = space.areas.iter().enumerate().skip(1);
            ranges.any(|(other, spans)| other != area && allocate::covers(spans, slot))
        };
        let planned = nodes.binary_search(&node).is_ok();
        let wrong = |slot: &u32| {
            if planned {
                moved.contains(name) && of_another(*slot)
            } else {
                !allocate::covers(&space.areas[area], *slot)
            }
        };
        let slot = |address: &Ipv4Addr| space.prefixes.slot(*address);
        let has = held.addresses.iter().filter_map(slot).find(wrong);
        let had = || {
            held.quarantined
                .iter()
                .filter_map(slot)
                .find(|&slot| of_another(slot))
        };
        if let Some(slot) = has.or_else(had) {
            outside.push((area.checked_sub(1), name, slot + 1));
        }
    }
    outside
}

/// The findings of what the allocator refused, and of numbers that are held outside of their area beside.
fn worded<'a>(
    model: &Model<'_>,
    fabric: &Addressed<'_>,
    wanted: &[Wanted<'a>],
    kept: &[Kept],
    areas: &[Vec<(u32, u32)>],
    refusals: &[Refusal],
    mut outside: Vec<Outside<'a>>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut held = Vec::new();
    for refusal in refusals {
        match refusal {
            Refusal::Full { area: 0, needed } if fabric.addressing.ranges.is_empty() => {
                findings.push(prefix_too_small::finding(fabric.fabric, fabric.net, *needed));
            }
            Refusal::Full { area, needed } => {
                let size = areas[*area].iter().map(|(first, last)| last - first + 1).sum();
                findings.push(range_too_small::finding(
                    model,
                    fabric,
                    area.checked_sub(1),
                    size,
                    *needed,
                ));
            }
            Refusal::Held { reserved, holder } => held.push((&kept[*reserved], holder.as_str())),
            Refusal::Outside { node, slot } => {
                outside.push((wanted[*node].area.checked_sub(1), wanted[*node].name, slot + 1));
            }
        }
    }
    findings.extend(host_number_conflict::held(model, fabric, &held));
    findings.extend(number_outside_range::held(model, fabric, &outside));
    findings
}
