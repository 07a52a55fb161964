//! What happens to one node: what differs, when it goes, and what is down with it.

use std::collections::BTreeSet;

use rackwright_api::ActionClass;
use rackwright_planner::change::What;
use serde::Serialize;
use serde_json::Value;

use super::in_line;
use crate::before::Before;
use crate::carried::Carried;
use crate::changes::{cut, folded, reason, step};
use crate::compared::Compared;
use crate::pipeline::Outcome;
use crate::previous::Previous;
use crate::summary::count;
use crate::verbs::VerbError;

/// What happens to the node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The earlier state.
    against: String,
    what: &'static str,
    class: Option<ActionClass>,
    differences: Vec<Differs>,
    /// The wave that it goes in, from 1, and what sort of wave.
    wave: Option<(usize, &'static str)>,
    /// What it waits for.
    waits: Option<&'static str>,
    /// What is unavailable with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Names>,
    /// What is unavailable already, by the agents' word.
    down: Names,
}

/// Some nodes.
#[derive(Debug, Serialize)]
struct Names {
    nodes: usize,
    /// Which, as a hostlist.
    names: String,
}

/// One difference.
#[derive(Debug, Serialize)]
struct Differs {
    class: ActionClass,
    path: String,
    old: Option<Value>,
    new: Option<Value>,
    reason: &'static str,
}

/// What becomes of a node after an earlier state.
pub fn change(
    outcome: &Outcome,
    (previous, down): (&Previous, &BTreeSet<&str>),
    carried: &Carried,
    name: &str,
) -> Result<Change, VerbError> {
    let before = Before::new(previous)?;
    let state = before.state()?;
    let compared = Compared::while_down(outcome, &state, carried, down);
    let against = previous.path().to_owned();
    let at = compared.diff.nodes.iter().position(|node| node.name == name);
    let Some(at) = at else {
        return Ok(Change {
            against,
            what: "nothing: it has what it is to have, or keeps it",
            class: None,
            differences: Vec::new(),
            wave: None,
            waits: None,
            beside: None,
            down: Names::new(down.iter().copied()),
        });
    };
    let node = &compared.diff.nodes[at];
    let order = compared.order.as_ref();
    let mut waves = order.into_iter().flat_map(|order| order.waves.iter().zip(1..));
    let wave = waves.find(|(wave, _)| wave.nodes.contains(&(at as u32)));
    let mut held = order.into_iter().flat_map(|order| &order.held);
    let held = held.find(|held| held.node as usize == at);
    Ok(Change {
        against,
        what: match node.what {
            What::Added => "it gets its first configuration",
            What::Changed => "its configuration changes",
            What::Removed => "no pool holds it any more: it is detached, and its host stays as it is",
        },
        class: Some(node.class),
        differences: compared
            .diff
            .differences(node)
            .map(|difference| Differs {
                class: difference.class(),
                path: difference.path.clone(),
                old: difference.old.clone(),
                new: difference.new.clone(),
                reason: difference.field.reason,
            })
            .collect(),
        wave: wave.map(|(wave, number)| (number, step(wave.step))),
        waits: held.map(|held| reason(held.why)),
        beside: wave.map(|(wave, _)| beside(&compared, &wave.nodes, at)),
        down: Names::new(down.iter().copied()),
    })
}

/// The other nodes of a wave that may be unavailable while the node is.
fn beside(compared: &Compared<'_>, wave: &[u32], node: usize) -> Names {
    let others = wave
        .iter()
        .map(|&other| other as usize)
        .filter(|&other| other != node);
    let others = others.map(|other| &compared.diff.nodes[other]);
    let unavailable = others.filter(|other| other.class >= ActionClass::Restart);
    Names::new(unavailable.map(|other| other.name))
}

impl Names {
    fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.collect();
        Self {
            nodes: names.len(),
            names: folded(names.iter().copied()),
        }
    }
}

impl Change {
    /// The section for people.
    pub fn text(&self) -> String {
        let mut out = format!("\n## Against {}\n\n{}", self.against, self.what);
        if let Some(class) = self.class {
            out.push_str(&format!(": {class:?}"));
        }
        out.push('\n');
        if let Some((wave, step)) = self.wave {
            out.push_str(&format!("goes in wave {wave}: {step}\n"));
        }
        if let Some(beside) = self.beside.as_ref().filter(|beside| beside.nodes > 0) {
            let (nodes, names) = (count(beside.nodes, "other node"), cut(&beside.names));
            out.push_str(&format!("{nodes} may be down with it: {names}\n"));
        }
        if let Some(waits) = self.waits {
            out.push_str(&format!("waits {waits}\n"));
        }
        if self.down.nodes > 0 {
            let (nodes, names) = (count(self.down.nodes, "node"), cut(&self.down.names));
            out.push_str(&format!("unavailable now: {nodes} ({names})\n"));
        }
        let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "(none)".to_owned(), in_line);
        for differs in &self.differences {
            out.push_str(&format!(
                "{:?} {}: {} -> {}\n    {}\n",
                differs.class,
                differs.path,
                shown(&differs.old),
                shown(&differs.new),
                differs.reason
            ));
        }
        out
    }
}
