//! Two schedules of one subnet: growth keeps what is there, and what must move is said as moves.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rackwright_fabric::cables::{Kind, schedule};
use rackwright_fabric::check::{Cable, Port, Step};
use rackwright_fabric::compare::{Comparison, Scheduled, compare, text};
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::network::Network;
use rackwright_fabric::racks::{Level, Racks, SwitchRacks};
use rackwright_fabric::tree::{Shape, Spread, Tree};

use crate::check::small;
use crate::steps::short;

fn scheduled(network: &Network) -> Vec<Scheduled> {
    let rows: Vec<_> = schedule(network).collect();
    serde_json::from_str(&serde_json::to_string(&rows).unwrap()).unwrap()
}

fn compared(before: &Network, after: &Network) -> Comparison {
    compare(&scheduled(before), &scheduled(after))
}

fn counts(comparison: &Comparison) -> [u32; 4] {
    [comparison.stay, comparison.moved, comparison.gone, comparison.new]
}

/// A tree for so many units, of which these are there.
fn built(units: u32, there: u32, disjoint: bool) -> Design {
    let shape = Shape {
        nodes: units * 4,
        rails: 2,
        spread: if disjoint {
            Spread::DisjointRails
        } else {
            Spread::Rails
        },
        nodes_per_unit: Some(4),
        radix: 8,
        oversubscription: (1, 1),
    };
    let nodes = (0..there * 4).map(|seat| Seated {
        name: format!("n{seat:02}").into(),
        seat,
        guids: Box::new([]),
        rack: None,
    });
    Design::new(Tree::new(&shape).unwrap(), nodes.collect(), BTreeMap::new()).unwrap()
}

#[test]
fn the_same_schedule_keeps_all() {
    let network = small(8);
    let comparison = compared(&network, &network);
    assert_eq!(counts(&comparison), [32, 0, 0, 0]);
    assert!(comparison.keeps_all() && comparison.steps.is_empty());
    assert_eq!(
        text("compute", &comparison),
        "compute: 32 cables stay, 0 move, 0 go, 0 are new\n"
    );
}

/// Built for two units, growth from one to two only adds cables.
#[test]
fn growth_within_the_design_adds_only() {
    let comparison = compared(&built(2, 1, false).network(0), &built(2, 2, false).network(0));
    assert_eq!(counts(&comparison), [16, 0, 0, 16]);
    assert!(comparison.keeps_all());
    assert!(
        comparison
            .steps
            .iter()
            .all(|step| matches!(step, Step::Connect { .. }))
    );
}

/// Built for one unit, a second one changes every bundle: uplinks move, cables of nodes stay.
#[test]
fn growth_beyond_the_design_is_told_as_moves() {
    let comparison = compared(&built(1, 1, false).network(0), &built(2, 2, false).network(0));
    let [stay, moved, gone, new] = counts(&comparison);
    assert_eq!((stay + moved + gone, gone, new), (16, 0, 16));
    assert!(
        moved > 0 && stay >= 8 && !comparison.keeps_all(),
        "{comparison:?}"
    );
    let text = text("compute", &comparison);
    // The port that the second one goes to is free by then.
    let chain = "\n  move the cable at pod01-s01 port 5 from su01-r1-l01 port 5 to su02-r0-l01 port 5\n  \
                 move the cable at pod01-s01 port 3 from su01-r0-l01 port 7 to su01-r1-l01 port 5\n";
    assert!(text.contains(chain), "{text}");
    assert!(!text.contains("connect"), "{text}");
}

/// Two nodes change their ports: one swap, not two cables that go and two that are new.
#[test]
fn a_swap_is_one_step() {
    let before = small(8);
    let mut after = before.clone();
    let (one, other) = (after.links[0].upper, after.links[2].upper);
    after.links[0].upper = other;
    after.links[2].upper = one;
    let comparison = compared(&before, &after);
    assert_eq!(counts(&comparison), [30, 2, 0, 0]);
    let steps: Vec<String> = comparison.steps.iter().map(short).collect();
    assert_eq!(
        steps,
        [
            "swap n02 HCA-0: su01-r0-l01[2] -> su01-r0-l01[1], n01 HCA-0: su01-r0-l01[1] -> su01-r0-l01[2] false"
        ]
    );
}

#[test]
fn a_device_of_another_rack_is_told() {
    let before = small(4);
    let mut after = before.clone();
    after.devices[0].rack = Some("r9".into());
    // A rack that was not known before is no move.
    let last = after.devices.len() - 1;
    after.devices[last].rack = Some("net1".into());
    let comparison = compared(&before, &after);
    assert_eq!(counts(&comparison), [16, 0, 0, 0]);
    assert!(!comparison.keeps_all());
    assert!(
        text("x", &comparison).ends_with("\n  n01 HCA-0 goes from rack r1 to rack r9\n"),
        "{comparison:?}"
    );
}

#[test]
fn what_is_not_there_any_more_goes() {
    let comparison = compared(&small(4), &Network::default());
    assert_eq!(counts(&comparison), [0, 0, 16, 0]);
    assert!(!comparison.keeps_all());
}

type End = (String, Option<u16>);

fn end(port: &Port) -> End {
    (port.device.clone(), port.port)
}

/// Pulls these cable ends, then plugs each where it belongs; every port must be free by then.
fn moved(cables: &mut BTreeMap<End, End>, moves: &[Cable]) {
    for Cable { fixed, from, .. } in moves {
        assert_eq!(cables.remove(&end(from)), Some(end(fixed)));
        assert_eq!(cables.remove(&end(fixed)), Some(end(from)));
    }
    for Cable { fixed, to, .. } in moves {
        lay(cables, &end(fixed), &end(to));
    }
}

