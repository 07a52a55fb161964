//! House work on the repository: `cargo xtask generate [--check]`, `cargo xtask house`, `cargo xtask bench`.

mod generate;

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
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::Generate { check } => generate::run(check),
    }
}
