//! `rackwright plan`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::path::Path;

use rackwright_manifest::render;
use rackwright_planner::{PlannedNode, PoolPlan};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::VerbError;
use crate::args::{Plan, PlanOutput};
use crate::asked::{Asked, asked};
use crate::before::Before;
use crate::carried::Carried;
use crate::changes::Changes;
use crate::compared::Compared;
use crate::digests::{Digests, Hashing, of_inputs};
use crate::exit::Exit;
use crate::output::{Out, When, eprint};
use crate::pager::{self, Paging};
use crate::pipeline::{self, Outcome};
use crate::plan_objects::{node, profile, write_node};
use crate::previous::Previous;
use crate::summary::{Summary, count};
use crate::values::{Traced, annotated};
use crate::{progress, report, saved, whole_file};

/// Findings that are shown before a plan; `validate` shows them all.
const FINDINGS_SHOWN: usize = 20;

/// Nodes whose texts are kept before they are printed.
const SPELLED: usize = 2_048;
/// Nodes that one core spells at a time.
const SPELLED_BY_ONE: usize = 128;
/// Bytes of a node of four rails; the text of nodes with more of them grows.
const NODE_BYTES: usize = 560;

/// Compiles and prints.
pub fn run(args: &Plan, color: When, paging: Paging, out: &mut Out) -> Result<Exit, VerbError> {
    let (previous, held) = Previous::opened(args.previous.as_deref(), &args.paths)?;
    let outcome = pipeline::run_member(&args.paths, held, args.cluster.as_deref())?;
    // Its millions of small parts go with the process, which ends here.
    let outcome = ManuallyDrop::new(outcome);
    let exit = report::exit(&outcome, false);
    findings(&outcome, color);
    // The summary for people says it itself.
    if args.output != PlanOutput::Text || args.node.is_some() {
        report::refused(&outcome);
    }
    report::errors(&outcome);
    if exit > Exit::Findings {
        // A plan of half of the input, or one that fails its own check, is worse than none.
        eprint("no plan is printed because of the errors above\n");
        return Ok(exit);
    }
    if let Some(unknown) = &outcome.unknown_cluster {
        return Err(VerbError::Unknown(unknown.to_string()));
    }
    let carried = Carried::new(previous.as_ref(), &outcome)?;
    if args.node.is_none() {
        blocked(&carried);
    }
    // A comparison goes with a summary of the whole plan.
    let summed_up = args.node.is_none() && matches!(args.output, PlanOutput::Text | PlanOutput::Json);
    let before = previous
        .as_ref()
        .filter(|_| summed_up)
        .map(Before::new)
        .transpose()?;
    let changes = match &before {
        None => None,
        Some(before) => {
            let compared = Compared::new(&outcome, &before.state()?, &carried);
            if !compared.violations.is_empty() {
                report::violations(&compared.violations);
                eprint("no plan is printed because of the errors above\n");
                return Ok(Exit::Tool);
            }
            let plan = &outcome.compilation.plan;
            let rack = |node: usize| {
                let rack = plan.node(compared.diff.nodes[node].name)?.rack()?;
                Some(rack.as_str())
            };
            Some(Changes::new(&compared, before.path(), rack))
        }
    };
    let node = match &args.node {
        None => None,
        Some(name) => match asked(&outcome, &carried, name)? {
            Asked::Planned(node) => Some(node),
            Asked::Keeps(why) => {
                eprint(&format!("error: {why}\n"));
                return Ok(exit.max(Exit::Findings));
            }
        },
    };
    let selection = select(node, &outcome, &carried);
    if let Some(file) = &args.out {
        save(file, &selection, &outcome)?;
    }
    let written = print(args, &selection, &outcome, changes.as_ref(), (paging, out));
    match written {
        Err(VerbError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit),
        Err(error) => Err(error),
        Ok(()) => Ok(exit),
    }
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

/// Which nodes keep what another pool gave them.
pub(super) fn blocked(carried: &Carried) {
    for ((by, holder), nodes) in carried.blocked() {
        eprint(&format!(
            "{} of GPUPool/{by} still have their configuration from GPUPool/{holder}, which is refused or cannot be read: put \
             that right, or delete it ({} first)\n",
            count(nodes.len(), "node"),
            nodes[0]
        ));
    }
}

/// What is printed.
struct Selection<'a> {
    /// Those with nodes: a profile that no node needs is not written.
    pools: Vec<&'a PoolPlan>,
    node: Option<PlannedNode<'a>>,
    /// What stays beside the plan.
    carried: &'a Carried,
}

