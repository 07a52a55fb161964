//! `rackwright diff`.

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use rackwright_planner::Inventory;
use rackwright_planner::change::{State, intended};

use super::VerbError;
use super::plan::{blocked, findings};
use crate::args::{Diff, DiffForm};
use crate::before::Before;
use crate::carried::Carried;
use crate::compared::Compared;
use crate::diff::causes::{Sides, causes};
use crate::diff::edits::{Edit, edits, objects};
use crate::diff::ground::Ground;
use crate::diff::policy::Policy;
use crate::diff::report::{Report, Verdict};
use crate::diff::side::{Side, Source};
use crate::diff::told::Found;
use crate::diff::{html, markdown, text};
use crate::drift;
use crate::drift::report::Drift;
use crate::exit::Exit;
use crate::formats::collision;
use crate::output::{Out, When, eprint};
use crate::pager::{self, Paging};
use crate::pipeline::{self, Outcome, ToolError};
use crate::previous::Previous;
use crate::report;
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
            let compiled = a.compiled(&schemas, &args.clusters, ground.nodes()?, &after)?;
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
        return saved(args, &old, &b, (drift, exit), (paging, out));
    }
    if let Some(cluster) = &b.cluster {
        let own = b.compiled(
            &schemas,
            &args.clusters,
            cluster.nodes()?,
            &pipeline::Before::default(),
        )?;
        drift.push(drift::drift(cluster, &own)?);
    }
    let was = before.as_ref().map(|before| &before.input);
    let stay = a.source == Source::Cluster && b.source == Source::Documents;
    let earlier = pipeline::Before {
        pools: was.map_or(&[], |input| &input.pools),
        inventories: was.filter(|_| stay).map_or(&[], |input| &input.inventories),
    };
    let after = b.compiled(&schemas, &args.clusters, previous.nodes()?, &earlier)?;
    let after = ManuallyDrop::new(after);
    exit = exit.max(report::exit(&after, false));
    findings(&after, color);
    report::refused(&after);
    report::errors(&after);
    if exit > Exit::Findings {
        eprint("nothing is compared because of the errors above\n");
        return Ok(exit);
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
    let (mut between, mut found, mut inventories) = (Vec::new(), None, None);
    if let Some(before) = before.as_deref() {
        let objects = (objects(before, &schemas), objects(&after, &schemas));
        between = edits((&objects.0, before), (&objects.1, &after));
        inventories = differing(&before.input.inventories, &after.input.inventories);
        let sides = Sides {
            a: (&objects.0, &before.input.inventories),
            b: &objects.1,
            new: &after,
            edits: &between,
            inventories: inventories.is_some(),
            schemas: &schemas,
        };
        found = Some(causes(&sides, &states.0, &compared.diff).map_err(ToolError::from)?);
    }
    let edits: &[Edit] = &between;
    let report = Report::new(
        Found {
            sides: [&a, &b],
            outcomes: [before.as_deref(), Some(&after)],
            states: [&states.0, &states.1],
            compared: &compared,
            causes: found.as_ref().map(|found| (edits, found)),
            inventories,
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

/// Compares with a plan that was saved, which says nothing of budgets.
fn saved(
    args: &Diff,
    old: &Old<'_>,
    side: &Side,
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
    let found = Found {
        sides: [old.side, side],
        outcomes: [old.outcome, None],
        states: [&states.0, &states.1],
        compared: &compared,
        causes: None,
        inventories: None,
        drift,
    };
    let report = Report::new(found, &policy(args));
    finish(args, (&report, &compared), exit, (paging, out))
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

/// The two sides; of one alone, what HEAD has of it is the old one.
fn sides(args: &Diff) -> Result<(Side, Side), VerbError> {
    let (a, b) = match &args.b {
        Some(b) => (args.a.clone(), b),
        None => (head(&args.a)?, &args.a),
    };
    Ok((
        Side::new(&a, &args.with, &args.clusters)?,
        Side::new(b, &args.with, &args.clusters)?,
    ))
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

/// The inventory that differs, or how many do.
fn differing(old: &[Inventory], new: &[Inventory]) -> Option<String> {
    fn sorted(list: &[Inventory]) -> Vec<&Inventory> {
        let mut sorted: Vec<&Inventory> = list.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        sorted
    }
    let (old, new) = (sorted(old), sorted(new));
    let other = |list: &[&Inventory], one: &Inventory| match list
        .binary_search_by(|known| known.name.cmp(&one.name))
    {
        Ok(at) => list[at] != one,
        Err(_) => true,
    };
    let gone = old
        .iter()
        .filter(|one| new.binary_search_by(|known| known.name.cmp(&one.name)).is_err());
    let mut names: Vec<&str> = new
        .iter()
        .filter(|one| other(&old, one))
        .chain(gone)
        .map(|one| one.name.as_str())
        .collect();
    names.sort_unstable();
    match names[..] {
        [] => None,
        [name] => Some(format!("NodeInventory/{name}")),
        _ => Some(format!("{} NodeInventory objects", names.len())),
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
