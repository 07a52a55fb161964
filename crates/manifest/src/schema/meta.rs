//! `apiVersion`, `kind` and `metadata`: the rules that hold for every object.
//!
//! Follows `apimachinery/pkg/api/validation/objectmeta.go` and `pkg/api/validate/content`.

use super::format::is_name_segment;
use super::message::{bad_value, invalid, invalid_text};
use super::suggest::nearest;
use super::violation::{Violation, ViolationKind};
use crate::path::Path;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The fields of `ObjectMeta`.
const FIELDS: [&str; 15] = [
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

/// Limit on the sum of keys and values of all annotations, in bytes.
const MAX_ANNOTATIONS: usize = 256 << 10;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const KEY_PART: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn objection(path: Path, message: impl Into<String>) -> Violation {
    Violation::new(ViolationKind::Metadata, path, message)
}

fn metadata() -> Path {
    Path::root().child("metadata")
}

/// What an object must say it is.
pub(super) fn type_meta(object: &Value, api_version: &str, kind: &str) -> Vec<Violation> {
    let check = |field: &str, wanted: &str| {
        let found = object.get(field).cloned().unwrap_or_else(|| Value::from(""));
        (found != wanted).then(|| {
            objection(
                Path::root().child(field),
                invalid(&found, &format!("must be {wanted}")),
            )
        })
    };
    check("kind", kind)
        .into_iter()
        .chain(check("apiVersion", api_version))
        .collect()
}

/// Metadata of a new object.
pub(super) fn create(object: &Value, namespaced: bool) -> Vec<Violation> {
    let mut found = Vec::new();
    let empty = Map::new();
    let meta = match object.get("metadata") {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(meta)) => meta,
        Some(other) => {
            found.push(objection(metadata(), invalid(other, "must be an object")));
            return found;
        }
    };
    types(meta, &mut found);
    let generate = text(meta, "generateName");
    if !generate.is_empty() {
        // Something is appended to the prefix, so it may end in a hyphen.
        let masked = match generate.strip_suffix('-') {
            Some(rest) if generate.len() > 1 => format!("{rest}a"),
            _ => generate.to_owned(),
        };
        for message in subdomain(&masked) {
            found.push(objection(
                metadata().child("generateName"),
                invalid_text(generate, &message),
            ));
        }
    }
    let name = text(meta, "name");
    if !name.is_empty() {
        for message in subdomain(name) {
            found.push(objection(metadata().child("name"), invalid_text(name, &message)));
        }
    } else if generate.is_empty() {
        found.push(objection(
            metadata().child("name"),
            "Required value: name or generateName is required",
        ));
    }
    namespace(meta, namespaced, &mut found);
    common(meta, &mut found);
    found
}

/// The object with a name where one is to be generated: the server draws it before it validates.
pub(super) fn with_name(object: Cow<'_, Value>) -> Cow<'_, Value> {
    let meta = object.get("metadata").and_then(Value::as_object);
    let prefix = meta.map_or("", |meta| text(meta, "generateName"));
    if prefix.is_empty() || meta.is_some_and(|meta| !text(meta, "name").is_empty()) {
        return object;
    }
    // Five characters are drawn, and the prefix is cut to leave room for them in 63.
    let name = format!("{}xxxxx", prefix.chars().take(58).collect::<String>());
    let mut object = object.into_owned();
    object["metadata"]["name"] = Value::from(name);
    Cow::Owned(object)
}

/// Metadata of an object that replaces another.
pub(super) fn update(new: &Value, old: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let Some(meta) = new.get("metadata").and_then(Value::as_object) else {
        return found;
    };
    types(meta, &mut found);
    for field in ["name", "namespace", "uid", "creationTimestamp"] {
        let before = old.get("metadata").and_then(|old| old.get(field));
        if let (Some(before), Some(after)) = (before, meta.get(field))
            && before != after
        {
            found.push(objection(
                metadata().child(field),
                invalid(after, "field is immutable"),
            ));
        }
    }
    common(meta, &mut found);
    found
}

/// Unknown fields of the metadata, and values that do not decode.
fn types(meta: &Map<String, Value>, found: &mut Vec<Violation>) {
    for (key, value) in meta {
        let path = metadata().child(key);
        let wanted = match key.as_str() {
            "labels" | "annotations" => {
                string_map(value, &path, found);
                continue;
            }
            "finalizers" | "ownerReferences" | "managedFields" => ("a list", value.is_array()),
            "generation" | "deletionGracePeriodSeconds" => ("an integer", value.is_i64()),
            key if FIELDS.contains(&key) => ("a string", value.is_string()),
            _ => {
                let mut unknown = unknown_field(path);
                unknown.suggestion = nearest(key, FIELDS.into_iter());
                found.push(unknown);
                continue;
            }
        };
        if !wanted.1 && !value.is_null() {
            found.push(objection(path, invalid(value, &format!("must be {}", wanted.0))));
        }
    }
}

fn string_map(value: &Value, path: &Path, found: &mut Vec<Violation>) {
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (key, value) in map
                .iter()
                .filter(|(_, value)| !value.is_string() && !value.is_null())
            {
                found.push(objection(path.child(key), invalid(value, "must be a string")));
            }
        }
        other => found.push(objection(
            path.clone(),
            invalid(other, "must be a map of strings"),
        )),
    }
}

