//! Which device of a design a found device is.
//!
//! First by GUID, then by what a device calls itself, then by where it sits: whoever holds more than half of the cables of
//! a device that nobody has seen is taken for it, and reported as not the one that was expected.

use std::collections::{BTreeMap, HashMap};

use crate::netlist::{Capture, Found, FoundKind};
use crate::network::{DeviceKind, End, Network};

/// Who is who.
pub(super) struct Identities {
    /// By found device: the device of the design, and how it was told. Of an HCA with several ports each port is one.
    found: BTreeMap<End, (u32, By)>,
    /// By found switch.
    switches: BTreeMap<u32, (u32, By)>,
    /// Found devices whose place another one has already: the found device and the designed one.
    pub duplicates: Vec<(u32, u32)>,
}

/// How a device was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Guid,
    Name,
    Place,
}

/// A found cable: its ends as the design knows them, or as they were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FoundCable {
    pub ends: [FoundEnd; 2],
    /// Its place in the capture.
    pub cable: u32,
}

/// An end of a found cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum FoundEnd {
    /// A port of the design.
    Known(End),
    /// A port of a device that the design does not have.
    Foreign(End),
}

pub(super) fn identify(design: &Network, capture: &Capture) -> Identities {
    let mut identities = Identities {
        found: BTreeMap::new(),
        switches: BTreeMap::new(),
        duplicates: Vec::new(),
    };
    let mut taken = vec![false; design.devices.len()];
    identities.by_guid(design, capture, &mut taken);
    identities.by_name(design, capture, &mut taken);
    identities.by_place(design, capture, &mut taken);
    identities
}

impl Identities {
    /// The end of the design that a found end is.
    pub fn end(&self, capture: &Capture, end: End) -> Option<End> {
        match capture.devices[end.device as usize].kind {
            FoundKind::Switch => self.switches.get(&end.device).map(|(device, _)| End {
                device: *device,
                port: end.port,
            }),
            FoundKind::Ca | FoundKind::Router => self.found.get(&end).map(|(device, _)| End {
                device: *device,
                port: 1,
            }),
        }
    }

    /// Designed devices that were found, and how they were told.
    pub fn known(&self) -> impl Iterator<Item = (u32, u32, By)> {
        let hcas = self
            .found
            .iter()
            .map(|(end, (device, by))| (end.device, *device, *by));
        let switches = self
            .switches
            .iter()
            .map(|(found, (device, by))| (*found, *device, *by));
        hcas.chain(switches)
    }

    /// The cables of a capture, without those to switches' own aggregation nodes.
    pub fn cables(&self, design: &Network, capture: &Capture) -> Vec<FoundCable> {
        let cables = capture.cables.iter().zip(0u32..);
        let real = cables.filter(|(cable, _)| !inner(design, capture, self, cable.ends));
        real.map(|(cable, number)| FoundCable {
            ends: cable.ends.map(|end| {
                self.end(capture, end)
                    .map_or(FoundEnd::Foreign(end), FoundEnd::Known)
            }),
            cable: number,
        })
        .collect()
    }

    fn take(&mut self, capture: &Capture, found: End, device: u32, by: By, taken: &mut [bool]) {
        if std::mem::replace(&mut taken[device as usize], true) {
            self.duplicates.push((found.device, device));
            return;
        }
        match capture.devices[found.device as usize].kind {
            FoundKind::Switch => self.switches.insert(found.device, (device, by)),
            FoundKind::Ca | FoundKind::Router => self.found.insert(found, (device, by)),
        };
    }

    fn by_guid(&mut self, design: &Network, capture: &Capture, taken: &mut [bool]) {
        let of = |hca: bool| {
            let devices = design.devices.iter().zip(0u32..);
            let of_kind = devices.filter(move |(device, _)| (device.kind == DeviceKind::Hca) == hca);
            of_kind
                .map(|(device, number)| (device.guid, number))
                .collect::<HashMap<u64, u32>>()
        };
        let (hcas, switches) = (of(true), of(false));
        for (found, number) in capture.devices.iter().zip(0u32..) {
            match found.kind {
                FoundKind::Switch => {
                    if let Some(&device) = switches.get(&found.guid) {
                        let end = End {
                            device: number,
                            port: 0,
                        };
                        self.take(capture, end, device, By::Guid, taken);
                    }
                }
                FoundKind::Ca | FoundKind::Router => {
                    for (port, guid) in ports(found) {
                        if let Some(&device) = hcas.get(&guid) {
                            self.take(capture, End { device: number, port }, device, By::Guid, taken);
                        }
                    }
                }
            }
        }
    }

