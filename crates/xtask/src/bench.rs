//! The compiler against a floor: a program that parses the same inventory into the same types and serialises as many
//! NodeConfigs, and does nothing in between. Both run as programs of their own, in turns, in one run.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use rackwright_api::{
    Facts, Hash, InterfaceAddress, Management, Name, NodeConfig, NodeConfigSpec, NodeInventory, Rail, labels,
};

use crate::measure::{self, Cost};
use crate::{fleet, root, say};

/// Nodes that one measurement goes through at least: a small fleet runs several times, and the average counts.
const PRECISE: u32 = 200_000;

/// Runs the comparison and prints its table.
pub fn run(sizes: &[u32], rounds: u32) -> anyhow::Result<()> {
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
    let mut slope = Vec::new();
    for &size in sizes {
        let folder = root().join("target/bench").join(size.to_string());
        let nodes = fleet::write(&folder, size)?;
        let (mut floor, mut ours): (Option<Cost>, Option<Cost>) = (None, None);
        let repeats = (PRECISE / nodes).max(1);
        for _ in 0..rounds {
            let mut program = Command::new(std::env::current_exe()?);
            let cost = measure::run(program.arg("floor").arg(&folder), repeats)?;
            floor = Some(floor.map_or(cost, |best| best.least(cost)));
            let mut program = Command::new(&cli);
            let cost = measure::run(program.args(["plan", "--output", "jsonl"]).arg(&folder), repeats)?;
            ours = Some(ours.map_or(cost, |best| best.least(cost)));
        }
        let (floor, ours) = (floor.context("no round")?, ours.context("no round")?);
        row(nodes, "floor", floor);
        row(nodes, "rackwright plan", ours);
        say(&format!(
            "| {nodes} | ratio | {:.2} | {:.2} | {:.2} | {:.2} |",
            ours.cpu.as_secs_f64() / floor.cpu.as_secs_f64(),
            ours.wall.as_secs_f64() / floor.wall.as_secs_f64(),
            ours.peak as f64 / floor.peak as f64,
            ours.output as f64 / floor.output as f64,
        ));
        slope.push((nodes, ours.peak));
    }
    if let [(few, small), .., (many, large)] = slope[..] {
        let bytes = large.saturating_sub(small) / u64::from(many - few);
        say(&format!(
            "memory slope from {few} to {many} nodes: {bytes} bytes per node"
        ));
    }
    Ok(())
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
pub fn floor(folder: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(folder.join("inventory.jsonl"))?;
    let hash = Hash::new("00000000000000000000000000000000")?;
    let address = InterfaceAddress::new("10.128.100.200/10")?;
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for line in text.lines() {
        let found: NodeInventory = serde_json::from_str(line)?;
        let rails = found.spec.hcas.into_iter().map(|hca| Rail {
            guid: Some(hca.guid),
            ipv4: Some(address.clone()),
            leaf: None,
            port: None,
            rail: hca.rail,
        });
        let mut config = NodeConfig::new(
            found.metadata.name.as_deref().unwrap_or_default(),
            NodeConfigSpec {
                facts: Facts {
                    rack: Some(Name::new("a00001")?),
                    rails: rails.collect(),
                    wipe_consents: Vec::new(),
                },
                grant: None,
                hash: hash.clone(),
                management: Management::Managed,
                profile: "pool-00-000000000000".to_owned(),
            },
        );
        config.metadata.labels = Some([(labels::POOL.to_owned(), "pool-00".to_owned())].into());
        serde_json::to_writer(&mut out, &config)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}
