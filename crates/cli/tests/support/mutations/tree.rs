//! A manifest that can hold what a JSON value cannot: a key twice, and scalars as they are written.

use std::fmt::Write as _;

use rackwright_manifest::{Path, Step};
use serde_json::{Map, Value};

/// A value as it will be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    Map(Vec<(String, Tree)>),
    List(Vec<Tree>),
    /// Null, truth values, numbers, and texts in double quotes.
    Scalar(Value),
    /// A scalar without quotes.
    Plain(&'static str),
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Object(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), value.into()))
                    .collect(),
            ),
            Value::Array(list) => Self::List(list.iter().map(Self::from).collect()),
            scalar => Self::Scalar(scalar.clone()),
        }
    }
}

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        Self::from(&value)
    }
}

impl Tree {
    /// The JSON value; none where a key stands twice or a scalar has no quotes.
    pub fn value(&self) -> Option<Value> {
        match self {
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    if map.insert(key.clone(), value.value()?).is_some() {
                        return None;
                    }
                }
                Some(Value::Object(map))
            }
            Self::List(items) => items
                .iter()
                .map(Self::value)
                .collect::<Option<_>>()
                .map(Value::Array),
            Self::Scalar(value) => Some(value.clone()),
            Self::Plain(_) => None,
        }
    }

    /// What stands at a path.
    pub fn at_mut(&mut self, path: &Path) -> Option<&mut Self> {
        path.steps()
            .iter()
            .try_fold(self, |tree, step| match (tree, step) {
                (Self::Map(entries), Step::Key(key)) => entries
                    .iter_mut()
                    .find(|(name, _)| name == key)
                    .map(|(_, value)| value),
                (Self::List(items), Step::Index(at)) => items.get_mut(*at),
                _ => None,
            })
    }

    /// As YAML in block style, every text in double quotes.
    pub fn yaml(&self) -> String {
        let mut out = String::new();
        self.block(0, &mut out);
        out
    }

    fn block(&self, indent: usize, out: &mut String) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    write!(out, "\n{:indent$}{}:", "", name(key)).unwrap();
                    value.block(indent + 2, out);
                }
            }
            Self::List(items) if !items.is_empty() => {
                for item in items {
                    write!(out, "\n{:indent$}-", "").unwrap();
                    item.block(indent + 2, out);
                }
            }
            leaf => {
                out.push(' ');
                leaf.flow(out);
            }
        }
    }

    /// As JSON, but for scalars without quotes.
    pub fn json(&self) -> String {
        let mut out = String::new();
        self.flow(&mut out);
        out
    }

    fn flow(&self, out: &mut String) {
        match self {
            Self::Map(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    quote(key, out);
                    out.push(':');
                    value.flow(out);
                }
                out.push('}');
            }
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    item.flow(out);
                }
                out.push(']');
            }
            Self::Scalar(Value::String(text)) => quote(text, out),
            Self::Scalar(other) => write!(out, "{other}").unwrap(),
            Self::Plain(text) => out.push_str(text),
        }
    }
}

/// A key as people write it: in quotes only where it needs them.
fn name(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.len() > 3
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if plain {
        return key.to_owned();
    }
    let mut quoted = String::new();
    quote(key, &mut quoted);
    quoted
}

/// A text in double quotes that JSON and YAML read alike: every character that YAML forbids as it is stands escaped.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                write!(out, "\\u{:04x}", c as u32).unwrap();
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
