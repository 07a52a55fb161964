//! Bad input, field by field: each example with one field changed is accepted as it is written, or refused with a
//! finding that names the field. Nothing panics, hangs or is read as something else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "helpers of tests are not tests to clippy, and how long a case takes is looked at"
)]

#[path = "support/mutations/mod.rs"]
mod mutations;

use std::ops::Range;
use std::path::{Path as File, PathBuf};
use std::time::{Duration, Instant};

use mutations::example::{Example, load};
use mutations::generate::{Change, Mutation, all};
use mutations::tree::Tree;
use rackwright_api::{GPUPoolSpec, InfiniBandFabricSpec, StorageTierSpec, SuperclusterSpec, crds};
use rackwright_cli::pipeline::{self, Outcome};
use rackwright_cli::schemas::OwnSchemas;
use rackwright_cli::{Exit, report};
use rackwright_manifest::render::{self, Colour};
use rackwright_manifest::schema::Schemas;
use rackwright_manifest::{Diagnostic, Document, Limits, Path, Severity, Sources, Step, read};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What any single case takes at most, with a machine that does other work: a case that hangs takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many mutations of an example are judged.
const SAMPLE: usize = 500;

fn root() -> PathBuf {
    File::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// The text of a changed example, and where its first object, the changed one, ends. As YAML, or as JSON values one
/// after the other.
fn text(example: &Example, mutation: &Mutation, changed: &Tree, json: bool) -> (String, usize) {
    let write = |tree: &Tree| {
        if json {
            tree.json() + "\n"
        } else {
            format!("---{}\n", tree.yaml())
        }
    };
    let mut text = write(changed);
    let end = text.len();
    for (at, object) in example.objects.iter().enumerate() {
        if at != mutation.object {
            text.push_str(&write(&Tree::from(object)));
        }
    }
    (text, end)
}

struct Case<'a> {
    schemas: &'a Schemas,
    example: &'a Example,
    mutation: &'a Mutation,
    changed: Tree,
    /// Where the changed object ends in the file.
    end: usize,
    /// The changed object as it was read; none where it could not be read to its end.
    document: Option<Document>,
    outcome: Outcome,
}

