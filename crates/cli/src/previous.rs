//! What is allocated already: the NodeConfigs of a cluster (`kubectl get nodeconfigs -o json`), or an earlier plan as
//! `plan --output jsonl` or `--output json` printed it. The file is read once, and may be a pipe; what is asked of it
//! later is answered from its text, object by object.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use rackwright_api::{NodeConfigSpec, NodeName, NodeProfileSpec};
use rackwright_planner::change::cap_of_profile;
use rackwright_planner::{InForce, PreviousNode};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::quick;
use crate::walk::InputError;

/// An earlier state.
#[derive(Debug)]
pub struct Previous {
    path: String,
    text: String,
    form: Form,
}

/// How the objects stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One a line, profiles and nodes.
    Lines,
    /// `--output json`.
    Envelope,
    /// `kubectl get -o json`: objects of any kind.
    List,
}

/// What a compile needs to know of an object.
#[derive(Deserialize)]
struct NodeObject {
    metadata: Metadata,
    spec: NodeConfigSpec,
    #[serde(default)]
    status: Value,
}

#[derive(Deserialize)]
struct Metadata {
    name: NodeName,
    generation: Option<i64>,
}

#[derive(Deserialize)]
struct ProfileObject {
    metadata: ProfileMetadata,
    #[serde(default)]
    spec: Value,
}

#[derive(Deserialize)]
struct ProfileMetadata {
    name: String,
}

/// The kind comes first: the spec of a profile is not that of a node.
#[derive(Deserialize)]
struct Header {
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    format_version: u32,
    #[serde(borrow)]
    profiles: Vec<&'a RawValue>,
    #[serde(borrow)]
    nodes: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// What a text says that a compile looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Object<'a> {
    /// A NodeConfig, with the name of its profile, and whether its host has that in force, as far as anybody knows.
    Node(PreviousNode, Cow<'a, str>, bool),
    /// A NodeProfile, with the power cap that it sets, where it can be read.
    Profile(String, Option<u64>),
}

impl Object<'_> {
    fn of_node(node: NodeObject) -> Self {
        let NodeObject {
            metadata,
            mut spec,
            status,
        } = node;
        if spec.is_applied(metadata.generation, &status) {
            spec.quarantined.clear();
        }
        let in_force = spec.is_in_force(&status);
        let node = PreviousNode::new(metadata.name, &spec);
        Self::Node(node, Cow::Owned(spec.profile), in_force)
    }
}

