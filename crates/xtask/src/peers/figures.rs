//! The figures that the command line aims at, measured beside what else does the job: what a pull request waits for, two
//! saved plans side by side, and how large the program is. Nothing fails here for being slow: machines differ.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use super::programs;
use super::{Peers, Work, other_plan, pull_request, table};
use crate::measure::Cost;
use crate::say;

/// Bytes of the megabyte that the aims are in.
const MB: f64 = 1e6;

/// Prints the tables and, below them, each figure with its aim.
pub fn run(args: &Peers, cli: &Path) -> anyhow::Result<()> {
    let costs = pull_request(cli, args.rounds)?;
    let (validate, start) = (cost(&costs, 0)?, cost(&costs, 1)?);
    let (ours, theirs) = saved(cli, args)?;
    let size = std::fs::metadata(cli)?.len() as f64 / MB;
    let millis = |wall: Duration| format!("{:.1} ms", wall.as_secs_f64() * 1e3);
    let ratio = |of: Duration, to: Duration| format!("{:.2}", of.as_secs_f64() / to.as_secs_f64());
    say("\nFigures and their aims\n\n| figure | measured | aim |\n| --- | --- | --- |");
    for (figure, measured, aim) in [
        (
            "`validate` of 128 nodes, warm, wall",
            millis(validate.wall),
            "50 ms",
        ),
        ("start and end: `version`, wall", millis(start.wall), "10 ms"),
        (
            "`diff` of two saved plans to `diff` of their text, CPU",
            ratio(ours.cpu, theirs.cpu),
            "0.5",
        ),
        ("the same, wall", ratio(ours.wall, theirs.wall), "0.5"),
        ("the program, stripped", format!("{size:.1} MB"), "20 MB"),
    ] {
        say(&format!("| {figure} | {measured} | {aim} |"));
    }
    Ok(())
}

/// Two saved plans, by field with a report around it, and their text by line.
fn saved(cli: &Path, args: &Peers) -> anyhow::Result<(Cost, Cost)> {
    let work = Work::new(cli, args.diff_nodes, "diff")?;
    let new = other_plan(&work)?;
    let title = format!("Diff: two plans of {} nodes, 1% of them changed", work.nodes);
    let ours = [
        programs::saved(cli, &work.plan, &new),
        programs::fields(&work.plan, &new)?,
    ];
    let costs = table::compare(&title, &ours, &[programs::diff(&work.plan, &new)], args.rounds)?;
    Ok((cost(&costs, 0)?, cost(&costs, 2)?))
}

fn cost(costs: &[Option<Cost>], at: usize) -> anyhow::Result<Cost> {
    costs
        .get(at)
        .copied()
        .flatten()
        .context("a program of ours, or diff, did not run")
}
