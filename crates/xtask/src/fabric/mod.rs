//! Fabrics of several sizes: wiring check against `ibnetdiscover --diff`, memory and time of designs, their files and their
//! check for each link, and the largest example.

mod artifacts;
mod simulator;
mod site;
mod wiring;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::measure::{self, Cost};
use crate::{optimised, root, say};

pub use wiring::check;

/// What is measured.
#[derive(Debug, Args)]
pub struct Fabric {
    /// HCAs of the fabric whose check is compared with ibnetdiscover's, in one subnet of eight rails
    #[arg(long, default_value_t = 4_096)]
    versus: u32,
    /// HCAs of the fabrics that are designed, written and checked
    #[arg(long, value_delimiter = ',', default_value = "4096,16384,65536")]
    hcas: Vec<u32>,
    /// Rounds; the least of each figure counts
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// The command line
    #[arg(long, default_value = "target/release/rackwright")]
    cli: PathBuf,
}

/// Measures and prints the tables.
pub fn run(args: &Fabric) -> anyhow::Result<()> {
    optimised()?;
    let cli = root().join(&args.cli);
    anyhow::ensure!(cli.exists(), "{} is missing; build it first", cli.display());
    let cores = std::thread::available_parallelism()?;
    say(&format!(
        "fabrics, {cores} cores, the least of {} rounds in turns",
        args.rounds
    ));
    wiring::versus(&cli, args.versus, args.rounds)?;
    wiring::sizes(&args.hcas, args.rounds)?;
    artifacts::sizes(&cli, &args.hcas, args.rounds)?;
    artifacts::hyperion(&cli)
}

/// Where files of a size lie.
fn folder(name: &str, hcas: u32) -> anyhow::Result<PathBuf> {
    let folder = root().join("target/bench/fabric").join(format!("{name}-{hcas}"));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Runs programs in turns; the least of each figure counts. Each ends with its exit code.
fn in_turns<const N: usize>(
    programs: [&dyn Fn() -> (Command, i32); N],
    rounds: u32,
) -> anyhow::Result<[Cost; N]> {
    let mut least: Vec<Cost> = Vec::new();
    for _ in 0..rounds.max(1) {
        for (at, program) in programs.iter().enumerate() {
            let (mut command, code) = program();
            let cost = measure::run_ending(&mut command, code)?;
            match least.get_mut(at) {
                Some(best) => *best = best.least(cost),
                None => least.push(cost),
            }
        }
    }
    least
        .try_into()
        .map_err(|_| anyhow::anyhow!("a program without a cost"))
}

/// What each link costs, by size.
fn per_link(title: &str, rows: &[(u32, u64, Cost)]) {
    say(&format!("\n{title}\n"));
    say("| HCAs | links | CPU s | wall s | peak MiB | CPU us a link | peak bytes a link |");
    say("|---|---|---|---|---|---|---|");
    for (hcas, links, cost) in rows {
        say(&format!(
            "| {hcas} | {links} | {:.3} | {:.3} | {:.1} | {:.2} | {} |",
            cost.cpu.as_secs_f64(),
            cost.wall.as_secs_f64(),
            mib(cost.peak),
            cost.cpu.as_secs_f64() * 1e6 / *links as f64,
            cost.peak / links,
        ));
    }
    if let [(few, fewer, small), .., (many, more, large)] = rows {
        let bytes = large.peak.saturating_sub(small.peak) / (more - fewer).max(1);
        let time = large.cpu.as_secs_f64() / *more as f64 / (small.cpu.as_secs_f64() / *fewer as f64);
        say(&format!(
            "\nfrom {few} to {many} HCAs: {bytes} bytes of memory for each further link, CPU time per link {time:.2} times"
        ));
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The bytes of all files below a folder.
fn size_of(folder: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        size += if kind.is_dir() {
            size_of(&entry.path())?
        } else {
            kind.len()
        };
    }
    Ok(size)
}
