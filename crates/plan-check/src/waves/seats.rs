//! Where nodes sit in a fabric, from its documents.
//!
//! Written again from `docs/fabric.md`: with a placement the racks and hosts of an entry fill its units in their order; without
//! one, hosts that no rack holds come first, then the racks that are plugged in, by phase and then by name. A rack has a seat
//! for each of its nodes, in the order in which people count them.

use std::collections::{BTreeMap, HashMap, HashSet};

use rackwright_api::{Date, InfiniBandFabricSpec, Name, RackGroup, SuperclusterSpec, UnitPlacement};
use rackwright_hostset::{Hostlist, Limits, natural_cmp};

use super::{Standing, Unit, Wired};

/// The seats of one fabric.
pub(super) struct Seats<'a> {
    fabric: &'a str,
    per_unit: u32,
    per_leaf: u32,
    racks: HashMap<String, Rack>,
    /// Hosts that no rack seats.
    hosts: HashMap<String, u32>,
    groups: Vec<Group>,
}

/// A rack group.
#[derive(Debug, Default)]
struct Group {
    /// Whether its nodes are named after their racks.
    after_rack: bool,
    /// The place of each node in its rack, by what follows the rack's name or by its own. Empty where no rack of the group
    /// has nodes at several leaves: then the rack's first seat says as much.
    places: HashMap<String, u32>,
}

/// A rack of the site: its group, its nodes, and its first seat.
#[derive(Debug, Clone, Copy)]
struct Rack {
    group: usize,
    nodes: u32,
    first: u32,
}

impl<'a> Seats<'a> {
    /// The seats of a fabric whose racks are these and those that pools name. None where a hostlist cannot be read, or
    /// nobody says how large a unit is.
    pub fn new(
        (fabric, spec): (&'a str, &InfiniBandFabricSpec),
        site: &SuperclusterSpec,
        wired: Option<&Wired<'_>>,
        named: &HashSet<String>,
    ) -> Option<Self> {
        let of_fabric = spec.topology.nodes_per_unit.map(u32::from);
        let per_unit = of_fabric.or(wired.map(|wired| wired.nodes_per_unit))?.max(1);
        let mut seats = Self {
            fabric,
            per_unit,
            per_leaf: wired.map_or(per_unit, |wired| wired.nodes_per_leaf).max(1),
            racks: HashMap::new(),
            hosts: HashMap::new(),
            groups: Vec::new(),
        };
        let known = racks(site)?;
        if spec.topology.placement.is_empty() {
            let plugged = wired.map_or(&[][..], |wired| wired.racks);
            let mut plugged: HashSet<&str> = plugged.iter().map(Name::as_str).collect();
            plugged.extend(named.iter().map(String::as_str));
            let hosts = wired.map_or(&[][..], |wired| wired.hosts);
            seats.side_by_side(site, known, &plugged, hosts);
        } else {
            seats.place(&spec.topology.placement, &known)?;
        }
        let last = |rack: &Rack| rack.first.saturating_add(rack.nodes.saturating_sub(1));
        let racks = seats.racks.values();
        let cut = racks.filter(|rack| seats.at(rack.first) != seats.at(last(rack)));
        let cut: HashSet<usize> = cut.map(|rack| rack.group).collect();
        let groups = site.racks.iter().zip(0..);
        seats.groups = groups
            .map(|(group, at)| Group::read(group, cut.contains(&at)))
            .collect::<Option<_>>()?;
        Some(seats)
    }

    fn side_by_side(
        &mut self,
        site: &SuperclusterSpec,
        known: Vec<(String, Rack)>,
        plugged: &HashSet<&str>,
        hosts: &[Box<str>],
    ) {
        let mut hosts: Vec<&str> = hosts.iter().map(AsRef::as_ref).collect();
        hosts.sort_by(|a, b| natural_cmp(a, b));
        self.hosts
            .extend(hosts.into_iter().map(str::to_owned).zip(0_u32..));
        let mut seat = self.hosts.len() as u32;
        let mut racks: Vec<(String, Rack)> = known
            .into_iter()
            .filter(|(name, _)| plugged.contains(name.as_str()))
            .collect();
        let by = |rack: &Rack| arrival(site, &site.racks[rack.group]);
        racks.sort_by(|(a, rack_a), (b, rack_b)| by(rack_a).cmp(&by(rack_b)).then_with(|| natural_cmp(a, b)));
        for (name, rack) in racks {
            self.racks.insert(name, Rack { first: seat, ..rack });
            seat = seat.saturating_add(rack.nodes);
        }
    }

    fn place(&mut self, placement: &[UnitPlacement], known: &[(String, Rack)]) -> Option<()> {
        let known: HashMap<&str, Rack> = known.iter().map(|(name, rack)| (name.as_str(), *rack)).collect();
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
                    if let Some(rack) = known.get(name.as_str()) {
                        let first = take(unit.saturating_add(at / a_unit), rack.nodes);
                        self.racks.insert(name, Rack { first, ..*rack });
                    }
                }
            }
            if let Some(hosts) = &entry.hosts {
                for (name, at) in hostlist(hosts)?.iter().zip(0_u32..) {
                    self.hosts
                        .insert(name, take(unit.saturating_add(at / per_unit), 1));
                }
            }
        }
        Some(())
    }

    /// Unit and leaf of a seat.
    fn at(&self, seat: u32) -> (u32, u32) {
        (seat / self.per_unit, seat % self.per_unit / self.per_leaf)
    }

    /// Where a node sits; none where the fabric seats neither it nor its rack.
    pub fn of(&self, node: &Standing<'_>) -> Option<Unit<'a>> {
        let rack = node.rack.map(Name::as_str);
        let seat = match rack.and_then(|name| Some((name, self.racks.get(name)?))) {
            Some((name, rack)) => rack
                .first
                .saturating_add(self.groups[rack.group].place(name, node.name)?),
            None => *self.hosts.get(node.name)?,
        };
        let (number, leaf) = self.at(seat);
        Some(Unit {
            fabric: self.fabric,
            number,
            leaf,
        })
    }
}

