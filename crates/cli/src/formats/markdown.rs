//! A comment on a pull request: a line for each finding, its excerpt folded below.
//!
//! All that comes from the input stands in code spans and code blocks, where GitHub and GitLab take no mention, link,
//! image or HTML.

use rackwright_manifest::Diagnostic;
use rackwright_manifest::render::{self, Colour, printable};

use super::{Report, place, word};
use crate::report;

/// GitHub takes comments of at most 65,536 characters; a byte is never more than one. The rest is for what others put
/// around this text.
const LIMIT: usize = 60_000;

/// Findings with a line of their own.
const LINES: usize = 50;

/// A line that is cut: a message may quote a value of any length.
const LINE: usize = 400;

/// The whole comment.
pub fn comment(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let mut out = format!("### rackwright validate\n\n{}\n", code(&report::summary(outcome)));
    let failures: Vec<String> = report.failures().collect();
    let lines = failures
        .iter()
        .map(|failure| format!("- **error** {}\n", code(failure)));
    let lines = lines.chain(outcome.diagnostics.iter().map(|finding| line(finding, report)));
    let total = failures.len() + outcome.diagnostics.len();
    if total > 0 {
        out.push('\n');
        out.extend(lines.take(LINES));
    }
    if total > LINES {
        out.push_str(&format!("- … and {} more\n", total - LINES));
    }
    fold(&mut out, report);
    out
}

fn line(finding: &Diagnostic, report: &Report<'_>) -> String {
    let place = place(finding, &report.outcome.sources)
        .map(|(file, at)| code(&format!("{file}:{}:{}", at.line, at.column)) + " ")
        .unwrap_or_default();
    format!(
        "- **{}** {} {place}{}\n",
        word(finding.severity),
        finding.code,
        code(&finding.message)
    )
}

/// The excerpts, as many as there is room for.
fn fold(out: &mut String, report: &Report<'_>) {
    let findings = &report.outcome.diagnostics;
    if findings.is_empty() {
        return;
    }
    out.push_str("\n<details>\n<summary>Where, why, and what to do</summary>\n\n");
    for (at, finding) in findings.iter().enumerate() {
        let block = block(&render::text(finding, &report.outcome.sources, Colour::Never));
        if out.len() + block.len() > LIMIT {
            let more = findings.len() - at;
            out.push_str(&format!(
                "{more} more are not shown here; `rackwright validate` prints them.\n\n"
            ));
            break;
        }
        out.push_str(&block);
    }
    out.push_str("</details>\n");
}

/// Backticks that the text itself does not hold.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(least.max(longest + 1))
}

/// A text as code, in which nothing is read as Markdown.
pub fn code(text: &str) -> String {
    let text = printable(text);
    let mut text: String = text.chars().take(LINE + 1).collect();
    if text.chars().count() > LINE {
        text.pop();
        text.push('…');
    }
    let fence = fence(&text, 1);
    // Spaces keep a backtick at an end apart from the fence; the reader takes them away again.
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn block(text: &str) -> String {
    let fence = fence(text, 3);
    format!("{fence}text\n{}\n{fence}\n\n", text.trim_end())
}
