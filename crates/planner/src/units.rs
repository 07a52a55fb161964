//! Which scalable unit each node sits in, and at which leaves of it: the one answer for waves, for limits and for what people
//! read, and the one that the names of leaves give.
//!
//! It follows from seats (see [`crate::seats`]). A node may have one in several fabrics; the unit is that of the first fabric of
//! the compute plane, in the order of rails, that has units: its switches carry the job. A node without a seat there has none.

use std::collections::BTreeMap;

use rackwright_api::{GPUPoolSpec, Name, Plane};

use crate::input::Intent;
use crate::model::Model;
use crate::seats::Seats;

/// A place in a fabric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit<'a> {
    /// The fabric.
    pub fabric: &'a str,
    /// The scalable unit, counted from 0; of a dragonfly+ the group.
    pub number: u32,
    /// Which leaves of the unit, counted from 0. With rails a node is at one leaf of each rail, and nodes that share one
    /// share all.
    pub leaf: u32,
}

/// The same for a row of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sits {
    /// Which of the plan's unit fabrics.
    pub fabric: u32,
    pub unit: u32,
    pub leaf: u32,
}

/// A fabric whose units nodes sit in.
#[derive(Debug, Clone)]
pub(crate) struct UnitFabric {
    pub name: Name,
    pub nodes_per_unit: u32,
    pub nodes_per_leaf: u32,
    /// Racks with nodes that are plugged in; none are listed where a placement says who sits where.
    pub racks: Vec<Name>,
    /// Such nodes that stand in no rack.
    pub hosts: Vec<Box<str>>,
}

/// The units of the nodes of some pools.
pub(crate) struct Units<'m, 'a> {
    model: &'m Model<'a>,
    /// By number in the model, where each is in `fabrics`.
    numbers: BTreeMap<usize, u32>,
    pub fabrics: Vec<UnitFabric>,
    /// By fabric: where each node of the site sits.
    nodes: Vec<Vec<Option<Sits>>>,
}

impl<'m, 'a> Units<'m, 'a> {
    pub fn new(model: &'m Model<'a>) -> Self {
        Self {
            model,
            numbers: BTreeMap::new(),
            fabrics: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// The fabric whose units the nodes of a pool sit in.
    pub fn of_pool(&mut self, pool: &Intent<GPUPoolSpec>) -> Option<u32> {
        let model = self.model;
        let fabrics = model.fabrics_of(pool).into_iter();
        let mut seats = fabrics
            .filter(|fabric| fabric.spec.plane == Plane::Compute)
            .filter_map(|fabric| model.seats_of(&fabric.name));
        let seats = seats.next()?;
        if let Some(&known) = self.numbers.get(&seats.fabric) {
            return Some(known);
        }
        let number = self.fabrics.len() as u32;
        self.numbers.insert(seats.fabric, number);
        self.nodes.push(nodes(model, seats, number));
        self.fabrics.push(UnitFabric::new(model, seats));
        Some(number)
    }

    /// Where a node sits in such a fabric.
    pub fn of_node(&self, fabric: u32, node: u32) -> Option<Sits> {
        self.nodes[fabric as usize][node as usize]
    }
}

/// Where each node of the site sits. The nodes of a rack are put in order only where the rack has several leaves.
fn nodes(model: &Model<'_>, seats: &Seats, fabric: u32) -> Vec<Option<Sits>> {
    let per_leaf = seats.nodes_per_leaf();
    let at = |seat: u32| Sits {
        fabric,
        unit: seat / seats.per_unit,
        leaf: seat % seats.per_unit / per_leaf,
    };
    let mut nodes = vec![None; model.site.names.len()];
    for rack in &seats.racks {
        let first = at(rack.first);
        if first == at(rack.first + rack.nodes.max(1) - 1) {
            for &node in model.site.nodes_of(rack.rack) {
                nodes[node as usize] = Some(first);
            }
        } else {
            for (node, seat) in Seats::nodes_of(model, rack) {
                nodes[node as usize] = Some(at(seat));
            }
        }
    }
    for host in &seats.hosts {
        if let Some(node) = host.node {
            nodes[node as usize] = Some(at(host.seat));
        }
    }
    nodes
}

impl UnitFabric {
    fn new(model: &Model<'_>, seats: &Seats) -> Self {
        let intent = model.fabrics[seats.fabric];
        let mut fabric = Self {
            name: intent.name.clone(),
            nodes_per_unit: seats.per_unit,
            nodes_per_leaf: seats.nodes_per_leaf(),
            racks: Vec::new(),
            hosts: Vec::new(),
        };
        if intent.spec.topology.placement.is_empty() {
            let racks = seats
                .racks
                .iter()
                .map(|rack| &model.site.racks[rack.rack as usize]);
            fabric.racks.extend(racks.map(|rack| rack.name.clone()));
            fabric
                .hosts
                .extend(seats.hosts.iter().map(|host| host.name.clone()));
        }
        fabric
    }
}
