//! What `ibnetdiscover` finds on a simulated fabric, as the cache that it compares with later.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::ensure;
use rackwright_fabric::netlist::{self, Dialect};
use rackwright_fabric::network::{DeviceKind, Network};

/// Sends the MADs of whoever loads it to ibsim.
const UMAD2SIM: &str = "/usr/lib/x86_64-linux-gnu/umad2sim/libumad2sim.so";

/// A running ibsim; it ends with the value.
struct Simulator(Child);

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Simulates a network and writes what `ibnetdiscover` finds to `cache`.
pub fn discover(network: &Network, folder: &Path, cache: &Path) -> anyhow::Result<()> {
    fs::write(
        folder.join("net.txt"),
        netlist::write(network, Dialect::Simulator),
    )?;
    let socket = format!("rackwright-bench-{}", std::process::id());
    let said = folder.join("ibsim.out");
    let out = File::create(&said)?;
    let nodes = network.devices.len();
    let switches = network
        .devices
        .iter()
        .filter(|device| device.kind != DeviceKind::Hca);
    let ports: usize = switches.clone().map(|switch| usize::from(switch.ports) + 1).sum();
    let child = Command::new("ibsim")
        .args(["-s", "-n", "-L", "49152", "-N"])
        .arg((nodes + 16).to_string())
        .args(["-S", &(switches.count() + 16).to_string()])
        .args(["-P", &(nodes + ports + 64).to_string(), "net.txt"])
        .current_dir(folder)
        .env("IBSIM_SOCKNAME", &socket)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()?;
    let mut simulator = Simulator(child);
    while !String::from_utf8_lossy(&fs::read(&said)?).contains("Network simulator ready") {
        let ended = simulator.0.try_wait()?;
        ensure!(ended.is_none(), "ibsim ended early: {}", said.display());
        std::thread::sleep(Duration::from_millis(50));
    }
    // It adds to a cache that is there.
    let _ = fs::remove_file(cache);
    let status = Command::new("ibnetdiscover")
        .arg("--cache")
        .arg(cache)
        .env("IBSIM_SOCKNAME", &socket)
        .env("SIM_HOST", format!("H-{:016x}", network.devices[0].guid - 1))
        .env("LD_PRELOAD", UMAD2SIM)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "ibnetdiscover ended with {status}");
    Ok(())
}

/// `ibnetdiscover` on a cache instead of a fabric.
pub fn ibnetdiscover(cache: &Path) -> Command {
    let mut command = Command::new("ibnetdiscover");
    command.arg("--load-cache").arg(cache);
    command
}
