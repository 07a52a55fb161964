//! `rackwright validate`.

use std::io::Write;

use rackwright_manifest::render::Colour;

use super::VerbError;
use crate::args::Validate;
use crate::baseline::{self, Baseline};
use crate::exit::Exit;
use crate::fix::{self, Fixed};
use crate::formats::{Report, Target, collision};
use crate::output::{Out, When, eprint, forgive_broken_pipe};
use crate::pipeline::{self, Outcome};
use crate::previous::Previous;
use crate::schemas::OwnSchemas;
use crate::summary::count;
use crate::{report, third_party};

/// Checks.
pub fn run(args: &Validate, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    if let Some(why) = collision(&args.output) {
        return Err(VerbError::Usage(why));
    }
    // Before any work is done for it.
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let (_, held) = Previous::opened(args.previous.as_deref(), &args.paths)?;
    let schemas = OwnSchemas::with(third_party::definitions(&args.crd)?);
    let fixed = if args.fix {
        fix::find(&args.paths.paths, &schemas)
    } else {
        Vec::new()
    };
    if !args.dry_run {
        fixed.iter().try_for_each(Fixed::write)?;
    }
    let mut outcome = pipeline::run_with(&schemas, &args.paths, held)?;
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
    if args.dry_run {
        let diff: String = fixed.iter().map(Fixed::diff).collect();
        forgive_broken_pipe(out.write_all(diff.as_bytes()).and_then(|()| out.flush()))?;
    } else {
        for target in &args.output {
            print(&report, target, color, out)?;
        }
    }
    report::errors(&outcome);
    if args.fix {
        eprint(&told(&fixed, args.dry_run, &outcome));
    }
    eprint(&format!("{}\n", report::summary(&outcome)));
    if gone > 0 {
        let gone = count(gone, "finding");
        eprint(&format!(
            "{gone} of the baseline not found any more; --write-baseline takes them out\n"
        ));
    }
    Ok(report::exit(&outcome, args.strict))
}

/// What was put right, and what was not because it stands in no file.
fn told(fixed: &[Fixed], dry_run: bool, outcome: &Outcome) -> String {
    let number = fixed.iter().map(|file| file.count).sum();
    let done = if dry_run { "would be fixed" } else { "fixed" };
    let mut text = format!(
        "{} {done} in {}\n",
        count(number, "finding"),
        count(fixed.len(), "file")
    );
    let elsewhere = outcome.diagnostics.iter().filter(|finding| {
        let file = finding.primary().map(|span| outcome.sources.name(span.file));
        fix::is_certain(finding) && file.is_some_and(|file| outcome.elsewhere.contains(file))
    });
    let elsewhere = elsewhere.count();
    if elsewhere > 0 {
        let findings = count(elsewhere, "finding");
        text.push_str(&format!(
            "{findings} not fixed: what stands in standard input, a git revision, rendered text or a cluster is no file to write to\n"
        ));
    }
    text
}

fn print(report: &Report<'_>, target: &Target, color: When, out: &mut Out) -> Result<(), VerbError> {
    let chosen = match target.file {
        None => color.decide(&std::io::stdout()),
        Some(_) => Colour::Never,
    };
    target.print(&report.render(target.form, chosen)?, out)
}
