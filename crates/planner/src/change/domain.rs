//! Which nodes fail together.
//!
//! - A rack is the site's. `PowerFeed` is the rack too: the API describes no feed beside `powerLimit` of a rack.
//! - A scalable unit is `nodesPerUnit` host numbers in a row on the pool's first compute fabric, counted from its first
//!   host number: nodes keep their numbers for life, so a unit does not move when others come and go. Without
//!   `nodesPerUnit` or addressing it is the rack. `RailGroup` and `Leaf` are the unit's, until leaves are assigned.
//! - An NVLink domain is the rack where the site's catalogue says that the system's domain is larger than a node
//!   (`gb200-nvl72`); elsewhere it is the node.
//!
//! A node that the site does not place is a domain of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rackwright_api::{Domain, Name, Plane};
use rackwright_hostset::{Hostlist, Limits};

use crate::catalogue::{System, View};
use crate::input::Input;
use crate::plan::PlannedNode;

/// The kinds of domains that differ: rack, unit, NVLink.
pub(super) const KINDS: usize = 3;

/// The number of a kind.
pub(super) const fn kind(domain: Domain) -> usize {
    match domain {
        Domain::Rack | Domain::PowerFeed => 0,
        Domain::ScalableUnit | Domain::RailGroup | Domain::Leaf => 1,
        Domain::NVLinkDomain => 2,
    }
}

/// The domains of one node, by kind, as numbers that are unique over all kinds.
pub(super) type Domains = [u32; KINDS];

/// Numbers domains.
pub(super) struct Places<'a> {
    /// By pool: the fabric whose host numbers make units, the rail of it that is looked at, and nodes per unit.
    units: BTreeMap<&'a str, Unit<'a>>,
    /// Racks whose GPUs share NVLink.
    nvlink: BTreeSet<String>,
    numbers: HashMap<Key<'a>, u32>,
}

/// The racks whose nodes share one NVLink domain.
pub(super) fn nvlink_racks(input: &Input) -> BTreeSet<String> {
    let mut racks = BTreeSet::new();
    for site in &input.superclusters {
        let (view, _) = View::new(site.spec.catalogue.as_ref());
        let system = |name: &Name| view.systems.get(name.as_str());
        let groups = site.spec.racks.iter();
        for group in groups.filter(|group| system(&group.system).is_some_and(System::shares_nvlink)) {
            if let Ok(list) = Hostlist::parse(group.names.as_str(), &Limits::default()) {
                racks.extend(list.iter());
            }
        }
    }
    racks
}

#[derive(Clone, Copy)]
struct Unit<'a> {
    fabric: &'a str,
    rail: usize,
    nodes: u32,
}

#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Rack(&'a str),
    Unit(&'a str, u32),
    Node(&'a str),
}

impl<'a> Places<'a> {
    pub fn new(input: &'a Input) -> Self {
        let units = input.pools.iter().filter_map(|pool| {
            let mut rail = 0;
            for used in &pool.spec.fabrics {
                let fabric = input.fabrics.iter().find(|fabric| fabric.name == used.name)?;
                let topology = &fabric.spec.topology;
                if fabric.spec.plane == Plane::Compute
                    && fabric.spec.addressing.is_some()
                    && let Some(nodes) = topology.nodes_per_unit
                {
                    let unit = Unit {
                        fabric: fabric.name.as_str(),
                        rail,
                        nodes: u32::from(nodes),
                    };
                    return Some((pool.name.as_str(), unit));
                }
                rail += usize::from(topology.rails);
            }
            None
        });
        Self {
            units: units.collect(),
            nvlink: nvlink_racks(input),
            numbers: HashMap::new(),
        }
    }

    /// The domains of a node.
    pub fn of(&mut self, node: PlannedNode<'a>) -> Domains {
        let rack = node.rack().map(AsRef::as_ref);
        let own = self.number(rack.map_or(Key::Node(node.name()), Key::Rack));
        let unit = self
            .unit(node)
            .map_or(own, |(fabric, unit)| self.number(Key::Unit(fabric, unit)));
        let shares = node.rack().is_some_and(|rack| self.shares_nvlink(rack));
        let nvlink = if shares {
            own
        } else {
            self.number(Key::Node(node.name()))
        };
        [own, unit, nvlink]
    }

    /// Whether the GPUs of a rack share NVLink.
    pub fn shares_nvlink(&self, rack: &Name) -> bool {
        self.nvlink.contains(rack.as_str())
    }

    /// The scalable unit of a node: the fabric and a number from 0.
    pub fn unit(&self, node: PlannedNode<'a>) -> Option<(&'a str, u32)> {
        let unit = self.units.get(node.pool().name.as_str())?;
        let net = node.rail_net(unit.rail)?;
        let number = u32::from(net.addr()) - u32::from(net.network());
        Some((unit.fabric, number.saturating_sub(1) / unit.nodes))
    }

    fn number(&mut self, key: Key<'a>) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(key).or_insert(next)
    }
}
