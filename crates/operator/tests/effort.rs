//! A write per change: mutating calls are exactly the changed nodes, profiles and statuses, and one finalizer for each
//! intent once.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use serde_json::json;
use support::{Cluster, inventory, pool, settle, supercluster, swappiness};

#[tokio::test(start_paused = true)]
async fn the_first_round_writes_each_thing_once() {
    let cluster = Cluster::new().await;
    let version = cluster.tiny().await;
    let mark = cluster.server.mark();
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let writes = cluster.writes(mark);
    assert_eq!(
        writes,
        [
            "create nodeconfigs",
            "create nodeconfigs",
            "create nodeconfigs",
            "create nodeconfigs",
            "create nodeprofiles",
            "patch gpupools lab-train",
            "patch gpupools lab-train status",
            "patch infinibandfabrics lab-compute",
            "patch infinibandfabrics lab-compute status",
            "patch storagetiers lab-scratch",
            "patch storagetiers lab-scratch status",
            "patch superclusters lab",
            "patch superclusters lab status",
        ]
    );
    assert_eq!(operator.synced.borrow().writes, writes.len() as u64);
    assert_eq!(
        cluster.ready("GPUPool", "lab-train").await,
        ("Compiled".to_owned(), None)
    );
    let pool = cluster.get("GPUPool", "lab-train").await.unwrap();
    assert_eq!(pool["status"]["nodes"], 4);
    assert_eq!(
        pool["status"]["observedGeneration"],
        pool["metadata"]["generation"]
    );
    assert_eq!(
        pool["status"]["profile"],
        json!(cluster.names("NodeProfile").await[0])
    );
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn restart_resync_no_op_edit_and_reapply_write_nothing() {
    let cluster = Cluster::new().await;
    let mut version = cluster.tiny().await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    operator.stop().await.unwrap();

    let mark = cluster.server.mark();
    let operator = cluster.operator().await;
    let compiled = settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.writes(mark), [""; 0], "restart");

    let mut synced = operator.synced.clone();
    synced
        .wait_for(|synced| synced.compiled >= compiled + 3)
        .await
        .unwrap();
    assert_eq!(cluster.writes(mark), [""; 0], "resync");

    version = version.max(
        cluster
            .patch(
                "GPUPool",
                "lab-train",
                json!({"metadata": {"annotations": {"a": "b"}}}),
            )
            .await,
    );
    settle(&operator, "GPUPool", version).await;
    version = version.max(cluster.patch("GPUPool", "lab-train", swappiness("1")).await);
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.writes(mark), [""; 0], "no-op edit and re-apply");
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_change_of_one_pool_writes_its_nodes_and_its_status_only() {
    let cluster = Cluster::new().await;
    cluster.create(supercluster("lab", "r[1-2]")).await;
    cluster.create(support::fabric("lab-compute")).await;
    cluster.create(support::tier("lab-scratch")).await;
    cluster.create(pool("one", json!({"racks": "r1"}))).await;
    let version = cluster.create(pool("two", json!({"racks": "r2"}))).await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let before = cluster.state().await;

    let mark = cluster.server.mark();
    let old = cluster.get("GPUPool", "one").await.unwrap()["status"]["profile"]
        .as_str()
        .unwrap()
        .to_owned();
    let version = cluster.patch("GPUPool", "one", swappiness("7")).await;
    settle(&operator, "GPUPool", version).await;
    let delete = format!("delete nodeprofiles {old}");
    assert_eq!(
        cluster.writes(mark),
        [
            "create nodeprofiles",
            delete.as_str(),
            "patch gpupools one status",
            "patch nodeconfigs r1-n1",
            "patch nodeconfigs r1-n2",
        ]
    );
    let after = cluster.state().await;
    for name in [
        "NodeConfig/r2-n1",
        "NodeConfig/r2-n2",
        "GPUPool/two",
        "Supercluster/lab",
    ] {
        assert_eq!(before[name], after[name], "{name}");
    }
    for name in ["NodeConfig/r1-n1", "NodeConfig/r1-n2"] {
        assert_eq!(
            before[name]["spec"]["facts"], after[name]["spec"]["facts"],
            "addresses stay"
        );
    }
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_others_write_to_a_node_config_is_kept_or_put_right() {
    let cluster = Cluster::new().await;
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let before = cluster.state().await;

    let mark = cluster.server.mark();
    let hash = before["NodeConfig/r1-n1"]["spec"]["hash"].clone();
    let version = cluster
        .patch(
            "NodeConfig",
            "r1-n1",
            json!({"spec": {"grant": {"hash": hash, "wave": 1}}}),
        )
        .await;
    settle(&operator, "NodeConfig", version).await;
    assert_eq!(cluster.writes(mark), [""; 0], "the grant is not ours");

    let version = cluster
        .patch("NodeConfig", "r1-n1", json!({"spec": {"facts": {"rack": "r9"}}}))
        .await;
    settle(&operator, "NodeConfig", version).await;
    let version = cluster.delete("NodeConfig", "r1-n2").await;
    settle(&operator, "NodeConfig", version).await;
    assert_eq!(
        cluster.writes(mark),
        ["create nodeconfigs", "patch nodeconfigs r1-n1"]
    );
    let mut after = cluster.state().await;
    let node = after.get_mut("NodeConfig/r1-n1").unwrap()["spec"]
        .as_object_mut()
        .unwrap();
    assert_eq!(
        node.remove("grant").unwrap(),
        json!({"hash": hash, "wave": 1}),
        "the grant survives"
    );
    assert_eq!(before, after);
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_inventory_changes_its_node_only() {
    let cluster = Cluster::new().await;
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let mark = cluster.server.mark();
    let mut found = inventory("r2-n1", json!({}));
    found["spec"] = json!({"hcas": [{"rail": 0, "guid": "0x0002c90300000001"}]});
    let version = cluster.create(found).await;
    settle(&operator, "NodeInventory", version).await;
    let version = cluster
        .patch("NodeInventory", "r2-n1", json!({"spec": {"kernel": "6.8.0"}}))
        .await;
    settle(&operator, "NodeInventory", version).await;
    assert_eq!(cluster.writes(mark), ["patch nodeconfigs r2-n1"]);
    operator.stop().await.unwrap();
}
