//! The CRDs on the real API server.

use rackwright_e2e::cluster::{Cluster, INTENTS, kubectl, path};
use rackwright_e2e::root;
use serde_json::json;

/// Plain `kubectl apply` of the committed files: accepted, and the server has nothing to warn of.
#[tokio::test]
async fn accepted_without_a_warning() {
    Cluster::fresh().await.unwrap();
    let crds = path(&root().join("crds"));
    for mode in [
        &["apply", "--server-side", "--force-conflicts", "-f"][..],
        &["apply", "--dry-run=server", "-f"][..],
    ] {
        let output = kubectl(&[mode, &[&crds]].concat(), "").await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        // Client-side apply over server-side applied objects has something to say of its own.
        let warnings: Vec<&str> = stderr
            .lines()
            .filter(|line| line.contains("Warning") && !line.contains("last-applied-configuration"))
            .collect();
        assert_eq!(warnings, Vec::<&str>::new());
    }
}

/// An object that nobody looked at yet does not read as current (kstatus).
#[tokio::test]
async fn a_new_object_says_that_nobody_looked_at_it() {
    let cluster = Cluster::fresh().await.unwrap();
    let object = json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": "Supercluster", "metadata": {"name": "lab"}, "spec": {}});
    cluster.create_all("Supercluster", vec![object], 1).await.unwrap();
    assert_eq!(
        cluster.get("Supercluster", "lab").await.unwrap()["status"],
        json!({"observedGeneration": -1})
    );
}

/// `kubectl get rackwright` lists every kind; short names work.
#[tokio::test]
async fn categories_and_short_names() {
    Cluster::fresh().await.unwrap();
    for word in ["rackwright", "sc", "gp", "ibf", "st", "nprof", "nc", "ni"] {
        kubectl(&["get", word], "").await.unwrap();
    }
    assert_eq!(INTENTS.len(), 4);
}

/// A profile is immutable, and a partition's name is bound to its key.
#[tokio::test]
async fn transition_rules_hold() {
    let cluster = Cluster::fresh().await.unwrap();
    let profile = |schema: u32| {
        json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": "NodeProfile", "metadata": {"name": "p"}, "spec": {"schema": schema}}).to_string()
    };
    cluster
        .apply(rackwright_e2e::cluster::Source::Text(&profile(1)))
        .await
        .unwrap();
    let refused = cluster
        .apply(rackwright_e2e::cluster::Source::Text(&profile(2)))
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("a profile is immutable"), "{refused}");

    let fabric = |name: &str| {
        json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": "InfiniBandFabric", "metadata": {"name": "f"}, "spec": {
            "supercluster": "lab", "plane": "Compute", "topology": {"type": "FatTree", "rails": 4},
            "partitions": [{"name": name, "pkey": "0x0011"}]}})
        .to_string()
    };
    cluster
        .apply(rackwright_e2e::cluster::Source::Text(&fabric("team-a")))
        .await
        .unwrap();
    let refused = cluster
        .apply(rackwright_e2e::cluster::Source::Text(&fabric("team-b")))
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("a partition's name cannot change"), "{refused}");
}
