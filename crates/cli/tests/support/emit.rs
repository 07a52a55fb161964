//! Objects written as people write YAML: keys in any order, blocks and brackets, quotes, comments above, behind and at the end,
//! empty lines, values in other spellings. What is decided is drawn from bytes.

use std::collections::BTreeMap;

use rackwright_hostset::{Limits, expand};
use serde_json::{Map, Value};

/// A text, and what each of its comments is about.
#[derive(Debug, Default)]
pub struct Emitted {
    pub text: String,
    /// Paths by comment: `0:spec>racks[0]>names` for a key, `0:spec>racks[0]` for an item, `0:spec/` for the end of a map.
    pub about: BTreeMap<String, String>,
}

pub struct Emitter<'a> {
    draws: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    emitted: Emitted,
}

/// Writes documents.
pub fn documents(values: &[Value], draws: &[u8]) -> Emitted {
    let mut emitter = Emitter {
        draws: draws.iter().cycle(),
        emitted: Emitted::default(),
    };
    for (at, value) in values.iter().enumerate() {
        emitter.push("---\n");
        let path = format!("{at}:");
        emitter.map(value.as_object().unwrap(), &path, 0, false);
    }
    emitter.emitted
}

/// The path of a key. Keys have dots, so that another character stands between them.
fn join(path: &str, key: &str) -> String {
    let between = if path.ends_with(':') { "" } else { ">" };
    format!("{path}{between}{key}")
}

impl Emitter<'_> {
    fn push(&mut self, text: &str) {
        self.emitted.text.push_str(text);
    }

    /// Whether something happens that happens once in that many times.
    fn once_in(&mut self, times: u8) -> bool {
        self.draws.next().is_some_and(|draw| draw % times == 0)
    }

    fn comment(&mut self, about: String) -> String {
        let name = format!("c{}", self.emitted.about.len());
        self.emitted.about.insert(name.clone(), about);
        format!("# {name}")
    }

    fn line(&mut self, indent: usize, about: &str) {
        let comment = self.comment(about.to_owned());
        self.push(&format!("{}{comment}\n", " ".repeat(indent)));
    }

    fn behind(&mut self, about: &str) {
        if self.once_in(5) {
            let comment = self.comment(about.to_owned());
            self.push(&format!(" {comment}"));
        }
        self.push("\n");
    }

    fn map(&mut self, map: &Map<String, Value>, path: &str, indent: usize, is_inline: bool) {
        let mut keys: Vec<&String> = map.keys().collect();
        for at in (1..keys.len()).rev() {
            let draw = self.draws.next().map_or(0, |draw| usize::from(*draw));
            keys.swap(at, draw % (at + 1));
        }
        for (at, key) in keys.iter().enumerate() {
            let path_of_key = join(path, key);
            // What stands above the first key of a document, or behind a dash, is about more than that key.
            let has_head = at > 0 || indent > 0 && !is_inline;
            if at > 0 && self.once_in(9) {
                self.push("\n");
            }
            if has_head && self.once_in(5) {
                self.line(indent, &path_of_key);
            }
            if at > 0 || !is_inline {
                self.push(&" ".repeat(indent));
            }
            let name = if self.once_in(9) {
                format!("\"{key}\"")
            } else {
                (*key).clone()
            };
            self.push(&format!("{name}:"));
            self.value(&map[*key], &path_of_key, indent);
        }
        if self.once_in(9) {
            self.line(indent, &format!("{path}/"));
        }
    }

    fn value(&mut self, value: &Value, path: &str, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() && !self.once_in(3) => {
                self.behind(path);
                self.map(map, path, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() && !self.once_in(3) => {
                self.behind(path);
                let indent = if self.once_in(2) { indent } else { indent + 2 };
                for (at, item) in items.iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    if self.once_in(6) {
                        self.line(indent, &path);
                    }
                    self.push(&format!("{}-", " ".repeat(indent)));
                    match item {
                        Value::Object(map) if !self.once_in(3) => {
                            self.push(" ");
                            self.map(map, &path, indent + 2, true);
                        }
                        _ => self.flow(item, &path),
                    }
                }
            }
            Value::String(text) if text.contains('\n') => {
                self.push(" |\n");
                for line in text.lines() {
                    self.push(&format!(
                        "{}{line}\n",
                        " ".repeat(if line.is_empty() { 0 } else { indent + 2 })
                    ));
                }
            }
            _ => self.flow(value, path),
        }
    }

    fn flow(&mut self, value: &Value, path: &str) {
        self.push(" ");
        self.in_brackets(value);
        self.behind(path);
    }

    fn in_brackets(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<&String> = map.keys().collect();
                if self.once_in(2) {
                    keys.reverse();
                }
                self.push("{ ");
                for (at, key) in keys.iter().enumerate() {
                    self.push(&format!("{}{key}: ", if at > 0 { ", " } else { "" }));
                    self.in_brackets(&map[*key]);
                }
                self.push(" }");
            }
            Value::Array(items) => {
                self.push("[");
                for (at, item) in items.iter().enumerate() {
                    self.push(if at > 0 { ", " } else { " " });
                    self.in_brackets(item);
                }
                self.push(" ]");
            }
            Value::String(text) => {
                let text = if self.once_in(2) {
                    respelt(text)
                } else {
                    text.clone()
                };
                // Braces, commas and all else that means something in YAML is only in here.
                let text = if text.contains('\n') {
                    "text".to_owned()
                } else {
                    text
                };
                self.push(&Value::from(text).to_string());
            }
            other => self.push(&other.to_string()),
        }
    }
}

/// The same in another spelling, as people write it.
fn respelt(text: &str) -> String {
    if let Some(number) = text.strip_suffix("kW") {
        return format!("{number}000W");
    }
    if let Some(number) = text
        .strip_suffix('h')
        .filter(|number| number.parse::<u32>().is_ok())
    {
        return format!("{}m", number.parse::<u32>().unwrap() * 60);
    }
    match expand(text, &Limits::default()) {
        Ok(names) if text.contains('[') && names.len() <= 40 => names.join(","),
        _ => text.to_owned(),
    }
}
