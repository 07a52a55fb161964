//! `rackwright validate`.

use rackwright_manifest::render::Colour;

use super::VerbError;
use crate::args::Validate;
use crate::baseline::{self, Baseline};
use crate::exit::Exit;
use crate::formats::{Report, Target, collision};
use crate::output::{Out, When, eprint};
use crate::pipeline;
use crate::previous::Previous;
use crate::report;
use crate::summary::count;

/// Checks.
pub fn run(args: &Validate, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    if let Some(why) = collision(&args.output) {
        return Err(VerbError::Usage(why));
    }
    // Before any work is done for it.
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let (_, held) = Previous::opened(args.previous.as_deref())?;
    let mut outcome = pipeline::run(&args.paths.paths, held)?;
    if let Some(file) = &args.write_baseline {
        if !outcome.errors.is_empty() {
            report::errors(&outcome);
            let why = "not all inputs could be read, and what they hold is not known";
            return Err(VerbError::Usage(format!(
                "{}: not written: {why}",
                file.display()
            )));
        }
        baseline::write(file, &outcome.diagnostics, &outcome.sources)?;
        outcome.known = std::mem::take(&mut outcome.diagnostics).len();
    }
    let gone = baseline.map_or(0, |mut baseline| {
        outcome.known = baseline.take(&mut outcome.diagnostics, &outcome.sources);
        baseline.left()
    });
    let report = Report {
        outcome: &outcome,
        strict: args.strict,
    };
    for target in &args.output {
        print(&report, target, color, out)?;
    }
    report::errors(&outcome);
    eprint(&format!("{}\n", report::summary(&outcome)));
    if gone > 0 {
        let gone = count(gone, "finding");
        eprint(&format!(
            "{gone} of the baseline not found any more; --write-baseline takes them out\n"
        ));
    }
    Ok(report::exit(&outcome, args.strict))
}

fn print(report: &Report<'_>, target: &Target, color: When, out: &mut Out) -> Result<(), VerbError> {
    let colour = match target.file {
        None => color.decide(&std::io::stdout()),
        Some(_) => Colour::Never,
    };
    target.print(&report.render(target.form, colour)?, out)
}
