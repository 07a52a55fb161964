//! Step 1: watches fill the caches; a snapshot of them is what one compile looks at.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use jiff::Timestamp;
use kube::api::{Api, DynamicObject, ObjectMeta};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch_stream};
use rackwright_api::{NodeConfig, NodeInventory, NodeProfile};
use rackwright_planner::{Kind, ObjectRef};
use tokio_util::sync::CancellationToken;

use crate::crd_check::Doubt;
use crate::kinds::{INTENTS, Watched, watched};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::records::{IntentRecord, InventoryRecord, NodeRecord, ProfileRecord, version};
use crate::slim::Slim;
use crate::store::Store;
use crate::table::Table;

/// Objects in one page of a list.
const PAGE: u32 = 500;
/// After so many errors in a row a watch starts anew with a list: whatever it was stuck on (a version that a restored
/// etcd does not know, for one) is gone then.
const ERRORS_BEFORE_RELIST: u32 = 8;

/// Why a snapshot is not possible.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObserveError {
    /// An empty cache is not an empty cluster.
    #[error("waiting for the first list of {}", .0.join(", "))]
    NotReady(Vec<&'static str>),
}

/// What one compile looks at.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    pub intents: BTreeMap<ObjectRef, Stored<IntentRecord>>,
    pub nodes: BTreeMap<Arc<str>, Stored<NodeRecord>>,
    pub inventories: BTreeMap<Arc<str>, Stored<InventoryRecord>>,
    pub profiles: BTreeMap<Arc<str>, Stored<ProfileRecord>>,
}

impl Observed {
    /// The kinds of which intents are being deleted, each with the time of the first of these deletions.
    pub(crate) fn deletions(&self) -> BTreeMap<Watched, Timestamp> {
        let mut first = BTreeMap::new();
        for (object, stored) in &self.intents {
            if let Some(at) = stored.record.deletion {
                let earliest = first.entry(watched(object.kind)).or_insert(at);
                *earliest = at.min(*earliest);
            }
        }
        first
    }
}

/// A record and the version it was read at.
#[derive(Debug)]
pub(crate) struct Stored<R> {
    pub version: u64,
    pub record: Arc<R>,
}

/// Takes a snapshot of the caches.
pub(crate) fn snapshot(store: &Store) -> Result<Observed, ObserveError> {
    let missing = store.missing();
    if !missing.is_empty() {
        return Err(ObserveError::NotReady(
            missing.into_iter().map(Watched::as_str).collect(),
        ));
    }
    let mut state = store.lock();
    state.round_begins();
    let intents = state
        .intents
        .iter()
        .flat_map(|(kind, table)| {
            table
                .iter()
                .map(|(name, entry)| (ObjectRef::new(*kind, name), stored(entry.version, &entry.record)))
        })
        .collect();
    Ok(Observed {
        intents,
        nodes: rows(&state.nodes),
        inventories: rows(&state.inventories),
        profiles: rows(&state.profiles),
    })
}

fn rows<R: PartialEq>(table: &Table<R>) -> BTreeMap<Arc<str>, Stored<R>> {
    table
        .iter()
        .map(|(name, entry)| (Arc::clone(name), stored(entry.version, &entry.record)))
        .collect()
}

fn stored<R>(version: u64, record: &Arc<R>) -> Stored<R> {
    Stored {
        version,
        record: Arc::clone(record),
    }
}

/// Starts a watch for each kind; they end with the token.
pub(crate) fn watch_all(
    client: &kube::Client,
    store: &Arc<Store>,
    metrics: &Arc<Metrics>,
    doubt: &Doubt,
    options: &Options,
    stop: &CancellationToken,
) -> Vec<tokio::task::JoinHandle<()>> {
    let mut config = watcher::Config::default()
        .page_size(PAGE)
        .timeout(u32::try_from(options.watch_timeout.as_secs().max(1)).unwrap_or(u32::MAX));
    if options.streaming_lists {
        config = config.streaming_lists();
    }
    let context = Context {
        store: Arc::clone(store),
        metrics: Arc::clone(metrics),
        doubt: doubt.clone(),
        config,
    };
    let mut tasks = Vec::new();
    let mut start = |kind: Watched, work: futures::future::BoxFuture<'static, ()>| {
        let stop = stop.clone();
        tasks.push(tokio::spawn(async move {
            if stop.run_until_cancelled(work).await.is_none() {
                tracing::debug!(kind = kind.as_str(), "watch stopped");
            }
        }));
    };
    for kind in INTENTS {
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &watched(kind).api_resource());
        let sink = intents(kind);
        start(
            watched(kind),
            Box::pin(context.clone().watch(watched(kind), api, sink)),
        );
    }
    let api = Api::<Slim<NodeConfig>>::all(client.clone());
    start(
        Watched::NodeConfig,
        Box::pin(context.clone().watch(Watched::NodeConfig, api, nodes)),
    );
    let api = Api::<Slim<NodeInventory>>::all(client.clone());
    start(
        Watched::NodeInventory,
        Box::pin(context.clone().watch(Watched::NodeInventory, api, inventories)),
    );
    let api = Api::<Slim<NodeProfile>>::all(client.clone());
    start(
        Watched::NodeProfile,
        Box::pin(context.watch(Watched::NodeProfile, api, profiles)),
    );
    tasks
}

