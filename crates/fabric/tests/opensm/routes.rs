//! Routes as ibdmchk walks them, against what follows from the design.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_fabric::network::{DeviceKind, Network};

use crate::proof::used_leaves;
use crate::simulator::Simulator;

/// Routes as ibdmchk walks them: hops as the formula says, no cable between switches unused, no credit loop.
pub fn routes(simulator: &Simulator, network: &Network, engine: &str) {
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
    if engine == "ftree" && !partial(network) {
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

/// Two hops below one leaf, four below one spine; else six, over a core, or five where spines are joined with each other.
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
    let joined = network
        .links
        .iter()
        .any(|link| [link.lower, link.upper].map(|end| network.device(end).kind) == [DeviceKind::Root; 2]);
    let far = if joined { 5 } else { 6 };
    let rows = [(2, two), (4, within - two), (far, pairs(&all) - within)];
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
