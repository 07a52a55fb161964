//! The wiring check: against `ibnetdiscover --diff`, which compares what it finds with what it found before, and by size.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use rackwright_fabric::check;
use rackwright_fabric::netlist::{self, Dialect};
use rackwright_fabric::network::Network;

use super::{folder, in_turns, mib, per_link, simulator, site};
use crate::measure::Cost;
use crate::say;

/// Pairs of cables whose ends are exchanged.
const SWAPS: usize = 8;

/// A network in which the first cables of nodes are plugged in the other one's place.
fn swapped(network: &Network) -> Network {
    let mut swapped = network.clone();
    for pair in swapped.links.chunks_exact_mut(2).take(SWAPS) {
        let first = pair[0].lower;
        pair[0].lower = pair[1].lower;
        pair[1].lower = first;
    }
    swapped
}

/// Both programs read what was found from a file, so that no simulator is measured: ours the text that `ibnetdiscover`
/// prints, `ibnetdiscover` its own cache. Ours reads, checks and compiles the documents of the site beside it.
pub fn versus(cli: &Path, hcas: u32, rounds: u32) -> anyhow::Result<()> {
    let folder = folder("versus", hcas)?;
    let documents = folder.join("site.yaml");
    site::write(&documents, hcas, false)?;
    let design = site::network(&documents)?;
    let [expected, found] = ["design.cache", "found.cache"].map(|name| folder.join(name));
    simulator::discover(&design, &folder, &expected)?;
    simulator::discover(&swapped(&design), &folder, &found)?;
    let printed = simulator::ibnetdiscover(&found).output()?;
    let capture = folder.join("capture.txt");
    fs::write(&capture, &printed.stdout)?;
    let ours = || {
        let mut command = Command::new(cli);
        command.args(["fabric", "check"]).arg(&capture).arg(&documents);
        (command, 1)
    };
    let theirs = || {
        let mut command = simulator::ibnetdiscover(&found);
        command.arg("--diff").arg(&expected);
        (command, 0)
    };
    // Both must see what was exchanged before their time means anything.
    let said = String::from_utf8(ours().0.output()?.stdout)?;
    ensure!(said.matches("swap the cable ends").count() == SWAPS, "{said}");
    let said = String::from_utf8(theirs().0.output()?.stdout)?;
    ensure!(
        said.lines().filter(|line| line.starts_with('>')).count() >= 2 * SWAPS,
        "{said}"
    );
    let [ours, theirs] = in_turns([&ours, &theirs], rounds)?;
    say(&format!(
        "\nwiring check of {hcas} HCAs, {} links, {SWAPS} swaps of cable ends\n",
        design.links.len()
    ));
    say("| program | CPU s | wall s | peak MiB | CPU, wall / ours |");
    say("|---|---|---|---|---|");
    let row = |name: &str, cost: Cost| {
        let (cpu, wall) = (cost.cpu.as_secs_f64(), cost.wall.as_secs_f64());
        let (our_cpu, our_wall) = (ours.cpu.as_secs_f64(), ours.wall.as_secs_f64());
        say(&format!(
            "| {name} | {cpu:.3} | {wall:.3} | {:.1} | {:.1}, {:.1} |",
            mib(cost.peak),
            cpu / our_cpu,
            wall / our_wall
        ));
    };
    row("rackwright fabric check", ours);
    row("ibnetdiscover --diff", theirs);
    Ok(())
}

/// Design, capture and comparison in one process, by size.
pub fn sizes(sizes: &[u32], rounds: u32) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for &hcas in sizes {
        let folder = folder("check", hcas)?;
        let design = site::designed(hcas)?;
        let capture = folder.join("capture.txt");
        fs::write(
            &capture,
            netlist::write(&swapped(&design), Dialect::Ibnetdiscover),
        )?;
        let program = std::env::current_exe()?;
        let check = || {
            let mut command = Command::new(&program);
            command.arg("fabric-check").arg(hcas.to_string()).arg(&capture);
            (command, 0)
        };
        let [cost] = in_turns([&check], rounds)?;
        rows.push((hcas, design.links.len() as u64, cost));
    }
    per_link(
        "wiring check by size: design of one subnet, reading what was found, comparing",
        &rows,
    );
    Ok(())
}

/// The program that is measured by size.
pub fn check(hcas: u32, capture: &Path) -> anyhow::Result<()> {
    let design = site::designed(hcas)?;
    let text = fs::read_to_string(capture).with_context(|| format!("reading {}", capture.display()))?;
    let found = netlist::read(&text);
    let report = check::check(&design, &found, None);
    ensure!(report.steps.len() == SWAPS, "{} steps", report.steps.len());
    say(&check::text(&report));
    Ok(())
}
