//! Drift on a real API server: a host that somebody changed, a NodeConfig that somebody edited, and an intent that the stopped
//! operator has not seen stand each at its link, live as in what kubectl saved, and none of them is a change.

use std::collections::BTreeMap;
use std::fs;

use rackwright_e2e::cluster::{Cluster, Source, kubectl, path, run};
use rackwright_e2e::operator::Operator;
use rackwright_e2e::{program, root};
use serde_json::{Value, json};

async fn rackwright(arguments: &[&str]) -> (i32, String) {
    let cli = path(&program("rackwright").unwrap());
    let output = run(&cli, arguments, "").await.unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// Kinds of breaks and their nodes.
fn broken(drift: &Value) -> BTreeMap<&str, &str> {
    let links = drift["links"].as_array().unwrap().iter();
    let groups = links.flat_map(|link| link["breaks"].as_array().unwrap());
    groups
        .map(|group| (group["kind"].as_str().unwrap(), group["names"].as_str().unwrap()))
        .collect()
}

/// What an agent would report of the stored generation.
async fn reports(cluster: &Cluster, node: &str, change: impl FnOnce(&mut Value)) {
    let config = cluster.get("NodeConfig", node).await.unwrap();
    let seen = json!({"at": "2026-01-01T00:00:00Z", "hash": config["spec"]["hash"]});
    let mut status = json!({"applied": seen, "observed": seen, "observedGeneration": config["metadata"]["generation"], "phase": "Applied"});
    change(&mut status);
    let patch = json!({ "status": status }).to_string();
    let command = [
        "patch",
        "nodeconfig",
        node,
        "--subresource=status",
        "--type=merge",
        "-p",
        &patch,
    ];
    kubectl(&command, "").await.unwrap();
}

#[tokio::test]
async fn each_link_breaks_where_it_was_broken_and_nothing_of_it_is_a_change() {
    let cluster = Cluster::fresh().await.unwrap();
    let example = path(&root().join("examples/tiny"));
    cluster.apply(Source::Path(example.as_ref())).await.unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster.settled().await.unwrap();
    operator.stop().await.unwrap();

    let diff = ["diff", "live:", &example, "--output", "json"];
    let (exit, text) = rackwright(&[&diff[..], &["--fail-on-drift"]].concat()).await;
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(exit, 0, "no agent has reported, which is no drift: {text}");
    assert_eq!(
        broken(&report["drift"][0]),
        BTreeMap::from([("NeverReported", "r[1-2]-n[1-2]")])
    );

    for node in ["r1-n1", "r1-n2", "r2-n1", "r2-n2"] {
        reports(&cluster, node, |_| {}).await;
    }
    let (exit, text) = rackwright(&[&diff[..], &["--fail-on-drift"]].concat()).await;
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (exit, broken(&report["drift"][0])),
        (0, BTreeMap::new()),
        "{text}"
    );

    let differs = json!([{"path": "host.sysctls", "message": "vm.swappiness is 60"}]);
    reports(&cluster, "r1-n1", |status| status["differences"] = differs).await;
    reports(&cluster, "r1-n2", |status| status["phase"] = json!("Failed")).await;
    let by_hand = r#"{"spec":{"facts":{"rack":"r9"}}}"#;
    kubectl(
        &["patch", "nodeconfig", "r2-n1", "--type=merge", "-p", by_hand],
        "",
    )
    .await
    .unwrap();
    cluster.delete("NodeConfig", "r2-n2").await.unwrap();
    let touch = r#"{"spec":{"rollout":{"paused":true}}}"#;
    kubectl(
        &["patch", "gpupool", "lab-train", "--type=merge", "-p", touch],
        "",
    )
    .await
    .unwrap();
    let wanted = BTreeMap::from([
        ("ChangedOnHost", "r1-n1"),
        ("Failed", "r1-n2"),
        ("Edited", "r2-n1"),
        ("OtherGeneration", "r2-n1"),
        ("NotWritten", "r2-n2"),
    ]);
    let (exit, text) = rackwright(&diff).await;
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((exit, report["verdict"].as_str()), (0, Some("Same")), "{text}");
    let now = &report["drift"][0];
    assert_eq!(broken(now), wanted);
    assert_eq!((&now["drifting"], &now["inSync"]), (&json!(4), &json!(0)));
    let why = now["links"][0]["breaks"][0]["why"].as_str().unwrap();
    assert!(why.contains("looked at generation 1, and 2 is stored"), "{why}");

    let kinds =
        "superclusters,gpupools,infinibandfabrics,storagetiers,nodeinventories,nodeconfigs,nodeprofiles";
    let saved = kubectl(&["get", kinds, "-o", "json", "--show-managed-fields"], "")
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder.path().join("cluster.json"));
    fs::write(&file, saved.stdout).unwrap();
    let (exit, text) = rackwright(&["diff", &file, &example, "--output", "json"]).await;
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(exit, 0, "{text}");
    let drift = &report["drift"][0];
    assert_eq!(broken(drift), wanted, "saved as live");
    let edited = &drift["links"][0]["breaks"][1];
    assert_eq!(edited["kind"], "Edited");
    assert_eq!(
        edited["writers"],
        json!(["kubectl-patch (spec.facts)"]),
        "{edited}"
    );

    for (node, told) in [
        ("r1-n1", "vm.swappiness is 60"),
        ("r1-n2", "needs a person"),
        ("r2-n1", "edited by hand"),
        ("r2-n2", "no NodeConfig yet"),
    ] {
        for input in ["live:", &file] {
            let (_, text) = rackwright(&["explain", "node", node, input]).await;
            assert!(text.contains(told), "{node} of {input}: {text}");
        }
    }

    // The operator puts right what is its own, and nothing else.
    let operator = Operator::start(&[]).await.unwrap();
    cluster.settled().await.unwrap();
    let (_, text) = rackwright(&diff).await;
    let report: Value = serde_json::from_str(&text).unwrap();
    let left = BTreeMap::from([
        ("ChangedOnHost", "r1-n1"),
        ("Failed", "r1-n2"),
        ("OtherGeneration", "r2-n1"),
        ("NeverReported", "r2-n2"),
    ]);
    assert_eq!(broken(&report["drift"][0]), left, "{text}");
    operator.stop().await.unwrap();
}
