//! What becomes of NodeConfigs that are there already, and of what their hosts may still have.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use kube::api::{Patch, PatchParams};
use rackwright_api::labels;
use serde_json::{Value, json};
use support::{Cluster, inventory, pool, settle, supercluster, text};

async fn rails(cluster: &Cluster, node: &str, field: &str) -> Vec<String> {
    let node = cluster.get("NodeConfig", node).await.unwrap();
    let rails = node["spec"]["facts"]["rails"].as_array().cloned();
    rails
        .unwrap_or_default()
        .iter()
        .map(|rail| text(&rail[field]))
        .collect()
}

/// Reports, as an agent does, that a host is what its NodeConfig says.
async fn applied(cluster: &Cluster, node: &str) -> u64 {
    let stored = cluster.get("NodeConfig", node).await.unwrap();
    let status = json!({"status": {
        "observedGeneration": stored["metadata"]["generation"],
        "applied": {"at": "2026-01-01T00:00:00Z", "hash": stored["spec"]["hash"]},
    }});
    let api = cluster.api("NodeConfig");
    let patched = api
        .patch_status(node, &PatchParams::default(), &Patch::Merge(status))
        .await;
    support::version(&patched.unwrap())
}

/// A pool drops a fabric; until a host has let go, what it had is given to nobody, and its word is no reason to write.
#[tokio::test(start_paused = true)]
async fn what_a_host_may_still_have_is_given_to_nobody() {
    let cluster = Cluster::new().await;
    cluster.tiny().await;
    let two = json!({"spec": {"nodes": {"racks": null, "names": "r1-n[1-2]"}}});
    let version = cluster.patch("GPUPool", "lab-train", two).await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let had = rails(&cluster, "r1-n1", "ipv4").await;
    assert_eq!(had, ["10.10.0.1/25", "10.10.0.129/25"]);

    let version = cluster
        .patch("GPUPool", "lab-train", json!({"spec": {"fabrics": null}}))
        .await;
    settle(&operator, "GPUPool", version).await;
    let stored = cluster.get("NodeConfig", "r1-n1").await.unwrap();
    assert_eq!(stored["spec"]["quarantined"], json!(["10.10.0.1", "10.10.0.129"]));
    let version = cluster.create(pool("more", json!({"names": "r2-n1"}))).await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(rails(&cluster, "r2-n1", "ipv4").await[0], "10.10.0.3/25");

    let mark = cluster.server.mark();
    let version = applied(&cluster, "r1-n1").await;
    settle(&operator, "NodeConfig", version).await;
    assert_eq!(cluster.writes(mark), [""; 0]);
    let names = json!({"spec": {"nodes": {"names": "r2-n[1-2]"}}});
    let version = cluster.patch("GPUPool", "more", names).await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(rails(&cluster, "r2-n2", "ipv4").await, had);
    let writes = cluster.writes(mark);
    let nodes: Vec<&String> = writes
        .iter()
        .filter(|write| write.contains("nodeconfigs"))
        .collect();
    assert_eq!(nodes, ["create nodeconfigs"]);

    // It goes with the next write; what another host may have stays.
    let version = cluster
        .patch("GPUPool", "lab-train", support::swappiness("9"))
        .await;
    settle(&operator, "GPUPool", version).await;
    let quarantined =
        async |node: &str| cluster.get("NodeConfig", node).await.unwrap()["spec"]["quarantined"].clone();
    assert_eq!(quarantined("r1-n1").await, Value::Null);
    assert_eq!(quarantined("r1-n2").await, json!(["10.10.0.2", "10.10.0.130"]));
    // Or a person vouches for the host.
    let vouched = json!({"spec": {"quarantined": null}});
    let version = cluster.patch("NodeConfig", "r1-n2", vouched).await;
    let mark = cluster.server.mark();
    settle(&operator, "NodeConfig", version).await;
    assert_eq!(cluster.writes(mark), [""; 0]);
    assert_eq!(quarantined("r1-n2").await, Value::Null);
    operator.stop().await.unwrap();
}

/// An HCA goes to another host, whose inventory shows it; of the first one there is no inventory any more.
#[tokio::test(start_paused = true)]
async fn what_an_inventory_reports_is_not_what_a_node_config_remembers() {
    let cluster = Cluster::new().await;
    cluster.tiny().await;
    let guid = "0xa088c20300000001";
    let with_hca = |node: &str| {
        let mut inventory = inventory(node, json!({}));
        inventory["spec"]["hcas"] = json!([{"rail": 0, "guid": guid, "device": "mlx5_0"}]);
        inventory
    };
    let version = cluster.create(with_hca("r1-n1")).await;
    let operator = cluster.operator().await;
    settle(&operator, "NodeInventory", version).await;
    let version = cluster.delete("NodeInventory", "r1-n1").await;
    settle(&operator, "NodeInventory", version).await;
    assert_eq!(rails(&cluster, "r1-n1", "guid").await, [guid, ""]);

    let version = cluster.create(with_hca("r2-n1")).await;
    settle(&operator, "NodeInventory", version).await;
    assert_eq!(rails(&cluster, "r1-n1", "guid").await, ["", ""]);
    assert_eq!(rails(&cluster, "r2-n1", "guid").await, [guid, ""]);
    assert_eq!(
        cluster.ready("GPUPool", "lab-train").await,
        ("Compiled".to_owned(), None)
    );
    operator.stop().await.unwrap();
}

