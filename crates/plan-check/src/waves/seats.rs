//! Where nodes sit in a fabric, from its documents.
//!
//! Written again from `docs/fabric.md`: with a placement the racks and hosts of an entry fill its units in their order; without
//! one, hosts that no rack holds come first, then the racks that are plugged in, by phase and then by name. A rack has a seat
//! for each of its nodes, in the order in which people count them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use rackwright_api::{Date, InfiniBandFabricSpec, Name, RackGroup, SuperclusterSpec, UnitPlacement};
use rackwright_hostset::{Hostlist, Limits, natural_cmp};

use super::{Standing, Unit, Wired};

/// The racks of a site, which its fabrics share.
pub(super) struct Site<'a> {
    spec: &'a SuperclusterSpec,
    racks: HashMap<String, Rack>,
    /// By rack group: the place of each node in its rack, once somebody asks.
    places: Vec<OnceCell<Option<HashMap<String, u32>>>>,
}

/// A rack: its group, and how many nodes it has.
#[derive(Debug, Clone, Copy)]
struct Rack {
    group: usize,
    nodes: u32,
}

impl<'a> Site<'a> {
    /// Reads the racks; none where a hostlist cannot be read.
    pub fn read(spec: &'a SuperclusterSpec) -> Option<Self> {
        let mut racks = HashMap::new();
        for (at, group) in spec.racks.iter().enumerate() {
            let nodes = match &group.nodes {
                Some(nodes) => u32::try_from(hostlist(nodes)?.count()).ok()?,
                None => u32::from(group.nodes_per_rack?),
            };
            hostlist(&group.names)?.for_each(|name| {
                racks.insert(name.to_owned(), Rack { group: at, nodes });
            });
        }
        Some(Self {
            spec,
            racks,
            places: vec![OnceCell::new(); spec.racks.len()],
        })
    }

    /// When the racks of a group arrive; what is there from the start comes first.
    fn arrival(&self, rack: Rack) -> Option<&Date> {
        let phase = self.spec.racks[rack.group].phase.as_ref()?;
        let mut phases = self.spec.phases.iter();
        phases.find(|known| known.name == *phase).map(|phase| &phase.by)
    }

    /// The place of a node in its rack.
    fn place(&self, group: usize, rack: &str, node: &str) -> Option<u32> {
        let spec = &self.spec.racks[group];
        let places = self.places[group].get_or_init(|| places(spec)).as_ref()?;
        let own = match spec.nodes {
            Some(_) => node.strip_prefix(rack)?.strip_prefix('-')?,
            None => node,
        };
        places.get(own).copied()
    }
}

/// The place of each node in its rack, by what follows the rack's name, or by its own name where it is not named after a rack.
fn places(group: &RackGroup) -> Option<HashMap<String, u32>> {
    let names = group.nodes.as_ref().or(group.node_names.as_ref())?;
    let of_rack = group.nodes_per_rack.map_or(usize::MAX, usize::from).max(1);
    let mut names: Vec<String> = hostlist(names)?.iter().collect();
    let mut places = HashMap::with_capacity(names.len());
    for rack in names.chunks_mut(of_rack) {
        rack.sort_by(|a, b| natural_cmp(a, b));
        places.extend(rack.iter_mut().map(std::mem::take).zip(0..));
    }
    Some(places)
}

/// The seats of one fabric.
pub(super) struct Seats<'a> {
    fabric: &'a str,
    per_unit: u32,
    per_leaf: u32,
    site: Rc<Site<'a>>,
    /// Racks with their first seats.
    racks: HashMap<String, (Rack, u32)>,
    /// Hosts that no rack seats.
    hosts: HashMap<String, u32>,
}

