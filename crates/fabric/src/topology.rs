//! The topologies that there are, as one.

use std::collections::BTreeSet;

use crate::dragonfly::DragonflyPlus;
use crate::leaves::Leaves;
use crate::tree::{LeafPort, Shape, Size, SizeError, Switch, Tree, Uplink};

/// Which topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Leaves, spines and, above the radix, cores.
    FatTree,
    /// Groups of leaves and spines, each joined with each other.
    DragonflyPlus,
}

/// A topology: one subnet, or one of several equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// A fat tree.
    Tree(Tree),
    /// A dragonfly+.
    DragonflyPlus(DragonflyPlus),
}

impl From<Tree> for Topology {
    fn from(tree: Tree) -> Self {
        Self::Tree(tree)
    }
}

impl From<DragonflyPlus> for Topology {
    fn from(dragonfly: DragonflyPlus) -> Self {
        Self::DragonflyPlus(dragonfly)
    }
}

impl Topology {
    /// The topology of a shape.
    ///
    /// # Errors
    /// Where there is none.
    pub fn new(form: Form, shape: &Shape) -> Result<Self, SizeError> {
        Ok(match form {
            Form::FatTree => Tree::new(shape)?.into(),
            Form::DragonflyPlus => DragonflyPlus::new(shape)?.into(),
        })
    }

    /// The leaves, which every topology has alike.
    fn lowest(&self) -> &Leaves {
        match self {
            Self::Tree(tree) => tree.lowest(),
            Self::DragonflyPlus(dragonfly) => dragonfly.lowest(),
        }
    }

    /// What it was built for.
    pub fn shape(&self) -> &Shape {
        self.lowest().shape()
    }

    /// Scalable units; of a dragonfly+ its groups.
    pub fn units(&self) -> u32 {
        self.lowest().units()
    }

    /// Nodes of one unit.
    pub fn nodes_per_unit(&self) -> u32 {
        self.lowest().nodes_per_unit()
    }

    /// Equal subnets.
    pub fn subnets(&self) -> u32 {
        self.lowest().subnets()
    }

    /// Leaves of one subnet.
    pub fn leaves(&self) -> u32 {
        self.lowest().count()
    }

    /// Spines of one subnet.
    pub fn spines(&self) -> u32 {
        match self {
            Self::Tree(tree) => tree.spines(),
            Self::DragonflyPlus(dragonfly) => dragonfly.spines(),
        }
    }

    /// Cores of one subnet.
    pub fn cores(&self) -> u32 {
        match self {
            Self::Tree(tree) => tree.cores(),
            Self::DragonflyPlus(_) => 0,
        }
    }

    /// The switches of one subnet: leaves, then spines, then cores.
    pub fn switches(&self) -> impl Iterator<Item = Switch> {
        let leaves = (0..self.leaves()).map(Switch::Leaf);
        let spines = (0..self.spines()).map(Switch::Spine);
        leaves.chain(spines).chain((0..self.cores()).map(Switch::Core))
    }

    /// Whether a switch is of the highest level.
    pub fn is_root(&self, switch: Switch) -> bool {
        match self {
            Self::Tree(tree) => tree.is_root(switch),
            Self::DragonflyPlus(dragonfly) => dragonfly.is_root(switch),
        }
    }

    /// Counts over all subnets.
    pub fn size(&self) -> Size {
        match self {
            Self::Tree(tree) => tree.size(),
            Self::DragonflyPlus(dragonfly) => dragonfly.size(),
        }
    }

    /// Counts over all subnets where only these units are built.
    pub fn size_of(&self, units: &BTreeSet<u32>) -> Size {
        match self {
            Self::Tree(tree) => tree.size_of(units),
            Self::DragonflyPlus(dragonfly) => dragonfly.size_of(units),
        }
    }

    /// Where HCA `rail` of the node at `seat` ends; none outside. Seats are counted over all units.
    pub fn leaf_port(&self, seat: u32, rail: u32) -> Option<LeafPort> {
        self.lowest().port(seat, rail)
    }

    /// The scalable unit of a leaf.
    pub fn unit_of(&self, leaf: u32) -> u32 {
        self.lowest().unit_of(leaf)
    }

    /// Nodes in a row that end at the same leaves, counted from the first seat of a unit; the last ones of a unit may be
    /// fewer. With rails, nodes that share one leaf share all of theirs. Where HCAs are packed and those of one node end at
    /// two leaves, these two count as one.
    pub fn nodes_per_leaf(&self) -> u32 {
        self.lowest().nodes_per_leaf()
    }

    /// The cables between switches of one subnet, from below.
    pub fn uplinks(&self) -> Box<dyn Iterator<Item = Uplink> + '_> {
        match self {
            Self::Tree(tree) => Box::new(tree.uplinks()),
            Self::DragonflyPlus(dragonfly) => Box::new(dragonfly.uplinks()),
        }
    }

    /// The name of a switch, unique in the fabric.
    pub fn name(&self, subnet: u32, switch: Switch) -> String {
        match self {
            Self::Tree(tree) => tree.name(subnet, switch),
            Self::DragonflyPlus(dragonfly) => dragonfly.name(subnet, switch),
        }
    }

    /// OpenSM's engine for it. On a dragonfly+ `minhop`, `updn`, `sssp` and `dfsssp` of OpenSM 3.3.23 take the shortest way
    /// everywhere; `dfsssp` is the one that stays free of credit loops, by virtual lanes, when cables between groups are
    /// missing and ways get longer. `lash` leaves cables idle and `nue` takes longer ways.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Tree(_) => "ftree",
            Self::DragonflyPlus(_) => "dfsssp",
        }
    }
}
