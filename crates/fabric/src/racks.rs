//! Which rack each switch stands in, and at which rack unit.

use std::collections::BTreeMap;

use crate::topology::Topology;
use crate::tree::Switch;

/// Racks that switches of one level stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchRacks {
    /// The racks, in the order in which they are filled.
    pub racks: Vec<String>,
    /// Switches of one rack.
    pub per_rack: u32,
    /// The rack unit that the first switch of a rack begins at, where it is known.
    pub rack_unit: Option<u16>,
    /// Rack units of one switch.
    pub height: u16,
}

/// Levels of switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nodes are plugged into these.
    Leaf,
    /// Above the leaves.
    Spine,
    /// Above the spines.
    Core,
}

/// The racks of each level, filled one after the other.
pub type Racks = BTreeMap<Level, Vec<SwitchRacks>>;

/// Where a switch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its rack.
    pub rack: &'a str,
    /// The lowest rack unit that it takes.
    pub rack_unit: Option<u16>,
}

/// The place of a switch; none where its level has no racks, or too few. Leaves are counted by unit and then by subnet, so
/// that those of one unit stand together and a further unit moves none; spines and cores by subnet and number.
pub fn place<'a>(racks: &'a Racks, topology: &Topology, subnet: u32, switch: Switch) -> Option<Place<'a>> {
    let (level, number) = match switch {
        Switch::Leaf(leaf) => {
            let of_unit = topology.leaves().checked_div(topology.units())?;
            let unit = topology.unit_of(leaf);
            let place = (unit * topology.subnets() + subnet) * of_unit + leaf % of_unit;
            (Level::Leaf, place)
        }
        Switch::Spine(spine) => (Level::Spine, subnet * topology.spines() + spine),
        Switch::Core(core) => (Level::Core, subnet * topology.cores() + core),
    };
    let mut number = number;
    for group in racks.get(&level)? {
        let places = group.racks.len() as u32 * group.per_rack;
        if number >= places {
            number -= places;
            continue;
        }
        let (rack, of_rack) = (number / group.per_rack, number % group.per_rack);
        return Some(Place {
            rack: group.racks.get(rack as usize)?,
            rack_unit: group.rack_unit.map(|first| first + of_rack as u16 * group.height),
        });
    }
    None
}
