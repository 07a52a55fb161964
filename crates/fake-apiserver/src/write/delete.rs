//! Delete, of one object and of many.

use std::sync::Arc;

use serde_json::Value;

use crate::builtin::{CRDS, NAMESPACES};
use crate::call::{Call, Reply};
use crate::core::Core;
use crate::error::{ApiError, Cause, Result};
use crate::gc::Work;
use crate::kind::Kind;
use crate::object::{Stored, drop_meta, finalizers, meta_text, set_meta};
use crate::selector::Selector;
use crate::store::Key;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// What becomes of the objects that the deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// They go after it.
    Background,
    /// They go before it.
    Foreground,
    /// They stay and lose their reference.
    Orphan,
}

/// `DeleteOptions`.
#[derive(Debug, Default)]
struct Options {
    policy: Option<Policy>,
    uid: Option<String>,
    resource_version: Option<String>,
    dry_run: bool,
}

impl Options {
    fn of(call: &Call) -> Result<Self> {
        let body: Value = if call.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&call.body).map_err(|error| {
                ApiError::bad_request(format!("couldn't get version/kind; json parse error: {error}"))
            })?
        };
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let asked =
            text("/propagationPolicy").unwrap_or_else(|| call.query.text("propagationPolicy").to_owned());
        let orphans = body.get("orphanDependents").and_then(Value::as_bool);
        let policy = match asked.as_str() {
            "" if orphans == Some(true) => Some(Policy::Orphan),
            "" => None,
            "Background" => Some(Policy::Background),
            "Foreground" => Some(Policy::Foreground),
            "Orphan" => Some(Policy::Orphan),
            other => {
                let message = format!(
                    "Unsupported value: {other:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
                );
                let causes = [Cause::field("propagationPolicy", message)];
                return Err(ApiError::invalid_options("DeleteOptions", &causes));
            }
        };
        let listed = body
            .get("dryRun")
            .and_then(Value::as_array)
            .is_some_and(|list| !list.is_empty());
        Ok(Self {
            policy,
            uid: text("/preconditions/uid"),
            resource_version: text("/preconditions/resourceVersion"),
            dry_run: listed || call.is_dry_run(),
        })
    }

    fn check(&self, kind: &Kind, name: &str, stored: &Stored) -> Result<()> {
        if let Some(uid) = &self.uid
            && **uid != *stored.uid
        {
            let why = format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have \
                 been deleted and then recreated",
                stored.uid
            );
            return Err(ApiError::precondition(kind, name, &why));
        }
        if let Some(rv) = &self.resource_version
            && *rv != stored.rv.to_string()
        {
            let why = format!(
                "the ResourceVersion in the precondition ({rv}) does not match the ResourceVersion in record ({}). \
                 The object might have been modified",
                stored.rv
            );
            return Err(ApiError::precondition(kind, name, &why));
        }
        Ok(())
    }
}

impl Core {
    pub(crate) fn delete(&mut self, call: &Call) -> Result<Reply> {
        let kind = &call.kind;
        let options = Options::of(call)?;
        let key = call.key();
        let Some(stored) = self.store.get(&kind.table, &key) else {
            return Err(ApiError::not_found(kind, &call.name));
        };
        options.check(kind, &call.name, &stored)?;
        if options.dry_run {
            return Ok(gone(kind, &call.name, &stored.uid));
        }
        Ok(match self.delete_object(kind, &key, options.policy) {
            Some(pending) => Reply::stored(call, 200, &pending),
            None => gone(kind, &call.name, &stored.uid),
        })
    }

    pub(crate) fn delete_collection(&mut self, call: &Call) -> Result<Reply> {
        let kind = &call.kind;
        let options = Options::of(call)?;
        let selector = Selector::parse(call.query.text("labelSelector"), call.query.text("fieldSelector"))?;
        let objects = &self.store.table(&kind.table).objects;
        let chosen: Vec<(Key, Arc<Stored>)> = objects
            .iter()
            .filter(|(key, _)| call.namespace.is_empty() || *key.namespace == *call.namespace)
            .filter(|(key, stored)| selector.matches(key, stored))
            .map(|(key, stored)| (key.clone(), Arc::clone(stored)))
            .collect();
        let mut items = Vec::new();
        for (index, (key, stored)) in chosen.iter().enumerate() {
            if index > 0 {
                items.push(b',');
            }
            stored.render(kind, call.form, stored.rv, &mut items);
            if !options.dry_run {
                self.delete_object(kind, key, options.policy);
            }
        }
        let head = format!(
            r#"{{"apiVersion":"{}","kind":"{}","metadata":{{"resourceVersion":"{}"}},"items":["#,
            kind.api_version(),
            kind.list_kind,
            self.store.rv
        );
        let mut body = head.into_bytes();
        body.extend_from_slice(&items);
        body.extend_from_slice(b"]}");
        Ok(Reply::bytes(200, body))
    }

    /// Deletes an object, or marks it if finalizers hold it; then its marked revision is returned.
    pub(crate) fn delete_object(
        &mut self,
        kind: &Arc<Kind>,
        key: &Key,
        policy: Option<Policy>,
    ) -> Option<Arc<Stored>> {
        let stored = self.store.get(&kind.table, key)?;
        let old = stored.value(kind);
        let mut holders = finalizers(&old);
        if let Some(policy) = policy {
            holders.retain(|one| one != FOREGROUND && one != ORPHAN);
            match policy {
                Policy::Background => {}
                Policy::Foreground => holders.push(FOREGROUND.to_owned()),
                Policy::Orphan => holders.push(ORPHAN.to_owned()),
            }
        }
        let is_namespace = *kind.table == *NAMESPACES;
        if holders.is_empty() && !is_namespace {
            self.remove(kind, key, &old);
            return None;
        }
        let mut new = old.clone();
        drop_meta(&mut new, "resourceVersion");
        if meta_text(&old, "deletionTimestamp").is_empty() {
            set_meta(&mut new, "deletionTimestamp", self.clock.now());
            set_meta(&mut new, "deletionGracePeriodSeconds", 0);
            let generation = old.pointer("/metadata/generation").and_then(Value::as_i64);
            if let (true, Some(generation)) = (kind.has_generation, generation) {
                set_meta(&mut new, "generation", generation + 1);
            }
        }
        if !holders.is_empty() {
            set_meta(&mut new, "finalizers", holders.clone());
        }
        if is_namespace {
            new["status"]["phase"] = "Terminating".into();
        }
        let mut same = old.clone();
        drop_meta(&mut same, "resourceVersion");
        let marked = if same == new {
            stored
        } else {
            self.save(kind, key, Some(&old), &new)
        };

        let place = (Arc::clone(&kind.table), key.clone());
        if holders.iter().any(|one| one == FOREGROUND) {
            self.work.push_back(Work::Foreground(place.clone()));
        }
        if holders.iter().any(|one| one == ORPHAN) {
            self.work.push_back(Work::Orphan(place));
        }
        if is_namespace {
            self.terminating.insert(key.name.to_string());
            self.work.push_back(Work::EmptyNamespace(key.name.to_string()));
        }
        if *kind.table == *CRDS {
            self.terminating.insert(key.name.to_string());
            self.work.push_back(Work::EmptyDefinition(key.name.to_string()));
        }
        Some(marked)
    }
}

/// The answer when nothing is left of an object.
fn gone(kind: &Kind, name: &str, uid: &str) -> Reply {
    let mut details = serde_json::json!({ "name": name, "kind": kind.plural, "uid": uid });
    if !kind.group.is_empty() {
        details["group"] = kind.group.clone().into();
    }
    Reply::json(
        200,
        &serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details
        }),
    )
}
