//! A topology with its nodes: every device and cable of each subnet.

use std::collections::{BTreeMap, BTreeSet};

use crate::network::{Device, DeviceKind, End, Link, Network};
use crate::placeholder;
use crate::racks::{Racks, place};
use crate::topology::Topology;
use crate::tree::{Spread, Switch, Uplink};

/// A topology, and who sits where.
#[derive(Debug, Clone)]
pub struct Design {
    topology: Topology,
    nodes: Vec<Seated>,
    /// GUIDs of switches that are known, by name.
    switches: BTreeMap<String, u64>,
    /// Where switches stand.
    racks: Racks,
}

/// A node at its seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seated {
    /// Its name.
    pub name: Box<str>,
    /// Its seat, counted over all units.
    pub seat: u32,
    /// The port GUID of each of its HCAs in this fabric, by rail; none where no inventory knows it.
    pub guids: Box<[Option<u64>]>,
    /// Its rack, where the site places it.
    pub rack: Option<Box<str>>,
}

/// Why nodes cannot sit so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeatError {
    /// Two nodes at one seat.
    #[error("nodes {0} and {1} have the same seat {2}")]
    Twice(Box<str>, Box<str>, u32),
    /// A seat that the topology does not have.
    #[error("node {0} has seat {1}, and the fabric has {2}")]
    Outside(Box<str>, u32, u32),
}

/// Where the ends of one HCA's cable are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HcaPlace {
    /// The node, by its place in the design.
    pub node: u32,
    /// The HCA.
    pub rail: u32,
}

impl Design {
    /// Seats nodes at a topology.
    ///
    /// # Errors
    /// Where two nodes have one seat, or one has none of the topology's.
    pub fn new(
        topology: impl Into<Topology>,
        mut nodes: Vec<Seated>,
        switches: BTreeMap<String, u64>,
    ) -> Result<Self, SeatError> {
        let topology = topology.into();
        nodes.sort_by_key(|node| node.seat);
        for pair in nodes.windows(2) {
            if let [a, b] = pair
                && a.seat == b.seat
            {
                return Err(SeatError::Twice(a.name.clone(), b.name.clone(), a.seat));
            }
        }
        let seats = topology.units().saturating_mul(topology.nodes_per_unit());
        if let Some(node) = nodes.last().filter(|node| node.seat >= seats) {
            return Err(SeatError::Outside(node.name.clone(), node.seat, seats));
        }
        Ok(Self {
            topology,
            nodes,
            switches,
            racks: Racks::new(),
        })
    }

    /// Says where switches stand.
    #[must_use]
    pub fn in_racks(self, racks: Racks) -> Self {
        Self { racks, ..self }
    }

    /// Its switches.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The nodes, by seat.
    pub fn nodes(&self) -> &[Seated] {
        &self.nodes
    }

    /// The HCAs of a subnet in the order in which [`Self::network`] lists them, before its switches.
    pub fn hcas(&self, subnet: u32) -> impl Iterator<Item = HcaPlace> {
        self.nodes.iter().zip(0u32..).flat_map(move |(node, number)| {
            (0..self.topology.shape().rails)
                .filter(move |&rail| {
                    let at = self.topology.leaf_port(node.seat, rail);
                    at.is_some_and(|at| at.subnet == subnet)
                })
                .map(move |rail| HcaPlace { node: number, rail })
        })
    }

    /// The units that have nodes: only these are built.
    pub fn units(&self) -> BTreeSet<u32> {
        let seats = self.nodes.iter().map(|node| node.seat);
        seats.map(|seat| seat / self.topology.nodes_per_unit()).collect()
    }

    /// The place of each device of [`Self::network`] among all of its kind when every unit is built: of HCAs by seat and
    /// rail, of switches leaves, then spines, then cores. Growth up to the units of the topology moves none.
    pub fn places(&self, subnet: u32) -> Vec<u32> {
        let shape = self.topology.shape();
        let hcas = self.hcas(subnet).map(|HcaPlace { node, rail }| {
            let seat = self.nodes[node as usize].seat;
            match shape.spread {
                Spread::DisjointRails => seat,
                Spread::Rails | Spread::Packed => seat * shape.rails + rail,
            }
        });
        let (_, switches) = self.built();
        hcas.chain(switches.into_iter().map(|(_, place)| place)).collect()
    }

