//! Domains as numbers.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use rackwright_api::{Domain, Name, Plane};

use crate::table::WAVE_UNIT;
use crate::violation::{Kind, Sink, Violation};

use super::seats::{Seats, Site, hostlist};
use super::{Rollouts, Standing, Unit};

/// Kinds of domains that differ: rack, unit, leaf, NVLink.
pub(super) const KINDS: usize = 4;

/// The number of a kind.
pub(super) fn kind(domain: Domain) -> usize {
    match domain {
        Domain::Rack | Domain::PowerFeed => 0,
        Domain::ScalableUnit => 1,
        Domain::Leaf | Domain::RailGroup => 2,
        Domain::NVLinkDomain => 3,
    }
}

/// What makes a domain.
#[derive(PartialEq, Eq, Hash)]
enum Place<'a> {
    Rack(&'a str),
    Unit(&'a str, u32),
    Leaf(Unit<'a>),
    Alone(&'a str),
}

/// Numbers domains, each once.
pub(super) struct Places<'a> {
    seats: Vec<Seats<'a>>,
    /// Whose seats those of a pool's nodes are.
    of_pool: HashMap<&'a Name, usize>,
    nvlink: &'a BTreeSet<String>,
    numbers: HashMap<Place<'a>, u32>,
}

impl<'a> Places<'a> {
    pub fn new(rollouts: &Rollouts<'a>) -> Self {
        let mut places = Self {
            seats: Vec::new(),
            of_pool: HashMap::new(),
            nvlink: rollouts.nvlink_racks,
            numbers: HashMap::new(),
        };
        let mut known: HashMap<&Name, Option<usize>> = HashMap::new();
        let mut sites = Sites::new();
        for (pool, spec) in rollouts.pools {
            let mut fabrics: Vec<&Name> = spec.fabrics.iter().map(|used| &used.name).collect();
            fabrics.sort_unstable();
            let mut found = fabrics.into_iter().filter_map(|fabric| {
                *known.entry(fabric).or_insert_with(|| {
                    places.seats.push(seats(rollouts, &mut sites, fabric)?);
                    Some(places.seats.len() - 1)
                })
            });
            if let Some(seats) = found.next() {
                places.of_pool.insert(pool, seats);
            }
        }
        places
    }

    /// The domains of a node, by kind. A unit that is not where the documents seat the node is reported.
    pub fn of(&mut self, node: &Standing<'a>, sink: &mut Sink) -> [u32; KINDS] {
        let rack = node.rack.map(Name::as_str);
        let stands = self.number(rack.map_or(Place::Alone(node.name), Place::Rack));
        let seats = self.of_pool.get(node.pool).map(|&seats| &self.seats[seats]);
        let sits = seats.and_then(|seats| seats.of(node));
        if sits != node.unit {
            let show = |unit: Option<Unit<'_>>| {
                let unit = unit.map(|Unit { fabric, number, leaf }| {
                    format!("unit {} of {fabric}, leaf {}", number + 1, leaf + 1)
                });
                unit.unwrap_or_else(|| "no unit".to_owned())
            };
            let (was, is) = (show(node.unit), show(sits));
            let message = format!(
                "{} is counted in {was}, and the documents seat it in {is}",
                node.name
            );
            sink.report(
                Violation::new(&WAVE_UNIT, message)
                    .node(node.name)
                    .object(Kind::GPUPool, node.pool),
            );
        }
        let (unit, leaf) = match sits {
            Some(sits) => (
                self.number(Place::Unit(sits.fabric, sits.number)),
                self.number(Place::Leaf(sits)),
            ),
            None => (stands, stands),
        };
        let nvlink = if rack.is_some_and(|rack| self.nvlink.contains(rack)) {
            stands
        } else {
            self.number(Place::Alone(node.name))
        };
        [stands, unit, leaf, nvlink]
    }

    fn number(&mut self, place: Place<'a>) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(place).or_insert(next)
    }
}

/// Sites by name, each read once; none where it cannot be read.
type Sites<'a> = HashMap<&'a Name, Option<Rc<Site<'a>>>>;

/// The seats of a fabric of the compute plane that has units.
fn seats<'a>(rollouts: &Rollouts<'a>, sites: &mut Sites<'a>, name: &Name) -> Option<Seats<'a>> {
    let fabric = rollouts.fabrics.iter().find(|(known, _)| *known == name);
    let &(name, fabric) = fabric.filter(|(_, fabric)| fabric.plane == Plane::Compute)?;
    let mut superclusters = rollouts.superclusters.iter();
    let &(site, spec) = superclusters.find(|(known, _)| **known == fabric.supercluster)?;
    let site = sites
        .entry(site)
        .or_insert_with(|| Site::read(spec).map(Rc::new))
        .clone()?;
    let of_fabric = rollouts.wired.iter().find(|wired| wired.fabric == name);
    let pools = rollouts.pools.iter();
    let pools = pools.filter(|(_, pool)| pool.fabrics.iter().any(|used| used.name == *name));
    let mut named = HashSet::new();
    for racks in pools.filter_map(|(_, pool)| pool.nodes.racks.as_ref()) {
        named.extend(hostlist(racks)?.iter());
    }
    Seats::new((name.as_str(), fabric), site, of_fabric, named)
}
