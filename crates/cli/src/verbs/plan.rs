//! `rackwright plan`.

use std::io::{self, Write};
use std::mem::ManuallyDrop;

use rackwright_manifest::render;
use rackwright_planner::{PlannedNode, PoolPlan};
use rayon::prelude::*;
use serde::Serialize;

use super::VerbError;
use crate::args::{Plan, PlanOutput};
use crate::before::Before;
use crate::carried::{self, Carried};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::output::{Out, When, eprint};
use crate::pipeline::{self, Outcome};
use crate::plan_objects::{node, profile, write_node};
use crate::report;
use crate::suggest::nearest;
use crate::summary::{Summary, named, refused_pools};

/// Findings that are shown before a plan; `validate` shows them all.
const FINDINGS_SHOWN: usize = 20;

/// Nodes whose texts are kept before they are printed.
const SPELLED: usize = 2_048;
/// Nodes that one core spells at a time.
const SPELLED_BY_ONE: usize = 128;
/// Bytes of a node of four rails; the text of nodes with more of them grows.
const NODE_BYTES: usize = 560;

/// Compiles and prints.
pub fn run(args: &Plan, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    let previous = args.previous.as_deref().map(crate::previous::read).transpose()?;
    let outcome = pipeline::run(&args.paths.paths, previous.unwrap_or_default())?;
    // Its millions of small parts go with the process, which ends here.
    let mut outcome = ManuallyDrop::new(outcome);
    let exit = report::exit(&outcome, false);
    findings(&outcome, color);
    refused(&outcome, args);
    report::errors(&outcome);
    if exit > Exit::Findings {
        // A plan of half of the input, or one that fails its own check, is worse than none.
        eprint("no plan is printed because of the errors above\n");
        return Ok(exit);
    }
    if let Some(cluster) = &args.cluster {
        let kept = outcome.compilation.keep_member(cluster);
        kept.map_err(|error| VerbError::Unknown(error.to_string()))?;
    }
    let before = before(args)?;
    let changes = before.as_ref().map(|before| Changes::new(&outcome, before));
    let changes = changes.transpose()?;
    if let Some(changes) = changes.as_ref().filter(|changes| !changes.violations.is_empty()) {
        report::violations(&changes.violations);
        eprint("no plan is printed because of the errors above\n");
        return Ok(Exit::Tool);
    }
    let written = print(args, &select(args, &outcome)?, &outcome, changes.as_ref(), out);
    match written {
        Err(VerbError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit),
        Err(error) => Err(error),
        Ok(()) => Ok(exit),
    }
}

/// What the plan is compared with: where a summary of the whole plan is asked for, and an earlier state is given.
fn before(args: &Plan) -> Result<Option<Before>, VerbError> {
    let summed_up = args.node.is_none() && matches!(args.output, PlanOutput::Text | PlanOutput::Json);
    let path = args.previous.as_deref().filter(|_| summed_up);
    Ok(path.map(Before::read).transpose()?)
}

/// Findings and the summary of what was read.
pub(super) fn findings(outcome: &Outcome, color: When) {
    let choice = color.decide(&io::stderr());
    for finding in outcome.diagnostics.iter().take(FINDINGS_SHOWN) {
        eprint(&format!("{}\n", render::text(finding, &outcome.sources, choice)));
    }
    if let Some(more) = outcome
        .diagnostics
        .len()
        .checked_sub(FINDINGS_SHOWN)
        .filter(|more| *more > 0)
    {
        eprint(&format!(
            "... and {more} more findings; `rackwright validate` shows them all\n"
        ));
    }
    eprint(&format!("{}\n", report::summary(outcome)));
}

/// Which pools are missing from what follows.
fn refused(outcome: &Outcome, args: &Plan) {
    let refused = refused_pools(&outcome.refused);
    // The summary for people says it itself.
    if !refused.is_empty() && (args.output != PlanOutput::Text || args.node.is_some()) {
        eprint(&format!("refused, and not in this plan: {}\n", named(&refused)));
    }
}

/// What is printed.
struct Selection<'a> {
    /// Those with nodes: a profile that no node needs is not written.
    pools: Vec<&'a PoolPlan>,
    node: Option<PlannedNode<'a>>,
    /// Nodes of the earlier plan that no pool holds any more, by name.
    carried: Vec<Carried>,
}

fn select<'a>(args: &Plan, outcome: &'a Outcome) -> Result<Selection<'a>, VerbError> {
    let plan = &outcome.compilation.plan;
    let Some(name) = &args.node else {
        let carried = match &args.previous {
            Some(path) => carried::read(path, outcome)?,
            None => Vec::new(),
        };
        return Ok(Selection {
            pools: plan.pools().iter().filter(|pool| pool.nodes > 0).collect(),
            node: None,
            carried,
        });
    };
    let node = planned(outcome, name)?;
    Ok(Selection {
        pools: vec![node.pool()],
        node: Some(node),
        carried: Vec::new(),
    })
}

/// A node by its name.
pub(super) fn planned<'a>(outcome: &'a Outcome, name: &str) -> Result<PlannedNode<'a>, VerbError> {
    let plan = &outcome.compilation.plan;
    plan.node(name).ok_or_else(|| {
        let hint = match nearest(name, plan.nodes().map(|node| node.name())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`rackwright plan --output jsonl` lists all nodes".to_owned(),
        };
        VerbError::Unknown(format!("node {name} is not in the plan; {hint}"))
    })
}