impl Previous {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        let text = std::fs::read_to_string(path).map_err(|error| InputError::io(path, error))?;
        // Our own output is known by its first key; kubectl prints an object over many lines, so its first line is a lone
        // brace.
        let form = if text.starts_with("{\"formatVersion\":") {
            Form::Envelope
        } else if text.trim_ascii_start().starts_with("{\n") {
            Form::List
        } else {
            Form::Lines
        };
        let path = path.display().to_string();
        Ok(Self { path, text, form })
    }

    /// The file, as the user named it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text, where it has one object a line.
    pub fn lines(&self) -> Option<&str> {
        (self.form == Form::Lines).then_some(&*self.text)
    }

    /// The objects, each as JSON.
    pub fn objects(&self) -> Result<Vec<&str>, InputError> {
        let refuse = |error: serde_json::Error| self.refuse(error.line(), reason(&error));
        let listed: Vec<&RawValue> = match self.form {
            Form::Lines => {
                let lines = self.text.par_lines();
                return Ok(lines.filter(|line| !line.trim_ascii().is_empty()).collect());
            }
            Form::Envelope => {
                let Envelope {
                    format_version,
                    mut profiles,
                    nodes,
                } = serde_json::from_str(&self.text).map_err(refuse)?;
                if format_version != 1 {
                    return Err(self.refuse(1, format!("format version {format_version} is not known")));
                }
                profiles.extend(nodes);
                profiles
            }
            Form::List => {
                serde_json::from_str::<List<'_>>(&self.text)
                    .map_err(refuse)?
                    .items
            }
        };
        Ok(listed.into_iter().map(RawValue::get).collect())
    }

    /// What a compile needs.
    pub fn nodes(&self) -> Result<Vec<PreviousNode>, InputError> {
        let objects = self.objects()?;
        if self.text.is_empty() {
            return Err(self.refuse(1, "the file is empty".to_owned()));
        }
        let others_stand_there = self.form == Form::List;
        let judge = |text| match object_of(text) {
            Err(Unfit::Kind(_)) if others_stand_there => Ok(None),
            other => other.map(Some),
        };
        let texts = objects.par_iter().map(|text| text.as_bytes());
        let judged: Vec<Result<Option<Object<'_>>, Unfit>> = texts.map(judge).collect();
        let mut nodes = Vec::with_capacity(judged.len());
        let mut caps = BTreeMap::new();
        for (object, judged) in objects.iter().zip(judged) {
            match judged.map_err(|unfit| self.refuse_in(object, &unfit))? {
                None => {}
                Some(Object::Profile(name, cap)) => {
                    caps.insert(name, cap);
                }
                Some(Object::Node(node, profile, in_force)) => nodes.push((node, profile, in_force)),
            }
        }
        // Nodes of a pool have the same profile, so they share what it says.
        let mut known: HashMap<(Cow<'_, str>, bool), Arc<InForce>> = HashMap::new();
        let nodes = nodes.into_iter().map(|(node, profile, in_force)| {
            let key = (profile, in_force);
            let shared = if let Some(shared) = known.get(&key) {
                Arc::clone(shared)
            } else {
                let cap = caps.get(&*key.0).copied().flatten().filter(|_| in_force);
                let new = Arc::new(InForce::new(&key.0, cap));
                known.insert(key, Arc::clone(&new));
                new
            };
            PreviousNode {
                in_force: Some(shared),
                ..node
            }
        });
        Ok(nodes.collect())
    }

    /// The error that a line is not one of a plan.
    pub fn refuse(&self, line: usize, why: String) -> InputError {
        InputError::NotAPlan {
            path: self.path.clone(),
            line,
            why,
        }
    }

    /// The same about an object of the text.
    pub fn refuse_in(&self, object: &str, unfit: &Unfit) -> InputError {
        // An object is a part of the text.
        let start = (object.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let lines_before = self
            .text
            .get(..start)
            .map_or(0, |before| before.matches('\n').count());
        let (line, why) = match unfit {
            Unfit::Json { line, why } => (lines_before + line, why.clone()),
            Unfit::Kind(kind) => (lines_before + 1, format!("an object of kind {kind}")),
        };
        self.refuse(line, why)
    }
}

/// Why an object is not one of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It cannot be read.
    Json {
        /// Which of its lines, from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// It is of another kind.
    Kind(String),
}

impl From<serde_json::Error> for Unfit {
    fn from(error: serde_json::Error) -> Self {
        Self::Json {
            line: error.line().max(1),
            why: reason(&error),
        }
    }
}

/// A node or a profile, or what is wrong with the text.
fn object_of(text: &[u8]) -> Result<Object<'_>, Unfit> {
    match quick::previous(text) {
        Some((node, profile)) => Ok(Object::Node(node, Cow::Borrowed(profile), true)),
        None => object(text),
    }
}

/// The same, whatever its form.
pub(crate) fn object(text: &[u8]) -> Result<Object<'_>, Unfit> {
    let header: Header = serde_json::from_slice(text)?;
    match header.kind.as_str() {
        "NodeConfig" => Ok(Object::of_node(serde_json::from_slice(text)?)),
        "NodeProfile" => {
            let ProfileObject { metadata, spec } = serde_json::from_slice(text)?;
            let spec = NodeProfileSpec::deserialize(spec).ok();
            Ok(Object::Profile(metadata.name, spec.as_ref().map(cap_of_profile)))
        }
        other => Err(Unfit::Kind(other.to_owned())),
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
