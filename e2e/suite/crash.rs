//! The operator killed at any moment and started again: same end state, nothing twice.

use std::time::Duration;

use rackwright_e2e::audit::{Audit, counts};
use rackwright_e2e::cluster::{Cluster, Source, path};
use rackwright_e2e::operator::{Operator, USER};

use crate::superpod::{example, planned, written};

/// Where the kills fall: a linear congruential sequence, so that a failure can be run again.
struct Moments(u64);

impl Moments {
    /// A pause of up to `most` milliseconds.
    fn next(&mut self, most: u64) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis((self.0 >> 33) % most)
    }
}

#[tokio::test]
async fn killed_at_twenty_moments_it_ends_where_it_should() {
    let cluster = Cluster::fresh().await.unwrap();
    cluster.apply(Source::Path(&example())).await.unwrap();
    let audit = Audit::from_now().unwrap();
    let mut moments = Moments(20_261_124);
    let mut reached = Vec::new();
    for _ in 0..20 {
        let operator = Operator::start(&["--no-leader-election", "--write-concurrency", "2"])
            .await
            .unwrap();
        // From before the first list to well into the writes, and past their end once they are through.
        tokio::time::sleep(Duration::from_millis(150) + moments.next(500)).await;
        operator.kill().await.unwrap();
        reached.push(cluster.list("NodeConfig").await.unwrap().len());
    }
    println!("NodeConfigs after each kill: {reached:?}");
    let operator = Operator::start(&["--no-leader-election"]).await.unwrap();
    cluster.settled().await.unwrap();
    let planned = planned(&path(&example())).await;
    assert_eq!(written(&cluster).await, planned);

    // Each object was created once; a second attempt can only be one whose answer was lost, and it is refused (409).
    let writes = audit.writes(USER).unwrap();
    let created = |resource: &str, code: fn(u16) -> bool| {
        writes
            .iter()
            .filter(|write| write.verb == "create" && write.resource() == resource && code(write.code()))
            .count()
    };
    println!("writes over all runs: {:?}", counts(&writes));
    assert_eq!(created("nodeconfigs", |code| code == 201), 128);
    assert_eq!(created("nodeprofiles", |code| code == 201), planned.len() - 128);
    assert!(
        created("nodeconfigs", |code| code != 201) <= 20 * 2,
        "retries are bounded by what was in flight at each kill"
    );
    assert_eq!(writes.iter().filter(|write| write.verb == "delete").count(), 0);
    assert_eq!(
        writes
            .iter()
            .filter(|write| write.resource() == "nodeconfigs" && write.verb == "patch")
            .count(),
        0
    );
    operator.stop().await.unwrap();
}
