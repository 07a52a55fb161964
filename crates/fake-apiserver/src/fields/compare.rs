//! What an object's fields are, and how two objects differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::set::{Element, Set};
use super::types::Type;

/// The fields of `value`, as an applier owns them: leaves, list items, and empty containers.
/// The error lists the fields that the type does not know, as paths.
pub(super) fn fields_of(kind: &Arc<Type>, value: &Value) -> Result<Set, Vec<String>> {
    let mut walk = FieldsOf {
        set: Set::default(),
        path: Vec::new(),
        unknown: Vec::new(),
    };
    walk.visit(kind, value);
    if walk.unknown.is_empty() {
        Ok(walk.set)
    } else {
        Err(walk.unknown)
    }
}

struct FieldsOf {
    set: Set,
    path: Vec<Element>,
    unknown: Vec<String>,
}

impl FieldsOf {
    fn here(&mut self) {
        self.set.insert(&self.path);
    }

    fn visit(&mut self, kind: &Arc<Type>, value: &Value) {
        let kind = kind.resolve(Some(value));
        match (&*kind, value) {
            (Type::Map { fields, other }, Value::Object(map)) => {
                for (name, child) in map {
                    self.path.push(Element::Field(name.clone()));
                    match Type::field(fields, other.as_ref(), name) {
                        Some(field) => {
                            self.visit(&field, child);
                            // An empty list with merge rules owns nothing; an empty map owns itself.
                            let hollow =
                                child.is_null() || child.as_object().is_some_and(serde_json::Map::is_empty);
                            if hollow || !fields.contains_key(name) {
                                self.here();
                            }
                        }
                        None => self.unknown.push(path_text(&self.path)),
                    }
                    self.path.pop();
                }
            }
            (Type::ListMap { .. } | Type::ListSet, Value::Array(items)) => {
                let item_type = kind.item_type();
                for item in items {
                    if let Some(element) = kind.item_element(item) {
                        self.path.push(element);
                        self.visit(&item_type, item);
                        self.here();
                        self.path.pop();
                    }
                }
            }
            _ => self.here(),
        }
    }
}

fn path_text(path: &[Element]) -> String {
    let mut set = Set::default();
    set.insert(path);
    set.paths().pop().unwrap_or_default()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The difference between two objects.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) added: Set,
    pub(super) modified: Set,
    pub(super) removed: Set,
}

impl Comparison {
    pub(super) fn is_same(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }

    /// Applies `change` to the three sets.
    pub(super) fn each(&mut self, change: impl Fn(&mut Set)) {
        change(&mut self.added);
        change(&mut self.modified);
        change(&mut self.removed);
    }
}

pub(super) fn compare(kind: &Arc<Type>, old: Option<&Value>, new: Option<&Value>) -> Comparison {
    let mut walk = Compare {
        out: Comparison::default(),
        path: Vec::new(),
    };
    walk.visit(kind, old, new);
    walk.out
}

struct Compare {
    out: Comparison,
    path: Vec<Element>,
}

impl Compare {
    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, None) => {}
            (None, Some(_)) => self.out.added.insert(&self.path),
            (Some(_), None) => self.out.removed.insert(&self.path),
            (Some(old), Some(new)) => {
                if old != new {
                    self.out.modified.insert(&self.path);
                }
            }
        }
    }

    fn visit(&mut self, kind: &Arc<Type>, old: Option<&Value>, new: Option<&Value>) {
        if let (Some(old), Some(new)) = (old, new)
            && old == new
        {
            return;
        }
        let kind = kind.resolve(new.or(old));
        let both_empty = old.is_none_or(is_empty) && new.is_none_or(is_empty);
        match &*kind {
            Type::Map { fields, other } if !both_empty && maps(old, new) => {
                let mut names: BTreeMap<&str, (Option<&Value>, Option<&Value>)> = BTreeMap::new();
                for (name, value) in old.and_then(Value::as_object).into_iter().flatten() {
                    names.entry(name).or_default().0 = Some(value);
                }
                for (name, value) in new.and_then(Value::as_object).into_iter().flatten() {
                    names.entry(name).or_default().1 = Some(value);
                }
                let unknown = Arc::new(Type::Untyped);
                for (name, (old, new)) in names {
                    let field =
                        Type::field(fields, other.as_ref(), name).unwrap_or_else(|| Arc::clone(&unknown));
                    self.path.push(Element::Field(name.to_owned()));
                    self.visit(&field, old, new);
                    self.path.pop();
                }
                self.container(old, new);
            }
            Type::ListMap { .. } | Type::ListSet if !both_empty && lists(old, new) => {
                let item_type = kind.item_type();
                let mut items: BTreeMap<Element, (Option<&Value>, Option<&Value>)> = BTreeMap::new();
                for item in old.and_then(Value::as_array).into_iter().flatten() {
                    if let Some(element) = kind.item_element(item) {
                        items.entry(element).or_default().0 = Some(item);
                    }
                }
                for item in new.and_then(Value::as_array).into_iter().flatten() {
                    if let Some(element) = kind.item_element(item) {
                        items.entry(element).or_default().1 = Some(item);
                    }
                }
                for (element, (old, new)) in items {
                    self.path.push(element);
                    self.visit(&item_type, old, new);
                    self.path.pop();
                }
                self.container(old, new);
            }
            _ => self.leaf(old, new),
        }
    }

    fn container(&mut self, old: Option<&Value>, new: Option<&Value>) {
        if old.is_none() {
            self.out.added.insert(&self.path);
        } else if new.is_none() {
            self.out.removed.insert(&self.path);
        }
    }
}

/// Null stands for an empty container.
fn maps(old: Option<&Value>, new: Option<&Value>) -> bool {
    let fits = |value: &Value| value.is_object() || value.is_null();
    old.is_none_or(fits) && new.is_none_or(fits)
}

fn lists(old: Option<&Value>, new: Option<&Value>) -> bool {
    let fits = |value: &Value| value.is_array() || value.is_null();
    old.is_none_or(fits) && new.is_none_or(fits)
}