/// The racks of a site, without seats.
fn racks(site: &SuperclusterSpec) -> Option<Vec<(String, Rack)>> {
    let mut racks = Vec::new();
    for (at, group) in site.racks.iter().enumerate() {
        let nodes = match (&group.nodes, group.nodes_per_rack) {
            (Some(nodes), _) => u32::try_from(hostlist(nodes)?.count()).ok()?,
            (None, nodes) => u32::from(nodes?),
        };
        let rack = Rack {
            group: at,
            nodes,
            first: 0,
        };
        hostlist(&group.names)?.for_each(|name| racks.push((name.to_owned(), rack)));
    }
    Some(racks)
}

impl Group {
    fn read(group: &RackGroup, is_cut: bool) -> Option<Self> {
        if !is_cut {
            return Some(Self::default());
        }
        let names = group.nodes.as_ref().or(group.node_names.as_ref())?;
        let of_rack = group.nodes_per_rack.map_or(usize::MAX, usize::from).max(1);
        let mut names: Vec<String> = hostlist(names)?.iter().collect();
        let mut places = HashMap::with_capacity(names.len());
        for rack in names.chunks_mut(of_rack) {
            rack.sort_by(|a, b| natural_cmp(a, b));
            places.extend(rack.iter_mut().map(std::mem::take).zip(0..));
        }
        Some(Self {
            after_rack: group.nodes.is_some(),
            places,
        })
    }

    /// The place of a node of a rack; that of the first where all are alike.
    fn place(&self, rack: &str, node: &str) -> Option<u32> {
        if self.places.is_empty() {
            return Some(0);
        }
        let own = if self.after_rack {
            node.strip_prefix(rack)?.strip_prefix('-')?
        } else {
            node
        };
        self.places.get(own).copied()
    }
}

/// When the racks of a group arrive; what is there from the start comes first.
fn arrival<'s>(site: &'s SuperclusterSpec, group: &RackGroup) -> Option<&'s Date> {
    let phase = group.phase.as_ref()?;
    let mut phases = site.phases.iter();
    phases.find(|known| known.name == *phase).map(|phase| &phase.by)
}

/// Reads a hostlist.
pub(super) fn hostlist(text: &rackwright_api::Hostlist) -> Option<Hostlist> {
    Hostlist::parse(text.as_str(), &Limits::default()).ok()
}
