//! Seats: which place of which scalable unit each rack and host of a fabric has. A seat is counted from 0 over all units:
//! `unit * nodesPerUnit + place`.
//!
//! A function of the documents and nothing else, so that every member cluster of a site finds the same. With
//! `topology.placement` a seat is where the user put it, whatever else comes and goes. Without, the racks whose nodes a pool
//! plugs in stand side by side in the order in which they arrive, and what arrives between them moves those behind it: a site
//! that grows has a placement. A rack has a seat for each of its nodes, whether a pool has them or not: cables do not follow
//! pools.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::{Hostlist, InfiniBandFabricSpec, Topology, TopologyType, UnitPlacement};
use rackwright_fabric::topology::{self, Form};
use rackwright_fabric::tree::{Shape, SizeError, Spread};
use rackwright_hostset::natural_cmp;
use rackwright_manifest::Path;

use crate::finding::{Finding, at};
use crate::input::{Intent, Kind, ObjectRef};
use crate::model::Model;
use crate::power::arrivals;
use crate::rules::{hostlist_invalid, placed_twice, unit_beyond, unit_overfull, unknown_rack};
use crate::site::NO_RACK;

/// The seats of one fabric.
#[derive(Debug)]
pub(crate) struct Seats {
    /// The fabric's number in the model.
    pub fabric: usize,
    /// Its site's.
    pub site: usize,
    /// Nodes of one unit.
    pub per_unit: u32,
    /// Racks by their first seat.
    pub racks: Vec<RackSeats>,
    /// Hosts that no rack seats, by their seat.
    pub hosts: Vec<HostSeat>,
    /// The switches of the fabric; none where their model is not known.
    pub topology: Option<Result<topology::Topology, SizeError>>,
}

/// The seats of one rack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RackSeats {
    pub first: u32,
    pub rack: u32,
    pub nodes: u32,
}

/// The seat of one host.
#[derive(Debug, Clone)]
pub(crate) struct HostSeat {
    pub seat: u32,
    pub name: Box<str>,
    /// Its number, where the site knows it.
    pub node: Option<u32>,
}

/// The shape of a fabric without its nodes; none where its switch is not known.
pub(crate) fn shape(model: &Model<'_>, site: usize, topology: &Topology) -> Option<Shape> {
    let switch = model.views[site]
        .switches
        .get(topology.switch.as_ref()?.as_str())?;
    let spread = match (topology.rail_optimized, topology.disjoint_rails) {
        (Some(false), _) => Spread::Packed,
        (_, Some(true)) => Spread::DisjointRails,
        (Some(true) | None, Some(false) | None) => Spread::Rails,
    };
    Some(Shape {
        nodes: 0,
        rails: u32::from(topology.rails),
        spread,
        nodes_per_unit: topology.nodes_per_unit.map(u32::from),
        radix: u32::from(switch.ports.value),
        oversubscription: topology.oversubscription.as_ref().map_or((1, 1), ratio),
    })
}

/// Down and up; the type's pattern has two numbers above zero.
fn ratio(ratio: &rackwright_api::Ratio) -> (u32, u32) {
    let (down, up) = ratio.as_str().split_once(':').unwrap_or(("1", "1"));
    (down.parse().unwrap_or(1), up.parse().unwrap_or(1))
}

impl Seats {
    /// Seats the racks and hosts of a fabric. None without a site, or where nobody says how large a unit is.
    pub fn new(model: &Model<'_>, fabric: usize, findings: &mut Vec<Finding>) -> Option<Self> {
        let intent = model.fabrics[fabric];
        let topology = &intent.spec.topology;
        let site = model.site_number(&intent.spec.supercluster)?;
        let shape = shape(model, site, topology);
        let per_unit = topology.nodes_per_unit.map(u32::from);
        let per_unit = per_unit
            .or_else(|| shape.as_ref()?.unit())
            .filter(|per_unit| *per_unit > 0)?;
        let mut seats = Self {
            fabric,
            site,
            per_unit,
            racks: Vec::new(),
            hosts: Vec::new(),
            topology: None,
        };
        if topology.placement.is_empty() {
            seats.side_by_side(model, intent);
        } else {
            Placing::new(model, intent, &mut seats).all(findings);
        }
        seats.racks.sort_unstable_by_key(|rack| rack.first);
        seats.hosts.sort_by_key(|host| host.seat);
        let units = seats.last_unit().map_or(0, |unit| unit + 1);
        let units = units.max(topology.units.unwrap_or(0));
        let form = match topology.type_ {
            TopologyType::DragonflyPlus => Form::DragonflyPlus,
            TopologyType::FatTree => Form::FatTree,
        };
        seats.topology = shape.map(|shape| {
            let nodes = units.saturating_mul(per_unit);
            topology::Topology::new(form, &Shape { nodes, ..shape })
        });
        Some(seats)
    }

