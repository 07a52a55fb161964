//! Items of sets and list maps must differ.
//!
//! Follows `apiextensions-apiserver/pkg/apiserver/schema/listtype`.

use super::message::{bad_value, invalid};
use super::node::{ListType, Node};
use super::place::Place;
use super::violation::{Violation, ViolationKind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// All duplicates in an object.
pub(super) fn duplicates(node: &Node, object: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    walk(node, object, &Place::Root, &mut violations);
    violations
}

fn walk(node: &Node, value: &Value, place: &Place<'_>, violations: &mut Vec<Violation>) {
    if !node.has_lists {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(schema) = node.field(key) {
                    walk(schema, value, &place.key(key), violations);
                }
            }
        }
        Value::Array(items) => {
            match &node.list_type {
                ListType::Atomic => {}
                ListType::Set if differ(items, |one, other| one == other) => {}
                ListType::Set => report(items.iter().cloned(), place, violations),
                ListType::Map(keys) => list_map(items, keys, place, violations),
            }
            if let Some(schema) = node.items.as_deref() {
                for (at, item) in items.iter().enumerate() {
                    walk(schema, item, &place.index(at), violations);
                }
            }
        }
        _ => {}
    }
}

/// Up to this many items each is compared with each: cheaper than any table.
const SHORT: usize = 32;

/// Whether a short list has no two items alike. Of a longer one it says no, and [`report`] looks closer.
fn differ(items: &[Value], alike: impl Fn(&Value, &Value) -> bool) -> bool {
    let twice = |(at, item): (usize, &Value)| items[..at].iter().any(|before| alike(before, item));
    items.len() <= SHORT && !items.iter().enumerate().any(twice)
}

fn list_map(items: &[Value], keys: &[String], place: &Place<'_>, violations: &mut Vec<Violation>) {
    if let Some(at) = items.iter().position(|item| !item.is_object() && !item.is_null()) {
        let message = invalid(&items[at], "must be an object for an array of list-type map");
        violations.push(Violation::new(
            ViolationKind::Unique,
            place.index(at).path(),
            message,
        ));
        return;
    }
    if differ(items, |one, other| {
        keys.iter().all(|key| one.get(key) == other.get(key))
    }) {
        return;
    }
    let identity = |item: &Value| {
        let present = keys
            .iter()
            .filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
        Value::Object(present.collect::<Map<_, _>>())
    };
    report(items.iter().map(identity), place, violations);
}

/// One objection for each value that comes again, at its second place.
fn report(values: impl Iterator<Item = Value>, place: &Place<'_>, violations: &mut Vec<Violation>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (at, value) in values.enumerate() {
        let times = seen.entry(value.to_string()).or_default();
        *times += 1;
        if *times == 2 {
            let message = format!("Duplicate value: {}", bad_value(&value));
            violations.push(Violation::new(
                ViolationKind::Unique,
                place.index(at).path(),
                message,
            ));
        }
    }
}
