//! `make bench`, second part: 5,000 nodes on a real API server. How long the operator takes, what it asks of the server,
//! what it keeps in memory, and its rate of writes beside a bare loader's that creates the same objects.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use anyhow::Context;
use kube::api::{DeleteParams, ListParams};
use rackwright_e2e::audit::{Audit, counts};
use rackwright_e2e::cluster::{Cluster, Source};
use rackwright_e2e::operator::{Operator, USER};
use serde_json::{Value, json};
use tokio::time::Instant;

/// As many as Kubernetes supports in one cluster.
const NODES: usize = 5_000;
/// Requests that the bare loader keeps in flight: the operator's own limit.
const PARALLEL: usize = 16;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cluster = Cluster::fresh().await?;
    let operator = Operator::start(&[]).await?;
    operator.ready(&cluster).await?;
    let before = resident(&operator)?;
    let audit = Audit::from_now()?;
    let start = Instant::now();
    cluster.apply(Source::Text(&fleet())).await?;
    let written = async || {
        let answer = cluster
            .api("NodeConfig")
            .list_metadata(&ListParams::default().limit(1))
            .await?;
        let rest = usize::try_from(answer.metadata.remaining_item_count.unwrap_or_default())?;
        Ok(answer.items.len() + rest == NODES)
    };
    cluster.until("every NodeConfig is there", written).await?;
    let converged = start.elapsed();
    cluster.settled().await?;
    let writes = counts(&audit.writes(USER)?);
    let after = resident(&operator)?;

    let objects = cluster.list("NodeConfig").await?;
    operator.stop().await?;
    let loader = load(&cluster, &objects).await?;
    let rate = |wall: Duration| NODES as f64 / wall.as_secs_f64();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\noperator, {NODES} nodes, real API server, {} cores",
        std::thread::available_parallelism()?
    )?;
    writeln!(
        out,
        "converged in {:.1} s from `kubectl apply` on: {:.0} nodes/s",
        converged.as_secs_f64(),
        rate(converged)
    )?;
    writeln!(
        out,
        "bare loader, {PARALLEL} in flight, same objects: {:.1} s, {:.0} objects/s",
        loader.as_secs_f64(),
        rate(loader)
    )?;
    writeln!(out, "operator / loader: {:.2}", rate(converged) / rate(loader))?;
    writeln!(
        out,
        "operator's resident memory: {:.1} MiB idle, {:.1} MiB with the nodes: {} bytes a node",
        mib(before),
        mib(after),
        after.saturating_sub(before) / NODES as u64
    )?;
    writeln!(out, "mutating calls of the operator: {writes:?}")?;
    drop(out);
    cluster.reset().await
}

/// 10 pools of 500 nodes in racks of 4, with eight rails each.
fn fleet() -> String {
    let object = |kind: &str, name: &str, spec: Value| {
        json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}).to_string()
    };
    let mut texts = vec![
        object(
            "Supercluster",
            "fleet",
            json!({"racks": [{"names": "r[0001-1250]", "nodes": "n[1-4]", "system": "dgx-b200"}]}),
        ),
        object(
            "InfiniBandFabric",
            "compute",
            json!({"supercluster": "fleet", "plane": "Compute", "topology": {"type": "FatTree", "rails": 8}, "addressing": {"ipv4": "10.64.0.0/12"}}),
        ),
    ];
    for pool in 0..10 {
        let racks = format!("r[{:04}-{:04}]", pool * 125 + 1, pool * 125 + 125);
        texts.push(object(
            "GPUPool",
            &format!("pool-{pool}"),
            json!({"supercluster": "fleet", "nodes": {"racks": racks}, "fabrics": [{"name": "compute"}]}),
        ));
    }
    texts.join("\n---\n")
}

/// Deletes the NodeConfigs and creates the same again, with nothing in between.
async fn load(cluster: &Cluster, objects: &BTreeMap<String, Value>) -> anyhow::Result<Duration> {
    cluster
        .api("NodeConfig")
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await?;
    let bare = objects
        .values()
        .map(|object| {
            let metadata = json!({"name": object["metadata"]["name"], "labels": object["metadata"]["labels"]});
            json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": metadata, "spec": object["spec"]})
        })
        .collect();
    let start = Instant::now();
    cluster.create_all("NodeConfig", bare, PARALLEL).await?;
    Ok(start.elapsed())
}

fn resident(operator: &Operator) -> anyhow::Result<u64> {
    let id = operator.id().context("the operator has ended")?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
