//! The operator killed at any moment and started again: same end state, nothing twice.

use std::collections::BTreeMap;

use kube::api::ListParams;
use rackwright_e2e::audit::{Audit, Entry, counts};
use rackwright_e2e::cluster::{Cluster, Source, path};
use rackwright_e2e::operator::{Operator, USER};

use crate::superpod::{example, planned, written};

/// Where the kills fall: after so many NodeConfigs, from none to all, in rising order. A linear congruential sequence, so
/// that a failure can be run again.
fn moments() -> Vec<usize> {
    let mut state = 20_261_124_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % 129).unwrap()
    };
    let mut moments: Vec<usize> = (0..20).map(|_| next()).collect();
    moments.sort_unstable();
    moments
}

async fn written_nodes(cluster: &Cluster) -> usize {
    let answer = cluster
        .api("NodeConfig")
        .list_metadata(&ListParams::default().limit(1))
        .await
        .unwrap();
    answer.items.len() + usize::try_from(answer.metadata.remaining_item_count.unwrap_or_default()).unwrap()
}

#[tokio::test]
async fn killed_at_twenty_moments_it_ends_where_it_should() {
    let cluster = Cluster::fresh().await.unwrap();
    cluster.apply(Source::Path(&example())).await.unwrap();
    let audit = Audit::from_now().unwrap();
    let mut reached = Vec::new();
    for moment in moments() {
        let operator = Operator::start(&["--no-leader-election", "--write-concurrency", "1"])
            .await
            .unwrap();
        cluster
            .until("the moment has come", async || {
                Ok(written_nodes(&cluster).await >= moment)
            })
            .await
            .unwrap();
        operator.kill().await.unwrap();
        reached.push(written_nodes(&cluster).await);
    }
    println!("NodeConfigs after each kill: {reached:?}");
    let operator = Operator::start(&["--no-leader-election"]).await.unwrap();
    cluster.settled().await.unwrap();
    let planned = planned(&[&path(&example())]).await;
    assert_eq!(written(&cluster).await, planned);

    let writes = audit.writes(USER).unwrap();
    println!("writes over all runs: {:?}", counts(&writes));
    created_once(&writes, "nodeconfigs", 128);
    created_once(&writes, "nodeprofiles", planned.len() - 128);
    assert_eq!(writes.iter().filter(|write| write.verb == "delete").count(), 0);
    let rewritten = writes
        .iter()
        .filter(|write| write.resource() == "nodeconfigs" && write.verb == "patch");
    assert_eq!(rewritten.count(), 0);
    operator.stop().await.unwrap();
}

/// Each object was created once. Of a request whose sender was killed the log may have no result, and a second attempt at
/// it is refused (409); both are bounded by what was in flight at the kills.
fn created_once(writes: &[Entry], resource: &str, objects: usize) {
    let mut attempts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for write in writes
        .iter()
        .filter(|write| write.verb == "create" && write.resource() == resource)
    {
        let (created, other) = attempts.entry(write.name()).or_default();
        *created += usize::from(write.code() == 201);
        *other += usize::from(write.code() != 201);
    }
    assert_eq!(attempts.len(), objects, "{resource}");
    assert!(
        attempts.values().all(|(created, _)| *created <= 1),
        "{resource}: {attempts:?}"
    );
    let in_flight = 20 * 2;
    assert!(
        attempts.values().map(|(_, other)| other).sum::<usize>() <= in_flight,
        "{resource}: {attempts:?}"
    );
}
