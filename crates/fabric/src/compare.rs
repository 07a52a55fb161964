//! Two cable schedules of one subnet: what is there and stays, what is new, and which cables have to move.
//!
//! The schedules are compared by the names of devices and their ports, so neither needs a GUID.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::cables::{Kind, Row};
use crate::check::{Cable, Move, Port, Step, Work, moves, sentence};
use crate::names::line;
use crate::network::{End, Link};

/// A cable as a schedule says it, `cables.json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scheduled {
    /// Rack of the lower end, empty where it is not known.
    pub from_rack: String,
    /// The lower end.
    pub from: String,
    /// Its port.
    pub from_port: u16,
    /// Rack of the upper end, empty where it is not known.
    pub to_rack: String,
    /// The upper end.
    pub to: String,
    /// Its port.
    pub to_port: u16,
    /// Whether a node or a switch is at the lower end.
    pub kind: Kind,
}

impl From<Row<'_>> for Scheduled {
    fn from(row: Row<'_>) -> Self {
        let Row {
            from_rack,
            from_unit: _,
            from,
            from_port,
            to_rack,
            to_unit: _,
            to,
            to_port,
            to_cage: _,
            kind,
        } = row;
        Self {
            from_rack: from_rack.to_owned(),
            from: from.to_owned(),
            from_port,
            to_rack: to_rack.to_owned(),
            to: to.to_owned(),
            to_port,
            kind,
        }
    }
}

/// What differs between two schedules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// Cables with both ends where they were.
    pub stay: u32,
    /// Cables to lay.
    pub new: u32,
    /// Cables to take out.
    pub gone: u32,
    /// Cables of which an end goes to another port.
    pub moved: u32,
    /// Devices that stood in another rack.
    pub relocated: Vec<Relocated>,
    /// All work on cables, in an order in which each end goes to a port that is free by then.
    pub steps: Vec<Step>,
}

/// A device that stood in another rack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relocated {
    /// The device.
    pub device: String,
    /// The rack that it stood in.
    pub from: String,
    /// The rack that it is to stand in.
    pub to: String,
}

impl Comparison {
    /// Whether everything that was there stays where it is.
    pub fn keeps_all(&self) -> bool {
        self.gone == 0 && self.moved == 0 && self.relocated.is_empty()
    }
}

/// Devices of both schedules by name.
#[derive(Default)]
struct Devices<'a> {
    numbers: HashMap<&'a str, u32>,
    all: Vec<Device<'a>>,
}

struct Device<'a> {
    name: &'a str,
    is_hca: bool,
    /// Before and after; empty where it is not known, or not there.
    racks: [&'a str; 2],
}

impl<'a> Devices<'a> {
    fn end(&mut self, name: &'a str, port: u16, is_hca: bool, rack: &'a str, side: usize) -> End {
        let all = &mut self.all;
        let device = *self.numbers.entry(name).or_insert_with(|| {
            all.push(Device {
                name,
                is_hca,
                racks: [""; 2],
            });
            all.len() as u32 - 1
        });
        self.all[device as usize].racks[side] = rack;
        End { device, port }
    }

