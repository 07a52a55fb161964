//! Racks and nodes of all superclusters, as tables.
//!
//! A node is a number: its place among all node names in byte order. Names live once, in one table.

use std::cmp::Ordering;

use rackwright_api::{Name, NodeName, RackGroup, SuperclusterSpec};
use rackwright_hostset::Hostlist;

use crate::clusters::Clusters;
use crate::finding::{Finding, at};
use crate::input::{Intent, Kind, ObjectRef};
use crate::rules::{duplicate_node, hostlist_invalid, invalid_node_name, node_names_count, too_many_nodes};

/// The most nodes of all superclusters together: the largest site planned in public (5 GW) has about 600,000.
pub(crate) const MAX_NODES: u64 = 1_000_000;

/// Rack of a node that no site places.
pub(crate) const NO_RACK: u32 = u32::MAX;

/// A rack group: its supercluster and its place in `spec.racks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupRef {
    pub supercluster: u32,
    pub group: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Rack {
    pub name: Name,
    pub group: GroupRef,
}

/// Racks and nodes of all superclusters.
#[derive(Debug, Default)]
pub(crate) struct Site {
    /// Sorted by supercluster and name.
    pub racks: Vec<Rack>,
    /// Sorted in byte order: the place is the node's number.
    pub names: Vec<Box<str>>,
    /// Rack of each node, or [`NO_RACK`].
    pub rack_of: Vec<u32>,
    /// Superclusters with a rack group that could not be read: what they lack may be what it held.
    pub incomplete: Vec<bool>,
    /// Which member cluster holds each rack; empty until the racks are known.
    pub clusters: Clusters,
    /// Nodes by rack: those of rack *r* are `by_rack[rack_start[r]..rack_start[r + 1]]`.
    by_rack: Vec<u32>,
    rack_start: Vec<u32>,
}

impl Site {
    /// Reads the racks of all superclusters, then places `extra`: nodes that pools or inventories name and no rack
    /// holds.
    pub fn build(
        sites: &[&Intent<SuperclusterSpec>],
        extra: impl Iterator<Item = String>,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut expansion = Expansion::default();
        let mut incomplete = vec![false; sites.len()];
        for (index, intent) in sites.iter().enumerate() {
            let before = findings.len();
            let object = ObjectRef::new(Kind::Supercluster, &intent.name);
            for (group, racks) in intent.spec.racks.iter().enumerate() {
                let at = GroupRef {
                    supercluster: index as u32,
                    group: group as u32,
                };
                expansion.group(&object, at, racks, findings);
            }
            incomplete[index] = findings.len() > before;
        }
        let racks = expansion.sort_racks(sites, findings);
        expansion
            .nodes
            .extend(extra.map(|name| (name.into_boxed_str(), NO_RACK)));
        let nodes = sort_nodes(sites, &racks, expansion.nodes, findings);
        Self {
            incomplete,
            ..Self::index(racks, nodes)
        }
    }

    fn index(racks: Vec<Rack>, nodes: Vec<(Box<str>, u32)>) -> Self {
        let mut rack_start = vec![0u32; racks.len() + 1];
        for &(_, rack) in nodes.iter().filter(|node| node.1 != NO_RACK) {
            rack_start[rack as usize + 1] += 1;
        }
        for rack in 1..rack_start.len() {
            rack_start[rack] += rack_start[rack - 1];
        }
        let mut next = rack_start.clone();
        let mut by_rack = vec![0u32; rack_start.last().copied().unwrap_or_default() as usize];
        for (id, &(_, rack)) in nodes.iter().enumerate().filter(|(_, node)| node.1 != NO_RACK) {
            by_rack[next[rack as usize] as usize] = id as u32;
            next[rack as usize] += 1;
        }
        let (names, rack_of) = nodes.into_iter().unzip();
        Self {
            racks,
            names,
            rack_of,
            by_rack,
            rack_start,
            incomplete: Vec::new(),
            clusters: Clusters::default(),
        }
    }

    /// The nodes of a rack.
    pub fn nodes_of(&self, rack: u32) -> &[u32] {
        &self.by_rack[self.rack_start[rack as usize] as usize..self.rack_start[rack as usize + 1] as usize]
    }

    /// A rack of a supercluster.
    pub fn rack(&self, supercluster: u32, name: &str) -> Option<u32> {
        self.racks
            .binary_search_by(|rack| (rack.group.supercluster, rack.name.as_str()).cmp(&(supercluster, name)))
            .ok()
            .map(|at| at as u32)
    }

    /// A node.
    pub fn node(&self, name: &str) -> Option<u32> {
        self.names
            .binary_search_by(|other| (**other).cmp(name))
            .ok()
            .map(|at| at as u32)
    }

    /// The name of a node.
    pub fn name(&self, node: u32) -> &str {
        &self.names[node as usize]
    }

    /// The name of a node's rack.
    pub fn rack_name(&self, node: u32) -> Option<&Name> {
        let rack = self.racks.get(self.rack_of[node as usize] as usize);
        rack.map(|rack| &rack.name)
    }

    /// The member cluster of a node, as its place in the site's `spec.clusters`.
    pub fn cluster_of(&self, node: u32) -> Option<u32> {
        self.clusters.of(self.rack_of[node as usize])
    }

    /// The supercluster that places a node.
    pub fn supercluster_of(&self, node: u32) -> Option<u32> {
        self.racks
            .get(self.rack_of[node as usize] as usize)
            .map(|rack| rack.group.supercluster)
    }
}

/// Racks and nodes as the hostlists give them, not sorted yet.
#[derive(Default)]
struct Expansion {
    racks: Vec<Rack>,
    nodes: Vec<(Box<str>, u32)>,
    total: u64,
}

