//! What OpenSM, ibdmchk and ibnetdiscover must say of a design.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rackwright_fabric::check::check;
use rackwright_fabric::design::Design;
use rackwright_fabric::netlist::read;
use rackwright_fabric::network::{DeviceKind, Network};
use rackwright_fabric::opensm::{
    Membership, Mtu, Partition, Settings, Sweep, compute_nodes, config, guid_to_lid, node_names, partitions,
    roots,
};

use crate::gate;
use crate::simulator::Simulator;

/// Proves every subnet of a design.
pub fn prove(design: &Design) {
    for subnet in 0..design.tree().subnets() {
        let network = design.network(subnet);
        let simulator = Simulator::start(&network);
        // Without roots OpenSM checks that the fabric is a pure fat tree; with one level there is nothing to check.
        let log = simulator.opensm(&["-R", "ftree,no_fallback"]);
        gate::pass(&log, "ftree");
        counts(design, &network, &log);
        let tenants = tenants(&network);
        production(&simulator, &network, &tenants, subnet);
        pkeys(&simulator, &network, &tenants);
        routes(&simulator, &network);
        let found = read(&simulator.output("ibnetdiscover", &[]));
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        let report = check(&network, &found, Some("4xHDR"));
        assert_eq!(report.steps, []);
        assert_eq!(report.right as usize, network.links.len());
    }
}

/// Three tenants: one with a quarter of the HCAs, one whose members are limited by half, and one across both.
pub fn tenants(network: &Network) -> Vec<Partition> {
    let hcas = network.of_kind(DeviceKind::Hca).count() as u32;
    let members = |from: u32, to: u32, limited: u32| {
        (from..to)
            .map(|hca| {
                (
                    hca,
                    if hca % limited == 1 {
                        Membership::Limited
                    } else {
                        Membership::Full
                    },
                )
            })
            .collect()
    };
    let partition = |name: &str, pkey, ipoib, members| Partition {
        name: name.to_owned(),
        pkey,
        ipoib,
        members,
    };
    vec![
        partition(
            "team-a",
            0x0011,
            Some(Mtu::Bytes2048),
            members(0, hcas / 4, u32::MAX),
        ),
        partition("team-b", 0x0012, None, members(hcas / 4, hcas / 2, 2)),
        partition("shared", 0x7ffe, None, members(hcas * 3 / 8, hcas, 3)),
    ]
}

/// The files of production in the simulator's folder.
pub fn write(simulator: &Simulator, network: &Network, tenants: &[Partition], subnet: u32) {
    let put = |file: &str, text: String| fs::write(simulator.path().join(file), text).unwrap();
    put(
        "opensm.conf",
        config(&Settings {
            folder: simulator.path().display().to_string(),
            subnet_prefix: 0xfe80_0000_0000_0000 + u64::from(subnet),
            routing_engine: "ftree".to_owned(),
            sweep: Sweep::default(),
        }),
    );
    put("root-guids.conf", roots(network));
    put("compute-guids.conf", compute_nodes(network));
    put("node-names.conf", node_names(network));
    put("guid2lid", guid_to_lid(network, |place| place as u32).unwrap());
    put("partitions.conf", partitions(network, tenants, None).unwrap());
}

fn production(simulator: &Simulator, network: &Network, tenants: &[Partition], subnet: u32) {
    write(simulator, network, tenants, subnet);
    let log = simulator.opensm(&["-F", "opensm.conf", "-D", "0x43"]);
    gate::pass(&log, "ftree");
    assert!(!log.contains("not found"), "{log}");
}

/// Nodes, switches, roots and leaves, as OpenSM counts them.
fn counts(design: &Design, network: &Network, log: &str) {
    let tree = design.tree();
    let hcas = network.of_kind(DeviceKind::Hca).count() as u32;
    let roots = network.of_kind(DeviceKind::Root).count() as u32;
    assert_eq!(gate::count(log, " CAs, "), hcas);
    assert_eq!(gate::count(log, " of them CNs"), hcas);
    assert_eq!(
        gate::count(log, " switches\n"),
        tree.leaves() + tree.spines() + tree.cores()
    );
    assert_eq!(gate::count(log, " switches at rank 0 (roots)"), roots);
    // Leaves of a unit whose nodes are missing are no leaves to OpenSM.
    assert_eq!(
        gate::count(log, " of them leafs"),
        used_leaves(network).len() as u32
    );
}

fn used_leaves(network: &Network) -> BTreeMap<u32, u64> {
    let mut leaves: BTreeMap<u32, u64> = BTreeMap::new();
    for link in &network.links {
        if network.device(link.lower).kind == DeviceKind::Hca {
            *leaves.entry(link.upper.device).or_default() += 1;
        }
    }
    leaves
}

