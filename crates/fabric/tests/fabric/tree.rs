//! The published component counts, and what must hold of every tree.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rackwright_fabric::topology::{Form, Topology};
use rackwright_fabric::tree::{Shape, Size, SizeError, Spread, Switch, Tree};

fn size(shape: &Shape) -> Result<Size, SizeError> {
    Ok(Tree::new(shape)?.size())
}

fn shape(nodes: u32, per_unit: u32, radix: u32) -> Shape {
    Shape {
        nodes,
        rails: 8,
        nodes_per_unit: Some(per_unit),
        radix,
        spread: Spread::Rails,
        oversubscription: (1, 1),
    }
}

/// Scalable units, nodes, GPUs, leaves, spines, cores, and cables: node to leaf, leaf to spine, spine to core.
type Row = (u32, u32, u32, u32, u32, u32, u64, u64, u64);

/// Compares published rows. A table of several planes counts the switches of all and the cables of one.
fn check(per_unit: u32, radix: u32, planes: u32, rows: &[Row]) {
    for &(units, nodes, gpus, leaves, spines, cores, node_links, leaf_spine, spine_core) in rows {
        let size = size(&shape(nodes, per_unit, radix)).unwrap();
        assert_eq!((size.units, nodes * 8), (units, gpus), "{nodes} nodes");
        assert_eq!(
            (size.leaves * planes, size.spines * planes, size.cores * planes),
            (leaves, spines, cores),
            "{nodes} nodes"
        );
        assert_eq!(
            (size.node_links, size.leaf_spine_links, size.spine_core_links),
            (node_links, leaf_spine, spine_core),
            "{nodes} nodes"
        );
    }
}

/// DGX SuperPOD B200, RA-11334-001 V08, larger component counts: units of 32, QM9700. The page counts each layer's cables
/// once, as many as there are GPUs: nothing is oversubscribed.
#[test]
fn superpod_b200() {
    check(
        32,
        64,
        1,
        &[
            (2, 64, 512, 16, 8, 0, 512, 512, 0),
            (4, 128, 1024, 32, 16, 0, 1024, 1024, 0),
            (8, 256, 2048, 64, 32, 0, 2048, 2048, 0),
            (16, 512, 4096, 128, 128, 64, 4096, 4096, 4096),
            (32, 1024, 8192, 256, 256, 128, 8192, 8192, 8192),
            (64, 2048, 16_384, 512, 512, 256, 16_384, 16_384, 16_384),
        ],
    );
}

/// DGX SuperPOD B300, RA-11339-001 V01, Table 3: units of 72, Q3400-RA.
#[test]
fn superpod_b300_infiniband() {
    check(
        72,
        144,
        1,
        &[
            (1, 72, 576, 8, 4, 0, 576, 576, 0),
            (2, 144, 1152, 16, 8, 0, 1152, 1152, 0),
            (4, 288, 2304, 32, 18, 0, 2304, 2304, 0),
            (8, 576, 4608, 64, 36, 0, 4608, 4608, 0),
            // The page prints 9,216 GPUs. Taken is 10,368: 1,296 nodes of eight, and its own column of cables says so.
            (18, 1296, 10_368, 144, 72, 0, 10_368, 10_368, 0),
        ],
    );
}

/// DGX SuperPOD B300, RA-11337-001 V01, Table 3: units of 64 in two planes; 64 ports of 800 Gb/s are 128 of 400. The page's
/// switches are those of both planes, but its cables are as many as GPUs, each of which has a port in each plane: they are
/// taken for those of one plane.
#[test]
fn superpod_b300_ethernet() {
    check(
        64,
        128,
        2,
        &[
            (1, 64, 512, 16, 8, 0, 512, 512, 0),
            (2, 128, 1024, 32, 16, 0, 1024, 1024, 0),
            (4, 256, 2048, 64, 32, 0, 2048, 2048, 0),
            (8, 512, 4096, 128, 64, 0, 4096, 4096, 0),
            (16, 1024, 8192, 256, 128, 0, 8192, 8192, 0),
        ],
    );
}

/// A write-up of 512 nodes (apetops-us.com): four pods of 32 leaves, 32 spines and 16 cores, 320 switches.
#[test]
fn four_pods_of_512_nodes() {
    let tree = Tree::new(&shape(512, 32, 64)).unwrap();
    let size = tree.size();
    assert_eq!((size.leaves, size.spines, size.cores), (4 * 32, 4 * 32, 4 * 16));
    assert_eq!(size.switches(), 320);
    assert_eq!(tree.name(0, Switch::Spine(127)), "pod04-s32");
}