    /// The cables between switches that are built, and the switches, each with its place among all. Leaves of units without
    /// nodes are not there, nor spines that no leaf ends at.
    fn built(&self) -> (Vec<Uplink>, Vec<(Switch, u32)>) {
        let units = self.units();
        let leaf_is_there = |leaf: u32| units.contains(&self.topology.unit_of(leaf));
        let uplinks: Vec<Uplink> = self
            .topology
            .uplinks()
            .filter(|uplink| !matches!(uplink.lower.0, Switch::Leaf(leaf) if !leaf_is_there(leaf)))
            .collect();
        let mut spine_is_there = vec![false; self.topology.spines() as usize];
        for uplink in &uplinks {
            if let (Switch::Leaf(_), Switch::Spine(spine)) = (uplink.lower.0, uplink.upper.0) {
                spine_is_there[spine as usize] = true;
            }
        }
        let is_there = |switch: Switch| match switch {
            Switch::Leaf(leaf) => leaf_is_there(leaf),
            Switch::Spine(spine) => spine_is_there[spine as usize],
            Switch::Core(_) => true,
        };
        let switches = self.topology.switches().zip(0u32..);
        (
            uplinks,
            switches.filter(|(switch, _)| is_there(*switch)).collect(),
        )
    }

    /// The devices and cables of a subnet: HCAs by seat and rail, then leaves, spines and cores. Leaves of units without
    /// nodes are not there, nor spines that no leaf ends at. What has no GUID yet has a placeholder.
    pub fn network(&self, subnet: u32) -> Network {
        let mut network = Network::default();
        let mut ends = Vec::new();
        for HcaPlace { node, rail } in self.hcas(subnet) {
            let node = &self.nodes[node as usize];
            let known = node.guids.get(rail as usize).copied().flatten();
            ends.extend(self.topology.leaf_port(node.seat, rail));
            network.devices.push(Device {
                kind: DeviceKind::Hca,
                guid: known.unwrap_or_else(|| placeholder::hca(node.seat, rail)),
                ports: 1,
                name: format!("{} HCA-{rail}", node.name),
                rack: node.rack.as_deref().map(str::to_owned),
                rack_unit: None,
            });
        }
        let (uplinks, switches) = self.built();
        let mut at: BTreeMap<Switch, u32> = BTreeMap::new();
        for (switch, _) in switches {
            at.insert(switch, network.devices.len() as u32);
            let name = self.topology.name(subnet, switch);
            let stands = place(&self.racks, &self.topology, subnet, switch);
            network.devices.push(Device {
                kind: if self.topology.is_root(switch) {
                    DeviceKind::Root
                } else {
                    DeviceKind::Switch
                },
                guid: self
                    .switches
                    .get(&name)
                    .copied()
                    .unwrap_or_else(|| placeholder::switch(subnet, switch)),
                ports: self.topology.shape().radix as u16,
                name,
                rack: stands.as_ref().map(|stands| stands.rack.to_owned()),
                rack_unit: stands.and_then(|stands| stands.rack_unit),
            });
        }
        let end = |(switch, port): (Switch, u16)| at.get(&switch).map(|&device| End { device, port });
        let cable = |lower: Option<End>, upper: Option<End>| {
            Some(Link {
                lower: lower?,
                upper: upper?,
            })
        };
        let hcas = ends.into_iter().zip(0u32..).filter_map(|(at, device)| {
            cable(
                Some(End { device, port: 1 }),
                end((Switch::Leaf(at.leaf), at.port)),
            )
        });
        network.links = hcas.collect();
        let between = uplinks
            .iter()
            .filter_map(|uplink| cable(end(uplink.lower), end(uplink.upper)));
        network.links.extend(between);
        network
    }
}
