//! Pictures of a fabric, in its folder `pictures`.

use std::collections::BTreeSet;

use rackwright_fabric::design::Design;
use rackwright_fabric::picture::{Picture, Pictures, dot, svg};
use rackwright_planner::fabric::PlannedFabric;
use serde::Serialize;

use super::super::VerbError;
use super::files::File;
use crate::args::FabricRender;

/// Units that are drawn one by one without being asked for. Of a larger fabric the first is drawn: the others look alike,
/// and hundreds of files help nobody to find one.
const MOST_UNITS: usize = 64;

/// Which units and nodes are drawn.
pub struct Wanted<'a> {
    /// Units, counted from 1; none: all, or the first where there are many.
    units: &'a [u32],
    /// Nodes; none: the first.
    nodes: &'a [String],
}

/// What is drawn of a fabric.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drawn {
    fabric: String,
    nodes: Vec<String>,
    units: usize,
    /// Units that have nodes and no picture.
    units_left_out: usize,
}

impl Drawn {
    /// What is left out, and how to get it.
    pub fn note(&self) -> Option<String> {
        let Self {
            fabric,
            nodes: _,
            units,
            units_left_out,
        } = self;
        (*units_left_out > 0).then(|| {
            format!(
                "note: fabric {fabric}: {units} of {} units drawn; for another one add --unit NUMBER\n",
                units + units_left_out
            )
        })
    }
}

impl<'a> Wanted<'a> {
    /// What the command line asks for, in one of these fabrics at least.
    pub fn new(args: &'a FabricRender, fabrics: &[PlannedFabric]) -> Result<Self, VerbError> {
        let FabricRender { units, nodes, .. } = args;
        let unit_is_there = |number: u32| {
            fabrics.iter().any(|fabric| {
                let per_unit = fabric.topology.nodes_per_unit();
                let mut seats = fabric.nodes.iter().map(|node| node.seat);
                seats.any(|seat| Some(seat / per_unit) == number.checked_sub(1))
            })
        };
        if let Some(number) = units.iter().find(|number| !unit_is_there(**number)) {
            return Err(VerbError::Unknown(format!(
                "--unit {number}: no fabric that is rendered has a node in this unit; they are counted from 1"
            )));
        }
        let node_is_there = |name: &str| {
            let mut all = fabrics.iter().flat_map(|fabric| &fabric.nodes);
            all.any(|node| &*node.name == name)
        };
        if let Some(name) = nodes.iter().find(|name| !node_is_there(name)) {
            return Err(VerbError::Unknown(format!(
                "--node {name}: no fabric that is rendered has this node"
            )));
        }
        Ok(Self { units, nodes })
    }

    /// The files of a fabric, and what they show.
    pub fn files(&self, fabric: &str, design: &Design) -> (Vec<File>, Drawn) {
        let pictures = Pictures::new(design, fabric);
        let there: BTreeSet<u32> = pictures.units().collect();
        let units: BTreeSet<u32> = match self.units {
            [] if there.len() <= MOST_UNITS => there.clone(),
            [] => there.first().copied().into_iter().collect(),
            asked => {
                let asked = asked.iter().filter_map(|number| number.checked_sub(1));
                asked.filter(|unit| there.contains(unit)).collect()
            }
        };
        let first = design.nodes().first().map(|node| node.name.to_string());
        let asked: BTreeSet<String> = match self.nodes {
            [] => first.into_iter().collect(),
            nodes => nodes.iter().cloned().collect(),
        };
        let mut files = pair("fabric", &pictures.fabric()).to_vec();
        for (unit, picture) in units
            .iter()
            .filter_map(|unit| Some((unit, pictures.unit(*unit)?)))
        {
            files.extend(pair(&format!("unit-{:02}", unit + 1), &picture));
        }
        let mut nodes = Vec::new();
        for name in asked {
            if let Some(picture) = pictures.node(&name) {
                files.extend(pair(&format!("node-{name}"), &picture));
                nodes.push(name);
            }
        }
        let drawn = Drawn {
            fabric: fabric.to_owned(),
            nodes,
            units: units.len(),
            units_left_out: there.len() - units.len(),
        };
        (files, drawn)
    }
}

/// A picture in both languages.
fn pair(name: &str, picture: &Picture) -> [File; 2] {
    [
        (format!("{name}.dot"), dot(picture)),
        (format!("{name}.svg"), svg(picture)),
    ]
}
