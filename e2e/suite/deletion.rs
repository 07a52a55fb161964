//! Deleting intents: pools detach, what is in use is held, and any order of deletion ends well.

use rackwright_e2e::cluster::{Cluster, INTENTS, Source};
use rackwright_e2e::operator::Operator;
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
