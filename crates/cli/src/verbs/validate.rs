//! `rackwright validate`.

use std::io::Write;

use rackwright_manifest::render;
use serde_json::to_writer;

use super::VerbError;
use crate::args::{TextOrJson, Validate};
use crate::exit::Exit;
use crate::output::{Out, When, eprint, forgive_broken_pipe};
use crate::pipeline::{self, Outcome};
use crate::previous::Previous;
use crate::report;

/// Findings that are shown as text. A file with a mistake on each line has one for each; JSON holds them all.
const SHOWN: usize = 200;

/// Checks.
pub fn run(args: &Validate, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    let previous = args.previous.as_deref().map(Previous::read).transpose()?;
    let held = previous.as_ref().map(Previous::nodes).transpose()?;
    let outcome = pipeline::run(&args.paths.paths, held.unwrap_or_default())?;
    forgive_broken_pipe(print(&outcome, args.output, color, out))?;
    report::errors(&outcome);
    eprint(&format!("{}\n", report::summary(&outcome)));
    Ok(report::exit(&outcome, args.strict))
}

fn print(outcome: &Outcome, form: TextOrJson, color: When, out: &mut Out) -> std::io::Result<()> {
    match form {
        TextOrJson::Text => {
            let choice = color.decide(&std::io::stdout());
            for finding in outcome.diagnostics.iter().take(SHOWN) {
                writeln!(out, "{}", render::text(finding, &outcome.sources, choice))?;
            }
            if let Some(more @ 1..) = outcome.diagnostics.len().checked_sub(SHOWN) {
                writeln!(
                    out,
                    "{more} more findings are not shown; `--output json` has them all"
                )?;
            }
        }
        TextOrJson::Json => {
            to_writer(&mut *out, &render::json(&outcome.diagnostics, &outcome.sources))?;
            writeln!(out)?;
        }
    }
    out.flush()
}
