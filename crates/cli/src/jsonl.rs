//! JSON lines: one object a line, read in blocks by all cores, without positions.
//!
//! Positions cost more than everything else about an inventory, and hardly any line needs them. So lines that are fine
//! are kept as what a compile needs of them, and the others are read again with positions: as one text in which the
//! fine lines are blank, so that the line numbers are those of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read};

use rackwright_api::{NodeInventorySpec, NodeName};
use rackwright_planner::{Inventory, Kind};
use serde::Deserialize;
use serde_json::Value;

use crate::blocks;
use crate::object::{ObjectKind, Owner, owner};
use crate::quick;
use crate::schemas::OwnSchemas;
use crate::strict::Strict;

/// Bytes of lines that are read again with positions; more of them and the first ones tell enough.
const MAX_AGAIN: usize = 32 << 20;

/// A line that is fine.
#[derive(Debug, PartialEq)]
pub struct Line {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its name.
    pub name: Box<str>,
    /// Its number in the file, from zero.
    pub number: u32,
    /// What a compile needs of it, where it is an inventory.
    pub inventory: Option<Inventory>,
}

/// What a file of JSON lines held.
#[derive(Debug, Default)]
pub struct Lines {
    /// Lines that are fine.
    pub fine: Vec<Line>,
    /// Objects of other groups, by kind.
    pub skipped: BTreeMap<String, usize>,
    /// The lines to read again, the others blank. Empty if there are none.
    pub again: Vec<u8>,
    /// Whether more lines should be read again than `again` holds.
    pub truncated: bool,
    /// Whether the first line is among them. Of a value that is spread over several lines it always is.
    pub first_again: bool,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Judged {
    Blank,
    Foreign(String),
    Fine {
        kind: ObjectKind,
        name: Box<str>,
        inventory: Option<Inventory>,
    },
    Again,
}

/// Reads a file.
pub fn read(file: impl Read, schemas: &OwnSchemas) -> io::Result<Lines> {
    let mut lines = Lines::default();
    let mut number = 0;
    let mut again_lines = 0;
    blocks::each_line(
        file,
        |line| judge(line, schemas),
        |text, judged| {
            let first = lines.fine.is_empty() && lines.skipped.is_empty() && lines.again.is_empty();
            lines.first_again |= first && matches!(judged, Judged::Again);
            match judged {
                Judged::Blank => {}
                Judged::Foreign(kind) => *lines.skipped.entry(kind).or_default() += 1,
                Judged::Fine {
                    kind,
                    name,
                    inventory,
                } => lines.fine.push(Line {
                    kind,
                    name,
                    number,
                    inventory,
                }),
                Judged::Again if lines.again.len() + text.len() > MAX_AGAIN => lines.truncated = true,
                Judged::Again => push_line(&mut lines.again, &mut again_lines, number, text),
            }
            number += 1;
            Ok::<(), io::Error>(())
        },
    )?;
    Ok(lines)
}

/// Adds a line at its place.
fn push_line(text: &mut Vec<u8>, written: &mut u32, number: u32, line: &[u8]) {
    text.resize(text.len() + (number - *written) as usize, b'\n');
    text.extend_from_slice(line);
    text.push(b'\n');
    *written = number + 1;
}

/// The file with only these lines, the others blank.
pub fn only(file: impl Read, wanted: &BTreeSet<u32>) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut out, mut written, mut line) = (Vec::new(), 0, Vec::new());
    let last = wanted.last().copied().unwrap_or(0);
    for number in 0..=last {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if wanted.contains(&number) && out.len() + line.len() <= MAX_AGAIN {
            push_line(
                &mut out,
                &mut written,
                number,
                line.strip_suffix(b"\n").unwrap_or(&line),
            );
        }
    }
    Ok(out)
}

fn judge(line: &[u8], schemas: &OwnSchemas) -> Judged {
    if let Some(inventory) = quick::inventory(line) {
        return Judged::Fine {
            kind: ObjectKind::Input(Kind::NodeInventory),
            name: inventory.name.as_str().into(),
            inventory: Some(inventory),
        };
    }
    if let Some(name) = quick::config(line) {
        return Judged::Fine {
            kind: ObjectKind::NodeConfig,
            name: name.as_str().into(),
            inventory: None,
        };
    }
    judge_by_schema(line, schemas)
}

