//! Domains as numbers.

use std::collections::{BTreeSet, HashMap};

use rackwright_api::{Domain, Name, Plane};

use super::{Rollouts, Standing};

/// Kinds of domains that differ: rack, unit, NVLink.
pub(super) const KINDS: usize = 3;

/// The number of a kind.
pub(super) fn kind(domain: Domain) -> usize {
    match domain {
        Domain::Rack | Domain::PowerFeed => 0,
        Domain::ScalableUnit | Domain::RailGroup | Domain::Leaf => 1,
        Domain::NVLinkDomain => 2,
    }
}

/// What makes a domain.
#[derive(PartialEq, Eq, Hash)]
enum Place<'a> {
    Rack(&'a str),
    Unit(&'a str, u32),
    Alone(&'a str),
}

/// Where units of a pool are read: a rail, nodes per unit, and the fabric.
type Unit<'a> = (u8, u32, &'a str);

/// Numbers domains, each once.
pub(super) struct Places<'a> {
    units: HashMap<&'a Name, Option<Unit<'a>>>,
    nvlink: &'a BTreeSet<String>,
    numbers: HashMap<Place<'a>, u32>,
}

impl<'a> Places<'a> {
    pub fn new(rollouts: &Rollouts<'a>) -> Self {
        let pools = rollouts.pools.iter();
        Self {
            units: pools.map(|(name, _)| (*name, unit(rollouts, name))).collect(),
            nvlink: rollouts.nvlink_racks,
            numbers: HashMap::new(),
        }
    }

    /// The domains of a node, by kind.
    pub fn of(&mut self, node: &Standing<'a>) -> [u32; KINDS] {
        let rack = node.rack.map(Name::as_str);
        let stands = self.number(rack.map_or(Place::Alone(node.name), Place::Rack));
        let unit = self.unit_of(node);
        let unit = unit.map_or(stands, |(fabric, unit)| self.number(Place::Unit(fabric, unit)));
        let nvlink = if rack.is_some_and(|rack| self.nvlink.contains(rack)) {
            stands
        } else {
            self.number(Place::Alone(node.name))
        };
        [stands, unit, nvlink]
    }

    fn unit_of(&self, node: &Standing<'a>) -> Option<(&'a str, u32)> {
        let (rail, size, fabric) = (*self.units.get(node.pool)?)?;
        let (_, net) = node.addresses.iter().find(|(number, _)| *number == rail)?;
        let host = u32::from(net.addr()) & u32::from(net.hostmask());
        Some((fabric, (host.max(1) - 1) / size))
    }

    fn number(&mut self, place: Place<'a>) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(place).or_insert(next)
    }
}

/// The first rail of the pool's first compute fabric that has addresses and units.
fn unit<'a>(rollouts: &Rollouts<'a>, pool: &Name) -> Option<Unit<'a>> {
    let (_, spec) = rollouts.pools.iter().find(|(name, _)| *name == pool)?;
    let mut first = 0;
    for used in &spec.fabrics {
        let (name, fabric) = rollouts.fabrics.iter().find(|(name, _)| **name == used.name)?;
        match (fabric.plane, &fabric.addressing, fabric.topology.nodes_per_unit) {
            (Plane::Compute, Some(_), Some(size)) => return Some((first, u32::from(size), name.as_str())),
            _ => first += fabric.topology.rails,
        }
    }
    None
}