impl<'a> Seats<'a> {
    /// The seats of a fabric into which these racks are plugged and those that pools name. None where a hostlist cannot be
    /// read, or nobody says how large a unit is.
    pub fn new(
        (fabric, spec): (&'a str, &InfiniBandFabricSpec),
        site: Rc<Site<'a>>,
        wired: Option<&Wired<'_>>,
        named: HashSet<String>,
    ) -> Option<Self> {
        let of_fabric = spec.topology.nodes_per_unit.map(u32::from);
        let per_unit = of_fabric.or(wired.map(|wired| wired.nodes_per_unit))?.max(1);
        let mut seats = Self {
            fabric,
            per_unit,
            per_leaf: wired.map_or(per_unit, |wired| wired.nodes_per_leaf).max(1),
            site,
            racks: HashMap::new(),
            hosts: HashMap::new(),
        };
        if spec.topology.placement.is_empty() {
            let (mut racks, mut hosts) = (named, Vec::new());
            if let Some(wired) = wired {
                racks.extend(wired.racks.iter().map(Name::to_string));
                hosts.extend(wired.hosts.iter().map(ToString::to_string));
            }
            seats.side_by_side(racks, hosts);
        } else {
            seats.place(&spec.topology.placement)?;
        }
        Some(seats)
    }

    fn side_by_side(&mut self, racks: HashSet<String>, mut hosts: Vec<String>) {
        hosts.sort_by(|a, b| natural_cmp(a, b));
        self.hosts.extend(hosts.into_iter().zip(0_u32..));
        let mut seat = self.hosts.len() as u32;
        let site = &self.site;
        let known = racks.into_iter().filter_map(|name| {
            let rack = *site.racks.get(&name)?;
            Some((site.arrival(rack), name, rack))
        });
        let mut racks: Vec<_> = known.collect();
        racks.sort_by(|(by_a, a, _), (by_b, b, _)| by_a.cmp(by_b).then_with(|| natural_cmp(a, b)));
        for (_, name, rack) in racks {
            self.racks.insert(name, (rack, seat));
            seat = seat.saturating_add(rack.nodes);
        }
    }

    fn place(&mut self, placement: &[UnitPlacement]) -> Option<()> {
        let per_unit = self.per_unit;
        // Seats that are taken of each unit.
        let mut taken: BTreeMap<u32, u32> = BTreeMap::new();
        let mut take = |unit: u32, nodes: u32| {
            let taken = taken.entry(unit).or_default();
            let first = unit.saturating_mul(per_unit).saturating_add(*taken);
            *taken = taken.saturating_add(nodes);
            first
        };
        for entry in placement {
            let unit = entry.unit.saturating_sub(1);
            if let Some(racks) = &entry.racks {
                let a_unit = entry.racks_per_unit.map_or(u32::MAX, u32::from).max(1);
                for (name, at) in hostlist(racks)?.iter().zip(0_u32..) {
                    if let Some(&rack) = self.site.racks.get(&name) {
                        let first = take(unit.saturating_add(at / a_unit), rack.nodes);
                        self.racks.insert(name, (rack, first));
                    }
                }
            }
            if let Some(hosts) = &entry.hosts {
                for (name, at) in hostlist(hosts)?.iter().zip(0_u32..) {
                    let seat = take(unit.saturating_add(at / per_unit), 1);
                    self.hosts.insert(name, seat);
                }
            }
        }
        Some(())
    }

    /// Where a node sits; none where the fabric seats neither it nor its rack.
    pub fn of(&self, node: &Standing<'_>) -> Option<Unit<'a>> {
        let rack = node.rack.map(Name::as_str);
        let rack = rack.and_then(|name| Some((name, self.racks.get(name)?)));
        let Some((name, (rack, first))) = rack else {
            return Some(self.at(*self.hosts.get(node.name)?));
        };
        let at = self.at(*first);
        if at == self.at(first.saturating_add(rack.nodes.saturating_sub(1))) {
            return Some(at);
        }
        let place = self.site.place(rack.group, name, node.name)?;
        Some(self.at(first.saturating_add(place)))
    }

    /// Unit and leaf of a seat.
    fn at(&self, seat: u32) -> Unit<'a> {
        Unit {
            fabric: self.fabric,
            number: seat / self.per_unit,
            leaf: seat % self.per_unit / self.per_leaf,
        }
    }
}

/// Reads a hostlist.
pub(super) fn hostlist(text: &rackwright_api::Hostlist) -> Option<Hostlist> {
    Hostlist::parse(text.as_str(), &Limits::default()).ok()
}
