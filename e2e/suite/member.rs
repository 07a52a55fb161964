//! One member cluster of a larger site: its operator writes exactly the plan's objects for that cluster, once.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use kube::api::ListParams;
use rackwright_e2e::audit::{Audit, counts};
use rackwright_e2e::cluster::{Cluster, Source, path};
use rackwright_e2e::operator::{Operator, USER};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::superpod::{planned, written};

/// As many as Kubernetes supports in one cluster.
const NODES: usize = 5_000;

/// Two member clusters of 1,250 racks of four; a pool spans them, one reservation is in each.
fn site() -> String {
    let object = |kind: &str, name: &str, spec: Value| {
        json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
            .to_string()
    };
    let pool = |racks: &str| {
        json!({
            "supercluster": "fleet", "nodes": {"racks": racks},
            "fabrics": [{"name": "compute"}], "host": {"sysctls": {"vm.swappiness": "1"}},
        })
    };
    let addressing = json!({
        "ipv4": "10.64.0.0/12",
        "ranges": [
            {"cluster": "east", "first": 1, "last": 8192},
            {"cluster": "west", "first": 8193, "last": 16384},
        ],
        "reservations": [
            {"first": 5000, "nodes": "r0002-n1"},
            {"first": 16000, "nodes": "r2000-n[1-4]"},
        ],
    });
    let texts = [
        object(
            "Supercluster",
            "fleet",
            json!({
                "racks": [{"names": "r[0001-2500]", "nodes": "n[1-4]", "system": "dgx-b200"}],
                "clusters": [{"name": "east", "racks": "r[0001-1250]"}, {"name": "west", "racks": "r[1251-2500]"}],
            }),
        ),
        object(
            "InfiniBandFabric",
            "compute",
            json!({
                "supercluster": "fleet", "plane": "Compute",
                "topology": {"type": "FatTree", "rails": 8}, "addressing": addressing,
            }),
        ),
        object("GPUPool", "east-only", pool("r[0001-1000]")),
        object("GPUPool", "spanning", pool("r[1001-1500]")),
        object("GPUPool", "west-only", pool("r[1501-2500]")),
    ];
    texts.join("\n---\n")
}

#[tokio::test]
async fn the_operator_of_one_member_cluster_writes_its_part_of_the_plan_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.yaml");
    fs::write(&file, site()).unwrap();
    // The whole plan's objects for the cluster, and what the plan of the cluster alone prints.
    let whole = planned(&[&path(&file)]).await;
    let west = planned(&["--cluster", "west", &path(&file)]).await;
    let racks = |name: &str| name[1..5].parse::<u32>().unwrap() > 1250;
    let expected: BTreeMap<_, _> = whole
        .into_iter()
        .filter(|((kind, name), (pool, _))| match kind.as_str() {
            "NodeConfig" => racks(name),
            _ => pool != "east-only",
        })
        .collect();
    assert_eq!(west, expected);
    assert_eq!(west.len(), NODES + 2);

    let cluster = Cluster::fresh().await.unwrap();
    let audit = Audit::from_now().unwrap();
    let operator = Operator::start(&["--cluster", "west"]).await.unwrap();
    operator.ready(&cluster).await.unwrap();
    cluster.apply(Source::Path(&file)).await.unwrap();
    let all_there = async || {
        let only_one = ListParams::default().limit(1);
        let answer = cluster.api("NodeConfig").list_metadata(&only_one).await?;
        let rest = usize::try_from(answer.metadata.remaining_item_count.unwrap_or_default())?;
        Ok(answer.items.len() + rest == NODES)
    };
    cluster
        .until("every NodeConfig is there", all_there)
        .await
        .unwrap();
    cluster.settled().await.unwrap();
    assert_eq!(written(&cluster).await, west, "byte for byte");
    let pool = cluster.get("GPUPool", "spanning").await.unwrap();
    assert_eq!(pool["status"]["nodes"], 1_000);
    let pool = cluster.get("GPUPool", "east-only").await.unwrap();
    assert_eq!(
        (&pool["status"]["nodes"], &pool["status"]["profile"]),
        (&json!(0), &Value::Null)
    );
    let writes = counts(&audit.writes(USER).unwrap());
    println!("writes of the member cluster's operator: {writes:?}");
    assert_eq!(writes["create nodeconfigs"], NODES);
    assert_eq!(writes["create nodeprofiles"], 2);
    assert_eq!(writes.get("patch nodeconfigs"), None);

    let audit = Audit::from_now().unwrap();
    operator.stop().await.unwrap();
    let operator = Operator::start(&["--cluster", "west", "--resync", "2s"])
        .await
        .unwrap();
    operator.ready(&cluster).await.unwrap();
    sleep(Duration::from_secs(8)).await;
    cluster.apply(Source::Path(&file)).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(
        counts(&audit.writes(USER).unwrap()),
        BTreeMap::new(),
        "after a restart, resyncs and the same YAML again"
    );
    operator.stop().await.unwrap();
}
