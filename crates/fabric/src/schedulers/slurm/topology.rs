//! A topology as Slurm has it.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{SlurmError, check};
use crate::schedulers::hierarchy::{Hierarchy, Level};

/// The highest power of two that a block size may be of the base (`block_record.c`, `MAX_BLOCK_LEVELS` is 16).
const MAX_POWER: u32 = 15;

/// Switches, or blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topology {
    /// `topology/tree`: from the leaves up.
    Tree(Vec<Switch>),
    /// `topology/block`: blocks in the order in which neighbours are near, and sizes of them that jobs get whole.
    Block {
        /// The blocks.
        blocks: Vec<Block>,
        /// The base, and powers of two of it.
        sizes: Vec<u32>,
    },
}

/// A switch, or what stands for several: with rails, a unit stands for its leaves, since Slurm knows one leaf a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Its name.
    pub name: Box<str>,
    /// The switches below it.
    pub children: Vec<Box<str>>,
    /// The nodes at it, where it is a leaf.
    pub nodes: Vec<Box<str>>,
}

/// Nodes that are near one another, such as an NVLink domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its name.
    pub name: Box<str>,
    /// Its nodes.
    pub nodes: Vec<Box<str>>,
}

impl Topology {
    /// A tree of all levels of a hierarchy. The widest has one domain, so that jobs may span all nodes.
    ///
    /// # Errors
    /// Where Slurm cannot hold it.
    pub fn tree(hierarchy: &Hierarchy) -> Result<Self, SlurmError> {
        let Some(first) = hierarchy.nodes().first() else {
            return Err(SlurmError::Empty);
        };
        let Some(root) = first.domains.first() else {
            return Err(SlurmError::NoLevel);
        };
        let other = hierarchy.nodes().iter().find(|node| node.domains[0] != *root);
        if let Some(other) = other {
            return Err(SlurmError::NoRoot(root.clone(), other.domains[0].clone()));
        }
        let mut switches = Vec::new();
        for place in (0..hierarchy.levels().len()).rev() {
            switches.extend(switches_of(hierarchy, place));
        }
        unique(switches.iter().map(|switch| &switch.name))?;
        for node in hierarchy.nodes() {
            check(&node.name)?;
        }
        Ok(Self::Tree(switches))
    }

    /// A block for each domain of a level. Without sizes they are those of [`block_sizes`].
    ///
    /// # Errors
    /// Where Slurm cannot hold it.
    pub fn block(hierarchy: &Hierarchy, level: Level, sizes: Option<Vec<u32>>) -> Result<Self, SlurmError> {
        if hierarchy.nodes().is_empty() {
            return Err(SlurmError::Empty);
        }
        let Some(place) = hierarchy.levels().iter().position(|other| *other == level) else {
            return Err(SlurmError::NoLevel);
        };
        let mut blocks: Vec<Block> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for node in hierarchy.nodes() {
            check(&node.name)?;
            let name = &node.domains[place];
            let at = *known.entry(name).or_insert_with(|| {
                blocks.push(Block {
                    name: name.clone(),
                    nodes: Vec::new(),
                });
                blocks.len() - 1
            });
            blocks[at].nodes.push(node.name.clone());
        }
        unique(blocks.iter().map(|block| &block.name))?;
        let lengths: Vec<usize> = blocks.iter().map(|block| block.nodes.len()).collect();
        let sizes = sizes.unwrap_or_else(|| block_sizes(&lengths));
        let [base, more @ ..] = sizes.as_slice() else {
            return Err(SlurmError::Sizes(sizes));
        };
        let is_size = |size: &u32| {
            let times = size
                .checked_div(*base)
                .filter(|_| size.is_multiple_of((*base).max(1)));
            times.is_some_and(|times| times.is_power_of_two() && times.ilog2() <= MAX_POWER)
        };
        let rise = sizes.windows(2).all(|pair| pair[0] < pair[1]);
        if *base == 0 || !rise || !more.iter().all(is_size) {
            return Err(SlurmError::Sizes(sizes));
        }
        if let Some(block) = blocks.iter().find(|block| block.nodes.len() < *base as usize) {
            return Err(SlurmError::Small {
                block: block.name.clone(),
                nodes: block.nodes.len(),
                base: *base,
            });
        }
        Ok(Self::Block { blocks, sizes })
    }
}

/// The sizes that topograph infers (NVIDIA/topograph e2b6250, `docs/engines/slurm.md`): the smallest block, doubled as long
/// as there are blocks enough.
pub fn block_sizes(blocks: &[usize]) -> Vec<u32> {
    let Some(smallest) = blocks.iter().min().and_then(|least| u32::try_from(*least).ok()) else {
        return Vec::new();
    };
    let most = blocks.len().ilog2().min(MAX_POWER);
    (0..=most)
        .filter_map(|power| smallest.checked_mul(1 << power))
        .collect()
}

/// The switches of a level, in the order of seats, with what is below them.
fn switches_of(hierarchy: &Hierarchy, place: usize) -> Vec<Switch> {
    let closest = place + 1 == hierarchy.levels().len();
    let mut switches: Vec<Switch> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for node in hierarchy.nodes() {
        let name = &node.domains[place];
        let at = *known.entry(name).or_insert_with(|| {
            switches.push(Switch {
                name: name.clone(),
                children: Vec::new(),
                nodes: Vec::new(),
            });
            switches.len() - 1
        });
        if closest {
            switches[at].nodes.push(node.name.clone());
        } else if seen.insert(&node.domains[place + 1]) {
            switches[at].children.push(node.domains[place + 1].clone());
        }
    }
    switches
}

/// Names that Slurm takes, each once.
fn unique<'a>(names: impl Iterator<Item = &'a Box<str>>) -> Result<(), SlurmError> {
    let mut seen = BTreeSet::new();
    for name in names {
        check(name)?;
        if !seen.insert(name) {
            return Err(SlurmError::SameName(name.clone()));
        }
    }
    Ok(())
}
