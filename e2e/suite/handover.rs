//! The API server as the consumer of what `rackwright render cluster` writes, with the commands of docs/handover.md.

use std::collections::BTreeMap;
use std::path::Path;

use rackwright_e2e::cluster::{Cluster, kubectl, path, run};
use rackwright_e2e::{program, root, variable};
use serde_json::{Value, json};

const SITE: &str = "crates/cli/tests/handover/site.yaml";

/// What the API server of a cluster without GPU Operator, TopoLVM and LVMS can judge.
const KNOWN: [&str; 4] = ["ConfigMap", "Node", "PersistentVolume", "StorageClass"];

/// Writes the folder and gives its manifest.
async fn render(site: &str, folder: &Path) -> Value {
    let cli = path(&program("rackwright").unwrap());
    let site = path(&root().join(site));
    let arguments = [
        "render",
        "cluster",
        &site,
        "--output",
        "json",
        "--out",
        &path(folder),
    ];
    let output = run(&cli, &arguments, "").await.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_server_accepts_every_file_of_its_kinds() {
    Cluster::fresh().await.unwrap();
    let mut accepted: BTreeMap<String, u64> = BTreeMap::new();
    for site in [
        SITE,
        "examples/tiny",
        "examples/superpod-b200",
        "examples/gitops/base",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("handover");
        let manifest = render(site, &folder).await;
        for file in manifest["files"].as_array().unwrap() {
            let content = file["content"].as_str().unwrap();
            if !KNOWN.contains(&content) {
                continue;
            }
            let name = path(&folder.join(file["path"].as_str().unwrap()));
            let arguments = [
                "apply",
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
                "--namespace=default",
                "--output=name",
                "--filename",
                &name,
            ];
            let output = kubectl(&arguments, "").await.unwrap();
            let told = String::from_utf8(output.stdout).unwrap();
            assert_eq!(told.lines().count() as u64, file["objects"], "{site}: {name}");
            *accepted.entry(content.to_owned()).or_default() += told.lines().count() as u64;
        }
    }
    println!("accepted by the server: {accepted:?}");
    assert!(
        KNOWN.iter().all(|kind| accepted.contains_key(*kind)),
        "{accepted:?}"
    );
}

/// The labels of a node.
async fn labels(node: &str) -> Value {
    let output = kubectl(&["get", "node", node, "--output=json"], "")
        .await
        .unwrap();
    let node: Value = serde_json::from_slice(&output.stdout).unwrap();
    node["metadata"]["labels"].clone()
}

/// The command of the documentation: labels of the nodes that have joined.
async fn apply_labels(folder: &Path) {
    let kubectl = variable("RACKWRIGHT_KUBECTL").unwrap();
    let command = format!(
        "set -o pipefail; {kubectl} get nodes --output name | sed 's|^node/\\(.*\\)|\"name\":\"\\1\"}}|' | grep -F -f - {}/nodes.jsonl | {kubectl} apply --server-side --field-manager rackwright-handover -f -",
        folder.display()
    );
    let output = run("bash", &["-c", &command], "").await.unwrap();
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn nodes_that_have_joined_get_their_labels_and_lose_them_again() {
    Cluster::fresh().await.unwrap();
    let joined = ["g1-n1", "h1-n1", "h2-n1"];
    let clean = [&["delete", "node", "--ignore-not-found"], &joined[..], &["g2-n1"]].concat();
    kubectl(&clean, "").await.unwrap();
    for name in joined {
        let node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name } },
        });
        kubectl(&["create", "--filename=-"], &node.to_string())
            .await
            .unwrap();
    }
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("handover");
    render(SITE, &folder).await;
    apply_labels(&folder).await;
    let ours = |extra: &[(&str, &str)], name: &str| {
        let mut labels = json!({ "kubernetes.io/hostname": name });
        for (key, value) in extra {
            labels[*key] = json!(value);
        }
        labels
    };
    let whole = [
        ("lvms.rackwright.dev/fast", "true"),
        ("nvidia.com/mig.config", "all-disabled"),
        ("rackwright.dev/pool", "whole"),
    ];
    let layout = ("nvidia.com/mig.config", "3x1g.10gb-1x3g.40gb");
    let pool = ("rackwright.dev/pool", "cut");
    assert_eq!(labels("g1-n1").await, ours(&whole, "g1-n1"));
    let cut = ours(&[("example.com/tenant", "research"), layout, pool], "h1-n1");
    assert_eq!(labels("h1-n1").await, cut);
    let nodes = kubectl(&["get", "nodes", "--output=name"], "").await.unwrap();
    assert!(
        !String::from_utf8_lossy(&nodes.stdout).contains("g2-n1"),
        "a node that has not joined must not be made"
    );

    // A label that the pool asks for no longer goes; what others set stays.
    let text = std::fs::read_to_string(root().join(SITE)).unwrap();
    let site = temporary.path().join("site.yaml");
    std::fs::write(
        &site,
        text.replace("    labels: { example.com/tenant: research }\n", ""),
    )
    .unwrap();
    render(&path(&site), &folder).await;
    apply_labels(&folder).await;
    assert_eq!(labels("h1-n1").await, ours(&[layout, pool], "h1-n1"));
    kubectl(&clean, "").await.unwrap();
}
