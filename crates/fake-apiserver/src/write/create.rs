//! Create.

use std::sync::Arc;

use serde_json::{Value, json};

use super::decode;
use crate::admission::Change;
use crate::builtin::{CRD_FINALIZER, CRDS, NAMESPACES};
use crate::call::{Call, Reply};
use crate::core::Core;
use crate::error::{ApiError, Cause, Result};
use crate::fields::{Managers, Who, track_update};
use crate::kind::Kind;
use crate::manifest::objection_to;
use crate::object::{drop_meta, finalizers, meta_text, set_meta};
use crate::store::Key;

/// Who owns the fields of a new object.
pub(super) enum Ownership {
    /// A plain write: the writer owns what it sent.
    Track,
    /// An apply: already known, and so is what it did to maps and lists that the server will refuse.
    Given(Managers, Vec<Cause>),
}

impl Core {
    pub(crate) fn create(&mut self, call: &Call) -> Result<Reply> {
        let mut object = decode::object(call)?;
        self.warnings.extend(decode::prune(call, &mut object)?);
        self.create_object(call, object, Ownership::Track)
    }

    pub(super) fn create_object(
        &mut self,
        call: &Call,
        mut object: Value,
        ownership: Ownership,
    ) -> Result<Reply> {
        let kind = &call.kind;
        Self::place_in_namespace(call, &mut object)?;
        if !meta_text(&object, "resourceVersion").is_empty() {
            return Err(ApiError::internal(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        if meta_text(&object, "name").is_empty() && !meta_text(&object, "generateName").is_empty() {
            // The server cuts the base so that the whole stays within 63 characters.
            let base: String = meta_text(&object, "generateName").chars().take(58).collect();
            set_meta(&mut object, "name", format!("{base}{}", self.next_suffix()));
        }
        self.check_namespace(call)?;
        self.prepare_new(kind, &mut object);
        if let Some(admission) = &kind.admission {
            admission.default(&mut object);
        }
        let name = meta_text(&object, "name").to_owned();
        Self::refuse_invalid(kind, &object, Change::Create, Vec::new(), &ownership)?;

        let managers = match ownership {
            Ownership::Given(managers, _) => managers,
            Ownership::Track => {
                let who = Who {
                    operation: "Update",
                    manager: call.manager(),
                    api_version: kind.api_version(),
                    subresource: String::new(),
                };
                drop_meta(&mut object, "managedFields");
                let now = self.clock.now();
                track_update(
                    &kind.fields,
                    None,
                    &object,
                    &who,
                    kind.has_status && kind.custom,
                    &now,
                )
            }
        };
        managers.write(&mut object);

        let key = Key::new(&call.namespace, &name);
        if let Some(stored) = self.store.get(&kind.table, &key) {
            let deleting = !meta_text(&stored.value(kind), "deletionTimestamp").is_empty();
            return Err(ApiError::already_exists(kind, &name, deleting));
        }
        if call.is_dry_run() {
            return Ok(Reply::object(call, 201, &object));
        }
        let stored = self.save(kind, &key, None, &object);
        let reply = Reply::stored(call, 201, &stored);
        if *kind.table == *CRDS {
            self.establish(kind, &key, object);
        }
        Ok(reply)
    }

    /// The namespace of the URL counts; a different one in the object is refused, and a cluster-scoped object has none.
    fn place_in_namespace(call: &Call, object: &mut Value) -> Result<()> {
        if !call.kind.namespaced {
            drop_meta(object, "namespace");
            return Ok(());
        }
        let own = meta_text(object, "namespace");
        if !own.is_empty() && own != call.namespace {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        set_meta(object, "namespace", call.namespace.clone());
        Ok(())
    }

    fn check_namespace(&self, call: &Call) -> Result<()> {
        if !call.kind.namespaced {
            return Ok(());
        }
        let Some(namespaces) = self.registry.get("", "v1", NAMESPACES) else {
            return Ok(());
        };
        if self
            .store
            .get(NAMESPACES, &Key::new("", &call.namespace))
            .is_none()
        {
            return Err(ApiError::not_found(&namespaces, &call.namespace));
        }
        if self.terminating.contains(&call.namespace) {
            let why = format!(
                "unable to create new content in namespace {} because it is being terminated",
                call.namespace
            );
            return Err(ApiError::forbidden(&call.kind, &call.name, &why));
        }
        Ok(())
    }

    /// Server-owned fields of a new object.
    fn prepare_new(&mut self, kind: &Kind, object: &mut Value) {
        for name in [
            "selfLink",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
        ] {
            drop_meta(object, name);
        }
        set_meta(object, "uid", self.next_uid());
        set_meta(object, "creationTimestamp", self.clock.now());
        if kind.has_generation {
            set_meta(object, "generation", 1);
        }
        // A node may arrive with its status; nothing else may.
        if kind.has_status
            && &*kind.table != "nodes"
            && let Some(map) = object.as_object_mut()
        {
            map.remove("status");
        }
        match &*kind.table {
            NAMESPACES => {
                let name = meta_text(object, "name").to_owned();
                object["spec"] = json!({ "finalizers": ["kubernetes"] });
                object["status"] = json!({ "phase": "Active" });
                object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
            }
            CRDS => {
                let mut list = finalizers(object);
                if !list.iter().any(|one| one == CRD_FINALIZER) {
                    list.push(CRD_FINALIZER.to_owned());
                }
                set_meta(object, "finalizers", list);
            }
            _ => {}
        }
    }

    /// Refuses an object that its schema, CEL, or the rules for definitions refuse.
    /// `causes` is what is known against its metadata already.
    pub(super) fn refuse_invalid(
        kind: &Kind,
        object: &Value,
        change: Change<'_>,
        mut causes: Vec<Cause>,
        ownership: &Ownership,
    ) -> Result<()> {
        let name = meta_text(object, "name");
        let mut found = Self::validate(kind, object, change);
        if let Ownership::Given(_, emptied) = ownership
            && !emptied.is_empty()
        {
            // CEL does not run on an object whose types are wrong.
            found.retain(|cause| {
                !cause.message.starts_with("Invalid value") || cause.message.contains(" in body ")
            });
            found.extend_from_slice(emptied);
        }
        causes.append(&mut found);
        if name.is_empty() && !causes.iter().any(|cause| cause.field == "metadata.name") {
            causes.insert(
                0,
                Cause::field(
                    "metadata.name",
                    "Required value: name or generateName is required",
                ),
            );
        }
        if *kind.table == *CRDS {
            causes.extend(definition_causes(object));
        }
        if causes.is_empty() {
            return Ok(());
        }
        // Built-in kinds are decoded into Go structs, where a wrong type is no longer readable.
        let wrong_type = causes
            .iter()
            .find(|cause| cause.message.contains("in body must be of type"));
        if let (false, Some(cause)) = (kind.custom, wrong_type) {
            return Err(ApiError::bad_request(format!(
                "{} in version \"{}\" cannot be handled as a {}: {}: {}",
                kind.kind, kind.version, kind.kind, cause.field, cause.message
            )));
        }
        Err(ApiError::invalid(kind, name, &causes))
    }

    /// The server accepts a definition's names in a second revision, after the client has its answer.
    fn establish(&mut self, kind: &Arc<Kind>, key: &Key, mut object: Value) {
        let old = object.clone();
        let now = self.clock.now();
        let names = object.pointer("/spec/names").cloned().unwrap_or(Value::Null);
        let versions = object
            .pointer("/spec/versions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let stored: Vec<Value> = versions
            .filter(|version| version["storage"] == true)
            .map(|version| version["name"].clone())
            .collect();
        object["status"] = json!({
            "conditions": [
                { "type": "NamesAccepted", "status": "True", "lastTransitionTime": now, "reason": "NoConflicts",
                  "message": "no conflicts found" },
                { "type": "Established", "status": "True", "lastTransitionTime": now,
                  "reason": "InitialNamesAccepted", "message": "the initial names have been accepted" }
            ],
            "acceptedNames": names,
            "storedVersions": stored,
        });
        self.save(kind, key, Some(&old), &object);
    }
}

fn definition_causes(definition: &Value) -> Vec<Cause> {
    let text = |pointer: &str| {
        definition
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let mut causes = Vec::new();
    let expected = format!("{}.{}", text("/spec/names/plural"), text("/spec/group"));
    let name = text("/metadata/name");
    if name != expected {
        let message = format!("Invalid value: {name:?}: must be spec.names.plural+\".\"+spec.group");
        causes.push(Cause::field("metadata.name", message));
    }
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let storage = versions
        .into_iter()
        .flatten()
        .filter(|version| version["storage"] == true)
        .count();
    if storage != 1 {
        let message = "Invalid value: must have exactly one version marked as storage version";
        causes.push(Cause::field("spec.versions", message));
    }
    if let Some(objection) = objection_to(definition) {
        causes.push(Cause::field(
            "spec.versions",
            format!("Invalid value: {objection}"),
        ));
    }
    causes
}