impl Case<'_> {
    /// What is wrong with how the case ended.
    fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::from_iter(self.appearance());
        let errors: Vec<&Diagnostic> = self
            .outcome
            .diagnostics
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        let exit = report::exit(&self.outcome, false);
        let expected = if errors.is_empty() {
            Exit::Clean
        } else {
            Exit::Findings
        };
        if exit != expected {
            complaints.push(format!("ends with {exit:?}, {} errors", errors.len()));
        }
        if errors.is_empty() {
            complaints.extend(self.read_otherwise());
        } else if !errors.iter().any(|finding| self.names(finding)) {
            let shown: Vec<String> = errors
                .iter()
                .filter(|finding| finding.code.as_str() != "RW2007")
                .take(3)
                .map(|finding| format!("{} {:?} {}", finding.code, finding.path, finding.message))
                .collect();
            complaints.push(format!("no finding names the field: {}", shown.join(" | ")));
        }
        complaints
    }

    /// Findings can be printed, and bring no control character to the terminal.
    fn appearance(&self) -> Option<String> {
        let texts = self.outcome.diagnostics.iter().take(20);
        let text: String = texts
            .map(|finding| render::text(finding, &self.outcome.sources, Colour::Never))
            .collect();
        render::json(&self.outcome.diagnostics, &self.outcome.sources);
        let bad = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{2028}'));
        bad.map(|c| format!("prints {c:?}"))
    }

    /// Accepted: what was read, and what the compiler's types hold, is what was written.
    fn read_otherwise(&self) -> Option<String> {
        let Some(document) = &self.document else {
            return Some("accepted and not read".to_owned());
        };
        if let Change::Again(_) = self.mutation.change {
            return Some("a key stands twice and is accepted".to_owned());
        }
        let found = at(&document.value, &self.mutation.path);
        match (&self.mutation.change, self.changed.value()) {
            (Change::Set(Tree::Plain(plain)), _) if !meanings(plain).contains(found.unwrap()) => {
                return Some(format!("{plain} is read as {found:?}"));
            }
            (_, Some(value)) if value != document.value => {
                return Some(format!("read as {found:?}"));
            }
            _ => {}
        }
        if !self.outcome.skipped.is_empty() {
            // An object of another group is none of ours, and is counted as such.
            return (self.mutation.path != Path::root().child("apiVersion")).then(|| "skipped".to_owned());
        }
        let Ok(typed) = typed(&self.without_nulls(document)) else {
            return Some("accepted, and not one of the compiler's objects".to_owned());
        };
        let [Step::Key(spec), rest @ ..] = self.mutation.path.steps() else {
            return None;
        };
        if spec != "spec" {
            return None;
        }
        let kept = at(&typed, &Path::from_steps(rest.iter().cloned()));
        (!same(found, kept)).then(|| format!("{found:?} becomes {kept:?} in the compiler's object"))
    }

    /// As the API server stores it: null is as good as absent.
    fn without_nulls(&self, document: &Document) -> Value {
        let kind = (document.api_version().unwrap(), document.kind().unwrap());
        self.schemas
            .get(kind.0, kind.1)
            .unwrap()
            .without_nulls(&document.value)
            .into_owned()
    }

    /// Whether a finding is about the field: by its path, by a place in the file, or by its words.
    fn names(&self, finding: &Diagnostic) -> bool {
        let path = &self.mutation.path;
        // An object of another group is none of ours, and is counted as such.
        if *path == Path::root().child("apiVersion") && self.outcome.skipped.len() == 1 {
            return matches!(self.mutation.change, Change::Set(_));
        }
        let words = || {
            let labels = finding.labels.iter().map(|label| label.text.as_str());
            labels
                .chain([finding.message.as_str()])
                .chain(finding.help.as_deref())
        };
        // A sum of another object's that is too great names the parts that it is made of.
        let part = self.document.as_ref().and_then(Document::object);
        if finding.code.as_str() == "RW4003" && part.is_some_and(|part| finding.message.contains(&part)) {
            return true;
        }
        let key = path.steps().iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        if key.is_some_and(|key| !key.is_empty() && words().any(|text| text.contains(key))) {
            return true;
        }
        let by_path = || {
            let found: Path = finding.path.as_ref()?.parse().ok()?;
            let shared = path.steps().len().min(found.steps().len());
            // What is said of the whole spec or of all metadata does not name the field.
            (shared >= 2.min(path.steps().len()) && path.steps()[..shared] == found.steps()[..shared])
                .then_some(())
        };
        if by_path().is_some() {
            return true;
        }
        let labels = || {
            finding
                .labels
                .iter()
                .map(|label| label.span.start as usize..label.span.end as usize)
        };
        let inside = |place: &Range<usize>| {
            labels().any(|label| label.start < place.end && label.end.max(label.start + 1) > place.start)
        };
        self.places().iter().any(inside)
            || self
                .starts_above()
                .iter()
                .any(|start| labels().any(|label| label.start == *start))
    }

    /// Where the fields begin that the field is a part of, the whole spec left out: a sum over a section points there.
    fn starts_above(&self) -> Vec<usize> {
        let Some(document) = &self.document else {
            return Vec::new();
        };
        let steps = self.mutation.path.steps();
        let above = (2..steps.len()).map(|depth| Path::from_steps(steps[..depth].iter().cloned()));
        above
            .flat_map(|path| [Some(document.value_span(&path)), document.key_span(&path)])
            .flatten()
            .map(|span| span.start as usize)
            .collect()
    }

    /// Where the field stands: its key and its value.
    fn places(&self) -> Vec<Range<usize>> {
        let Some(document) = &self.document else {
            return std::iter::once(0..self.end).collect();
        };
        if !document.has(&self.mutation.path) {
            return Vec::new();
        }
        let spans = [
            Some(document.value_span(&self.mutation.path)),
            document.key_span(&self.mutation.path),
        ];
        spans
            .into_iter()
            .flatten()
            .map(|span| span.start as usize..span.end as usize)
            .collect()
    }
}

/// What kubectl and every other reader take a scalar without quotes for.
fn meanings(plain: &str) -> Vec<Value> {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    match plain {
        "~" => vec![Value::Null],
        "0x10" => vec![number("16")],
        "-0" => vec![number("0"), number("-0.0")],
        "1.0" | "1e1" | "1e3" => {
            vec![number(plain), number(&plain.parse::<f64>().unwrap().to_string())]
        }
        other => vec![Value::from(other)],
    }
}

fn at<'a>(value: &'a Value, path: &Path) -> Option<&'a Value> {
    path.steps().iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    })
}

/// An empty list or map is as good as none, and so is null, which the API server drops.
fn same(written: Option<&Value>, kept: Option<&Value>) -> bool {
    let empty = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(_) => false,
    };
    written == kept || (empty(written) && empty(kept))
}