/// The objection of strict validation to a field that the schema does not have.
pub(super) fn unknown_field(path: Path) -> Violation {
    let message = format!("unknown field \"{}\"", super::place::dotted(&path));
    Violation::new(ViolationKind::UnknownField, path, message)
}

fn text<'a>(meta: &'a Map<String, Value>, key: &str) -> &'a str {
    meta.get(key).and_then(Value::as_str).unwrap_or("")
}

/// A cluster-scoped kind takes any namespace: the server drops it. A missing one is filled in by kubectl.
fn namespace(meta: &Map<String, Value>, namespaced: bool, found: &mut Vec<Violation>) {
    let namespace = text(meta, "namespace");
    if namespaced && !namespace.is_empty() {
        for message in label(namespace) {
            found.push(objection(
                metadata().child("namespace"),
                invalid_text(namespace, &message),
            ));
        }
    }
}

fn common(meta: &Map<String, Value>, found: &mut Vec<Violation>) {
    if let Some(labels) = meta.get("labels").and_then(Value::as_object) {
        for (key, value) in labels {
            // The server names the map; the entry is where the mistake is.
            let path = metadata().child("labels").child(key);
            for message in qualified_name(key) {
                found.push(objection(path.clone(), invalid_text(key, &message)));
            }
            for message in value.as_str().map(label_value).unwrap_or_default() {
                found.push(objection(
                    path.clone(),
                    format!("Invalid value: {}: {message}", bad_value(value)),
                ));
            }
        }
    }
    if let Some(annotations) = meta.get("annotations").and_then(Value::as_object) {
        for key in annotations.keys() {
            for message in qualified_name(&key.to_lowercase()) {
                found.push(objection(
                    metadata().child("annotations").child(key),
                    invalid_text(key, &message),
                ));
            }
        }
        let size: usize = annotations
            .iter()
            .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
            .sum();
        if size > MAX_ANNOTATIONS {
            let message = format!("Too long: may not be more than {MAX_ANNOTATIONS} bytes");
            found.push(objection(metadata().child("annotations"), message));
        }
    }
    for finalizer in meta
        .get("finalizers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        for message in finalizer.as_str().map(qualified_name).unwrap_or_default() {
            found.push(objection(
                metadata().child("finalizers"),
                invalid(finalizer, &message),
            ));
        }
    }
    owners(meta, found);
}

fn owners(meta: &Map<String, Value>, found: &mut Vec<Violation>) {
    let owners = meta.get("ownerReferences").and_then(Value::as_array);
    for owner in owners.into_iter().flatten() {
        for (field, detail) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner.get(field).and_then(Value::as_str).is_none_or(str::is_empty) {
                found.push(objection(
                    metadata().child("ownerReferences").child(field),
                    invalid_text("", detail),
                ));
            }
        }
    }
}

fn too_long(text: &str, max: usize) -> Option<String> {
    (text.len() > max).then(|| format!("must be no more than {max} bytes"))
}

fn subdomain(text: &str) -> Vec<String> {
    let length = (text.len() > 253).then(|| "must be no more than 253 characters".to_owned());
    let form = (!text.split('.').all(is_name_segment)).then(|| SUBDOMAIN.to_owned());
    length.into_iter().chain(form).collect()
}

fn label(text: &str) -> Vec<String> {
    let length = (text.len() > 63).then(|| "must be no more than 63 characters".to_owned());
    let form = (!is_name_segment(text)).then(|| LABEL.to_owned());
    length.into_iter().chain(form).collect()
}

/// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
fn is_key_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn qualified_name(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (prefix, name) = match parts[..] {
        [name] => (None, name),
        [prefix, name] => (Some(prefix), name),
        _ => {
            let optional = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {KEY_PART}{optional}")];
        }
    };
    let mut messages = Vec::new();
    match prefix {
        Some("") => messages.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => {
            let form = (!prefix.split('.').all(is_name_segment)).then(|| SUBDOMAIN.to_owned());
            let prefixed = too_long(prefix, 253).into_iter().chain(form);
            messages.extend(prefixed.map(|message| format!("prefix part {message}")));
        }
        None => {}
    }
    if name.is_empty() {
        messages.push("name part must be non-empty".to_owned());
    } else if let Some(message) = too_long(name, 63) {
        messages.push(format!("name part {message}"));
    }
    if !is_key_part(name) {
        messages.push(format!("name part {KEY_PART}"));
    }
    messages
}

/// Whether the API server takes a label.
pub fn is_label(key: &str, value: &str) -> bool {
    qualified_name(key).is_empty() && label_value(value).is_empty()
}

fn label_value(text: &str) -> Vec<String> {
    let form = (!text.is_empty() && !is_key_part(text)).then(|| LABEL_VALUE.to_owned());
    too_long(text, 63).into_iter().chain(form).collect()
}
