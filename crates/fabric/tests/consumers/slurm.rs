//! Slurm's controller starts with what we write, and prints the same topology.
//!
//! Debian 12 has Slurm 22.05, which knows the tree of `topology.conf`. Blocks (23.11) and `topology.yaml` (25.05) are
//! newer: what is written for them rests on their source alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rackwright_fabric::schedulers::slurm::{Topology, conf};
use rackwright_fabric::schedulers::{Hierarchy, Level};
use rackwright_hostset::{Limits, expand};

use crate::{design, superpod};

/// A controller with nodes that never answer; it ends with the value.
struct Controller {
    folder: tempfile::TempDir,
    child: Child,
}

impl Drop for Controller {
    fn drop(&mut self) {
        // On SIGTERM it waits for its nodes, none of which is there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Controller {
    /// Starts one, and waits until it answers; else what it says.
    fn start(nodes: &[String], topology: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir(path.join("state")).unwrap();
        fs::write(path.join("topology.conf"), topology).unwrap();
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(user.stdout).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut text = format!(
            "ClusterName=rackwright\nSlurmctldHost=localhost\nSlurmctldPort={port}\nSlurmUser={user}\
             AuthType=auth/none\nCredType=cred/none\nStateSaveLocation={0}/state\nSlurmctldPidFile={0}/pid\n\
             SelectType=select/cons_tres\nTopologyPlugin=topology/tree\nProctrackType=proctrack/linuxproc\n\
             MailProg=/bin/true\n",
            path.display()
        );
        for node in nodes {
            let _ = writeln!(text, "NodeName={node} NodeAddr=127.0.0.1");
        }
        text.push_str("PartitionName=all Nodes=ALL Default=YES\n");
        fs::write(path.join("slurm.conf"), text).unwrap();
        let log = fs::File::create(path.join("log")).unwrap();
        let child = Command::new("/usr/sbin/slurmctld")
            .args(["-D", "-c", "-f"])
            .arg(path.join("slurm.conf"))
            .env("SLURM_CONF", path.join("slurm.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("slurmctld, of Debian");
        let mut controller = Self { folder, child };
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(100));
            if controller.child.try_wait().unwrap().is_some() {
                break;
            }
            let ping = controller.ask(&["ping"]);
            if String::from_utf8_lossy(&ping.stdout).contains("is UP") {
                return Ok(controller);
            }
        }
        Err(controller.log())
    }

    fn ask(&self, words: &[&str]) -> Output {
        let at: &Path = self.folder.path();
        let mut command = Command::new("scontrol");
        command.args(words).env("SLURM_CONF", at.join("slurm.conf"));
        command.output().expect("scontrol, of Debian's slurm-client")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The switches as the controller has them: level, nodes below, and switches.
    fn switches(&self) -> BTreeMap<String, (u32, BTreeSet<String>, BTreeSet<String>)> {
        let output = self.ask(&["show", "topology"]);
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
            let words: BTreeMap<&str, &str> = line
                .split_whitespace()
                .filter_map(|word| word.split_once('='))
                .collect();
            let list = |key: &str| {
                let list = words.get(key).copied().unwrap_or_default();
                expand(list, &Limits::default()).unwrap().into_iter().collect()
            };
            let level = words["Level"].parse().unwrap();
            (
                words["SwitchName"].to_owned(),
                (level, list("Nodes"), list("Switches")),
            )
        });
        lines.collect()
    }
}

/// What the hierarchy says, in the form of [`Controller::switches`].
fn expected(hierarchy: &Hierarchy) -> BTreeMap<String, (u32, BTreeSet<String>, BTreeSet<String>)> {
    let mut switches: BTreeMap<String, (u32, BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for node in hierarchy.nodes() {
        for (level, (place, domain)) in node.domains.iter().enumerate().rev().enumerate() {
            let switch = switches.entry(domain.to_string()).or_default();
            switch.0 = level as u32;
            switch.1.insert(node.name.to_string());
            switch
                .2
                .extend(node.domains.get(place + 1).map(ToString::to_string));
        }
    }
    switches
}

fn check(hierarchy: &Hierarchy) {
    let names: Vec<String> = hierarchy
        .nodes()
        .iter()
        .map(|node| node.name.to_string())
        .collect();
    let text = conf(&Topology::tree(hierarchy).unwrap()).unwrap();
    let controller = Controller::start(&names, &text).unwrap_or_else(|log| panic!("{log}"));
    let log = controller.log();
    assert!(!log.contains("TOPOLOGY"), "{log}");
    assert_eq!(controller.switches(), expected(hierarchy));
}

#[test]
fn four_units_with_racks() {
    check(
        &Hierarchy::new(
            &superpod(4),
            "compute",
            &[Level::Fabric, Level::Unit, Level::Rack],
        )
        .unwrap(),
    );
}

#[test]
fn sixty_four_units_with_pods() {
    check(
        &Hierarchy::new(
            &superpod(64),
            "compute",
            &[Level::Fabric, Level::Pod, Level::Unit],
        )
        .unwrap(),
    );
}

/// Numbers of mixed widths, in the middle, before a suffix, and alone.
#[test]
fn odd_names() {
    let design = design(40, |seat| match seat % 5 {
        0 => format!("n{seat}"),
        1 => format!("n{seat:03}"),
        2 => format!("r{}n{seat}-ib", seat % 3),
        3 => format!("rack-{}.node_{seat}", seat % 2),
        _ => format!("{}x{seat:02}y", seat % 4),
    });
    check(&Hierarchy::new(&design, "compute", &[Level::Fabric, Level::Unit]).unwrap());
}

/// The controller does notice: a child that is not there, and a node that nobody has.
#[test]
fn a_broken_topology_is_noticed() {
    let hierarchy = Hierarchy::new(&superpod(2), "compute", &[Level::Fabric, Level::Unit]).unwrap();
    let names: Vec<String> = hierarchy
        .nodes()
        .iter()
        .map(|node| node.name.to_string())
        .collect();
    let text = conf(&Topology::tree(&hierarchy).unwrap()).unwrap();
    let broken = text.replace("su[01-02]", "su[01-03]");
    assert_ne!(broken, text);
    let log = Controller::start(&names, &broken).map(|_| ()).unwrap_err();
    assert!(log.contains("invalid child (su03)"), "{log}");
    let moved = text.replace("n[0001-0032]", "n[0001-0031]");
    assert_ne!(moved, text);
    let controller = Controller::start(&names, &moved).unwrap_or_else(|log| panic!("{log}"));
    assert_ne!(controller.switches(), expected(&hierarchy));
}
