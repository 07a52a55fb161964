//! Findings that were there before somebody began to look: counted, and no reason to fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rackwright_manifest::{Diagnostic, Sources};
use serde::{Deserialize, Serialize};

use crate::fingerprint;
use crate::verbs::VerbError;
use crate::whole_file;

/// Version of the file; raised when a reader of the older form could misread the newer one.
const FORMAT_VERSION: u32 = 1;

/// A baseline file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    format_version: u32,
    findings: Vec<Entry>,
}

/// Equal findings. What follows the count is for people, who review the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    fingerprint: String,
    count: usize,
    #[serde(default)]
    code: String,
    #[serde(default)]
    object: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    message: String,
}

/// How many findings of each fingerprint are known.
#[derive(Debug, Default)]
pub struct Baseline(BTreeMap<String, usize>);

impl Baseline {
    /// Reads a file that [`write`] made.
    pub fn read(path: &Path) -> Result<Self, VerbError> {
        let fault = |why: String| {
            VerbError::Usage(format!(
                "{}: not a baseline: {why}; write one with --write-baseline",
                path.display()
            ))
        };
        let text = fs::read(path).map_err(|error| fault(error.to_string()))?;
        let file: File = serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))?;
        if file.format_version != FORMAT_VERSION {
            return Err(fault(format!("its formatVersion is not {FORMAT_VERSION}")));
        }
        let mut known = BTreeMap::new();
        for entry in file.findings {
            *known.entry(entry.fingerprint).or_insert(0) += entry.count;
        }
        Ok(Self(known))
    }

    /// Takes the findings that are known out of the list and says how many they were. What stays in the baseline is gone
    /// from the input.
    pub fn take(&mut self, findings: &mut Vec<Diagnostic>, sources: &Sources) -> usize {
        let before = findings.len();
        findings.retain(
            |finding| match self.0.get_mut(&fingerprint::of(finding, sources)) {
                Some(left @ 1..) => {
                    *left -= 1;
                    false
                }
                _ => true,
            },
        );
        before - findings.len()
    }

    /// How many findings were not taken.
    pub fn left(&self) -> usize {
        self.0.values().sum()
    }
}

/// Writes these findings as the known ones, in an order that changes only with them.
pub fn write(path: &Path, findings: &[Diagnostic], sources: &Sources) -> Result<(), VerbError> {
    let mut entries: BTreeMap<(&str, &str, &str, &str, String), usize> = BTreeMap::new();
    for finding in findings {
        let key = (
            finding.code.as_str(),
            finding.object.as_deref().unwrap_or_default(),
            finding.path.as_deref().unwrap_or_default(),
            finding.message.as_str(),
            fingerprint::of(finding, sources),
        );
        *entries.entry(key).or_default() += 1;
    }
    let entries = entries
        .into_iter()
        .map(|((code, object, path, message, fingerprint), count)| Entry {
            fingerprint,
            count,
            code: code.to_owned(),
            object: object.to_owned(),
            path: path.to_owned(),
            message: message.to_owned(),
        });
    let file = File {
        format_version: FORMAT_VERSION,
        findings: entries.collect(),
    };
    let text = serde_json::to_string_pretty(&file)? + "\n";
    whole_file::write(path, text.as_bytes()).map_err(|error| VerbError::File {
        path: path.display().to_string(),
        error,
    })
}
