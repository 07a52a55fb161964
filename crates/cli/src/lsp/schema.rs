//! What the CustomResourceDefinitions say of a field: for words that are offered, and for texts that are shown.

use std::fmt::Write;
use std::sync::OnceLock;

use rackwright_api::crds;
use rackwright_manifest::{Path, Step};
use serde_json::Value;

use crate::object::ObjectKind;

/// The schemas as they are written down, each made when it is asked for.
#[derive(Debug, Default)]
pub struct Fields {
    roots: [OnceLock<Value>; ObjectKind::ALL.len()],
}

/// A field of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    node: &'a Value,
}

impl Fields {
    /// The field of that path in the kind of that name.
    pub fn get(&self, kind: &str, path: &Path) -> Option<Field<'_>> {
        let at = ObjectKind::ALL.iter().position(|known| known.as_str() == kind)?;
        let root = self.roots[at].get_or_init(|| {
            let mut crd = crds::generated(kind);
            let schema = crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema");
            schema.map(Value::take).unwrap_or_default()
        });
        let mut node = root;
        for step in path.steps() {
            node = match step {
                Step::Key(key) => match node.get("properties").and_then(|properties| properties.get(key)) {
                    Some(property) => property,
                    None => node.get("additionalProperties")?,
                },
                Step::Index(_) => node.get("items")?,
            };
        }
        Some(Field { node })
    }
}

impl<'a> Field<'a> {
    fn text(self, key: &str) -> Option<&'a str> {
        self.node.get(key)?.as_str()
    }

    /// Its fields, by name.
    pub fn properties(self) -> impl Iterator<Item = (&'a str, Field<'a>)> {
        let properties = self.node.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(name, node)| (name.as_str(), Field { node }))
    }

    /// Whether an object is refused without that field.
    pub fn requires(self, name: &str) -> bool {
        let required = self.node.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|required| required == name))
    }

    /// What it is for.
    pub fn description(self) -> &'a str {
        self.text("description").unwrap_or("")
    }

    /// Its type; of a list with that of its items.
    pub fn kind(self) -> String {
        let own = self.text("type").unwrap_or("value");
        let items = self.node.get("items").and_then(|items| items.get("type"));
        match items.and_then(Value::as_str) {
            Some(items) => format!("{own} of {items}"),
            None => own.to_owned(),
        }
    }

    /// Whether values of it are mappings, lists or one value.
    pub fn opens(self) -> Option<char> {
        match self.text("type") {
            Some("object") => Some('{'),
            Some("array") => Some('['),
            _ => None,
        }
    }

    /// The values that it may have, where they can be counted.
    pub fn values(self) -> Vec<String> {
        let spelled = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match self.node.get("enum").and_then(Value::as_array) {
            Some(values) => values.iter().map(spelled).collect(),
            None if self.text("type") == Some("boolean") => vec!["true".to_owned(), "false".to_owned()],
            None => Vec::new(),
        }
    }

    /// All that is known of it, as Markdown.
    pub fn markdown(self, path: &Path) -> String {
        let mut text = format!("**{path}** ({})\n\n{}\n", self.kind(), self.description());
        let mut bounds = Vec::new();
        for (key, words) in [
            ("default", "default"),
            ("minimum", "at least"),
            ("maximum", "at most"),
            ("minLength", "characters, at least"),
            ("maxLength", "characters, at most"),
            ("minItems", "items, at least"),
            ("maxItems", "items, at most"),
            ("minProperties", "keys, at least"),
            ("maxProperties", "keys, at most"),
        ] {
            if let Some(value) = self.node.get(key) {
                bounds.push(format!("- {words}: `{value}`"));
            }
        }
        let values = self.values();
        if !values.is_empty() {
            bounds.push(format!("- one of: `{}`", values.join("`, `")));
        }
        if let Some(pattern) = self.text("pattern") {
            bounds.push(format!("- form: `{pattern}`"));
        }
        let rules = self
            .node
            .get("x-kubernetes-validations")
            .and_then(Value::as_array);
        for rule in rules.into_iter().flatten() {
            let says = rule.get("message").or_else(|| rule.get("rule"));
            if let Some(says) = says.and_then(Value::as_str) {
                bounds.push(format!("- {says}"));
            }
        }
        if !bounds.is_empty() {
            let _ = write!(text, "\n{}\n", bounds.join("\n"));
        }
        text
    }
}
