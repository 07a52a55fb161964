//! What a plan is compared with: an earlier state with its profiles and facts.

use rackwright_api::{Hash, Management, NodeProfileSpec};
use rackwright_planner::change::{Lines, State, Written, WrittenConfig, between};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::previous::{Previous, Unfit};
use crate::progress;
use crate::walk::InputError;

/// An earlier state.
pub struct Before<'a> {
    previous: &'a Previous,
    content: Content<'a>,
}

enum Content<'a> {
    /// One object a line, read as it is compared.
    Lines(Lines<'a>),
    Objects(Written),
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

impl<'a> Before<'a> {
    /// Takes what a comparison needs.
    pub fn new(previous: &'a Previous) -> Result<Self, InputError> {
        let _phase = progress::phase(|| format!("reading {}", previous.path()));
        if let Some(lines) = previous.lines()? {
            let content = Content::Lines(lines);
            return Ok(Self { previous, content });
        }
        let mut written = Written::default();
        for object in previous.objects()? {
            take(&mut written, object).map_err(|error| previous.refuse_in(object, &Unfit::from(error)))?;
        }
        let content = Content::Objects(written);
        Ok(Self { previous, content })
    }

    /// As one side of a diff.
    pub fn state(&self) -> Result<State<'_>, InputError> {
        match &self.content {
            Content::Objects(written) => Ok(written.state()),
            Content::Lines(lines) => {
                State::of_lines(*lines).map_err(|error| self.previous.refuse(error.line(), error.to_string()))
            }
        }
    }

    /// This state and a later one as the sides of a diff, and how many nodes are the same on both and in neither: of two plans
    /// that stand in lines, what is the same is never read.
    pub fn against<'b>(&'b self, later: &'b Self) -> Result<((State<'b>, State<'b>), usize), InputError> {
        let _phase = progress::phase(|| format!("comparing {} and {}", self.path(), later.path()));
        if let (Content::Lines(old), Content::Lines(new)) = (&self.content, &later.content)
            && let Ok((old, new, same)) = between(*old, *new)
        {
            return Ok(((old, new), same));
        }
        // What is wrong with which of them, too.
        Ok(((self.state()?, later.state()?), 0))
    }

    /// The file, as the user named it.
    pub fn path(&self) -> &str {
        self.previous.path()
    }
}

fn take(written: &mut Written, object: &str) -> Result<(), serde_json::Error> {
    let Object {
        kind,
        metadata,
        spec,
        status,
    } = serde_json::from_str(object)?;
    match kind.as_str() {
        "NodeConfig" => {
            let spec: NodeSpec<'_> = serde_json::from_str(spec.get())?;
            // What this version cannot read says nothing.
            let status: Option<NodeStatus> =
                status.and_then(|status| serde_json::from_str(status.get()).ok());
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
    Ok(())
}
