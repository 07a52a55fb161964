//! One round: observe, validate, plan, apply, status; and when to make one.

pub(crate) mod apply;
pub(crate) mod observe;
pub(crate) mod plan;
pub(crate) mod status;
pub(crate) mod validate;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use rackwright_api::Name;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::crd_check::{Checker, Crds, NoOrder};
use crate::events::{Events, notes};
use crate::jitter::jittered;
use crate::metrics::NodeCounts;
use apply::{Applier, Outcome};
use observe::{ObserveError, Observed, snapshot};
use plan::{PlanError, Work, to_release};
use status::statuses;
use validate::{ValidateError, Validated};

/// The first pause after a round with failed writes; it doubles up to the last.
const RETRY: Duration = Duration::from_millis(500);
const RETRY_MOST: Duration = Duration::from_secs(30);
/// A change waits for quiet at most this many times the quiet time.
const PATIENCE: u32 = 10;

/// How far the operator has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// Rounds made.
    pub compiled: u64,
    /// Requests that changed something, events and lease aside.
    pub writes: u64,
    /// Whether something is still to be written, or a change waits for its round.
    pub pending: bool,
    /// How many changes the last round had seen.
    pub changes: u64,
}

/// Why a round stopped early.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Observe(#[from] ObserveError),
    #[error(transparent)]
    Validate(#[from] ValidateError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    NoOrder(#[from] NoOrder),
    #[error("the compiling thread ended: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Makes rounds.
pub(crate) struct Reconciler {
    pub applier: Applier,
    pub events: Events,
    pub crds: watch::Receiver<Crds>,
    pub checker: Arc<Checker>,
    pub synced: watch::Sender<Synced>,
    /// The member cluster whose nodes are written; all nodes without one.
    pub cluster: Option<Name>,
    pub debounce: Duration,
    pub resync: Duration,
}

impl Reconciler {
    /// Makes a round after every change until the gate's token ends; writes in flight are finished.
    pub(crate) async fn run(mut self) {
        let stop = self.applier.gate.stop.clone();
        let mut changes = self.applier.store.changes();
        let mut retry = None;
        // Leadership or CRDs may come without a change of an object, so a round follows whenever they came.
        let mut at_once = true;
        loop {
            if !self.may_act() {
                at_once = true;
                if stop.run_until_cancelled(self.allowed()).await.is_none() {
                    return;
                }
            }
            let due = Instant::now() + retry.map_or_else(|| jittered(self.resync), jittered);
            let woken = async {
                if !at_once {
                    // Late is as good as changed: either way it is time for a round.
                    let _ = timeout_at(due, changes.changed()).await;
                }
                self.synced.send_modify(|synced| synced.pending = true);
                quiet(&mut changes, self.debounce).await;
            };
            if stop.run_until_cancelled(woken).await.is_none() {
                return;
            }
            if !self.may_act() {
                continue;
            }
            at_once = false;
            let seen = *changes.borrow_and_update();
            let outcome = self.round().await;
            let clean = outcome.as_ref().is_ok_and(Outcome::clean);
            retry = if clean {
                None
            } else {
                Some(retry.map_or(RETRY, |old: Duration| (old * 2).min(RETRY_MOST)))
            };
            let waiting = changes.has_changed().unwrap_or(false);
            self.synced.send_modify(|synced| {
                synced.pending = !clean || waiting;
                synced.changes = seen;
            });
        }
    }

    fn may_act(&self) -> bool {
        *self.crds.borrow() == Crds::Fit
            && self.applier.gate.open()
            && self.applier.store.missing().is_empty()
    }

    /// Waits for CRDs, the first lists and leadership.
    async fn allowed(&mut self) {
        let mut changes = self.applier.store.changes();
        let mut claim = self.applier.gate.claim.clone();
        while !self.may_act() {
            // A claim can also run out without a message, so look again now and then.
            tokio::select! {
                _ = changes.changed() => {}
                _ = self.crds.changed() => {}
                _ = claim.changed() => {}
                () = sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    async fn round(&self) -> Result<Outcome, RoundError> {
        let outcome = self.steps().await;
        self.applier.store.lock().round_ends();
        self.applier.metrics.round_failed(outcome.is_err());
        if let Err(error) = &outcome {
            tracing::error!(%error, "nothing was written");
        }
        outcome
    }

    async fn steps(&self) -> Result<Outcome, RoundError> {
        let started = Instant::now();
        let observed = Arc::new(snapshot(&self.applier.store)?);
        self.checker.are_orders(&observed.deletions()).await?;
        let (looked_at, cluster) = (Arc::clone(&observed), self.cluster.clone());
        let (validated, work) =
            tokio::task::spawn_blocking(move || think(&looked_at, cluster.as_ref())).await??;
        self.applier.metrics.compiled(started.elapsed());
        self.applier.metrics.findings(
            validated
                .compilation
                .findings
                .iter()
                .map(|finding| finding.rule.code),
        );
        let outcome = self.act(&observed, &validated, &work).await;
        self.report(&observed, &work, &outcome, started.elapsed());
        Ok(outcome)
    }

    async fn act(&self, observed: &Observed, validated: &Validated, work: &Work) -> Outcome {
        let accepted = validated.violations.is_empty();
        let mut outcome = if accepted {
            self.applier.apply(&validated.compilation.plan, work).await
        } else {
            for violation in &validated.violations {
                tracing::error!(code = violation.code, %violation, "plan rejected, nothing is written");
            }
            self.applier.metrics.plan_rejected();
            Outcome::rejected(work)
        };
        let statuses = statuses(observed, validated, &outcome, &Time(now()));
        let notes = notes(observed, &statuses, &outcome);
        let stored = self.applier.statuses(statuses, &mut outcome).await;
        if accepted {
            let free = to_release(observed, &validated.compilation, &outcome.detaching());
            self.applier.release(&free, &mut outcome).await;
            self.applier.collect(&mut outcome).await;
        }
        // A warning whose status is not stored would come again with the next round.
        let notes: Vec<_> = notes
            .into_iter()
            .filter(|note| !note.warning || stored.contains(&note.object))
            .collect();
        if self.applier.gate.open() {
            self.events.publish(&notes).await;
        }
        outcome
    }

    fn report(&self, observed: &Observed, work: &Work, outcome: &Outcome, took: Duration) {
        self.applier.metrics.width(self.applier.writer.width());
        if outcome.clean() {
            self.applier.metrics.succeeded(Timestamp::now());
        }
        let mut counts = work.counts.clone();
        for (pool, done) in &outcome.pools {
            let NodeCounts {
                pending, detached, ..
            } = counts.entry(Arc::clone(pool)).or_default();
            *pending = done.pending;
            *detached += done.detached;
        }
        self.applier.metrics.nodes(
            counts.iter().map(|(pool, counts)| (&**pool, *counts)),
            work.orphans,
        );
        if outcome.writes > 0 || outcome.failed > 0 {
            tracing::info!(
                writes = outcome.writes,
                failed = outcome.failed,
                nodes = observed.nodes.len(),
                orphans = work.orphans,
                took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "round"
            );
        }
        self.synced.send_modify(|synced| {
            synced.compiled += 1;
            synced.writes += outcome.writes;
        });
    }
}

/// The pure part of a round.
fn think(observed: &Observed, cluster: Option<&Name>) -> Result<(Validated, Work), RoundError> {
    let validated = validate::validate(observed, cluster)?;
    let work = plan::plan(observed, &validated.compilation)?;
    Ok((validated, work))
}

/// Conditions hold whole seconds.
fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default()
}

/// Waits until nothing changes for a while, or for too long.
async fn quiet(changes: &mut watch::Receiver<u64>, debounce: Duration) {
    let deadline = Instant::now() + debounce * PATIENCE;
    loop {
        changes.mark_unchanged();
        let end = deadline.min(Instant::now() + debounce);
        match timeout_at(end, changes.changed()).await {
            Ok(Ok(())) if Instant::now() < deadline => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests;