fn select<'a>(node: Option<PlannedNode<'a>>, outcome: &'a Outcome, carried: &'a Carried) -> Selection<'a> {
    let plan = &outcome.compilation.plan;
    let Some(node) = node else {
        let blocked = carried.blocked();
        let needed = |pool: &&PoolPlan| {
            let kept = blocked.iter().filter(|((by, _), _)| *by == pool.name.as_str());
            pool.nodes as usize > kept.map(|(_, nodes)| nodes.len()).sum()
        };
        return Selection {
            pools: plan.pools().iter().filter(needed).collect(),
            node: None,
            carried,
        };
    };
    Selection {
        pools: vec![node.pool()],
        node: Some(node),
        carried,
    }
}

impl<'a> Selection<'a> {
    fn nodes<'s>(&'s self, outcome: &'a Outcome) -> Box<dyn Iterator<Item = PlannedNode<'a>> + 's> {
        if let Some(node) = self.node {
            return Box::new(std::iter::once(node));
        }
        let nodes = outcome.compilation.plan.nodes();
        Box::new(nodes.filter(|node| !self.carried.is_blocked(node.name())))
    }

    /// The profiles that these need and the plan does not have; none beside a single node.
    fn carried_profiles(&self) -> impl Iterator<Item = &'a Value> {
        let all = self.node.is_none().then_some(&self.carried.profiles);
        all.into_iter().flat_map(BTreeMap::values)
    }

    /// NodeConfigs that stay as they are or are detached, by name; none beside a single node.
    fn carried(&self) -> impl Iterator<Item = &'a Value> {
        let all = self.node.is_none().then_some(&self.carried.objects);
        all.into_iter().flat_map(BTreeMap::values)
    }
}

fn print(
    args: &Plan,
    selection: &Selection<'_>,
    outcome: &Outcome,
    changes: Option<&Changes>,
    (paging, out): (Paging, &mut Out),
) -> Result<(), VerbError> {
    match (args.output, selection.node) {
        (PlanOutput::Text, None) => {
            let (errors, warnings) = outcome.tally();
            let summary = Summary::new(&outcome.compilation, &outcome.refused, errors, warnings);
            let changes = changes.map_or_else(String::new, Changes::text);
            pager::print(&(summary.text(&outcome.refused) + &changes), paging, out)?;
        }
        (PlanOutput::Json, _) => json(selection, outcome, (changes, None), out)?,
        (PlanOutput::Jsonl, _) => jsonl(selection, outcome, out)?,
        (PlanOutput::Text, Some(planned)) => {
            let traced = Traced::new(outcome, planned)?;
            let config = serde_yaml::to_string(&node(planned))?;
            let profile = serde_yaml::to_string(&profile(planned.pool()))?;
            let config = annotated(&config, &["spec", "facts"], &["facts"], &traced);
            let profile = annotated(&profile, &["spec"], &[], &traced);
            pager::print(&format!("{config}---\n{profile}"), paging, out)?;
        }
        (PlanOutput::Yaml, _) => {
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
            for profile in selection.carried_profiles() {
                document(serde_yaml::to_string(profile)?, out)?;
            }
            if selection.node.is_none() {
                for planned in selection.nodes(outcome) {
                    document(serde_yaml::to_string(&node(planned))?, out)?;
                }
                for object in selection.carried() {
                    document(serde_yaml::to_string(object)?, out)?;
                }
            }
        }
    }
    Ok(out.flush()?)
}

