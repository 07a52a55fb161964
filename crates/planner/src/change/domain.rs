//! Which nodes fail together.
//!
//! - A rack is the site's. `PowerFeed` is the rack too: the API describes no feed beside `powerLimit` of a rack.
//! - A scalable unit is the one that the node sits in ([`PlannedNode::unit`]): its leaves bear the unit's number. `Leaf` is the
//!   nodes of a unit that end at the same leaves: fewer where a unit has more nodes than a leaf has ports for. `RailGroup` is the
//!   same set: HCAs of one number end at the leaves of one rail in the same order on each, so nodes that share a leaf of one rail
//!   share those of all. Without a seat all of them are the rack.
//! - An NVLink domain is the rack where the site's catalogue says that the system's domain is larger than a node
//!   (`gb200-nvl72`); elsewhere it is the node.
//!
//! A node that the site does not place is a domain of its own.

use std::collections::{BTreeSet, HashMap};

use rackwright_api::{Domain, Name};
use rackwright_hostset::{Hostlist, Limits};

use crate::catalogue::{System, View};
use crate::input::Input;
use crate::plan::PlannedNode;
use crate::units::Unit;

/// The kinds of domains that differ: rack, unit, leaf, NVLink.
pub(super) const KINDS: usize = 4;

/// The number of a kind.
pub(super) const fn kind(domain: Domain) -> usize {
    match domain {
        Domain::Rack | Domain::PowerFeed => 0,
        Domain::ScalableUnit => 1,
        Domain::Leaf | Domain::RailGroup => 2,
        Domain::NVLinkDomain => 3,
    }
}

/// The domains of one node, by kind, as numbers that are unique over all kinds.
pub(super) type Domains = [u32; KINDS];

/// Numbers domains.
pub(super) struct Places<'a> {
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

#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Rack(&'a str),
    Unit(&'a str, u32),
    Leaf(Unit<'a>),
    Node(&'a str),
}

impl<'a> Places<'a> {
    pub fn new(input: &Input) -> Self {
        Self {
            nvlink: nvlink_racks(input),
            numbers: HashMap::new(),
        }
    }

    /// The domains of a node.
    pub fn of(&mut self, node: PlannedNode<'a>) -> Domains {
        let rack = node.rack().map(AsRef::as_ref);
        let own = self.number(rack.map_or(Key::Node(node.name()), Key::Rack));
        let (unit, leaf) = node.unit().map_or((own, own), |unit| {
            let number = self.number(Key::Unit(unit.fabric, unit.number));
            (number, self.number(Key::Leaf(unit)))
        });
        let shares = node.rack().is_some_and(|rack| self.shares_nvlink(rack));
        let nvlink = if shares {
            own
        } else {
            self.number(Key::Node(node.name()))
        };
        [own, unit, leaf, nvlink]
    }

    /// Whether the GPUs of a rack share NVLink.
    pub fn shares_nvlink(&self, rack: &Name) -> bool {
        self.nvlink.contains(rack.as_str())
    }

    fn number(&mut self, key: Key<'a>) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(key).or_insert(next)
    }
}
