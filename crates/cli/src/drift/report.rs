//! What is told of drift, in the form of `--output json`.

use rackwright_planner::drift::Link;
use schemars::JsonSchema;
use serde::Serialize;

/// Where a cluster is not what its own intents say. No part of the change: neither of its counts, nor of its digest, nor of what the
/// policy flags look at.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The side, as the command line names it.
    pub side: String,
    /// Nodes that are compared: those that a pool has, and those that have a NodeConfig which was not let go.
    pub nodes: usize,
    /// Nodes of which every link is known to hold.
    pub in_sync: usize,
    /// Nodes of which a link is known to be broken.
    pub drifting: usize,
    /// The other nodes: of some link nobody knows whether it holds.
    pub unknown: usize,
    /// Nodes that were let go: their hosts stay as they are.
    pub detached: usize,
    /// Nodes of other member clusters.
    pub elsewhere: usize,
    /// The links, in order. A node stands in each of them once.
    pub links: Vec<LinkReport>,
}

/// One link of the chain.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LinkReport {
    /// Which.
    pub link: LinkName,
    /// Nodes of which it holds.
    pub holds: usize,
    /// Nodes of which there is nothing to compare, because the link before has no end.
    pub silent: usize,
    /// The others, by kind and pool.
    pub breaks: Vec<BreakReport>,
}

/// The links.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub enum LinkName {
    /// What the intents compile to against the NodeConfig.
    SpecToWritten,
    /// The NodeConfig against what the host applied.
    WrittenToApplied,
    /// What the host applied against what its agent saw since.
    AppliedToObserved,
}

impl From<Link> for LinkName {
    fn from(link: Link) -> Self {
        match link {
            Link::SpecToWritten => Self::SpecToWritten,
            Link::WrittenToApplied => Self::WrittenToApplied,
            Link::AppliedToObserved => Self::AppliedToObserved,
        }
    }
}

/// Nodes of one pool on which a link breaks in the same way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreakReport {
    /// How, in one word: `docs/drift.md` lists them.
    pub kind: String,
    /// Whether the link is known to be broken; else nobody knows.
    pub known: bool,
    /// What that means.
    pub means: &'static str,
    /// The pool that plans the nodes, or that their NodeConfigs are labelled with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// How many nodes.
    pub nodes: usize,
    /// Which, as a hostlist.
    pub names: String,
    /// Their racks, as a hostlist.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub racks: String,
    /// What the operator says of it, or what refuses the pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who wrote fields of the spec beside the operator, where the objects say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writers: Vec<String>,
    /// What else is said of them, the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// How many more of these there are.
    pub more_details: usize,
}

/// One thing that is said of some of these nodes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Detail {
    /// The field of the NodeProfile or of the facts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What is said.
    pub message: String,
    /// Of how many nodes.
    pub nodes: usize,
    /// Whether other nodes say something else of the same field.
    pub various: bool,
}

impl Drift {
    /// Whether every node is known to be what its intents say.
    pub fn is_none(&self) -> bool {
        self.in_sync == self.nodes
    }
}
