//! One unit: its leaves, the spines above them, its racks, and at which port of which leaf each node ends.

use std::collections::BTreeMap;

use super::model::{Block, Bundle, Picture, Tier, Zoom, count};
use crate::design::Design;
use crate::graph::{Graph, Leaf};

/// Rows that a picture has for nodes; in a larger unit a row is a rack, where all racks are known.
const MOST_ROWS: usize = 72;

/// The picture of a unit, or none where it has no node.
pub(super) fn unit(graph: &Graph, design: &Design, name: &str, unit: u32) -> Option<Picture> {
    let of_unit = graph.units.get(&unit)?;
    let mut racks: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for &node in &of_unit.nodes {
        racks
            .entry(design.nodes()[node].rack.as_deref())
            .or_default()
            .push(node);
    }
    let by_rack = of_unit.nodes.len() > MOST_ROWS && !racks.contains_key(&None);
    let (row, number) = if by_rack {
        ("rack", "the ports of the leaf where cables of the rack end")
    } else {
        ("node", "the port of the leaf where the node's cable ends")
    };
    let mut picture = Picture {
        zoom: Zoom::Unit,
        title: format!("{name}, unit {}", unit + 1),
        description: format!(
            "{} at {}. A row is a {row}, a column a leaf, and a number {number}.{}",
            count(of_unit.nodes.len() as u64, "node", "nodes"),
            count(of_unit.leaves.len() as u64, "leaf", "leaves"),
            cables_note(graph),
        ),
        blocks: Vec::new(),
        bundles: Vec::new(),
    };
    let above = add_spines(&mut picture, graph, &of_unit.leaves.iter().collect::<Vec<_>>());
    let mut columns: Vec<usize> = Vec::new();
    for leaf in &of_unit.leaves {
        let block = picture.add(leaf_block(graph, leaf));
        join_spines(&mut picture, graph, leaf, block, &above);
        columns.push(block);
    }
    let rows = add_rows(&mut picture, design, racks, by_rack);
    let mut cells: BTreeMap<(usize, usize), Vec<u16>> = BTreeMap::new();
    for (&node, &row) in &rows {
        for rail in 0..design.topology().shape().rails {
            if let Some((leaf, port)) = of_unit.end(design, node, rail) {
                cells.entry((row, columns[leaf])).or_default().push(port);
            }
        }
    }
    for ((lower, upper), ports) in cells {
        picture.bundles.push(Bundle {
            upper,
            lower,
            cables: ports.len() as u64,
            ports,
        });
    }
    Some(picture)
}

/// Adds nodes inside of their racks, or a box a rack, in the order of seats; gives the row of each node.
fn add_rows(
    picture: &mut Picture,
    design: &Design,
    racks: BTreeMap<Option<&str>, Vec<usize>>,
    by_rack: bool,
) -> BTreeMap<usize, usize> {
    let block = |tier: Tier, name: &str, notes: Vec<String>, inside: Option<usize>| Block {
        tier,
        name: name.to_owned(),
        notes,
        inside,
        rails: Vec::new(),
    };
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    for (rack, nodes) in by_first(racks) {
        if let (true, Some(rack)) = (by_rack, rack) {
            let nodes_of = count(nodes.len() as u64, "node", "nodes");
            let row = picture.add(block(Tier::Rack, rack, vec![nodes_of], None));
            rows.extend(nodes.into_iter().map(|node| (node, row)));
            continue;
        }
        let inside = rack.map(|rack| picture.add(block(Tier::Rack, rack, Vec::new(), None)));
        for node in nodes {
            let name = &design.nodes()[node].name;
            let row = picture.add(block(Tier::Node, name, Vec::new(), inside));
            rows.insert(node, row);
        }
    }
    rows
}

/// Racks in the order of their first node.
fn by_first(racks: BTreeMap<Option<&str>, Vec<usize>>) -> Vec<(Option<&str>, Vec<usize>)> {
    let mut racks: Vec<_> = racks.into_iter().collect();
    racks.sort_by_key(|(_, nodes)| nodes.first().copied());
    racks
}

pub(super) fn leaf_block(graph: &Graph, leaf: &Leaf) -> Block {
    Block {
        tier: Tier::Leaf,
        name: graph.name(leaf).to_owned(),
        notes: leaf.rail.map(|rail| format!("rail {rail}")).into_iter().collect(),
        inside: None,
        rails: vec![leaf.rail],
    }
}

/// What the numbers above the leaves are, where there is something above them.
pub(super) fn cables_note(graph: &Graph) -> &'static str {
    if graph.subnets.iter().all(|subnet| subnet.pods.is_empty()) {
        ""
    } else {
        " Numbers above the leaves count cables."
    }
}

/// Adds the spines of every pod that serves one of the leaves, by subnet and pod.
pub(super) fn add_spines(
    picture: &mut Picture,
    graph: &Graph,
    leaves: &[&Leaf],
) -> BTreeMap<(usize, usize), usize> {
    let mut above: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for leaf in leaves {
        let subnet = &graph.subnets[leaf.subnet];
        for pod in subnet.pods_of(leaf.device) {
            above.entry((leaf.subnet, pod)).or_insert_with(|| {
                let spines = &subnet.pods[pod].spines;
                let mut notes = vec![subnet.span(spines)];
                if spines.len() > 1 {
                    let each = subnet.between(spines, [leaf.device]) / spines.len() as u64;
                    notes.push(format!(
                        "{} from each leaf to each spine",
                        count(each, "cable", "cables")
                    ));
                }
                picture.add(Block {
                    tier: Tier::Spines,
                    name: count(spines.len() as u64, "spine", "spines"),
                    notes,
                    inside: None,
                    rails: Vec::new(),
                })
            });
        }
    }
    above
}

/// Joins a leaf with the spines above it.
pub(super) fn join_spines(
    picture: &mut Picture,
    graph: &Graph,
    leaf: &Leaf,
    block: usize,
    above: &BTreeMap<(usize, usize), usize>,
) {
    let subnet = &graph.subnets[leaf.subnet];
    for pod in subnet.pods_of(leaf.device) {
        if let Some(&spines) = above.get(&(leaf.subnet, pod)) {
            let cables = subnet.between(&subnet.pods[pod].spines, [leaf.device]);
            picture.join(spines, block, cables);
        }
    }
}
