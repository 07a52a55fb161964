//! Verdicts, field paths and messages compared with those of a real API server.
//!
//! `server/record.py` sent every case of `server/cases.json` to a kube-apiserver that had `server/crd.yaml`, and wrote its
//! answers to `server/answers.json`; that is done again when cases are added or Kubernetes moves.

#![allow(
    clippy::expect_used,
    reason = "a test fails by panicking, and compares exactly"
)]

use rackwright_manifest::schema::{Schema, Schemas, Violation, ViolationKind};
use rackwright_manifest::{Limits, Sources, Step, read};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn schemas() -> Schemas {
    let mut sources = Sources::new();
    let crd = include_bytes!("server/crd.yaml").to_vec();
    let read = read(&mut sources, "crd.yaml", crd, &Limits::default());
    assert_eq!(read.diagnostics, []);
    Schemas::from_crds(read.documents.into_iter().map(|document| document.value))
        .expect("the schema compiles")
}

/// The object of a case, put together as `record.py` does.
fn object(case: &Value, spec: &Value) -> Value {
    let mut object =
        json!({"apiVersion": "probe.dev/v1", "kind": "Probe", "metadata": {"name": "a"}, "spec": spec});
    for (key, value) in case.get("with").and_then(Value::as_object).into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

fn judge(schema: &Schema, case: &Value) -> Vec<Violation> {
    let Some(old) = case.get("old") else {
        return schema.validate(&object(case, case.get("spec").unwrap_or(&json!({"name": "ok"}))));
    };
    let new = object(case, case.get("spec").unwrap_or(old));
    let old = object(&json!({}), old);
    if case.get("subresource").is_some() {
        schema.validate_status(&new, &old)
    } else {
        schema.validate_update(&new, &old)
    }
}

/// The field as the server writes it: dots between all keys but those of labels and annotations, which it leaves out.
fn field(violation: &Violation) -> String {
    let steps = violation.path.steps();
    let steps = match steps {
        [Step::Key(metadata), Step::Key(map), _]
            if metadata == "metadata" && (map == "labels" || map == "annotations") =>
        {
            &steps[..2]
        }
        _ => steps,
    };
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Index(index) => write!(text, "[{index}]").expect("strings grow"),
        }
    }
    if text.is_empty() { "<nil>".to_owned() } else { text }
}

/// What we say, in the server's form.
fn said(violation: &Violation) -> (String, String) {
    // The server gives no field for these; we do, to have a place to point at.
    let nowhere =
        violation.kind == ViolationKind::Composition || violation.message.contains("Checked value must be");
    let field = match violation.kind {
        ViolationKind::UnknownField => String::new(),
        _ if nowhere => "<nil>".to_owned(),
        _ => field(violation),
    };
    (field, violation.message.clone())
}

/// Differences that are left, each with its reason.
const KNOWN: &[(&str, &str)] = &[(
    "generate name",
    "the server also objects to the name that it has drawn from the bad prefix",
)];

/// Field and message of objections, sorted.
type Objections = Vec<(String, String)>;

/// Both sides of a case: ours and the server's.
fn compare(schema: &Schema, case: &Value, answer: &Value) -> (Objections, Objections) {
    let text = |pair: &Value, at: usize| pair[at].as_str().unwrap_or("").to_owned();
    let mut theirs: Vec<_> = answer
        .as_array()
        .expect("a list")
        .iter()
        .map(|pair| (text(pair, 0), text(pair, 1)))
        // We say nothing about rules that did not run.
        .filter(|(_, message)| !message.contains("some validation rules were not checked"))
        .collect();
    // The server stops at unknown fields; we go on.
    let strict = theirs.iter().any(|(field, _)| field.is_empty());
    let mut ours: Vec<_> = judge(schema, case)
        .iter()
        .filter(|violation| !strict || violation.kind == ViolationKind::UnknownField)
        .map(said)
        .collect();
    theirs.sort();
    ours.sort();
    (ours, theirs)
}

#[test]
fn answers_equal_those_of_the_server() {
    let schemas = schemas();
    let schema = schemas.get("probe.dev/v1", "Probe").expect("the kind");
    let cases = parse(include_str!("server/cases.json"));
    let recorded = parse(include_str!("server/answers.json"));
    let answers = recorded["answers"].as_object().expect("a map");
    let cases = cases.as_object().expect("a map");
    assert!(
        cases.len() >= 170 && cases.keys().eq(answers.keys()),
        "record.py was not run after a change of cases"
    );
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<ViolationKind, usize> = BTreeMap::new();
    for (name, case) in cases {
        for violation in judge(schema, case) {
            *seen.entry(violation.kind).or_default() += 1;
        }
        let (ours, theirs) = compare(schema, case, &answers[name]);
        if ours != theirs && !KNOWN.iter().any(|(known, _)| known == name) {
            wrong.push(format!("{name}\n  server: {theirs:#?}\n  ours:   {ours:#?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert_eq!(seen.len(), 14, "every kind of objection occurs: {seen:?}");
}