/// A plan of 32 nodes with B300 (neocloud.kedios.io): eight leaves and four Q3400 spines, which are those of a whole unit
/// of 72: units are built in full.
#[test]
fn a_unit_that_is_not_full() {
    let size = size(&shape(32, 72, 144)).unwrap();
    assert_eq!((size.leaves, size.spines, size.cores), (8, 4, 0));
}

/// The largest trees of a radix: hosts of eight rails on two and on three levels.
#[test]
fn the_largest_trees() {
    for (radix, two, three) in [(40, 100, 2_000), (64, 256, 8_192), (144, 1_296, 93_312)] {
        let of = |nodes| size(&shape(nodes, radix / 2, radix));
        assert_eq!(
            of(two).unwrap().switches(),
            u64::from(radix + radix / 2),
            "{radix}"
        );
        assert!(of(two + 1).unwrap().cores > 0, "{radix}");
        // A pod holds whole units of eight leaves; where they fill it, three levels reach k^3/4.
        if (radix / 2) % 8 == 0 {
            let all = radix * radix * 5 / 4;
            assert_eq!(of(three).unwrap().switches(), u64::from(all), "{radix}");
            assert!(matches!(of(three + 1), Err(SizeError::TooMany { .. })), "{radix}");
        }
    }
}

#[test]
fn units_may_be_smaller_or_larger_than_a_leaf() {
    let of = |nodes, unit, rails, ratio| {
        size(&Shape {
            nodes,
            rails,
            spread: Spread::Rails,
            nodes_per_unit: unit,
            radix: 64,
            oversubscription: ratio,
        })
        .map(|size| (size.units, size.leaves, size.spines))
    };
    // 18 trays of 4 rails in racks of eight: 144 nodes need five leaves a rail.
    assert_eq!(of(144, Some(144), 4, (1, 1)), Ok((1, 20, 16)));
    assert_eq!(of(20, Some(16), 8, (1, 1)), Ok((2, 16, 4)));
    assert_eq!(of(0, Some(16), 8, (1, 1)), Ok((0, 0, 0)));
    assert_eq!(of(10, None, 1, (1, 1)), Ok((1, 1, 0)));
    // 3:1 leaves 48 ports for nodes and 16 for spines.
    assert_eq!(of(96, None, 8, (3, 1)), Ok((2, 16, 4)));
    assert_eq!(
        of(1, None, 8, (1, 99)),
        Err(SizeError::NoPorts {
            radix: 64,
            down: 1,
            up: 99
        })
    );
}

/// What a walk over every cable of a small fabric finds: no port twice, none beyond the radix, as many as are counted.
fn walk(form: Form, shape: &Shape) -> Result<(), TestCaseError> {
    let Ok(tree) = Topology::new(form, shape) else {
        return Ok(());
    };
    let size = tree.size();
    let mut used: BTreeSet<(u32, Switch, u16)> = BTreeSet::new();
    let mut take = |subnet, switch, port: u16| {
        prop_assert!(
            port >= 1 && u32::from(port) <= shape.radix,
            "{switch:?} port {port}"
        );
        prop_assert!(
            used.insert((subnet, switch, port)),
            "{switch:?} port {port} twice"
        );
        Ok(())
    };
    let mut hcas = 0;
    for seat in 0..tree.units() * tree.nodes_per_unit() {
        for rail in 0..shape.rails {
            let at = tree.leaf_port(seat, rail).unwrap();
            take(at.subnet, Switch::Leaf(at.leaf), at.port)?;
            prop_assert_eq!(tree.unit_of(at.leaf), seat / tree.nodes_per_unit());
            hcas += 1;
        }
    }
    prop_assert_eq!(hcas, size.node_links);
    // Bundles between each pair of switches that are joined.
    let mut bundles: BTreeMap<(Switch, Switch), u32> = BTreeMap::new();
    let (mut leaf_spine, mut spine_core, mut global) = (0, 0, 0);
    for subnet in 0..tree.subnets() {
        for up in tree.uplinks() {
            take(subnet, up.lower.0, up.lower.1)?;
            take(subnet, up.upper.0, up.upper.1)?;
            match (up.lower.0, up.upper.0) {
                (Switch::Leaf(_), Switch::Spine(_)) => leaf_spine += 1,
                (Switch::Spine(_), Switch::Core(_)) => spine_core += 1,
                // Equal by groups, not by spines.
                (Switch::Spine(_), Switch::Spine(_)) => {
                    global += 1;
                    continue;
                }
                other => prop_assert!(false, "{other:?}"),
            }
            *bundles.entry((up.lower.0, up.upper.0)).or_default() += 1;
        }
    }
    prop_assert_eq!(
        (leaf_spine, spine_core, global),
        (size.leaf_spine_links, size.spine_core_links, size.global_links)
    );
    for level in [Switch::Leaf as fn(u32) -> Switch, Switch::Spine] {
        let of_level = bundles
            .iter()
            .filter(|((lower, _), _)| std::mem::discriminant(lower) == std::mem::discriminant(&level(0)));
        let sizes: BTreeSet<u32> = of_level.map(|(_, size)| *size).collect();
        prop_assert!(sizes.len() <= 1, "unequal bundles: {sizes:?}");
    }
    // Each switch has its name for itself.
    let names: BTreeSet<String> = (0..tree.subnets())
        .flat_map(|subnet| tree.switches().map(move |switch| (subnet, switch)))
        .map(|(subnet, switch)| tree.name(subnet, switch))
        .collect();
    prop_assert_eq!(names.len() as u64, size.switches());
    Ok(())
}