/// Saves the whole plan with its digests: a file that is there whole or not at all.
fn save(file: &Path, selection: &Selection<'_>, outcome: &Outcome) -> Result<(), VerbError> {
    let _phase = progress::phase(|| format!("writing {}", file.display()));
    let mut hashing = Hashing::default();
    jsonl(selection, outcome, &mut hashing)?;
    let digests = Digests {
        inputs: of_inputs(&outcome.input)?,
        output: hashing.digest(),
    };
    let mut text = Vec::new();
    json(selection, outcome, (None, Some(&digests)), &mut text)?;
    whole_file::write(file, &text).map_err(|error| VerbError::File {
        path: file.display().to_string(),
        error,
    })
}

/// One object a line.
fn jsonl(selection: &Selection<'_>, outcome: &Outcome, out: &mut impl Write) -> Result<(), VerbError> {
    for pool in &selection.pools {
        line(&profile(pool), out)?;
    }
    for profile in selection.carried_profiles() {
        line(profile, out)?;
    }
    lines(selection.nodes(outcome), out)?;
    for object in selection.carried() {
        line(object, out)?;
    }
    Ok(())
}

/// Nodes as lines, spelled by all cores and printed in their order.
fn lines<'a>(
    mut nodes: impl Iterator<Item = PlannedNode<'a>>,
    out: &mut impl Write,
) -> Result<(), VerbError> {
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
fn line(object: &impl Serialize, out: &mut impl Write) -> Result<(), VerbError> {
    json_value(object, out)?;
    Ok(out.write_all(b"\n")?)
}

/// `serde_json` wraps errors of the stream in its own; a reader that went away must stay recognisable.
fn json_value(object: &impl Serialize, out: &mut impl Write) -> Result<(), VerbError> {
    serde_json::to_writer(out, object).map_err(|error| match error.io_error_kind() {
        Some(kind) => VerbError::Output(io::Error::from(kind)),
        None => VerbError::Json(error),
    })
}

/// One JSON value, streamed: `{"formatVersion":1,"digest":…,"summary":…,"changes":…,"intents":[…],"profiles":[…],"nodes":[…]}`; digests where
/// the plan is saved, changes where there is an earlier state, intents where it is the whole plan.
fn json<W: Write>(
    selection: &Selection<'_>,
    outcome: &Outcome,
    (changes, digests): (Option<&Changes>, Option<&Digests>),
    out: &mut W,
) -> Result<(), VerbError> {
    let (errors, warnings) = outcome.tally();
    out.write_all(b"{\"formatVersion\":1")?;
    if let Some(digests) = digests {
        out.write_all(b",\"digest\":")?;
        json_value(digests, out)?;
    }
    out.write_all(b",\"summary\":")?;
    json_value(
        &Summary::new(&outcome.compilation, &outcome.refused, errors, warnings),
        out,
    )?;
    if let Some(changes) = changes {
        out.write_all(b",\"changes\":")?;
        json_value(changes, out)?;
    }
    if selection.node.is_none() {
        out.write_all(b",\"intents\":")?;
        json_value(&saved::intents(outcome)?, out)?;
    }
    out.write_all(b",\"profiles\":[")?;
    let mut first = true;
    let separate =
        |first: &mut bool, out: &mut W| out.write_all(if std::mem::take(first) { b"\n" } else { b",\n" });
    for pool in &selection.pools {
        separate(&mut first, out)?;
        json_value(&profile(pool), out)?;
    }
    for profile in selection.carried_profiles() {
        separate(&mut first, out)?;
        json_value(profile, out)?;
    }
    out.write_all(b"],\"nodes\":[")?;
    first = true;
    for planned in selection.nodes(outcome) {
        separate(&mut first, out)?;
        json_value(&node(planned), out)?;
    }
    for object in selection.carried() {
        separate(&mut first, out)?;
        json_value(object, out)?;
    }
    Ok(out.write_all(b"]}\n")?)
}
