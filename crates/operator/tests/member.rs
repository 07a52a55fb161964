//! The operator of one member cluster: it compiles the whole and writes its own part.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use rackwright_api::Name;
use rackwright_operator::Options;
use serde_json::{Value, json};
use support::{Cluster, pool, settle, swappiness, text};

fn serving(cluster: &str) -> Options {
    Options {
        cluster: Some(Name::new(cluster).unwrap()),
        ..Options::for_tests()
    }
}

/// Two racks of two nodes, each of a member cluster of its own.
fn site() -> Value {
    let mut site = support::supercluster("lab", "r[1-2]");
    site["spec"]["clusters"] = json!([{"name": "one", "racks": "r1"}, {"name": "two", "racks": "r2"}]);
    site
}

fn fabric(ranges: Value) -> Value {
    let mut fabric = support::fabric("lab-compute");
    fabric["spec"]["addressing"]["ranges"] = ranges;
    fabric
}

async fn started(cluster: &Cluster, ranges: Value) -> u64 {
    cluster.create(site()).await;
    cluster.create(fabric(ranges)).await;
    cluster.create(support::tier("lab-scratch")).await;
    cluster.create(pool("both", json!({"racks": "r[1-2]"}))).await
}

fn ranges() -> Value {
    json!([{"cluster": "one", "first": 1, "last": 20}, {"cluster": "two", "first": 21, "last": 40}])
}

#[tokio::test(start_paused = true)]
async fn only_the_nodes_of_the_member_cluster_are_written_and_counted() {
    let cluster = Cluster::new().await;
    let version = started(&cluster, ranges()).await;
    let operator = cluster.operator_with(serving("two")).await;
    settle(&operator, "GPUPool", version).await;
    let nodes = cluster.names("NodeConfig").await;
    assert!(
        !nodes.is_empty() && nodes.iter().all(|node| node.starts_with("r2-")),
        "{nodes:?}"
    );
    assert_eq!(cluster.names("NodeProfile").await.len(), 1);
    for (kind, name) in [
        ("Supercluster", "lab"),
        ("GPUPool", "both"),
        ("InfiniBandFabric", "lab-compute"),
    ] {
        let status = &cluster.get(kind, name).await.unwrap()["status"];
        assert_eq!(status["nodes"], nodes.len(), "{kind}");
    }
    assert_eq!(cluster.ready("GPUPool", "both").await.0, "Compiled");
    let config = cluster.get("NodeConfig", &nodes[0]).await.unwrap();
    let address = text(&config["spec"]["facts"]["rails"][0]["ipv4"]);
    assert!(address.contains(".21/"), "{address}");
    operator.stop().await.unwrap();
}

/// A wrong name is told on every intent, and takes nothing for gone; a deletion is an order all the same.
#[tokio::test(start_paused = true)]
async fn an_operator_of_an_unknown_member_cluster_lets_nothing_go() {
    let cluster = Cluster::new().await;
    let version = started(&cluster, ranges()).await;
    let operator = cluster.operator_with(serving("one")).await;
    settle(&operator, "GPUPool", version).await;
    operator.stop().await.unwrap();
    let before = cluster.managements().await;
    assert!(!before.is_empty());

    let operator = cluster.operator_with(serving("oen")).await;
    let version = cluster.patch("GPUPool", "both", swappiness("7")).await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.managements().await, before);
    let expected = ("UnknownCluster".to_owned(), Some("Stalled".to_owned()));
    assert_eq!(cluster.ready("GPUPool", "both").await, expected);
    assert_eq!(cluster.ready("Supercluster", "lab").await, expected);
    let status = &cluster.get("GPUPool", "both").await.unwrap()["status"];
    let message = text(&status["conditions"][0]["message"]);
    assert!(message.contains("oen; did you mean one?"), "{message}");

    let version = cluster.delete("GPUPool", "both").await;
    settle(&operator, "GPUPool", version).await;
    assert!(
        cluster
            .managements()
            .await
            .values()
            .all(|management| management == "Detached")
    );
    operator.stop().await.unwrap();
}

/// What r2 holds lies in the range of the cluster that it leaves: nothing moves before a person has decided.
#[tokio::test(start_paused = true)]
async fn a_rack_that_takes_its_numbers_to_another_member_cluster_is_refused() {
    let cluster = Cluster::new().await;
    let version = started(&cluster, ranges()).await;
    let operator = cluster.operator_with(serving("two")).await;
    settle(&operator, "GPUPool", version).await;
    let clusters = json!([{"name": "one", "racks": "r2"}, {"name": "two", "racks": "r1"}]);
    let version = cluster
        .patch("Supercluster", "lab", json!({"spec": {"clusters": clusters}}))
        .await;
    settle(&operator, "Supercluster", version).await;
    let managements = cluster.managements().await;
    assert!(
        managements.values().all(|management| management == "Managed"),
        "{managements:?}"
    );
    assert_eq!(cluster.ready("GPUPool", "both").await.0, "Refused");
    operator.stop().await.unwrap();
}

/// Started with another cluster's name, an operator lets nothing go and says so.
#[tokio::test(start_paused = true)]
async fn an_operator_of_the_wrong_member_cluster_lets_nothing_go() {
    let cluster = Cluster::new().await;
    let version = started(&cluster, ranges()).await;
    let operator = cluster.operator_with(serving("one")).await;
    settle(&operator, "GPUPool", version).await;
    operator.stop().await.unwrap();
    let before = cluster.state().await;

    let operator = cluster.operator_with(serving("two")).await;
    let version = cluster.patch("GPUPool", "both", swappiness("7")).await;
    settle(&operator, "GPUPool", version).await;
    let after = cluster.state().await;
    for (name, object) in before.iter().filter(|(name, _)| name.starts_with("NodeConfig/")) {
        assert_eq!(*object, after[name], "{name}");
    }
    let status = &cluster.get("Supercluster", "lab").await.unwrap()["status"];
    assert_eq!(status["findings"][0]["code"], "RW2030", "{status}");
    let message = text(&status["findings"][0]["message"]);
    assert!(
        message.contains("2 nodes (r1-n[1-2]) of the member cluster one"),
        "{message}"
    );

    // Not even where the pool goes: that is for the other operator to do.
    let version = cluster.delete("GPUPool", "both").await;
    settle(&operator, "GPUPool", version).await;
    let managements = cluster.managements().await;
    assert_eq!(managements["r1-n1"], "Managed");
    assert_eq!(managements["r2-n1"], "Detached");
    operator.stop().await.unwrap();
}
