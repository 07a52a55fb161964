//! Two operators, one leader; and an operator that refuses to act on CRDs that are older than itself.

use rackwright_api::labels::API_REVISION;
use rackwright_e2e::audit::Audit;
use rackwright_e2e::cluster::{Cluster, Source, kubectl};
use rackwright_e2e::operator::{Operator, USER};
use rackwright_e2e::root;

#[tokio::test]
async fn the_standby_takes_over_when_the_leader_dies() {
    let cluster = Cluster::fresh().await.unwrap();
    let first = Operator::start(&["--identity", "first"]).await.unwrap();
    first.ready(&cluster).await.unwrap();
    leads(&cluster, &first).await;
    let second = Operator::start(&["--identity", "second"]).await.unwrap();
    second.ready(&cluster).await.unwrap();
    first.kill().await.unwrap();
    // Its lease has to run out first.
    leads(&cluster, &second).await;
    cluster
        .apply(Source::Path(&root().join("examples/tiny")))
        .await
        .unwrap();
    cluster.settled().await.unwrap();
    assert!(!cluster.list("NodeConfig").await.unwrap().is_empty());
    second.stop().await.unwrap();
}

/// A graceful stop releases the lease: nobody has to wait for it to run out.
#[tokio::test]
async fn a_graceful_stop_releases_the_lease() {
    let cluster = Cluster::fresh().await.unwrap();
    let operator = Operator::start(&["--identity", "only"]).await.unwrap();
    leads(&cluster, &operator).await;
    operator.stop().await.unwrap();
    let lease = kubectl(
        &[
            "get",
            "lease",
            "rackwright-operator",
            "-n",
            "rackwright-system",
            "-o",
            "json",
        ],
        "",
    )
    .await
    .unwrap();
    let lease: serde_json::Value = serde_json::from_slice(&lease.stdout).unwrap();
    assert_eq!(lease["spec"]["holderIdentity"].as_str().unwrap_or_default(), "");
}

async fn leads(cluster: &Cluster, operator: &Operator) {
    cluster
        .until("it leads", async || {
            Ok(operator.http("/metrics").await.is_ok_and(|(_, text)| {
                text.lines()
                    .any(|line| line.starts_with("rackwright_leader") && line.ends_with(" 1"))
            }))
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn crds_older_than_the_operator_are_refused() {
    let cluster = Cluster::fresh().await.unwrap();
    let annotate = async |value: &str| {
        kubectl(
            &["annotate", "--overwrite", "crd", "gpupools.rackwright.dev", value],
            "",
        )
        .await
        .unwrap();
    };
    annotate("rackwright.dev/api-revision=0").await;
    let audit = Audit::from_now().unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster
        .apply(Source::Path(&root().join("examples/tiny")))
        .await
        .unwrap();
    cluster
        .until("readyz tells of the old CRD", async || {
            Ok(operator
                .http("/readyz")
                .await
                .is_ok_and(|(code, text)| code == 503 && text.contains("gpupools.rackwright.dev")))
        })
        .await
        .unwrap();
    assert!(audit.writes(USER).unwrap().is_empty());
    annotate(&format!("rackwright.dev/api-revision={API_REVISION}")).await;
    cluster.settled().await.unwrap();
    operator.stop().await.unwrap();
}
