//! When the operator keeps its hands off: CRDs that are older than it or on their way out, pools that nothing holds, nodes
//! of pools that cannot speak.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use kube::api::{Api, DeleteParams, DynamicObject, PostParams};
use rackwright_api::labels::{API_REVISION, API_REVISION_ANNOTATION};
use rackwright_fake_apiserver::{Fault, Phase};
use serde_json::{Value, json};
use support::{Cluster, fabric, get, is_operators, pool, settle, supercluster, swappiness, text, tier};

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

/// A pool without our finalizer could go unnoticed, with nodes that nobody would ever detach.
#[tokio::test(start_paused = true)]
async fn nothing_is_written_for_a_pool_that_is_not_held() {
    let cluster = Cluster::without_rules().await;
    let fail = |request: &rackwright_fake_apiserver::RequestInfo, phase: Phase| {
        let strikes = is_operators(request)
            && (&*request.resource, &*request.name, &*request.subresource) == ("gpupools", "lab-train", "")
            && phase == Phase::Before;
        if strikes {
            Fault::Status {
                code: 500,
                retry_after: None,
            }
        } else {
            Fault::None
        }
    };
    cluster.server.set_fault(Some(Arc::new(fail)));
    cluster.create(supercluster("lab", "r[1-3]")).await;
    cluster.create(fabric("lab-compute")).await;
    cluster.create(tier("lab-scratch")).await;
    cluster
        .create(pool("lab-train", json!({"racks": "r[1-2]"})))
        .await;
    let version = cluster.create(pool("other", json!({"racks": "r3"}))).await;
    let operator = cluster.operator().await;
    let mut synced = operator.synced.clone();
    synced.wait_for(|synced| synced.compiled >= 3).await.unwrap();
    assert_eq!(cluster.names("NodeConfig").await, ["r3-n1", "r3-n2"]);
    assert_eq!(
        cluster.ready("GPUPool", "other").await,
        ("Compiled".to_owned(), None)
    );
    let waits = ("Writing".to_owned(), Some("Reconciling".to_owned()));
    assert_eq!(cluster.ready("GPUPool", "lab-train").await, waits);
    let status = &cluster.get("GPUPool", "lab-train").await.unwrap()["status"];
    assert!(
        text(&status["conditions"][0]["message"]).contains("finalizer"),
        "{status}"
    );
    cluster.server.set_fault(None);
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.names("NodeConfig").await.len(), 6);
    assert_eq!(
        cluster.ready("GPUPool", "lab-train").await,
        ("Compiled".to_owned(), None)
    );
    operator.stop().await.unwrap();
}

/// A refused pool cannot say that it lets a node go, so its last good configuration stays, whoever else plans it.
#[tokio::test(start_paused = true)]
async fn a_node_of_a_refused_pool_is_not_taken_over() {
    let cluster = Cluster::without_rules().await;
    cluster.create(supercluster("lab", "r[1-2]")).await;
    cluster.create(fabric("lab-compute")).await;
    cluster.create(tier("lab-scratch")).await;
    cluster.create(pool("one", json!({"racks": "r1"}))).await;
    let version = cluster.create(pool("two", json!({"racks": "r2"}))).await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let before = cluster.list("NodeConfig").await;

    // The second lets go of r2 in the same breath as it is refused.
    let broken = json!({"spec": {"nodes": {"racks": "r9"}}});
    let version = cluster.patch("GPUPool", "two", broken).await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.ready("GPUPool", "two").await.0, "Refused");
    let version = cluster
        .patch("GPUPool", "one", json!({"spec": {"nodes": {"racks": "r[1-2]"}}}))
        .await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.list("NodeConfig").await, before);
    let waits = ("Writing".to_owned(), Some("Reconciling".to_owned()));
    assert_eq!(cluster.ready("GPUPool", "one").await, waits);
    let status = &cluster.get("GPUPool", "one").await.unwrap()["status"];
    assert!(
        text(&status["conditions"][0]["message"]).contains("GPUPool/two"),
        "{status}"
    );
    let mark = cluster.server.mark();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(
        cluster.writes(mark),
        [""; 0],
        "it waits for people and is quiet about it"
    );

    // Put right, it lets go.
    let good = json!({"spec": {"nodes": {"racks": null, "names": "r1-n1"}}});
    cluster
        .patch(
            "GPUPool",
            "one",
            json!({"spec": {"nodes": {"racks": null, "names": "r1-n2,r2-n[1-2]"}}}),
        )
        .await;
    let version = cluster.patch("GPUPool", "two", good).await;
    settle(&operator, "GPUPool", version).await;
    for (node, pool) in [("r1-n1", "two"), ("r2-n1", "one"), ("r2-n2", "one")] {
        let node = cluster.get("NodeConfig", node).await.unwrap();
        assert_eq!(node["metadata"]["labels"]["rackwright.dev/pool"], pool);
    }
    for pool in ["one", "two"] {
        assert_eq!(
            cluster.ready("GPUPool", pool).await,
            ("Compiled".to_owned(), None)
        );
    }
    operator.stop().await.unwrap();
}
