//! What the switches of a fabric draw: those of the units that have racks, and those above them.

use std::collections::BTreeSet;

use rackwright_fabric::topology::Topology;
use rackwright_fabric::tree::{Size, SizeError};

use crate::model::Model;

/// The units of one fabric and its switch.
#[derive(Debug)]
pub(crate) struct FabricDraw {
    /// Its number in the model.
    pub fabric: usize,
    /// The rack groups of the site that each unit has nodes of, each pair once; none for hosts that no rack holds.
    units: BTreeSet<(Option<usize>, u32)>,
    /// The topology and the watts of a switch.
    model: Result<(Topology, u64), Uncounted>,
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
    /// There is no such topology.
    NoTopology(SizeError),
}

impl FabricDraw {
    pub fn new(model: &Model<'_>, fabric: usize) -> Self {
        let seats = model.seats[fabric].as_ref();
        let racks = seats.into_iter().flat_map(|seats| {
            seats.racks.iter().flat_map(|rack| {
                let group = model.site.racks[rack.rack as usize].group.group as usize;
                seats.units_of(rack).map(move |unit| (Some(group), unit))
            })
        });
        let hosts = seats.into_iter().flat_map(|seats| {
            let units = seats.hosts.iter().map(|host| host.seat / seats.per_unit);
            units.map(|unit| (None, unit))
        });
        Self {
            fabric,
            units: racks.chain(hosts).collect(),
            model: topology(model, fabric),
        }
    }

    /// The switches of the units that have nodes of these groups. No nodes need none, whatever the switch.
    pub fn switches(&self, groups: &[usize]) -> SwitchDraw {
        let groups: BTreeSet<usize> = groups.iter().copied().collect();
        let here = self.units.iter();
        let here = here.filter(|(group, _)| group.is_none_or(|group| groups.contains(&group)));
        let units: BTreeSet<u32> = here.map(|(_, unit)| *unit).collect();
        let count = match &self.model {
            _ if units.is_empty() => Ok((Size::default(), 0)),
            Err(reason) => Err(reason.clone()),
            Ok((topology, watts)) => Ok((topology.size_of(&units), *watts)),
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

fn topology(model: &Model<'_>, fabric: usize) -> Result<(Topology, u64), Uncounted> {
    let wished = &model.fabrics[fabric].spec.topology;
    let name = wished.switch.as_ref().ok_or(Uncounted::NoModel)?;
    let seats = model.seats[fabric].as_ref();
    let unknown = || Uncounted::UnknownModel(name.to_string());
    let switch = seats.and_then(|seats| model.views[seats.site].switches.get(name.as_str()));
    let watts = switch.ok_or_else(unknown)?.max_power_watts.as_ref();
    let watts = watts.ok_or_else(|| Uncounted::UnknownPower(name.to_string()))?;
    let topology = seats
        .and_then(|seats| seats.topology.as_ref())
        .ok_or_else(unknown)?;
    let topology = topology.as_ref().map_err(|error| Uncounted::NoTopology(*error))?;
    Ok((*topology, u64::from(watts.value)))
}
