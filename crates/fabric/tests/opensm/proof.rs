//! What OpenSM, ibdmchk and ibnetdiscover must say of a design and of its files.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rackwright_fabric::check::check;
use rackwright_fabric::design::Design;
use rackwright_fabric::netlist::{self, Dialect, read};
use rackwright_fabric::network::{DeviceKind, Network};
use rackwright_fabric::opensm::{
    LAST_LID, Membership, Mtu, Partition, Settings, Sweep, compute_nodes, config, guid_to_lid, node_names,
    partitions, roots,
};

use crate::gate;
use crate::routes::routes;
use crate::simulator::Simulator;

/// What is asked of a subnet's files, each of a program that reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// ibsim takes the netlist: the ends of each cable agree, and no GUID comes twice.
    Netlist,
    /// Told of no roots, OpenSM finds a pure fat tree of as many nodes, switches, roots and leaves as designed.
    Shape,
    /// OpenSM reads every file without a complaint and routes as it is told.
    Log,
    /// Told of roots and compute nodes, OpenSM counts as many as designed.
    Counts,
    /// The table of keys of every HCA.
    Keys,
    /// The LID of every device, and the subnet's prefix.
    Addresses,
    /// The names of switches in a listing.
    Names,
    /// ibdmchk walks every pair of HCAs.
    Routes,
    /// What ibnetdiscover finds is the design.
    Wiring,
}

/// A subnet, and what its files are meant to say.
pub struct Subnet {
    pub network: Network,
    pub tenants: Vec<Partition>,
    /// The engine that routes it.
    pub engine: &'static str,
    number: u32,
    /// The place of each device, which its LID follows from.
    places: Vec<u32>,
}

/// HCAs whose table of keys is asked for: each is a process of its own.
const MOST_ASKED: usize = 4096;

/// The files of a subnet, by name.
pub type Files = BTreeMap<&'static str, String>;

impl Subnet {
    pub fn new(design: &Design, number: u32) -> Self {
        let network = design.network(number);
        Self {
            tenants: tenants(&network),
            network,
            engine: design.topology().engine(),
            number,
            places: design.places(number),
        }
    }

    fn prefix(&self) -> u64 {
        0xfe80_0000_0000_0000 + u64::from(self.number)
    }

    /// The files as they are emitted. Those for OpenSM name each other in the folder that it runs in.
    pub fn files(&self) -> Files {
        let Self { network, tenants, .. } = self;
        let settings = Settings {
            folder: ".".to_owned(),
            subnet_prefix: self.prefix(),
            routing_engine: self.engine.to_owned(),
            sweep: Sweep::default(),
        };
        Files::from([
            ("net.txt", netlist::write(network, Dialect::Simulator)),
            ("opensm.conf", config(&settings)),
            ("root-guids.conf", roots(network)),
            ("compute-guids.conf", compute_nodes(network)),
            ("node-names.conf", node_names(network)),
            ("guid2lid", guid_to_lid(network, &self.places).unwrap()),
            ("partitions.conf", partitions(network, tenants, None).unwrap()),
        ])
    }

