//! Patches and server-side apply.

use std::fmt::Write as _;

use json_patch::{AddOperation, PatchOperation, merge as merge_patch, patch as apply_json_patch};
use serde_json::{Map, Value};

use super::create::Ownership;
use super::decode;
use crate::call::{Call, Reply};
use crate::core::Core;
use crate::error::{ApiError, Cause, Result};
use crate::fields::{ApplyError, Who, apply, merge};
use crate::object::{meta_text, set_meta};

const PATCHES: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
const BUILTIN_PATCHES: &str = "application/json-patch+json, application/merge-patch+json, \
                               application/strategic-merge-patch+json, application/apply-patch+yaml";

impl Core {
    pub(crate) fn patch(&mut self, call: &Call) -> Result<Reply> {
        let kind = &call.kind;
        let media = call.content_type.split(';').next().unwrap_or_default().trim();
        let strategic = media == "application/strategic-merge-patch+json" && !kind.custom;
        if !strategic
            && !matches!(
                media,
                "application/json-patch+json" | "application/merge-patch+json"
            )
        {
            return Err(ApiError::unsupported_media_type(if kind.custom {
                PATCHES
            } else {
                BUILTIN_PATCHES
            }));
        }
        let Some(stored) = self.store.get(&kind.table, &call.key()) else {
            return Err(ApiError::not_found(kind, &call.name));
        };
        let old = stored.value(kind);
        let undecodable = |why: &str| ApiError::bad_request(format!("error decoding patch: {why}"));
        let mut new = old.clone();
        if media == "application/json-patch+json" {
            let operations: Vec<PatchOperation> =
                serde_json::from_slice(&call.body).map_err(|error| undecodable(&error.to_string()))?;
            for operation in operations {
                let operation = lenient(operation, &new);
                apply_json_patch(&mut new, &[operation]).map_err(|_| ApiError::patch_rejected())?;
            }
        } else {
            let patch: Value =
                serde_json::from_slice(&call.body).map_err(|error| undecodable(&error.to_string()))?;
            if !patch.is_object() {
                return Err(undecodable(
                    "json: cannot unmarshal into Go value of type map[string]interface {}",
                ));
            }
            if strategic {
                // Lists with merge keys merge; everything else does as in a merge patch, which also removes nulls.
                let lists = merge(&kind.fields, &old, &patch);
                merge_patch(&mut new, &without_lists(&patch));
                restore_lists(&mut new, &lists, &patch);
            } else {
                merge_patch(&mut new, &patch);
            }
        }
        if !new.is_object() {
            return Err(ApiError::patch_rejected());
        }
        decode::check_kind(kind, &new)?;
        self.warnings.extend(decode::prune(call, &mut new)?);
        self.replace(call, &stored, &old, new, Ownership::Track)
    }

    pub(crate) fn apply(&mut self, call: &Call) -> Result<Reply> {
        let kind = &call.kind;
        let mut config: Value = serde_json::from_slice(&call.body)
            .map_err(|error| ApiError::bad_request(format!("error decoding YAML: {error}")))?;
        let text = |name: &str| config.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("apiVersion").is_empty() || text("kind").is_empty() {
            return Err(ApiError::bad_request(format!(
                "Incorrect version specified in apply patch. Specified patch version: {}, expected: {}",
                text("apiVersion"),
                kind.api_version()
            )));
        }
        if text("apiVersion") != kind.api_version() {
            return Err(ApiError::bad_request(format!(
                "Incorrect version specified in apply patch. Specified patch version: {}, expected: {}",
                text("apiVersion"),
                kind.api_version()
            )));
        }
        decode::check_kind(kind, &config)?;
        if config
            .pointer("/metadata/managedFields")
            .is_some_and(|fields| !fields.is_null())
        {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        let name = meta_text(&config, "name");
        if name.is_empty() {
            set_meta(&mut config, "name", call.name.clone());
        } else if name != call.name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                call.name
            )));
        }
        let who = Who {
            operation: "Apply",
            manager: call.manager(),
            api_version: kind.api_version(),
            subresource: call.subresource.clone(),
        };
        let found = self.store.get(&kind.table, &call.key());
        if found.is_none() && !call.subresource.is_empty() {
            return Err(ApiError::not_found(kind, &call.name));
        }
        let old = match &found {
            Some(stored) => stored.value(kind),
            None => identity(&config),
        };
        let asked = meta_text(&config, "resourceVersion");
        if found.is_some() && !asked.is_empty() && asked != meta_text(&old, "resourceVersion") {
            return Err(ApiError::modified(kind, &call.name));
        }
        let now = self.clock.now();
        let force = call.query.flag("force");
        let applied = apply(&kind.fields, &old, &config, &who, force, kind.has_status, &now)
            .map_err(|error| refused(call, error))?;
        let mut new = applied.object;
        self.warnings.extend(decode::prune(call, &mut new)?);
        // A built-in kind reads null as absent.
        let emptied = if kind.custom { applied.emptied } else { Vec::new() };
        let causes = emptied.into_iter().map(|(path, wanted)| {
            let message =
                format!("Invalid value: \"null\": {path} in body must be of type {wanted}: \"null\"");
            Cause::field(path, message)
        });
        let ownership = Ownership::Given(applied.managers, causes.collect());
        match found {
            None => self.create_object(call, new, ownership),
            Some(stored) => {
                let uid = meta_text(&config, "uid").to_owned();
                if !uid.is_empty() {
                    set_meta(&mut new, "uid", uid);
                }
                self.replace(call, &stored, &old, new, ownership)
            }
        }
    }
}

