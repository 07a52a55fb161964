//! What is allocated already: the NodeConfigs of a cluster (`kubectl get nodeconfigs -o json`), or an earlier plan as
//! `plan --output jsonl` or `--output json` printed it.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use rackwright_api::{NodeConfigSpec, NodeName};
use rackwright_planner::PreviousNode;
use serde::Deserialize;
use serde_json::Value;

use crate::blocks;
use crate::quick;
use crate::walk::InputError;

/// What a compile needs to know of an object.
#[derive(Deserialize)]
struct NodeObject {
    metadata: Metadata,
    spec: NodeConfigSpec,
}

#[derive(Deserialize)]
struct Metadata {
    name: NodeName,
}

/// The kind comes first: the spec of a profile is not that of a node.
#[derive(Deserialize)]
struct Header {
    kind: String,
}

/// `--output json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    format_version: u32,
    nodes: Vec<NodeObject>,
}

/// `kubectl get nodeconfigs -o json`.
#[derive(Deserialize)]
struct List {
    items: Vec<ListItem>,
}

#[derive(Deserialize)]
struct ListItem {
    kind: String,
    metadata: Metadata,
    spec: Value,
}

impl From<NodeObject> for PreviousNode {
    fn from(node: NodeObject) -> Self {
        Self::new(node.metadata.name, &node.spec)
    }
}

/// Reads an earlier plan.
pub fn read(path: &Path) -> Result<Vec<PreviousNode>, InputError> {
    let io = |error| InputError::io(path, error);
    let refuse = |line, why: String| InputError::NotAPlan {
        path: path.display().to_string(),
        line,
        why,
    };
    let mut file = File::open(path).map_err(io)?;
    let mut head = [0; 32];
    let length = file.read(&mut head).map_err(io)?;
    file.rewind().map_err(io)?;
    let buffered = |file| BufReader::with_capacity(1 << 20, file);
    // Our own output: the envelope is known by its first key.
    if head[..length].starts_with(b"{\"formatVersion\":") {
        let envelope: Envelope =
            serde_json::from_reader(buffered(file)).map_err(|error| refuse(error.line(), reason(&error)))?;
        if envelope.format_version != 1 {
            return Err(refuse(
                1,
                format!("format version {} is not known", envelope.format_version),
            ));
        }
        return Ok(envelope.nodes.into_iter().map(PreviousNode::from).collect());
    }
    // kubectl prints an object over many lines, so its first line is a lone brace.
    if head[..length].trim_ascii_start().starts_with(b"{\n") {
        let list: List =
            serde_json::from_reader(buffered(file)).map_err(|error| refuse(error.line(), reason(&error)))?;
        let configs = list.items.into_iter().filter(|item| item.kind == "NodeConfig");
        return configs
            .map(|item| {
                let wrong = |error: serde_json::Error| {
                    refuse(1, format!("NodeConfig/{}: {error}", item.metadata.name))
                };
                let spec: NodeConfigSpec = serde_json::from_value(item.spec.clone()).map_err(wrong)?;
                Ok(PreviousNode::new(item.metadata.name.clone(), &spec))
            })
            .collect();
    }
    let (mut nodes, mut number) = (Vec::new(), 0);
    blocks::each_line(&file, judge, |_, judged| {
        number += 1;
        nodes.extend(judged.map_err(|why| Failed::Line(number, why))?);
        Ok(())
    })
    .map_err(|failed| match failed {
        Failed::Read(error) => InputError::io(path, error),
        Failed::Line(line, why) => refuse(line, why),
    })?;
    if number == 0 {
        return Err(refuse(1, "the file is empty".to_owned()));
    }
    Ok(nodes)
}

/// Visits the NodeConfigs of a file that [`read`] has taken, as they stand there.
pub fn each_config(path: &Path, mut visit: impl FnMut(Value)) -> Result<(), InputError> {
    let io = |error| InputError::io(path, error);
    let reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(io)?);
    for value in serde_json::Deserializer::from_reader(reader).into_iter::<Value>() {
        let mut value = value.map_err(|error| InputError::NotAPlan {
            path: path.display().to_string(),
            line: error.line(),
            why: reason(&error),
        })?;
        let lists = ["nodes", "items"].map(|key| value.get_mut(key).map(Value::take));
        let listed = lists.into_iter().flatten().filter_map(|list| match list {
            Value::Array(objects) => Some(objects),
            _ => None,
        });
        let objects: Vec<Value> = listed.flatten().collect();
        for object in objects.into_iter().chain(std::iter::once(value)) {
            if object.get("kind").and_then(Value::as_str) == Some("NodeConfig") {
                visit(object);
            }
        }
    }
    Ok(())
}

/// Why a file of lines cannot be read.
enum Failed {
    Read(io::Error),
    Line(usize, String),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// The node of a line, if it has one.
fn judge(line: &[u8]) -> Result<Option<PreviousNode>, String> {
    match quick::previous(line) {
        Some(node) => Ok(Some(node)),
        None if line.trim_ascii().is_empty() => Ok(None),
        None => object(line),
    }
}

/// The node of a line; none for a profile, or what is wrong with the line.
pub(crate) fn object(line: &[u8]) -> Result<Option<PreviousNode>, String> {
    let header: Header = serde_json::from_slice(line).map_err(|error| reason(&error))?;
    match header.kind.as_str() {
        "NodeConfig" => {
            let node: NodeObject = serde_json::from_slice(line).map_err(|error| reason(&error))?;
            Ok(Some(node.into()))
        }
        "NodeProfile" => Ok(None),
        other => Err(format!("an object of kind {other}")),
    }
}

/// What is wrong, without the place, which the message says in the file's own lines.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}
