//! What a comparison found, with names.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use rackwright_hostset::natural_cmp;
use serde::Serialize;

use super::identify::{By, FoundCable, FoundEnd, Identities, partners};
use super::moves::{Move, Work, moves};
use crate::netlist::Capture;
use crate::network::{DeviceKind, End, Network};

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Designed cables.
    pub designed: u32,
    /// Designed cables that are where they belong.
    pub right: u32,
    /// What has to be done, in the order of racks and names.
    pub steps: Vec<Step>,
    /// Lines of the capture that make no sense: line and reason.
    pub unreadable: Vec<(u32, String)>,
}

/// A port, as a technician finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// The device.
    pub device: String,
    /// Its port; none for an HCA, whose name is its port's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Its rack, where the design knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rack: Option<String>,
}

/// One end of a cable that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cable {
    /// The end that stays.
    pub fixed: Port,
    /// Where the other end is.
    pub from: Port,
    /// Where it belongs.
    pub to: Port,
}

/// A device that is not what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unlike {
    /// What it calls itself.
    pub description: String,
    /// Its GUID.
    pub guid: String,
}

/// The width and speed of a cable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// What it runs at.
    pub found: String,
    /// What it should run at.
    pub expected: String,
}

/// Something that has to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Step {
    /// Two cable ends change places.
    Swap {
        /// The cables.
        cables: [Cable; 2],
        /// Both cables join the same two devices: traffic does not suffer.
        same_devices: bool,
    },
    /// More than two cable ends change places: pull all, then put each where it belongs.
    Rotate {
        /// The cables.
        cables: Vec<Cable>,
    },
    /// One cable end goes to a free port.
    Move {
        /// The cable.
        cable: Cable,
    },
    /// A cable is missing.
    Connect {
        /// Its ends.
        ends: [Port; 2],
    },
    /// A cable that nobody designed.
    Remove {
        /// Its ends.
        ends: [Port; 2],
    },
    /// A designed device that was not found, and how many of its cables are missing with it.
    MissingDevice {
        /// The device.
        device: Port,
        /// Its cables.
        cables: u32,
    },
    /// A device that the design does not have, and the designed ports that its cables take.
    UnknownDevice {
        /// The device.
        device: Unlike,
        /// Where it is plugged in.
        at: Vec<Port>,
    },
    /// A device that nobody expected sits where a designed one belongs.
    ReplacedDevice {
        /// The designed device.
        expected: Port,
        /// Who sits there.
        device: Unlike,
    },
    /// A second device that claims to be a designed one.
    DuplicateDevice {
        /// The designed device.
        expected: Port,
        /// The second one.
        device: Unlike,
    },
    /// A cable that runs slower, or otherwise, than designed.
    Degraded {
        /// Its ends.
        ends: [Port; 2],
        /// What it runs at.
        rate: Rate,
    },
}

impl Step {
    /// The port that the technician goes to first.
    pub fn first(&self) -> Option<&Port> {
        match self {
            Self::Swap {
                cables: [cable, _], ..
            }
            | Self::Move { cable } => Some(&cable.from),
            Self::Rotate { cables } => cables.first().map(|cable| &cable.from),
            Self::Connect { ends: [_, end] }
            | Self::Remove { ends: [_, end] }
            | Self::Degraded { ends: [_, end], .. } => Some(end),
            Self::MissingDevice { device, .. } => Some(device),
            Self::UnknownDevice { at, .. } => at.first(),
            Self::ReplacedDevice { expected, .. } | Self::DuplicateDevice { expected, .. } => Some(expected),
        }
    }
}

pub(super) struct Builder<'a> {
    design: &'a Network,
    capture: &'a Capture,
    identities: &'a Identities,
    /// Which designed devices were found.
    seen: Vec<bool>,
    /// Number of the place that a device stands at: HCAs of one node share one.
    places: Vec<u32>,
}

impl<'a> Builder<'a> {
    pub fn new(design: &'a Network, capture: &'a Capture, identities: &'a Identities) -> Self {
        let mut seen = vec![false; design.devices.len()];
        for (_, device, _) in identities.known() {
            seen[device as usize] = true;
        }
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let places = design.devices.iter().map(|device| {
            let next = numbers.len() as u32;
            *numbers.entry(device.place()).or_insert(next)
        });
        let places = places.collect();
        Self {
            design,
            capture,
            identities,
            seen,
            places,
        }
    }

