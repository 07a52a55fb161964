//! A design as people and schedulers see it: units with their leaves, and above them pods of spines and cores, all read off the cables.

use std::collections::{BTreeMap, BTreeSet};

use crate::design::Design;
use crate::network::{DeviceKind, Network};
use crate::tree::{Spread, Switch};

/// All subnets, and the units that have nodes.
pub struct Graph {
    pub subnets: Vec<Subnet>,
    pub units: BTreeMap<u32, Unit>,
    /// Nodes of a full unit.
    pub nodes_per_unit: u32,
    /// Whether a leaf belongs to a rail.
    pub by_rail: bool,
}

/// A subnet.
pub struct Subnet {
    pub network: Network,
    pub pods: Vec<Pod>,
    pub cores: Vec<u32>,
    /// Cores that serve the same spines are a group.
    pub core_groups: usize,
    /// Cables between spines: those of dragonfly+.
    pub peers: u64,
    /// Cables by lower and upper switch.
    cables: BTreeMap<(u32, u32), u64>,
}

/// Spines that serve the same leaves.
pub struct Pod {
    pub spines: Vec<u32>,
    leaves: Vec<u32>,
}

/// A scalable unit.
pub struct Unit {
    /// Its nodes, by their place in the design.
    pub nodes: Vec<usize>,
    pub leaves: Vec<Leaf>,
}

/// A leaf of a unit.
pub struct Leaf {
    pub subnet: usize,
    /// Its number in the subnet.
    pub number: u32,
    /// Its place in the subnet's network.
    pub device: u32,
    /// Its rail, where all its HCAs are of one.
    pub rail: Option<u32>,
}

impl Graph {
    pub fn new(design: &Design) -> Self {
        let topology = design.topology();
        let subnets: Vec<Subnet> = (0..topology.subnets())
            .map(|subnet| Subnet::new(design.network(subnet)))
            .collect();
        let by_rail = match topology.shape().spread {
            Spread::Rails | Spread::DisjointRails => true,
            Spread::Packed => false,
        };
        let places: Vec<BTreeMap<&str, u32>> = subnets
            .iter()
            .map(|subnet| {
                let all = subnet.network.devices.iter().zip(0..);
                all.map(|(device, place)| (device.name.as_str(), place)).collect()
            })
            .collect();
        let mut units: BTreeMap<u32, Unit> = BTreeMap::new();
        for (place, node) in design.nodes().iter().enumerate() {
            let unit = node.seat / topology.nodes_per_unit();
            let unit = units.entry(unit).or_insert_with(|| Unit {
                nodes: Vec::new(),
                leaves: Vec::new(),
            });
            unit.nodes.push(place);
        }
        for (&number, unit) in &mut units {
            // Also leaves that only seats without a node end at: they are built all the same.
            let seats = number * topology.nodes_per_unit()..(number + 1) * topology.nodes_per_unit();
            let mut rails: BTreeMap<(u32, u32), BTreeSet<u32>> = BTreeMap::new();
            for seat in seats {
                for rail in 0..topology.shape().rails {
                    if let Some(at) = topology.leaf_port(seat, rail) {
                        rails.entry((at.subnet, at.leaf)).or_default().insert(rail);
                    }
                }
            }
            for ((subnet, number), rails) in rails {
                let name = topology.name(subnet, Switch::Leaf(number));
                let subnet = subnet as usize;
                if let Some(&device) = places.get(subnet).and_then(|places| places.get(name.as_str())) {
                    let rail = rails.first().copied().filter(|_| by_rail);
                    unit.leaves.push(Leaf {
                        subnet,
                        number,
                        device,
                        rail,
                    });
                }
            }
        }
        drop(places);
        Self {
            subnets,
            units,
            nodes_per_unit: topology.nodes_per_unit(),
            by_rail,
        }
    }

    pub fn name(&self, leaf: &Leaf) -> &str {
        self.subnets[leaf.subnet].name(leaf.device)
    }
}

impl Unit {
    /// The leaf that an HCA of one of its nodes ends at, as its place among `leaves`, and the port.
    pub fn end(&self, design: &Design, node: usize, rail: u32) -> Option<(usize, u16)> {
        let at = design.topology().leaf_port(design.nodes()[node].seat, rail)?;
        let mut leaves = self.leaves.iter();
        let leaf = leaves.position(|leaf| (leaf.subnet as u32, leaf.number) == (at.subnet, at.leaf))?;
        Some((leaf, at.port))
    }
}

impl Subnet {
    fn new(network: Network) -> Self {
        let mut below: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut cables: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for link in &network.links {
            if network.device(link.lower).kind != DeviceKind::Hca {
                below
                    .entry(link.upper.device)
                    .or_default()
                    .insert(link.lower.device);
                *cables.entry((link.lower.device, link.upper.device)).or_default() += 1;
            }
        }
        let is_leaf = |device: &u32| !below.contains_key(device);
        let mut pods: Vec<Pod> = Vec::new();
        let mut pod_of: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        let mut cores = Vec::new();
        let mut groups: BTreeSet<&BTreeSet<u32>> = BTreeSet::new();
        for (&switch, lower) in &below {
            let leaves: Vec<u32> = lower.iter().copied().filter(is_leaf).collect();
            if leaves.is_empty() {
                cores.push(switch);
                groups.insert(lower);
                continue;
            }
            let pod = *pod_of.entry(leaves.clone()).or_insert_with(|| {
                pods.push(Pod {
                    spines: Vec::new(),
                    leaves,
                });
                pods.len() - 1
            });
            pods[pod].spines.push(switch);
        }
        let spines: BTreeSet<u32> = pods.iter().flat_map(|pod| pod.spines.iter().copied()).collect();
        let peers = cables
            .iter()
            .filter(|((lower, upper), _)| spines.contains(lower) && spines.contains(upper))
            .map(|(_, cables)| cables)
            .sum();
        Self {
            core_groups: groups.len(),
            pods,
            cores,
            peers,
            cables,
            network,
        }
    }

    pub fn name(&self, device: u32) -> &str {
        &self.network.devices[device as usize].name
    }

    /// The cables between switches above, in their order, and switches below.
    pub fn between(&self, upper: &[u32], lower: impl IntoIterator<Item = u32>) -> u64 {
        let up = lower
            .into_iter()
            .flat_map(|lower| self.cables.range((lower, 0)..=(lower, u32::MAX)));
        let to = up.filter(|((_, above), _)| upper.binary_search(above).is_ok());
        to.map(|(_, cables)| cables).sum()
    }

    /// The pods that serve a leaf: one in a tree.
    pub fn pods_of(&self, leaf: u32) -> impl Iterator<Item = usize> {
        let pods = self.pods.iter().enumerate();
        pods.filter(move |(_, pod)| pod.leaves.binary_search(&leaf).is_ok())
            .map(|(place, _)| place)
    }

    /// How the cores are grouped, and their names.
    pub fn core_notes(&self) -> Vec<String> {
        let groups = self.core_groups as u64;
        let each = self.cores.len() as u64 / groups.max(1);
        let word = if groups == 1 { "group" } else { "groups" };
        vec![format!("{groups} {word} of {each}"), self.span(&self.cores)]
    }

    /// The names of switches that follow one another.
    pub fn span(&self, switches: &[u32]) -> String {
        match switches {
            [] => String::new(),
            [one] => self.name(*one).to_owned(),
            [first, .., last] => format!("{} to {}", self.name(*first), self.name(*last)),
        }
    }
}
