//! Merging an applied configuration into the live object, and taking fields out again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::set::{Element, Set};
use super::types::Type;

/// `live` with everything that `config` says; what `config` does not mention stays.
pub(crate) fn merge(kind: &Arc<Type>, live: &Value, config: &Value) -> Value {
    let kind = kind.resolve(Some(config));
    match (&*kind, live, config) {
        (Type::Map { fields, other }, Value::Object(live), Value::Object(config)) => {
            let mut out = live.clone();
            let unknown = Arc::new(Type::Untyped);
            for (name, value) in config {
                let field = Type::field(fields, other.as_ref(), name).unwrap_or_else(|| Arc::clone(&unknown));
                let merged = match live.get(name) {
                    Some(current) => merge(&field, current, value),
                    None => value.clone(),
                };
                out.insert(name.clone(), merged);
            }
            Value::Object(out)
        }
        (Type::ListMap { .. } | Type::ListSet, Value::Array(live), Value::Array(config)) => {
            Value::Array(merge_items(&kind, live, config))
        }
        _ => config.clone(),
    }
}

/// Merges two lists item by item. Items in both keep the order of the applied list, items of others come before the
/// applied ones that follow them; this is the order of structured-merge-diff, kept step by step.
fn merge_items(kind: &Type, live: &[Value], config: &[Value]) -> Vec<Value> {
    let item_type = kind.item_type();
    let elements = |items: &[Value]| -> Vec<Option<Element>> {
        items.iter().map(|item| kind.item_element(item)).collect()
    };
    let (left, right) = (elements(live), elements(config));
    let index: BTreeMap<&Element, &Value> = left
        .iter()
        .zip(live)
        .filter_map(|(element, item)| Some((element.as_ref()?, item)))
        .collect();
    let applied: BTreeSet<&Element> = right.iter().flatten().collect();
    let mut shared = right
        .iter()
        .flatten()
        .filter(|element| index.contains_key(element))
        .peekable();
    let mut merged: BTreeSet<&Element> = BTreeSet::new();
    let mut out = Vec::with_capacity(live.len().max(config.len()));
    let (mut at, mut next) = (0, 0);
    while at < live.len() || next < config.len() {
        if let (Some(mine), Some(theirs)) = (left.get(at), right.get(next)) {
            let in_both = mine.as_ref().is_some_and(|mine| applied.contains(mine));
            if in_both && mine != theirs && shared.peek().is_some_and(|shared| Some(*shared) != mine.as_ref())
            {
                // In both, but not the one whose turn it is.
                at += 1;
                continue;
            }
        }
        if let Some(mine) = left.get(at) {
            match mine {
                Some(mine) if applied.contains(mine) => {
                    if merged.contains(mine) {
                        at += 1;
                    }
                }
                _ => {
                    out.push(live[at].clone());
                    at += 1;
                    continue;
                }
            }
        }
        if let Some(theirs) = right.get(next) {
            let current = theirs.as_ref().and_then(|theirs| index.get(theirs));
            out.push(match current {
                Some(current) => merge(&item_type, current, &config[next]),
                None => config[next].clone(),
            });
            if let Some(theirs) = theirs {
                merged.insert(theirs);
                if shared.peek().is_some_and(|shared| *shared == theirs) {
                    shared.next();
                }
                if left.get(at).is_some_and(|mine| mine.as_ref() == Some(theirs)) {
                    at += 1;
                }
            }
            next += 1;
        }
    }
    out
}

/// Paths of nulls where the type has a container, with the type's name: what [`without`] emptied. The server refuses
/// such an object, because null is neither.
pub(super) fn emptied(kind: &Arc<Type>, value: &Value, path: &str, out: &mut Vec<(String, &'static str)>) {
    match (&**kind, value) {
        (Type::Map { .. }, Value::Null) => out.push((path.to_owned(), "object")),
        (Type::ListMap { .. } | Type::ListSet, Value::Null) => out.push((path.to_owned(), "array")),
        (Type::Map { fields, other }, Value::Object(map)) => {
            for (name, child) in map {
                if let Some(field) = Type::field(fields, other.as_ref(), name) {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    emptied(&field, child, &path, out);
                }
            }
        }
        (Type::ListMap { item, .. }, Value::Array(items)) => {
            for (index, child) in items.iter().enumerate() {
                emptied(item, child, &format!("{path}[{index}]"), out);
            }
        }
        _ => {}
    }
}

/// `value` without the fields of `gone`; a member goes with all that lies beneath it. What loses its last item becomes
/// null, not empty, as in structured-merge-diff.
pub(super) fn without(kind: &Arc<Type>, value: &Value, gone: &Set) -> Value {
    let kind = kind.resolve(Some(value));
    match (&*kind, value) {
        (Type::Map { fields, other }, Value::Object(map)) => {
            let unknown = Arc::new(Type::Untyped);
            let mut out = Map::new();
            for (name, child) in map {
                let element = Element::Field(name.clone());
                if gone.members.contains(&element) {
                    continue;
                }
                let field = Type::field(fields, other.as_ref(), name).unwrap_or_else(|| Arc::clone(&unknown));
                let kept = match gone.children.get(&element) {
                    Some(deeper) => without(&field, child, deeper),
                    None => child.clone(),
                };
                out.insert(name.clone(), kept);
            }
            if out.is_empty() && !map.is_empty() {
                Value::Null
            } else {
                Value::Object(out)
            }
        }
        (Type::ListMap { .. } | Type::ListSet, Value::Array(items)) => {
            let item_type = kind.item_type();
            let kept: Vec<Value> = items
                .iter()
                .filter_map(|item| {
                    let Some(element) = kind.item_element(item) else {
                        return Some(item.clone());
                    };
                    if gone.members.contains(&element) {
                        return None;
                    }
                    Some(match gone.children.get(&element) {
                        Some(deeper) => without(&item_type, item, deeper),
                        None => item.clone(),
                    })
                })
                .collect();
            if kept.is_empty() && !items.is_empty() {
                Value::Null
            } else {
                Value::Array(kept)
            }
        }
        _ => value.clone(),
    }
}
