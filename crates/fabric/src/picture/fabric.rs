//! The fabric: cores, pods of spines, and units.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::model::{Block, Picture, Tier, Zoom, count};
use crate::design::Design;
use crate::graph::{Graph, Subnet, Unit};

/// Pods, and units of all pods, that are drawn one by one; the rest are one box.
const MOST_PODS: usize = 24;
const MOST_UNITS: usize = 96;
/// Units that a pod shows however many pods there are, and however few.
const UNITS_OF_POD: (usize, usize) = (4, 24);

/// The picture of all units. Subnets of disjoint rails are equal, so that the first stands for all.
pub(super) fn fabric(graph: &Graph, design: &Design, name: &str) -> Picture {
    let mut picture = Picture {
        zoom: Zoom::Fabric,
        title: name.to_owned(),
        description: description(graph, design),
        blocks: Vec::new(),
        bundles: Vec::new(),
    };
    let Some(subnet) = graph.subnets.first() else {
        return picture;
    };
    let cores = (!subnet.cores.is_empty()).then(|| {
        picture.add(Block {
            tier: Tier::Cores,
            name: count(subnet.cores.len() as u64, "core", "cores"),
            notes: subnet.core_notes(),
            inside: None,
            rails: Vec::new(),
        })
    });
    // A unit lies at the first of its pods.
    let mut at_pod: BTreeMap<Option<usize>, Vec<u32>> = BTreeMap::new();
    for (&number, unit) in &graph.units {
        let mut leaves = leaves(unit);
        let pod = leaves.find_map(|leaf| subnet.pods_of(leaf).next());
        at_pod.entry(pod).or_default().push(number);
    }
    let of_pod: Vec<(Option<usize>, Vec<u32>)> = at_pod.into_iter().collect();
    let shown = if of_pod.len() > MOST_PODS {
        MOST_PODS - 1
    } else {
        of_pod.len()
    };
    let (single, rest) = of_pod.split_at(shown);
    let (least, most) = UNITS_OF_POD;
    let most = (MOST_UNITS / shown.max(1)).clamp(least, most);
    for (pod, units) in single {
        let above = pod.map(|pod| {
            let spines = &subnet.pods[pod].spines;
            let above = picture.add(pod_block(subnet, spines));
            if let Some(cores) = cores {
                let cables = subnet.between(&subnet.cores, spines.iter().copied());
                picture.join(cores, above, cables);
            }
            above
        });
        let spines: &[u32] = pod.map_or(&[], |pod| &subnet.pods[pod].spines);
        add_units(&mut picture, graph, subnet, Shown { units, most }, above, spines);
    }
    if !rest.is_empty() {
        let pods = rest.iter().filter_map(|(pod, _)| *pod);
        let spines: Vec<u32> = pods
            .flat_map(|pod| subnet.pods[pod].spines.iter().copied())
            .collect();
        let mut block = pod_block(subnet, &spines);
        block.name = format!("{} more pods: {}", rest.len(), block.name);
        let above = picture.add(block);
        if let Some(cores) = cores {
            picture.join(
                cores,
                above,
                subnet.between(&subnet.cores, spines.iter().copied()),
            );
        }
        let units: Vec<u32> = rest.iter().flat_map(|(_, units)| units.iter().copied()).collect();
        add_rest(&mut picture, graph, subnet, &units, above, &spines);
    }
    picture
}

/// The leaves that a unit has in the first subnet.
fn leaves(unit: &Unit) -> impl Iterator<Item = u32> {
    let of_first = unit.leaves.iter().filter(|leaf| leaf.subnet == 0);
    of_first.map(|leaf| leaf.device)
}

fn pod_block(subnet: &Subnet, spines: &[u32]) -> Block {
    Block {
        tier: Tier::Spines,
        name: count(spines.len() as u64, "spine", "spines"),
        notes: vec![subnet.span(spines)],
        inside: None,
        rails: Vec::new(),
    }
}

/// Units, and how many boxes they may take.
struct Shown<'a> {
    units: &'a [u32],
    most: usize,
}

fn add_units(
    picture: &mut Picture,
    graph: &Graph,
    subnet: &Subnet,
    Shown { units, most }: Shown<'_>,
    above: Option<usize>,
    spines: &[u32],
) {
    let shown = if units.len() > most { most - 1 } else { units.len() };
    let (single, rest) = units.split_at(shown);
    for &number in single {
        let unit = &graph.units[&number];
        let nodes = unit.nodes.len() as u64;
        let full = u64::from(graph.nodes_per_unit);
        let nodes = if nodes == full {
            count(nodes, "node", "nodes")
        } else {
            format!("{nodes}/{full} nodes")
        };
        let first: Vec<_> = unit.leaves.iter().filter(|leaf| leaf.subnet == 0).collect();
        let block = picture.add(Block {
            tier: Tier::Unit,
            name: format!("unit {}", number + 1),
            notes: vec![nodes, count(first.len() as u64, "leaf", "leaves")],
            inside: above,
            rails: first.iter().map(|leaf| leaf.rail).collect(),
        });
        if let Some(above) = above {
            picture.join(above, block, subnet.between(spines, leaves(unit)));
        }
    }
    if let (Some(above), false) = (above, rest.is_empty()) {
        add_rest(picture, graph, subnet, rest, above, spines);
    }
}

fn add_rest(
    picture: &mut Picture,
    graph: &Graph,
    subnet: &Subnet,
    units: &[u32],
    above: usize,
    spines: &[u32],
) {
    let all = || units.iter().filter_map(|number| graph.units.get(number));
    let nodes: usize = all().map(|unit| unit.nodes.len()).sum();
    let of_leaves: Vec<u32> = all().flat_map(leaves).collect();
    let block = picture.add(Block {
        tier: Tier::Unit,
        name: format!("+{} units", units.len()),
        notes: vec![
            count(nodes as u64, "node", "nodes"),
            count(of_leaves.len() as u64, "leaf", "leaves"),
        ],
        inside: Some(above),
        rails: Vec::new(),
    });
    picture.join(above, block, subnet.between(spines, of_leaves));
}

fn description(graph: &Graph, design: &Design) -> String {
    let (mut leaves, mut spines, mut cores, mut peers) = (0, 0, 0, 0);
    for subnet in &graph.subnets {
        spines += subnet.pods.iter().map(|pod| pod.spines.len() as u64).sum::<u64>();
        cores += subnet.cores.len() as u64;
        peers += subnet.peers;
    }
    for unit in graph.units.values() {
        leaves += unit.leaves.len() as u64;
    }
    let mut parts = vec![
        count(design.nodes().len() as u64, "node", "nodes"),
        count(graph.units.len() as u64, "unit", "units"),
        count(leaves, "leaf", "leaves"),
    ];
    for (number, one, many) in [(spines, "spine", "spines"), (cores, "core", "cores")] {
        if number > 0 {
            parts.push(count(number, one, many));
        }
    }
    let squares = if graph.by_rail {
        ", a square is a leaf in the colour of its rail"
    } else {
        ""
    };
    let mut text = parts.join(", ");
    if graph.subnets.len() > 1 {
        let _ = write!(
            text,
            " in {} equal subnets, a rail each; one of them is drawn",
            graph.subnets.len()
        );
    }
    if peers > 0 {
        let _ = write!(text, ", {} between groups", count(peers, "cable", "cables"));
    }
    text + ". Numbers beside lines count cables" + squares + "."
}