    /// Asks everybody about files that may be wrong: which checks fail, and why.
    pub fn failures(&self, files: &Files) -> BTreeMap<Check, String> {
        let mut failures = BTreeMap::new();
        let mut ask = |check: Check, question: &mut dyn FnMut()| {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(question)) {
                failures.insert(check, reason(&*panic));
            }
        };
        let mut started = None;
        ask(Check::Netlist, &mut || {
            started = Some(Simulator::start_with(&self.network, &files["net.txt"]));
        });
        let Some(simulator) = started else { return failures };
        let fat_tree = self.engine == "ftree";
        if fat_tree {
            ask(Check::Shape, &mut || {
                let log = simulator.opensm(&["-R", "ftree,no_fallback"]);
                gate::pass(&log, "ftree");
                self.counts(&log);
            });
        }
        write(&simulator, files);
        let log = simulator.opensm(&["-F", "opensm.conf", "-D", "0x43"]);
        ask(Check::Log, &mut || {
            gate::pass(&log, self.engine);
            assert!(!log.contains("not found"), "{log}");
        });
        if fat_tree {
            ask(Check::Counts, &mut || self.counts(&log));
        }
        ask(Check::Keys, &mut || self.keys(&simulator));
        ask(Check::Addresses, &mut || self.addresses(&simulator));
        ask(Check::Names, &mut || self.names(&simulator));
        ask(Check::Routes, &mut || {
            routes(&simulator, &self.network, self.engine);
        });
        ask(Check::Wiring, &mut || self.wiring(&simulator));
        failures
    }

    /// Nodes, switches, roots and leaves, as OpenSM's fat tree counts them.
    fn counts(&self, log: &str) {
        let network = &self.network;
        let of_kind = |kind| network.of_kind(kind).count() as u32;
        let (hcas, roots) = (of_kind(DeviceKind::Hca), of_kind(DeviceKind::Root));
        assert_eq!(gate::count(log, " CAs, "), hcas);
        assert_eq!(gate::count(log, " of them CNs"), hcas);
        assert_eq!(
            gate::count(log, " switches\n"),
            network.devices.len() as u32 - hcas
        );
        assert_eq!(gate::count(log, " switches at rank 0 (roots)"), roots);
        // Leaves of a unit whose nodes are missing are no leaves to OpenSM.
        assert_eq!(
            gate::count(log, " of them leafs"),
            used_leaves(network).len() as u32
        );
    }

    /// The key table of every HCA, or of every n-th where asking all takes longer than the manager. The manager sits at the
    /// first.
    fn keys(&self, simulator: &Simulator) {
        let hcas: Vec<_> = self.network.of_kind(DeviceKind::Hca).collect();
        let mut of: Vec<Vec<(&Partition, Membership)>> = vec![Vec::new(); hcas.len()];
        for tenant in &self.tenants {
            for (member, membership) in &tenant.members {
                of[*member as usize].push((tenant, *membership));
            }
        }
        for (place, hca) in hcas
            .iter()
            .enumerate()
            .step_by(hcas.len().div_ceil(MOST_ASKED).max(1))
        {
            let key = |(tenant, membership): &(&Partition, Membership)| match membership {
                Membership::Full => tenant.pkey | 0x8000,
                Membership::Limited => tenant.pkey,
            };
            let mut expected: BTreeSet<u16> = of[place].iter().map(key).collect();
            expected.insert(if place == 0 { 0xffff } else { 0x7fff });
            let printed = simulator.output("smpquery", &["pkeys", &(self.places[place] + 1).to_string()]);
            let table: Vec<u16> = keys(&printed);
            let found: BTreeSet<u16> = table.iter().copied().filter(|key| *key != 0).collect();
            assert_eq!(found, expected, "{}", hca.name);
            // Whoever belongs to one partition has its key where NCCL looks, also where others of it belong to two.
            if let [only] = &of[place][..] {
                assert_eq!(table[0], key(only), "{}: {table:04x?}", hca.name);
            }
        }
    }

    /// LIDs as `guid2lid` is meant to say: nodes from the first up, switches from the last down.
    fn addresses(&self, simulator: &Simulator) {
        let placed = self.network.devices.iter().zip(&self.places);
        let expected = placed.map(|(device, place)| match device.kind {
            DeviceKind::Hca => (device.guid, *place as u16 + 1),
            DeviceKind::Root | DeviceKind::Switch => (device.guid, LAST_LID - *place as u16),
        });
        let expected: BTreeMap<u64, u16> = expected.collect();
        assert_eq!(lids(&simulator.output("ibnetdiscover", &[])), expected);
        let port = simulator.output("smpquery", &["portinfo", "1", "1"]);
        let prefix = format!("0x{:016x}", self.prefix());
        assert!(
            port.lines()
                .any(|line| line.starts_with("GidPrefix") && line.ends_with(&prefix)),
            "{port}"
        );
    }

    /// The map names devices by node GUID, which ibsim has one lower than on a real HCA: only switches can be asked about.
    fn names(&self, simulator: &Simulator) {
        let text = simulator.output("ibnetdiscover", &["--node-name-map", "node-names.conf"]);
        let names: BTreeMap<u64, String> = read(&text)
            .devices
            .into_iter()
            .map(|device| (device.guid, device.description))
            .collect();
        let switches = self
            .network
            .devices
            .iter()
            .filter(|device| device.kind != DeviceKind::Hca);
        for switch in switches {
            assert_eq!(names.get(&switch.guid), Some(&switch.name));
        }
    }

    fn wiring(&self, simulator: &Simulator) {
        let found = read(&simulator.output("ibnetdiscover", &[]));
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        let report = check(&self.network, &found, Some("4xHDR"));
        assert_eq!(report.steps, []);
        assert_eq!(report.right as usize, self.network.links.len());
    }
}

