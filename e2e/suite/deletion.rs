//! Deleting intents: pools detach, what is in use is held, and any order of deletion ends well.

use std::time::Duration;

use kube::api::{Patch, PatchParams};
use rackwright_e2e::audit::Audit;
use rackwright_e2e::cluster::{Cluster, INTENTS, Source, kubectl, path};
use rackwright_e2e::operator::{Operator, USER};
use rackwright_e2e::root;

async fn tiny() -> (Cluster, Operator) {
    let cluster = Cluster::fresh().await.unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster
        .apply(Source::Path(&root().join("examples/tiny")))
        .await
        .unwrap();
    cluster.settled().await.unwrap();
    (cluster, operator)
}

#[tokio::test]
async fn a_deleted_pool_detaches_its_nodes_and_empties_none() {
    let (cluster, operator) = tiny().await;
    let before = cluster.list("NodeConfig").await.unwrap();
    let profiles = cluster.specs("NodeProfile").await.unwrap();
    for pool in cluster.list("GPUPool").await.unwrap().keys() {
        cluster.delete("GPUPool", pool).await.unwrap();
    }
    cluster
        .until("the pools are gone", async || {
            Ok(cluster.list("GPUPool").await?.is_empty())
        })
        .await
        .unwrap();
    let after = cluster.list("NodeConfig").await.unwrap();
    assert_eq!(after.len(), before.len());
    for (name, config) in &after {
        let mut expected = before[name]["spec"].clone();
        expected["management"] = "Detached".into();
        assert_eq!(config["spec"], expected, "{name}");
    }
    assert_eq!(
        cluster.specs("NodeProfile").await.unwrap(),
        profiles,
        "a detached node still refers to its profile"
    );
    operator.stop().await.unwrap();
}

#[tokio::test]
async fn a_deleted_fabric_is_held_while_a_pool_needs_it() {
    let (cluster, operator) = tiny().await;
    let before = cluster.specs("NodeConfig").await.unwrap();
    let fabric = cluster
        .list("InfiniBandFabric")
        .await
        .unwrap()
        .into_keys()
        .next()
        .unwrap();
    let pool = cluster.list("GPUPool").await.unwrap().into_keys().next().unwrap();
    cluster.delete("InfiniBandFabric", &fabric).await.unwrap();
    for (kind, name, reason) in [
        ("InfiniBandFabric", &fabric, "InUse"),
        ("GPUPool", &pool, "Refused"),
    ] {
        cluster
            .until(&format!("{kind}/{name} says {reason}"), async || {
                Ok(cluster
                    .condition(kind, name, "Ready")
                    .await?
                    .is_some_and(|(status, found)| status == "False" && found == reason))
            })
            .await
            .unwrap();
        let object = cluster.get(kind, name).await.unwrap();
        assert_eq!(object["status"]["findings"][0]["code"], "RW2015", "{kind}");
    }
    assert_eq!(
        cluster.specs("NodeConfig").await.unwrap(),
        before,
        "last-good stays"
    );

    // Without the reference the deletion goes through.
    let patch = kube::api::Patch::Merge(serde_json::json!({"spec": {"fabrics": null}}));
    cluster
        .api("GPUPool")
        .patch(&pool, &kube::api::PatchParams::default(), &patch)
        .await
        .unwrap();
    cluster
        .until("the fabric is gone", async || {
            Ok(!cluster.list("InfiniBandFabric").await?.contains_key(&fabric))
        })
        .await
        .unwrap();
    operator.stop().await.unwrap();
}

