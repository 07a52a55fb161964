//! The accepted pools and what they refer to, read once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ipnet::Ipv4Net;
use rackwright_api::{
    GPUPoolSpec, InfiniBandFabricSpec, Name, NodeSelection, RackGroup, StorageTierSpec, SuperclusterSpec,
};
use rackwright_hostset::{Hostlist, Limits};

use super::columns::Id;
use crate::input::Checked;
use crate::table::UNRESOLVED;
use crate::violation::{Kind, Sink, Violation};

/// More than the largest site by far (600,000 nodes at 5 GW); a product of two hostlists can be any number, and walking
/// it costs time.
const MOST_NODES_OF_A_SITE: u64 = 4_000_000;

/// What the accepted pools say.
pub(super) struct Intents<'a> {
    /// The pools; their place is their number.
    pub pools: Vec<Pool<'a>>,
    pool_ids: HashMap<&'a str, Id>,
    /// The fabrics that pools refer to, as far as they can be read.
    pub fabrics: BTreeMap<&'a str, Fabric<'a>>,
    /// The sites that pools refer to, as far as they can be read.
    pub sites: BTreeMap<&'a str, Site>,
    /// The storage tiers that pools refer to.
    pub tiers: BTreeMap<&'a str, &'a StorageTierSpec>,
}

/// A pool.
pub(super) struct Pool<'a> {
    pub name: &'a Name,
    pub spec: &'a GPUPoolSpec,
    /// Which nodes; none where it cannot be read.
    pub selection: Option<Selection>,
}

/// Which nodes a pool selects.
pub(super) enum Selection {
    Racks(Hostlist),
    Names(Hostlist),
    Selector,
}

/// A fabric.
pub(super) struct Fabric<'a> {
    pub spec: &'a InfiniBandFabricSpec,
    /// The prefix of its addresses, where it has addressing.
    pub prefix: Option<Ipv4Net>,
}

/// The racks of a site.
pub(super) struct Site {
    groups: Vec<Group>,
}

struct Group {
    racks: Hostlist,
    nodes: Nodes,
}

enum Nodes {
    /// Of each rack, by the rack's name.
    OfEachRack(Hostlist),
    /// In order, so many to a rack.
    InOrder(Hostlist, usize),
}

impl<'a> Intents<'a> {
    /// Reads the pools and what they refer to.
    pub(super) fn resolve(checked: &Checked<'a>, sink: &mut Sink) -> Self {
        let sites: HashMap<&str, &SuperclusterSpec> = checked
            .superclusters
            .iter()
            .map(|(name, spec)| (name.as_str(), *spec))
            .collect();
        let fabrics: HashMap<&str, &'a InfiniBandFabricSpec> = checked
            .fabrics
            .iter()
            .map(|(name, spec)| (name.as_str(), *spec))
            .collect();
        let tiers: HashMap<&str, &'a StorageTierSpec> = checked
            .tiers
            .iter()
            .map(|(name, spec)| (name.as_str(), *spec))
            .collect();
        let mut read = Self {
            pools: Vec::with_capacity(checked.pools.len()),
            pool_ids: HashMap::new(),
            fabrics: BTreeMap::new(),
            sites: BTreeMap::new(),
            tiers: BTreeMap::new(),
        };
        let mut seen_sites = BTreeSet::new();
        let mut seen_fabrics = BTreeSet::new();
        for &(name, spec) in checked.pools {
            let mut complain = |what: String, kind, object: &str| {
                sink.report(
                    Violation::new(&UNRESOLVED, format!("the pool {name} is accepted, and {what}"))
                        .object(Kind::GPUPool, name)
                        .object(kind, object),
                );
            };
            let selection = Selection::read(&spec.nodes)
                .map_err(|why| {
                    complain(
                        format!("its nodes cannot be read: {why}"),
                        Kind::GPUPool,
                        name.as_str(),
                    );
                })
                .ok();

            let site = spec.supercluster.as_str();
            match sites.get(site) {
                None => complain(
                    format!("its supercluster {site} does not exist"),
                    Kind::Supercluster,
                    site,
                ),
                Some(spec) if seen_sites.insert(site) => match Site::read(spec) {
                    Ok(racks) => drop(read.sites.insert(site, racks)),
                    Err(why) => complain(
                        format!("the racks of its supercluster {site} cannot be read: {why}"),
                        Kind::Supercluster,
                        site,
                    ),
                },
                Some(_) => {}
            }

            for fabric in spec.fabrics.iter().map(|fabric| fabric.name.as_str()) {
                match fabrics.get(fabric) {
                    None => complain(
                        format!("its fabric {fabric} does not exist"),
                        Kind::InfiniBandFabric,
                        fabric,
                    ),
                    Some(spec) if seen_fabrics.insert(fabric) => match Fabric::read(spec) {
                        Ok(known) => drop(read.fabrics.insert(fabric, known)),
                        Err(prefix) => complain(
                            format!("{prefix}, the prefix of its fabric {fabric}, is not an IPv4 prefix"),
                            Kind::InfiniBandFabric,
                            fabric,
                        ),
                    },
                    Some(_) => {}
                }
            }
            for tier in spec.storage.iter().map(|used| used.tier.as_str()) {
                match tiers.get(tier) {
                    None => complain(
                        format!("its storage tier {tier} does not exist"),
                        Kind::StorageTier,
                        tier,
                    ),
                    Some(spec) => drop(read.tiers.insert(tier, spec)),
                }
            }
            read.pool_ids.insert(name.as_str(), read.pools.len() as Id);
            read.pools.push(Pool {
                name,
                spec,
                selection,
            });
        }
        read
    }