/// The spec as the compiler holds it, written again.
fn typed(object: &Value) -> Result<Value, serde_json::Error> {
    fn again<S: DeserializeOwned + Serialize>(spec: &Value) -> Result<Value, serde_json::Error> {
        serde_json::to_value(S::deserialize(spec)?)
    }
    let spec = &object["spec"];
    match object["kind"].as_str() {
        Some("Supercluster") => again::<SuperclusterSpec>(spec),
        Some("GPUPool") => again::<GPUPoolSpec>(spec),
        Some("InfiniBandFabric") => again::<InfiniBandFabricSpec>(spec),
        Some("StorageTier") => again::<StorageTierSpec>(spec),
        _ => Ok(spec.clone()),
    }
}

/// A case takes a debug build tens of milliseconds in an example of 128 nodes, so that of many mutations some are taken:
/// always the same ones, drawn by the hash of their names. `RACKWRIGHT_MUTATIONS=all` takes them all.
fn sample(mut mutations: Vec<Mutation>, example: &Example) -> Vec<Mutation> {
    let all = std::env::var_os("RACKWRIGHT_MUTATIONS").is_some_and(|value| value == "all");
    if !all && mutations.len() > SAMPLE {
        mutations.sort_by_cached_key(|mutation| {
            blake3::hash(mutation.name(example).as_bytes())
                .as_bytes()
                .to_owned()
        });
        mutations.truncate(SAMPLE);
    }
    mutations
}

/// Judges each case. Gives how many were judged, how many of them accepted, and what is wrong.
fn judge(example: &Example) -> (usize, usize, Vec<String>) {
    let schemas = Schemas::from_crds(crds::all()).unwrap();
    let own = OwnSchemas::default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("example.yaml");
    let (mut accepted, mut wrong) = (0, Vec::new());
    let mutations = sample(all(example, &crds::all()), example);
    let mut slowest = (Duration::ZERO, String::new());
    for (at, mutation) in mutations.iter().enumerate() {
        let changed = mutation.apply(example);
        let plain = matches!(mutation.change, Change::Set(Tree::Plain(_)));
        let (text, end) = text(example, mutation, &changed, at % 2 == 1 && !plain);
        std::fs::write(&file, &text).unwrap();
        let started = Instant::now();
        let outcome = pipeline::run_with(&own, std::slice::from_ref(&file), Vec::new()).unwrap();
        let took = started.elapsed();
        let mut sources = Sources::new();
        let read = read(
            &mut sources,
            "example.yaml",
            text.into_bytes(),
            &Limits::default(),
        );
        let first = read.documents.into_iter().next();
        let document = first.filter(|document| (document.first_key().start as usize) < end);
        let case = Case {
            schemas: &schemas,
            example,
            mutation,
            changed,
            end,
            document,
            outcome,
        };
        let name = case.mutation.name(case.example);
        accepted += usize::from(case.outcome.tally().0 == 0);
        wrong.extend(
            case.complaints()
                .into_iter()
                .map(|complaint| format!("{name}: {complaint}")),
        );
        if took > slowest.0 {
            slowest = (took, name);
        }
    }
    println!(
        "{}: {} mutations, {accepted} accepted, the slowest took {:?} ({})",
        example.name,
        mutations.len(),
        slowest.0,
        slowest.1
    );
    assert!(slowest.0 < PATIENCE, "{slowest:?}");
    (mutations.len(), accepted, wrong)
}

fn check(name: &'static str) {
    judged(&load(&root(), name));
}

fn judged(example: &Example) {
    let (judged, accepted, wrong) = judge(example);
    assert!(judged >= 100, "{judged}");
    // Neither verdict is the only one that was seen.
    assert!(
        accepted >= 10 && judged - accepted >= 100,
        "{accepted} of {judged}"
    );
    assert!(
        wrong.is_empty(),
        "{} of {judged}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn mutations_of_tiny() {
    check("tiny");
}

#[test]
fn mutations_of_superpod_b200() {
    check("superpod-b200");
}

#[test]
fn mutations_of_gitops() {
    check("gitops/base");
}

/// With units, a placement and entries of the catalogue.
#[test]
fn mutations_of_superpod_b300_xdr() {
    check("superpod-b300-xdr");
}

#[test]
fn mutations_of_gb200_unit() {
    check("gb200-unit");
}

/// Two halls of two phases, with a unit of four racks each and three nodes a rack: everything else of a hall is the same.
#[test]
fn mutations_of_prometheus() {
    judged(&load(&root(), "prometheus").cut(&[1, 5], 4, 3));
}

#[test]
fn mutations_of_hyperion() {
    judged(&load(&root(), "hyperion").cut(&[1, 2], 4, 3));
}
