//! From the bytes of a request to an object, and what is wrong with them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::builtin::CRDS;
use crate::call::Call;
use crate::error::{ApiError, Cause, Result};
use crate::kind::Kind;
use crate::object::metadata;
use crate::request::Verb;

/// Fields of `ObjectMeta`.
const METADATA: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Reads an object of the call's kind.
pub(super) fn object(call: &Call) -> Result<Value> {
    let kind = &call.kind;
    let body = String::from_utf8_lossy(&call.body);
    let unrecognized = |why: &str| {
        ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): {why} ({body})",
            kind.kind
        ))
    };
    let mut object: Value = serde_json::from_slice(&call.body)
        .map_err(|error| unrecognized(&format!("couldn't get version/kind; json parse error: {error}")))?;
    let expected = kind.api_version();
    if let (false, Value::Object(map)) = (kind.custom, &mut object) {
        // The path says what a built-in object is.
        map.entry("kind").or_insert_with(|| kind.kind.clone().into());
        map.entry("apiVersion").or_insert_with(|| expected.clone().into());
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("kind").is_empty() {
        return Err(unrecognized(&format!("Object 'Kind' is missing in '{body}'")));
    }
    if text("apiVersion") != expected {
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({expected})",
            text("apiVersion")
        )));
    }
    check_kind(kind, &object)?;
    Ok(object)
}

/// A custom resource of another kind is invalid; a built-in one cannot be read at all.
pub(super) fn check_kind(kind: &Kind, object: &Value) -> Result<()> {
    let actual = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    if actual == kind.kind {
        return Ok(());
    }
    if !kind.custom {
        return Err(ApiError::bad_request(format!(
            "{actual} in version \"{}\" cannot be handled as a {}",
            kind.version, kind.kind
        )));
    }
    let name = object
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let cause = Cause::field(
        "kind",
        format!("Invalid value: {actual:?}: must be {}", kind.kind),
    );
    let mut error = ApiError::invalid(kind, name, &[cause]);
    // The message and the details name the kind that was sent.
    if let crate::error::ErrorBody::Status {
        message,
        details: Some(details),
        ..
    } = &mut error.body
    {
        *message = message.replacen(&kind.kind, actual, 1);
        details["kind"] = actual.into();
    }
    Err(error)
}

/// Removes unknown fields: silently, with the warnings that are returned, or by refusing the object, as
/// `fieldValidation` says.
pub(super) fn prune(call: &Call, object: &mut Value) -> Result<Vec<String>> {
    let kind = &call.kind;
    check_metadata(kind, object)?;
    let mut unknown = Vec::new();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, value| {
            let known = METADATA.contains(&name.as_str());
            if !known {
                unknown.push(format!("metadata.{name}"));
            }
            known && !is_empty(value)
        });
    }
    // Definitions keep the empty parts of their schemas.
    if !kind.custom && *kind.table != *CRDS {
        kind.fields.drop_empty(object);
    }
    if let Some(admission) = &kind.admission {
        unknown.extend(admission.prune(object));
    }
    unknown.sort();
    let list: Vec<String> = unknown
        .into_iter()
        .map(|path| format!("unknown field \"{path}\""))
        .collect();
    match call.query.text("fieldValidation") {
        "Ignore" => Ok(Vec::new()),
        "Strict" if !list.is_empty() => {
            let why = format!("strict decoding error: {}", list.join(", "));
            if call.verb == Verb::Patch {
                return Err(ApiError::invalid_patch(&object.to_string(), &why));
            }
            Err(ApiError::bad_request(format!(
                "{} in version \"{}\" cannot be handled as a {}: {why}",
                kind.kind, kind.version, kind.kind
            )))
        }
        _ => Ok(list),
    }
}

/// Metadata has to decode into `ObjectMeta` before anything else looks at it.
fn check_metadata(kind: &Kind, object: &Value) -> Result<()> {
    let Some(value) = object.get("metadata") else {
        return Ok(());
    };
    let unreadable = |why: &str| {
        ApiError::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: {why}",
            kind.kind, kind.version, kind.kind
        ))
    };
    let Some(map) = metadata(object) else {
        return if value.is_null() {
            Ok(())
        } else {
            Err(unreadable("metadata is not an object"))
        };
    };
    // managedFields comes back from the client as we sent it and is not read.
    let wanted: serde_json::Map<String, Value> = map
        .iter()
        .filter(|(name, value)| *name != "managedFields" && !value.is_null())
        .map(|(name, value)| {
            // Go reads an absent owner field as empty and leaves the complaint to validation.
            (
                name.clone(),
                if name == "ownerReferences" {
                    filled_owners(value)
                } else {
                    value.clone()
                },
            )
        })
        .collect();
    serde_json::from_value::<ObjectMeta>(Value::Object(wanted))
        .map_err(|error| unreadable(&error.to_string()))?;
    Ok(())
}

fn filled_owners(value: &Value) -> Value {
    let mut value = value.clone();
    for owner in value
        .as_array_mut()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        for name in ["apiVersion", "kind", "name", "uid"] {
            owner.entry(name).or_insert_with(|| "".into());
        }
    }
    value
}

/// Empty fields of metadata do not survive the server's Go struct.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}
