//! The caches of all kinds, and the one signal that wakes a compile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::api::DynamicObject;
use rackwright_api::{NodeConfig, NodeProfile};
use rackwright_planner::{Kind, ObjectRef};
use tokio::sync::watch;

use crate::kinds::{INTENTS, Watched};
use crate::records::{IntentRecord, InventoryRecord, Names, NodeRecord, ProfileRecord, version};
use crate::table::Table;

/// All caches.
#[derive(Debug)]
pub(crate) struct Store {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    events: watch::Sender<u64>,
    pub(crate) names: Names,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub intents: BTreeMap<Kind, Table<IntentRecord>>,
    pub nodes: Table<NodeRecord>,
    pub inventories: Table<InventoryRecord>,
    pub profiles: Table<ProfileRecord>,
}

impl State {
    fn ready(&self, kind: Watched) -> bool {
        self.intent(kind).map_or_else(
            || match kind {
                Watched::NodeProfile => self.profiles.ready(),
                Watched::NodeInventory => self.inventories.ready(),
                _ => self.nodes.ready(),
            },
            Table::ready,
        )
    }

    fn seen(&self, kind: Watched) -> u64 {
        self.intent(kind).map_or_else(
            || match kind {
                Watched::NodeProfile => self.profiles.seen(),
                Watched::NodeInventory => self.inventories.seen(),
                _ => self.nodes.seen(),
            },
            Table::seen,
        )
    }

    /// A round begins: responses to its writes will come.
    pub(crate) fn round_begins(&mut self) {
        self.intents.values_mut().for_each(Table::round_begins);
        self.nodes.round_begins();
        self.inventories.round_begins();
        self.profiles.round_begins();
    }

    /// The round ended: no response to a write is on its way.
    pub(crate) fn round_ends(&mut self) {
        self.intents.values_mut().for_each(Table::round_ends);
        self.nodes.round_ends();
        self.inventories.round_ends();
        self.profiles.round_ends();
    }

    fn intent(&self, kind: Watched) -> Option<&Table<IntentRecord>> {
        INTENTS
            .iter()
            .find(|intent| intent.as_str() == kind.as_str())
            .and_then(|intent| self.intents.get(intent))
    }
}

impl Default for Store {
    fn default() -> Self {
        let state = State {
            intents: INTENTS.map(|kind| (kind, Table::default())).into(),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            events: watch::Sender::new(0),
            names: Names::default(),
        }
    }
}

impl Store {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raised with every change that a compile could see.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes in one event of a watch; `change` says whether a compile could see a difference.
    pub(crate) fn update(&self, change: impl FnOnce(&mut State) -> bool) {
        let mut state = self.lock();
        // Under the lock, so that nobody sees the event and not the change that it brought.
        if change(&mut state) {
            self.changes.send_modify(|count| *count += 1);
        }
        drop(state);
        self.events.send_modify(|count| *count += 1);
    }

    /// Waits until the watch of a kind has shown a version; returns the number of changes by then.
    pub(crate) async fn shown(&self, kind: Watched, version: u64) -> u64 {
        let mut events = self.events.subscribe();
        loop {
            events.mark_unchanged();
            {
                let state = self.lock();
                if state.ready(kind) && state.seen(kind) >= version {
                    return *self.changes.borrow();
                }
            }
            if events.changed().await.is_err() {
                return *self.changes.borrow();
            }
        }
    }

    /// Kinds whose first list is not complete.
    pub(crate) fn missing(&self) -> Vec<Watched> {
        let state = self.lock();
        Watched::ALL
            .into_iter()
            .filter(|kind| !state.ready(*kind))
            .collect()
    }

    /// What the API server made of our write to an intent.
    pub(crate) fn wrote_intent(&self, object: &ObjectRef, response: DynamicObject) {
        let version = version(&response.metadata);
        let record = IntentRecord::new(object.kind, response);
        if let Some(table) = self.lock().intents.get_mut(&object.kind) {
            table.wrote(&object.name.as_str().into(), version, record);
        }
    }

    /// What the API server made of our write to a NodeConfig.
    pub(crate) fn wrote_node(&self, name: &Arc<str>, response: &NodeConfig) {
        // A status that cannot be spelled says nothing.
        let status = serde_json::to_value(&response.status).unwrap_or_default();
        let record = NodeRecord::new(&response.metadata, Ok(&response.spec), &status, &self.names);
        self.lock().nodes.wrote(name, version(&response.metadata), record);
    }

    /// A profile that we created, or found to be there.
    pub(crate) fn wrote_profile(&self, name: &Arc<str>, profile: &NodeProfile) {
        let metadata = &profile.metadata;
        let record = ProfileRecord::new(metadata, Some(&profile.spec), &self.names);
        self.lock().profiles.wrote(name, version(metadata), record);
    }

    /// A profile that we deleted.
    pub(crate) fn removed_profile(&self, name: &str) {
        self.lock().profiles.removed(name);
    }
}