/// Without our label an object is not ours to detach, nor where its pool is not there.
#[tokio::test(start_paused = true)]
async fn a_node_config_without_our_label_is_left_alone() {
    let cluster = Cluster::new().await;
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let unlabelled = json!({"metadata": {"labels": {labels::POOL: null}}});
    let racks = json!({"spec": {"nodes": {"racks": "r2"}}});
    cluster.patch("GPUPool", "lab-train", racks).await;
    let version = cluster.patch("NodeConfig", "r1-n1", unlabelled).await;
    settle(&operator, "NodeConfig", version).await;
    let managements = cluster.managements().await;
    assert_eq!(managements["r1-n1"], "Managed");
    assert_eq!(managements["r1-n2"], "Detached");
    operator.stop().await.unwrap();
}

/// A node goes from a pool that is then refused to one that is accepted: it keeps what it has, and the pool says so.
#[tokio::test(start_paused = true)]
async fn a_node_of_a_refused_pool_is_not_anothers_yet() {
    let cluster = Cluster::new().await;
    cluster.create(supercluster("lab", "r[1-2]")).await;
    cluster.create(support::fabric("lab-compute")).await;
    cluster.create(support::tier("lab-scratch")).await;
    let version = cluster.create(pool("old", json!({"racks": "r[1-2]"}))).await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let before = cluster.get("NodeConfig", "r2-n1").await.unwrap();
    let broken = json!({"spec": {"nodes": {"racks": "r1"}, "fabrics": [{"name": "nowhere"}]}});
    cluster.patch("GPUPool", "old", broken).await;
    let version = cluster.create(pool("new", json!({"racks": "r2"}))).await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(
        cluster.get("NodeConfig", "r2-n1").await.unwrap()["spec"],
        before["spec"]
    );
    let status = &cluster.get("GPUPool", "new").await.unwrap()["status"];
    assert!(
        text(&status["conditions"][0]["message"]).contains("GPUPool/old"),
        "{status}"
    );
    let fixed = json!({"spec": {"fabrics": [{"name": "lab-compute"}]}});
    let version = cluster.patch("GPUPool", "old", fixed).await;
    settle(&operator, "GPUPool", version).await;
    let after = cluster.get("NodeConfig", "r2-n1").await.unwrap();
    assert_eq!(after["metadata"]["labels"][labels::POOL], "new");
    operator.stop().await.unwrap();
}

/// A paused pool is counted with the caps that its nodes have: the written ones, until a host says that it has others.
#[tokio::test(start_paused = true)]
async fn a_paused_pool_is_counted_with_what_its_hosts_have() {
    let cluster = Cluster::new().await;
    let mut site = supercluster("lab", "r[1-2]");
    // Two of four nodes capped at 700 W.
    site["spec"]["power"] = json!({"budget": "52400W"});
    cluster.create(site).await;
    let of = |name: &str, rack: &str, cap: &str| {
        let mut pool = pool(name, json!({"racks": rack}));
        pool["spec"] = json!({"supercluster": "lab", "nodes": {"racks": rack}, "gpu": {"powerLimit": cap}});
        pool
    };
    cluster.create(of("one", "r1", "700W")).await;
    let version = cluster.create(of("two", "r2", "1000W")).await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let paused = json!({"spec": {"rollout": {"paused": true}}});
    let version = cluster.patch("GPUPool", "one", paused).await;
    settle(&operator, "GPUPool", version).await;
    let version = cluster
        .patch(
            "GPUPool",
            "two",
            json!({"spec": {"host": {"sysctls": {"vm.swappiness": "2"}}}}),
        )
        .await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.ready("GPUPool", "two").await.0, "Compiled");

    let api = cluster.api("NodeConfig");
    let other = json!({"status": {"applied": {"at": "2026-01-01T00:00:00Z", "hash": "0".repeat(32)}}});
    let patched = api
        .patch_status("r1-n1", &PatchParams::default(), &Patch::Merge(other))
        .await;
    settle(&operator, "NodeConfig", support::version(&patched.unwrap())).await;
    assert_eq!(cluster.ready("GPUPool", "two").await.0, "Refused");
    let status = &cluster.get("Supercluster", "lab").await.unwrap()["status"];
    assert_eq!(status["findings"][0]["code"], "RW4003", "{status}");
    let version = applied(&cluster, "r1-n1").await;
    settle(&operator, "NodeConfig", version).await;
    assert_eq!(cluster.ready("GPUPool", "two").await.0, "Compiled");
    operator.stop().await.unwrap();
}
