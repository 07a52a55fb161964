//! Warnings that the author of an intent knows and has a reason to leave: lines of its annotation, as `CODE: reason`.
//!
//! Errors cannot be ignored, since an intent with one is refused whatever anybody writes; nor can what is about an earlier
//! state, which goes with that state and not with an edit.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use rackwright_api::labels::IGNORE_ANNOTATION;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, Party, at};
use crate::input::{Intent, Kind, ObjectRef};
use crate::model::Model;
use crate::rules::{self, ignore_malformed, ignore_no_warning, ignore_unused};

/// Lines that are read of one annotation; more reasons are more than anybody reviews.
pub(crate) const MAX_LINES: usize = 64;

/// Warnings about an earlier state, and those about the annotation itself.
static NEVER: [&Rule; 5] = [
    &rules::guid_moved::RULE,
    &rules::node_of_another_cluster::RULE,
    &ignore_unused::RULE,
    &ignore_malformed::RULE,
    &ignore_no_warning::RULE,
];

/// A warning that is not told, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Ignored {
    /// The warning.
    pub finding: Finding,
    /// What its author wrote.
    pub reason: String,
}

/// A line that means something.
struct Line<'a> {
    reason: &'a str,
    /// Where its code stands in the annotation.
    range: (usize, usize),
    /// Whether its object is on its way out: then most rules leave it alone.
    deleting: bool,
    used: bool,
}

type Lines<'a> = BTreeMap<(ObjectRef, &'a str), Line<'a>>;

/// The place of the annotation.
pub(crate) fn place() -> Path {
    at!("metadata", "annotations", IGNORE_ANNOTATION)
}

/// An object's part in a finding about a range of its annotation.
pub(crate) fn party(object: &ObjectRef, range: (usize, usize), note: &str) -> Party {
    Party {
        range: Some(range),
        ..Party::new(object.clone(), place(), note)
    }
}

/// Takes out what is ignored by the intent that it is shown at, and adds what is wrong with the annotations. The findings
/// are sorted before and after.
pub(crate) fn apply(
    model: &Model<'_>,
    refused: &BTreeSet<ObjectRef>,
    findings: &mut Vec<Finding>,
) -> Vec<Ignored> {
    let mut entries = Lines::new();
    let mut wrong = Vec::new();
    read_all(&model.superclusters, Kind::Supercluster, &mut entries, &mut wrong);
    read_all(&model.pools, Kind::GPUPool, &mut entries, &mut wrong);
    read_all(&model.fabrics, Kind::InfiniBandFabric, &mut entries, &mut wrong);
    read_all(&model.tiers, Kind::StorageTier, &mut entries, &mut wrong);
    if entries.is_empty() && wrong.is_empty() {
        return Vec::new();
    }
    let mut ignored = Vec::new();
    for finding in std::mem::take(findings) {
        let shown_at = finding.parties.first().map(|party| party.object.clone());
        match shown_at.and_then(|object| entries.get_mut(&(object, finding.rule.code))) {
            Some(entry) => {
                entry.used = true;
                ignored.push(Ignored {
                    reason: entry.reason.to_owned(),
                    finding,
                });
            }
            None => findings.push(finding),
        }
    }
    for ((object, code), entry) in &entries {
        // Of what is refused or on its way out not all is looked at, so that nobody can say what it lacks.
        if !entry.used && !entry.deleting && !refused.contains(object) {
            let elsewhere = shown_elsewhere(
                object,
                code,
                findings.iter().chain(ignored.iter().map(|one| &one.finding)),
            );
            wrong.push(ignore_unused::finding(object, code, entry.range, elsewhere));
        }
    }
    findings.extend(wrong);
    crate::compile::sort_findings(findings);
    ignored
}

/// Where a finding that tells this object is shown, if not there.
fn shown_elsewhere<'f>(
    object: &ObjectRef,
    code: &str,
    mut findings: impl Iterator<Item = &'f Finding>,
) -> Option<&'f ObjectRef> {
    let found = findings.find(|finding| {
        finding.rule.code == code && finding.parties.iter().any(|party| party.object == *object)
    })?;
    found.parties.first().map(|party| &party.object)
}

fn read_all<'a, S>(intents: &[&'a Intent<S>], kind: Kind, entries: &mut Lines<'a>, wrong: &mut Vec<Finding>) {
    for intent in intents {
        if let Some(text) = &intent.ignore {
            let object = ObjectRef::new(kind, &intent.name);
            read(&object, text, intent.deleting, entries, wrong);
        }
    }
}

fn read<'a>(
    object: &ObjectRef,
    text: &'a str,
    deleting: bool,
    entries: &mut Lines<'a>,
    wrong: &mut Vec<Finding>,
) {
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        let from = start + (line.len() - line.trim_start().len());
        start += line.len() + 1;
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let whole = (from, from + line.len());
        if number >= MAX_LINES {
            wrong.push(ignore_malformed::too_many(object, whole));
            return;
        }
        let (code, reason) = line.split_once(':').unwrap_or((line, ""));
        let (code, reason) = (code.trim_end(), reason.trim());
        let range = (from, from + code.len());
        if !is_code(code) {
            wrong.push(ignore_malformed::no_code(object, whole));
        } else if !can_be_ignored(code) {
            wrong.push(ignore_no_warning::finding(object, code, range));
        } else if reason.is_empty() {
            wrong.push(ignore_malformed::no_reason(object, code, whole));
        } else if let Entry::Vacant(place) = entries.entry((object.clone(), code)) {
            place.insert(Line {
                reason,
                range,
                deleting,
                used: false,
            });
        } else {
            wrong.push(ignore_malformed::twice(object, code, range));
        }
    }
}

fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix("RW").unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn can_be_ignored(code: &str) -> bool {
    let rule = rules::RULES.iter().find(|rule| rule.code == code);
    rule.is_some_and(|rule| rule.severity == Severity::Warning)
        && NEVER.iter().all(|never| never.code != code)
}
