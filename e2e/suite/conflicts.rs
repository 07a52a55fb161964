//! Intents that contradict each other: refused, said on each object, and looked at again when one goes.

use rackwright_e2e::cluster::{Cluster, Source, kubectl, path, run};
use rackwright_e2e::operator::Operator;
use rackwright_e2e::{program, root};
use serde_json::Value;

/// Two pools over one rack; the second overlaps the first by one node.
const OVERLAP: &str = r#"
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: infer }
spec:
  supercluster: lab
  nodes: { names: "a1-n2,a2-n1" }
"#;

fn message(object: &Value) -> &str {
    let conditions = object["status"]["conditions"].as_array().unwrap();
    conditions.iter().find(|one| one["type"] == "Ready").unwrap()["message"]
        .as_str()
        .unwrap()
}

#[tokio::test]
async fn two_pools_that_claim_one_node_both_say_so_until_one_goes() {
    let cluster = Cluster::fresh().await.unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster.apply(Source::Text(OVERLAP)).await.unwrap();
    cluster.settled().await.unwrap();
    for (pool, other) in [("train", "infer"), ("infer", "train")] {
        let object = cluster.get("GPUPool", pool).await.unwrap();
        assert!(
            message(&object).contains(&format!("GPUPool/{other}")),
            "{}",
            message(&object)
        );
        assert_eq!(object["status"]["findings"][0]["code"], "RW2002");
        assert_eq!(
            object["status"]["findings"][0]["objects"][0],
            format!("GPUPool/{other}")
        );
        assert_eq!(
            cluster
                .condition("GPUPool", pool, "Stalled")
                .await
                .unwrap()
                .unwrap()
                .0,
            "True"
        );
    }
    assert!(
        cluster.list("NodeConfig").await.unwrap().is_empty(),
        "nothing is written for a contested node"
    );

    events_name_object_and_field().await;
    same_code_offline().await;

    cluster.delete("GPUPool", "infer").await.unwrap();
    cluster
        .until("the other pool is ready", async || {
            Ok(cluster
                .condition("GPUPool", "train", "Ready")
                .await?
                .is_some_and(|(status, _)| status == "True"))
        })
        .await
        .unwrap();
    let nodes: Vec<String> = cluster.list("NodeConfig").await.unwrap().into_keys().collect();
    assert_eq!(nodes, ["a1-n1", "a1-n2"]);
    assert_eq!(
        cluster.condition("GPUPool", "train", "Stalled").await.unwrap(),
        None
    );
    operator.stop().await.unwrap();
}

/// The events that `kubectl describe` shows: which object, which field, which other object.
async fn events_name_object_and_field() {
    let arguments = [
        "get",
        "events.events.k8s.io",
        "-n",
        "default",
        "-o",
        "json",
        "--field-selector",
        "reason=Refused",
    ];
    let events = kubectl(&arguments, "").await.unwrap();
    let events: Value = serde_json::from_slice(&events.stdout).unwrap();
    let notes: Vec<(&str, &str)> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            (
                event["regarding"]["name"].as_str().unwrap(),
                event["note"].as_str().unwrap(),
            )
        })
        .collect();
    for (pool, field, other) in [
        ("train", "spec.nodes.racks", "GPUPool/infer"),
        ("infer", "spec.nodes.names", "GPUPool/train"),
    ] {
        let told = notes
            .iter()
            .any(|(name, note)| *name == pool && note.contains(field) && note.contains(other));
        assert!(told, "{pool}: {notes:?}");
    }
}

/// `rackwright validate` finds the same, at both places.
async fn same_code_offline() {
    let cli = path(&program("rackwright").unwrap());
    let output = run(&cli, &["validate", "--output", "json", "-"], OVERLAP)
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "RW2002");
    let places: Vec<(u64, u64)> = finding["locations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| (place["line"].as_u64().unwrap(), place["column"].as_u64().unwrap()))
        .collect();
    let line = |needle: &str| OVERLAP.lines().position(|line| line.contains(needle)).unwrap() as u64 + 1;
    let expected = [(line("racks: \"a1\""), 19), (line("a1-n2,a2-n1"), 19)];
    assert!(expected.iter().all(|place| places.contains(place)), "{places:?}");
}

/// A pool whose mistake comes later keeps what it had.
#[tokio::test]
async fn a_refused_change_leaves_the_last_good_configuration() {
    let cluster = Cluster::fresh().await.unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster
        .apply(Source::Path(&root().join("examples/tiny")))
        .await
        .unwrap();
    cluster.settled().await.unwrap();
    let before = cluster.specs("NodeConfig").await.unwrap();
    assert!(!before.is_empty());
    let pool = cluster.list("GPUPool").await.unwrap().into_keys().next().unwrap();
    let patch = kube::api::Patch::Merge(serde_json::json!({"spec": {"supercluster": "elsewhere"}}));
    cluster
        .api("GPUPool")
        .patch(&pool, &kube::api::PatchParams::default(), &patch)
        .await
        .unwrap();
    cluster
        .until("the pool is refused", async || {
            Ok(cluster
                .condition("GPUPool", &pool, "Ready")
                .await?
                .is_some_and(|(_, reason)| reason == "Refused"))
        })
        .await
        .unwrap();
    assert_eq!(cluster.specs("NodeConfig").await.unwrap(), before);
    operator.stop().await.unwrap();
}
