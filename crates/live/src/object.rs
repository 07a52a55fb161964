//! What is kept of an object.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::resource::Resource;

/// Where kubectl keeps what it applied last: a copy of the object in itself.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object as a client wrote it, and what its controller says of it.
#[derive(Debug, Deserialize)]
pub struct Object<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    labels: Option<&'a RawValue>,
    #[serde(borrow, default)]
    annotations: Option<&'a RawValue>,
    #[serde(default)]
    generation: Option<i64>,
    #[serde(borrow, default)]
    deletion_timestamp: Option<&'a RawValue>,
}

impl Object<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Its labels.
    pub fn labels(&self) -> Value {
        read(self.metadata.labels)
    }

    /// A part of its status, by its key.
    pub fn status(&self, key: &str) -> Value {
        let parts: Option<BTreeMap<&str, &RawValue>> = self
            .status
            .and_then(|status| serde_json::from_str(status.get()).ok());
        read(parts.and_then(|parts| parts.get(key).copied()))
    }

    /// The object as a person would have written it: without status, and of its metadata what is not the server's. That it is
    /// being deleted stays, because that is an order.
    pub fn written(&self, resource: Resource) -> Value {
        let mut metadata = Map::new();
        let mut annotations = read(self.metadata.annotations);
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.remove(LAST_APPLIED);
        }
        let parts = [
            ("annotations", annotations),
            ("deletionTimestamp", read(self.metadata.deletion_timestamp)),
            ("labels", self.labels()),
            ("name", Value::from(self.name())),
        ];
        for (key, value) in parts {
            if !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()) {
                metadata.insert(key.to_owned(), value);
            }
        }
        json!({
            "apiVersion": resource.api_version(),
            "kind": resource.kind(),
            "metadata": metadata,
            "spec": read(self.spec),
        })
    }

    /// The object as one line of JSON, in the order of canonical JSON, with its status: as plans have it. The generation
    /// says which spec a status is of.
    pub fn line(&self, resource: Resource, out: &mut Vec<u8>) {
        let mut text = |text: &str| out.extend_from_slice(text.as_bytes());
        text("{\"apiVersion\":\"");
        text(&resource.api_version());
        text("\",\"kind\":\"");
        text(&resource.kind());
        text("\",\"metadata\":{");
        if let Some(generation) = self.metadata.generation {
            text("\"generation\":");
            text(&generation.to_string());
            text(",");
        }
        if let Some(labels) = self.metadata.labels {
            text("\"labels\":");
            text(&one_line(labels));
            text(",");
        }
        text("\"name\":");
        text(&Value::from(self.name()).to_string());
        text("}");
        for (key, part) in [("spec", self.spec), ("status", self.status)] {
            if let Some(part) = part {
                text(",\"");
                text(key);
                text("\":");
                text(&one_line(part));
            }
        }
        text("}\n");
    }
}

/// A part as a value. It was read as JSON before.
fn read(part: Option<&RawValue>) -> Value {
    part.and_then(|part| serde_json::from_str(part.get()).ok())
        .unwrap_or_default()
}

/// A part without line feeds, which only a server between us and the API server would add.
fn one_line(part: &RawValue) -> Cow<'_, str> {
    match memchr::memchr2(b'\n', b'\r', part.get().as_bytes()) {
        None => part.get().into(),
        Some(_) => read(Some(part)).to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = r#"{"apiVersion":"rackwright.dev/v1alpha1","kind":"GPUPool","metadata":{
        "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","note":"a"},
        "creationTimestamp":"2026-01-01T00:00:00Z","finalizers":["rackwright.dev/detach"],"generation":3,
        "labels":{"team":"a"},"managedFields":[{"manager":"kubectl"}],"name":"train","resourceVersion":"9","uid":"u"},
        "spec":{"b":1,
        "a":[2]},"status":{"applied":{"hash":"x"},"nodes":1}}"#;

    #[test]
    fn what_the_server_adds_is_left_out() {
        let object: Object<'_> = serde_json::from_str(STORED).unwrap();
        let metadata = json!({"annotations": {"note": "a"}, "labels": {"team": "a"}, "name": "train"});
        let expected = json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": "GPUPool", "metadata": metadata,
            "spec": {"a": [2], "b": 1}});
        assert_eq!(object.written(Resource::GPUPool), expected);
        assert_eq!(object.status("nodes"), json!(1));
        assert_eq!(object.status("other"), Value::Null);
    }

    #[test]
    fn an_order_to_delete_stays_and_empty_maps_go() {
        let text = r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},
            "deletionTimestamp":"2026-01-01T00:00:00Z","name":"a"}}"#;
        let object: Object<'_> = serde_json::from_str(text).unwrap();
        let metadata = json!({"deletionTimestamp": "2026-01-01T00:00:00Z", "name": "a"});
        assert_eq!(object.written(Resource::GPUPool)["metadata"], metadata);
    }

    #[test]
    fn a_line_is_one_line_and_keeps_status_and_generation() {
        let object: Object<'_> = serde_json::from_str(STORED).unwrap();
        let mut line = Vec::new();
        object.line(Resource::GPUPool, &mut line);
        let line = String::from_utf8(line).unwrap();
        let expected = concat!(
            r#"{"apiVersion":"rackwright.dev/v1alpha1","kind":"GPUPool","metadata":{"generation":3,"#,
            r#""labels":{"team":"a"},"name":"train"},"spec":{"a":[2],"b":1},"#,
            r#""status":{"applied":{"hash":"x"},"nodes":1}}"#,
            "\n"
        );
        assert_eq!(line, expected);
    }
}
