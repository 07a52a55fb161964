//! The compiler against a floor: a program that parses the same inventory into the same types and serialises as many
//! NodeConfigs, and does nothing in between. Both run as programs of their own, in turns, in one run.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rackwright_api::{
    Facts, Hash, InterfaceAddress, Management, Name, NodeConfig, NodeConfigSpec, NodeInventory, Rail, labels,
};

use crate::fleet::Fabrics;
use crate::measure::{self, Cost};
use crate::{fleet, incremental, optimised, root, say};

/// Nodes that one measurement goes through at least: a small fleet runs several times, and the average counts.
const PRECISE: u32 = 200_000;

/// Runs the comparison and prints its tables.
pub fn run(sizes: &[u32], rounds: u32) -> anyhow::Result<()> {
    optimised()?;
    let cli = root().join("target/release/rackwright");
    anyhow::ensure!(
        cli.exists(),
        "{} is missing; run `make bench`, which builds it",
        cli.display()
    );
    let cores = std::thread::available_parallelism()?;
    say(&format!(
        "compiler against floor, {cores} cores, the least of {rounds} rounds"
    ));
    say("| nodes | program | CPU s | wall s | peak MiB | output MiB |");
    say("|---|---|---|---|---|---|");
    let mut plans = Vec::new();
    for &size in sizes {
        let fleet = Fleet::write(size, &cli)?;
        plans.push((fleet.nodes, fleet.compare(&cli, rounds)?));
    }
    growth(&plans);
    say("");
    say(
        "edit of one pool of twenty: compiled alone and in full, in one process, without reading and printing",
    );
    say("| nodes | nodes compiled | full s | alone s | ratio |");
    say("|---|---|---|---|---|");
    for &size in sizes {
        incremental::run(&folder(size), rounds)?;
    }
    Ok(())
}

fn folder(size: u32) -> PathBuf {
    root().join("target/bench").join(size.to_string())
}

/// A fleet on disk, and its plan.
struct Fleet {
    nodes: u32,
    folder: PathBuf,
    previous: PathBuf,
}

impl Fleet {
    fn write(size: u32, cli: &Path) -> anyhow::Result<Self> {
        let folder = folder(size);
        let nodes = fleet::write(&folder, size, Fabrics::Wired)?;
        let previous = folder.with_extension("plan.jsonl");
        let mut plan = Command::new(cli);
        plan.args(["plan", "--output", "jsonl"]).arg(&folder);
        let status = plan
            .stdout(File::create(&previous)?)
            .stderr(Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "{plan:?} ended with {status}");
        Ok(Self {
            nodes,
            folder,
            previous,
        })
    }

    /// Measures floor and compiler, without and with the previous plan, in turns; returns what the compiler costs
    /// without.
    fn compare(&self, cli: &Path, rounds: u32) -> anyhow::Result<Cost> {
        let floor = || {
            let mut program = Command::new(std::env::current_exe()?);
            program.arg("floor").arg(&self.folder);
            anyhow::Ok(program)
        };
        let ours = || {
            let mut program = Command::new(cli);
            program.args(["plan", "--output", "jsonl"]).arg(&self.folder);
            program
        };
        let with_previous = |mut program: Command| {
            program.arg("--previous").arg(&self.previous);
            program
        };
        let mut least: [Option<Cost>; 4] = [None; 4];
        let repeats = (PRECISE / self.nodes).max(1);
        for _ in 0..rounds {
            let programs = [floor()?, ours(), with_previous(floor()?), with_previous(ours())];
            for (mut program, least) in programs.into_iter().zip(&mut least) {
                let cost = measure::run(&mut program, repeats)?;
                *least = Some(least.map_or(cost, |best| best.least(cost)));
            }
        }
        let [Some(floor), Some(ours), Some(floor_previous), Some(ours_previous)] = least else {
            anyhow::bail!("no round");
        };
        row(self.nodes, "floor", floor);
        row(self.nodes, "rackwright plan", ours);
        ratio(self.nodes, "ratio", floor, ours);
        row(self.nodes, "floor, reading the previous plan too", floor_previous);
        row(self.nodes, "rackwright plan --previous", ours_previous);
        ratio(self.nodes, "ratio to that floor", floor_previous, ours_previous);
        ratio(
            self.nodes,
            "ratio to the floor that does not read it",
            floor,
            ours_previous,
        );
        Ok(ours)
    }
}

/// How memory and time grow from the smallest to the largest fleet.
fn growth(plans: &[(u32, Cost)]) {
    if let [(few, small), .., (many, large)] = plans {
        let bytes = large.peak.saturating_sub(small.peak) / u64::from(many - few);
        let time = (large.cpu.as_secs_f64() / f64::from(*many)) / (small.cpu.as_secs_f64() / f64::from(*few));
        say(&format!(
            "from {few} to {many} nodes: {bytes} bytes of memory for each node, CPU time per node {time:.2} times"
        ));
    }
}

fn ratio(nodes: u32, name: &str, floor: Cost, ours: Cost) {
    say(&format!(
        "| {nodes} | {name} | {:.2} | {:.2} | {:.2} | {:.2} |",
        ours.cpu.as_secs_f64() / floor.cpu.as_secs_f64(),
        ours.wall.as_secs_f64() / floor.wall.as_secs_f64(),
        ours.peak as f64 / floor.peak as f64,
        ours.output as f64 / floor.output as f64,
    ));
}

fn row(nodes: u32, program: &str, cost: Cost) {
    const MIB: f64 = 1024.0 * 1024.0;
    say(&format!(
        "| {nodes} | {program} | {:.3} | {:.3} | {:.1} | {:.1} |",
        cost.cpu.as_secs_f64(),
        cost.wall.as_secs_f64(),
        cost.peak as f64 / MIB,
        cost.output as f64 / MIB,
    ));
}

/// The floor program.
pub fn floor(folder: &Path, previous: Option<&Path>) -> anyhow::Result<()> {
    if let Some(previous) = previous {
        // The plan stays in memory, as the compiler must keep what it holds.
        std::hint::black_box(configs(previous)?);
    }
    let text = std::fs::read_to_string(folder.join("inventory.jsonl"))?;
    let hash = Hash::new("00000000000000000000000000000000")?;
    let address = InterfaceAddress::new("10.128.100.200/10")?;
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for line in text.lines() {
        let found: NodeInventory = serde_json::from_str(line)?;
        let rails = found.spec.hcas.into_iter().map(|hca| Rail {
            guid: Some(hca.guid),
            ipv4: Some(address.clone()),
            rail: hca.rail,
        });
        let mut config = NodeConfig::new(
            found.metadata.name.as_deref().unwrap_or_default(),
            NodeConfigSpec {
                facts: Facts {
                    imex_peers: None,
                    rack: Some(Name::new("a00001")?),
                    rails: rails.collect(),
                    wipe_consents: Vec::new(),
                },
                grant: None,
                hash: hash.clone(),
                management: Management::Managed,
                profile: "pool-00-000000000000".to_owned(),
                quarantined: Vec::new(),
            },
        );
        config.metadata.labels = Some([(labels::POOL.to_owned(), "pool-00".to_owned())].into());
        serde_json::to_writer(&mut out, &config)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// The NodeConfigs of a plan in JSON lines.
fn configs(plan: &Path) -> anyhow::Result<Vec<NodeConfig>> {
    let text = std::fs::read_to_string(plan)?;
    let configs = text
        .lines()
        .filter(|line| line.contains("\"kind\":\"NodeConfig\""));
    Ok(configs.map(serde_json::from_str).collect::<Result<_, _>>()?)
}
