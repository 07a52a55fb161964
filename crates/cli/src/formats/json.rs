//! JSON: the findings, what is ignored with its reasons, and what was read.

use rackwright_manifest::{Diagnostic, render};
use serde_json::{Value, json};

use super::{Report, place};
use crate::pipeline::Ignored;

/// The whole value.
pub fn document(report: &Report<'_>) -> Value {
    let outcome = report.outcome;
    let mut document = render::json(&outcome.diagnostics, &outcome.sources);
    let ignored = |Ignored { finding, reason }: &Ignored| {
        let Diagnostic {
            code,
            severity: _,
            message,
            labels: _,
            help: _,
            fix: _,
            object,
            path,
        } = finding;
        let (file, line) =
            place(finding, &outcome.sources).map_or((None, None), |(file, at)| (Some(file), Some(at.line)));
        json!({
            "code": code,
            "message": message,
            "object": object,
            "path": path,
            "file": file,
            "line": line,
            "reason": reason,
        })
    };
    document["ignored"] = outcome.ignored.iter().map(ignored).collect();
    document["known"] = outcome.known.into();
    document["read"] = json!({
        "objects": outcome.objects,
        "skipped": outcome.skipped,
        "checked": outcome.checked,
        "files": outcome.files,
        "errors": report.failures().collect::<Vec<_>>(),
    });
    document
}
