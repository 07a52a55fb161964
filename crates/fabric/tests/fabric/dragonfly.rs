//! Dragonfly+: its limits, the cables between groups, and growth.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::dragonfly::DragonflyPlus;
use rackwright_fabric::network::Network;
use rackwright_fabric::tree::{Shape, SizeError, Spread, Switch};

fn shape(groups: u32, per_group: u32, rails: u32, radix: u32) -> Shape {
    Shape {
        nodes: groups * per_group,
        rails,
        spread: Spread::Rails,
        nodes_per_unit: Some(per_group),
        radix,
        oversubscription: (1, 1),
    }
}

/// The most of a radix: groups of k/2 leaves and k/2 spines, one cable between each two of (k/2)^2 + 1 groups.
#[test]
fn the_largest_of_a_radix() {
    for (radix, endpoints) in [(40, 160_400), (64, 1_049_600), (144, 26_879_040)] {
        let half = radix / 2;
        let groups = half * half + 1;
        let size = DragonflyPlus::new(&shape(groups, half * half, 1, radix))
            .unwrap()
            .size();
        assert_eq!(size.node_links, endpoints, "{radix}");
        assert_eq!((size.leaves, size.spines), (groups * half, groups * half));
        // Nothing is oversubscribed, and every global port of every spine is used.
        assert_eq!(size.leaf_spine_links, size.node_links);
        assert_eq!(2 * size.global_links, size.node_links);
        assert_eq!(
            DragonflyPlus::new(&shape(groups + 1, half * half, 1, radix)),
            Err(SizeError::TooManyGroups {
                groups: groups + 1,
                most: groups,
                cables: half * half
            })
        );
        assert_eq!(
            DragonflyPlus::new(&shape(2, half * half + 1, 1, radix)),
            Err(SizeError::GroupTooLarge {
                leaves: half + 1,
                most: half
            })
        );
    }
}

/// Groups of 128 nodes with eight rails on QM9700: 32 leaves and 32 spines each. How wide the bundles are by the number of
/// groups: 1,024 cables of a group over the others, what does not go round stays free.
#[test]
fn groups_of_128_nodes() {
    for (groups, bundle, global) in [
        (2, 1024, 1024),
        (9, 128, 36 * 128),
        (12, 93, 66 * 93),
        (1025, 1, 524_800),
    ] {
        let dragonfly = DragonflyPlus::new(&shape(groups, 128, 8, 64)).unwrap();
        let size = dragonfly.size();
        assert_eq!(
            (size.leaves, size.spines, size.cores),
            (groups * 32, groups * 32, 0)
        );
        assert_eq!(
            (dragonfly.cables_of_pair(), size.global_links),
            (bundle, global),
            "{groups}"
        );
    }
    let one = DragonflyPlus::new(&shape(1, 128, 8, 64)).unwrap();
    assert_eq!(
        (
            one.cables_of_pair(),
            one.size().global_links,
            one.uplinks().count()
        ),
        (0, 0, 1024)
    );
    let names = [Switch::Leaf(37), Switch::Spine(64)]
        .map(|switch| DragonflyPlus::new(&shape(3, 128, 8, 64)).unwrap().name(0, switch));
    assert_eq!(names, ["g02-r1-l02", "g03-s01"]);
}

fn network(designed: u32, built: impl Iterator<Item = u32>) -> Network {
    let nodes = built
        .flat_map(|group| group * 4..group * 4 + 4)
        .map(|seat| Seated {
            name: format!("n{seat:03}").into(),
            seat,
            guids: Box::new([]),
            rack: None,
        });
    let dragonfly = DragonflyPlus::new(&shape(designed, 4, 2, 8)).unwrap();
    Design::new(dragonfly, nodes.collect(), BTreeMap::new())
        .unwrap()
        .network(0)
}

/// Every cable by the names and ports of its ends.
fn cables(network: &Network) -> BTreeSet<[(&str, u16); 2]> {
    let named = |end| (network.device(end).name.as_str(), end.port);
    network
        .links
        .iter()
        .map(|link| [named(link.lower), named(link.upper)])
        .collect()
}

proptest! {
    /// Each pair of groups has equally many cables, and spines of a group equally many or one more.
    #[test]
    fn groups_are_joined_evenly(groups in 1u32..12, per_group in 1u32..=32, rails in 1u32..=4,
                                radix in prop::sample::select(vec![8u32, 16, 40])) {
        let Ok(dragonfly) = DragonflyPlus::new(&shape(groups, per_group, rails, radix)) else { return Ok(()) };
        let of_group = dragonfly.spines() / groups;
        let mut pairs: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        let mut spines = vec![0u32; dragonfly.spines() as usize];
        for uplink in dragonfly.uplinks() {
            if let (Switch::Spine(low), Switch::Spine(high)) = (uplink.lower.0, uplink.upper.0) {
                prop_assert!(low / of_group < high / of_group);
                *pairs.entry((low / of_group, high / of_group)).or_default() += 1;
                spines[low as usize] += 1;
                spines[high as usize] += 1;
            }
        }
        prop_assert_eq!(pairs.len() as u32, groups * (groups - 1) / 2);
        prop_assert!(pairs.values().all(|cables| *cables == dragonfly.cables_of_pair()));
        prop_assert!(spines.iter().max().unwrap() - spines.iter().min().unwrap() <= 1);
    }

    /// Whatever groups are built, in whatever order: a new one moves no cable and no name.
    #[test]
    fn growth_moves_nothing(designed in 1u32..=9, built in prop::collection::btree_set(0u32..9, 1..9), more in 0u32..9) {
        let built: BTreeSet<u32> = built.into_iter().filter(|group| *group < designed).collect();
        let later: BTreeSet<u32> = built.iter().copied().chain([more % designed]).collect();
        let (before, after) = (network(designed, built.iter().copied()), network(designed, later.iter().copied()));
        prop_assert!(cables(&before).is_subset(&cables(&after)));
        // As many as are counted: nothing is there of groups that are not.
        let dragonfly = DragonflyPlus::new(&shape(designed, 4, 2, 8)).unwrap();
        let size = dragonfly.size_of(&later);
        prop_assert_eq!(after.links.len() as u64, size.node_links + size.leaf_spine_links + size.global_links);
        prop_assert_eq!(after.devices.len() as u64, size.node_links + size.switches());
    }
}
