//! What a plan is compared with: an earlier state with its profiles and facts.

use rackwright_api::{Hash, Management, NodeProfileSpec};
use rackwright_planner::change::{State, Written};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::previous::{Previous, Unfit};
use crate::walk::InputError;

/// An earlier state.
pub struct Before<'a> {
    previous: &'a Previous,
    content: Content<'a>,
}

enum Content<'a> {
    /// One object a line, read as it is compared.
    Lines(&'a str),
    Objects(Written),
}

#[derive(Deserialize)]
struct Object<'a> {
    kind: String,
    metadata: Metadata,
    #[serde(borrow)]
    spec: &'a RawValue,
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

impl<'a> Before<'a> {
    /// Takes what a comparison needs.
    pub fn new(previous: &'a Previous) -> Result<Self, InputError> {
        if let Some(text) = previous.lines() {
            let content = Content::Lines(text);
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
            Content::Lines(text) => {
                State::from_lines(text).map_err(|error| self.previous.refuse(error.line(), error.to_string()))
            }
        }
    }

    /// The file, as the user named it.
    pub fn path(&self) -> &str {
        self.previous.path()
    }
}

fn take(written: &mut Written, object: &str) -> Result<(), serde_json::Error> {
    let Object { kind, metadata, spec } = serde_json::from_str(object)?;
    match kind.as_str() {
        "NodeConfig" => {
            let spec: NodeSpec<'_> = serde_json::from_str(spec.get())?;
            written.node(
                &metadata.name,
                &spec.hash,
                &spec.profile,
                spec.management,
                spec.facts.get(),
            );
        }
        "NodeProfile" => {
            let spec: NodeProfileSpec = serde_json::from_str(spec.get())?;
            written.profile(metadata.name, spec);
        }
        _ => {}
    }
    Ok(())
}
