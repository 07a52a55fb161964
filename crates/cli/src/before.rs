//! What a plan is compared with, in the forms that [`previous`](crate::previous) takes: here with profiles and facts.

use std::path::Path;

use rackwright_api::{Hash, Management, NodeProfileSpec};
use rackwright_planner::change::{State, Written, WrittenConfig};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::walk::InputError;

/// An earlier state.
pub struct Before {
    path: String,
    content: Content,
}

enum Content {
    /// One object a line, read as it is compared.
    Lines(String),
    Objects(Written),
}

/// `--output json`.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    nodes: Vec<Object<'a>>,
    #[serde(borrow)]
    profiles: Vec<Object<'a>>,
}

/// `kubectl get -o json`.
#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<Object<'a>>,
}

#[derive(Deserialize)]
struct Object<'a> {
    kind: String,
    metadata: Metadata,
    #[serde(borrow)]
    spec: &'a RawValue,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
struct NodeSpec<'a> {
    #[serde(borrow)]
    facts: &'a RawValue,
    hash: Hash,
    management: Management,
    profile: String,
}

/// What a host has applied. Only NodeConfigs of a cluster say so.
#[derive(Deserialize)]
struct NodeStatus {
    applied: Option<Applied>,
}

#[derive(Deserialize)]
struct Applied {
    hash: Hash,
}

impl Before {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        let text = std::fs::read_to_string(path).map_err(|error| InputError::io(path, error))?;
        let refuse = |error: serde_json::Error| InputError::NotAPlan {
            path: path.display().to_string(),
            line: error.line(),
            why: error.to_string(),
        };
        let content = if text.starts_with("{\"formatVersion\":") {
            let Envelope { nodes, profiles } = serde_json::from_str(&text).map_err(refuse)?;
            Content::Objects(written(nodes.into_iter().chain(profiles)).map_err(refuse)?)
        } else if text.trim_ascii_start().starts_with("{\n") {
            let List { items } = serde_json::from_str(&text).map_err(refuse)?;
            Content::Objects(written(items.into_iter()).map_err(refuse)?)
        } else {
            Content::Lines(text)
        };
        Ok(Self {
            path: path.display().to_string(),
            content,
        })
    }

    /// As one side of a diff.
    pub fn state(&self) -> Result<State<'_>, InputError> {
        match &self.content {
            Content::Objects(written) => Ok(written.state()),
            Content::Lines(text) => State::from_lines(text).map_err(|error| InputError::NotAPlan {
                path: self.path.clone(),
                line: error.line(),
                why: error.to_string(),
            }),
        }
    }

    /// The file, as the user named it.
    pub fn path(&self) -> &str {
        &self.path
    }
}

fn written<'a>(objects: impl Iterator<Item = Object<'a>>) -> Result<Written, serde_json::Error> {
    let mut written = Written::default();
    for Object {
        kind,
        metadata,
        spec,
        status,
    } in objects
    {
        match kind.as_str() {
            "NodeConfig" => {
                let spec: NodeSpec<'_> = serde_json::from_str(spec.get())?;
                let status: Option<NodeStatus> = status
                    .map(|status| serde_json::from_str(status.get()))
                    .transpose()?;
                let applied = status.and_then(|status| status.applied);
                let config = WrittenConfig {
                    hash: &spec.hash,
                    profile: &spec.profile,
                    management: spec.management,
                    facts: spec.facts.get(),
                    applied: applied.as_ref().map(|applied| &applied.hash),
                };
                written.node(&metadata.name, &config);
            }
            "NodeProfile" => {
                let spec: NodeProfileSpec = serde_json::from_str(spec.get())?;
                written.profile(metadata.name, spec);
            }
            _ => {}
        }
    }
    Ok(written)
}
