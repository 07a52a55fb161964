//! Dragonfly+: groups of leaves and spines, and cables between the spines of each pair of groups.
//!
//! A group is a scalable unit: every leaf of it has equally many cables to every spine of it, by the rule of equal bundles,
//! and a spine has as many ports for other groups as for its leaves. Each pair of groups is joined by equally many cables,
//! so that two nodes of different groups are five cables apart: one path with one cable between groups never waits for
//! another such path, which keeps it free of credit loops on a single virtual lane.
//!
//! Source of the shape: Shpiner and others, "Dragonfly+: Low Cost Topology for Scaling Datacenters", HiPINEB 2017. With
//! radix *k* and the largest groups, of *k/2* leaves, there are at most *(k/2)² + 1* groups and *(k/2)²* ports for nodes in
//! each: 1,049,600 for 64 ports.
//!
//! It is designed for a number of groups and may be built group by group: which port a cable between two groups ends at
//! depends on those two and on the number designed for, not on who is there.

use std::collections::BTreeSet;

use crate::leaves::Leaves;
use crate::tree::{Shape, Size, SizeError, Switch, Uplink, equal_bundles};

/// A dragonfly+: one subnet, or one of several equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DragonflyPlus {
    leaves: Leaves,
    /// Spines of one group.
    spines_of_group: u32,
    /// Cables between a leaf and a spine of its group.
    bundle: u32,
    /// Cables between two groups.
    global: u32,
}

impl DragonflyPlus {
    /// The dragonfly+ of a shape: a group is a unit, and it is designed for as many groups as the nodes fill.
    ///
    /// # Errors
    /// Where a leaf has no port for a node, a spine has too few for its group's leaves, or a group has fewer cables than
    /// there are other groups.
    pub fn new(shape: &Shape) -> Result<Self, SizeError> {
        let leaves = Leaves::new(shape)?;
        let (of_group, half) = (leaves.of_unit(), shape.radix / 2);
        let spines_of_group = equal_bundles(of_group, leaves.uplinks(), half);
        let spines_of_group = spines_of_group.ok_or(SizeError::GroupTooLarge {
            leaves: of_group,
            most: half,
        })?;
        let bundle = leaves.uplinks() / spines_of_group;
        // A spine passes on as much as it takes in.
        let cables = of_group * bundle * spines_of_group;
        let groups = leaves.units();
        let others = groups.saturating_sub(1);
        if others > cables {
            return Err(SizeError::TooManyGroups {
                groups,
                most: cables + 1,
                cables,
            });
        }
        Ok(Self {
            leaves,
            spines_of_group,
            bundle,
            global: cables.checked_div(others).unwrap_or(0),
        })
    }

    /// Its leaves.
    pub(crate) fn lowest(&self) -> &Leaves {
        &self.leaves
    }

    /// Groups.
    pub fn groups(&self) -> u32 {
        self.leaves.units()
    }

    /// Cables between two groups.
    pub fn cables_of_pair(&self) -> u32 {
        self.global
    }

    /// Leaves of one subnet.
    pub fn leaves(&self) -> u32 {
        self.leaves.count()
    }

    /// Spines of one subnet.
    pub fn spines(&self) -> u32 {
        self.groups().saturating_mul(self.spines_of_group)
    }

    /// The switches of the highest level: all spines.
    pub fn is_root(&self, switch: Switch) -> bool {
        matches!(switch, Switch::Spine(_))
    }

    /// Counts over all subnets.
    pub fn size(&self) -> Size {
        self.built(self.groups())
    }

    /// Counts over all subnets where only these groups are built, and the cables between them.
    pub fn size_of(&self, groups: &BTreeSet<u32>) -> Size {
        self.built(groups.len() as u32)
    }

    fn built(&self, groups: u32) -> Size {
        let subnets = self.leaves.subnets();
        let all = |each: u32| u64::from(each) * u64::from(subnets);
        let leaves = groups * self.leaves.of_unit();
        let pairs = u64::from(groups) * u64::from(groups.saturating_sub(1)) / 2;
        Size {
            units: groups,
            leaves: leaves * subnets,
            spines: groups * self.spines_of_group * subnets,
            cores: 0,
            node_links: self.leaves.node_links(groups),
            leaf_spine_links: all(leaves) * u64::from(self.leaves.uplinks()),
            spine_core_links: 0,
            global_links: pairs * all(self.global),
        }
    }

    /// The cables between switches of one subnet: those of all leaves, then those between groups, the lower group first.
    pub fn uplinks(&self) -> impl Iterator<Item = Uplink> {
        let ups = self.leaves.uplinks();
        let leaves =
            (0..self.leaves()).flat_map(move |leaf| (0..ups).map(move |up| self.leaf_uplink(leaf, up)));
        let groups = self.groups();
        let pairs = (0..groups).flat_map(move |low| (low + 1..groups).map(move |high| (low, high)));
        let global = pairs.flat_map(move |(low, high)| {
            (0..self.global).map(move |cable| Uplink {
                lower: self.global_port(low, high, cable),
                upper: self.global_port(high, low, cable),
            })
        });
        leaves.chain(global)
    }

    fn leaf_uplink(&self, leaf: u32, up: u32) -> Uplink {
        let of_group = leaf % self.leaves.of_unit();
        let spine = self.leaves.unit_of(leaf) * self.spines_of_group + up / self.bundle;
        Uplink {
            lower: (Switch::Leaf(leaf), self.leaves.up_port(up)),
            upper: (
                Switch::Spine(spine),
                (of_group * self.bundle + up % self.bundle + 1) as u16,
            ),
        }
    }

    /// The end in `group` of a cable to another one. A group counts its cables by the other group, and deals them out to its
    /// spines in turn: spines have equally many or one more, and those to one group end at as many spines as they can.
    fn global_port(&self, group: u32, other: u32, cable: u32) -> (Switch, u16) {
        let place = if other < group { other } else { other - 1 };
        let number = place * self.global + cable;
        let spine = group * self.spines_of_group + number % self.spines_of_group;
        let port = self.leaves.shape().radix / 2 + number / self.spines_of_group + 1;
        (Switch::Spine(spine), port as u16)
    }

    /// The name of a switch, unique in the fabric: `g01-r0-l01`, `g01-s01`.
    pub fn name(&self, subnet: u32, switch: Switch) -> String {
        match switch {
            Switch::Leaf(leaf) => self.leaves.name("g", subnet, leaf),
            Switch::Spine(number) | Switch::Core(number) => {
                let (group, spine) = (number / self.spines_of_group, number % self.spines_of_group);
                format!("{}g{:02}-s{:02}", self.leaves.rail(subnet), group + 1, spine + 1)
            }
        }
    }
}
