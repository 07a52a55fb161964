//! `rackwright diff`.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use rackwright_planner::change::{Budget, State, intended, planned};
use rackwright_planner::power::Envelope;
use rackwright_planner::{Input, compile};
use serde_json::Value;

use super::VerbError;
use super::plan::{blocked, findings};
use crate::args::{Diff, DiffForm};
use crate::before::Before;
use crate::carried::Carried;
use crate::compared::Compared;
use crate::diff::causes::{Sides, causes};
use crate::diff::edits::{self, Asked, Edit, Id, Place, Specs, edits, objects};
use crate::diff::ground::Ground;
use crate::diff::inventories::Changed;
use crate::diff::known::Known;
use crate::diff::policy::Policy;
use crate::diff::report::{Report, Verdict};
use crate::diff::side::{Side, Source};
use crate::diff::told::Found;
use crate::diff::{html, markdown, text};
use crate::drift;
use crate::drift::report::Drift;
use crate::exit::Exit;
use crate::formats::collision;
use crate::git;
use crate::output::{Out, When, eprint};
use crate::pager::{self, Paging};
use crate::pipeline::{self, Outcome, ToolError};
use crate::previous::Previous;
use crate::report;
use crate::saved::{self, Saved};
use crate::schemas::OwnSchemas;
use crate::summary::count;

/// Compares.
pub fn run(args: &Diff, color: When, paging: Paging, out: &mut Out) -> Result<Exit, VerbError> {
    if let Some(why) = collision(&args.output) {
        return Err(VerbError::Usage(why));
    }
    let (a, b) = sides(args)?;
    if a.is_stdin() && b.is_stdin() {
        return Err(VerbError::Usage("standard input can be one side only".to_owned()));
    }
    let cluster = args.cluster.as_deref();
    if cluster.is_some() && [&a, &b].map(|side| side.source) == [Source::Plan; 2] {
        return Err(VerbError::Usage(
            "--cluster needs documents on one side: a saved plan does not say which of its nodes are whose"
                .to_owned(),
        ));
    }
    if args.fail_on_drift && a.cluster.is_none() && b.cluster.is_none() {
        return Err(VerbError::Usage(
            "--fail-on-drift: no side is a cluster, so nobody knows what is written or applied".to_owned(),
        ));
    }
    let schemas = OwnSchemas::default();
    let ground = Ground::new([&a, &b], &args.clusters, &schemas)?;
    let before = match a.source {
        Source::Plan => None,
        // Its millions of small parts go with the process.
        Source::Documents | Source::Cluster => {
            let after = pipeline::Before {
                pools: &[],
                inventories: &ground.inventories,
            };
            let compiled = a.compiled(&schemas, &args.clusters, ground.nodes()?, &after, cluster)?;
            Some(ManuallyDrop::new(compiled))
        }
    };
    let mut exit = before.as_ref().map_or(Exit::Clean, |before| old_side(&a, before));
    if exit > Exit::Findings {
        eprint("nothing is compared because of the errors above\n");
        return Ok(exit);
    }
    let previous = match &before {
        None => a.saved()?,
        Some(outcome) => ground.state(&a.name, outcome)?,
    };
    let mut drift = Vec::new();
    if let (Some(cluster), Some(before)) = (&a.cluster, &before) {
        drift.push(drift::drift(cluster, before)?);
    }
    if b.source == Source::Plan {
        let old = Old {
            side: &a,
            previous: &previous,
            outcome: before.as_deref(),
            ground: &ground,
        };
        return saved(args, &old, &b, &schemas, (drift, exit), (paging, out));
    }
    if let Some(found) = &b.cluster {
        let own = b.compiled(
            &schemas,
            &args.clusters,
            found.nodes()?,
            &pipeline::Before::default(),
            cluster,
        )?;
        drift.push(drift::drift(found, &own)?);
    }
    let told = match &before {
        None => Saved::of(&previous)?,
        Some(_) => None,
    };
    let was = before.as_ref().map(|before| &before.input);
    let stay = a.source == Source::Cluster && b.source == Source::Documents;
    let earlier = pipeline::Before {
        pools: was
            .or(told.as_ref().map(|told| &told.input))
            .map_or(&[], |input| &input.pools),
        inventories: was.filter(|_| stay).map_or(&[], |input| &input.inventories),
    };
    let after = b.compiled(&schemas, &args.clusters, previous.nodes()?, &earlier, cluster)?;
    let after = ManuallyDrop::new(after);
    exit = exit.max(report::exit(&after, false));
    findings(&after, color);
    report::refused(&after);
    report::errors(&after);
    if exit > Exit::Findings {
        eprint("nothing is compared because of the errors above\n");
        return Ok(exit);
    }
    let known_before = before
        .as_ref()
        .is_some_and(|before| before.unknown_cluster.is_none());
    if let (Some(unknown), false) = (&after.unknown_cluster, known_before) {
        return Err(VerbError::Unknown(unknown.to_string()));
    }
    let carried = Carried::new(Some(&previous), &after)?;
    blocked(&carried);
    let was = Before::new(&previous)?;
    let is = State::of(&after.compilation.plan);
    let states = (intentions(&ground, before.as_deref(), &was)?, is);
    let compared = Compared::new(&after, &states.0, &carried);
    if !compared.violations.is_empty() {
        report::violations(&compared.violations);
        return Ok(Exit::Tool);
    }
    let (mut between, mut found) = (Vec::new(), None);
    let inventories = before.as_deref().map(|before| Changed::new(before, &after));
    if let (Some(before), Some(inventories)) = (before.as_deref(), &inventories) {
        let objects = (objects(before, &schemas), objects(&after, &schemas));
        between = edits((&objects.0, before), (&objects.1, &after));
        let sides = Sides {
            a: &objects.0,
            b: &objects.1,
            new: &after,
            refused: &before.refused,
            edits: &between,
            inventories,
            cluster,
            schemas: &schemas,
        };
        found = Some(causes(&sides, &states.0, &compared.diff).map_err(ToolError::from)?);
    }
    let untried = match &told {
        Some(told) => edits::between(&specs_saved(told)?, &specs(&after, &schemas)?),
        None => Vec::new(),
    };
    let edits: &[Edit] = &between;
    let mut known_before = (before.as_deref().map(Known::from)).or_else(|| told.as_ref().map(Known::from));
    let drawn = match &before {
        Some(before) if a.source == Source::Documents => drawn(before, &previous)?,
        Some(_) | None => None,
    };
    if let (Some(known), Some(drawn)) = (&mut known_before, &drawn) {
        known.power = drawn;
    }
    let report = Report::new(
        Found {
            sides: [&a, &b],
            known: [known_before, Some(Known::from(&*after))],
            plan: Some(&after.compilation.plan),
            untried,
            states: [&states.0, &states.1],
            compared: &compared,
            causes: found.as_ref().map(|found| (edits, found)),
            inventories: inventories.as_ref(),
            drift,
        },
        &policy(args),
    );
    finish(args, (&report, &compared), exit, (paging, out))
}

