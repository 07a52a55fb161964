//! The fields and values that may stand at a place, for editors.

use serde_json::Value;

use super::{Field, fields, inner, requires, type_of};

/// A field below another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub name: String,
    /// Its type in short.
    pub kind: String,
    /// Whether it must be there.
    pub required: bool,
    /// Whether its value is a mapping or a list, which begins on the next line.
    pub opens: bool,
    /// What it is for.
    pub description: String,
}

/// The fields below a field.
pub fn entries(field: &Field) -> Vec<Entry> {
    let schema = field.schema();
    let entry = |(name, below): (&String, &Value)| Entry {
        name: name.clone(),
        kind: type_of(below),
        required: requires(schema, name),
        opens: matches!(below["type"].as_str(), Some("object" | "array")),
        description: below["description"].as_str().unwrap_or_default().to_owned(),
    };
    let mut entries: Vec<Entry> = fields(schema).map(entry).collect();
    if field.steps.is_empty() {
        // What every object has, and a CRD need not say.
        let known = |name: &str, opens| Entry {
            name: name.to_owned(),
            kind: if opens { "object" } else { "string" }.to_owned(),
            required: true,
            opens,
            description: String::new(),
        };
        let head = [("apiVersion", false), ("kind", false), ("metadata", true)];
        entries.extend(head.map(|(name, opens)| known(name, opens)));
        entries.retain(|entry| entry.name != "status");
    }
    entries
}

/// The values that a field may have, where they can be counted.
pub fn values(field: &Field) -> Vec<String> {
    let schema = inner(field.schema());
    let spelled = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match schema["enum"].as_array() {
        Some(values) => values.iter().map(spelled).collect(),
        None if schema["type"] == "boolean" => vec!["true".to_owned(), "false".to_owned()],
        None => Vec::new(),
    }
}
