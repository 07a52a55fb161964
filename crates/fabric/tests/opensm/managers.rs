//! Two resident subnet managers with the same files: a changed partition, and a take-over.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rackwright_fabric::opensm::Membership;

use crate::gate;
use crate::proof::{self, Subnet};
use crate::simulator::{Simulator, end, node_id};
use crate::{b200, design};

/// A resident OpenSM; it ends with the value.
struct Manager {
    child: Child,
    log: String,
}

impl Manager {
    fn start(simulator: &Simulator, host: &str, name: &str, priority: u8) -> Self {
        let log = format!("{name}.log");
        let folder = simulator.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::copy(simulator.path().join("guid2lid"), folder.join("guid2lid")).unwrap();
        let child = simulator
            .command_at(host, "opensm")
            .args(["-F", "opensm.conf", "-e", "-p", &priority.to_string(), "-f"])
            .arg(simulator.path().join(&log))
            .env("OSM_CACHE_DIR", &folder)
            .env("OSM_TMP_DIR", &folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// The process below `timeout`.
    fn signal(&self, signal: &str) {
        let killed = Command::new("pkill")
            .args([signal, "-P", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

#[test]
fn a_changed_partition_and_a_take_over() {
    let mut subnet = Subnet::new(&design(&b200(64)), 0);
    let simulator = Simulator::start(&subnet.network);
    proof::write(&simulator, &subnet.files());
    let network = &subnet.network;
    let master = Manager::start(&simulator, &node_id(network, 0), "master", 13);
    simulator.wait_for(&master.log, "SUBNET UP", 180);
    let standby = Manager::start(&simulator, &node_id(network, 9), "standby", 12);
    simulator.wait_for(&standby.log, "Entering STANDBY state", 180);

    // The last HCA, at LID 512, changes its tenant.
    let moved = 511;
    let table = || simulator.output("smpquery", &["pkeys", "512"]);
    assert!(
        table().contains("0x7ffe") || table().contains("0xfffe"),
        "{}",
        table()
    );
    subnet.tenants[2].members.retain(|(member, _)| *member != moved);
    subnet.tenants[0].members.push((moved, Membership::Full));
    proof::write(&simulator, &subnet.files());
    master.signal("-HUP");
    let mut changed = false;
    for _ in 0..900 {
        changed = table().contains("0x8011") && !table().contains("0xfffe");
        if changed {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(changed, "{}", table());
    assert_eq!(gate::bad_lines(&simulator.read(&master.log)), Vec::<&str>::new());

    // The standby has the same files: the tables stay as they are.
    let before = table();
    master.signal("-KILL");
    simulator.wait_for(&standby.log, "Entering MASTER state", 180);
    simulator.wait_for(&standby.log, "SUBNET UP", 180);
    assert_eq!(table(), before);
}