    /// Without placement: hosts that no rack holds, then racks by their arrival and name.
    fn side_by_side(&mut self, model: &Model<'_>, fabric: &Intent<InfiniBandFabricSpec>) {
        let mut racks: BTreeSet<u32> = BTreeSet::new();
        let mut hosts: BTreeSet<u32> = BTreeSet::new();
        for (pool, selected) in model.pools.iter().zip(&model.selected) {
            if pool.spec.fabrics.iter().any(|used| used.name == fabric.name) {
                let mut last = NO_RACK;
                for &node in selected {
                    let rack = model.site.rack_of[node as usize];
                    if rack == NO_RACK {
                        hosts.insert(node);
                    } else if rack != last {
                        // Neighbours in the order of names mostly stand in one rack.
                        racks.insert(rack);
                        last = rack;
                    }
                }
            }
        }
        racks.retain(|&rack| model.site.racks[rack as usize].group.supercluster as usize == self.site);
        let mut hosts: Vec<u32> = hosts.into_iter().collect();
        hosts.sort_by(|&a, &b| natural_cmp(model.site.name(a), model.site.name(b)));
        let mut seat = 0;
        for node in hosts {
            self.hosts.push(HostSeat {
                seat,
                name: model.site.name(node).into(),
                node: Some(node),
            });
            seat += 1;
        }
        let arrivals = arrivals(&model.superclusters[self.site].spec);
        let arrival = |rack: u32| arrivals[model.site.racks[rack as usize].group.group as usize];
        let name = |rack: u32| model.site.racks[rack as usize].name.as_str();
        let mut racks: Vec<u32> = racks.into_iter().collect();
        racks.sort_by(|&a, &b| {
            let arrivals = arrival(a).cmp(&arrival(b));
            arrivals.then_with(|| natural_cmp(name(a), name(b)))
        });
        for rack in racks {
            let nodes = model.site.nodes_of(rack).len() as u32;
            self.racks.push(RackSeats {
                first: seat,
                rack,
                nodes,
            });
            seat += nodes;
        }
    }

    fn last_unit(&self) -> Option<u32> {
        let racks = self.racks.last().map(|rack| *self.units_of(rack).end());
        let hosts = self.hosts.last().map(|host| host.seat / self.per_unit);
        racks.max(hosts)
    }

    /// Nodes in a row that end at the same leaves. Where the switch is not known, neither is this: a unit counts as one leaf.
    pub fn nodes_per_leaf(&self) -> u32 {
        match &self.topology {
            Some(Ok(topology)) => topology.nodes_per_leaf(),
            Some(Err(_)) | None => self.per_unit,
        }
    }

    /// The units that a rack's nodes are in.
    pub fn units_of(&self, rack: &RackSeats) -> std::ops::RangeInclusive<u32> {
        let last = rack.first + rack.nodes.max(1) - 1;
        rack.first / self.per_unit..=last / self.per_unit
    }

    /// The nodes of a rack with their seats, in the order in which people count them.
    pub fn nodes_of(model: &Model<'_>, rack: &RackSeats) -> impl Iterator<Item = (u32, u32)> {
        let mut nodes = model.site.nodes_of(rack.rack).to_vec();
        nodes.sort_by(|&a, &b| natural_cmp(model.site.name(a), model.site.name(b)));
        let first = rack.first;
        nodes
            .into_iter()
            .zip(0u32..)
            .map(move |(node, place)| (node, first + place))
    }
}

/// A placement on its way to seats.
struct Placing<'m, 'a> {
    model: &'m Model<'a>,
    fabric: &'m Intent<InfiniBandFabricSpec>,
    seats: &'m mut Seats,
    /// Seats that are taken of each unit, and the entries that take them.
    units: BTreeMap<u32, (u32, Vec<usize>)>,
    /// Which entry places each rack, and each host that no rack seats.
    racks: BTreeMap<u32, usize>,
    hosts: BTreeMap<String, usize>,
}

impl<'m, 'a> Placing<'m, 'a> {
    fn new(model: &'m Model<'a>, fabric: &'m Intent<InfiniBandFabricSpec>, seats: &'m mut Seats) -> Self {
        Self {
            model,
            fabric,
            seats,
            units: BTreeMap::new(),
            racks: BTreeMap::new(),
            hosts: BTreeMap::new(),
        }
    }

    fn object(&self) -> ObjectRef {
        ObjectRef::new(Kind::InfiniBandFabric, &self.fabric.name)
    }