impl Expansion {
    fn group(&mut self, object: &ObjectRef, at: GroupRef, group: &RackGroup, findings: &mut Vec<Finding>) {
        let place = at!("spec", "racks", at.group as usize);
        let mut read = |list: &rackwright_api::Hostlist, field: &str| {
            hostlist_invalid::read(list, object, &place.child(field), findings)
        };
        let racks = read(&group.names, "names");
        let nodes = group.nodes.as_ref().map(|list| read(list, "nodes"));
        let node_names = group.node_names.as_ref().map(|list| read(list, "nodeNames"));
        let Some(racks) = racks else { return };
        let per_rack = match (&nodes, &node_names) {
            (Some(Some(nodes)), None) => Per::Suffix(nodes),
            (None, Some(Some(names))) => Per::Name(names, group.nodes_per_rack.unwrap_or_default()),
            // Either a finding of its own, or against the schema.
            _ => return,
        };
        let count = match per_rack {
            Per::Suffix(nodes) => racks.count().saturating_mul(nodes.count()),
            Per::Name(names, _) => names.count(),
        };
        self.total = self.total.saturating_add(count);
        if self.total > MAX_NODES {
            findings.push(too_many_nodes::finding(
                object,
                &place,
                racks.count(),
                count,
                self.total,
            ));
            return;
        }
        if let Per::Name(names, per_rack) = per_rack
            && names.count() != racks.count() * u64::from(per_rack)
        {
            findings.push(node_names_count::finding(
                object,
                &place,
                racks.count(),
                per_rack,
                names.count(),
            ));
            return;
        }
        self.expand(object, at, &place, &racks, per_rack, findings);
    }

    fn expand(
        &mut self,
        object: &ObjectRef,
        at: GroupRef,
        place: &rackwright_manifest::Path,
        racks: &Hostlist,
        per_rack: Per<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let mut wrong = Vec::new();
        let first = self.racks.len() as u32;
        racks.for_each(|rack| match Name::new(rack) {
            Ok(name) => self.racks.push(Rack { name, group: at }),
            Err(_) => wrong.push(rack.to_owned()),
        });
        if !wrong.is_empty() {
            self.racks.truncate(first as usize);
            findings.push(invalid_node_name::finding(
                object,
                &place.child("names"),
                "rack",
                &wrong,
            ));
            return;
        }
        let mut add = |name: String, rack: u32| {
            if NodeName::is_valid(&name) {
                self.nodes.push((name.into_boxed_str(), rack));
            } else {
                wrong.push(name);
            }
        };
        let field = match per_rack {
            Per::Suffix(nodes) => {
                for (rack, number) in self.racks[first as usize..].iter().zip(first..) {
                    nodes.for_each(|node| add([rack.name.as_str(), "-", node].concat(), number));
                }
                "nodes"
            }
            Per::Name(names, per_rack) => {
                let mut place = 0u64;
                names.for_each(|name| {
                    add(name.to_owned(), first + (place / u64::from(per_rack)) as u32);
                    place += 1;
                });
                "nodeNames"
            }
        };
        if !wrong.is_empty() {
            findings.push(invalid_node_name::finding(
                object,
                &place.child(field),
                "node",
                &wrong,
            ));
        }
    }

    /// Sorts the racks and renumbers the nodes' racks. A rack that comes twice in one site is a finding.
    fn sort_racks(&mut self, sites: &[&Intent<SuperclusterSpec>], findings: &mut Vec<Finding>) -> Vec<Rack> {
        let mut order: Vec<u32> = (0..self.racks.len() as u32).collect();
        let key = |at: u32| {
            let rack = &self.racks[at as usize];
            (rack.group.supercluster, rack.name.as_str(), rack.group.group)
        };
        order.sort_by(|&a, &b| key(a).cmp(&key(b)));
        let mut renumbered = vec![0u32; order.len()];
        let mut sorted: Vec<Rack> = Vec::with_capacity(order.len());
        let mut twice = duplicate_node::Pairs::default();
        for at in order {
            let rack = &self.racks[at as usize];
            match sorted.last() {
                Some(last)
                    if last.group.supercluster == rack.group.supercluster && last.name == rack.name =>
                {
                    twice.add(last.group, rack.group, rack.name.as_str());
                }
                _ => sorted.push(rack.clone()),
            }
            renumbered[at as usize] = sorted.len() as u32 - 1;
        }
        findings.extend(twice.findings(sites, "rack"));
        for node in &mut self.nodes {
            node.1 = renumbered[node.1 as usize];
        }
        self.racks = Vec::new();
        sorted
    }
}

#[derive(Clone, Copy)]
enum Per<'a> {
    /// Named after the rack.
    Suffix(&'a Hostlist),
    /// Existing names, so many to a rack.
    Name(&'a Hostlist, u16),
}

/// Sorts the nodes. A node that two racks hold is a finding; a name without a rack gives way to the same with one.
fn sort_nodes(
    sites: &[&Intent<SuperclusterSpec>],
    racks: &[Rack],
    mut nodes: Vec<(Box<str>, u32)>,
    findings: &mut Vec<Finding>,
) -> Vec<(Box<str>, u32)> {
    nodes.sort_unstable();
    let mut twice = duplicate_node::Pairs::default();
    nodes.dedup_by(|later, kept| {
        if later.0.cmp(&kept.0) != Ordering::Equal {
            return false;
        }
        if later.1 != NO_RACK && later.1 != kept.1 {
            twice.add(
                racks[kept.1 as usize].group,
                racks[later.1 as usize].group,
                &later.0,
            );
        }
        true
    });
    findings.extend(twice.findings(sites, "node"));
    nodes
}