/// A pipeline prunes in any order; here the site goes first.
#[tokio::test]
async fn everything_may_go_at_once_site_first() {
    let (cluster, operator) = tiny().await;
    let nodes = cluster.list("NodeConfig").await.unwrap().len();
    for kind in INTENTS {
        for name in cluster.list(kind).await.unwrap().keys() {
            cluster.delete(kind, name).await.unwrap();
        }
    }
    cluster
        .until("every intent is gone", async || {
            for kind in INTENTS {
                if !cluster.list(kind).await?.is_empty() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
        .unwrap();
    let configs = cluster.list("NodeConfig").await.unwrap();
    assert_eq!(configs.len(), nodes);
    assert!(
        configs
            .values()
            .all(|config| config["spec"]["management"] == "Detached")
    );
    operator.stop().await.unwrap();
}

/// A node that its pool lets go is detached; the others stay as they are.
#[tokio::test]
async fn a_node_that_its_pool_lets_go_is_detached() {
    let (cluster, operator) = tiny().await;
    let before = cluster.specs("NodeConfig").await.unwrap();
    let pool = cluster.list("GPUPool").await.unwrap().into_keys().next().unwrap();
    let gone = before.keys().next_back().unwrap().clone();
    let names: Vec<&str> = before
        .keys()
        .filter(|name| **name != gone)
        .map(String::as_str)
        .collect();
    let patch = kube::api::Patch::Merge(
        serde_json::json!({"spec": {"nodes": {"racks": null, "names": names.join(",")}}}),
    );
    cluster
        .api("GPUPool")
        .patch(&pool, &kube::api::PatchParams::default(), &patch)
        .await
        .unwrap();
    cluster
        .until("the node is detached", async || {
            Ok(cluster.get("NodeConfig", &gone).await?["spec"]["management"] == "Detached")
        })
        .await
        .unwrap();
    let after = cluster.specs("NodeConfig").await.unwrap();
    assert!(
        before
            .iter()
            .filter(|(name, _)| **name != gone)
            .all(|(name, spec)| after[name] == *spec)
    );
    operator.stop().await.unwrap();
}

/// The API server deletes every object of a CRD that is being deleted; the pools' finalizers make that look like orders.
#[tokio::test]
async fn the_deletion_of_a_crd_detaches_nothing() {
    const POOLS: &str = "gpupools.rackwright.dev";
    let (cluster, operator) = tiny().await;
    let before = cluster.list("NodeConfig").await.unwrap();
    assert!(!before.is_empty());
    let audit = Audit::from_now().unwrap();
    kubectl(&["delete", "crd", POOLS, "--wait=false"], "")
        .await
        .unwrap();
    cluster
        .until("every pool is marked for deletion", async || {
            let pools = cluster.list("GPUPool").await?;
            Ok(!pools.is_empty()
                && pools
                    .values()
                    .all(|pool| pool["metadata"]["deletionTimestamp"].is_string()))
        })
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(cluster.list("NodeConfig").await.unwrap(), before);
    assert!(audit.writes(USER).unwrap().is_empty());
    let (code, text) = operator.http("/readyz").await.unwrap();
    assert!(
        code == 503 && text.contains(&format!("{POOLS} is being deleted")),
        "{text}"
    );

    // An administrator lets the pools go, so that the CRD goes, and installs it again.
    for pool in cluster.list("GPUPool").await.unwrap().keys() {
        let free = Patch::Merge(serde_json::json!({"metadata": {"finalizers": null}}));
        let pools = cluster.api("GPUPool");
        pools.patch(pool, &PatchParams::default(), &free).await.unwrap();
    }
    kubectl(&["wait", "--for=delete", "--timeout=60s", "crd", POOLS], "")
        .await
        .unwrap();
    let crds = path(&root().join("crds"));
    kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &crds], "")
        .await
        .unwrap();
    let established = [
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        "crd",
        "--all",
    ];
    kubectl(&established, "").await.unwrap();
    operator.ready(&cluster).await.unwrap();
    assert_eq!(
        cluster.list("NodeConfig").await.unwrap(),
        before,
        "pools that are absent are no order either"
    );
    cluster
        .apply(Source::Path(&root().join("examples/tiny")))
        .await
        .unwrap();
    cluster.settled().await.unwrap();
    assert_eq!(cluster.list("NodeConfig").await.unwrap(), before);
    operator.stop().await.unwrap();
}
