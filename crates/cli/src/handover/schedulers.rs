//! Where nodes are near one another: labels of nodes, Kueue's objects, Slurm's files and `nccl.conf`, from the compute fabrics.
//!
//! A node has one place. Where two compute fabrics have it, the first by name says which, and a note tells.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::labels::POOL;
use rackwright_api::{Name, Plane};
use rackwright_fabric::design::Design;
use rackwright_fabric::schedulers::kueue::{self, ResourceFlavor};
use rackwright_fabric::schedulers::nccl::CrossNic;
use rackwright_fabric::schedulers::slurm::{self, Entry};
use rackwright_fabric::schedulers::{Hierarchy, Keys, Level, labels};
use rackwright_planner::fabric::{PlannedFabric, fabrics};
use rackwright_planner::{Kind, ObjectRef};
use serde_json::Value;

use super::nodes::NodeLabels;
use super::{File, Note, Parts, nccl, text, yaml};
use crate::args::{LabelKeys, SchedulerOptions};
use crate::verbs::VerbError;

/// What schedulers are told.
#[derive(Default)]
pub(super) struct Told<'a> {
    pub files: Vec<File<'a>>,
    pub notes: Vec<Note>,
    /// Labels by node.
    pub labels: NodeLabels,
}

/// A fabric with those of its nodes that are in the plan.
struct Placed<'a> {
    options: &'a SchedulerOptions,
    fabric: PlannedFabric,
    design: Design,
    /// Levels that have labels, the widest first.
    levels: Vec<Level>,
    /// The fabric itself, and those levels.
    hierarchy: Hierarchy,
}

/// All of it, fabric by fabric.
pub(super) fn told<'a>(parts: &Parts<'_>, options: &SchedulerOptions) -> Result<Told<'a>, VerbError> {
    let mut told = Told::default();
    let (mut topologies, mut flavours) = (Vec::new(), Vec::new());
    let mut taken: BTreeSet<Box<str>> = BTreeSet::new();
    let mut switches: BTreeMap<Name, CrossNic> = BTreeMap::new();
    for (name, fabric) in fabrics(&parts.outcome.input, None) {
        let refused = ObjectRef::new(Kind::InfiniBandFabric, &name);
        if parts.outcome.refused.contains(&refused) {
            continue;
        }
        let mut note = |text: String| {
            told.notes.push(Note {
                object: format!("InfiniBandFabric/{name}"),
                text,
            });
        };
        let fabric = match fabric {
            Ok(fabric) => fabric,
            Err(why) => {
                if of_compute(parts, &name) {
                    note(format!("schedulers are told nothing of it: {why}"));
                }
                continue;
            }
        };
        if fabric.spec.plane != Plane::Compute {
            continue;
        }
        let Some(placed) = placed(parts, options, fabric, &taken, &mut note)? else {
            continue;
        };
        taken.extend(placed.hierarchy.nodes().iter().map(|node| node.name.clone()));
        switches.insert(name.clone(), CrossNic::of(&placed.design));
        placed.slurm(&mut told.files, &mut note);
        if let Some(keys) = placed.keys() {
            match labels(&placed.hierarchy, &keys) {
                Ok(all) => {
                    let all = all.into_iter().map(|(node, labels)| (node.into(), labels));
                    told.labels.extend(all);
                    placed.kueue(&keys, parts, &mut topologies, &mut flavours)?;
                }
                // Kueue would leave them out in silence.
                Err(why) => note(format!(
                    "its nodes get no labels, and Kueue is told nothing: {why}"
                )),
            }
        }
    }
    told.files
        .push(yaml("kueue/topologies.yaml", "Topology", "Kueue", topologies));
    told.files.push(yaml(
        "kueue/resourceflavors.yaml",
        "ResourceFlavor",
        "Kueue",
        flavours,
    ));
    let (files, notes) = nccl::files(parts, options, &switches)?;
    told.files.extend(files);
    told.notes.extend(notes);
    Ok(told)
}

/// Whether a fabric without a design is one of compute, with nodes in the plan.
fn of_compute(parts: &Parts<'_>, name: &Name) -> bool {
    parts.pools().any(|pool| {
        let mut rails = pool.plan.profile.rails.iter();
        rails.any(|rail| rail.fabric == *name && rail.plane == Plane::Compute)
    })
}

/// A fabric with its nodes of the plan, but for those that another fabric has placed; none where no node is left.
fn placed<'a>(
    parts: &Parts<'_>,
    options: &'a SchedulerOptions,
    mut fabric: PlannedFabric,
    taken: &BTreeSet<Box<str>>,
    note: &mut impl FnMut(String),
) -> Result<Option<Placed<'a>>, VerbError> {
    let mut nodes = std::mem::take(&mut fabric.nodes);
    nodes.retain(|node| parts.outcome.compilation.plan.node(&node.name).is_some());
    let all = nodes.len();
    nodes.retain(|node| !taken.contains(&node.name));
    if nodes.len() < all {
        note(format!(
            "{} of its {all} nodes are in another compute fabric too, and schedulers are told their place in that one",
            all - nodes.len()
        ));
    }
    if nodes.is_empty() {
        return Ok(None);
    }
    let cannot = |why: &dyn std::fmt::Display| VerbError::Usage(format!("fabric {}: {why}", fabric.name));
    let design = Design::new(fabric.topology, nodes, BTreeMap::new()).map_err(|why| cannot(&why))?;
    let name = fabric.name.as_str();
    let (levels, hierarchy) = if let Some(levels) = options.levels() {
        let hierarchy = Hierarchy::new(&design, name, &with_fabric(&levels)).map_err(|why| cannot(&why))?;
        (levels, hierarchy)
    } else {
        let wanted = default_levels(&fabric, &options.topology_keys);
        let (hierarchy, missing) = Hierarchy::deepest(&design, name, &wanted).map_err(|why| cannot(&why))?;
        for why in missing {
            note(format!("a level of its topology is left out: {why}"));
        }
        (hierarchy.levels().to_vec(), hierarchy)
    };
    Ok(Some(Placed {
        options,
        fabric,
        design,
        levels,
        hierarchy,
    }))
}

