//! The page of a field, for people and for programs.

use rackwright_planner::change::{self, FIELDS};
use serde_json::{Value, json};

use super::{Field, example, fields, inner, requires, rules, type_of};
use crate::origin::{bare, below, parts};
use crate::verbs::VerbError;

/// The bounds that a schema can have, in the order of the page, with what people call them.
const BOUNDS: &[(&str, &str)] = &[
    ("minimum", "at least"),
    ("maximum", "at most"),
    ("multipleOf", "a multiple of"),
    ("minLength", "characters, at least"),
    ("maxLength", "characters, at most"),
    ("minItems", "items, at least"),
    ("maxItems", "items, at most"),
    ("minProperties", "entries, at least"),
    ("maxProperties", "entries, at most"),
    ("pattern", "matches"),
    ("format", "format"),
    ("x-kubernetes-list-map-keys", "items differ in"),
];

/// For people.
pub fn text(field: &Field, recursive: bool) -> Result<String, VerbError> {
    let schema = field.schema();
    let dot = if field.steps.is_empty() { "" } else { "." };
    let mut out = format!("# {}{dot}{}\n\n", field.kind, field.path());
    // What a kind is stands in its spec; the schema's own text is the generator's.
    let speaker = if field.steps.is_empty() {
        &schema["properties"]["spec"]
    } else {
        schema
    };
    if let Some(description) = speaker.get("description").and_then(Value::as_str) {
        out.push_str(&format!("{description}\n\n"));
    }
    let mut facts = vec![("type".to_owned(), type_of(schema))];
    if !field.steps.is_empty() {
        let need = if field.is_required() { "yes" } else { "no" };
        facts.push(("required".to_owned(), need.to_owned()));
    }
    for (label, value) in bounds(schema) {
        facts.push((label, shown(&value)));
    }
    if let Some(values) = inner(schema).get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(shown).collect();
        facts.push(("one of".to_owned(), values.join(", ")));
    }
    if !field.steps.is_empty() {
        let unset = || "none: what is not written stays unset".to_owned();
        let default = schema.get("default").map_or_else(unset, Value::to_string);
        facts.push(("default".to_owned(), default));
    }
    let width = facts.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    for (label, value) in facts {
        out.push_str(&format!("{label:<width$}  {value}\n"));
    }
    let rows = rows(field);
    if !rows.is_empty() {
        out.push_str("\n## What a change does to a node\n\n");
        for row in &rows {
            let (set, change, unset) = (row.set, row.change, row.unset);
            let class = if set == change && change == unset {
                format!("{set:?}")
            } else {
                format!("set {set:?}, changed {change:?}, taken away {unset:?}")
            };
            out.push_str(&format!("{}: {class}\n    {}\n", row.path, row.reason));
        }
    }
    let rules = rules::of(field);
    if !rules.is_empty() {
        out.push_str("\n## Rules\n\n");
        for rule in rules {
            out.push_str(&format!("{}: {}\n    {}\n", rule.at, rule.message, rule.rule));
        }
    }
    if fields(schema).next().is_some() {
        out.push_str("\n## Fields\n\n");
        tree(schema, 0, recursive, &mut out);
    }
    if let Some(example) = example::of(field) {
        out.push_str(&format!("\n## Example\n\n{}", serde_yaml::to_string(&example)?));
    }
    Ok(out)
}

/// The fields below a schema, a line each; with `recursive` those below them too, indented.
fn tree(schema: &Value, depth: usize, recursive: bool, out: &mut String) {
    let all: Vec<(&String, &Value)> = fields(schema).collect();
    let title = |name: &str, below: &Value| {
        let star = if requires(schema, name) { "*" } else { "" };
        (format!("{name}{star}"), type_of(below))
    };
    let titles: Vec<(String, String)> = all.iter().map(|(name, below)| title(name, below)).collect();
    let names = titles.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let types = titles.iter().map(|(_, kind)| kind.len()).max().unwrap_or(0);
    for ((_, below), (name, kind)) in all.iter().zip(&titles) {
        let description = below
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let first = description.lines().next().unwrap_or_default();
        let line = format!(
            "{:indent$}{name:<names$}  {kind:<types$}  {first}",
            "",
            indent = depth * 2
        );
        out.push_str(line.trim_end());
        out.push('\n');
        if recursive {
            tree(below, depth + 1, recursive, out);
        }
    }
    if depth == 0 && titles.iter().any(|(name, _)| name.ends_with('*')) {
        out.push_str("\n* is required\n");
    }
}

