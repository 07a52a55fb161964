//! A fault at every mutating call, and a kill at every mutating call: the end is the same as without.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rackwright_fake_apiserver::{Fault, Phase};
use serde_json::{Value, json};
use support::{Cluster, is_operators, pool, settle, swappiness};
use tokio::sync::Notify;

type State = BTreeMap<String, Value>;

/// Every kind of write: finalizers on and off, a profile made and another collected, nodes created, changed, moved and
/// detached, statuses.
const STEPS: usize = 4;

async fn step(cluster: &Cluster, number: usize) -> u64 {
    match number {
        0 => cluster.tiny().await,
        1 => cluster.patch("GPUPool", "lab-train", swappiness("7")).await,
        2 => {
            cluster
                .patch(
                    "GPUPool",
                    "lab-train",
                    json!({"spec": {"nodes": {"racks": "r1"}}}),
                )
                .await;
            cluster.create(pool("second", json!({"names": "r2-n1"}))).await
        }
        _ => cluster.delete("GPUPool", "lab-train").await,
    }
}

/// Profiles that were deleted, or meant to be. One more than without faults was still in use.
fn collected(cluster: &Cluster) -> BTreeSet<String> {
    cluster
        .writes(0)
        .into_iter()
        .filter(|write| write.starts_with("delete nodeprofiles"))
        .collect()
}

/// The mutating calls of the run without faults, what it collected, and its end.
async fn undisturbed() -> (usize, BTreeSet<String>, State) {
    let cluster = Cluster::without_rules().await;
    let operator = cluster.operator().await;
    for number in 0..STEPS {
        let version = step(&cluster, number).await;
        settle(&operator, "GPUPool", version).await;
    }
    operator.stop().await.unwrap();
    (
        cluster.writes(0).len(),
        collected(&cluster),
        cluster.state().await,
    )
}

/// Counts the operator's mutating calls and strikes at one of them.
fn strike(cluster: &Cluster, at: usize, phase: Phase, fault: Fault, struck: &Arc<Notify>) {
    let (before, after) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let struck = Arc::clone(struck);
    let hook = move |request: &rackwright_fake_apiserver::RequestInfo, now: Phase| {
        if !is_operators(request) || now == Phase::During {
            return Fault::None;
        }
        let count = if now == Phase::Before { &before } else { &after };
        if count.fetch_add(1, Ordering::SeqCst) == at && now == phase {
            struck.notify_one();
            return fault.clone();
        }
        Fault::None
    };
    cluster.server.set_fault(Some(Arc::new(hook)));
}