    fn all(mut self, findings: &mut Vec<Finding>) {
        let fabric = self.fabric;
        for (entry, placement) in fabric.spec.topology.placement.iter().enumerate() {
            // One of the two, or against the schema.
            match placement {
                UnitPlacement {
                    racks: Some(racks),
                    racks_per_unit,
                    unit,
                    hosts: _,
                } => {
                    let per_unit = racks_per_unit.map(u32::from);
                    self.racks(entry, racks, per_unit, unit.saturating_sub(1), findings);
                }
                UnitPlacement {
                    hosts: Some(hosts),
                    unit,
                    racks: None,
                    racks_per_unit: _,
                } => self.hosts(entry, hosts, unit.saturating_sub(1), findings),
                UnitPlacement { .. } => {}
            }
        }
        let per_unit = self.seats.per_unit;
        let full = self.units.iter().filter(|(_, (taken, _))| *taken > per_unit);
        let full: Vec<_> = full
            .map(|(unit, (taken, entries))| (*unit, *taken, entries.as_slice()))
            .collect();
        findings.extend(unit_overfull::finding(&self.object(), per_unit, &full));
        if let Some(units) = fabric.spec.topology.units {
            let beyond = self.units.iter().find(|(unit, _)| **unit >= units);
            findings.extend(beyond.map(|(unit, (_, entries))| {
                unit_beyond::finding(
                    &self.object(),
                    units,
                    *unit,
                    entries.first().copied().unwrap_or_default(),
                )
            }));
        }
    }

    /// The next free seats of a unit.
    fn take(&mut self, unit: u32, nodes: u32, entry: usize) -> u32 {
        let (taken, entries) = self.units.entry(unit).or_default();
        let first = *taken;
        *taken += nodes;
        if entries.last() != Some(&entry) {
            entries.push(entry);
        }
        // What a unit has no place for is a finding; it must not sit on the seats of the next one.
        unit.saturating_mul(self.seats.per_unit)
            .saturating_add(first.min(self.seats.per_unit - 1))
    }

    fn names(&self, list: &Hostlist, path: &Path, findings: &mut Vec<Finding>) -> Vec<String> {
        let mut names = Vec::new();
        if let Some(list) = hostlist_invalid::read(list, &self.object(), path, findings) {
            list.for_each(|name| names.push(name.to_owned()));
        }
        names
    }

    fn racks(
        &mut self,
        entry: usize,
        list: &Hostlist,
        per_unit: Option<u32>,
        unit: u32,
        findings: &mut Vec<Finding>,
    ) {
        let path = at!("spec", "topology", "placement", entry, "racks");
        let mut unknown = Vec::new();
        for (name, at) in self.names(list, &path, findings).into_iter().zip(0u32..) {
            let Some(rack) = self.model.site.rack(self.seats.site as u32, &name) else {
                unknown.push(name);
                continue;
            };
            if let Some(&before) = self.racks.get(&rack) {
                findings.push(placed_twice::finding(
                    &self.object(),
                    "rack",
                    &name,
                    before,
                    entry,
                    "racks",
                ));
                continue;
            }
            self.racks.insert(rack, entry);
            let nodes = self.model.site.nodes_of(rack).len() as u32;
            let unit = unit + per_unit.map_or(0, |per_unit| at / per_unit.max(1));
            let first = self.take(unit, nodes, entry);
            self.seats.racks.push(RackSeats { first, rack, nodes });
        }
        if !unknown.is_empty() && !self.model.site.incomplete[self.seats.site] {
            let racks = self.model.site.racks.iter();
            let here = racks.filter(|rack| rack.group.supercluster as usize == self.seats.site);
            let known = here.map(|rack| rack.name.as_str());
            let site = &self.model.superclusters[self.seats.site].name;
            findings.push(unknown_rack::finding(
                &self.object(),
                &path,
                &unknown,
                site,
                known,
            ));
        }
    }

    fn hosts(&mut self, entry: usize, list: &Hostlist, unit: u32, findings: &mut Vec<Finding>) {
        let path = at!("spec", "topology", "placement", entry, "hosts");
        for (name, at) in self.names(list, &path, findings).into_iter().zip(0u32..) {
            let node = self.model.site.node(&name);
            let rack = node.map(|node| self.model.site.rack_of[node as usize]);
            let before = rack
                .and_then(|rack| self.racks.get(&rack))
                .or_else(|| self.hosts.get(&name));
            if let Some(&before) = before {
                findings.push(placed_twice::finding(
                    &self.object(),
                    "host",
                    &name,
                    before,
                    entry,
                    "hosts",
                ));
                continue;
            }
            let unit = unit + at / self.seats.per_unit;
            let seat = self.take(unit, 1, entry);
            self.hosts.insert(name.clone(), entry);
            self.seats.hosts.push(HostSeat {
                seat,
                name: name.into(),
                node,
            });
        }
    }
}
