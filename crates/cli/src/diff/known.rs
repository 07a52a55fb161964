//! What is known of a side beside its nodes, whether its documents are there or a saved plan tells of them.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_planner::power::Envelope;
use rackwright_planner::{Input, ObjectRef};

use super::facts::capacity;
use crate::pipeline::Outcome;
use crate::saved::Saved;

/// A side.
#[derive(Debug)]
pub struct Known<'a> {
    /// What it was compiled from; a saved plan has no inventories.
    pub input: &'a Input,
    /// What was refused.
    pub refused: &'a BTreeSet<ObjectRef>,
    /// Whether a file could not be read to its end, so that nobody knows what else it holds.
    pub broken: bool,
    /// Power budgets and what is drawn of them.
    pub power: &'a [Envelope],
    /// Nodes and GPUs of each pool; no GPUs where their number is not known.
    pub capacity: BTreeMap<String, (u64, Option<u64>)>,
}

impl<'a> From<&'a Outcome> for Known<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        Self {
            input: &outcome.input,
            refused: &outcome.refused,
            broken: outcome.broken,
            power: &outcome.compilation.power,
            capacity: capacity(outcome),
        }
    }
}

impl<'a> From<&'a Saved> for Known<'a> {
    fn from(saved: &'a Saved) -> Self {
        let nodes = saved.nodes.iter();
        Self {
            input: &saved.input,
            refused: &saved.refused,
            broken: false,
            power: &saved.power,
            capacity: nodes
                .map(|(pool, nodes)| (pool.clone(), (*nodes, None)))
                .collect(),
        }
    }
}
