//! What goes to standard error beside the result, and the exit code.

use rackwright_manifest::render::printable;

use crate::exit::Exit;
use crate::output::eprint;
use crate::pipeline::Outcome;
use crate::summary::{count, named, refused_pools};

/// One line: what was read and what was found.
pub fn summary(outcome: &Outcome) -> String {
    let (errors, warnings) = outcome.tally();
    let mut line = format!("read {} of ours", count(outcome.objects, "object"));
    for (what, kinds) in [("checked", &outcome.checked), ("skipped", &outcome.skipped)] {
        let others: usize = kinds.values().sum();
        if others > 0 {
            let kinds: Vec<String> = kinds
                .iter()
                .map(|(kind, number)| format!("{number} {}", printable(kind)))
                .collect();
            let others = count(others, "other");
            line.push_str(&format!(", {what} {others} ({})", kinds.join(", ")));
        }
    }
    match (errors, warnings) {
        (0, 0) => line.push_str(": no findings"),
        (errors, 0) => line.push_str(&format!(": {}", count(errors, "error"))),
        (0, warnings) => line.push_str(&format!(": {}", count(warnings, "warning"))),
        (errors, warnings) => line.push_str(&format!(
            ": {}, {}",
            count(errors, "error"),
            count(warnings, "warning")
        )),
    }
    if !outcome.ignored.is_empty() {
        line.push_str(&format!("; {} ignored", count(outcome.ignored.len(), "warning")));
    }
    if outcome.known > 0 {
        let are = if outcome.known == 1 { "is" } else { "are" };
        line.push_str(&format!(
            "; {} {are} in the baseline",
            count(outcome.known, "finding")
        ));
    }
    line
}

/// Which pools are missing from what follows.
pub fn refused(outcome: &Outcome) {
    let refused = refused_pools(&outcome.refused);
    if !refused.is_empty() {
        eprint(&format!("refused, and not in this plan: {}\n", named(&refused)));
    }
}

/// Inputs that could not be read, and what the program finds wrong with itself.
pub fn errors(outcome: &Outcome) {
    for error in &outcome.errors {
        eprint(&format!("error: {error}\n"));
    }
    violations(&outcome.violations);
}

/// What the program finds wrong with its own work.
pub fn violations(violations: &[String]) {
    for violation in violations {
        eprint(&format!(
            "error: the plan does not pass its own check, which is a mistake of this program: {violation}\n"
        ));
    }
}

/// The exit code of a run.
pub fn exit(outcome: &Outcome, strict: bool) -> Exit {
    let (errors, warnings) = outcome.tally();
    let mut exit = Exit::Clean;
    if errors > 0 || (strict && warnings > 0) {
        exit = exit.max(Exit::Findings);
    }
    for error in &outcome.errors {
        exit = exit.max(error.exit());
    }
    if !outcome.violations.is_empty() {
        exit = exit.max(Exit::Tool);
    }
    exit
}
