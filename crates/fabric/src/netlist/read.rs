//! What ibnetdiscover prints.
//!
//! Written for real output: descriptions hold anything, a capture may end in the middle, and lines that make no sense are
//! named, not dropped.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::network::End;

/// A fabric as it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capture {
    /// Devices in the order of the text.
    pub devices: Vec<Found>,
    /// Cables, each once, by their smaller end.
    pub cables: Vec<Cable>,
    /// Widths and speeds that cables have, as in `4xNDR`; the first is empty, for a text that has none.
    pub rates: Vec<String>,
    /// Lines that make no sense.
    pub problems: Vec<Problem>,
}

/// A device that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// Its node GUID.
    pub guid: u64,
    /// How many ports it says it has.
    pub ports: u16,
    /// What it calls itself.
    pub description: String,
    /// GUIDs of its ports, as far as the text tells them. A switch has one for all.
    pub port_guids: BTreeMap<u16, u64>,
    /// The line that it begins at.
    pub line: u32,
}

/// What a device says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    /// A channel adapter.
    Ca,
    /// A switch.
    Switch,
    /// A router.
    Router,
}

/// A cable between two ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cable {
    /// Its ends, the smaller first.
    pub ends: [End; 2],
    /// Width and speed that each end tells, by their place in [`Capture::rates`].
    pub rates: [u32; 2],
}

/// A line that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: u32,
    /// What is wrong with it.
    pub reason: String,
}

/// One port line, before the other end is known.
struct Half<'t> {
    device: u32,
    port: u16,
    id: &'t str,
    other_port: u16,
    rate: u32,
    line: u32,
}

/// Reads a text. Bytes that are no UTF-8 are taken for an unknown character, as descriptions are what users set.
pub fn read(text: &str) -> Capture {
    let mut reader = Reader::default();
    reader.rate("");
    for (line, number) in text.lines().zip(1u32..) {
        if let Err(reason) = reader.line(line.trim_end(), number) {
            reader.capture.problems.push(Problem { line: number, reason });
        }
    }
    reader.finish()
}

#[derive(Clone, Copy, Default)]
enum Current {
    /// None yet.
    #[default]
    Nothing,
    /// By its place.
    Device(u32),
    /// One that could not be taken, which was said already.
    Refused,
}

