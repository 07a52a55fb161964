//! Update, and what every change of an existing object has in common.

use std::sync::Arc;

use serde_json::Value;

use super::create::Ownership;
use super::decode;
use crate::admission::Change;
use crate::builtin::{CRD_FINALIZER, CRDS};
use crate::call::{Call, Reply};
use crate::core::Core;
use crate::error::{ApiError, Cause, Result};
use crate::fields::{Managers, Who, track_update};
use crate::kind::Kind;
use crate::object::{Stored, drop_meta, finalizers, meta_text, metadata, set_meta};

/// Fields of `metadata` that a client cannot change.
const FROM_OLD: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "namespace",
    "selfLink",
    "uid",
];

impl Core {
    pub(crate) fn update(&mut self, call: &Call) -> Result<Reply> {
        let kind = &call.kind;
        let mut object = decode::object(call)?;
        self.warnings.extend(decode::prune(call, &mut object)?);
        check_name(call, &object)?;
        let Some(stored) = self.store.get(&kind.table, &call.key()) else {
            if kind.create_on_update && call.subresource.is_empty() {
                return self.create_object(call, object, Ownership::Track);
            }
            return Err(ApiError::not_found(kind, &call.name));
        };
        let old = stored.value(kind);
        let uid = meta_text(&object, "uid");
        if !uid.is_empty() && uid != meta_text(&old, "uid") {
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}/{}/{}, ResourceVersion: 0, \
                 AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                kind.group,
                kind.plural,
                call.name,
                meta_text(&old, "uid")
            );
            return Err(ApiError::conflict(kind, &call.name, &why));
        }
        if meta_text(&object, "resourceVersion").is_empty() && !kind.unconditional_update {
            let cause = Cause::field(
                "metadata.resourceVersion",
                "Invalid value: 0: must be specified for an update",
            );
            return Err(ApiError::invalid_update(kind, &call.name, &[cause]));
        }
        self.replace(call, &stored, &old, object, Ownership::Track)
    }

    /// Replaces `old` by `new`, which came from an update, a patch or an apply.
    pub(super) fn replace(
        &mut self,
        call: &Call,
        stored: &Arc<Stored>,
        old: &Value,
        mut new: Value,
        ownership: Ownership,
    ) -> Result<Reply> {
        let kind = &call.kind;
        check_name(call, &new)?;
        let asked = meta_text(&new, "resourceVersion");
        if !asked.is_empty() && asked != stored.rv.to_string() {
            return Err(ApiError::modified(kind, &call.name));
        }
        check_immutable(kind, call, &new, old)?;
        take_over_metadata(&mut new, old);
        if call.is_status() {
            new = with_status_of(old, &new);
        } else if kind.has_status {
            copy_field(&mut new, old, "status");
        }
        if let Some(admission) = &kind.admission {
            admission.default(&mut new);
        }
        if kind.has_generation && !call.is_status() && spec_changed(kind, old, &new) {
            let generation = old
                .pointer("/metadata/generation")
                .and_then(Value::as_i64)
                .unwrap_or(0);
            set_meta(&mut new, "generation", generation + 1);
        }
        let deleting = !meta_text(old, "deletionTimestamp").is_empty();
        let causes = if deleting {
            new_finalizers(kind, old, &new)
        } else {
            Vec::new()
        };
        let change = if call.is_status() {
            Change::Status(old)
        } else {
            Change::Update(old)
        };
        Self::refuse_invalid(kind, &new, change, causes, &ownership)?;

        let before = Managers::of(old);
        let managers = match ownership {
            Ownership::Given(managers, _) => managers,
            Ownership::Track => {
                let who = Who {
                    operation: "Update",
                    manager: call.manager(),
                    api_version: kind.api_version(),
                    subresource: call.subresource.clone(),
                };
                let now = self.clock.now();
                track_update(&kind.fields, Some(old), &new, &who, kind.has_status, &now)
            }
        };
        drop_meta(&mut new, "managedFields");
        drop_meta(&mut new, "resourceVersion");
        if managers.same_owners(&before) && same_but_for_bookkeeping(old, &new) {
            return Ok(Reply::stored(call, 200, stored));
        }
        managers.write(&mut new);

        if call.is_dry_run() {
            set_meta(&mut new, "resourceVersion", stored.rv.to_string());
            return Ok(Reply::object(call, 200, &new));
        }
        let key = call.key();
        if deleting && finalizers(&new).is_empty() {
            // The last finalizer went: the object goes, and its last revision is the answer.
            let last = Stored::new(&new, stored.rv);
            self.remove(kind, &key, old);
            return Ok(Reply::stored(call, 200, &last));
        }
        let after = self.save(kind, &key, Some(old), &new);
        Ok(Reply::stored(call, 200, &after))
    }
}

