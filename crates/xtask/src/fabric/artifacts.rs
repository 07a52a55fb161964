//! Designs and their files by size, and the largest example whole.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::{folder, in_turns, mib, per_link, site, size_of};
use crate::{measure, root, say};

/// `fabric render` of one fabric, each of its eight rails a subnet of its own.
pub fn sizes(cli: &Path, sizes: &[u32], rounds: u32) -> anyhow::Result<()> {
    let (mut rows, mut files) = (Vec::new(), Vec::new());
    for &hcas in sizes {
        let folder = folder("render", hcas)?;
        let (documents, out) = (folder.join("site.yaml"), folder.join("out"));
        site::write(&documents, hcas, true)?;
        let render = || {
            let mut command = Command::new(cli);
            command.args(["fabric", "render", "--planned", "--out"]);
            command.arg(&out).arg(&documents);
            (command, 0)
        };
        let [cost] = in_turns([&render], rounds)?;
        let mut links = 0;
        for rail in 0..8 {
            links += cables(&out.join(format!("compute/rail-{rail}/bill.json")))?;
        }
        files.push(format!("{:.1} MiB of {hcas} HCAs", mib(size_of(&out)?)));
        rows.push((hcas, links, cost));
    }
    per_link(
        "design and files by size: `fabric render --planned`, reading and compiling the site included",
        &rows,
    );
    say(&format!("files: {}", files.join(", ")));
    Ok(())
}

/// The cables of a bill.
fn cables(bill: &Path) -> anyhow::Result<u64> {
    let bill: serde_json::Value = serde_json::from_slice(&std::fs::read(bill)?)?;
    let count = |field: &str| bill[field].as_u64().context("a bill without cables");
    Ok(count("nodeCables")? + count("switchCables")?)
}

/// The plan of the example with most nodes, all fabrics in.
pub fn hyperion(cli: &Path) -> anyhow::Result<()> {
    let mut plan = Command::new(cli);
    plan.args(["plan", "--output", "jsonl"])
        .arg(root().join("examples/hyperion"));
    let cost = measure::run(&mut plan, 1)?;
    say("\nexamples/hyperion, planned whole: 580608 nodes, 14 fabrics\n");
    say("| CPU s | wall s | peak MiB | output MiB |");
    say("|---|---|---|---|");
    say(&format!(
        "| {:.2} | {:.2} | {:.1} | {:.1} |",
        cost.cpu.as_secs_f64(),
        cost.wall.as_secs_f64(),
        mib(cost.peak),
        mib(cost.output)
    ));
    Ok(())
}