fn lay(cables: &mut BTreeMap<End, End>, a: &End, b: &End) {
    assert_eq!(cables.insert(a.clone(), b.clone()), None, "{a:?} has a cable");
    assert_eq!(cables.insert(b.clone(), a.clone()), None, "{b:?} has a cable");
}

/// The cables of a schedule by both ends.
fn laid(schedule: &[Scheduled]) -> BTreeMap<End, End> {
    let mut cables = BTreeMap::new();
    for cable in schedule {
        let port = (cable.kind == Kind::Switch).then_some(cable.from_port);
        lay(
            &mut cables,
            &(cable.from.clone(), port),
            &(cable.to.clone(), Some(cable.to_port)),
        );
    }
    cables
}

/// Does all steps, one after the other.
fn done(before: &[Scheduled], comparison: &Comparison) -> BTreeMap<End, End> {
    let mut cables = laid(before);
    for step in &comparison.steps {
        match step {
            Step::Swap { cables: two, .. } => moved(&mut cables, two),
            Step::Rotate { cables: all } => moved(&mut cables, all),
            Step::Move { cable } => moved(&mut cables, std::slice::from_ref(cable)),
            Step::Connect { ends: [a, b] } => lay(&mut cables, &end(a), &end(b)),
            Step::Remove { ends: [a, b] } => {
                assert_eq!(cables.remove(&end(a)), Some(end(b)));
                assert_eq!(cables.remove(&end(b)), Some(end(a)));
            }
            other => panic!("{other:?}"),
        }
    }
    cables
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What stays, moves and goes is what was there; what stays, moves and is new is what is to be there. Done in order, the
    /// steps make of the one the other, and none needs a port that has a cable.
    #[test]
    fn every_cable_is_counted_once(a in 1u32..6, b in 1u32..6, crossed in proptest::collection::vec(0usize..1000, 0..8)) {
        let before = built(a, a, false).network(0);
        let mut after = built(b, b, false).network(0);
        for pair in crossed.chunks_exact(2) {
            let [one, other] = [pair[0] % after.links.len(), pair[1] % after.links.len()];
            let upper = after.links[one].upper;
            after.links[one].upper = after.links[other].upper;
            after.links[other].upper = upper;
        }
        let comparison = compared(&before, &after);
        let [stay, moved, gone, new] = counts(&comparison).map(|count| count as usize);
        prop_assert_eq!(stay + moved + gone, before.links.len());
        prop_assert_eq!(stay + moved + new, after.links.len());
        prop_assert_eq!(done(&scheduled(&before), &comparison), laid(&scheduled(&after)));
        let same = scheduled(&before).into_iter().filter(|cable| scheduled(&after).contains(cable)).count();
        prop_assert_eq!(stay, same);
    }
}

fn racks(
    level: Level,
    racks: &[&str],
    per_rack: u32,
    rack_unit: Option<u16>,
    height: u16,
) -> (Level, SwitchRacks) {
    let racks = racks.iter().map(|&rack| rack.to_owned()).collect();
    (
        level,
        SwitchRacks {
            racks,
            per_rack,
            rack_unit,
            height,
        },
    )
}

fn stand(design: Design, groups: Vec<(Level, SwitchRacks)>, subnet: u32) -> Vec<String> {
    let mut all = Racks::new();
    for (level, group) in groups {
        all.entry(level).or_default().push(group);
    }
    let network = design.in_racks(all).network(subnet);
    let switches = network.devices.iter().filter(|device| device.ports > 1);
    let shown = switches.map(|device| {
        let unit = device
            .rack_unit
            .map_or_else(String::new, |unit| format!("/{unit}"));
        format!("{} {}{unit}", device.name, device.rack.as_deref().unwrap_or("-"))
    });
    shown.collect()
}

/// Entries of a level are filled one after the other; what has no place has no rack.
#[test]
fn switches_fill_their_racks() {
    let groups = vec![
        racks(Level::Leaf, &["a", "b"], 1, None, 1),
        racks(Level::Leaf, &["c"], 2, Some(40), 4),
        racks(Level::Spine, &["s"], 2, Some(1), 1),
    ];
    assert_eq!(
        stand(built(2, 2, false), groups, 0),
        [
            "su01-r0-l01 a",
            "su01-r1-l01 b",
            "su02-r0-l01 c/40",
            "su02-r1-l01 c/44",
            "pod01-s01 s/1",
            "pod01-s02 s/2"
        ]
    );
    let few = vec![racks(Level::Leaf, &["a"], 3, None, 1)];
    assert_eq!(
        stand(built(2, 2, false), few, 0)[2..4],
        ["su02-r0-l01 a", "su02-r1-l01 -"]
    );
}

/// Where each rail is a subnet of its own, the leaves of one unit stand together.
#[test]
fn leaves_of_a_unit_stand_together() {
    let groups = || vec![racks(Level::Leaf, &["a", "b"], 2, None, 1)];
    assert_eq!(
        stand(built(2, 2, true), groups(), 0)[..2],
        ["su01-r0-l01 a", "su02-r0-l01 b"]
    );
    assert_eq!(
        stand(built(2, 2, true), groups(), 1)[..2],
        ["su01-r1-l01 a", "su02-r1-l01 b"]
    );
}
