//! Where each node is, from the widest domain to the closest.

use std::collections::BTreeMap;

use crate::design::Design;
use crate::graph::{Graph, Unit};

/// A level of domains, the widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The whole fabric: where two fabrics meet nowhere, no job spans them.
    Fabric,
    /// Units whose leaves have the same spines.
    Pod,
    /// A scalable unit. With rails its nodes share all their leaves, which schedulers that know one leaf a node cannot
    /// express; the unit stands for them.
    Unit,
    /// A rack: of NVL72 the NVLink domain.
    Rack,
}

/// Where nodes are. Domains of a level lie whole in one of the level above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    levels: Vec<Level>,
    nodes: Vec<Placed>,
}

/// A node and its domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its name.
    pub name: Box<str>,
    /// One for each level, the widest first.
    pub domains: Vec<Box<str>>,
}

/// Why there is no such hierarchy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HierarchyError {
    /// Levels in another order, or twice.
    #[error("levels go from the widest to the closest, each once: {0:?} comes after {1:?}")]
    Order(Level, Level),
    /// A fabric without spines.
    #[error("unit {0} has no spines above it, so it is in no pod: leave that level out")]
    NoPod(u32),
    /// A unit larger than a pod.
    #[error("the leaves of unit {0} are in several pods: leave that level out")]
    SeveralPods(u32),
    /// A node in no rack.
    #[error("node {0} is in no rack: the site must place it, or leave that level out")]
    NoRack(Box<str>),
    /// A domain that lies across two.
    #[error(
        "{level:?} {domain} is in {first} and in {second}: a scheduler's domains lie whole in one another. \
         Leave one of the levels out"
    )]
    Across {
        /// The closer level.
        level: Level,
        /// Its domain.
        domain: Box<str>,
        /// Where the first of its nodes is.
        first: Box<str>,
        /// Where another one is.
        second: Box<str>,
    },
    /// Two nodes with one name.
    #[error("two nodes are named {0}")]
    SameName(Box<str>),
}

impl Hierarchy {
    /// The nodes of a design, by seat, with their domains. Units and pods are named as their switches are.
    ///
    /// # Errors
    /// Where a level does not exist for a node, or domains do not lie in one another.
    pub fn new(design: &Design, fabric: &str, levels: &[Level]) -> Result<Self, HierarchyError> {
        for pair in levels.windows(2) {
            if let [wide, close] = pair
                && wide >= close
            {
                return Err(HierarchyError::Order(*close, *wide));
            }
        }
        let graph = Graph::new(design);
        let mut nodes: Vec<Option<Placed>> = vec![None; design.nodes().len()];
        for (&number, unit) in &graph.units {
            let pod = if levels.contains(&Level::Pod) {
                pod(&graph, number, unit)?
            } else {
                Box::default()
            };
            let name = match unit.leaves.first() {
                Some(leaf) => before(graph.name(leaf)),
                None => format!("su{:02}", number + 1).into(),
            };
            for &place in &unit.nodes {
                let seated = &design.nodes()[place];
                let domains = levels.iter().map(|level| match level {
                    Level::Fabric => Ok(fabric.into()),
                    Level::Pod => Ok(pod.clone()),
                    Level::Unit => Ok(name.clone()),
                    Level::Rack => {
                        let rack = seated.rack.clone();
                        rack.ok_or_else(|| HierarchyError::NoRack(seated.name.clone()))
                    }
                });
                nodes[place] = Some(Placed {
                    name: seated.name.clone(),
                    domains: domains.collect::<Result<_, _>>()?,
                });
            }
        }
        let hierarchy = Self {
            levels: levels.to_vec(),
            nodes: nodes.into_iter().flatten().collect(),
        };
        hierarchy.check()?;
        Ok(hierarchy)
    }

    /// As [`Self::new`], without the levels that are not there for every node, and why each of them is not.
    ///
    /// # Errors
    /// Where no level is at fault.
    pub fn deepest(
        design: &Design,
        fabric: &str,
        levels: &[Level],
    ) -> Result<(Self, Vec<HierarchyError>), HierarchyError> {
        let mut levels = levels.to_vec();
        let mut missing = Vec::new();
        loop {
            let error = match Self::new(design, fabric, &levels) {
                Ok(hierarchy) => return Ok((hierarchy, missing)),
                Err(error) => error,
            };
            let at_fault = match &error {
                HierarchyError::NoPod(_) | HierarchyError::SeveralPods(_) => Level::Pod,
                HierarchyError::NoRack(_) => Level::Rack,
                HierarchyError::Across { level, .. } => *level,
                HierarchyError::Order(..) | HierarchyError::SameName(_) => return Err(error),
            };
            levels.retain(|level| *level != at_fault);
            missing.push(error);
        }
    }

    /// Each domain lies in one of the level above, and each name is a node's.
    fn check(&self) -> Result<(), HierarchyError> {
        for (place, &level) in self.levels.iter().enumerate().skip(1) {
            let mut above: BTreeMap<&str, &[Box<str>]> = BTreeMap::new();
            for node in &self.nodes {
                let domain = &node.domains[place];
                let first = *above.entry(domain).or_insert(&node.domains[..place]);
                if first != &node.domains[..place] {
                    return Err(HierarchyError::Across {
                        level,
                        domain: domain.clone(),
                        first: first.join("/").into(),
                        second: node.domains[..place].join("/").into(),
                    });
                }
            }
        }
        let mut names: Vec<&str> = self.nodes.iter().map(|node| &*node.name).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(HierarchyError::SameName(pair[0].into())),
            None => Ok(()),
        }
    }

    /// Its levels, the widest first.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Its nodes, by seat.
    pub fn nodes(&self) -> &[Placed] {
        &self.nodes
    }
}

/// The one pod of a unit, named as its spines are; the rails of a unit whose subnets are disjoint are in equal ones.
fn pod(graph: &Graph, number: u32, unit: &Unit) -> Result<Box<str>, HierarchyError> {
    let mut pods: Vec<Box<str>> = Vec::new();
    for leaf in &unit.leaves {
        let subnet = &graph.subnets[leaf.subnet];
        for pod in subnet.pods_of(leaf.device) {
            let spine = subnet.pods[pod].spines.first();
            let name = spine.map_or("", |spine| subnet.name(*spine));
            let name = name.rsplit_once('-').map_or(name, |(pod, _)| pod);
            // Spines of disjoint rails begin with their rail.
            let name = name.rsplit_once('-').map_or(name, |(_, pod)| pod);
            pods.push(name.into());
        }
    }
    pods.dedup();
    match pods.as_slice() {
        [] => Err(HierarchyError::NoPod(number + 1)),
        [pod] => Ok(pod.clone()),
        _ => Err(HierarchyError::SeveralPods(number + 1)),
    }
}

/// What a switch's name begins with.
fn before(name: &str) -> Box<str> {
    name.split_once('-').map_or(name, |(unit, _)| unit).into()
}
