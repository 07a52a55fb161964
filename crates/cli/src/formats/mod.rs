//! The forms that findings are printed in, and where each goes.

mod github;
mod json;
mod junit;
pub mod markdown;
mod sarif;
mod target;

use clap::ValueEnum;
use rackwright_manifest::render::{self, Colour};
use rackwright_manifest::{Diagnostic, Position, Severity, Sources};

use crate::exit::Exit;
use crate::pipeline::Outcome;
use crate::report;
use crate::verbs::VerbError;

pub use target::{Target, TargetParser, collision};

/// Findings that are shown as text. A file with a mistake on each line has one for each; JSON holds them all.
const SHOWN: usize = 200;

/// A form of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for the test reports of CI servers
    Junit,
    /// For a comment on a pull request
    Markdown,
    /// Annotations in a job of GitHub Actions
    Github,
}

/// What came of a run, for all forms.
pub struct Report<'a> {
    /// What was found.
    pub outcome: &'a Outcome,
    /// Whether a warning fails the run.
    pub strict: bool,
}

impl Report<'_> {
    /// The text of one form, whole.
    pub fn render(&self, form: Form, colour: Colour) -> Result<String, VerbError> {
        Ok(match form {
            Form::Text => self.text(colour),
            Form::Json => serde_json::to_string(&json::document(self))? + "\n",
            Form::Sarif => serde_json::to_string_pretty(&sarif::log(self))? + "\n",
            Form::Junit => junit::document(self)?,
            Form::Markdown => markdown::comment(self),
            Form::Github => github::commands(self),
        })
    }

    fn text(&self, colour: Colour) -> String {
        let Outcome {
            diagnostics, sources, ..
        } = self.outcome;
        let mut out = String::new();
        for finding in diagnostics.iter().take(SHOWN) {
            out.push_str(&render::text(finding, sources, colour));
            out.push('\n');
        }
        if let Some(more @ 1..) = diagnostics.len().checked_sub(SHOWN) {
            out.push_str(&format!(
                "{more} more findings are not shown; `--output json` has them all\n"
            ));
        }
        out
    }

    /// Inputs that could not be read, and mistakes of the program: what is no finding in the input.
    fn failures(&self) -> impl Iterator<Item = String> {
        let errors = self.outcome.errors.iter().map(ToString::to_string);
        errors.chain(self.outcome.violations.iter().cloned())
    }

    /// Whether a finding makes the run fail.
    fn fails(&self, finding: &Diagnostic) -> bool {
        self.strict || finding.severity == Severity::Error
    }

    fn exit(&self) -> Exit {
        report::exit(self.outcome, self.strict)
    }
}

/// File, line and column of a finding's first place.
fn place<'a>(finding: &Diagnostic, sources: &'a Sources) -> Option<(&'a str, Position)> {
    let span = finding.primary()?;
    Some((sources.name(span.file), sources.position(span)))
}

/// A severity as all forms name it.
const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
