//! What `rackwright validate` says of one file.

use std::collections::BTreeSet;
use std::path::Path;

use rackwright_cli::pipeline;
use rackwright_cli::schemas::OwnSchemas;
use rackwright_manifest::{Diagnostic, Severity};

use super::said::Said;
use super::server::field;

/// Its findings, in short.
#[derive(Debug, Default)]
pub struct Findings {
    /// Errors about one object, of reading, schema, CEL and metadata: code and field, which may be empty.
    pub errors: BTreeSet<(&'static str, String)>,
    /// Codes of all findings, of warnings and across objects too.
    pub all: BTreeSet<&'static str>,
    /// Why it ends with exit code 2: nothing in the file is an object of ours.
    pub unusable: Option<String>,
    /// Whether every finding stands at a line and a column.
    pub placed: bool,
    /// All that is said.
    pub said: Said,
}

impl Findings {
    /// Whether it refuses the object for what stands in it.
    pub fn refused(&self) -> bool {
        !self.errors.is_empty() || self.unusable.is_some()
    }

    /// The fields that its errors name.
    pub fn fields(&self) -> BTreeSet<&str> {
        let fields = self.errors.iter().map(|(_, field)| field.as_str());
        fields.filter(|field| !field.is_empty()).collect()
    }
}

/// Judges a file.
pub fn judge(schemas: &OwnSchemas, file: &Path) -> Findings {
    let outcome = pipeline::run_with(schemas, &[file.to_owned()], Vec::new()).unwrap();
    let mut findings = Findings {
        unusable: outcome.errors.first().map(ToString::to_string),
        placed: outcome
            .diagnostics
            .iter()
            .all(|finding| finding.primary().is_some()),
        ..Findings::default()
    };
    for Diagnostic {
        code,
        severity,
        path,
        message,
        ..
    } in &outcome.diagnostics
    {
        let path = path.as_deref().unwrap_or_default();
        findings.all.insert(code.0);
        findings.said.add(path, message);
        if *severity == Severity::Error && (code.0.starts_with("RW0") || code.0.starts_with("RW1")) {
            findings.errors.insert((code.0, field(path)));
        }
    }
    findings
}
