//! The wiring check: what was changed is named, and what it says to do makes the design.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rackwright_fabric::check::{Cable, Report, Step, check, markdown, text};
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::netlist::{Dialect, read, write};
use rackwright_fabric::network::{End, Link, Network};
use rackwright_fabric::tree::{Shape, Spread, Tree};

use crate::steps::{named, short};

/// Two units of 4 nodes with 2 rails, switches of 8 ports.
pub fn small(nodes: u32) -> Network {
    let shape = Shape {
        nodes,
        rails: 2,
        spread: Spread::Rails,
        nodes_per_unit: Some(4),
        radix: 8,
        oversubscription: (1, 1),
    };
    let nodes = (0..nodes).map(|seat| Seated {
        name: format!("n{:02}", seat + 1).into(),
        seat,
        guids: Box::new([]),
        rack: Some(format!("r{}", seat / 2 + 1).into()),
    });
    let tree = Tree::new(&shape).unwrap();
    Design::new(tree, nodes.collect(), BTreeMap::new())
        .unwrap()
        .network(0)
}

fn compare(design: &Network, found: &Network) -> Report {
    let capture = read(&write(found, Dialect::Ibnetdiscover));
    assert!(capture.problems.is_empty(), "{:?}", capture.problems);
    check(design, &capture, None)
}

fn link(network: &mut Network, device: &str, port: u16) -> usize {
    let at = |end: End| network.device(end).name == device && end.port == port;
    network
        .links
        .iter()
        .position(|link| at(link.lower) || at(link.upper))
        .unwrap()
}

/// Two cables change their upper ends.
fn cross(network: &mut Network, one: usize, other: usize) {
    let upper = network.links[one].upper;
    network.links[one].upper = network.links[other].upper;
    network.links[other].upper = upper;
}

fn steps(design: &Network, found: &Network) -> Vec<String> {
    compare(design, found).steps.iter().map(short).collect()
}

#[test]
fn what_is_as_designed_needs_nothing() {
    let design = small(8);
    let report = compare(&design, &design);
    assert_eq!((report.steps.len(), report.right, report.designed), (0, 32, 32));
    assert_eq!(text(&report), "32 of 32 cables are where they belong; 0 steps\n");
}

#[test]
fn rails_of_one_node_swapped_are_one_swap_at_the_node() {
    let design = small(8);
    let mut found = design.clone();
    let (one, other) = (link(&mut found, "n03 HCA-0", 1), link(&mut found, "n03 HCA-1", 1));
    cross(&mut found, one, other);
    assert_eq!(
        steps(&design, &found),
        ["swap su01-r0-l01[3]: n03 HCA-1 -> n03 HCA-0, su01-r1-l01[3]: n03 HCA-0 -> n03 HCA-1 false"]
    );
    let report = compare(&design, &found);
    assert_eq!(
        text(&report),
        "rack r2\n  swap the cable ends at n03 HCA-1 and n03 HCA-0 (the one from su01-r0-l01 port 3 belongs to n03 HCA-0, the one \
         from su01-r1-l01 port 3 to n03 HCA-1)\n30 of 32 cables are where they belong; 1 step\n"
    );
    assert!(markdown(&report).contains("| r2 | swap the cable ends at n03 HCA-1"));
}

#[test]
fn two_nodes_swapped_at_one_leaf_are_one_swap_at_the_leaf() {
    let design = small(8);
    let mut found = design.clone();
    let (one, other) = (link(&mut found, "n01 HCA-1", 1), link(&mut found, "n02 HCA-1", 1));
    cross(&mut found, one, other);
    assert_eq!(
        steps(&design, &found),
        [
            "swap n01 HCA-1: su01-r1-l01[2] -> su01-r1-l01[1], n02 HCA-1: su01-r1-l01[1] -> su01-r1-l01[2] false"
        ]
    );
}

#[test]
fn cables_of_one_bundle_swapped_do_no_harm() {
    let design = small(4);
    let mut found = design.clone();
    let (one, other) = (
        link(&mut found, "su01-r0-l01", 5),
        link(&mut found, "su01-r0-l01", 6),
    );
    assert_eq!(found.links[one].upper.device, found.links[other].upper.device);
    cross(&mut found, one, other);
    let steps = steps(&design, &found);
    assert!(steps.len() == 1 && steps[0].ends_with(" true"), "{steps:?}");
}

#[test]
fn a_cable_in_the_wrong_port_is_one_move() {
    let design = small(7);
    let mut found = design.clone();
    let at = link(&mut found, "n07 HCA-0", 1);
    // Node 8 is not there: its port is free.
    found.links[at].upper.port = 4;
    assert_eq!(
        steps(&design, &found),
        ["move n07 HCA-0: su02-r0-l01[4] -> su02-r0-l01[3]"]
    );
}