#[derive(Default)]
struct Reader<'t> {
    capture: Capture,
    by_id: HashMap<&'t str, u32>,
    halves: Vec<Half<'t>>,
    /// The GUID of the device whose head comes next.
    guid: Option<u64>,
    /// The device that port lines belong to.
    current: Current,
    by_rate: HashMap<&'t str, u32>,
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: &'t str, number: u32) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.starts_with('[') {
            return self.port(line, number);
        }
        let mut words = line.split_ascii_whitespace();
        let kind = match words.next() {
            Some("Ca") => FoundKind::Ca,
            Some("Switch") => FoundKind::Switch,
            Some("Rt") => FoundKind::Router,
            _ => return self.assignment(line),
        };
        self.current = Current::Refused;
        let ports = words.next().and_then(|word| word.parse().ok());
        let ports = ports.ok_or("the number of ports is missing or no number up to 65535")?;
        let (id, rest) = quoted(line).ok_or("the node id in quotes is missing")?;
        let description = rest.split_once('#').map_or("", |(_, comment)| comment);
        let description = described(description);
        let guid = self.guid.take().or_else(|| hex(id.split_once('-')?.1));
        let guid = guid.ok_or_else(|| format!("no GUID stands above, and the node id {id:?} holds none"))?;
        let device = self.capture.devices.len() as u32;
        if self.by_id.contains_key(id) {
            return Err(format!("node id {id:?} comes twice: two devices have one GUID"));
        }
        self.by_id.insert(id, device);
        self.current = Current::Device(device);
        self.capture.devices.push(Found {
            kind,
            guid,
            ports,
            description,
            port_guids: BTreeMap::new(),
            line: number,
        });
        Ok(())
    }

    /// `key=value` lines; only GUIDs of devices matter.
    fn assignment(&mut self, line: &str) -> Result<(), String> {
        let (key, value) = line
            .split_once('=')
            .ok_or("neither a device, nor a port, nor key=value")?;
        if matches!(key, "caguid" | "switchguid" | "rtguid") {
            let value = value.split_once('(').map_or(value, |(guid, _)| guid);
            let guid = hex(value).ok_or_else(|| format!("{value:?} is no GUID"))?;
            self.guid = Some(guid);
        }
        Ok(())
    }

    /// `[1](portguid) "S-…"[2](portguid) # "description" lid 3 4xNDR`
    fn port(&mut self, line: &'t str, number: u32) -> Result<(), String> {
        let device = match self.current {
            Current::Device(device) => device,
            Current::Nothing => return Err("a port without a device above".to_owned()),
            Current::Refused => return Ok(()),
        };
        let (port, rest) = bracketed(line).ok_or("the port's number is missing or no number up to 65535")?;
        let (own, rest) = parenthesised(rest);
        let (id, rest) = quoted(rest).ok_or("the other end in quotes is missing")?;
        let (other_port, rest) =
            bracketed(rest).ok_or("the other end's port is missing or no number up to 65535")?;
        if let Some(guid) = own.and_then(hex) {
            self.capture.devices[device as usize]
                .port_guids
                .insert(port, guid);
        }
        let (_, rest) = parenthesised(rest);
        // The last word is width and speed, if it looks so: a description may end the line too.
        let rate = rest.rsplit_once([' ', '\t']).map_or("", |(_, last)| last);
        let rate = self.rate(if is_rate(rate) { rate } else { "" });
        self.halves.push(Half {
            device,
            port,
            id,
            other_port,
            rate,
            line: number,
        });
        Ok(())
    }

    fn rate(&mut self, rate: &'t str) -> u32 {
        let rates = &mut self.capture.rates;
        *self.by_rate.entry(rate).or_insert_with(|| {
            rates.push(rate.to_owned());
            rates.len() as u32 - 1
        })
    }

    /// Joins the halves of cables. A cable that only one end tells of counts; two that disagree are a problem.
    fn finish(mut self) -> Capture {
        let mut at: BTreeMap<End, (End, u32, u32)> = BTreeMap::new();
        let mut problem = |line, reason| self.capture.problems.push(Problem { line, reason });
        for half in &self.halves {
            let end = End {
                device: half.device,
                port: half.port,
            };
            let Some(&device) = self.by_id.get(half.id) else {
                problem(
                    half.line,
                    format!("the other end {:?} is no device of this text", half.id),
                );
                continue;
            };
            let other = End {
                device,
                port: half.other_port,
            };
            match at.entry(end) {
                Entry::Occupied(before) => {
                    problem(
                        half.line,
                        format!(
                            "port {} has a cable at line {} already",
                            half.port,
                            before.get().1
                        ),
                    );
                }
                Entry::Vacant(free) => {
                    free.insert((other, half.line, half.rate));
                }
            }
        }
        for (&end, &(other, line, rate)) in &at {
            let back = at.get(&other);
            match back {
                Some((back, at, _)) if *back != end => {
                    problem(line, format!("the other end tells of another cable at line {at}"));
                }
                // Told by both: once is enough.
                Some(_) if end > other => {}
                _ => self.capture.cables.push(Cable {
                    ends: [end.min(other), end.max(other)],
                    rates: [rate, back.map_or(rate, |back| back.2)],
                }),
            }
        }
        self.capture.cables.sort_by_key(|cable| cable.ends);
        self.capture.problems.sort_by_key(|problem| problem.line);
        self.capture.problems.dedup();
        self.capture
    }
}

/// The text between the first two quotes, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once('"')?;
    rest.split_once('"')
}

/// The number between brackets that a text begins with, and what follows.
fn bracketed(text: &str) -> Option<(u16, &str)> {
    let (number, rest) = text.strip_prefix('[')?.split_once(']')?;
    Some((number.parse().ok()?, rest))
}

/// What stands between parentheses, where a text begins with them, and what follows.
fn parenthesised(text: &str) -> (Option<&str>, &str) {
    match text.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((inner, rest)) => (Some(inner), rest),
        None => (None, text),
    }
}

/// A description: between the first quote and the last, since it may hold some itself.
fn described(comment: &str) -> String {
    let inner = comment.split_once('"').map_or("", |(_, rest)| rest);
    inner
        .rsplit_once('"')
        .map_or(inner, |(inner, _)| inner)
        .to_owned()
}

fn hex(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// `4xNDR`, `2xHDR`, `1xSDR`.
fn is_rate(word: &str) -> bool {
    let lanes = word
        .split_once('x')
        .map(|(lanes, speed)| (lanes.parse::<u8>().is_ok(), speed));
    lanes.is_some_and(|(lanes, speed)| {
        lanes && !speed.is_empty() && speed.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
