//! Keeps a cluster's NodeConfigs equal to the compiled plan.
//!
//! One process, elected by a lease. It watches intents and results in trimmed caches; any change wakes one debounced round:
//! **observe** a snapshot of the caches, **validate** it (compile, then have the plan checked by a crate that shares no
//! code with the compiler), **plan** the difference to what is stored, **apply** it, write each **status** that
//! changed. One file a step under `reconcile/`; the middle two and the computing of statuses are pure.
//!
//! What it never does: write the spec of an intent; delete a NodeConfig; let a node go because an intent is merely
//! absent; write anything twice, or anything at all without leadership, with CRDs that are older than itself, or before
//! every cache has its first list.
//!
//! Where to start: [`run`] for a process, [`start`] for tests and demos that want to wait for [`Synced`].

mod crd_check;
mod events;
mod http;
mod jitter;
mod kinds;
pub mod lease;
mod metrics;
pub mod options;
mod patches;
mod reconcile;
mod records;
mod slim;
mod store;
mod table;
mod writer;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crd_check::{Checker, Crds, Doubt};
use kinds::Watched;
use lease::{Candidate, Claim, Timing};
use metrics::Metrics;
pub use options::Options;
use reconcile::Reconciler;
pub use reconcile::Synced;
use reconcile::apply::Applier;
use store::Store;
use writer::{Gate, Writer};

/// A running operator.
#[derive(Debug)]
pub struct Handle {
    /// How far it has come.
    pub synced: watch::Receiver<Synced>,
    /// Whether it leads.
    pub claim: watch::Receiver<Claim>,
    /// Where it serves /healthz, /readyz and /metrics.
    pub address: SocketAddr,
    /// Cancel it for a graceful stop.
    pub shutdown: CancellationToken,
    /// Ends when it has stopped; abort it to kill it.
    pub task: JoinHandle<anyhow::Result<()>>,
    store: Arc<Store>,
}

impl Handle {
    /// Waits until the operator has seen version `version` of a kind's objects and there is nothing left to do. Take
    /// `version` from the response of the write that it must have seen. Does not return while writes fail.
    pub async fn settled(&self, kind: &str, version: u64) -> anyhow::Result<Synced> {
        let kind = Watched::ALL.into_iter().find(|known| known.as_str() == kind);
        let kind = kind.context("not a kind of ours")?;
        let mut synced = self.synced.clone();
        let ended = synced.clone();
        let changes = tokio::select! {
            changes = self.store.shown(kind, version) => changes,
            () = gone(ended) => anyhow::bail!("the operator stopped"),
        };
        let done =
            synced.wait_for(|synced| !synced.pending && synced.compiled > 0 && synced.changes >= changes);
        Ok(done.await.context("the operator stopped")?.clone())
    }

    /// Stops gracefully: writes in flight are finished, the lease is released.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.task.await.context("the operator's task")?
    }
}

async fn gone(mut synced: watch::Receiver<Synced>) {
    while synced.changed().await.is_ok() {}
}

/// Runs until the token ends.
pub async fn run(client: kube::Client, options: Options, shutdown: CancellationToken) -> anyhow::Result<()> {
    let handle = start_with(client, options, shutdown).await?;
    handle.task.await.context("the operator's task")?
}

/// Starts in the background.
pub async fn start(client: kube::Client, options: Options) -> anyhow::Result<Handle> {
    start_with(client, options, CancellationToken::new()).await
}

async fn start_with(
    client: kube::Client,
    options: Options,
    shutdown: CancellationToken,
) -> anyhow::Result<Handle> {
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("listening on {}", options.listen))?;
    let address = listener.local_addr().context("the address that is listened on")?;
    let (synced_sender, synced) = watch::channel(Synced {
        pending: true,
        ..Synced::default()
    });
    let unelected = if options.no_leader_election {
        Claim::Always
    } else {
        Claim::None
    };
    let (claim_sender, claim) = watch::channel(unelected);
    let store = Arc::new(Store::default());
    let parts = Parts {
        client,
        options,
        listener,
        store: Arc::clone(&store),
        synced: synced_sender,
        claim: claim_sender,
    };
    let task = tokio::spawn(parts.run(shutdown.clone()));
    Ok(Handle {
        synced,
        claim,
        address,
        shutdown,
        task,
        store,
    })
}

struct Parts {
    client: kube::Client,
    options: Options,
    listener: TcpListener,
    store: Arc<Store>,
    synced: watch::Sender<Synced>,
    claim: watch::Sender<Claim>,
}

impl Parts {
    async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self {
            client,
            options,
            listener,
            store,
            synced,
            claim: claim_sender,
        } = self;
        let identity = options
            .identity
            .clone()
            .unwrap_or_else(|| format!("{:016x}", jitter::random()));
        let metrics = Arc::new(Metrics::default());
        let doubt = Doubt::default();
        let checker = Arc::new(Checker::new(client.clone(), doubt.clone()));
        let crds = checker.state();
        let claim = claim_sender.subscribe();
        // Ends what must outlive the last round: watches, lease, answers to probes. Dropped, it ends them too, so that
        // a killed operator leaves nothing behind.
        let after = CancellationToken::new();
        let _end = after.clone().drop_guard();

        let health = http::Health {
            store: Arc::clone(&store),
            metrics: Arc::clone(&metrics),
            claim: claim.clone(),
            crds: crds.clone(),
        };
        let server = tokio::spawn(http::serve(listener, health, after.clone()));
        let checks = tokio::spawn({
            let (checker, after) = (Arc::clone(&checker), after.clone());
            async move { checker.run(&after).await }
        });
        let election = (!options.no_leader_election).then(|| {
            let candidate = Candidate {
                namespace: options.lease_namespace.clone(),
                name: options.lease_name.clone(),
                identity: identity.clone(),
                timing: Timing::default(),
            };
            tokio::spawn(lease::run(
                client.clone(),
                candidate,
                claim_sender.clone(),
                after.clone(),
            ))
        });
        let reconciler = Reconciler {
            applier: Applier {
                client: client.clone(),
                store: Arc::clone(&store),
                writer: Writer::new(options.write_concurrency),
                metrics: Arc::clone(&metrics),
                gate: Gate {
                    claim,
                    stop: shutdown.clone(),
                },
                doubt: doubt.clone(),
            },
            events: events::Events::new(client.clone(), &identity),
            crds: crds.clone(),
            checker,
            synced,
            cluster: options.cluster.clone(),
            debounce: options.debounce,
            resync: options.resync,
        };
        // A watch of a kind that is not served only makes noise.
        let mut fit = crds;
        let watches = match shutdown
            .run_until_cancelled(fit.wait_for(|crds| *crds == Crds::Fit))
            .await
        {
            Some(Ok(_)) => reconcile::observe::watch_all(&client, &store, &metrics, &doubt, &options, &after),
            _ => Vec::new(),
        };
        reconciler.run().await;
        tracing::info!("stopping");
        after.cancel();
        if let Some(election) = election {
            election.await.context("the election's task")?;
        }
        for watch in watches {
            watch.await.context("a watch's task")?;
        }
        checks.await.context("the task that looks at the CRDs")?;
        server.await.context("the server's task")?.context("serving")?;
        Ok(())
    }
}
