//! What the operator refuses to do, and what deleting an intent means.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeMap;

use kube::api::{Api, DynamicObject};
use serde_json::json;
use support::{Cluster, get, inventory, pool, settle, supercluster, swappiness, text};

fn all(cluster: &BTreeMap<String, String>, management: &str) -> bool {
    !cluster.is_empty() && cluster.values().all(|found| found == management)
}

#[tokio::test(start_paused = true)]
async fn two_pools_that_claim_a_node_are_both_told_and_nothing_is_written_for_it() {
    let cluster = Cluster::new().await;
    cluster.create(supercluster("lab", "r[1-2]")).await;
    cluster.create(support::fabric("lab-compute")).await;
    cluster.create(support::tier("lab-scratch")).await;
    cluster.create(pool("one", json!({"racks": "r[1-2]"}))).await;
    let version = cluster.create(pool("two", json!({"racks": "r2"}))).await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;

    for (name, other) in [("one", "two"), ("two", "one")] {
        assert_eq!(
            cluster.ready("GPUPool", name).await,
            ("Refused".to_owned(), Some("Stalled".to_owned()))
        );
        let status = &cluster.get("GPUPool", name).await.unwrap()["status"];
        assert!(
            text(&status["conditions"][0]["message"]).contains(other),
            "{status}"
        );
        assert_eq!(
            status["findings"][0]["objects"],
            json!([format!("GPUPool/{other}")])
        );
        assert_eq!(status["findingCount"], 1);
        assert_ne!(status["findings"][0]["path"], "");
    }
    assert!(cluster.names("NodeConfig").await.is_empty());
    assert!(cluster.names("NodeProfile").await.is_empty());
    let events = cluster.list("Event").await;
    let refused: Vec<_> = events
        .iter()
        .filter(|event| event["reason"] == "Refused")
        .collect();
    assert_eq!(refused.len(), 2, "one for each party");
    assert!(
        refused
            .iter()
            .all(|event| text(&event["note"]).contains("spec.nodes")),
        "{refused:?}"
    );

    operator.stop().await.unwrap();
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let again = cluster.list("Event").await;
    assert_eq!(again.len(), events.len(), "a restart is no news");

    let compiled = operator.synced.borrow().compiled;
    let version = cluster.delete("GPUPool", "two").await;
    let after = settle(&operator, "GPUPool", version).await;
    assert_eq!(
        cluster.ready("GPUPool", "one").await,
        ("Compiled".to_owned(), None)
    );
    assert_eq!(cluster.names("NodeConfig").await.len(), 4);
    assert!(
        cluster.get("GPUPool", "two").await.is_none(),
        "a refused pool may go"
    );
    // One round clears the other pool; the second sees that the deleted one is gone and writes nothing.
    assert!(after <= compiled + 2, "{compiled} to {after}");
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deleted_pool_detaches_its_nodes_and_leaves_their_hosts_as_they_are() {
    let cluster = Cluster::new().await;
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let before = cluster.state().await;
    let mark = cluster.server.mark();
    let version = cluster.delete("GPUPool", "lab-train").await;
    settle(&operator, "GPUPool", version).await;

    assert!(cluster.get("GPUPool", "lab-train").await.is_none());
    assert!(all(&cluster.managements().await, "Detached"));
    let mut after = cluster.state().await;
    for (name, object) in &mut after {
        if name.starts_with("NodeConfig/") {
            object["spec"]["management"] = json!("Managed");
            assert_eq!(
                *object, before[name],
                "{name}: nothing but the management changes"
            );
        }
        if name.starts_with("NodeProfile/") {
            assert_eq!(*object, before[name], "{name} is still referred to");
        }
    }
    assert_eq!(
        after
            .keys()
            .filter(|name| name.starts_with("NodeProfile/"))
            .count(),
        1
    );
    let writes = cluster.writes(mark);
    let nodes = writes
        .iter()
        .filter(|write| write.starts_with("patch nodeconfigs"))
        .count();
    let finalizers = writes
        .iter()
        .filter(|write| *write == "patch gpupools lab-train")
        .count();
    assert_eq!((nodes, finalizers), (4, 1), "{writes:?}");

    // The same pool again takes them back, at the same addresses.
    let version = cluster
        .create(pool("lab-train", json!({"racks": "r[1-2]"})))
        .await;
    settle(&operator, "GPUPool", version).await;
    let again = cluster.state().await;
    for name in ["NodeConfig/r1-n1", "NodeConfig/r2-n2"] {
        assert_eq!(again[name], before[name]);
    }
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_fabric_in_use_is_held_and_the_last_good_configuration_stays() {
    let cluster = Cluster::new().await;
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let before = cluster.state().await;

    let version = cluster.delete("InfiniBandFabric", "lab-compute").await;
    settle(&operator, "InfiniBandFabric", version).await;
    let waits = ("InUse".to_owned(), Some("Reconciling".to_owned()));
    assert_eq!(cluster.ready("InfiniBandFabric", "lab-compute").await, waits);
    assert_eq!(
        cluster.ready("GPUPool", "lab-train").await,
        ("Refused".to_owned(), Some("Stalled".to_owned()))
    );
    let version = cluster.patch("GPUPool", "lab-train", swappiness("9")).await;
    settle(&operator, "GPUPool", version).await;
    let after = cluster.state().await;
    for (name, object) in before.iter().filter(|(name, _)| name.starts_with("Node")) {
        assert_eq!(*object, after[name], "{name}");
    }

    let version = cluster
        .patch("GPUPool", "lab-train", json!({"spec": {"fabrics": null}}))
        .await;
    settle(&operator, "GPUPool", version).await;
    let mut synced = operator.synced.clone();
    synced.wait_for(|synced| !synced.pending).await.unwrap();
    assert!(
        cluster.get("InfiniBandFabric", "lab-compute").await.is_none(),
        "free, so it goes"
    );
    assert_eq!(
        cluster.ready("GPUPool", "lab-train").await,
        ("Compiled".to_owned(), None)
    );
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn deleting_everything_works_in_every_order() {
    let kinds = [
        ("Supercluster", "lab"),
        ("GPUPool", "lab-train"),
        ("InfiniBandFabric", "lab-compute"),
        ("StorageTier", "lab-scratch"),
    ];
    let mut orders = Vec::new();
    permutations(&mut vec![0, 1, 2, 3], 0, &mut orders);
    assert_eq!(orders.len(), 24);
    for order in orders {
        let cluster = Cluster::new().await;
        let version = cluster.tiny().await;
        let operator = cluster.operator().await;
        settle(&operator, "GPUPool", version).await;
        for &at in &order {
            let (kind, name) = kinds[at];
            let version = cluster.delete(kind, name).await;
            settle(&operator, kind, version.min(cluster.server.resource_version())).await;
        }
        let mut synced = operator.synced.clone();
        while cluster.server.object_count("superclusters.rackwright.dev") > 0 {
            let waited = tokio::time::timeout(std::time::Duration::from_secs(60), synced.changed()).await;
            waited
                .unwrap_or_else(|_| panic!("{order:?}: something still holds the supercluster"))
                .unwrap();
        }
        for (kind, _) in kinds {
            assert!(cluster.names(kind).await.is_empty(), "{order:?}: {kind} stays");
        }
        assert!(all(&cluster.managements().await, "Detached"), "{order:?}");
        operator.stop().await.unwrap();
    }
}

fn permutations(items: &mut Vec<usize>, from: usize, out: &mut Vec<Vec<usize>>) {
    if from == items.len() {
        out.push(items.clone());
    }
    for at in from..items.len() {
        items.swap(from, at);
        permutations(items, from + 1, out);
        items.swap(from, at);
    }
}

#[tokio::test(start_paused = true)]
async fn an_absent_pool_is_never_an_order() {
    let cluster = Cluster::new().await;
    let version = cluster.tiny().await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    operator.stop().await.unwrap();
    // Gone without a tombstone: the finalizer was forced off while nobody looked, or an older backup was restored.
    cluster
        .patch("GPUPool", "lab-train", json!({"metadata": {"finalizers": null}}))
        .await;
    cluster.delete("GPUPool", "lab-train").await;
    let before = cluster.state().await;

    let mark = cluster.server.mark();
    let operator = cluster.operator().await;
    let version = cluster
        .patch(
            "Supercluster",
            "lab",
            json!({"metadata": {"labels": {"look": "again"}}}),
        )
        .await;
    settle(&operator, "Supercluster", version).await;
    assert!(all(&cluster.managements().await, "Managed"));
    let writes = cluster.writes(mark);
    assert!(writes.iter().all(|write| write.ends_with("status")), "{writes:?}");
    let after = cluster.state().await;
    for (name, object) in before.iter().filter(|(name, _)| name.starts_with("Node")) {
        assert_eq!(*object, after[name], "{name}");
    }
    assert!(
        get(operator.address, "/metrics")
            .await
            .1
            .contains("rackwright_orphan_nodes 4")
    );
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_node_that_a_pool_lets_go_is_detached_but_not_for_want_of_an_inventory() {
    let cluster = Cluster::new().await;
    cluster.tiny().await;
    cluster.delete("GPUPool", "lab-train").await;
    for node in ["r1-n1", "r1-n2", "r2-n1"] {
        cluster.create(inventory(node, json!({"team": "a"}))).await;
    }
    let chosen = pool("chosen", json!({"selector": {"matchLabels": {"team": "a"}}}));
    let version = cluster.create(chosen).await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.managements().await.len(), 3);

    // Its label changes: the pool lets it go.
    let version = cluster
        .patch(
            "NodeInventory",
            "r1-n1",
            json!({"metadata": {"labels": {"team": "b"}}}),
        )
        .await;
    settle(&operator, "NodeInventory", version).await;
    // Its inventory goes: that says nothing about the node.
    let version = cluster.delete("NodeInventory", "r1-n2").await;
    settle(&operator, "NodeInventory", version).await;
    let managements = cluster.managements().await;
    assert_eq!(managements["r1-n1"], "Detached");
    assert_eq!(managements["r1-n2"], "Managed");
    assert_eq!(managements["r2-n1"], "Managed");

    // A pool by racks lets go what its racks do not hold any more.
    let version = cluster
        .patch(
            "GPUPool",
            "chosen",
            json!({"spec": {"nodes": {"selector": null, "racks": "r1"}}}),
        )
        .await;
    settle(&operator, "GPUPool", version).await;
    let managements = cluster.managements().await;
    assert_eq!(managements["r1-n1"], "Managed");
    assert_eq!(managements["r2-n1"], "Detached");
    operator.stop().await.unwrap();
}

/// A newer operator wrote a word that this one does not know: the addresses beside it stay taken.
#[tokio::test(start_paused = true)]
async fn an_unreadable_node_config_keeps_its_addresses() {
    let cluster = Cluster::without_rules().await;
    let version = cluster.tiny().await;
    cluster
        .patch(
            "GPUPool",
            "lab-train",
            json!({"spec": {"nodes": {"racks": "r1"}}}),
        )
        .await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    let held = rails(&cluster, "r1-n1").await;
    let definition = "nodeconfigs.rackwright.dev";
    let mut crd = cluster.get("CustomResourceDefinition", definition).await.unwrap();
    let versions = crd["spec"]["versions"].take();
    let mut versions = versions.as_array().unwrap().clone();
    let spec = &mut versions[0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    spec["properties"]["management"]["enum"]
        .as_array_mut()
        .unwrap()
        .push(json!("Paused"));
    cluster
        .patch(
            "CustomResourceDefinition",
            definition,
            json!({"spec": {"versions": versions}}),
        )
        .await;
    let foreign = json!({"metadata": {"labels": {rackwright_api::labels::POOL: null}}, "spec": {"management": "Paused"}});
    let version = cluster
        .patch(
            "GPUPool",
            "lab-train",
            json!({"spec": {"nodes": {"racks": null, "names": "r1-n2"}}}),
        )
        .await;
    settle(&operator, "GPUPool", version).await;
    let version = cluster.patch("NodeConfig", "r1-n1", foreign).await;
    settle(&operator, "NodeConfig", version).await;
    let version = cluster
        .patch(
            "GPUPool",
            "lab-train",
            json!({"spec": {"nodes": {"names": "r1-n2,r2-n1"}}}),
        )
        .await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(rails(&cluster, "r1-n1").await, held);
    let new = rails(&cluster, "r2-n1").await;
    assert!(
        !new.is_empty() && new.iter().all(|address| !held.contains(address)),
        "{new:?} and {held:?}"
    );
    operator.stop().await.unwrap();
}

async fn rails(cluster: &Cluster, node: &str) -> Vec<String> {
    let node = cluster.get("NodeConfig", node).await.unwrap();
    let rails = node["spec"]["facts"]["rails"].as_array().unwrap();
    rails.iter().map(|rail| text(&rail["ipv4"])).collect()
}

#[tokio::test(start_paused = true)]
async fn one_pool_that_is_refused_does_not_stop_another() {
    let cluster = Cluster::new().await;
    cluster.create(supercluster("lab", "r[1-2]")).await;
    cluster.create(support::fabric("lab-compute")).await;
    cluster.create(support::tier("lab-scratch")).await;
    cluster.create(pool("good", json!({"racks": "r1"}))).await;
    let mut bad = pool("bad", json!({"racks": "r2"}));
    bad["spec"]["fabrics"] = json!([{"name": "nowhere"}]);
    let version = cluster.create(bad).await;
    let operator = cluster.operator().await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(cluster.ready("GPUPool", "good").await.0, "Compiled");
    assert_eq!(
        cluster.ready("GPUPool", "bad").await,
        ("Refused".to_owned(), Some("Stalled".to_owned()))
    );
    assert_eq!(cluster.names("NodeConfig").await, ["r1-n1", "r1-n2"]);
    // Put right, it clears: nothing about a refusal is remembered.
    let fix = json!({"spec": {"fabrics": [{"name": "lab-compute"}]}});
    let version = cluster.patch("GPUPool", "bad", fix).await;
    settle(&operator, "GPUPool", version).await;
    assert_eq!(
        cluster.ready("GPUPool", "bad").await,
        ("Compiled".to_owned(), None)
    );
    let status = &cluster.get("GPUPool", "bad").await.unwrap()["status"];
    assert_eq!(
        (&status["findingCount"], &status["findings"]),
        (&json!(0), &json!(null))
    );
    operator.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn old_or_missing_crds_stop_everything_and_readyz_says_what_to_do() {
    let cluster = Cluster::bare();
    let operator = cluster.operator().await;
    let (code, text) = get(operator.address, "/readyz").await;
    assert_eq!(code, 503, "{text}");
    let mut crds = rackwright_api::crds::all();
    for crd in &mut crds {
        crd["metadata"]["annotations"][rackwright_api::labels::API_REVISION_ANNOTATION] = json!("0");
    }
    for crd in crds {
        cluster.create(crd).await;
    }
    let version = cluster.tiny().await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let (code, text) = get(operator.address, "/readyz").await;
    assert_eq!(code, 503);
    assert!(
        text.contains("gpupools.rackwright.dev has revision 0") && text.contains("helm upgrade"),
        "{text}"
    );
    assert!(cluster.names("NodeConfig").await.is_empty());
    assert_eq!(cluster.writes(0), [""; 0]);

    let api: Api<DynamicObject> = cluster.api("CustomResourceDefinition");
    for crd in api.list(&kube::api::ListParams::default()).await.unwrap() {
        let revision = rackwright_api::labels::API_REVISION.to_string();
        let patch =
            json!({"metadata": {"annotations": {rackwright_api::labels::API_REVISION_ANNOTATION: revision}}});
        cluster
            .patch("CustomResourceDefinition", &crd.metadata.name.unwrap(), patch)
            .await;
    }
    settle(&operator, "GPUPool", version).await;
    assert_eq!(get(operator.address, "/readyz").await.0, 200);
    assert_eq!(get(operator.address, "/healthz").await.0, 200);
    assert_eq!(cluster.names("NodeConfig").await.len(), 4);
    operator.stop().await.unwrap();
}