    fn links(&mut self, cables: &'a [Scheduled], side: usize) -> Vec<Link> {
        let link = |cable: &'a Scheduled| Link {
            lower: self.end(
                &cable.from,
                cable.from_port,
                cable.kind == Kind::Node,
                &cable.from_rack,
                side,
            ),
            upper: self.end(&cable.to, cable.to_port, false, &cable.to_rack, side),
        };
        cables.iter().map(link).collect()
    }

    fn port(&self, end: End) -> Port {
        let device = &self.all[end.device as usize];
        let [before, after] = device.racks;
        let rack = if after.is_empty() { before } else { after };
        Port {
            device: device.name.to_owned(),
            port: (!device.is_hca).then_some(end.port),
            rack: (!rack.is_empty()).then(|| rack.to_owned()),
        }
    }

    fn cable(&self, one: Move) -> Cable {
        Cable {
            fixed: self.port(one.fixed),
            from: self.port(one.from),
            to: self.port(one.to),
        }
    }

    fn step(&self, work: Work) -> Step {
        let ends = |a: End, b: End| [self.port(a.min(b)), self.port(a.max(b))];
        match work {
            Work::Swap(one, other) => Step::Swap {
                same_devices: one.fixed.device == other.fixed.device && one.from.device == other.from.device,
                cables: [self.cable(one), self.cable(other)],
            },
            Work::Rotate(all) => Step::Rotate {
                cables: all.into_iter().map(|one| self.cable(one)).collect(),
            },
            Work::Move(one) => Step::Move {
                cable: self.cable(one),
            },
            Work::Connect(a, b) => Step::Connect { ends: ends(a, b) },
            Work::Remove(a, b) => Step::Remove { ends: ends(a, b) },
        }
    }
}

/// Compares what was scheduled before with what is scheduled now.
pub fn compare(before: &[Scheduled], after: &[Scheduled]) -> Comparison {
    let mut devices = Devices::default();
    let found = devices.links(before, 0);
    let designed = devices.links(after, 1);
    // HCAs of one node share its place.
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    let place_of: Vec<u32> = devices
        .all
        .iter()
        .map(|device| {
            let node = device.name.split_once(' ').filter(|_| device.is_hca);
            let name = node.map_or(device.name, |(node, _)| node);
            let next = places.len() as u32;
            *places.entry(name).or_insert(next)
        })
        .collect();
    let work = moves(
        designed.iter().copied(),
        found.iter().map(|link| (link.lower, link.upper)),
        |end| place_of[end.device as usize],
    );
    let mut comparison = Comparison::default();
    for work in work {
        match &work {
            Work::Swap(..) => comparison.moved += 2,
            Work::Rotate(all) => comparison.moved += all.len() as u32,
            Work::Move(_) => comparison.moved += 1,
            Work::Connect(..) => comparison.new += 1,
            Work::Remove(..) => comparison.gone += 1,
        }
        comparison.steps.push(devices.step(work));
    }
    comparison.stay = before.len() as u32 - comparison.gone - comparison.moved;
    let stood_elsewhere = |device: &&Device<'_>| {
        let [before, after] = device.racks;
        !before.is_empty() && !after.is_empty() && before != after
    };
    let relocated = devices.all.iter().filter(stood_elsewhere);
    comparison.relocated = relocated
        .map(|device| Relocated {
            device: device.name.to_owned(),
            from: device.racks[0].to_owned(),
            to: device.racks[1].to_owned(),
        })
        .collect();
    comparison
}

/// A line of counts, then one for each thing that does not stay as it was. New cables are counted only: the schedule has
/// them.
pub fn text(subnet: &str, comparison: &Comparison) -> String {
    let Comparison {
        stay,
        new,
        gone,
        moved,
        relocated: _,
        steps: _,
    } = comparison;
    let mut out = format!("{subnet}: {stay} cables stay, {moved} move, {gone} go, {new} are new\n");
    for work in works(comparison) {
        // Writing to a String does not fail.
        let _ = writeln!(out, "  {work}");
    }
    out
}

/// A line for each thing that does not stay as it was, in the order in which it can be done; new cables are not among them.
pub fn works(comparison: &Comparison) -> impl Iterator<Item = String> {
    let relocated = comparison.relocated.iter();
    let relocated = relocated.map(|Relocated { device, from, to }| {
        format!(
            "{} goes from rack {} to rack {}",
            line(device),
            line(from),
            line(to)
        )
    });
    let steps = comparison.steps.iter();
    let steps = steps.filter(|step| !matches!(step, Step::Connect { .. }));
    relocated.chain(steps.map(|step| line(&sentence(step)).into_owned()))
}