/// The key table of every HCA. The manager sits at the first.
fn pkeys(simulator: &Simulator, network: &Network, tenants: &[Partition]) {
    for (place, hca) in network.of_kind(DeviceKind::Hca).enumerate() {
        let mut expected = BTreeSet::from([if place == 0 { 0xffff } else { 0x7fff }]);
        let mut memberships = Vec::new();
        for tenant in tenants {
            if let Some((_, membership)) = tenant
                .members
                .iter()
                .find(|(member, _)| *member as usize == place)
            {
                let key = tenant.pkey
                    | if *membership == Membership::Full {
                        0x8000
                    } else {
                        0
                    };
                expected.insert(key);
                memberships.push((key, tenant));
            }
        }
        let printed = simulator.output("smpquery", &["pkeys", &(place + 1).to_string()]);
        let table: Vec<u16> = keys(&printed);
        assert_eq!(
            table
                .iter()
                .copied()
                .filter(|key| *key != 0)
                .collect::<BTreeSet<_>>(),
            expected,
            "{}",
            hca.name
        );
        // Whoever belongs to one partition alone, as all of its members do, has its key where NCCL looks.
        if let [(key, tenant)] = memberships[..] {
            let alone = tenant.members.iter().all(|(member, _)| {
                let of = tenants
                    .iter()
                    .filter(|tenant| tenant.members.iter().any(|(other, _)| other == member));
                of.count() == 1
            });
            assert!(!alone || table[0] == key, "{}: {table:04x?}", hca.name);
        }
    }
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

/// Routes as ibdmchk walks them: hops as the formula says, no cable between switches unused, no credit loop.
fn routes(simulator: &Simulator, network: &Network) {
    let output = simulator
        .command("ibdmchk")
        .args([
            "-s",
            "opensm-subnet.lst",
            "-f",
            "opensm.fdbs",
            "-m",
            "opensm.mcfdbs",
        ])
        .output()
        .unwrap();
    // It ends by a segmentation fault after its last word; the words count.
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("no credit loops found"), "{said}");
    assert!(!said.contains("-E-"), "{said}");
    let hops = histogram(&said, "HOPS NUM-CA-CA-PAIRS", 1);
    assert_eq!(hops, expected_hops(network), "{said}");
    let ports = histogram(&said, "NUM-DLIDS NUM-SWITCH-PORTS", 0);
    let between = network
        .links
        .iter()
        .filter(|link| network.device(link.lower).kind != DeviceKind::Hca)
        .count() as u64;
    assert_eq!(ports.values().sum::<u64>(), 2 * between, "{said}");
    assert!(
        !ports.contains_key(&0) || partial(network),
        "cables without traffic: {said}"
    );
    if !partial(network) {
        assert_eq!(ports, expected_loads(network), "{said}");
    }
}

/// Whether a leaf has fewer HCAs than another.
fn partial(network: &Network) -> bool {
    used_leaves(network).values().collect::<BTreeSet<_>>().len() > 1
}

/// Rows below a heading, the n-th of them: value and number.
fn histogram(said: &str, heading: &str, which: usize) -> BTreeMap<u64, u64> {
    let mut parts = said.split(heading).skip(1);
    let part = parts
        .nth(which)
        .unwrap_or_else(|| panic!("no {heading:?}: {said}"));
    let rows = part.lines().skip(1).take_while(|line| !line.starts_with('-'));
    rows.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse().unwrap(), words.next()?.parse().unwrap()))
    })
    .collect()
}

/// Two hops below one leaf, four below one spine, else six.
fn expected_hops(network: &Network) -> BTreeMap<u64, u64> {
    let leaves = used_leaves(network);
    let mut spines: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for link in network
        .links
        .iter()
        .filter(|link| leaves.contains_key(&link.lower.device))
    {
        spines
            .entry(link.lower.device)
            .or_default()
            .insert(link.upper.device);
    }
    let mut pods: BTreeMap<BTreeSet<u32>, u64> = BTreeMap::new();
    for (leaf, hcas) in &leaves {
        *pods
            .entry(spines.get(leaf).cloned().unwrap_or_default())
            .or_default() += hcas;
    }
    let pairs = |count: &u64| count * count.saturating_sub(1);
    let all: u64 = leaves.values().sum();
    let two: u64 = leaves.values().map(pairs).sum();
    let within: u64 = pods.values().map(pairs).sum();
    let rows = [(2, two), (4, within - two), (6, pairs(&all) - within)];
    rows.into_iter().filter(|(_, pairs)| *pairs > 0).collect()
}

/// Destinations behind each port between switches of a full tree: what is not below is spread evenly over the ports up, and
/// what is below over the ports down.
fn expected_loads(network: &Network) -> BTreeMap<u64, u64> {
    let leaves = used_leaves(network);
    let all: u64 = leaves.values().sum();
    // HCAs below each switch: leaves first, then whoever has a link from below, level by level.
    let mut below: BTreeMap<u32, BTreeSet<u32>> = leaves
        .keys()
        .map(|leaf| (*leaf, BTreeSet::from([*leaf])))
        .collect();
    let up: Vec<_> = network
        .links
        .iter()
        .filter(|link| network.device(link.lower).kind != DeviceKind::Hca)
        .collect();
    for link in &up {
        let from = below.get(&link.lower.device).cloned().unwrap_or_default();
        below.entry(link.upper.device).or_default().extend(from);
    }
    let hcas = |switch: u32| below[&switch].iter().map(|leaf| leaves[leaf]).sum::<u64>();
    // Ports of one level in one direction share their load evenly: a switch's ports up carry what is not below it, and
    // together they carry each destination once; downwards the switches of one pod share what is below.
    let mut ups: BTreeMap<u32, u64> = BTreeMap::new();
    let mut sharing: BTreeMap<(u32, Vec<u32>), u64> = BTreeMap::new();
    for link in &up {
        *ups.entry(link.lower.device).or_default() += 1;
        let leaves_below: Vec<u32> = below[&link.lower.device].iter().copied().collect();
        *sharing.entry((leaves_below[0], leaves_below)).or_default() += 1;
    }
    let mut loads: BTreeMap<u64, u64> = BTreeMap::new();
    for link in &up {
        let lower = link.lower.device;
        let leaves_below: Vec<u32> = below[&lower].iter().copied().collect();
        let ports = sharing[&(leaves_below[0], leaves_below)];
        *loads.entry((all - hcas(lower)) / ports.max(1)).or_default() += 1;
        *loads.entry(hcas(lower) / ports).or_default() += 1;
    }
    loads
}