fn form() -> impl Strategy<Value = Form> {
    prop::sample::select(vec![Form::FatTree, Form::DragonflyPlus])
}

fn spread() -> impl Strategy<Value = Spread> {
    prop::sample::select(vec![Spread::Rails, Spread::DisjointRails, Spread::Packed])
}

proptest! {
    /// Every port that is used exists, and every switch above a level takes as many cables as leave it.
    #[test]
    fn ports_are_enough(nodes in 1u32..200_000, rails in 1u32..=16, unit in prop::option::of(1u32..=1024),
                        radix in 2u32..=256, down in 1u32..=8, up in 1u32..=8,
                            spread in spread()) {
        let shape = Shape { nodes, rails, spread, nodes_per_unit: unit, radix, oversubscription: (down, up) };
        if let Ok(size) = size(&shape) {
            let radix = u64::from(radix);
            prop_assert!(size.node_links >= u64::from(nodes) * u64::from(rails));
            prop_assert!(size.node_links + size.leaf_spine_links <= u64::from(size.leaves) * radix);
            prop_assert!(size.leaf_spine_links + size.spine_core_links <= u64::from(size.spines) * radix);
            prop_assert!(size.spine_core_links <= u64::from(size.cores) * radix);
            prop_assert!(size.spines > 0 || size.leaves == 1);
        }
    }

    #[test]
    fn every_cable_has_two_free_ports(nodes in 1u32..400, rails in 1u32..=8, unit in prop::option::of(1u32..=80),
                                      radix in prop::sample::select(vec![4u32, 8, 16, 40, 64]), down in 1u32..=3,
                                      up in 1u32..=3, spread in spread(), form in form()) {
        walk(form, &Shape { nodes, rails, spread, nodes_per_unit: unit, radix, oversubscription: (down, up) })?;
    }

    /// Growth within the levels and bundles that a tree has moves no cable and renames no switch.
    #[test]
    fn growth_keeps_cables(nodes in 1u32..2000, more in 0u32..2000, rails in 1u32..=8, spread in spread()) {
        let shape = |nodes| Shape { nodes, rails, spread, nodes_per_unit: Some(32), radix: 64, oversubscription: (1, 1) };
        let tree = |nodes| Topology::new(Form::FatTree, &shape(nodes)).unwrap();
        let (small, large) = (tree(nodes), tree(nodes + more));
        for (seat, rail) in (0..nodes).step_by(7).flat_map(|seat| (0..rails).map(move |rail| (seat, rail))) {
            let (before, after) = (small.leaf_port(seat, rail).unwrap(), large.leaf_port(seat, rail).unwrap());
            prop_assert_eq!(before, after);
            prop_assert_eq!(small.name(before.subnet, Switch::Leaf(before.leaf)), large.name(after.subnet, Switch::Leaf(after.leaf)));
        }
    }

    /// Nodes share a leaf exactly within so many in a row of one unit, and with rails they share all of theirs.
    #[test]
    fn nodes_in_a_row_share_leaves(rails in 1u32..=8, unit in 1u32..=80, radix in prop::sample::select(vec![4u32, 6, 8, 10, 40, 64]),
                                   down in 1u32..=3, up in 1u32..=3, spread in spread(), form in form()) {
        let shape = Shape { nodes: 2 * unit, rails, spread, nodes_per_unit: Some(unit), radix, oversubscription: (down, up) };
        let Ok(topology) = Topology::new(form, &shape) else { return Ok(()) };
        let leaves = |seat: u32| -> BTreeSet<(u32, u32)> {
            let ends = (0..rails).map(|rail| topology.leaf_port(seat, rail).unwrap());
            ends.map(|end| (end.subnet, end.leaf)).collect()
        };
        for seat in 1..2 * unit {
            let (a, b) = (leaves(seat - 1), leaves(seat));
            let starts = (seat % unit).is_multiple_of(topology.nodes_per_leaf());
            prop_assert_eq!(a.is_disjoint(&b), starts, "seat {}: {:?} {:?}", seat, a, b);
            if spread != Spread::Packed {
                prop_assert_eq!(a == b, !starts);
            }
        }
    }
}
