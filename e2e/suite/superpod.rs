//! The main job on the published four-unit SuperPOD: what the operator writes is what `rackwright plan` prints, each change
//! writes exactly what it changes, and nothing else ever writes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use kube::ResourceExt;
use rackwright_api::hash::canonical_json;
use rackwright_e2e::audit::{Audit, counts};
use rackwright_e2e::cluster::{Cluster, INTENTS, Source, path, run};
use rackwright_e2e::operator::{Operator, USER};
use rackwright_e2e::{program, root};
use serde_json::{Value, json};

use crate::changes::Changes;

pub fn example() -> PathBuf {
    root().join("examples/superpod-b200")
}

/// What `rackwright plan` prints for paths and flags, by kind and name: the pool and the canonical spec.
pub async fn planned(arguments: &[&str]) -> BTreeMap<(String, String), (String, String)> {
    let cli = path(&program("rackwright").unwrap());
    let output = run(&cli, &[&["plan", "--output", "jsonl"], arguments].concat(), "")
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| entry(&serde_json::from_str(line).unwrap()))
        .collect()
}

fn entry(object: &Value) -> ((String, String), (String, String)) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pool = text(&object["metadata"]["labels"]["rackwright.dev/pool"]);
    (
        (text(&object["kind"]), text(&object["metadata"]["name"])),
        (pool, canonical_json(&object["spec"]).unwrap()),
    )
}

/// What the cluster holds, in the same shape.
pub async fn written(cluster: &Cluster) -> BTreeMap<(String, String), (String, String)> {
    let mut written = BTreeMap::new();
    for kind in ["NodeProfile", "NodeConfig"] {
        written.extend(cluster.list(kind).await.unwrap().values().map(entry));
    }
    written
}

/// Long enough for a debounced compile to have happened, had there been a reason for one.
async fn quiet() {
    tokio::time::sleep(Duration::from_secs(3)).await;
}

#[tokio::test]
async fn the_operator_writes_what_the_plan_prints_and_nothing_twice() {
    let cluster = Cluster::fresh().await.unwrap();
    let audit = Audit::from_now().unwrap();
    let changes = Changes::from_now(&cluster).await.unwrap();
    cluster.apply(Source::Path(&example())).await.unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster.settled().await.unwrap();

    let planned = planned(&[&path(&example())]).await;
    assert_eq!(written(&cluster).await, planned, "byte for byte");
    let nodes = planned.keys().filter(|(kind, _)| kind == "NodeConfig").count();
    let profiles = planned.len() - nodes;
    assert_eq!(nodes, 128);

    quiet().await;
    let intents = intents(&cluster).await;
    let (statuses, finalizers) = changes.counts();
    let writes = audit.writes(USER).unwrap();
    let mut by_kind = counts(&writes);
    println!(
        "writes: {by_kind:?}; nodes {nodes}, profiles {profiles}, status changes {statuses}, finalizers {finalizers}"
    );
    assert_eq!(by_kind.remove("create nodeconfigs"), Some(nodes));
    assert_eq!(by_kind.remove("create nodeprofiles"), Some(profiles));
    let status_writes: usize = by_kind
        .extract_if(.., |what, _| what.ends_with("/status"))
        .map(|(_, count)| count)
        .sum();
    assert_eq!(status_writes, statuses);
    assert_eq!(finalizers, intents);
    assert_eq!(by_kind.values().sum::<usize>(), finalizers, "{by_kind:?}");
    assert!(
        writes.iter().all(|write| write.code() < 300),
        "a write was refused: {writes:?}"
    );
    sizes(&cluster).await;

    no_write_without_a_change(&cluster, operator).await;
}

async fn intents(cluster: &Cluster) -> usize {
    let mut count = 0;
    for kind in INTENTS {
        count += cluster.list(kind).await.unwrap().len();
    }
    count
}

/// A restart, a re-apply, a touched label, a resync.
async fn no_write_without_a_change(cluster: &Cluster, operator: Operator) {
    let audit = Audit::from_now().unwrap();
    operator.stop().await.unwrap();
    let operator = Operator::start(&["--resync", "2s"]).await.unwrap();
    operator.ready(cluster).await.unwrap();
    quiet().await;
    assert_eq!(
        counts(&audit.writes(USER).unwrap()),
        BTreeMap::new(),
        "after a restart and a resync"
    );

    cluster.apply(Source::Path(&example())).await.unwrap();
    quiet().await;
    assert_eq!(
        counts(&audit.writes(USER).unwrap()),
        BTreeMap::new(),
        "after the same YAML again"
    );

    for pool in cluster.list("GPUPool").await.unwrap().keys() {
        let patch = kube::api::Patch::Merge(json!({"metadata": {"annotations": {"note": "no-op"}}}));
        cluster
            .api("GPUPool")
            .patch(pool, &kube::api::PatchParams::default(), &patch)
            .await
            .unwrap();
    }
    quiet().await;
    assert_eq!(
        counts(&audit.writes(USER).unwrap()),
        BTreeMap::new(),
        "after an edit that changes nothing"
    );
    operator.stop().await.unwrap();
}

