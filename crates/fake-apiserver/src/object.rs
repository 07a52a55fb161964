//! A stored object: JSON bytes, cut so that a list or a watch only copies them.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::kind::Kind;

/// What a client asked to see of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The whole object.
    Full,
    /// `PartialObjectMetadata`.
    Metadata,
}

/// One revision of one object. The version, kind and resource version are written when it is rendered, so that all
/// versions of a kind and the event that deletes the object share these bytes.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) rv: u64,
    pub(crate) uid: Arc<str>,
    pub(crate) labels: Box<[(Box<str>, Box<str>)]>,
    /// `"name":"x",…}` of `metadata`, then `,"spec":…}`.
    json: Box<[u8]>,
    /// Where the metadata ends.
    split: usize,
}

impl Stored {
    /// Takes an object apart. `apiVersion`, `kind` and `metadata.resourceVersion` are dropped.
    pub(crate) fn new(object: &Value, rv: u64) -> Self {
        let mut root = object.as_object().cloned().unwrap_or_default();
        root.remove("apiVersion");
        root.remove("kind");
        let mut metadata = match root.remove("metadata") {
            Some(Value::Object(metadata)) => metadata,
            _ => Map::new(),
        };
        metadata.remove("resourceVersion");
        let uid = metadata
            .get("uid")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .into();
        let labels = metadata
            .get("labels")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let labels =
            labels.map(|(key, value)| (key.as_str().into(), value.as_str().unwrap_or_default().into()));
        let labels = labels.collect();
        // A JSON value has no way to fail on its way to bytes.
        let mut json = serde_json::to_vec(&metadata).unwrap_or_default();
        json.remove(0);
        let split = json.len();
        let rest = serde_json::to_vec(&root).unwrap_or_default();
        if root.is_empty() {
            json.push(b'}');
        } else {
            json.push(b',');
            json.extend_from_slice(rest.get(1..).unwrap_or_default());
        }
        Self {
            rv,
            uid,
            labels,
            json: json.into_boxed_slice(),
            split,
        }
    }

    /// Appends the object's JSON, as of resource version `rv`.
    pub(crate) fn render(&self, kind: &Kind, form: Form, rv: u64, out: &mut Vec<u8>) {
        let (api_version, name) = match form {
            Form::Full => (kind.api_version(), kind.kind.as_str()),
            Form::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata"),
        };
        let head = format!(
            r#"{{"apiVersion":"{api_version}","kind":"{name}","metadata":{{"resourceVersion":"{rv}","#
        );
        out.extend_from_slice(head.as_bytes());
        match form {
            Form::Full => out.extend_from_slice(&self.json),
            Form::Metadata => {
                out.extend_from_slice(&self.json[..self.split]);
                out.push(b'}');
            }
        }
    }

    /// The object as of its own resource version.
    pub(crate) fn value(&self, kind: &Kind) -> Value {
        let mut bytes = Vec::with_capacity(self.json.len() + 128);
        self.render(kind, Form::Full, self.rv, &mut bytes);
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    /// The value of a label.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels
            .iter()
            .find(|(name, _)| **name == *key)
            .map(|(_, value)| &**value)
    }
}

/// The `metadata` of an object as a map.
pub(crate) fn metadata(object: &Value) -> Option<&Map<String, Value>> {
    object.get("metadata").and_then(Value::as_object)
}

/// The `metadata` of an object, made if it is absent; none only if the object is no map.
pub(crate) fn metadata_mut(object: &mut Value) -> Option<&mut Map<String, Value>> {
    let slot = object.as_object_mut()?.entry("metadata").or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

/// Sets a field of `metadata`.
pub(crate) fn set_meta(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(metadata) = metadata_mut(object) {
        metadata.insert(name.to_owned(), value.into());
    }
}

/// Removes a field of `metadata`.
pub(crate) fn drop_meta(object: &mut Value, name: &str) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove(name);
    }
}

/// A text field of `metadata`, empty if absent.
pub(crate) fn meta_text<'a>(object: &'a Value, name: &str) -> &'a str {
    metadata(object)
        .and_then(|metadata| metadata.get(name))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `metadata.finalizers`.
pub(crate) fn finalizers(object: &Value) -> Vec<String> {
    let list = object
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The uids of `metadata.ownerReferences`.
pub(crate) fn owner_uids(object: &Value) -> Vec<String> {
    let list = object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    list.filter_map(|owner| owner.get("uid"))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