/// The old side.
struct Old<'a> {
    side: &'a Side,
    previous: &'a Previous,
    outcome: Option<&'a Outcome>,
    ground: &'a Ground<'a>,
}

/// Compares with a plan that was saved.
fn saved(
    args: &Diff,
    old: &Old<'_>,
    side: &Side,
    schemas: &OwnSchemas,
    (drift, exit): (Vec<Drift>, Exit),
    (paging, out): (Paging, &mut Out),
) -> Result<Exit, VerbError> {
    let new = side.saved()?;
    let (was, is) = (Before::new(old.previous)?, Before::new(&new)?);
    let (states, same) = match old.ground.written {
        None => was.against(&is)?,
        Some(_) => ((intentions(old.ground, old.outcome, &was)?, is.state()?), 0),
    };
    let mut compared = Compared::written(&states.0, &states.1);
    compared.diff.unchanged += same;
    let told = Saved::of(&new)?;
    let earlier = match old.outcome {
        None => Saved::of(old.previous)?,
        Some(_) => None,
    };
    let plan = told
        .as_ref()
        .map(|told| planned(&told.input, &compared.diff, &states.1));
    let mut untried = Vec::new();
    if let (Some(told), Some(plan)) = (&told, &plan) {
        compared = compared.ordered(&told.input, plan, (&states.0, &BTreeSet::new()), &told.power);
        if !compared.violations.is_empty() {
            report::violations(&compared.violations);
            return Ok(Exit::Tool);
        }
        let was = match (old.outcome, &earlier) {
            (Some(before), _) => Some(specs(before, schemas)?),
            (None, earlier) => earlier.as_ref().map(specs_saved).transpose()?,
        };
        if let Some(was) = was {
            untried = edits::between(&was, &specs_saved(told)?);
        }
    }
    let known_before = old
        .outcome
        .map(Known::from)
        .or_else(|| earlier.as_ref().map(Known::from));
    let found = Found {
        sides: [old.side, side],
        known: [known_before, told.as_ref().map(Known::from)],
        plan: plan.as_ref(),
        untried,
        states: [&states.0, &states.1],
        compared: &compared,
        causes: None,
        inventories: None,
        drift,
    };
    let report = Report::new(found, &policy(args));
    finish(args, (&report, &compared), exit, (paging, out))
}

/// What the intents of documents ask for, as a saved plan would have it.
fn specs<'a>(outcome: &'a Outcome, schemas: &OwnSchemas) -> Result<Specs<'a>, VerbError> {
    let documents = objects(outcome, schemas);
    let place = |id: &Id| {
        let document = documents.get(id);
        document.map_or(Place::Nowhere, |(_, document)| Place::Document(document, outcome))
    };
    let intents = saved::specs(&outcome.input)?.into_iter();
    // What goes with the documents is no more among them.
    let stays = intents.filter(|(id, (deleting, _))| !deleting || documents.contains_key(id));
    Ok(placed(stays, place))
}

/// The same of a saved plan.
fn specs_saved(told: &Saved) -> Result<Specs<'_>, VerbError> {
    let place = |id: &Id| {
        let place = told.places.get(id);
        place.map_or(Place::Nowhere, |(file, lines)| Place::Lines(file, lines))
    };
    Ok(placed(saved::specs(&told.input)?, place))
}