/// Prints and bounds what one NodeConfig costs in etcd.
async fn sizes(cluster: &Cluster) {
    let configs = cluster
        .api("NodeConfig")
        .list(&kube::api::ListParams::default())
        .await
        .unwrap();
    let mut with: Vec<usize> = configs
        .iter()
        .map(|object| serde_json::to_vec(object).unwrap().len())
        .collect();
    let mut without: Vec<usize> = configs
        .into_iter()
        .map(|mut object| {
            object.managed_fields_mut().clear();
            object.metadata.managed_fields = None;
            serde_json::to_vec(&object).unwrap().len()
        })
        .collect();
    with.sort_unstable();
    without.sort_unstable();
    let middle = with.len() / 2;
    println!(
        "NodeConfig as JSON: p50 {} bytes without managedFields, {} with",
        without[middle], with[middle]
    );
    assert!(without[middle] <= 1024);
}

/// One sysctl in one pool: its nodes, its profile, its status; the old profile goes.
#[tokio::test]
async fn one_sysctl_in_one_pool_rewrites_exactly_its_nodes() {
    let cluster = Cluster::fresh().await.unwrap();
    cluster.apply(Source::Path(&example())).await.unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster.settled().await.unwrap();
    quiet().await;
    let before = cluster.list("NodeConfig").await.unwrap();
    let (pool, of_pool) = smallest_pool(&before);
    assert!(!of_pool.is_empty() && of_pool.len() < before.len());

    let audit = Audit::from_now().unwrap();
    let changes = Changes::from_now(&cluster).await.unwrap();
    let patch = kube::api::Patch::Merge(json!({"spec": {"host": {"sysctls": {"vm.swappiness": "7"}}}}));
    cluster
        .api("GPUPool")
        .patch(&pool, &kube::api::PatchParams::default(), &patch)
        .await
        .unwrap();
    cluster.settled().await.unwrap();
    quiet().await;

    let after = cluster.list("NodeConfig").await.unwrap();
    let rewritten: Vec<&String> = before
        .keys()
        .filter(|name| after[*name]["spec"] != before[*name]["spec"])
        .collect();
    assert_eq!(rewritten, of_pool.iter().collect::<Vec<_>>());
    let writes = audit.writes(USER).unwrap();
    let mut by_kind = counts(&writes);
    println!(
        "writes for one sysctl in pool {pool} of {} nodes: {by_kind:?}",
        of_pool.len()
    );
    assert_eq!(by_kind.remove("patch nodeconfigs"), Some(of_pool.len()));
    assert_eq!(by_kind.remove("create nodeprofiles"), Some(1));
    assert_eq!(by_kind.remove("delete nodeprofiles"), Some(1));
    let statuses = by_kind.remove("patch gpupools/status").unwrap_or_default();
    assert_eq!((statuses, 0), changes.counts());
    assert_eq!(by_kind, BTreeMap::new());
    operator.stop().await.unwrap();
}

/// The pool with the fewest nodes, and their names.
pub fn smallest_pool(configs: &BTreeMap<String, Value>) -> (String, Vec<String>) {
    let mut pools: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, config) in configs {
        let pool = config["metadata"]["labels"]["rackwright.dev/pool"]
            .as_str()
            .unwrap()
            .to_owned();
        pools.entry(pool).or_default().push(name.clone());
    }
    pools.into_iter().min_by_key(|(_, nodes)| nodes.len()).unwrap()
}

/// A hand on a NodeConfig is put right, with one write; a grant is not ours and stays.
#[tokio::test]
async fn a_foreign_edit_is_put_right_and_a_grant_stays() {
    let cluster = Cluster::fresh().await.unwrap();
    cluster
        .apply(Source::Path(&root().join("examples/tiny")))
        .await
        .unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster.settled().await.unwrap();
    let name = cluster
        .list("NodeConfig")
        .await
        .unwrap()
        .into_keys()
        .next()
        .unwrap();
    let before = cluster.get("NodeConfig", &name).await.unwrap();
    let audit = Audit::from_now().unwrap();
    let grant = json!({"hash": before["spec"]["hash"], "wave": 1});
    let patch = kube::api::Patch::Merge(json!({"spec": {"grant": grant, "facts": {"rack": "elsewhere"}}}));
    cluster
        .api("NodeConfig")
        .patch(&name, &kube::api::PatchParams::default(), &patch)
        .await
        .unwrap();
    cluster
        .until("the rack is right again", async || {
            Ok(cluster.get("NodeConfig", &name).await?["spec"]["facts"] == before["spec"]["facts"])
        })
        .await
        .unwrap();
    quiet().await;
    assert_eq!(
        cluster.get("NodeConfig", &name).await.unwrap()["spec"]["grant"],
        grant
    );
    let config_writes = audit
        .writes(USER)
        .unwrap()
        .iter()
        .filter(|write| write.resource() == "nodeconfigs")
        .count();
    assert_eq!(config_writes, 1);
    operator.stop().await.unwrap();
}
