//! Unknown fields: found for strict validation, removed without it.
//!
//! Follows `apiextensions-apiserver/pkg/apiserver/schema/pruning`.

use super::node::{Additional, Node};
use super::place::Place;
use crate::path::Path;
use serde_json::Value;

/// What pruning does with one key of a map.
enum Fate<'a> {
    /// Left alone with all below.
    Kept,
    /// Removed.
    Unknown,
    /// Looked into; with no schema nothing below is known.
    Below(Option<&'a Node>),
}

fn fate<'a>(node: Option<&'a Node>, key: &str, is_root: bool) -> Fate<'a> {
    if is_root && matches!(key, "apiVersion" | "kind" | "metadata") {
        return Fate::Kept;
    }
    let Some(node) = node else { return Fate::Unknown };
    match (node.properties.get(key), &node.additional) {
        (Some(schema), _) => Fate::Below(Some(schema)),
        (None, Additional::Schema(schema)) => Fate::Below(Some(schema)),
        // `additionalProperties: true` has no schema: maps below it lose everything.
        (None, Additional::Any) => Fate::Below(None),
        (None, Additional::None) if node.preserve_unknown => Fate::Kept,
        (None, Additional::None) => Fate::Unknown,
    }
}

/// What pruning does with the items of a list.
fn items(node: Option<&Node>) -> Fate<'_> {
    match node {
        Some(node) if node.preserve_unknown && node.items.is_none() => Fate::Kept,
        node => Fate::Below(node.and_then(|node| node.items.as_deref())),
    }
}

/// Where an object has fields that its schema does not have.
pub(super) fn unknown_fields(node: &Node, object: &Value) -> Vec<Path> {
    let mut unknown = Vec::new();
    find(Some(node), object, &Place::Root, &mut unknown);
    unknown
}

fn find(node: Option<&Node>, value: &Value, place: &Place<'_>, unknown: &mut Vec<Path>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match fate(node, key, place.is_root()) {
                    Fate::Kept => {}
                    Fate::Unknown => unknown.push(place.key(key).path()),
                    Fate::Below(schema) => find(schema, value, &place.key(key), unknown),
                }
            }
        }
        Value::Array(list) => {
            let Fate::Below(schema) = items(node) else { return };
            for (at, value) in list.iter().enumerate() {
                find(schema, value, &place.index(at), unknown);
            }
        }
        _ => {}
    }
}

/// Removes the fields that [`unknown_fields`] finds, and says where they were.
pub(super) fn prune(node: &Node, object: &mut Value) -> Vec<Path> {
    let mut unknown = Vec::new();
    remove(Some(node), object, &Place::Root, &mut unknown);
    unknown
}

fn remove(node: Option<&Node>, value: &mut Value, place: &Place<'_>, unknown: &mut Vec<Path>) {
    match value {
        Value::Object(map) => map.retain(|key, value| match fate(node, key, place.is_root()) {
            Fate::Kept => true,
            Fate::Unknown => {
                unknown.push(place.key(key).path());
                false
            }
            Fate::Below(schema) => {
                remove(schema, value, &place.key(key), unknown);
                true
            }
        }),
        Value::Array(list) => {
            let Fate::Below(schema) = items(node) else { return };
            for (at, value) in list.iter_mut().enumerate() {
                remove(schema, value, &place.index(at), unknown);
            }
        }
        _ => {}
    }
}