/// Judges any line.
pub(crate) fn judge_by_schema(line: &[u8], schemas: &OwnSchemas) -> Judged {
    // Beyond ASCII and at control characters there are questions of encoding, which the other reader answers.
    let plain = |byte: &u8| (0x20..0x7f).contains(byte) || matches!(byte, b'\t' | b'\r');
    if line.trim_ascii().is_empty() {
        return Judged::Blank;
    }
    if !line.iter().all(plain) {
        return Judged::Again;
    }
    let Ok(Strict(value)) = serde_json::from_slice(line) else {
        return Judged::Again;
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let (Some(api_version), Some(kind_name)) = (text("apiVersion"), text("kind")) else {
        return Judged::Again;
    };
    let kind = match owner(api_version, kind_name) {
        // A list's items are objects of their own.
        Owner::Foreign if value.get("items").is_some() => return Judged::Again,
        Owner::Foreign if schemas.served(api_version, kind_name).is_some() => return Judged::Again,
        Owner::Foreign => return Judged::Foreign(kind_name.to_owned()),
        Owner::Unknown => return Judged::Again,
        // Findings are about intents nearly always, so they keep their positions.
        Owner::Ours(ObjectKind::Input(kind)) if kind != Kind::NodeInventory => return Judged::Again,
        Owner::Ours(kind) => kind,
    };
    let valid = schemas
        .get(kind)
        .is_some_and(|schema| schema.validate(&value).is_empty());
    let Some(name) = value
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .filter(|_| valid)
    else {
        return Judged::Again;
    };
    let name: Box<str> = name.into();
    let inventory = match kind {
        ObjectKind::Input(_) => match inventory(&value) {
            Some(inventory) => Some(inventory),
            None => return Judged::Again,
        },
        ObjectKind::NodeProfile | ObjectKind::NodeConfig => None,
    };
    Judged::Fine {
        kind,
        name,
        inventory,
    }
}

/// What a compile needs of an inventory; none where the types cannot hold it.
pub fn inventory(value: &Value) -> Option<Inventory> {
    let spec = NodeInventorySpec::deserialize(value.get("spec")?).ok()?;
    let metadata = value.get("metadata")?;
    let name = NodeName::new(metadata.get("name")?.as_str()?).ok()?;
    let labels = match metadata.get("labels") {
        Some(labels) => BTreeMap::deserialize(labels).ok()?,
        None => BTreeMap::new(),
    };
    Some(Inventory::new(name, labels, &spec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_when_the_others_are_blank() {
        let text = only(&b"zero\none\ntwo\nthree"[..], &BTreeSet::from([1, 3])).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "\none\n\nthree\n");
    }

    #[test]
    fn a_line_longer_than_a_block_stays_whole() {
        let long = format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":\"{}\"}}",
            "x".repeat(blocks::BLOCK + 7)
        );
        let text = format!("{long}\n\nnot json\n{long}");
        let lines = read(text.as_bytes(), &OwnSchemas::default()).unwrap();
        assert_eq!(lines.skipped, BTreeMap::from([("ConfigMap".to_owned(), 2)]));
        assert_eq!(String::from_utf8(lines.again).unwrap(), "\n\nnot json\n");
    }

    /// Blocks, cores and their number never show.
    #[test]
    fn one_thread_reads_what_eight_read() {
        let inventory = |at: usize| {
            let name = if at % 1_000 == 7 {
                "Not-A-Name".to_owned()
            } else {
                format!("a{at:06}")
            };
            format!(
                "{{\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeInventory\",\"metadata\":{{\"name\":\"{name}\"}},\"spec\":{{\"hcas\":[{{\"guid\":\"{at:#018x}\",\"rail\":0}}]}}}}\n"
            )
        };
        // More than one block.
        let count = 2 * blocks::BLOCK / inventory(0).len();
        let text: String = (0..count).map(inventory).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| read(text.as_bytes(), &OwnSchemas::default()))
                .unwrap()
        };
        let (one, eight) = (with(1), with(8));
        assert_eq!(one.fine.len(), count - count.div_ceil(1_000));
        assert_eq!(one.fine, eight.fine);
        assert_eq!(one.again, eight.again);
        assert!(one.again.starts_with(b"\n\n\n\n\n\n\n{"));
    }
}
