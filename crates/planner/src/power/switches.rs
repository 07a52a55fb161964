//! What the switches of a fabric draw: as many as the nodes that are plugged in need.

use rackwright_fabric::tree::{Shape, Size, SizeError, Spread, Tree};

use crate::model::Model;

/// The nodes of one fabric and its switch.
#[derive(Debug)]
pub(crate) struct FabricDraw {
    /// Its number in the model.
    pub fabric: usize,
    /// Nodes that are plugged in, by rack group of the site.
    pub by_group: Vec<u32>,
    /// Nodes that no rack holds.
    pub unplaced: u32,
    /// The tree without its nodes, and the watts of a switch.
    model: Result<(Shape, u64), Uncounted>,
}

/// Switches of one fabric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SwitchDraw {
    /// The fabric's number in the model.
    pub fabric: usize,
    /// How many, and the watts of one.
    pub count: Result<(Size, u64), Uncounted>,
}

/// Why the switches of a fabric are not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Uncounted {
    /// The fabric names no switch.
    NoModel,
    /// The catalogue does not know the switch.
    UnknownModel(String),
    /// The catalogue does not know the most that the switch draws.
    UnknownPower(String),
    /// There is no such tree.
    NoTree(SizeError),
}

impl FabricDraw {
    pub fn new(model: &Model<'_>, site: usize, fabric: usize) -> Self {
        Self {
            fabric,
            by_group: vec![0; model.superclusters[site].spec.racks.len()],
            unplaced: 0,
            model: tree(model, site, fabric),
        }
    }

    /// Nodes of these groups that are plugged in.
    pub fn nodes(&self, groups: &[usize]) -> u32 {
        self.unplaced + groups.iter().map(|&group| self.by_group[group]).sum::<u32>()
    }

    /// The switches that the nodes of these groups need. No nodes need none, whatever the switch.
    pub fn switches(&self, groups: &[usize]) -> SwitchDraw {
        let nodes = self.nodes(groups);
        let count = match &self.model {
            _ if nodes == 0 => Ok((Size::default(), 0)),
            Err(reason) => Err(reason.clone()),
            Ok((shape, watts)) => Tree::new(&Shape { nodes, ..*shape })
                .map(|tree| (tree.size(), *watts))
                .map_err(Uncounted::NoTree),
        };
        SwitchDraw {
            fabric: self.fabric,
            count,
        }
    }
}

impl SwitchDraw {
    /// What they draw.
    pub fn watts(&self) -> Option<u64> {
        let (size, watts) = self.count.as_ref().ok()?;
        Some(size.switches().saturating_mul(*watts))
    }
}

fn tree(model: &Model<'_>, site: usize, fabric: usize) -> Result<(Shape, u64), Uncounted> {
    let topology = &model.fabrics[fabric].spec.topology;
    let name = topology.switch.as_ref().ok_or(Uncounted::NoModel)?;
    let switch = model.views[site].switches.get(name.as_str());
    let switch = switch.ok_or_else(|| Uncounted::UnknownModel(name.to_string()))?;
    let watts = switch.max_power_watts.as_ref();
    let watts = watts.ok_or_else(|| Uncounted::UnknownPower(name.to_string()))?;
    let shape = Shape {
        nodes: 0,
        rails: u32::from(topology.rails),
        spread: match topology.rail_optimized {
            Some(false) => Spread::Packed,
            Some(true) | None => Spread::Rails,
        },
        nodes_per_unit: topology.nodes_per_unit.map(u32::from),
        radix: u32::from(switch.ports.value),
        oversubscription: topology.oversubscription.as_ref().map_or((1, 1), ratio),
    };
    Ok((shape, u64::from(watts.value)))
}

/// Down and up; the type's pattern has two numbers above zero.
fn ratio(ratio: &rackwright_api::Ratio) -> (u32, u32) {
    let (down, up) = ratio.as_str().split_once(':').unwrap_or(("1", "1"));
    (down.parse().unwrap_or(1), up.parse().unwrap_or(1))
}
