//! `rackwright validate`.

use std::io::Write;

use rackwright_manifest::render::Colour;

use super::VerbError;
use crate::args::Validate;
use crate::exit::Exit;
use crate::formats::{Report, Target, collision};
use crate::output::{Out, When, eprint, forgive_broken_pipe};
use crate::pipeline;
use crate::{report, whole_file};

/// Checks.
pub fn run(args: &Validate, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    if let Some(why) = collision(&args.output) {
        return Err(VerbError::Usage(why));
    }
    let outcome = pipeline::run(&args.paths.paths, Vec::new())?;
    let report = Report {
        outcome: &outcome,
        strict: args.strict,
    };
    for target in &args.output {
        print(&report, target, color, out)?;
    }
    report::errors(&outcome);
    eprint(&format!("{}\n", report::summary(&outcome)));
    Ok(report::exit(&outcome, args.strict))
}

fn print(report: &Report<'_>, target: &Target, color: When, out: &mut Out) -> Result<(), VerbError> {
    let Some(file) = &target.file else {
        let text = report.render(target.form, color.decide(&std::io::stdout()))?;
        return Ok(forgive_broken_pipe(
            out.write_all(text.as_bytes()).and_then(|()| out.flush()),
        )?);
    };
    let text = report.render(target.form, Colour::Never)?;
    whole_file::write(file, text.as_bytes()).map_err(|error| VerbError::File {
        path: file.display().to_string(),
        error,
    })
}
