//! A tree of switches as arithmetic: how many there are, and which port each cable ends at.
//!
//! Leaves are cut by scalable unit. With rails, HCA *i* of every node of a unit ends at the unit's leaf *i*, or, where a
//! unit has more nodes than a leaf has ports for, at one of several leaves of rail *i*; without rails the HCAs of a unit
//! fill its leaves node by node. Whole units are built even if nodes are missing (NVIDIA's reference architectures).
//! Spines follow the rule of equal bundles: the fewest spines *s* such that *s* divides the uplinks of a leaf and the
//! spine has ports for one bundle from each leaf. It reproduces the published tables.
//!
//! Everything is counted from 0 and is a function of the shape, so nothing is stored: a tree of 65,536 HCAs costs as much
//! as one of 256. Ports are counted from 1, as on the switch.

use std::collections::BTreeSet;

use crate::leaves::Leaves;

/// What a tree is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Nodes that are plugged in.
    pub nodes: u32,
    /// HCAs of one node in this fabric.
    pub rails: u32,
    /// How the HCAs of a node are spread.
    pub spread: Spread,
    /// Nodes of one scalable unit; none: as many as the leaves of one rail have ports for.
    pub nodes_per_unit: Option<u32>,
    /// Ports of a switch.
    pub radix: u32,
    /// Down capacity to up capacity of a leaf.
    pub oversubscription: (u32, u32),
}

/// How the HCAs of a node are spread over the leaves of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// HCA *i* at a leaf of rail *i*; the rails meet above the leaves.
    Rails,
    /// HCA *i* at a leaf of rail *i*; each rail is a subnet of its own and shares no switch with another.
    DisjointRails,
    /// In the order of nodes and HCAs.
    Packed,
}

/// A tree: one subnet, or one of several equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    leaves: Leaves,
    upper: Upper,
}

/// What is above the leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upper {
    /// Nothing: one leaf.
    None,
    /// Spines; each leaf has `bundle` cables to each.
    Spines { spines: u32, bundle: u32 },
    /// Pods of spines below groups of cores.
    Cores(Cores),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cores {
    pods: u32,
    leaves_of_pod: u32,
    spines_of_pod: u32,
    bundle: u32,
    /// Uplinks of a spine.
    ups: u32,
    /// Cores of one group; group *j* serves spine *j* of every pod.
    group_size: u32,
    core_bundle: u32,
}

/// Switches and cables of all subnets of a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Scalable units.
    pub units: u32,
    /// Leaf switches.
    pub leaves: u32,
    /// Spine switches.
    pub spines: u32,
    /// Core switches; only a tree of three levels has them.
    pub cores: u32,
    /// Cables between nodes and leaves, all units full.
    pub node_links: u64,
    /// Cables between leaves and spines.
    pub leaf_spine_links: u64,
    /// Cables between spines and cores.
    pub spine_core_links: u64,
    /// Cables between spines of two groups; only dragonfly+ has them.
    pub global_links: u64,
}

impl Shape {
    /// The most nodes that a leaf has ports for, their uplinks included; none where it has no port for a node.
    pub(crate) fn downs(&self) -> Option<u32> {
        let (down, up) = self.oversubscription;
        let downs = u64::from(self.radix) * u64::from(down) / u64::from(down + up).max(1);
        u32::try_from(downs).ok().filter(|downs| *downs > 0)
    }

    /// Nodes of one unit. None where a leaf has no port for a node.
    pub fn unit(&self) -> Option<u32> {
        let downs = self.downs()?;
        Some(self.nodes_per_unit.unwrap_or(downs).max(1))
    }
}

impl Size {
    /// All switches.
    pub fn switches(&self) -> u64 {
        u64::from(self.leaves) + u64::from(self.spines) + u64::from(self.cores)
    }
}

/// Why there is no such fabric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// A ratio that leaves no port for a node.
    #[error("a switch of {radix} ports has none left for nodes at {down}:{up}")]
    NoPorts {
        /// Ports of a switch.
        radix: u32,
        /// Down capacity.
        down: u32,
        /// Up capacity.
        up: u32,
    },
    /// The spines of a group have too few ports.
    #[error("a group of {leaves} leaves is more than the {most} that the spines of a group have ports for")]
    GroupTooLarge {
        /// Leaves of a group.
        leaves: u32,
        /// The most of them.
        most: u32,
    },
    /// Not every pair of groups can have a cable.
    #[error("{groups} groups are more than {most}: each has {cables} cables to the others")]
    TooManyGroups {
        /// Groups.
        groups: u32,
        /// The most of them.
        most: u32,
        /// Ports of a group for cables to others.
        cables: u32,
    },
    /// Three levels are not enough.
    #[error("{leaves} leaves need more than three levels of switches with {radix} ports")]
    TooMany {
        /// Leaves.
        leaves: u32,
        /// Ports of a switch.
        radix: u32,
    },
}

