//! Garbage collection by owner reference, and the end of namespaces and definitions.
//!
//! The real work is done by controllers some time later; here it is done before the request returns, in the order
//! in which it arose, so that a test sees one outcome.

use std::sync::Arc;

use serde_json::Value;

use crate::builtin::{CRD_FINALIZER, CRDS, NAMESPACES};
use crate::core::Core;
use crate::kind::Kind;
use crate::object::{drop_meta, finalizers, meta_text, owner_uids, set_meta};
use crate::store::{Key, Place};
use crate::write::Policy;

/// What a change of an object leaves to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// An object is gone: those that it owned follow.
    OwnerGone(String),
    /// An object is gone whose owner may wait for that.
    DependentGone(String),
    /// An object names owners: they have to exist.
    CheckOwners(Place),
    /// Deleted in the foreground: dependents first.
    Foreground(Place),
    /// Deleted with its dependents left behind.
    Orphan(Place),
    /// A namespace that is being deleted.
    EmptyNamespace(String),
    /// A definition that is being deleted.
    EmptyDefinition(String),
}

impl Core {
    /// Does all pending work, and what follows from it.
    pub(crate) fn collect_garbage(&mut self) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::EmptyNamespace(name) => self.empty_namespace(&name),
                Work::EmptyDefinition(name) => self.empty_definition(&name),
                _ if !self.collects_garbage => {}
                Work::OwnerGone(uid) => {
                    for place in self.store.dependents_of(&uid) {
                        self.check_owners(&place);
                    }
                }
                Work::DependentGone(uid) => {
                    if let Some(place) = self.store.place_of(&uid).cloned() {
                        self.foreground(&place);
                    }
                }
                Work::CheckOwners(place) => self.check_owners(&place),
                Work::Foreground(place) => self.foreground(&place),
                Work::Orphan(place) => self.orphan(&place),
            }
        }
    }

    fn load(&self, place: &Place) -> Option<(Arc<Kind>, Value)> {
        let kind = self.registry.of_table(&place.0)?;
        let value = self.store.get(&place.0, &place.1)?.value(&kind);
        Some((kind, value))
    }

    /// Deletes an object all of whose owners are gone, or takes the references to those that are.
    fn check_owners(&mut self, place: &Place) {
        let Some((kind, object)) = self.load(place) else {
            return;
        };
        let owners = object
            .pointer("/metadata/ownerReferences")
            .and_then(Value::as_array);
        let owners = owners.cloned().unwrap_or_default();
        let uid_of = |owner: &Value| {
            owner
                .get("uid")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (alive, dead): (Vec<Value>, Vec<Value>) = owners
            .into_iter()
            .partition(|owner| self.store.place_of(&uid_of(owner)).is_some());
        if dead.is_empty() {
            return;
        }
        if alive.is_empty() {
            let policy = if finalizers(&object).iter().any(|one| one == "orphan") {
                Policy::Orphan
            } else {
                Policy::Background
            };
            self.delete_object(&kind, &place.1, Some(policy));
        } else {
            self.set_owners(&kind, place, &object, alive);
        }
    }

    fn set_owners(&mut self, kind: &Kind, place: &Place, object: &Value, owners: Vec<Value>) {
        let mut new = object.clone();
        drop_meta(&mut new, "resourceVersion");
        if owners.is_empty() {
            drop_meta(&mut new, "ownerReferences");
        } else {
            set_meta(&mut new, "ownerReferences", owners);
        }
        self.save(kind, &place.1, Some(object), &new);
    }

    fn forget_owner(&mut self, kind: &Kind, place: &Place, object: &Value, uid: &str) {
        let owners = object
            .pointer("/metadata/ownerReferences")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let rest = owners.filter(|owner| owner["uid"] != uid).cloned().collect();
        self.set_owners(kind, place, object, rest);
    }

    /// Deletes the dependents; the owner goes when none that blocks it is left.
    fn foreground(&mut self, place: &Place) {
        let Some((kind, object)) = self.load(place) else {
            return;
        };
        if !finalizers(&object).iter().any(|one| one == "foregroundDeletion") {
            return;
        }
        let uid = meta_text(&object, "uid").to_owned();
        let mut blocked = false;
        for dependent in self.store.dependents_of(&uid) {
            let Some((dependent_kind, value)) = self.load(&dependent) else {
                continue;
            };
            let blocks = value
                .pointer("/metadata/ownerReferences")
                .and_then(Value::as_array)
                .is_some_and(|owners| {
                    owners
                        .iter()
                        .any(|owner| owner["uid"] == uid.as_str() && owner["blockOwnerDeletion"] == true)
                });
            let others = owner_uids(&value);
            if others
                .iter()
                .any(|other| *other != uid && self.store.place_of(other).is_some())
            {
                // Another owner keeps it.
                self.forget_owner(&dependent_kind, &dependent, &value, &uid);
                continue;
            }
            if meta_text(&value, "deletionTimestamp").is_empty() {
                self.delete_object(&dependent_kind, &dependent.1, Some(Policy::Background));
            }
            blocked |= blocks && self.store.get(&dependent.0, &dependent.1).is_some();
        }
        if !blocked {
            self.release(&kind, place, "foregroundDeletion");
        }
    }

    fn orphan(&mut self, place: &Place) {
        let Some((kind, object)) = self.load(place) else {
            return;
        };
        let uid = meta_text(&object, "uid").to_owned();
        for dependent in self.store.dependents_of(&uid) {
            let Some((dependent_kind, value)) = self.load(&dependent) else {
                continue;
            };
            self.forget_owner(&dependent_kind, &dependent, &value, &uid);
        }
        self.release(&kind, place, "orphan");
    }

    /// Takes a finalizer off; the object goes with its last one.
    fn release(&mut self, kind: &Arc<Kind>, place: &Place, finalizer: &str) {
        let Some(stored) = self.store.get(&place.0, &place.1) else {
            return;
        };
        let old = stored.value(kind);
        let rest: Vec<String> = finalizers(&old)
            .into_iter()
            .filter(|one| one != finalizer)
            .collect();
        if rest.is_empty() && !meta_text(&old, "deletionTimestamp").is_empty() {
            self.remove(kind, &place.1, &old);
            return;
        }
        let mut new = old.clone();
        drop_meta(&mut new, "resourceVersion");
        if rest.is_empty() {
            drop_meta(&mut new, "finalizers");
        } else {
            set_meta(&mut new, "finalizers", rest);
        }
        self.save(kind, &place.1, Some(&old), &new);
    }

    fn empty_namespace(&mut self, name: &str) {
        if !self.terminating.contains(name) {
            return;
        }
        for place in self.store.in_namespace(name) {
            if let Some(kind) = self.registry.of_table(&place.0) {
                self.delete_unmarked(&kind, &place);
            }
        }
        let Some(kind) = self.registry.get("", "v1", NAMESPACES) else {
            return;
        };
        let key = Key::new("", name);
        if self.store.in_namespace(name).is_empty()
            && let Some(stored) = self.store.get(NAMESPACES, &key)
        {
            let old = stored.value(&kind);
            if finalizers(&old).is_empty() {
                self.terminating.remove(name);
                self.remove(&kind, &key, &old);
            }
        }
    }

    fn empty_definition(&mut self, name: &str) {
        if !self.terminating.contains(name) {
            return;
        }
        if let Some(kind) = self.registry.of_table(name) {
            let keys: Vec<Key> = self.store.table(&kind.table).objects.keys().cloned().collect();
            for key in keys {
                self.delete_unmarked(&kind, &(Arc::clone(&kind.table), key));
            }
        }
        let Some(kind) = self
            .registry
            .get("apiextensions.k8s.io", "v1", "customresourcedefinitions")
        else {
            return;
        };
        if self.store.count(name) == 0 {
            self.terminating.remove(name);
            self.release(&kind, &(Arc::from(CRDS), Key::new("", name)), CRD_FINALIZER);
        }
    }

    /// Deletes an object unless that has begun already.
    fn delete_unmarked(&mut self, kind: &Arc<Kind>, place: &Place) {
        let marked = self
            .store
            .get(&place.0, &place.1)
            .is_some_and(|stored| !meta_text(&stored.value(kind), "deletionTimestamp").is_empty());
        if !marked {
            self.delete_object(kind, &place.1, Some(Policy::Background));
        }
    }
}
