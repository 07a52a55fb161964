//! A fabric simulated by ibsim, and the programs that look at it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rackwright_fabric::netlist::{self, Dialect};
use rackwright_fabric::network::{DeviceKind, Network};

/// Sends the MADs of whoever loads it to ibsim.
const UMAD2SIM: &str = "/usr/lib/x86_64-linux-gnu/umad2sim/libumad2sim.so";

/// Between two looks at a file.
const PAUSE: Duration = Duration::from_millis(50);

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A running ibsim; it ends with the value.
pub struct Simulator {
    pub folder: tempfile::TempDir,
    child: Child,
    socket: String,
    host: String,
}

impl Simulator {
    /// Simulates a network and waits until it can be asked. Programs sit at the first HCA.
    pub fn start(network: &Network) -> Self {
        Self::start_with(network, &netlist::write(network, Dialect::Simulator))
    }

    /// Simulates what a netlist says, which should be this network.
    pub fn start_with(network: &Network, netlist: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("net.txt"), netlist).unwrap();
        let socket = format!(
            "rackwright-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let switches = network
            .devices
            .iter()
            .filter(|device| device.kind != DeviceKind::Hca);
        let ports: usize = switches.clone().map(|switch| usize::from(switch.ports) + 1).sum();
        let nodes = network.devices.len();
        let out = File::create(folder.path().join("ibsim.out")).unwrap();
        let child = Command::new("ibsim")
            .args(["-s", "-n", "-L", "49152", "-M", "4096"])
            .args(["-N".to_owned(), (nodes + 16).to_string()])
            .args(["-S".to_owned(), (switches.count() + 16).to_string()])
            .args(["-P".to_owned(), (nodes + ports + 64).to_string()])
            .arg("net.txt")
            .current_dir(folder.path())
            .env("IBSIM_SOCKNAME", &socket)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .expect("ibsim, of Debian's ibsim-utils");
        let mut simulator = Self {
            folder,
            child,
            socket,
            host: node_id(network, 0),
        };
        while !simulator.read("ibsim.out").contains("Network simulator ready") {
            let ended = simulator.child.try_wait().unwrap();
            assert!(ended.is_none(), "ibsim: {}", simulator.read("ibsim.out"));
            std::thread::sleep(PAUSE);
        }
        simulator
    }

    /// Waits until a file holds a text.
    pub fn wait_for(&self, file: &str, text: &str, seconds: u64) {
        for _ in 0..seconds * 20 {
            if self.read(file).contains(text) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        panic!(
            "{file} does not say {text:?} within {seconds} s: {}",
            self.read(file)
        );
    }

    /// A file of the simulator's folder.
    pub fn read(&self, file: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join(file)).unwrap_or_default()).into_owned()
    }

    /// A program at the first HCA.
    pub fn command(&self, program: &str) -> Command {
        self.command_at(&self.host, program)
    }

    /// A program that sees the simulated fabric instead of hardware, from one HCA, by its node id.
    pub fn command_at(&self, host: &str, program: &str) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", "1800", program])
            .current_dir(self.folder.path())
            .env("IBSIM_SOCKNAME", &self.socket)
            .env("SIM_HOST", host)
            .env("LD_PRELOAD", UMAD2SIM)
            .env("OSM_TMP_DIR", self.folder.path())
            .env("OSM_CACHE_DIR", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// What a program prints.
    pub fn output(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    /// Runs OpenSM once over the fabric and gives its log. Where no engine can route it would try for ever: it is ended.
    pub fn opensm(&self, arguments: &[&str]) -> String {
        let log = self.folder.path().join("opensm.log");
        let _ = fs::remove_file(&log);
        let out = File::create(self.folder.path().join("opensm.out")).unwrap();
        let mut child = self
            .command("opensm")
            .args(["-o", "-e", "-f"])
            .arg(&log)
            .arg("--dump_files_dir")
            .arg(self.folder.path())
            .args(["--maxsmps", "32"])
            .args(arguments)
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            if self.read("opensm.log").contains("No routing engine able") {
                end(&mut child);
            }
            std::thread::sleep(PAUSE);
        }
        self.read("opensm.out") + &self.read("opensm.log")
    }

    /// Where files for OpenSM lie.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The node id of an HCA, by its place.
pub fn node_id(network: &Network, hca: usize) -> String {
    format!("H-{:016x}", network.devices[hca].guid - 1)
}

/// Ends a program that [`Simulator::command`] started: it first, since `timeout` would leave it behind.
pub fn end(child: &mut Child) {
    let program = ["-KILL", "-P", &child.id().to_string()].map(str::to_owned);
    let _ = Command::new("pkill").args(program).status();
    let _ = child.kill();
    let _ = child.wait();
}