/// Proves every subnet of a design.
pub fn prove(design: &Design) {
    for number in 0..design.topology().subnets() {
        let subnet = Subnet::new(design, number);
        assert_eq!(subnet.failures(&subnet.files()), BTreeMap::new());
    }
}

/// Puts files into the simulator's folder.
pub fn write(simulator: &Simulator, files: &Files) {
    for (file, text) in files {
        fs::write(simulator.path().join(file), text).unwrap();
    }
}

/// Three tenants: one with a quarter of the HCAs, one whose members are limited by half, and one across both.
fn tenants(network: &Network) -> Vec<Partition> {
    let hcas = network.of_kind(DeviceKind::Hca).count() as u32;
    let members = |from: u32, to: u32, limited: u32| {
        let membership = |hca| match hca % limited {
            1 => Membership::Limited,
            _ => Membership::Full,
        };
        (from..to).map(|hca| (hca, membership(hca))).collect()
    };
    let partition = |name: &str, pkey, ipoib, members| Partition {
        name: name.to_owned(),
        pkey,
        ipoib,
        members,
    };
    let mtu = Some(Mtu::Bytes2048);
    vec![
        partition("team-a", 0x0011, mtu, members(0, hcas / 4, u32::MAX)),
        partition("team-b", 0x0012, None, members(hcas / 4, hcas / 2, 2)),
        partition("shared", 0x7ffe, None, members(hcas * 3 / 8, hcas, 3)),
    ]
}

/// Leaves that nodes end at, by their place, and how many HCAs end there.
pub fn used_leaves(network: &Network) -> BTreeMap<u32, u64> {
    let mut leaves: BTreeMap<u32, u64> = BTreeMap::new();
    for link in &network.links {
        if network.device(link.lower).kind == DeviceKind::Hca {
            *leaves.entry(link.upper.device).or_default() += 1;
        }
    }
    leaves
}

/// What a failed assertion says.
fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default()
        .to_owned()
}

fn keys(printed: &str) -> Vec<u16> {
    let rows = printed.lines().filter(|line| line.contains(": 0x"));
    let words = rows.flat_map(|line| {
        line.split_once(": ")
            .map_or("", |(_, row)| row)
            .split_whitespace()
    });
    words
        .map(|word| u16::from_str_radix(word.trim_start_matches("0x"), 16).unwrap())
        .collect()
}

/// LIDs that ibnetdiscover prints, by port GUID: of a switch in its head, of an HCA at its port.
fn lids(text: &str) -> BTreeMap<u64, u16> {
    let between = |line: &str, from: &str, to: char| {
        let (_, rest) = line.split_once(from)?;
        Some(rest.split(to).next()?.to_owned())
    };
    let lines = text
        .lines()
        .filter(|line| line.starts_with("Switch") || line.contains("# lid "));
    lines
        .map(|line| {
            let guid = between(line, "\"S-", '"').filter(|_| line.starts_with("Switch"));
            let guid = guid.or_else(|| between(line, "](", ')')).unwrap();
            let lid = between(line, " lid ", ' ').unwrap();
            (u64::from_str_radix(&guid, 16).unwrap(), lid.parse().unwrap())
        })
        .collect()
}