/// A bound as people read it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The bounds of a schema, then those of its items or values.
fn bounds(schema: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut level = Some(("", schema));
    while let Some((of, here)) = level {
        for (key, label) in BOUNDS {
            if let Some(value) = here.get(*key) {
                found.push((format!("{of}{label}"), value.clone()));
            }
        }
        level = match (here.get("items"), here.get("additionalProperties")) {
            (Some(items), _) => Some(("each: ", items)),
            (None, Some(values)) if values.is_object() => Some(("each value: ", values)),
            (None, _) => None,
        };
    }
    found
}

/// The rows of the action classes about a field: its own, else that of what it is part of, else those of its parts.
fn rows(field: &Field) -> Vec<&'static change::Field> {
    let parts = parts(field.kind, &field.path());
    let mut found = Vec::new();
    for part in &parts {
        let own: Vec<&change::Field> = FIELDS
            .iter()
            .copied()
            .filter(|row| bare(row.path) == *part)
            .collect();
        let above = || {
            let above = FIELDS
                .iter()
                .copied()
                .filter(|row| below(part, &bare(row.path)).is_some());
            above.max_by_key(|row| bare(row.path).len())
        };
        let inside: Vec<&change::Field> = FIELDS
            .iter()
            .copied()
            .filter(|row| bare(row.path) != *part && below(&bare(row.path), part).is_some())
            .collect();
        let has_own = !own.is_empty();
        found.extend(own);
        if !inside.is_empty() {
            found.extend(inside);
        } else if !has_own {
            found.extend(above());
        }
    }
    found
}

/// For programs.
pub fn json(field: &Field, recursive: bool) -> Result<String, VerbError> {
    let schema = field.schema();
    let rows: Vec<Value> = rows(field)
        .iter()
        .map(|row| {
            let class = |class: rackwright_api::ActionClass| format!("{class:?}");
            json!({
                "field": row.path,
                "set": class(row.set),
                "change": class(row.change),
                "unset": class(row.unset),
                "reason": row.reason,
            })
        })
        .collect();
    let mut value = described(
        field.steps.last().map_or(field.kind, String::as_str),
        schema,
        recursive,
        true,
    );
    value["kind"] = json!(field.kind);
    value["path"] = json!(field.path());
    value["required"] = json!(field.is_required());
    value["actionClasses"] = json!(rows);
    value["rules"] = json!(rules::of(field));
    value["example"] = json!(example::of(field));
    Ok(serde_json::to_string_pretty(&json!({"formatVersion": 1, "field": value}))? + "\n")
}

/// What the schema says of a field, and of the fields below.
fn described(name: &str, schema: &Value, recursive: bool, with_fields: bool) -> Value {
    let bounds: serde_json::Map<String, Value> = BOUNDS
        .iter()
        .filter_map(|(key, _)| Some(((*key).to_owned(), schema.get(*key)?.clone())))
        .collect();
    let mut value = json!({
        "name": name,
        "type": type_of(schema),
        "description": schema.get("description"),
        "bounds": bounds,
        "enum": inner(schema).get("enum"),
        "default": schema.get("default"),
    });
    if with_fields {
        let below = fields(schema).map(|(name, below)| {
            let mut one = described(name, below, recursive, recursive);
            one["required"] = json!(requires(schema, name));
            one
        });
        value["fields"] = below.collect();
    }
    value
}