/// The levels that a fabric may have. They follow from its design, not from who is there: Kueue's levels cannot change later.
fn default_levels(fabric: &PlannedFabric, keys: &LabelKeys) -> Vec<Level> {
    let mut levels = vec![Level::Fabric];
    if fabric.topology.cores() > 0 {
        levels.push(Level::Pod);
    }
    levels.push(Level::Unit);
    // To topograph a tier is a switch; a rack that is no NVLink domain is none.
    if fabric.nvlink_racks || !matches!(keys, LabelKeys::Topograph) {
        levels.push(Level::Rack);
    }
    levels
}

/// Slurm's trees have one root.
fn with_fabric(levels: &[Level]) -> Vec<Level> {
    let below = levels.iter().copied().filter(|level| *level != Level::Fabric);
    std::iter::once(Level::Fabric).chain(below).collect()
}

impl Placed<'_> {
    /// The label of each level; none where nodes get none.
    fn keys(&self) -> Option<Keys> {
        match &self.options.topology_keys {
            LabelKeys::None => None,
            LabelKeys::Rackwright => Some(Keys::plain(&self.levels)),
            LabelKeys::Topograph => {
                let accelerator = self.fabric.nvlink_racks && self.levels.contains(&Level::Rack);
                Some(Keys::topograph(&self.levels, accelerator.then_some(Level::Rack)))
            }
            LabelKeys::Own(keys) => Some(keys.clone()),
        }
    }

    /// A Topology of the fabric, and a ResourceFlavor of each of its pools.
    fn kueue(
        &self,
        keys: &Keys,
        parts: &Parts<'_>,
        topologies: &mut Vec<Result<Value, VerbError>>,
        flavours: &mut Vec<Result<Value, VerbError>>,
    ) -> Result<(), VerbError> {
        let version = self.options.kueue.into();
        let cannot = |why: kueue::KueueError| VerbError::Usage(format!("Kueue: {why}"));
        let topology =
            kueue::Topology::new(version, self.fabric.name.as_str(), keys, true).map_err(cannot)?;
        let pools = self.fabric.pools.iter();
        for pool in pools.filter(|pool| parts.pools.contains_key(pool)) {
            let labels = BTreeMap::from([(POOL.to_owned(), pool.to_string())]);
            let flavour =
                ResourceFlavor::new(version, pool.as_str(), Some(&topology), labels).map_err(cannot)?;
            flavours.push(Ok(serde_json::to_value(flavour)?));
        }
        topologies.push(Ok(serde_json::to_value(topology)?));
        Ok(())
    }

    /// Slurm's files: a tree of all levels, and blocks of the closest domains that mean something.
    fn slurm(&self, files: &mut Vec<File<'_>>, note: &mut impl FnMut(String)) {
        let tree = slurm::Topology::tree(&self.hierarchy);
        let blocks = slurm::Topology::block(&self.hierarchy, self.block_level(), None);
        let mut topologies = Vec::new();
        for (form, topology) in [("tree", tree), ("block", blocks)] {
            match topology.and_then(|topology| Ok((slurm::conf(&topology)?, topology))) {
                Ok((conf, topology)) => {
                    files.push(text(
                        format!("slurm/{}/topology-{form}.conf", self.fabric.name),
                        "topology.conf",
                        "slurmctld",
                        conf,
                    ));
                    topologies.push((form, topology));
                }
                Err(why) => note(format!("Slurm's {form} is left out: {why}")),
            }
        }
        let entries = topologies.iter().zip(0..).map(|((name, topology), place)| Entry {
            name,
            cluster_default: place == 0,
            topology,
        });
        let entries: Vec<Entry<'_>> = entries.collect();
        if entries.is_empty() {
            return;
        }
        match slurm::yaml(&entries) {
            Ok(yaml) => files.push(text(
                format!("slurm/{}/topology.yaml", self.fabric.name),
                "topology.yaml",
                "slurmctld from 25.05 on",
                yaml,
            )),
            Err(why) => note(format!("Slurm's topology.yaml is left out: {why}")),
        }
    }

    /// NVLink domains, else units, else the closest level that there is.
    fn block_level(&self) -> Level {
        let has = |level: Level| self.hierarchy.levels().contains(&level);
        if self.fabric.nvlink_racks && has(Level::Rack) {
            Level::Rack
        } else if has(Level::Unit) {
            Level::Unit
        } else {
            self.hierarchy.levels().last().copied().unwrap_or(Level::Fabric)
        }
    }
}