    pub fn build(&self, found: &[FoundCable], rate: Option<&str>) -> Report {
        let mut steps = Vec::new();
        self.devices(found, &mut steps);
        let between: Vec<(End, End)> = found.iter().filter_map(|cable| known(cable.ends)).collect();
        let designed = self.design.links.iter().filter(|link| {
            let ends = [link.lower, link.upper];
            ends.iter().all(|end| self.seen[end.device as usize])
        });
        let work = moves(designed.copied(), between.iter().copied(), |end| {
            self.places[end.device as usize]
        });
        steps.extend(work.into_iter().map(|work| self.step(work)));
        if let Some(expected) = rate {
            self.degraded(found, expected, &mut steps);
        }
        steps.sort_by(|a, b| order(a.first(), b.first()));
        let steps = free_first(steps);
        let wired: HashSet<(End, End)> = between.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]).collect();
        let right = self
            .design
            .links
            .iter()
            .filter(|link| wired.contains(&(link.lower, link.upper)));
        Report {
            designed: self.design.links.len() as u32,
            right: right.count() as u32,
            steps,
            unreadable: self
                .capture
                .problems
                .iter()
                .map(|problem| (problem.line, problem.reason.clone()))
                .collect(),
        }
    }

    /// Devices that are missing, unknown, replaced or there twice.
    fn devices(&self, found: &[FoundCable], steps: &mut Vec<Step>) {
        let mut cables = vec![0u32; self.design.devices.len()];
        for link in &self.design.links {
            for end in [link.lower, link.upper] {
                cables[end.device as usize] += 1;
            }
        }
        let partners = partners(self.design);
        for (number, _) in self.seen.iter().enumerate().filter(|(_, seen)| !**seen) {
            let end = End {
                device: number as u32,
                port: 1,
            };
            // Nobody sees an HCA behind a leaf that is off: the leaf's line counts its cable.
            let is_hca = self.design.devices[number].kind == DeviceKind::Hca;
            let hidden = partners
                .get(&end)
                .is_some_and(|leaf| !self.seen[leaf.device as usize]);
            if !(is_hca && hidden) {
                steps.push(Step::MissingDevice {
                    device: self.device(end.device),
                    cables: cables[number],
                });
            }
        }
        for (found, device, by) in self.identities.known() {
            if by == By::Place {
                steps.push(Step::ReplacedDevice {
                    expected: self.device(device),
                    device: self.unlike(found),
                });
            }
        }
        for &(found, device) in &self.identities.duplicates {
            steps.push(Step::DuplicateDevice {
                expected: self.device(device),
                device: self.unlike(found),
            });
        }
        let mut foreign: BTreeMap<u32, Vec<Port>> = BTreeMap::new();
        for cable in found {
            for (end, other) in [(cable.ends[0], cable.ends[1]), (cable.ends[1], cable.ends[0])] {
                if let FoundEnd::Foreign(end) = end {
                    let at = foreign.entry(end.device).or_default();
                    if let FoundEnd::Known(other) = other {
                        at.push(self.port(other));
                    }
                }
            }
        }
        for (found, mut at) in foreign {
            if self
                .identities
                .duplicates
                .iter()
                .any(|(duplicate, _)| *duplicate == found)
            {
                continue;
            }
            at.sort_by(|a, b| order(Some(a), Some(b)));
            steps.push(Step::UnknownDevice {
                device: self.unlike(found),
                at,
            });
        }
    }

    fn degraded(&self, found: &[FoundCable], expected: &str, steps: &mut Vec<Step>) {
        for cable in found {
            let rates = self.capture.cables[cable.cable as usize].rates;
            let mut rates = rates.iter().map(|rate| &self.capture.rates[*rate as usize]);
            let other = rates.find(|rate| !rate.is_empty() && *rate != expected);
            let (Some(rate), Some((a, b))) = (other, known(cable.ends)) else {
                continue;
            };
            let (lower, upper) = (a.min(b), a.max(b));
            steps.push(Step::Degraded {
                ends: [self.port(lower), self.port(upper)],
                rate: Rate {
                    found: rate.clone(),
                    expected: expected.to_owned(),
                },
            });
        }
    }

    fn step(&self, work: Work) -> Step {
        match work {
            Work::Swap(one, other) => {
                let (one, other) = if one.to < other.to {
                    (one, other)
                } else {
                    (other, one)
                };
                Step::Swap {
                    same_devices: one.fixed.device == other.fixed.device
                        && one.from.device == other.from.device,
                    cables: [self.cable(one), self.cable(other)],
                }
            }
            Work::Rotate(mut moves) => {
                moves.sort_by_key(|one| one.to);
                Step::Rotate {
                    cables: moves.into_iter().map(|one| self.cable(one)).collect(),
                }
            }
            Work::Move(one) => Step::Move {
                cable: self.cable(one),
            },
            Work::Connect(a, b) => Step::Connect {
                ends: [self.port(a.min(b)), self.port(a.max(b))],
            },
            Work::Remove(a, b) => Step::Remove {
                ends: [self.port(a.min(b)), self.port(a.max(b))],
            },
        }
    }

    fn cable(&self, one: Move) -> Cable {
        Cable {
            fixed: self.port(one.fixed),
            from: self.port(one.from),
            to: self.port(one.to),
        }
    }

    fn device(&self, device: u32) -> Port {
        let device = &self.design.devices[device as usize];
        Port {
            device: device.name.clone(),
            port: None,
            rack: device.rack.clone(),
        }
    }

    fn port(&self, end: End) -> Port {
        let is_hca = self.design.device(end).kind == DeviceKind::Hca;
        Port {
            port: (!is_hca).then_some(end.port),
            ..self.device(end.device)
        }
    }

    fn unlike(&self, found: u32) -> Unlike {
        let found = &self.capture.devices[found as usize];
        Unlike {
            description: found.description.clone(),
            guid: format!("0x{:016x}", found.guid),
        }
    }
}

