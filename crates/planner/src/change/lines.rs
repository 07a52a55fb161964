//! Plans as JSON lines: what `rackwright plan --output jsonl` prints.

use std::borrow::Cow;

use rackwright_api::{Hash, Management, NodeProfileSpec};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::state::{FactsOf, NodeState, State};

/// A line that is not an object of a plan.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It cannot be read.
    #[error("line {line}: {source}")]
    Json {
        /// Which, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// It is another object.
    #[error("line {line}: an object of kind {kind}")]
    Kind {
        /// Which, from 1.
        line: usize,
        /// Its kind.
        kind: String,
    },
}

/// How the line of a node begins in canonical JSON; other spellings are read in two steps.
const NODE: &str = r#"{"apiVersion":"rackwright.dev/v1alpha1","kind":"NodeConfig","#;

#[derive(Deserialize)]
struct Header {
    kind: String,
}

#[derive(Deserialize)]
struct NodeLine<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    spec: NodeSpec<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    name: &'a str,
}

/// What a diff needs of a NodeConfig; the facts stay text.
#[derive(Deserialize)]
struct NodeSpec<'a> {
    #[serde(borrow)]
    facts: &'a RawValue,
    hash: Hash,
    management: Management,
    profile: &'a str,
}

#[derive(Deserialize)]
struct ProfileLine<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    spec: NodeProfileSpec,
}

impl<'a> State<'a> {
    /// Reads a plan as `rackwright plan --output jsonl` prints it: NodeProfiles and NodeConfigs, one a line.
    pub fn from_lines(text: &'a str) -> Result<Self, LineError> {
        let (mut nodes, mut profiles) = (Vec::new(), Vec::new());
        for (at, line) in text.lines().enumerate() {
            let json = |source| LineError::Json { line: at + 1, source };
            if line.starts_with(NODE) {
                nodes.push(node(line).map_err(json)?);
                continue;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_str::<Header>(line).map_err(json)?.kind.as_str() {
                "NodeConfig" => nodes.push(node(line).map_err(json)?),
                "NodeProfile" => {
                    let ProfileLine { metadata, spec } = serde_json::from_str(line).map_err(json)?;
                    profiles.push((metadata.name, Cow::Owned(spec)));
                }
                other => {
                    return Err(LineError::Kind {
                        line: at + 1,
                        kind: other.to_owned(),
                    });
                }
            }
        }
        Ok(Self::new(nodes, profiles))
    }
}

fn node(line: &str) -> Result<NodeState<'_>, serde_json::Error> {
    let NodeLine { metadata, spec } = serde_json::from_str(line)?;
    Ok(NodeState {
        name: metadata.name,
        hash: spec.hash.value(),
        profile: spec.profile,
        managed: spec.management == Management::Managed,
        facts: FactsOf::Json(spec.facts.get()),
    })
}