/// A switch of one subnet, by level and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Switch {
    /// Nodes end here.
    Leaf(u32),
    /// Joins leaves.
    Spine(u32),
    /// Joins spines.
    Core(u32),
}

/// Where an HCA ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafPort {
    /// The subnet: the rail where rails are disjoint, else 0.
    pub subnet: u32,
    /// The leaf of that subnet.
    pub leaf: u32,
    /// Its port.
    pub port: u16,
}

/// A cable between two switches of a subnet, from below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uplink {
    /// The lower switch and its port.
    pub lower: (Switch, u16),
    /// The upper switch and its port.
    pub upper: (Switch, u16),
}

impl Tree {
    /// The tree of a shape. No nodes need no switch, and one leaf alone no spine.
    ///
    /// # Errors
    /// Where a leaf has no port for a node, or three levels of switches are not enough.
    pub fn new(shape: &Shape) -> Result<Self, SizeError> {
        let mut tree = Self {
            leaves: Leaves::new(shape)?,
            upper: Upper::None,
        };
        if tree.leaves() > 1 {
            tree.upper = tree.upper_levels()?;
        }
        Ok(tree)
    }

    fn upper_levels(&self) -> Result<Upper, SizeError> {
        let radix = self.shape().radix;
        let (leaves, uplinks) = (self.leaves(), self.leaves.uplinks());
        if let Some(spines) = equal_bundles(leaves, uplinks, radix) {
            let bundle = uplinks / spines;
            return Ok(Upper::Spines { spines, bundle });
        }
        let too_many = SizeError::TooMany { leaves, radix };
        let half = radix / 2;
        // A pod holds whole units where one fits.
        let leaves_of_unit = self.leaves.of_unit();
        let leaves_of_pod = match half / leaves_of_unit {
            0 => half,
            units => units * leaves_of_unit,
        };
        let spines_of_pod = equal_bundles(leaves_of_pod, uplinks, half).ok_or(too_many)?;
        let pods = leaves.div_ceil(leaves_of_pod);
        let bundle = uplinks / spines_of_pod;
        // A spine passes on as much as it takes in.
        let ups = leaves_of_pod * bundle;
        let group_size = equal_bundles(pods, ups, radix).ok_or(too_many)?;
        Ok(Upper::Cores(Cores {
            pods,
            leaves_of_pod,
            spines_of_pod,
            bundle,
            ups,
            group_size,
            core_bundle: ups / group_size,
        }))
    }

    /// Its leaves.
    pub(crate) fn lowest(&self) -> &Leaves {
        &self.leaves
    }

    /// What it was built for.
    pub fn shape(&self) -> &Shape {
        self.leaves.shape()
    }

    /// Scalable units.
    pub fn units(&self) -> u32 {
        self.leaves.units()
    }

    /// Equal subnets, each with the switches that [`Self::leaves`], [`Self::spines`] and [`Self::cores`] count.
    pub fn subnets(&self) -> u32 {
        self.leaves.subnets()
    }

    /// Leaves of one subnet.
    pub fn leaves(&self) -> u32 {
        self.leaves.count()
    }

    /// Spines of one subnet.
    pub fn spines(&self) -> u32 {
        match self.upper {
            Upper::None => 0,
            Upper::Spines { spines, .. } => spines,
            Upper::Cores(cores) => cores.pods * cores.spines_of_pod,
        }
    }

    /// Cores of one subnet.
    pub fn cores(&self) -> u32 {
        match self.upper {
            Upper::None | Upper::Spines { .. } => 0,
            Upper::Cores(cores) => cores.spines_of_pod * cores.group_size,
        }
    }

    /// Levels of switches.
    pub fn levels(&self) -> u32 {
        match self.upper {
            _ if self.units() == 0 => 0,
            Upper::None => 1,
            Upper::Spines { .. } => 2,
            Upper::Cores(_) => 3,
        }
    }

    /// The roots: the switches of the highest level.
    pub fn is_root(&self, switch: Switch) -> bool {
        match switch {
            Switch::Leaf(_) => self.levels() == 1,
            Switch::Spine(_) => self.levels() == 2,
            Switch::Core(_) => true,
        }
    }

    /// Counts over all subnets.
    pub fn size(&self) -> Size {
        self.built(self.units(), self.spines())
    }