fn known(ends: [FoundEnd; 2]) -> Option<(End, End)> {
    match ends {
        [FoundEnd::Known(a), FoundEnd::Known(b)] => Some((a, b)),
        _ => None,
    }
}

/// Puts before each step the one that frees the port it needs, and leaves the order as it is elsewhere.
fn free_first(steps: Vec<Step>) -> Vec<Step> {
    let key = |port: &Port| (port.device.clone(), port.port);
    let mut frees: HashMap<(String, Option<u16>), usize> = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        let emptied: &[&Port] = match step {
            Step::Move { cable } => &[&cable.from],
            Step::Remove { ends: [a, b] } => &[a, b],
            _ => &[],
        };
        frees.extend(emptied.iter().map(|port| (key(port), at)));
    }
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(steps.len());
    let mut waiting = vec![false; steps.len()];
    for at in 0..steps.len() {
        let mut stack = vec![at];
        while let Some(&top) = stack.last() {
            waiting[top] = true;
            let needed: &[&Port] = match &steps[top] {
                Some(Step::Move { cable }) => &[&cable.to],
                Some(Step::Connect { ends: [a, b] }) => &[a, b],
                _ => &[],
            };
            let mut before = needed.iter().filter_map(|port| frees.get(&key(port)));
            if let Some(&before) = before.find(|&&before| steps[before].is_some() && !waiting[before]) {
                stack.push(before);
            } else {
                ordered.extend(steps[top].take());
                stack.pop();
            }
        }
    }
    ordered
}

/// By rack, device and port, as people sort names.
fn order(a: Option<&Port>, b: Option<&Port>) -> Ordering {
    let key = |port: Option<&Port>| {
        port.map(|port| {
            (
                port.rack.clone().unwrap_or_default(),
                port.device.clone(),
                port.port,
            )
        })
    };
    match (key(a), key(b)) {
        (Some(a), Some(b)) => natural_cmp(&a.0, &b.0)
            .then_with(|| natural_cmp(&a.1, &b.1))
            .then_with(|| a.2.cmp(&b.2)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
