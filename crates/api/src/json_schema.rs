//! The CRDs as JSON Schema (draft 7), for editors and validators that read no CRDs.
//!
//! JSON Schema knows no CEL rules and no unknown fields as the API server does: an object with `properties` is closed
//! here, as in the scripts that other validators' users know.

use serde_json::{Value, json};

use crate::crds;
use crate::labels::API_VERSION;

/// The schema of a kind; null for a kind that is not ours.
pub fn of_kind(kind: &str) -> Value {
    let mut crd = crds::generated(kind);
    let Some(schema) = crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema") else {
        return Value::Null;
    };
    // What the API server knows of every object, and a CRD need not say.
    for name in ["apiVersion", "kind"] {
        schema["properties"][name] = json!({ "type": "string" });
    }
    schema["properties"]["metadata"] = json!({ "type": "object" });
    close(schema);
    schema.take()
}

/// One schema for all kinds; it has nothing to say of objects of others.
pub fn all() -> Value {
    let cases: Vec<Value> = crds::kinds()
        .map(|kind| {
            json!({
                "if": {
                    "required": ["apiVersion", "kind"],
                    "properties": { "apiVersion": { "const": API_VERSION }, "kind": { "const": kind } },
                },
                "then": of_kind(kind),
            })
        })
        .collect();
    json!({ "$schema": "http://json-schema.org/draft-07/schema#", "title": API_VERSION, "allOf": cases })
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_with_properties_are_closed() {
        let mut schema = json!({ "a": { "properties": { "b": { "properties": {} } } }, "map": { "additionalProperties": {} } });
        close(&mut schema);
        assert_eq!(
            schema,
            json!({
                "a": { "additionalProperties": false, "properties": { "b": { "additionalProperties": false, "properties": {} } } },
                "map": { "additionalProperties": {} },
            })
        );
    }

    #[test]
    fn each_kind_has_its_case() {
        let schema = all();
        let cases = schema["allOf"].as_array().unwrap();
        assert_eq!(cases.len(), crds::all().len());
        for case in cases {
            assert_eq!(
                case["then"]["properties"]["spec"]["type"], "object",
                "{}",
                case["if"]
            );
            assert_eq!(case["then"]["additionalProperties"], false);
            assert_eq!(
                case["then"]["properties"]["metadata"].get("additionalProperties"),
                None
            );
        }
        assert_eq!(of_kind("Deployment"), Value::Null);
    }
}
