//! `make bench`, third part: a cluster as one side of a diff, on a real API server. How long `rackwright diff live:` takes beside
//! bare lists of the same objects by curl, and beside `kubectl diff`, for each node.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use kube::api::ListParams;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use rackwright_e2e::cluster::{Cluster, INTENTS, RESULTS, Source, kubectl, path, resource};
use rackwright_e2e::operator::Operator;
use rackwright_e2e::{program, variable};
use serde_json::{Value, json};
use tokio::time::Instant;

/// As many as Kubernetes supports in one cluster.
const NODES: usize = 5_000;
/// NodeConfigs that kubectl compares: it takes each by itself, so a sample tells; its start is a small part of so many.
const SAMPLE: usize = 500;
/// Each program runs so often, in turns; the least counts.
const ROUNDS: usize = 7;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let site = folder.path().join("site.yaml");
    fs::write(&site, fleet())?;
    let cluster = Cluster::fresh().await?;
    fill(&cluster, &site).await?;
    let edited = folder.path().join("edited.yaml");
    fs::write(
        &edited,
        fleet().replace("\"vm.swappiness\":\"1\"", "\"vm.swappiness\":\"2\""),
    )?;
    let configs = cluster.list("NodeConfig").await?;
    let sample = folder.path().join("sample.json");
    fs::write(&sample, listed(&configs, SAMPLE))?;
    let curl = curl(folder.path()).await?;

    let cli = path(&program("rackwright")?);
    let (site, edited) = (path(&site), path(&edited));
    let kubectl = variable("RACKWRIGHT_KUBECTL")?;
    let sample = path(&sample);
    let curl: Vec<&str> = curl.iter().map(String::as_str).collect();
    let beside = ["--parallel", "--parallel-immediate"];
    let runs: [(&str, usize, Vec<&str>); 5] = [
        ("curl, bare lists of the same objects", NODES, curl.clone()),
        (
            "curl, the same lists beside each other",
            NODES,
            [&curl[..], &beside].concat(),
        ),
        (
            "rackwright diff live: DIR, nothing differs",
            NODES,
            vec![&cli, "diff", "live:", &site],
        ),
        (
            "rackwright diff live: DIR, every node differs",
            NODES,
            vec![&cli, "diff", "live:", &edited, "--exit-zero"],
        ),
        (
            "kubectl diff of the NodeConfigs",
            SAMPLE,
            vec![&kubectl, "diff", "-f", &sample],
        ),
    ];
    let mut least: Vec<Option<Cost>> = vec![None; runs.len()];
    for _ in 0..ROUNDS {
        for (at, (what, _, line)) in runs.iter().enumerate() {
            let cost = measured(line).with_context(|| (*what).to_owned())?;
            least[at] = Some(least[at].map_or(cost, |before| before.least(cost)));
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\na cluster of {NODES} nodes (as many NodeInventory and NodeConfig objects), real API server, {} cores, the least of {ROUNDS} rounds",
        std::thread::available_parallelism()?
    )?;
    writeln!(
        out,
        "\n| program | nodes | CPU s | wall s | CPU, wall / bare lists | wall ms a node |\n|---|---|---|---|---|---|"
    )?;
    let bare = least[0].context("no round")?;
    for ((what, nodes, _), cost) in runs.iter().zip(&least) {
        let cost = cost.context("no round")?;
        let of_bare = if *nodes == NODES {
            format!("{:.2}, {:.2}", cost.cpu / bare.cpu, cost.wall / bare.wall)
        } else {
            "-".to_owned()
        };
        let each = cost.wall * 1_000.0 / *nodes as f64;
        writeln!(
            out,
            "| {what} | {nodes} | {:.3} | {:.3} | {of_bare} | {each:.4} |",
            cost.cpu, cost.wall
        )?;
    }
    let each = |at: usize| least[at].map_or(0.0, |cost| cost.wall / runs[at].1 as f64);
    writeln!(
        out,
        "\nkubectl diff / rackwright diff, wall time for each node: {:.0}",
        each(4) / each(2)
    )?;
    drop(out);
    cluster.reset().await
}

/// CPU and wall time, in seconds.
#[derive(Clone, Copy)]
struct Cost {
    cpu: f64,
    wall: f64,
}

impl Cost {
    fn least(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.min(other.cpu),
            wall: self.wall.min(other.wall),
        }
    }
}

fn measured(line: &[&str]) -> anyhow::Result<Cost> {
    let before = children()?;
    let start = Instant::now();
    let output = Command::new(line[0])
        .args(&line[1..])
        .stdout(Stdio::null())
        .output()?;
    let wall = start.elapsed().as_secs_f64();
    ensure!(
        output.status.success(),
        "{line:?}: {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(Cost {
        cpu: children()? - before,
        wall,
    })
}

/// CPU seconds of all processes that were waited for.
fn children() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1_000_000.0)
}

