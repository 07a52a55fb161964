//! Findings as an editor shows them: computed on a thread of their own, since a large site takes a second.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender};
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Position, Range,
    TextEdit, Uri,
};
use rackwright_api::labels::GROUP;
use rackwright_manifest::{Severity, Sources, Span};
use rackwright_planner::{Kind, ObjectRef};

use super::uri;
use crate::git::Blob;
use crate::load::Loaded;
use crate::pipeline::{self, Outcome};
use crate::schemas::OwnSchemas;
use crate::walk::{Source, Walk};

/// Findings that are shown of one file: nobody scrolls through more, and an editor draws each.
const MAX_OF_A_FILE: usize = 1_000;

/// What is to be checked.
#[derive(Debug, Clone)]
pub struct Work {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Texts that an editor holds, by the real path of their file.
    pub open: BTreeMap<PathBuf, String>,
}

/// A finding, and what puts it right.
#[derive(Debug, Clone)]
pub struct Shown {
    /// As the editor takes it.
    pub diagnostic: Diagnostic,
    /// The replacement, where one is known to be right.
    pub fix: Option<TextEdit>,
}

/// What came of a check.
#[derive(Debug, Default)]
pub struct Checked {
    /// Findings by file; files without one are not here.
    pub files: BTreeMap<PathBuf, Vec<Shown>>,
    /// The objects that were read.
    pub objects: BTreeSet<ObjectRef>,
    /// The files that an editor held when it began.
    pub open: BTreeSet<PathBuf>,
    /// Why nothing was checked.
    pub failed: Option<String>,
}

/// Checks whatever comes, the newest only, until nobody asks any more.
pub fn worker(work: &Receiver<Work>, done: &Sender<Checked>) {
    let schemas = OwnSchemas::default();
    while let Ok(mut newest) = work.recv() {
        while let Ok(newer) = work.try_recv() {
            newest = newer;
        }
        if done.send(check(&schemas, &newest)).is_err() {
            return;
        }
    }
}

/// Checks files as they are on disk or in the editor.
pub fn check(schemas: &OwnSchemas, work: &Work) -> Checked {
    let mut walk = Walk::new(&work.paths);
    let mut beside = work.open.clone();
    for source in &mut walk.sources {
        let Source::File(path) = source else { continue };
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if let Some(text) = beside.remove(&real) {
            *source = held(&real, text);
        } else {
            *path = real;
        }
    }
    walk.sources
        .extend(beside.into_iter().map(|(path, text)| held(&path, text)));
    match pipeline::run_loaded(schemas, Loaded::walked(walk, schemas)) {
        Ok(outcome) => shown(&outcome, work),
        Err(error) => Checked {
            failed: Some(error.to_string()),
            ..Checked::default()
        },
    }
}

/// A file with the text that an editor holds.
fn held(path: &Path, text: String) -> Source {
    Source::Blob(Blob {
        name: path.display().to_string(),
        bytes: text.into_bytes(),
    })
}

fn shown(outcome: &Outcome, work: &Work) -> Checked {
    let sources = &outcome.sources;
    let mut files: BTreeMap<PathBuf, Vec<Shown>> = BTreeMap::new();
    for finding in &outcome.diagnostics {
        let Some(span) = finding.primary() else { continue };
        let path = PathBuf::from(sources.name(span.file));
        // A folder may hold templates of other programs, which are no YAML and not our matter.
        if !work.open.contains_key(&path) && !sources.text(span.file).contains(GROUP) {
            continue;
        }
        let of_file = files.entry(path).or_default();
        if of_file.len() == MAX_OF_A_FILE {
            continue;
        }
        let related = finding.labels.iter().skip(1).filter_map(|label| {
            Some(DiagnosticRelatedInformation {
                location: Location {
                    uri: place(sources, label.span)?,
                    range: range(sources, label.span),
                },
                message: label.text.clone(),
            })
        });
        let mut message = finding.message.clone();
        if let Some(first) = finding.labels.first().filter(|label| !label.text.is_empty()) {
            message = format!("{message}: {}", first.text);
        }
        if let Some(help) = &finding.help {
            message = format!("{message}\n{help}");
        }
        of_file.push(Shown {
            diagnostic: Diagnostic {
                range: range(sources, span),
                severity: Some(match finding.severity {
                    Severity::Error => DiagnosticSeverity::ERROR,
                    Severity::Warning => DiagnosticSeverity::WARNING,
                }),
                code: Some(NumberOrString::String(finding.code.as_str().to_owned())),
                source: Some("rackwright".to_owned()),
                message,
                related_information: Some(related.collect()),
                ..Diagnostic::default()
            },
            // A replacement elsewhere is no fix of this place.
            fix: finding
                .fix
                .as_ref()
                .filter(|fix| fix.span.file == span.file)
                .map(|fix| TextEdit {
                    range: range(sources, fix.span),
                    new_text: fix.replacement.clone(),
                }),
        });
    }
    let input = &outcome.input;
    let mut objects = BTreeSet::new();
    objects.extend(
        input
            .superclusters
            .iter()
            .map(|intent| ObjectRef::new(Kind::Supercluster, &intent.name)),
    );
    objects.extend(
        input
            .pools
            .iter()
            .map(|intent| ObjectRef::new(Kind::GPUPool, &intent.name)),
    );
    objects.extend(
        input
            .fabrics
            .iter()
            .map(|intent| ObjectRef::new(Kind::InfiniBandFabric, &intent.name)),
    );
    objects.extend(
        input
            .tiers
            .iter()
            .map(|intent| ObjectRef::new(Kind::StorageTier, &intent.name)),
    );
    Checked {
        files,
        objects,
        open: work.open.keys().cloned().collect(),
        failed: None,
    }
}

fn place(sources: &Sources, span: Span) -> Option<Uri> {
    uri::of_file(Path::new(sources.name(span.file)))
}

fn range(sources: &Sources, span: Span) -> Range {
    let [start, end] = sources.utf16(span).map(|at| Position {
        line: at.line - 1,
        character: at.column - 1,
    });
    Range { start, end }
}
