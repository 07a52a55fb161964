//! Annotations: workflow commands that GitHub Actions reads from a job's output.
//!
//! `::error file=F,line=L,col=C,title=T::MESSAGE`, see "Workflow commands for GitHub Actions" in GitHub's documentation.
//! What would end a value or a command is escaped as GitHub's own toolkit does (`packages/core/src/command.ts`).

use rackwright_manifest::Diagnostic;
use rackwright_manifest::render::printable;

use super::{Report, word};

/// One command a line.
pub fn commands(report: &Report<'_>) -> String {
    let findings = report.outcome.diagnostics.iter();
    let findings = findings.map(|finding| annotation(finding, report));
    let failures = report
        .failures()
        .map(|failure| format!("::error::{}\n", data(&failure)));
    findings.chain(failures).collect()
}

fn annotation(finding: &Diagnostic, report: &Report<'_>) -> String {
    let mut properties = Vec::new();
    let sources = &report.outcome.sources;
    // What is no file of the checkout has no line there; its annotation belongs to the job.
    let elsewhere = &report.outcome.elsewhere;
    let span = finding
        .primary()
        .filter(|span| !elsewhere.contains(sources.name(span.file)));
    if let Some(span) = span {
        let (start, end) = (sources.position(span), sources.end_position(span));
        properties.push(format!("file={}", property(sources.name(span.file))));
        properties.push(format!("line={}", start.line));
        if start.line == end.line {
            // GitHub takes columns within one line only.
            properties.push(format!("col={}", start.column));
            properties.push(format!("endColumn={}", end.column));
        } else {
            properties.push(format!("endLine={}", end.line));
        }
    }
    properties.push(format!("title={}", finding.code));
    let help = finding.help.as_deref().map(data);
    format!(
        "::{} {}::{}{}{}\n",
        word(finding.severity),
        properties.join(","),
        data(&finding.message),
        help.as_ref().map_or("", |_| "%0Ahelp: "),
        help.as_deref().unwrap_or_default(),
    )
}

/// The text of a command.
fn data(text: &str) -> String {
    printable(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property, which a colon or a comma would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