fn compare(what: &str, expected: &State, found: &State) {
    for (name, object) in expected {
        assert_eq!(found.get(name), Some(object), "{what}: {name}");
    }
    assert_eq!(
        expected.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>(),
        "{what}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_write_changes_nothing_of_the_end() {
    let (calls, garbage, expected) = undisturbed().await;
    assert!(calls > 30, "the scenario is worth it: {calls}");
    let status = |code| Fault::Status {
        code,
        retry_after: None,
    };
    let overload = Fault::Status {
        code: 429,
        retry_after: Some(2),
    };
    let kinds = [
        ("conflict", Phase::Before, status(409)),
        ("overload", Phase::Before, overload),
        ("error", Phase::Before, status(500)),
        ("gateway timeout after the effect", Phase::After, status(504)),
        ("response lost", Phase::After, Fault::ConnectionReset),
    ];
    for (name, phase, fault) in kinds {
        for at in 0..calls {
            let what = format!("{name} at write {at}");
            let cluster = Cluster::without_rules().await;
            strike(&cluster, at, phase, fault.clone(), &Arc::default());
            let operator = cluster.operator().await;
            for number in 0..STEPS {
                let version = step(&cluster, number).await;
                settle(&operator, "GPUPool", version).await;
            }
            operator.stop().await.unwrap();
            compare(&what, &expected, &cluster.state().await);
            assert_eq!(collected(&cluster), garbage, "{what}");
            // The one that failed again, and what it held back: a status twice (it says that a write is missing), and
            // where its node was not seen yet, an attempt in vain.
            let extra = cluster.writes(0).len().checked_sub(calls);
            assert!(
                extra.is_some_and(|extra| extra <= 8),
                "{what}: {extra:?} more writes than without"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_at_any_write_changes_nothing_of_the_end() {
    let (calls, garbage, expected) = undisturbed().await;
    for phase in [Phase::Before, Phase::After] {
        for at in 0..calls {
            let cluster = Cluster::without_rules().await;
            let struck = Arc::new(Notify::new());
            // The process dies while the call is on its way: it never learns what came of it.
            strike(&cluster, at, phase, Fault::Delay(Duration::from_secs(1)), &struck);
            let mut operator = cluster.operator().await;
            let mut killed = false;
            for number in 0..STEPS {
                let version = step(&cluster, number).await;
                if killed {
                    settle(&operator, "GPUPool", version).await;
                    continue;
                }
                tokio::select! {
                    _ = settle(&operator, "GPUPool", version) => {}
                    () = struck.notified() => {
                        killed = true;
                        operator.task.abort();
                        let _ = (&mut operator.task).await;
                        operator = cluster.operator().await;
                        // A fresh list cannot show the version of a deletion.
                        settle(&operator, "GPUPool", 0).await;
                    }
                }
            }
            operator.stop().await.unwrap();
            assert!(killed, "{phase:?} {at}");
            compare(
                &format!("killed {phase:?} write {at}"),
                &expected,
                &cluster.state().await,
            );
            assert_eq!(collected(&cluster), garbage, "killed {phase:?} write {at}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn watches_that_break_lose_nothing() {
    let cluster = Cluster::without_rules().await;
    let operator = cluster.operator().await;
    let (_, _, expected) = undisturbed().await;
    for number in 0..STEPS {
        cluster.server.drop_watches();
        let version = step(&cluster, number).await;
        cluster.server.compact(cluster.server.resource_version());
        cluster.server.drop_watches();
        settle(&operator, "GPUPool", version).await;
    }
    compare("broken watches", &expected, &cluster.state().await);
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn while_writes_fail_the_status_says_so_and_why() {
    let cluster = Cluster::without_rules().await;
    let refuse = |request: &rackwright_fake_apiserver::RequestInfo, phase: Phase| {
        let denied = is_operators(request) && request.resource == "nodeconfigs" && phase == Phase::Before;
        if denied {
            Fault::Status {
                code: 403,
                retry_after: None,
            }
        } else {
            Fault::None
        }
    };
    cluster.server.set_fault(Some(Arc::new(refuse)));
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    let mut synced = operator.synced.clone();
    synced.wait_for(|synced| synced.compiled >= 2).await.unwrap();
    let waits = ("Writing".to_owned(), Some("Reconciling".to_owned()));
    for (kind, name) in [
        ("GPUPool", "lab-train"),
        ("Supercluster", "lab"),
        ("StorageTier", "lab-scratch"),
    ] {
        assert_eq!(cluster.ready(kind, name).await, waits, "{kind}");
    }
    let mark = cluster.server.mark();
    synced.wait_for(|synced| synced.compiled >= 12).await.unwrap();
    let tries = cluster.writes(mark);
    assert!(
        tries.iter().all(|write| write.starts_with("create nodeconfigs")),
        "no status twice: {tries:?}"
    );
    cluster.server.set_fault(None);
    settle(&operator, "GPUPool", version).await;
    assert_eq!(
        cluster.ready("GPUPool", "lab-train").await,
        ("Compiled".to_owned(), None)
    );
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_its_profile_no_node_is_written() {
    let cluster = Cluster::without_rules().await;
    let fail = |request: &rackwright_fake_apiserver::RequestInfo, phase: Phase| {
        let profile = is_operators(request) && request.resource == "nodeprofiles" && phase == Phase::Before;
        if profile {
            Fault::Status {
                code: 500,
                retry_after: None,
            }
        } else {
            Fault::None
        }
    };
    cluster.server.set_fault(Some(Arc::new(fail)));
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    let mut synced = operator.synced.clone();
    synced.wait_for(|synced| synced.compiled >= 3).await.unwrap();
    assert!(cluster.names("NodeConfig").await.is_empty());
    assert_eq!(
        cluster.ready("GPUPool", "lab-train").await,
        ("Writing".to_owned(), Some("Reconciling".to_owned()))
    );
    cluster.server.set_fault(None);
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.names("NodeConfig").await.len(), 4);
    operator.stop().await.unwrap();
}

/// Resource versions fence what a lease cannot: two that both believe to lead, because a clock stood still.
#[tokio::test(start_paused = true)]
async fn two_that_believe_to_lead_reach_the_same_end() {
    let (_, garbage, expected) = undisturbed().await;
    // Created, changed, moved to another pool, detached: 4 + 4 + 2 + 2 NodeConfigs; three profiles, one collected.
    let needed = 12 + 4;
    let cluster = Cluster::without_rules().await;
    let (one, two) = (cluster.operator().await, cluster.operator().await);
    for number in 0..STEPS {
        let version = step(&cluster, number).await;
        settle(&one, "GPUPool", version).await;
        settle(&two, "GPUPool", version).await;
    }
    compare("two leaders", &expected, &cluster.state().await);
    assert_eq!(collected(&cluster), garbage);
    // Statuses may go to and fro while one waits for what the other wrote; nodes and profiles may not.
    let results = |entry: &&rackwright_fake_apiserver::LoggedRequest| {
        entry.changed && entry.request.resource.starts_with("node")
    };
    assert_eq!(
        cluster.logged(0).iter().filter(results).count(),
        needed,
        "each thing is written once"
    );
    one.stop().await.unwrap();
    two.stop().await.unwrap();
}
