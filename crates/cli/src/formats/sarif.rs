//! SARIF 2.1.0 (OASIS Standard with Errata 01). Section numbers are those of its text.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_manifest::render::printable;
use rackwright_manifest::{Diagnostic, FileId, Label, Sources, Span};
use serde_json::{Value, json};

use super::{Report, word};
use crate::fingerprint;
use crate::pipeline::Outcome;
use crate::verbs::explain::{Entry, all_rules};

/// The schema that the log names and that the tests hold it against.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The whole log, with one run.
pub fn log(report: &Report<'_>) -> Value {
    let outcome = report.outcome;
    let rules = rules(&outcome.diagnostics);
    let index: BTreeMap<&str, usize> = rules
        .iter()
        .enumerate()
        .map(|(at, rule)| (rule.code, at))
        .collect();
    let results = outcome
        .diagnostics
        .iter()
        .map(|finding| result(finding, outcome, &index));
    let notifications = report
        .failures()
        .map(|failure| json!({ "level": "error", "message": message(&failure) }));
    let notifications: Vec<Value> = notifications.collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rackwright",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(descriptor).collect::<Vec<_>>(),
            } },
            // Columns count characters, as the positions of findings do (3.14.17).
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "exitCode": report.exit().code(),
                "toolExecutionNotifications": notifications,
            }],
            // An empty list says that nothing was found; without a list nothing was looked for (3.14.23).
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// The rules that found something.
fn rules(findings: &[Diagnostic]) -> Vec<Entry> {
    let found: BTreeSet<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    let mut rules = all_rules();
    rules.retain(|rule| found.contains(rule.code));
    rules
}

fn descriptor(rule: &Entry) -> Value {
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "help": { "text": rule.doc, "markdown": rule.doc },
        "defaultConfiguration": { "level": word(rule.severity) },
    })
}

fn result(finding: &Diagnostic, outcome: &Outcome, index: &BTreeMap<&str, usize>) -> Value {
    let mut text = finding.message.clone();
    if let Some(help) = &finding.help {
        text.push_str(". Help: ");
        text.push_str(help);
    }
    let mut labels = finding.labels.iter().map(|label| location(label, outcome));
    let mut first = labels.next().unwrap_or_else(|| json!({}));
    if let Some(object) = &finding.object {
        let name = match &finding.path {
            Some(path) if !path.is_empty() => format!("{object}: {path}"),
            _ => object.clone(),
        };
        first["logicalLocations"] = json!([{ "fullyQualifiedName": printable(&name), "kind": "object" }]);
    }
    let mut result = json!({
        "ruleId": finding.code,
        "level": word(finding.severity),
        "message": message(&text),
        "locations": if first == json!({}) { json!([]) } else { json!([first]) },
        "partialFingerprints": { fingerprint::NAME: fingerprint::of(finding, &outcome.sources) },
    });
    if let Some(rule) = index.get(finding.code.as_str()) {
        result["ruleIndex"] = json!(rule);
    }
    let related: Vec<Value> = labels.collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([{ "artifactChanges": [{
            "artifactLocation": artifact(fix.span.file, outcome),
            "replacements": [{
                "deletedRegion": region(fix.span, &outcome.sources),
                "insertedContent": { "text": fix.replacement },
            }],
        }] }]);
    }
    result
}

fn location(label: &Label, outcome: &Outcome) -> Value {
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": artifact(label.span.file, outcome),
        "region": region(label.span, &outcome.sources),
    } });
    if !label.text.is_empty() {
        location["message"] = message(&label.text);
    }
    location
}

fn region(span: Span, sources: &Sources) -> Value {
    let (start, end) = (sources.position(span), sources.end_position(span));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A path as a URI: absolute ones by scheme, others below where the program was run (3.4.3). What is no file has a name
/// alone.
fn artifact(file: FileId, outcome: &Outcome) -> Value {
    let path = outcome.sources.name(file);
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    if path.starts_with('/') {
        json!({ "uri": format!("file://{uri}") })
    } else if outcome.elsewhere.contains(path) {
        json!({ "uri": uri })
    } else {
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }
}

/// A text in which nothing of the input is taken for a placeholder (3.11.5) or a link (3.11.6).
fn message(text: &str) -> Value {
    let text = printable(text)
        .replace('{', "{{")
        .replace('}', "}}")
        .replace("](", "] (");
    json!({ "text": text })
}