    /// Switches by their name, in the forms that their own software gives it; HCAs by node and number.
    fn by_name(&mut self, design: &Network, capture: &Capture, taken: &mut [bool]) {
        let names: HashMap<&str, u32> = design
            .devices
            .iter()
            .map(|device| device.name.as_str())
            .zip(0u32..)
            .collect();
        let known: Vec<u32> = self.known().map(|(found, _, _)| found).collect();
        let mut left = vec![true; capture.devices.len()];
        for found in known {
            left[found as usize] = false;
        }
        for (found, _) in &self.duplicates {
            left[*found as usize] = false;
        }
        let mut by_node: BTreeMap<&str, Vec<(u32, u32)>> = BTreeMap::new();
        for (found, number) in capture
            .devices
            .iter()
            .zip(0u32..)
            .filter(|(_, number)| left[*number as usize])
        {
            match found.kind {
                FoundKind::Switch => {
                    if let Some(&device) = names.get(switch_name(&found.description)) {
                        self.take(
                            capture,
                            End {
                                device: number,
                                port: 0,
                            },
                            device,
                            By::Name,
                            taken,
                        );
                    }
                }
                FoundKind::Ca | FoundKind::Router => {
                    if let Some((node, hca)) = node_and_hca(&found.description) {
                        by_node.entry(node).or_default().push((hca, number));
                    }
                }
            }
        }
        for (node, mut hcas) in by_node {
            hcas.sort_unstable();
            let rails: Vec<u32> = (0..)
                .map_while(|rail| names.get(format!("{node} HCA-{rail}").as_str()).copied())
                .collect();
            // As many as designed: the first is rail 0, whatever the host calls it. Else the numbers must be rails.
            let in_order = hcas.len() == rails.len();
            for (place, (hca, number)) in hcas.into_iter().enumerate() {
                let rail = if in_order { place } else { hca as usize };
                let port = capture.devices[number as usize]
                    .port_guids
                    .keys()
                    .next()
                    .copied()
                    .unwrap_or(1);
                if let Some(&device) = rails.get(rail) {
                    self.take(capture, End { device: number, port }, device, By::Name, taken);
                }
            }
        }
    }

    /// By the cables of those who are known, until nobody new is told.
    fn by_place(&mut self, design: &Network, capture: &Capture, taken: &mut [bool]) {
        let partners = partners(design);
        loop {
            // For each unknown found device: who should be where it is, with so many cables.
            let mut votes: BTreeMap<u32, (u32, BTreeMap<u32, u32>)> = BTreeMap::new();
            for cable in self.cables(design, capture) {
                let ([FoundEnd::Known(known), FoundEnd::Foreign(foreign)]
                | [FoundEnd::Foreign(foreign), FoundEnd::Known(known)]) = cable.ends
                else {
                    continue;
                };
                let (cables, wanted) = votes.entry(foreign.device).or_default();
                *cables += 1;
                if let Some(partner) = partners
                    .get(&known)
                    .filter(|partner| !taken[partner.device as usize])
                {
                    *wanted.entry(partner.device).or_default() += 1;
                }
            }
            let before = taken.iter().filter(|taken| **taken).count();
            for (found, (cables, wanted)) in votes {
                let most = wanted
                    .into_iter()
                    .max_by_key(|(device, votes)| (*votes, std::cmp::Reverse(*device)));
                let Some((device, _)) = most.filter(|(_, votes)| votes * 2 > cables) else {
                    continue;
                };
                let is_hca = design.devices[device as usize].kind == DeviceKind::Hca;
                let is_switch = capture.devices[found as usize].kind == FoundKind::Switch;
                if is_hca != is_switch && !taken[device as usize] {
                    let port = capture.devices[found as usize]
                        .port_guids
                        .keys()
                        .next()
                        .copied()
                        .unwrap_or(1);
                    self.take(capture, End { device: found, port }, device, By::Place, taken);
                }
            }
            if taken.iter().filter(|taken| **taken).count() == before {
                return;
            }
        }
    }
}

/// The other end of every designed cable.
pub(super) fn partners(design: &Network) -> HashMap<End, End> {
    let links = design.links.iter();
    links
        .flat_map(|link| [(link.lower, link.upper), (link.upper, link.lower)])
        .collect()
}

/// Whether a cable is none: a port beyond the designed ones leads to the switch's own aggregation node.
fn inner(design: &Network, capture: &Capture, identities: &Identities, ends: [End; 2]) -> bool {
    let node = ends.iter().any(|end| {
        let device = &capture.devices[end.device as usize];
        device.kind == FoundKind::Ca && device.description.contains("Aggregation Node")
    });
    let beyond = ends.iter().any(|end| {
        let switch = identities.switches.get(&end.device);
        switch.is_some_and(|(device, _)| end.port > design.devices[*device as usize].ports)
    });
    node || beyond
}

/// The ports of an HCA with their GUIDs. A text without port GUIDs tells that of the node, which single-port cards share.
fn ports(found: &Found) -> Vec<(u16, u64)> {
    if found.port_guids.is_empty() {
        return vec![(1, found.guid)];
    }
    found
        .port_guids
        .iter()
        .map(|(port, guid)| (*port, *guid))
        .collect()
}

/// `MF0;su01-r0-l01:MQM9700/U1` of a managed switch, or the name alone.
fn switch_name(description: &str) -> &str {
    let name = description.split_once(';').map_or(description, |(_, rest)| rest);
    name.split_once(':').map_or(name, |(name, _)| name).trim()
}

/// `n12 mlx5_3`, `n12 HCA-3`, `n12/HCA-3`: the node and the number at the end.
fn node_and_hca(description: &str) -> Option<(&str, u32)> {
    let (node, hca) = description.trim().split_once([' ', '/'])?;
    let digits = hca.trim_start_matches(|c: char| !c.is_ascii_digit());
    let number = digits.rsplit_once(['_', '-']).map_or(digits, |(_, last)| last);
    Some((node, number.parse().ok()?))
}
