//! The CRDs, while the operator runs: older than it, or deleted with all that they define.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use kube::api::{Api, DeleteParams, DynamicObject, PostParams};
use rackwright_api::labels::{API_REVISION, API_REVISION_ANNOTATION};
use rackwright_fake_apiserver::{Fault, Phase};
use serde_json::{Value, json};
use support::{Cluster, get, is_operators, settle, swappiness};

const POOLS: &str = "gpupools.rackwright.dev";

async fn revision(cluster: &Cluster, value: &str) {
    let patch = json!({"metadata": {"annotations": {API_REVISION_ANNOTATION: value}}});
    cluster.patch("CustomResourceDefinition", POOLS, patch).await;
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_becomes_older_is_noticed_within_minutes() {
    let cluster = Cluster::without_rules().await;
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    revision(&cluster, "0").await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let (code, text) = get(operator.address, "/readyz").await;
    assert!(
        code == 503 && text.contains("gpupools.rackwright.dev has revision 0"),
        "{text}"
    );
    let mark = cluster.server.mark();
    let version = cluster.patch("GPUPool", "lab-train", swappiness("7")).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(cluster.writes(mark), [""; 0]);
    revision(&cluster, &API_REVISION.to_string()).await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(get(operator.address, "/readyz").await.0, 200);
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_that_reads_as_if_the_crds_had_changed_is_followed_by_a_look() {
    for code in [404, 422] {
        let cluster = Cluster::without_rules().await;
        let version = cluster.tiny().await;
        let operator = cluster.operator().await;
        settle(&operator, "GPUPool", version).await;
        revision(&cluster, "0").await;
        let fail = move |request: &rackwright_fake_apiserver::RequestInfo, phase: Phase| {
            let strikes =
                is_operators(request) && request.resource == "nodeconfigs" && phase == Phase::Before;
            if strikes {
                Fault::Status {
                    code,
                    retry_after: None,
                }
            } else {
                Fault::None
            }
        };
        cluster.server.set_fault(Some(Arc::new(fail)));
        cluster.patch("GPUPool", "lab-train", swappiness("7")).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let (answer, text) = get(operator.address, "/readyz").await;
        assert_eq!(answer, 503, "{code}: {text}");
        operator.stop().await.unwrap();
    }
}

/// The API server deletes every object of a CRD that is being deleted. Ours are held by a finalizer, so they look as if
/// somebody had asked for their deletion.
#[tokio::test(start_paused = true)]
async fn the_deletion_of_a_crd_is_no_order() {
    for definition in [
        POOLS,
        "superclusters.rackwright.dev",
        "infinibandfabrics.rackwright.dev",
        "storagetiers.rackwright.dev",
    ] {
        let cluster = Cluster::without_rules().await;
        let version = cluster.tiny().await;
        let operator = cluster.operator().await;
        settle(&operator, "GPUPool", version).await;
        let nodes = (
            cluster.list("NodeConfig").await,
            cluster.list("NodeProfile").await,
        );
        let crds: Api<DynamicObject> = cluster.api("CustomResourceDefinition");
        let mark = cluster.server.mark();
        crds.delete(definition, &DeleteParams::default()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3600)).await;

        let (code, text) = get(operator.address, "/readyz").await;
        assert!(
            code == 503 && text.contains(&format!("{definition} is being deleted")),
            "{text}"
        );
        assert_eq!(cluster.writes(mark), [""; 0], "{definition}");
        let (_, metrics) = get(operator.address, "/metrics").await;
        assert!(metrics.contains("rackwright_round_failing 1"), "{metrics}");

        // Somebody lets the objects go, and installs the CRD again.
        let crd = crds.get(definition).await.unwrap();
        let kind = crd.data["spec"]["names"]["kind"].as_str().unwrap().to_owned();
        let mut lost: Vec<Value> = Vec::new();
        for object in cluster.list(&kind).await {
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            assert!(object["metadata"]["deletionTimestamp"].is_string());
            cluster
                .patch(&kind, &name, json!({"metadata": {"finalizers": null}}))
                .await;
            lost.push(json!({"apiVersion": object["apiVersion"], "kind": kind, "metadata": {"name": name}, "spec": object["spec"]}));
        }
        assert!(crds.get_opt(definition).await.unwrap().is_none());
        let crd = rackwright_api::crds::all()
            .into_iter()
            .find(|crd| crd["metadata"]["name"] == definition)
            .unwrap();
        crds.create(&PostParams::default(), &serde_json::from_value(crd).unwrap())
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(get(operator.address, "/readyz").await.0, 200);
        assert_eq!(
            nodes,
            (
                cluster.list("NodeConfig").await,
                cluster.list("NodeProfile").await
            ),
            "{definition}: what is absent is no order"
        );
        // With the same intents again, nothing is left to do for the nodes.
        for object in lost {
            cluster.create(object).await;
        }
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(
            cluster.ready("GPUPool", "lab-train").await,
            ("Compiled".to_owned(), None)
        );
        assert_eq!(
            nodes,
            (
                cluster.list("NodeConfig").await,
                cluster.list("NodeProfile").await
            ),
            "{definition}"
        );
        operator.stop().await.unwrap();
    }
}