#[test]
fn missing_and_extra_cables_and_devices() {
    let design = small(8);
    let mut found = design.clone();
    let at = link(&mut found, "su01-r0-l01", 6);
    let gone = found.links.remove(at);
    let named = |end: End| format!("{}[{}]", design.device(end).name, end.port);
    assert_eq!(
        steps(&design, &found),
        [format!("connect {} {}", named(gone.lower), named(gone.upper))]
    );
    // The cable of a second spine port to a free port of nowhere designed.
    let mut found = small(8);
    let spine = found
        .devices
        .iter()
        .position(|device| device.name == "pod01-s01")
        .unwrap() as u32;
    let design7 = small(7);
    let leaf = found
        .devices
        .iter()
        .position(|device| device.name == "su02-r0-l01")
        .unwrap() as u32;
    found = design7.clone();
    let (spine, leaf) = (spine - 2, leaf - 2);
    let free = (1..=8).find(|port| {
        let end = End {
            device: spine,
            port: *port,
        };
        !found
            .links
            .iter()
            .any(|link| link.upper == end || link.lower == end)
    });
    if let Some(port) = free {
        found.links.push(Link {
            lower: End {
                device: leaf,
                port: 4,
            },
            upper: End { device: spine, port },
        });
        assert_eq!(
            steps(&design7, &found),
            [format!("remove su02-r0-l01[4] pod01-s01[{port}]")]
        );
    }
    // Seven of eight nodes are there, and their cables are as designed.
    assert_eq!(
        steps(&design, &design7),
        ["missing n08 HCA-0 1", "missing n08 HCA-1 1"]
    );
    assert_eq!(
        steps(&design7, &design),
        [
            "unknown n08 HCA-0 at su02-r0-l01[4]",
            "unknown n08 HCA-1 at su02-r1-l01[4]"
        ]
    );
}

/// GUIDs of switches are unknown and their names are not ours: they are told by their cables.
#[test]
fn strangers_are_told_by_where_they_sit() {
    let design = small(8);
    let mut found = design.clone();
    for (device, number) in found.devices.iter_mut().zip(1u64..).skip(16) {
        device.guid = 0xb83f_d203_0000_0000 + number;
        device.name = format!("MF0;switch-{number}:MQM9700/U1");
    }
    let (one, other) = (link(&mut found, "n01 HCA-0", 1), link(&mut found, "n02 HCA-0", 1));
    cross(&mut found, one, other);
    let steps = steps(&design, &found);
    let replaced = steps.iter().filter(|step| step.starts_with("replaced ")).count();
    assert_eq!(replaced, design.devices.len() - 16);
    let rest: Vec<&String> = steps
        .iter()
        .filter(|step| !step.starts_with("replaced "))
        .collect();
    assert_eq!(
        rest,
        [
            "swap n01 HCA-0: su01-r0-l01[2] -> su01-r0-l01[1], n02 HCA-0: su01-r0-l01[1] -> su01-r0-l01[2] false"
        ]
    );
}

#[test]
fn names_in_the_forms_of_real_fabrics_are_understood() {
    let design = small(8);
    let mut found = design.clone();
    for (device, number) in found.devices.iter_mut().zip(1u64..) {
        device.guid = 0x9c05_9103_0000_0000 + number * 16;
        device.name = match device.name.split_once(" HCA-") {
            // Numbers of HCAs that are no rails, in their order.
            Some((node, rail)) => format!("{node} mlx5_{}", if rail == "0" { 3 } else { 10 }),
            None => format!("MF0;{}:MQM9701/U1", device.name),
        };
    }
    assert_eq!(steps(&design, &found), Vec::<String>::new());
}

