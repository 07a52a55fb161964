//! One node: each of its HCAs, the leaf and port where it ends, and what is above.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Block, Bundle, Picture, Tier, Zoom, count};
use super::unit::{add_spines, cables_note, join_spines, leaf_block};
use crate::design::Design;
use crate::graph::Graph;

/// The picture of a node; none where the fabric has no such node.
pub(super) fn node(graph: &Graph, design: &Design, name: &str, node: &str) -> Option<Picture> {
    let place = design.nodes().iter().position(|seated| &*seated.name == node)?;
    let seated = &design.nodes()[place];
    let of_unit = graph.units.get(&(seated.seat / graph.nodes_per_unit.max(1)))?;
    // By HCA: the leaf, as its place in the unit, and its port.
    let rails = 0..design.topology().shape().rails;
    let ends: BTreeMap<u32, (usize, u16)> = rails
        .filter_map(|rail| Some((rail, of_unit.end(design, place, rail)?)))
        .collect();
    let at: BTreeSet<usize> = ends.values().map(|(leaf, _)| *leaf).collect();
    let mut picture = Picture {
        zoom: Zoom::Node,
        title: format!("{name}, node {node}"),
        description: format!(
            "{} in unit {}: where each of its {} ends, and what is above.{}",
            match &seated.rack {
                Some(rack) => format!("Node {node} of rack {rack}"),
                None => format!("Node {node}"),
            },
            seated.seat / graph.nodes_per_unit.max(1) + 1,
            count(ends.len() as u64, "HCA", "HCAs"),
            cables_note(graph),
        ),
        blocks: Vec::new(),
        bundles: Vec::new(),
    };
    let leaves: Vec<_> = at.iter().map(|leaf| &of_unit.leaves[*leaf]).collect();
    let above = add_spines(&mut picture, graph, &leaves);
    let mut at_leaf: BTreeMap<usize, usize> = BTreeMap::new();
    for (place, leaf) in at.iter().zip(leaves) {
        let block = picture.add(leaf_block(graph, leaf));
        join_spines(&mut picture, graph, leaf, block, &above);
        at_leaf.insert(*place, block);
    }
    add_cores(&mut picture, graph, &above);
    let body = picture.add(Block {
        tier: Tier::Node,
        name: node.to_owned(),
        notes: seated.rack.iter().map(|rack| format!("rack {rack}")).collect(),
        inside: None,
        rails: Vec::new(),
    });
    for (rail, (leaf, port)) in ends {
        let guid = seated.guids.get(rail as usize).copied().flatten();
        let hca = picture.add(Block {
            tier: Tier::Hca,
            name: format!("HCA {rail}"),
            notes: guid.map(|guid| format!("{guid:016x}")).into_iter().collect(),
            inside: Some(body),
            rails: vec![graph.by_rail.then_some(rail)],
        });
        if let Some(&upper) = at_leaf.get(&leaf) {
            picture.bundles.push(Bundle {
                upper,
                lower: hca,
                cables: 1,
                ports: vec![port],
            });
        }
    }
    Some(picture)
}

/// Adds the cores of every subnet that has spines in the picture.
fn add_cores(picture: &mut Picture, graph: &Graph, spines: &BTreeMap<(usize, usize), usize>) {
    let mut cores: BTreeMap<usize, usize> = BTreeMap::new();
    for (&(number, pod), &lower) in spines {
        let subnet = &graph.subnets[number];
        if subnet.cores.is_empty() {
            continue;
        }
        let upper = *cores.entry(number).or_insert_with(|| {
            picture.add(Block {
                tier: Tier::Cores,
                name: count(subnet.cores.len() as u64, "core", "cores"),
                notes: subnet.core_notes(),
                inside: None,
                rails: Vec::new(),
            })
        });
        let cables = subnet.between(&subnet.cores, subnet.pods[pod].spines.iter().copied());
        picture.join(upper, lower, cables);
    }
}