    /// Counts over all subnets where only these units are built: their leaves, the spines that those end at, and all
    /// cores.
    pub fn size_of(&self, units: &BTreeSet<u32>) -> Size {
        let of_unit = self.leaves.of_unit();
        let spines = match self.upper {
            Upper::None | Upper::Spines { .. } => self.spines(),
            Upper::Cores(cores) => {
                let pods = units.iter().flat_map(|unit| {
                    let (first, next) = (unit * of_unit, (unit + 1) * of_unit);
                    first / cores.leaves_of_pod..=(next - 1) / cores.leaves_of_pod
                });
                pods.collect::<BTreeSet<u32>>().len() as u32 * cores.spines_of_pod
            }
        };
        self.built(units.len() as u32, spines)
    }

    fn built(&self, units: u32, spines: u32) -> Size {
        let subnets = self.subnets();
        let all = u64::from(subnets);
        let leaves = units * self.leaves.of_unit();
        let ups = match self.upper {
            Upper::Cores(cores) => cores.ups,
            Upper::None | Upper::Spines { .. } => 0,
        };
        let uplinks = match self.upper {
            Upper::None => 0,
            Upper::Spines { .. } | Upper::Cores(_) => self.leaves.uplinks(),
        };
        Size {
            units,
            leaves: leaves * subnets,
            spines: spines * subnets,
            cores: self.cores() * subnets,
            node_links: self.leaves.node_links(units),
            leaf_spine_links: u64::from(leaves) * u64::from(uplinks) * all,
            spine_core_links: u64::from(spines) * u64::from(ups) * all,
            global_links: 0,
        }
    }

    /// The cables between switches of one subnet: those of all leaves, then those of all spines.
    pub fn uplinks(&self) -> impl Iterator<Item = Uplink> {
        let leaves = (0..self.leaves()).flat_map(move |leaf| {
            (0..self.leaves.uplinks()).filter_map(move |up| self.leaf_uplink(leaf, up))
        });
        let ups = match self.upper {
            Upper::Cores(cores) => cores.ups,
            Upper::None | Upper::Spines { .. } => 0,
        };
        let spines = (0..self.spines())
            .flat_map(move |spine| (0..ups).filter_map(move |up| self.spine_uplink(spine, up)));
        leaves.chain(spines)
    }

    fn leaf_uplink(&self, leaf: u32, up: u32) -> Option<Uplink> {
        let (spine, port) = match self.upper {
            Upper::None => return None,
            Upper::Spines { bundle, .. } => (up / bundle, leaf * bundle + up % bundle),
            Upper::Cores(Cores {
                leaves_of_pod,
                spines_of_pod,
                bundle,
                ..
            }) => {
                let (pod, of_pod) = (leaf / leaves_of_pod, leaf % leaves_of_pod);
                (pod * spines_of_pod + up / bundle, of_pod * bundle + up % bundle)
            }
        };
        Some(Uplink {
            lower: (Switch::Leaf(leaf), self.leaves.up_port(up)),
            upper: (Switch::Spine(spine), (port + 1) as u16),
        })
    }

    fn spine_uplink(&self, spine: u32, up: u32) -> Option<Uplink> {
        let Upper::Cores(Cores {
            spines_of_pod,
            group_size,
            core_bundle,
            ..
        }) = self.upper
        else {
            return None;
        };
        let (pod, group) = (spine / spines_of_pod, spine % spines_of_pod);
        let core = group * group_size + up / core_bundle;
        Some(Uplink {
            lower: (Switch::Spine(spine), (self.shape().radix / 2 + up + 1) as u16),
            upper: (
                Switch::Core(core),
                (pod * core_bundle + up % core_bundle + 1) as u16,
            ),
        })
    }

    /// The name of a switch, unique in the fabric. Numbers have two digits at least and never get more by growth, so that
    /// a name stays.
    pub fn name(&self, subnet: u32, switch: Switch) -> String {
        let rail = self.leaves.rail(subnet);
        match switch {
            Switch::Leaf(leaf) => self.leaves.name("su", subnet, leaf),
            Switch::Spine(spine) => {
                let of_pod = match self.upper {
                    Upper::None => 1,
                    Upper::Spines { spines, .. } => spines,
                    Upper::Cores(cores) => cores.spines_of_pod,
                };
                format!("{rail}pod{:02}-s{:02}", spine / of_pod + 1, spine % of_pod + 1)
            }
            Switch::Core(core) => {
                let of_group = match self.upper {
                    Upper::None | Upper::Spines { .. } => 1,
                    Upper::Cores(cores) => cores.group_size,
                };
                format!("{rail}g{:02}-c{:02}", core / of_group + 1, core % of_group + 1)
            }
        }
    }
}

/// The fewest switches above `below` switches with `uplinks` each, so that each pair is joined by equally many cables and
/// `ports` are enough.
pub(crate) fn equal_bundles(below: u32, uplinks: u32, ports: u32) -> Option<u32> {
    (1..=uplinks)
        .filter(|above| uplinks.is_multiple_of(*above))
        .find(|above| u64::from(below) * u64::from(uplinks / above) <= u64::from(ports))
}