#[derive(Clone)]
struct Context {
    store: Arc<Store>,
    metrics: Arc<Metrics>,
    doubt: Doubt,
    config: watcher::Config,
}

impl Context {
    async fn watch<K>(self, kind: Watched, api: Api<K>, sink: impl Fn(&Store, Event<K>))
    where
        K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    {
        loop {
            // The back-off grows to 30 s and is jittered, so that a fleet does not return in step.
            let mut events = watch_stream(api.clone(), self.config.clone())
                .default_backoff()
                .boxed();
            let mut errors = 0;
            while errors < ERRORS_BEFORE_RELIST {
                match events.next().await {
                    Some(Ok(event)) => {
                        errors = 0;
                        sink(&self.store, event);
                    }
                    Some(Err(error)) => {
                        errors += 1;
                        self.metrics.watch_error(kind.as_str());
                        if not_served(&error) {
                            self.doubt.raise();
                        }
                        let error = describe(&error);
                        tracing::warn!(kind = kind.as_str(), error, "watch failed, trying again");
                    }
                    None => break,
                }
            }
        }
    }
}

/// Whether the kind is gone.
fn not_served(error: &watcher::Error) -> bool {
    use std::error::Error as _;
    let answer = error.source().and_then(|source| source.downcast_ref());
    matches!(answer, Some(kube::Error::Api(status)) if status.code == 404)
}

/// In one line; kube prints the whole answer of the API server.
fn describe(error: &watcher::Error) -> String {
    use std::error::Error as _;
    match (
        error,
        error
            .source()
            .and_then(|source| source.downcast_ref::<kube::Error>()),
    ) {
        (watcher::Error::WatchError(status), _) => {
            format!("the watch ended: {} ({})", status.message, status.code)
        }
        (_, Some(kube::Error::Api(status))) => format!("{} ({})", status.message, status.code),
        _ => error.to_string(),
    }
}

fn intents(kind: Kind) -> impl Fn(&Store, Event<DynamicObject>) {
    move |store, event| {
        let trimmed = trim(event, |object| {
            let metadata = object.metadata.clone();
            (metadata, IntentRecord::new(kind, object))
        });
        store.update(|state| {
            state
                .intents
                .get_mut(&kind)
                .is_some_and(|table| feed(table, trimmed))
        });
    }
}

fn nodes(store: &Store, event: Event<Slim<NodeConfig>>) {
    let trimmed = trim(event, |object| {
        let record = NodeRecord::new(
            &object.metadata,
            object.spec.as_ref(),
            &object.status,
            &store.names,
        );
        (object.metadata, record)
    });
    store.update(|state| feed(&mut state.nodes, trimmed));
}

fn inventories(store: &Store, event: Event<Slim<NodeInventory>>) {
    let trimmed = trim(event, |object| {
        let record = InventoryRecord::new(&object.metadata, object.spec);
        (object.metadata, record)
    });
    store.update(|state| feed(&mut state.inventories, trimmed));
}

fn profiles(store: &Store, event: Event<Slim<NodeProfile>>) {
    let trimmed = trim(event, |object| {
        // Readable or not: a profile's content is in its name.
        let record = ProfileRecord::new(&object.metadata, object.spec.as_ref().ok(), &store.names);
        (object.metadata, record)
    });
    store.update(|state| feed(&mut state.profiles, trimmed));
}

/// An event with its object trimmed, outside the store's lock.
enum Trimmed<R> {
    Begin,
    Listed(Arc<str>, u64, R),
    End,
    Applied(Arc<str>, u64, R),
    Deleted(Arc<str>, u64),
}

fn trim<K, R>(event: Event<K>, trim: impl Fn(K) -> (ObjectMeta, R)) -> Trimmed<R> {
    let read = |object| {
        let (metadata, record) = trim(object);
        let version = version(&metadata);
        (
            Arc::<str>::from(metadata.name.unwrap_or_default()),
            version,
            record,
        )
    };
    match event {
        Event::Init => Trimmed::Begin,
        Event::InitDone => Trimmed::End,
        Event::InitApply(object) => {
            let (name, version, record) = read(object);
            Trimmed::Listed(name, version, record)
        }
        Event::Apply(object) => {
            let (name, version, record) = read(object);
            Trimmed::Applied(name, version, record)
        }
        Event::Delete(object) => {
            let (name, version, _) = read(object);
            Trimmed::Deleted(name, version)
        }
    }
}

fn feed<R: PartialEq>(table: &mut Table<R>, event: Trimmed<R>) -> bool {
    match event {
        Trimmed::Begin => {
            table.list_begins();
            false
        }
        Trimmed::Listed(name, version, record) => {
            table.listed(name, version, record);
            false
        }
        Trimmed::End => table.list_ends(),
        Trimmed::Applied(name, version, record) => table.applied(name, version, record),
        Trimmed::Deleted(name, version) => table.deleted(&name, version),
    }
}
