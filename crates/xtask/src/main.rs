//! House work on the repository: `cargo xtask generate [--check]`, `cargo xtask house`; and the benchmarks of `make bench`.

mod bench;
mod catalogue;
mod classes;
mod diffbench;
mod fabric;
mod fleet;
mod generate;
mod house;
mod incremental;
mod measure;
mod peers;
mod pictures;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "House work on the repository")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write what is generated: CRDs, rule pages, CLI reference
    Generate {
        /// Write nothing; fail if a file would change
        #[arg(long)]
        check: bool,
    },
    /// Check the rules of the house: pure crates stay pure, arrows point downwards, files stay short
    House,
    /// Compare the compiler with the floor program, in one run
    Bench {
        /// Fleet sizes, in nodes
        #[arg(long, value_delimiter = ',', default_value = "10000,100000,600000")]
        nodes: Vec<u32>,
        /// Rounds; the least of each figure counts
        #[arg(long, default_value_t = 3)]
        rounds: u32,
    },
    /// Compare the command line with the programs that people would otherwise use, in one run
    Peers(peers::Peers),
    /// Compare the wiring check with `ibnetdiscover --diff`, and measure fabrics by size, in one run
    Fabric(fabric::Fabric),
    /// The wiring check of a fabric of so many HCAs against a capture
    #[command(hide = true)]
    FabricCheck {
        /// HCAs
        hcas: u32,
        /// What `fabric` wrote
        capture: PathBuf,
    },
    /// The floor program: parse a folder's inventories, serialise as many NodeConfigs, and nothing else
    #[command(hide = true)]
    Floor {
        /// The folder that `bench` wrote
        folder: PathBuf,
        /// The plan that `bench` wrote: parse it as well
        #[arg(long)]
        previous: Option<PathBuf>,
    },
    /// The diff of two plans by field
    #[command(hide = true)]
    Diff {
        /// The old plan, as JSON lines
        old: PathBuf,
        /// The new one
        new: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::Generate { check } => generate::run(check),
        Command::House => house::run(),
        Command::Bench { nodes, rounds } => bench::run(&nodes, rounds),
        Command::Floor { folder, previous } => bench::floor(&folder, previous.as_deref()),
        Command::Peers(args) => peers::run(&args),
        Command::Fabric(args) => fabric::run(&args),
        Command::FabricCheck { hcas, capture } => fabric::check(hcas, &capture),
        Command::Diff { old, new } => diffbench::run(&old, &new),
    }
}

/// The repository's root, from where this crate lies in it.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Fails where this program is built without optimisation: the floor and the diff by field, which are measured, are
/// parts of it.
fn optimised() -> anyhow::Result<()> {
    anyhow::ensure!(
        !cfg!(debug_assertions),
        "this program is measured too and is built without optimisation: use `make bench`, or build both with --release"
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_measured_without_optimisation() {
        for benchmark in ["bench", "fabric", "peers"] {
            let run = match Args::parse_from(["xtask", benchmark]).command {
                Command::Bench { .. } => bench::run(&[], 1),
                Command::Fabric(args) => fabric::run(&args),
                Command::Peers(args) => peers::run(&args),
                _ => Ok(()),
            };
            let said = run.map_or_else(|error| error.to_string(), |()| String::new());
            assert!(said.contains("without optimisation"), "{benchmark}: {said}");
        }
    }
}
