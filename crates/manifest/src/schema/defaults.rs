//! Defaults and nulls, as the API server treats them between reading and validation.
//!
//! Follows `apiextensions-apiserver/pkg/apiserver/schema/defaulting`.

use super::node::{Additional, Node};
use serde_json::Value;

/// Whether [`apply`] could change an object.
pub(super) fn would_change(node: &Node, object: &Value) -> bool {
    node.has_defaults || has_null(object)
}

pub(super) fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        _ => false,
    }
}

/// Drops nulls where none are allowed and no default stands ready, then fills in defaults.
pub(super) fn apply(node: &Node, object: &mut Value) {
    drop_nulls(node, object);
    fill(node, object);
}

/// Drops nulls where none are allowed and no default stands ready.
pub(super) fn drop_nulls(node: &Node, value: &mut Value) {
    match value {
        Value::Object(map) => map.retain(|key, value| {
            let Some(schema) = node.field(key) else {
                return true;
            };
            if value.is_null() && !schema.nullable && schema.default.is_none() {
                return false;
            }
            drop_nulls(schema, value);
            true
        }),
        Value::Array(items) => {
            if let Some(schema) = node.items.as_deref() {
                for item in items {
                    drop_nulls(schema, item);
                }
            }
        }
        _ => {}
    }
}

fn is_replaced(value: &Value, node: &Node) -> bool {
    value.is_null() && !node.nullable
}

fn fill(node: &Node, value: &mut Value) {
    if !node.has_defaults {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, schema) in &node.properties {
                if let Some(default) = &schema.default
                    && map.get(key).is_none_or(|value| is_replaced(value, schema))
                {
                    map.insert(key.clone(), default.clone());
                }
            }
            for (key, value) in map.iter_mut() {
                if let Some(schema) = node.properties.get(key) {
                    fill(schema, value);
                } else if let Additional::Schema(schema) = &node.additional {
                    fill_one(schema, value);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = node.items.as_deref() {
                for item in items {
                    fill_one(schema, item);
                }
            }
        }
        _ => {}
    }
}

/// A value behind a free key or in a list: a null becomes the default, nothing is added.
fn fill_one(node: &Node, value: &mut Value) {
    if let Some(default) = &node.default
        && is_replaced(value, node)
    {
        *value = default.clone();
    }
    fill(node, value);
}
