//! Findings as JSON, format version 1.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::{Position, Sources, Span};
use serde::Serialize;

/// Version of the JSON form; raised when a reader of the older form could misread the newer one.
pub const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    format_version: u32,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: Code,
    severity: Severity,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
struct Fix<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Location<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

fn place(span: Span, sources: &Sources) -> Place<'_> {
    let Position { line, column } = sources.position(span);
    let end = sources.end_position(span);
    Place {
        file: sources.name(span.file),
        line,
        column,
        end_line: end.line,
        end_column: end.column,
    }
}

/// The findings as one JSON value, in the order given. The first location of a finding is the primary one.
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> serde_json::Value {
    let findings = diagnostics
        .iter()
        .map(|diagnostic| Finding {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            fix: diagnostic.fix.as_ref().map(|fix| Fix {
                place: place(fix.span, sources),
                replacement: &fix.replacement,
            }),
            object: diagnostic.object.as_deref(),
            path: diagnostic.path.as_deref(),
            locations: diagnostic
                .labels
                .iter()
                .map(|label| Location {
                    place: place(label.span, sources),
                    label: &label.text,
                })
                .collect(),
        })
        .collect();
    let report = Report {
        format_version: FORMAT_VERSION,
        findings,
    };
    // Serialising these structs cannot fail: all keys are strings and all values finite.
    serde_json::to_value(report).unwrap_or_default()
}
