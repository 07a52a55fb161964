//! Which scalable unit each node sits in, and at which leaves of it: the one answer for waves, for limits and for what people
//! read, and the one that the names of leaves give.
//!
//! It follows from seats (see [`crate::seats`]). A node may have one in several fabrics; the unit is that of the first fabric of
//! the compute plane, in the order of rails, that has units: its switches carry the job. A node without a seat there has none.

use std::collections::BTreeMap;

use rackwright_api::{GPUPoolSpec, Name, Plane};

use crate::input::Intent;
use crate::model::Model;
use crate::plan::NONE;
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

/// The units of nodes.
pub(crate) struct Units {
    pub fabrics: Vec<UnitFabric>,
    /// Where each node of the site sits.
    nodes: Vec<Option<Sits>>,
}

impl Units {
    /// Of nodes, each with its pool as a place in `pools`. The racks of a fabric are walked once, however many pools it has.
    pub fn new(
        model: &Model<'_>,
        pools: &[&Intent<GPUPoolSpec>],
        nodes: impl Iterator<Item = (u32, u32)>,
    ) -> Self {
        let mut fabrics: Vec<&Seats> = Vec::new();
        let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
        let of_pool = pools.iter().map(|pool| {
            let seats = seats(model, pool)?;
            Some(*numbers.entry(seats.fabric).or_insert_with(|| {
                fabrics.push(seats);
                fabrics.len() as u32 - 1
            }))
        });
        let of_pool: Vec<Option<u32>> = of_pool.collect();
        let mut of_node = vec![NONE; model.site.names.len()];
        for (node, pool) in nodes {
            of_node[node as usize] = of_pool[pool as usize].unwrap_or(NONE);
        }
        let mut sits = vec![None; model.site.names.len()];
        for (seats, fabric) in fabrics.iter().zip(0..) {
            let mut sit = |node: u32, at: Sits| {
                if of_node[node as usize] == fabric {
                    sits[node as usize] = Some(at);
                }
            };
            walk(model, seats, fabric, &mut sit);
        }
        Self {
            fabrics: fabrics
                .iter()
                .map(|seats| UnitFabric::new(model, seats))
                .collect(),
            nodes: sits,
        }
    }

    /// Where a node sits.
    pub fn of(&self, node: u32) -> Option<Sits> {
        self.nodes[node as usize]
    }
}

/// The seats that are the units of a pool's nodes.
fn seats<'m>(model: &'m Model<'_>, pool: &Intent<GPUPoolSpec>) -> Option<&'m Seats> {
    let fabrics = model.fabrics_of(pool).into_iter();
    let mut seats = fabrics
        .filter(|fabric| fabric.spec.plane == Plane::Compute)
        .filter_map(|fabric| model.seats_of(&fabric.name));
    seats.next()
}

/// Visits each node that a fabric seats. The nodes of a rack are put in order only where they end at several leaves.
fn walk(model: &Model<'_>, seats: &Seats, fabric: u32, visit: &mut impl FnMut(u32, Sits)) {
    let per_leaf = seats.nodes_per_leaf();
    let at = |seat: u32| Sits {
        fabric,
        unit: seat / seats.per_unit,
        leaf: seat % seats.per_unit / per_leaf,
    };
    for rack in &seats.racks {
        let first = at(rack.first);
        if first == at(rack.first + rack.nodes.max(1) - 1) {
            for &node in model.site.nodes_of(rack.rack) {
                visit(node, first);
            }
        } else {
            for (node, seat) in Seats::nodes_of(model, rack) {
                visit(node, at(seat));
            }
        }
    }
    for host in &seats.hosts {
        if let Some(node) = host.node {
            visit(node, at(host.seat));
        }
    }
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