#[test]
fn a_switchs_own_aggregation_node_is_no_cable() {
    let design = small(4);
    let text = write(&design, Dialect::Ibnetdiscover);
    let leaf = design
        .devices
        .iter()
        .find(|device| device.name == "su01-r0-l01")
        .unwrap();
    let head = format!("Switch\t8 \"S-{:016x}\"", leaf.guid);
    assert!(text.contains(&head));
    let text = text.replace(&head, &head.replace("\t8 ", "\t9 "));
    let port = format!(
        "[5]\t\"S-{:016x}\"",
        design
            .devices
            .iter()
            .find(|device| device.name.starts_with("pod"))
            .unwrap()
            .guid
    );
    let at = text.find(&port).unwrap();
    let mut with = text.clone();
    with.insert_str(
        at,
        "[9]\t\"H-00000000000000aa\"[1](aa) \t\t# \"Mellanox Technologies Aggregation Node\" lid 9 4xNDR\n",
    );
    with.push_str(&format!(
        "caguid=0xaa\nCa\t1 \"H-00000000000000aa\"\t\t# \"Mellanox Technologies Aggregation Node\"\n[1](aa) \t\"S-{:016x}\"[9]\t\t# lid 9 lmc 0 \"x\" lid 3 4xNDR\n",
        leaf.guid
    ));
    let capture = read(&with);
    assert!(capture.problems.is_empty(), "{:?}", capture.problems);
    let report = check(&design, &capture, None);
    assert_eq!(
        report.steps.iter().map(short).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
}

#[test]
fn a_slow_cable_is_named() {
    let design = small(4);
    let capture = write(&design, Dialect::Ibnetdiscover).replacen("4xHDR", "2xHDR", 1);
    let report = check(&design, &read(&capture), Some("4xHDR"));
    assert_eq!(
        report.steps.iter().map(short).collect::<Vec<_>>(),
        ["degraded n01 HCA-0 su01-r0-l01[1] 2xHDR 4xHDR"]
    );
}

#[test]
fn a_second_device_with_one_guid_is_named() {
    let design = small(4);
    let mut found = design.clone();
    found.devices[2].guid = found.devices[0].guid;
    let mut capture = read(&write(&found, Dialect::Ibnetdiscover));
    assert_eq!(capture.problems.len(), 2, "{:?}", capture.problems);
    capture.problems.clear();
    let report = check(&design, &capture, None);
    assert!(
        report
            .steps
            .iter()
            .map(short)
            .any(|step| step.contains("n02 HCA-0")),
        "{:?}",
        report.steps
    );
}

/// Does what a report says to the cables that were found.
fn obey(found: &Network, report: &Report) -> BTreeSet<(String, String)> {
    let name = |end: End| {
        let device = found.device(end);
        if device.ports == 1 {
            device.name.clone()
        } else {
            format!("{}[{}]", device.name, end.port)
        }
    };
    let pair = |a: String, b: String| if a < b { (a, b) } else { (b, a) };
    let mut cables: BTreeSet<(String, String)> = found
        .links
        .iter()
        .map(|link| pair(name(link.lower), name(link.upper)))
        .collect();
    let free =
        |cables: &BTreeSet<(String, String)>, port: &str| !cables.iter().any(|(a, b)| a == port || b == port);
    let pull = |cables: &mut BTreeSet<(String, String)>, cable: &Cable| {
        assert!(
            cables.remove(&pair(named(&cable.fixed), named(&cable.from))),
            "no such cable: {cable:?}"
        );
    };
    let put = |cables: &mut BTreeSet<(String, String)>, cable: &Cable| {
        assert!(free(cables, &named(&cable.to)), "the port is taken: {cable:?}");
        cables.insert(pair(named(&cable.fixed), named(&cable.to)));
    };
    // In their order: each goes to a port that is free by then.
    for step in &report.steps {
        match step {
            Step::Remove { ends: [a, b] } => assert!(cables.remove(&pair(named(a), named(b))), "{step:?}"),
            Step::Connect { ends: [a, b] } => {
                assert!(free(&cables, &named(a)) && free(&cables, &named(b)), "{step:?}");
                cables.insert(pair(named(a), named(b)));
            }
            Step::Move { cable } => {
                pull(&mut cables, cable);
                put(&mut cables, cable);
            }
            Step::Swap { cables: pair, .. } => {
                pair.iter().for_each(|cable| pull(&mut cables, cable));
                pair.iter().for_each(|cable| put(&mut cables, cable));
            }
            Step::Rotate { cables: all } => {
                all.iter().for_each(|cable| pull(&mut cables, cable));
                all.iter().for_each(|cable| put(&mut cables, cable));
            }
            other => panic!("{other:?}"),
        }
    }
    cables
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// Whatever is crossed, pulled, or plugged in elsewhere: doing what the report says makes the design, and nothing that is
    /// right is touched.
    #[test]
    fn doing_what_it_says_makes_the_design(
        crossed in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
        pulled in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        elsewhere in prop::collection::vec((any::<prop::sample::Index>(), 1u16..=8), 0..3),
    ) {
        let design = small(12);
        let mut found = design.clone();
        for (one, other) in &crossed {
            let (one, other) = (one.index(found.links.len()), other.index(found.links.len()));
            cross(&mut found, one, other);
        }
        for at in &pulled {
            found.links.remove(at.index(found.links.len()));
        }
        for (at, port) in &elsewhere {
            let at = at.index(found.links.len());
            let end = End { port: *port, ..found.links[at].upper };
            if !found.links.iter().any(|link| link.lower == end || link.upper == end) {
                found.links[at].upper = end;
            }
        }
        // A device that lost all its cables would not be found.
        prop_assume!(found.by_device().iter().all(|ends| !ends.is_empty()));
        let report = compare(&design, &found);
        prop_assert_eq!(obey(&found, &report), obey(&design, &compare(&design, &design)));
        let wrong = found.links.iter().filter(|link| !design.links.contains(link)).count();
        let moved: usize = report.steps.iter().map(|step| match step {
            Step::Swap { .. } => 2,
            Step::Rotate { cables } => cables.len(),
            Step::Move { .. } | Step::Remove { .. } => 1,
            _ => 0,
        }).sum();
        prop_assert_eq!(moved, wrong);
    }

    /// Any text is read: no panic, and what cannot be read is named by its line.
    #[test]
    fn any_text_is_read(text in "(?s).{0,400}", cut in any::<prop::sample::Index>()) {
        read(&text);
        let whole = write(&small(4), Dialect::Ibnetdiscover);
        let part = &whole[..cut.index(whole.len())];
        let capture = read(part);
        check(&small(4), &capture, Some("4xHDR"));
        prop_assert!(capture.problems.iter().all(|problem| problem.line as usize <= part.lines().count()));
    }
}