/// Inventories as agents write them, documents, and the operator's work; then the operator goes.
async fn fill(cluster: &Cluster, site: &Path) -> anyhow::Result<()> {
    let inventories = (0..NODES).map(inventory).collect();
    cluster.create_all("NodeInventory", inventories, 16).await?;
    cluster.apply(Source::Path(site)).await?;
    let operator = Operator::start(&[]).await?;
    let written = async || {
        let one = ListParams::default().limit(1);
        let answer = cluster.api("NodeConfig").list_metadata(&one).await?;
        let rest = usize::try_from(answer.metadata.remaining_item_count.unwrap_or_default())?;
        Ok(answer.items.len() + rest == NODES)
    };
    cluster.until("every NodeConfig is there", written).await?;
    cluster.settled().await?;
    operator.stop().await
}

/// Eight ports, eight GPUs and eight disks, as a DGX has them.
fn inventory(at: usize) -> Value {
    let each = |item: &dyn Fn(usize) -> Value| (0..8).map(item).collect::<Vec<Value>>();
    json!({
        "apiVersion": "rackwright.dev/v1alpha1",
        "kind": "NodeInventory",
        "metadata": {"name": format!("r{:04}-n{}", at / 4 + 1, at % 4 + 1)},
        "spec": {
            "disks": each(&|disk| json!({"id": format!("nvme-{at}-{disk}"), "model": "SAMSUNG MZWLO3T8", "sizeBytes": 3_840_755_982_336_u64})),
            "gpus": each(&|gpu| json!({"memoryMiB": 183_359, "pciAddress": format!("0000:{:02x}:00.0", 16 + gpu), "product": "NVIDIA B200"})),
            "hcas": each(&|rail| json!({"device": format!("mlx5_{rail}"), "guid": format!("{:#018x}", 0x0002_c903_0000_0000_usize + at * 8 + rail), "rail": rail})),
        },
    })
}

/// 10 pools of 500 nodes in racks of 4, with eight rails each.
fn fleet() -> String {
    let object = |kind: &str, name: &str, spec: Value| {
        json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}).to_string()
    };
    let topology = json!({"type": "FatTree", "rails": 8});
    let racks = json!([{"names": "r[0001-1250]", "nodes": "n[1-4]", "system": "dgx-b200"}]);
    let mut texts = vec![
        object("Supercluster", "fleet", json!({"racks": racks})),
        object(
            "InfiniBandFabric",
            "compute",
            json!({"supercluster": "fleet", "plane": "Compute", "topology": topology, "addressing": {"ipv4": "10.64.0.0/12"}}),
        ),
    ];
    for pool in 0..10 {
        let racks = format!("r[{:04}-{:04}]", pool * 125 + 1, pool * 125 + 125);
        let host = json!({"sysctls": {"vm.swappiness": "1"}});
        texts.push(object(
            "GPUPool",
            &format!("pool-{pool}"),
            json!({"supercluster": "fleet", "nodes": {"racks": racks}, "fabrics": [{"name": "compute"}], "host": host}),
        ));
    }
    texts.join("\n---\n")
}

/// Some objects as a person would hand them to kubectl.
fn listed(objects: &BTreeMap<String, Value>, number: usize) -> String {
    let bare = objects.values().take(number).map(|object| {
        let metadata = json!({"name": object["metadata"]["name"], "labels": object["metadata"]["labels"]});
        json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": metadata, "spec": object["spec"]})
    });
    let items: Vec<Value> = bare.collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// A curl that lists what a diff reads, each kind whole, over one connection.
async fn curl(folder: &Path) -> anyhow::Result<Vec<String>> {
    let view = ["config", "view", "--raw", "--flatten", "--minify", "-o", "json"];
    let config: Value = serde_json::from_slice(&kubectl(&view, "").await?.stdout)?;
    let (cluster, user) = (&config["clusters"][0]["cluster"], &config["users"][0]["user"]);
    // For what calls itself curl the API server indents its JSON, which is more than twice as long and as slow.
    let line = ["curl", "--silent", "--fail", "--user-agent", "bare"];
    let mut line: Vec<String> = line.into_iter().map(str::to_owned).collect();
    // Who asks has a token or a certificate.
    if let Some(token) = user["token"].as_str() {
        line.extend(["--header".to_owned(), format!("Authorization: Bearer {token}")]);
    }
    for (flag, data) in [
        ("--cacert", &cluster["certificate-authority-data"]),
        ("--cert", &user["client-certificate-data"]),
        ("--key", &user["client-key-data"]),
    ] {
        let Some(encoded) = data.as_str() else { continue };
        let file: PathBuf = folder.join(&flag[2..]);
        fs::write(&file, decoded(encoded)?)?;
        line.extend([flag.to_owned(), path(&file)]);
    }
    let server = cluster["server"]
        .as_str()
        .context("the kubeconfig has no server")?;
    for kind in INTENTS.into_iter().chain(RESULTS) {
        let resource = resource(kind);
        line.push(format!(
            "{server}/apis/{}/{}",
            resource.api_version, resource.plural
        ));
    }
    Ok(line)
}

/// Base64, by the program that every Linux has.
fn decoded(text: &str) -> anyhow::Result<Vec<u8>> {
    let mut child = Command::new("base64")
        .arg("--decode")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .context("no pipe")?
        .write_all(text.as_bytes())?;
    Ok(child.wait_with_output()?.stdout)
}