fn check_name(call: &Call, object: &Value) -> Result<()> {
    let name = meta_text(object, "name");
    if name != call.name {
        return Err(ApiError::bad_request(if name.is_empty() {
            "the name of the object was not specified in metadata".to_owned()
        } else {
            format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                call.name
            )
        }));
    }
    let namespace = meta_text(object, "namespace");
    if call.kind.namespaced && !namespace.is_empty() && namespace != call.namespace {
        return Err(ApiError::bad_request(format!(
            "the namespace of the object ({namespace}) does not match the namespace on the URL ({})",
            call.namespace
        )));
    }
    Ok(())
}

/// A client cannot change the uid, nor set a deletion time; to leave them out changes nothing.
fn check_immutable(kind: &Kind, call: &Call, new: &Value, old: &Value) -> Result<()> {
    let changed = |name: &str| {
        let asked = meta_text(new, name);
        !asked.is_empty() && asked != meta_text(old, name)
    };
    let deleting = !meta_text(old, "deletionTimestamp").is_empty();
    let field = if changed("uid") {
        "uid"
    } else if !deleting && changed("deletionTimestamp") {
        "deletionTimestamp"
    } else {
        return Ok(());
    };
    let message = format!("Invalid value: {:?}: field is immutable", meta_text(new, field));
    let cause = Cause::field(format!("metadata.{field}"), message);
    // The server checks object metadata twice, once for every resource and once for this one.
    Err(ApiError::invalid(kind, &call.name, &[cause.clone(), cause]))
}

fn take_over_metadata(new: &mut Value, old: &Value) {
    for name in FROM_OLD {
        match metadata(old).and_then(|metadata| metadata.get(name)) {
            Some(value) => set_meta(new, name, value.clone()),
            None => drop_meta(new, name),
        }
    }
}

fn copy_field(new: &mut Value, old: &Value, name: &str) {
    let Some(map) = new.as_object_mut() else { return };
    match old.get(name) {
        Some(value) => map.insert(name.to_owned(), value.clone()),
        None => map.remove(name),
    };
}

/// A write of the status subresource changes nothing else.
fn with_status_of(old: &Value, new: &Value) -> Value {
    let mut out = old.clone();
    copy_field(&mut out, new, "status");
    out
}

/// Everything counts but metadata and, where it is a subresource, status.
fn spec_changed(kind: &Kind, old: &Value, new: &Value) -> bool {
    let counts = |name: &str| match name {
        "apiVersion" | "kind" | "metadata" => false,
        "status" => !kind.has_status,
        _ => true,
    };
    let part = |object: &Value| -> serde_json::Map<String, Value> {
        let map = object.as_object().into_iter().flatten();
        map.filter(|(name, _)| counts(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    part(old) != part(new)
}

/// An object that is being deleted takes no new finalizers.
fn new_finalizers(kind: &Kind, old: &Value, new: &Value) -> Vec<Cause> {
    let known = finalizers(old);
    let added: Vec<String> = finalizers(new)
        .into_iter()
        .filter(|one| !known.contains(one))
        .collect();
    if added.is_empty() {
        return Vec::new();
    }
    if *kind.table == *CRDS && added.iter().all(|one| one == CRD_FINALIZER) {
        return Vec::new();
    }
    let message = format!(
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added
            .iter()
            .map(|one| format!("{one:?}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let cause = Cause::field("metadata.finalizers", message);
    // Checked twice, as all object metadata.
    vec![cause.clone(), cause]
}

/// Equal but for `resourceVersion` and `managedFields`; `new` has lost both already.
fn same_but_for_bookkeeping(old: &Value, new: &Value) -> bool {
    let mut old = old.clone();
    drop_meta(&mut old, "managedFields");
    drop_meta(&mut old, "resourceVersion");
    old == *new
}