fn placed<'a>(
    intents: impl IntoIterator<Item = (Id, (bool, Value))>,
    place: impl Fn(&Id) -> Place<'a>,
) -> Specs<'a> {
    let intents = intents.into_iter();
    intents
        .map(|(id, (deleting, spec))| {
            let place = place(&id);
            // A plan does not say when.
            let deletion = deleting.then_some(Value::Bool(true));
            (id, (Asked { deletion, spec }, place))
        })
        .collect()
}

/// What the old side makes of nodes. Above a cluster that is what its intents say, since the rest is drift.
fn intentions<'a>(
    ground: &Ground<'_>,
    before: Option<&'a Outcome>,
    was: &'a Before<'_>,
) -> Result<State<'a>, VerbError> {
    let written = was.state()?;
    let (Some(stored), Some(before)) = (ground.written, before) else {
        return Ok(written);
    };
    let carried = Carried::new(Some(stored), before)?;
    let plan = State::of(&before.compilation.plan);
    Ok(intended(&plan, &written, |node| carried.is_blocked(node)))
}

/// What the nodes of documents draw once they have what these say. A pool that is paused counts with what its nodes have, and
/// beneath documents nobody has anything.
fn drawn(before: &Outcome, written: &Previous) -> Result<Option<Vec<Envelope>>, VerbError> {
    let mut pools = before.input.pools.iter();
    let is_paused = pools.any(|pool| Budget::of(pool.spec.rollout.as_ref()).paused);
    if before.compilation.power.is_empty() || !is_paused {
        return Ok(None);
    }
    let input = Input {
        previous: written.nodes()?,
        ..before.input.clone()
    };
    Ok(Some(compile(&input).map_err(ToolError::from)?.power))
}

/// The two sides; of one alone, what HEAD has of it is the old one.
fn sides(args: &Diff) -> Result<(Side, Side), VerbError> {
    let (a, b) = match &args.b {
        Some(b) => (args.a.clone(), b),
        None => (head(&args.a)?, &args.a),
    };
    let is_new = match (a.to_str(), b.to_str()) {
        (Some(a), Some(b)) if !Path::new(a).exists() => {
            // What git cannot answer it says again when the side is read.
            git::is_new(a, b).unwrap_or(false)
        }
        _ => false,
    };
    let old = if is_new {
        eprint(&format!(
            "{}: nothing there yet; everything is new\n",
            a.display()
        ));
        Side::before_all(&a, &args.with)
    } else {
        Side::new(&a, &args.with, &args.clusters)?
    };
    Ok((old, Side::new(b, &args.with, &args.clusters)?))
}

fn head(path: &Path) -> Result<PathBuf, VerbError> {
    let shown = path.display();
    if !path.exists() || path.is_absolute() {
        return Err(VerbError::Usage(format!(
            "{shown}: one side alone is compared with what HEAD has of it, so it must be a relative path that exists; name both \
             sides otherwise"
        )));
    }
    Ok(PathBuf::from(format!("HEAD:./{shown}")))
}

/// What is wrong with the old side: told in short, because it is not what the change is about.
fn old_side(side: &Side, outcome: &Outcome) -> Exit {
    report::errors(outcome);
    let (errors, _) = outcome.tally();
    if errors > 0 {
        eprint(&format!(
            "{}: {}: what it refuses is not compared; `rackwright validate` shows why\n",
            side.name,
            count(errors, "error")
        ));
    }
    report::exit(outcome, false)
}

fn policy(args: &Diff) -> Policy {
    Policy {
        max_nodes: args.max_nodes,
        max_domains: args.max_domains,
        forbid: args.forbid.clone(),
        approved: args.require_approval_of.clone(),
    }
}

/// Prints, and says how it ends.
fn finish(
    args: &Diff,
    (report, compared): (&Report, &Compared<'_>),
    exit: Exit,
    (paging, out): (Paging, &mut Out),
) -> Result<Exit, VerbError> {
    for target in &args.output {
        let form = match target.form {
            DiffForm::Text => text::text(report),
            DiffForm::Json => serde_json::to_string(report)? + "\n",
            DiffForm::Markdown => markdown::comment(report),
            DiffForm::Html => html::page(report, compared),
        };
        match (target.form, &target.file) {
            (DiffForm::Text, None) => pager::print(&form, paging, out)?,
            _ => target.print(&form, out)?,
        }
    }
    for violation in &report.violations {
        eprint(&format!(
            "refused by --{}: {}\n",
            violation.flag, violation.message
        ));
    }
    let ours = match report.verdict {
        Verdict::Same => Exit::Clean,
        Verdict::Different if args.exit_zero => Exit::Clean,
        Verdict::Different | Verdict::Refused => Exit::Findings,
    };
    let drifting: usize = report.drift.iter().map(|drift| drift.drifting).sum();
    if !args.fail_on_drift || drifting == 0 {
        return Ok(exit.max(ours));
    }
    eprint(&format!(
        "--fail-on-drift: {} not as the intents say\n",
        count(drifting, "node")
    ));
    Ok(exit.max(Exit::Findings))
}
