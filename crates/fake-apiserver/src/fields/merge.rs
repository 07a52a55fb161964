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

/// The applied list decides the order of its own items; items of others keep their place between them.
fn merge_items(kind: &Type, live: &[Value], config: &[Value]) -> Vec<Value> {
    let item_type = kind.item_type();
    let index: BTreeMap<Element, &Value> = live
        .iter()
        .filter_map(|item| Some((kind.item_element(item)?, item)))
        .collect();
    let applied: BTreeSet<Element> = config.iter().filter_map(|item| kind.item_element(item)).collect();
    let mut out = Vec::with_capacity(live.len().max(config.len()));
    let mut rest = live.iter().peekable();
    for item in config {
        let element = kind.item_element(item);
        let current = element.as_ref().and_then(|element| index.get(element));
        if current.is_some() {
            // Items of others that stood before this one.
            while let Some(next) = rest.peek() {
                let other = kind.item_element(next);
                if other == element {
                    break;
                }
                if other.is_none_or(|other| !applied.contains(&other)) {
                    out.push((*next).clone());
                }
                rest.next();
            }
            rest.next();
        }
        out.push(match current {
            Some(current) => merge(&item_type, current, item),
            None => item.clone(),
        });
    }
    for item in rest {
        if kind
            .item_element(item)
            .is_none_or(|element| !applied.contains(&element))
        {
            out.push(item.clone());
        }
    }
    out
}

/// `value` without the fields of `gone`; a member goes with all that lies beneath it.
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
            Value::Object(out)
        }
        (Type::ListMap { .. } | Type::ListSet, Value::Array(items)) => {
            let item_type = kind.item_type();
            let kept = items.iter().filter_map(|item| {
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
            });
            Value::Array(kept.collect())
        }
        _ => value.clone(),
    }
}