    /// The number of a pool.
    pub(super) fn pool_id(&self, name: &Name) -> Option<Id> {
        self.pool_ids.get(name.as_str()).copied()
    }

    /// The pool with that number.
    pub(super) fn pool(&self, id: Id) -> &Pool<'a> {
        &self.pools[id as usize]
    }
}

impl Selection {
    fn read(selection: &NodeSelection) -> Result<Self, String> {
        match (&selection.racks, &selection.names, &selection.selector) {
            (Some(racks), None, None) => Ok(Self::Racks(hostlist(racks)?)),
            (None, Some(names), None) => Ok(Self::Names(hostlist(names)?)),
            (None, None, Some(_)) => Ok(Self::Selector),
            _ => Err("exactly one of racks, names and selector is needed".to_owned()),
        }
    }
}

impl<'a> Fabric<'a> {
    /// The error is the prefix that cannot be read.
    fn read(spec: &'a InfiniBandFabricSpec) -> Result<Self, &'a str> {
        let prefix = match &spec.addressing {
            None => None,
            Some(addressing) => Some(prefix(addressing.ipv4.as_str()).ok_or(addressing.ipv4.as_str())?),
        };
        Ok(Self { spec, prefix })
    }
}

impl Site {
    fn read(spec: &SuperclusterSpec) -> Result<Self, String> {
        let groups = spec
            .racks
            .iter()
            .map(Group::read)
            .collect::<Result<Vec<_>, _>>()?;
        let nodes = groups
            .iter()
            .fold(0_u64, |sum, group| sum.saturating_add(group.count()));
        if nodes > MOST_NODES_OF_A_SITE {
            return Err(format!(
                "they stand for {nodes} nodes, more than {MOST_NODES_OF_A_SITE}"
            ));
        }
        Ok(Self { groups })
    }

    /// Visits the racks.
    pub(super) fn racks(&self, mut visit: impl FnMut(&str)) {
        for group in &self.groups {
            group.racks.for_each(&mut visit);
        }
    }

    /// Visits each node that the site places, as rack and node, rack by rack.
    pub(super) fn nodes(&self, mut visit: impl FnMut(&str, &str)) {
        let mut name = String::new();
        for Group { racks, nodes } in &self.groups {
            match nodes {
                Nodes::OfEachRack(nodes) => racks.for_each(|rack| {
                    nodes.for_each(|node| {
                        name.clear();
                        name.push_str(rack);
                        name.push('-');
                        name.push_str(node);
                        visit(rack, &name);
                    });
                }),
                Nodes::InOrder(names, per_rack) => {
                    let mut names = names.iter();
                    racks.for_each(|rack| names.by_ref().take(*per_rack).for_each(|node| visit(rack, &node)));
                }
            }
        }
    }
}

impl Group {
    fn read(group: &RackGroup) -> Result<Self, String> {
        let nodes = match (&group.nodes, &group.node_names, group.nodes_per_rack) {
            (Some(nodes), None, None) => Nodes::OfEachRack(hostlist(nodes)?),
            (None, Some(names), Some(per_rack)) => Nodes::InOrder(hostlist(names)?, per_rack.into()),
            _ => {
                return Err(format!(
                    "racks {} need nodes, or nodeNames with nodesPerRack",
                    group.names
                ));
            }
        };
        Ok(Self {
            racks: hostlist(&group.names)?,
            nodes,
        })
    }

    fn count(&self) -> u64 {
        match &self.nodes {
            Nodes::OfEachRack(nodes) => self.racks.count().saturating_mul(nodes.count()),
            Nodes::InOrder(names, _) => names.count(),
        }
    }
}

/// Reads a hostlist; the error names it.
pub(super) fn hostlist(text: &rackwright_api::Hostlist) -> Result<Hostlist, String> {
    Hostlist::parse(text.as_str(), &Limits::default()).map_err(|error| format!("{text}: {error}"))
}

/// An IPv4 prefix without host bits.
pub(super) fn prefix(text: &str) -> Option<Ipv4Net> {
    text.parse()
        .ok()
        .filter(|net: &Ipv4Net| net.addr() == net.network())
}
