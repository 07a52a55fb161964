//! A set of field paths, as `metadata.managedFields[].fieldsV1` holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// One step of a path. Keys and values are kept as their canonical JSON, which is also their form on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// `f:name`: a field of a map.
    Field(String),
    /// `k:{"name":"x"}`: an item of a list whose items are told apart by keys.
    Key(String),
    /// `v:"x"`: an item of a list that is a set.
    Value(String),
}

impl Element {
    fn to_wire(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(json) => format!("k:{json}"),
            Self::Value(json) => format!("v:{json}"),
        }
    }

    fn from_wire(text: &str) -> Option<Self> {
        let (form, rest) = text.split_once(':')?;
        match form {
            "f" => Some(Self::Field(rest.to_owned())),
            "k" => Some(Self::Key(rest.to_owned())),
            "v" => Some(Self::Value(rest.to_owned())),
            _ => None,
        }
    }

    /// The form that conflict messages use: `.spec`, `[name="x"]`, `[="x"]`.
    fn print(&self, out: &mut String) {
        match self {
            Self::Field(name) => {
                let _ = write!(out, ".{name}");
            }
            Self::Value(json) => {
                let _ = write!(out, "[={json}]");
            }
            Self::Key(json) => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(json).unwrap_or_default();
                let list: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let _ = write!(out, "[{}]", list.join(","));
            }
        }
    }
}

/// Paths, as a tree: `members` end here, `children` go on. One element may be in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Set {
    pub(super) members: BTreeSet<Element>,
    pub(super) children: BTreeMap<Element, Set>,
}

impl Set {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    pub(crate) fn insert(&mut self, path: &[Element]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.members.extend(other.members.iter().cloned());
        for (element, child) in &other.children {
            let merged = match out.children.get(element) {
                Some(mine) => mine.union(child),
                None => child.clone(),
            };
            out.children.insert(element.clone(), merged);
        }
        out
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        let members = self.members.difference(&other.members).cloned().collect();
        let mut children = BTreeMap::new();
        for (element, child) in &self.children {
            let rest = match other.children.get(element) {
                Some(theirs) => child.difference(theirs),
                None => child.clone(),
            };
            if !rest.is_empty() {
                children.insert(element.clone(), rest);
            }
        }
        Self { members, children }
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let members = self.members.intersection(&other.members).cloned().collect();
        let mut children = BTreeMap::new();
        for (element, child) in &self.children {
            if let Some(theirs) = other.children.get(element) {
                let both = child.intersection(theirs);
                if !both.is_empty() {
                    children.insert(element.clone(), both);
                }
            }
        }
        Self { members, children }
    }

    /// Every named field on the way to a member becomes a member: a map that holds an owned field is itself owned.
    pub(crate) fn with_parents(&self) -> Self {
        let mut out = Self {
            members: self.members.clone(),
            children: BTreeMap::new(),
        };
        for (element, child) in &self.children {
            if matches!(element, Element::Field(_)) {
                out.members.insert(element.clone());
            }
            out.children.insert(element.clone(), child.with_parents());
        }
        out
    }

    /// Removes a field and everything beneath it.
    pub(crate) fn forget(&mut self, path: &[&str]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let element = Element::Field((*first).to_owned());
        if rest.is_empty() {
            self.members.remove(&element);
            self.children.remove(&element);
        } else if let Some(child) = self.children.get_mut(&element) {
            child.forget(rest);
            if child.is_empty() {
                self.children.remove(&element);
            }
        }
    }

    /// Removes one member and leaves what is beneath it.
    pub(crate) fn forget_member(&mut self, name: &str) {
        self.members.remove(&Element::Field(name.to_owned()));
    }

    /// Keeps one field of the root and everything beneath it.
    pub(crate) fn keep_only(&mut self, name: &str) {
        let element = Element::Field(name.to_owned());
        self.members.retain(|member| *member == element);
        self.children.retain(|child, _| *child == element);
    }

    /// All paths in the order of conflict messages: the members of a level before what lies deeper.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.collect_paths("", &mut out);
        out
    }

    fn collect_paths(&self, prefix: &str, out: &mut Vec<String>) {
        for member in &self.members {
            let mut path = prefix.to_owned();
            member.print(&mut path);
            out.push(path);
        }
        for (element, child) in &self.children {
            let mut path = prefix.to_owned();
            element.print(&mut path);
            child.collect_paths(&path, out);
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut out = Map::new();
        for member in &self.members {
            out.insert(member.to_wire(), Value::Object(Map::new()));
        }
        for (element, child) in &self.children {
            let mut json = child.to_json();
            if self.members.contains(element)
                && let Value::Object(map) = &mut json
            {
                map.insert(".".to_owned(), Value::Object(Map::new()));
            }
            out.insert(element.to_wire(), json);
        }
        Value::Object(out)
    }

    /// Reads `fieldsV1`; keys of a form that we never write are left out.
    pub(crate) fn from_json(json: &Value) -> Self {
        let mut out = Self::default();
        let Some(map) = json.as_object() else { return out };
        for (key, value) in map {
            let Some(element) = Element::from_wire(key) else {
                continue;
            };
            let inner = value.as_object();
            if inner.is_none_or(|inner| inner.is_empty() || inner.contains_key(".")) {
                out.members.insert(element.clone());
            }
            let child = Self::from_json(value);
            if !child.is_empty() {
                out.children.insert(element, child);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_survives_its_wire_form() {
        let json = serde_json::json!({
            "f:spec": { ".": {}, "f:ports": { "k:{\"name\":\"x\"}": { ".": {}, "f:port": {} } }, "f:tags": { "v:\"p\"": {} } }
        });
        assert_eq!(Set::from_json(&json).to_json(), json);
    }

    #[test]
    fn paths_name_members_before_deeper_fields() {
        let json = serde_json::json!({
            "f:spec": { "f:ports": { "k:{\"name\":\"x\"}": { "f:port": {} } }, "f:size": {} }
        });
        assert_eq!(
            Set::from_json(&json).paths(),
            [".spec.size", ".spec.ports[name=\"x\"].port"]
        );
    }
}
