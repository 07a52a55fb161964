//! The server's state behind one lock: kinds, objects, clock, pending garbage collection.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::admission::Change;
use crate::builtin::{self, CRDS, NAMESPACES};
use crate::call::{Call, Reply};
use crate::clock::Clock;
use crate::error::{Cause, Result};
use crate::gc::Work;
use crate::kind::{Kind, Registry, kinds_of_crd};
use crate::manifest::admission_of;
use crate::object::{Stored, meta_text, owner_uids, set_meta};
use crate::request::Verb;
use crate::store::{Key, Store};

pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) collects_garbage: bool,
    /// Numbers uids and generated names.
    sequence: u64,
    pub(crate) work: VecDeque<Work>,
    /// Namespaces and definitions that wait for their contents to go.
    pub(crate) terminating: BTreeSet<String>,
    /// Warnings about the request at hand.
    pub(crate) warnings: Vec<String>,
}

impl Core {
    pub(crate) fn new(clock: Clock, history_limit: usize, collects_garbage: bool) -> Self {
        let mut registry = Registry::default();
        let mut store = Store::new(history_limit);
        for kind in builtin::kinds() {
            store.table(&kind.table);
            registry.add(kind);
        }
        let mut core = Self {
            store,
            registry,
            clock,
            collects_garbage,
            sequence: 0,
            work: VecDeque::new(),
            terminating: BTreeSet::new(),
            warnings: Vec::new(),
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            core.seed_namespace(name);
        }
        core
    }

    fn seed_namespace(&mut self, name: &str) {
        let Some(kind) = self.registry.get("", "v1", NAMESPACES) else {
            return;
        };
        let mut object = json!({
            "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
            "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" }
        });
        set_meta(&mut object, "uid", self.next_uid());
        set_meta(&mut object, "creationTimestamp", self.clock.now());
        self.save(&kind, &Key::new("", name), None, &object);
    }

    /// A request that may change something. Its warnings go with the answer whatever that is.
    pub(crate) fn write(&mut self, call: &Call) -> Reply {
        self.warnings.clear();
        let reply = self.dispatch(call).unwrap_or_else(|error| Reply::error(&error));
        self.collect_garbage();
        Reply {
            warnings: std::mem::take(&mut self.warnings),
            ..reply
        }
    }

    fn dispatch(&mut self, call: &Call) -> Result<Reply> {
        call.check_write_options()?;
        match call.verb {
            Verb::Create => self.create(call),
            Verb::Update => self.update(call),
            Verb::Patch => self.patch(call),
            Verb::Apply => self.apply(call),
            Verb::Delete => self.delete(call),
            _ => self.delete_collection(call),
        }
    }

    /// Uids are numbered, so that two runs of a test see the same ones.
    pub(crate) fn next_uid(&mut self) -> String {
        self.sequence += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.sequence)
    }

    /// Five letters, of the alphabet that the server uses for generated names.
    pub(crate) fn next_suffix(&mut self) -> String {
        const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        self.sequence += 1;
        // A multiplier that is prime to the number of suffixes spreads neighbours and never repeats within it.
        let mut rest = self.sequence.wrapping_mul(5_843_917) % 14_348_907;
        let mut out = String::with_capacity(5);
        for _ in 0..5 {
            out.push(char::from(ALPHABET[(rest % 27) as usize]));
            rest /= 27;
        }
        out
    }

    /// Stores the next revision of an object and queues what follows from it.
    pub(crate) fn save(&mut self, kind: &Kind, key: &Key, old: Option<&Value>, new: &Value) -> Arc<Stored> {
        let old_owners = old.map(owner_uids).unwrap_or_default();
        let new_owners = owner_uids(new);
        let stored = Arc::new(Stored::new(new, self.store.next_rv()));
        self.store
            .commit(&kind.table, key, Some(&stored), (&old_owners, &new_owners));
        if !new_owners.is_empty() && new_owners != old_owners {
            self.work
                .push_back(Work::CheckOwners((Arc::clone(&kind.table), key.clone())));
        }
        if *kind.table == *CRDS {
            self.definition_changed(&key.name, Some(new));
        }
        stored
    }

    /// Removes an object and queues what follows from it.
    pub(crate) fn remove(&mut self, kind: &Kind, key: &Key, old: &Value) {
        let owners = owner_uids(old);
        self.store.commit(&kind.table, key, None, (&owners, &[]));
        self.work
            .push_back(Work::OwnerGone(meta_text(old, "uid").to_owned()));
        self.work.extend(owners.into_iter().map(Work::DependentGone));
        if self.terminating.contains(&*key.namespace) {
            self.work
                .push_back(Work::EmptyNamespace(key.namespace.to_string()));
        }
        if self.terminating.contains(&*kind.table) {
            self.work.push_back(Work::EmptyDefinition(kind.table.to_string()));
        }
        if *kind.table == *CRDS {
            self.definition_changed(&key.name, None);
        }
    }

    fn definition_changed(&mut self, name: &str, definition: Option<&Value>) {
        self.registry.remove_table(name);
        if let Some(definition) = definition {
            for kind in kinds_of_crd(definition, |version| admission_of(definition, version)) {
                self.store.table(&kind.table);
                self.registry.add(kind);
            }
        }
    }

    /// What a schema, CEL and the metadata rules say.
    pub(crate) fn validate(kind: &Kind, object: &Value, change: Change<'_>) -> Vec<Cause> {
        kind.admission
            .as_ref()
            .map(|admission| admission.validate(object, change))
            .unwrap_or_default()
    }
}
