//! The shape of a kind as field ownership sees it: which lists are sets or maps, which maps are one value.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::set::Element;

/// How a value merges.
#[derive(Debug)]
pub(crate) enum Type {
    /// A scalar, an atomic list or an atomic map: owned and replaced as a whole.
    Leaf,
    /// Not described: maps merge field by field, everything else is a leaf.
    Untyped,
    /// A map: named fields, and a type for other keys where they are allowed.
    Map {
        /// Fields with a schema of their own.
        fields: BTreeMap<String, Arc<Type>>,
        /// The type of any other key; none when other keys are an error.
        other: Option<Arc<Type>>,
    },
    /// A list whose items are told apart by these keys; a default stands in for an absent key.
    ListMap {
        /// Key fields with their defaults.
        keys: Vec<(String, Option<Value>)>,
        /// The type of an item.
        item: Arc<Type>,
    },
    /// A list of distinct scalars.
    ListSet,
}

impl Type {
    /// The type of an object from its OpenAPI schema; `metadata` is always that of `ObjectMeta`.
    pub(crate) fn of_object(schema: &Value) -> Self {
        let mut fields = BTreeMap::new();
        let mut other = None;
        if let Self::Map {
            fields: own,
            other: rest,
        } = Self::of_schema(schema)
        {
            fields = own;
            other = rest;
        }
        fields.insert("apiVersion".to_owned(), Arc::new(Self::Leaf));
        fields.insert("kind".to_owned(), Arc::new(Self::Leaf));
        fields.insert(
            "metadata".to_owned(),
            Arc::new(Self::of_schema(&object_meta_schema())),
        );
        Self::Map { fields, other }
    }

    fn of_schema(schema: &Value) -> Self {
        let flag = |name: &str| schema.get(name).and_then(Value::as_bool).unwrap_or(false);
        let text = |name: &str| schema.get(name).and_then(Value::as_str);
        if flag("x-kubernetes-int-or-string") {
            return Self::Leaf;
        }
        if flag("x-kubernetes-embedded-resource") {
            return Self::Untyped;
        }
        match text("type") {
            Some("object") => {
                if text("x-kubernetes-map-type") == Some("atomic") {
                    return Self::Leaf;
                }
                let fields = schema
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                    .map(|(name, field)| (name.clone(), Arc::new(Self::of_schema(field))))
                    .collect();
                let other = match schema.get("additionalProperties") {
                    Some(Value::Bool(true)) => Some(Arc::new(Self::Untyped)),
                    Some(inner @ Value::Object(_)) => Some(Arc::new(Self::of_schema(inner))),
                    _ if flag("x-kubernetes-preserve-unknown-fields") => Some(Arc::new(Self::Untyped)),
                    _ => None,
                };
                Self::Map { fields, other }
            }
            Some("array") => match text("x-kubernetes-list-type") {
                Some("set") => Self::ListSet,
                Some("map") => {
                    let items = schema.get("items").unwrap_or(&Value::Null);
                    let keys = schema
                        .get("x-kubernetes-list-map-keys")
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                        .map(|key| {
                            (
                                key.to_owned(),
                                items.pointer(&format!("/properties/{key}/default")).cloned(),
                            )
                        })
                        .collect();
                    Self::ListMap {
                        keys,
                        item: Arc::new(Self::of_schema(items)),
                    }
                }
                _ => Self::Leaf,
            },
            Some(_) => Self::Leaf,
            None => Self::Untyped,
        }
    }

    /// The type that this value has: an untyped map is a map of untyped fields.
    pub(super) fn resolve(self: &Arc<Self>, value: Option<&Value>) -> Arc<Self> {
        if matches!(**self, Self::Untyped) {
            return match value {
                Some(Value::Object(_)) => Arc::new(Self::Map {
                    fields: BTreeMap::new(),
                    other: Some(Arc::new(Self::Untyped)),
                }),
                _ => Arc::new(Self::Leaf),
            };
        }
        Arc::clone(self)
    }

    /// The type of a field, none when the map does not allow it.
    pub(super) fn field(
        fields: &BTreeMap<String, Arc<Self>>,
        other: Option<&Arc<Self>>,
        name: &str,
    ) -> Option<Arc<Self>> {
        fields.get(name).or(other).cloned()
    }

    /// Removes nulls, empty lists and empty maps of scalars, as the Go struct of a built-in kind does when it is written.
    pub(crate) fn drop_empty(&self, value: &mut Value) {
        let (Self::Map { fields, other }, Value::Object(map)) = (self, value) else {
            return;
        };
        map.retain(|name, child| {
            let kind = fields.get(name).or(other.as_ref());
            if let Some(kind) = kind {
                kind.drop_empty(child);
            }
            let plain_map = kind.is_some_and(|kind| match &**kind {
                Self::Map {
                    fields,
                    other: Some(item),
                } => fields.is_empty() && matches!(**item, Self::Leaf),
                _ => false,
            });
            match child {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(inner) => !(plain_map && inner.is_empty()),
                _ => true,
            }
        });
    }

    /// The path element of a list item, none when the item lacks a key (validation refuses it later).
    pub(super) fn item_element(&self, item: &Value) -> Option<Element> {
        match self {
            Self::ListSet => Some(Element::Value(item.to_string())),
            Self::ListMap { keys, .. } => {
                let mut found = BTreeMap::new();
                for (key, default) in keys {
                    let value = item.get(key).or(default.as_ref())?;
                    found.insert(key.as_str(), value);
                }
                Some(Element::Key(serde_json::to_string(&found).ok()?))
            }
            _ => None,
        }
    }

    /// The type of a list's items.
    pub(super) fn item_type(&self) -> Arc<Self> {
        match self {
            Self::ListMap { item, .. } => Arc::clone(item),
            _ => Arc::new(Self::Leaf),
        }
    }
}

/// `ObjectMeta` with the merge rules of k8s.io/apimachinery: finalizers are a set, owner references go by `uid`.
fn object_meta_schema() -> Value {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "object", "additionalProperties": text });
    json!({
        "type": "object",
        "properties": {
            "name": text, "namespace": text, "generateName": text, "uid": text, "resourceVersion": text,
            "selfLink": text, "creationTimestamp": text, "deletionTimestamp": text,
            "generation": { "type": "integer" }, "deletionGracePeriodSeconds": { "type": "integer" },
            "labels": texts, "annotations": texts,
            "finalizers": { "type": "array", "x-kubernetes-list-type": "set", "items": text },
            "managedFields": { "type": "array" },
            "ownerReferences": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
                "items": { "type": "object", "x-kubernetes-map-type": "atomic" }
            }
        }
    })
}
