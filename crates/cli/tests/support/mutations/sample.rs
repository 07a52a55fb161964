//! A value that a schema allows.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value, json};

/// The smallest value that the schema's structure allows: no CEL rule is asked.
pub fn valid(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let count = |key: &str| schema[key].as_u64().unwrap_or(0) as usize;
    match schema["type"].as_str() {
        Some("object") => {
            let mut map = Map::new();
            for key in schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                map.insert(key.to_owned(), valid(&schema["properties"][key]));
            }
            // A choice of which one is demanded by CEL: the first, so that there is something to judge.
            if let Some((key, first)) = schema["properties"].as_object().and_then(|all| all.iter().next())
                && map.is_empty()
            {
                map.insert(key.clone(), valid(first));
            }
            if schema["additionalProperties"].is_object() {
                map.insert("a".to_owned(), valid(&schema["additionalProperties"]));
            }
            Value::Object(map)
        }
        Some("array") => Value::from(vec![valid(&schema["items"]); count("minItems").max(1)]),
        Some("string") => Value::from(text(schema)),
        Some("integer") => schema["minimum"].as_i64().unwrap_or(1).into(),
        Some("number") => json!(schema["minimum"].as_f64().unwrap_or(1.0)),
        Some("boolean") => true.into(),
        _ => Value::Null,
    }
}

fn text(schema: &Value) -> String {
    let mut text = String::new();
    if schema["format"] == "date" {
        return "2026-06-30".to_owned();
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let hir = regex_syntax::parse(pattern).unwrap();
        matched(&hir, &mut text);
    }
    while text.chars().count() < schema["minLength"].as_u64().unwrap_or(0) as usize {
        text.push('a');
    }
    text
}

/// The first text that an expression matches, each repetition as short as it may be.
fn matched(hir: &Hir, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            let letter = class
                .iter()
                .find(|range| range.start() <= 'a' && 'a' <= range.end());
            out.extend(letter.map(|_| 'a').or_else(|| {
                class
                    .iter()
                    .next()
                    .map(regex_syntax::hir::ClassUnicodeRange::start)
            }));
        }
        HirKind::Class(Class::Bytes(class)) => {
            out.extend(class.iter().next().map(|range| range.start() as char));
        }
        HirKind::Repetition(repetition) => (0..repetition.min).for_each(|_| matched(&repetition.sub, out)),
        HirKind::Capture(capture) => matched(&capture.sub, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| matched(part, out)),
        HirKind::Alternation(parts) => matched(&parts[0], out),
    }
}
