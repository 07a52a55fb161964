//! What really changed in the cluster, seen by watching it: the number that writes are compared with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use kube::api::{DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use rackwright_e2e::cluster::{Cluster, INTENTS};
use serde_json::Value;

/// Changes of one kind of object since a moment.
#[derive(Default)]
struct Seen {
    last: BTreeMap<String, (Value, Vec<String>)>,
    statuses: usize,
    finalizers: usize,
}

/// Watches the intents and counts how often a status or the finalizers changed.
pub struct Changes {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Changes {
    /// From now on.
    pub async fn from_now(cluster: &Cluster) -> anyhow::Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut tasks = Vec::new();
        for kind in INTENTS {
            let api = cluster.api(kind);
            let list = api.list(&ListParams::default()).await?;
            let from = list.metadata.resource_version.clone().unwrap_or_default();
            for object in list {
                seen.lock()
                    .unwrap()
                    .last
                    .insert(key(kind, &object), state(&object));
            }
            tasks.push(tokio::spawn(follow(kind, api, from, seen.clone())));
        }
        Ok(Self { seen, tasks })
    }

    /// (changed statuses, changed finalizer lists)
    pub fn counts(&self) -> (usize, usize) {
        let seen = self.seen.lock().unwrap();
        (seen.statuses, seen.finalizers)
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

fn key(kind: &str, object: &DynamicObject) -> String {
    format!("{kind}/{}", object.name_any())
}

fn state(object: &DynamicObject) -> (Value, Vec<String>) {
    (object.data["status"].clone(), object.finalizers().to_vec())
}

async fn follow(kind: &'static str, api: Api<DynamicObject>, from: String, seen: Arc<Mutex<Seen>>) {
    let events = api
        .watch(&WatchParams::default().timeout(280), &from)
        .await
        .unwrap();
    let mut events = std::pin::pin!(events);
    while let Ok(Some(event)) = events.try_next().await {
        let mut seen = seen.lock().unwrap();
        match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                let (status, finalizers) = state(&object);
                let before = seen
                    .last
                    .insert(key(kind, &object), (status.clone(), finalizers.clone()));
                // A new object has the default status and no finalizers.
                let (old_status, old_finalizers) =
                    before.unwrap_or_else(|| (status.clone(), finalizers.clone()));
                seen.statuses += usize::from(old_status != status);
                seen.finalizers += usize::from(old_finalizers != finalizers);
            }
            WatchEvent::Deleted(object) => {
                seen.last.remove(&key(kind, &object));
            }
            WatchEvent::Bookmark(_) | WatchEvent::Error(_) => {}
        }
    }
}