impl<'a> Selection<'a> {
    fn nodes(&self, outcome: &'a Outcome) -> Box<dyn Iterator<Item = PlannedNode<'a>> + 'a> {
        match self.node {
            Some(node) => Box::new(std::iter::once(node)),
            None => Box::new(outcome.compilation.plan.nodes()),
        }
    }
}

fn print(
    args: &Plan,
    selection: &Selection<'_>,
    outcome: &Outcome,
    changes: Option<&Changes>,
    out: &mut Out,
) -> Result<(), VerbError> {
    match (args.output, selection.node) {
        (PlanOutput::Text, None) => {
            let (errors, warnings) = outcome.tally();
            let summary = Summary::new(&outcome.compilation, &outcome.refused, errors, warnings);
            out.write_all(summary.text(&outcome.refused).as_bytes())?;
            if let Some(changes) = changes {
                out.write_all(changes.text().as_bytes())?;
            }
        }
        (PlanOutput::Json, _) => json(selection, outcome, changes, out)?,
        (PlanOutput::Jsonl, _) => {
            for pool in &selection.pools {
                line(&profile(pool), out)?;
            }
            lines(selection.nodes(outcome), out)?;
            for carried in &selection.carried {
                line(&carried.object, out)?;
            }
        }
        (PlanOutput::Yaml, _) | (PlanOutput::Text, Some(_)) => {
            let mut first = true;
            let mut document = |object: String, out: &mut Out| {
                let separator = if std::mem::take(&mut first) { "" } else { "---\n" };
                write!(out, "{separator}{object}")
            };
            // One node is asked for: it comes first, what it shares with others behind it.
            if let Some(planned) = selection.node {
                document(serde_yaml::to_string(&node(planned))?, out)?;
            }
            for pool in &selection.pools {
                document(serde_yaml::to_string(&profile(pool))?, out)?;
            }
            if selection.node.is_none() {
                for planned in selection.nodes(outcome) {
                    document(serde_yaml::to_string(&node(planned))?, out)?;
                }
                for carried in &selection.carried {
                    document(serde_yaml::to_string(&carried.object)?, out)?;
                }
            }
        }
    }
    Ok(out.flush()?)
}

/// Nodes as lines, spelled by all cores and printed in their order.
fn lines<'a>(mut nodes: impl Iterator<Item = PlannedNode<'a>>, out: &mut Out) -> Result<(), VerbError> {
    loop {
        let some: Vec<PlannedNode<'_>> = nodes.by_ref().take(SPELLED).collect();
        if some.is_empty() {
            return Ok(());
        }
        let texts: Vec<Vec<u8>> = some.par_chunks(SPELLED_BY_ONE).map(spell).collect();
        for text in texts {
            out.write_all(&text)?;
        }
    }
}

fn spell(nodes: &[PlannedNode<'_>]) -> Vec<u8> {
    let mut text = Vec::with_capacity(nodes.len() * NODE_BYTES);
    for planned in nodes {
        write_node(*planned, &mut text);
        text.push(b'\n');
    }
    text
}

/// One object as a line of canonical JSON.
fn line(object: &impl Serialize, out: &mut Out) -> Result<(), VerbError> {
    json_value(object, out)?;
    Ok(out.write_all(b"\n")?)
}

/// `serde_json` wraps errors of the stream in its own; a reader that went away must stay recognisable.
fn json_value(object: &impl Serialize, out: &mut Out) -> Result<(), VerbError> {
    serde_json::to_writer(out, object).map_err(|error| match error.io_error_kind() {
        Some(kind) => VerbError::Output(io::Error::from(kind)),
        None => VerbError::Json(error),
    })
}

/// One JSON value, streamed: `{"formatVersion":1,"summary":…,"changes":…,"profiles":[…],"nodes":[…]}`; changes where there
/// is an earlier state.
fn json(
    selection: &Selection<'_>,
    outcome: &Outcome,
    changes: Option<&Changes>,
    out: &mut Out,
) -> Result<(), VerbError> {
    let (errors, warnings) = outcome.tally();
    out.write_all(b"{\"formatVersion\":1,\"summary\":")?;
    json_value(
        &Summary::new(&outcome.compilation, &outcome.refused, errors, warnings),
        out,
    )?;
    if let Some(changes) = changes {
        out.write_all(b",\"changes\":")?;
        json_value(changes, out)?;
    }
    out.write_all(b",\"profiles\":[")?;
    for (at, pool) in selection.pools.iter().enumerate() {
        out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        json_value(&profile(pool), out)?;
    }
    out.write_all(b"],\"nodes\":[")?;
    let mut first = true;
    let mut separate = |out: &mut Out| out.write_all(if std::mem::take(&mut first) { b"\n" } else { b",\n" });
    for planned in selection.nodes(outcome) {
        separate(out)?;
        json_value(&node(planned), out)?;
    }
    for carried in &selection.carried {
        separate(out)?;
        json_value(&carried.object, out)?;
    }
    Ok(out.write_all(b"]}\n")?)
}