/// The server's patch library replaces a field that is absent as if it were added.
fn lenient(operation: PatchOperation, object: &Value) -> PatchOperation {
    let PatchOperation::Replace(replace) = operation else {
        return operation;
    };
    let pointer = replace.path.to_string();
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    if object.pointer(parent).is_some_and(Value::is_object) {
        PatchOperation::Add(AddOperation {
            path: replace.path,
            value: replace.value,
        })
    } else {
        PatchOperation::Replace(replace)
    }
}

/// What an apply that creates starts from: type and name, nothing that anyone owns.
fn identity(config: &Value) -> Value {
    let mut metadata = Map::new();
    for name in ["name", "namespace"] {
        if let Some(value) = config.pointer(&format!("/metadata/{name}")) {
            metadata.insert(name.to_owned(), value.clone());
        }
    }
    serde_json::json!({ "apiVersion": config["apiVersion"], "kind": config["kind"], "metadata": metadata })
}

fn refused(call: &Call, error: ApplyError) -> ApiError {
    match error {
        ApplyError::Undeclared(paths) => {
            let kind = &call.kind;
            let list: Vec<String> = paths
                .iter()
                .map(|path| format!("{path}: field not declared in schema"))
                .collect();
            let list = if list.len() == 1 {
                list.concat()
            } else {
                format!("errors:\n  {}", list.join("\n  "))
            };
            ApiError::internal(format!(
                "failed to create typed patch object ({}/{}; {}, Kind={}): {list}",
                call.namespace,
                call.name,
                kind.api_version(),
                kind.kind
            ))
        }
        ApplyError::Conflicts(mut conflicts) => {
            let describe = |who: &Who| {
                let mut text = format!("{:?}", who.manager);
                if !who.subresource.is_empty() {
                    let _ = write!(text, " with subresource {:?}", who.subresource);
                }
                if who.operation == "Update" {
                    let _ = write!(text, " using {}", who.api_version);
                }
                text
            };
            conflicts.sort_by_cached_key(|conflict| describe(&conflict.who));
            let causes: Vec<Cause> = conflicts
                .iter()
                .map(|conflict| Cause {
                    reason: "FieldManagerConflict".to_owned(),
                    message: format!("conflict with {}", describe(&conflict.who)),
                    field: conflict.path.clone(),
                })
                .collect();
            let message = if let [only] = conflicts.as_slice() {
                format!(
                    "Apply failed with 1 conflict: conflict with {}: {}",
                    describe(&only.who),
                    only.path
                )
            } else {
                let mut text = format!("Apply failed with {} conflicts: ", conflicts.len());
                let mut last: Option<&Who> = None;
                let mut parts = Vec::new();
                for conflict in &conflicts {
                    if last != Some(&conflict.who) {
                        parts.push(format!("conflicts with {}:", describe(&conflict.who)));
                        last = Some(&conflict.who);
                    }
                    parts.push(format!("- {}", conflict.path));
                }
                text.push_str(&parts.join("\n"));
                text
            };
            ApiError::apply_conflict(message, &causes)
        }
    }
}

/// A patch without its lists: those merge by key.
fn without_lists(patch: &Value) -> Value {
    match patch {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, value)| !value.is_array())
                .map(|(name, value)| (name.clone(), without_lists(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Puts the merged lists in wherever the patch has a list.
fn restore_lists(target: &mut Value, merged: &Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (target, patch) else {
        return;
    };
    for (name, value) in patch {
        let Some(source) = merged.get(name) else { continue };
        match value {
            Value::Array(_) => {
                target.insert(name.clone(), source.clone());
            }
            Value::Object(_) => {
                restore_lists(target.entry(name.clone()).or_insert(Value::Null), source, value);
            }
            _ => {}
        }
    }
}
