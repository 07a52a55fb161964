//! Cabling faults in a simulated fabric, as ibnetdiscover sees them: the wiring check names the cables at fault, all of them
//! and no other. OpenSM stays silent about most of them.

use std::collections::BTreeSet;

use rackwright_fabric::check::{Report, check};
use rackwright_fabric::netlist::read;
use rackwright_fabric::network::{End, Link, Network};
use rackwright_fabric::tree::{Shape, Spread};

use crate::design;
use crate::simulator::Simulator;
use crate::steps::short;

/// Three levels in small: 24 nodes of two rails, units of four, switches of eight ports.
fn network() -> Network {
    design(&Shape {
        nodes: 23,
        rails: 2,
        spread: Spread::Rails,
        nodes_per_unit: Some(4),
        radix: 8,
        oversubscription: (1, 1),
    })
    .network(0)
}

fn at(network: &Network, device: &str, port: u16) -> End {
    let device = network.devices.iter().position(|other| other.name == device);
    End {
        device: device.unwrap_or_else(|| panic!("no such device")) as u32,
        port,
    }
}

fn link(network: &Network, device: &str, port: u16) -> usize {
    let end = at(network, device, port);
    network
        .links
        .iter()
        .position(|link| link.lower == end || link.upper == end)
        .unwrap()
}

/// What is done to a fabric.
#[derive(Debug)]
enum Fault {
    /// The cables at two ports change their upper ends.
    Cross((&'static str, u16), (&'static str, u16)),
    /// The cable at a port is pulled.
    Pull(&'static str, u16),
    /// The upper end of the cable at a port goes to another port.
    Move((&'static str, u16), (&'static str, u16)),
    /// A cable between two ports more.
    Lay((&'static str, u16), (&'static str, u16)),
    /// A device is switched off.
    Off(&'static str),
    /// A device has another GUID and another name.
    Replace(&'static str),
}

fn apply(network: &mut Network, fault: &Fault) {
    match fault {
        Fault::Cross(one, other) => {
            let (one, other) = (link(network, one.0, one.1), link(network, other.0, other.1));
            let upper = network.links[one].upper;
            network.links[one].upper = network.links[other].upper;
            network.links[other].upper = upper;
        }
        Fault::Pull(device, port) => {
            let gone = link(network, device, *port);
            network.links.remove(gone);
        }
        Fault::Move(from, to) => {
            let to = at(network, to.0, to.1);
            let moved = link(network, from.0, from.1);
            network.links[moved].upper = to;
        }
        Fault::Lay(one, other) => network.links.push(Link {
            lower: at(network, one.0, one.1),
            upper: at(network, other.0, other.1),
        }),
        Fault::Off(device) => {
            let gone = at(network, device, 0).device;
            network
                .links
                .retain(|link| link.lower.device != gone && link.upper.device != gone);
            network.devices.remove(gone as usize);
            for end in network
                .links
                .iter_mut()
                .flat_map(|link| [&mut link.lower, &mut link.upper])
            {
                end.device -= u32::from(end.device > gone);
            }
        }
        Fault::Replace(device) => {
            let device = at(network, device, 0).device as usize;
            network.devices[device].guid = 0x9c05_9103_00ab_cd01;
            "Mellanox Technologies".clone_into(&mut network.devices[device].name);
        }
    }
}

fn look(design: &Network, found: &Network) -> Report {
    let simulator = Simulator::start(found);
    let capture = read(&simulator.output("ibnetdiscover", &[]));
    assert!(capture.problems.is_empty(), "{:?}", capture.problems);
    check(design, &capture, None)
}

/// Each fault, and what has to be done about it.
fn cases() -> Vec<(Vec<Fault>, Vec<&'static str>)> {
    use Fault::{Cross, Lay, Move, Off, Pull, Replace};
    vec![
        (vec![], vec![]),
        // A node's HCAs swapped between two rails: OpenSM is silent.
        (
            vec![Cross(("n00005 HCA-0", 1), ("n00005 HCA-1", 1))],
            vec![
                "swap su02-r0-l01[1]: n00005 HCA-1 -> n00005 HCA-0, su02-r1-l01[1]: n00005 HCA-0 -> n00005 HCA-1 false",
            ],
        ),
        // Two nodes swapped at one leaf.
        (
            vec![Cross(("n00005 HCA-0", 1), ("n00006 HCA-0", 1))],
            vec![
                "swap n00005 HCA-0: su02-r0-l01[2] -> su02-r0-l01[1], n00006 HCA-0: su02-r0-l01[1] -> su02-r0-l01[2] false",
            ],
        ),
        // Two nodes of different units swapped: silent, and their traffic takes four hops instead of two.
        (
            vec![Cross(("n00001 HCA-1", 1), ("n00009 HCA-1", 1))],
            vec![
                "swap su01-r1-l01[1]: n00009 HCA-1 -> n00001 HCA-1, su03-r1-l01[1]: n00001 HCA-1 -> n00009 HCA-1 false",
            ],
        ),
        // Two uplinks of two leaves crossed within a pod.
        (
            vec![Cross(("su01-r0-l01", 5), ("su01-r1-l01", 6))],
            vec![
                "swap pod01-s01[1]: su01-r1-l01[6] -> su01-r0-l01[5], pod01-s02[2]: su01-r0-l01[5] -> su01-r1-l01[6] false",
            ],
        ),
        // Two uplinks of one leaf crossed: both spines still have their cable, at each other's port.
        (
            vec![Cross(("su01-r0-l01", 5), ("su01-r0-l01", 6))],
            vec![
                "swap pod01-s01[1]: su01-r0-l01[6] -> su01-r0-l01[5], pod01-s02[1]: su01-r0-l01[5] -> su01-r0-l01[6] false",
            ],
        ),
        // Two leaves of different pods crossed: symmetric, and OpenSM is silent even without roots.
        (
            vec![Cross(("su01-r0-l01", 5), ("su03-r0-l01", 5))],
            vec![
                "swap pod01-s01[1]: su03-r0-l01[5] -> su01-r0-l01[5], pod02-s01[1]: su01-r0-l01[5] -> su03-r0-l01[5] false",
            ],
        ),
        // Two spines crossed at the core.
        (
            vec![Cross(("pod01-s01", 5), ("pod01-s02", 5))],
            vec![
                "swap g01-c01[1]: pod01-s02[5] -> pod01-s01[5], g02-c01[1]: pod01-s01[5] -> pod01-s02[5] false",
            ],
        ),
        // The same bundle's two cables crossed: no harm, and said so.
        (
            vec![Cross(("pod02-s03", 7), ("pod02-s03", 8))],
            vec![
                "swap g03-c02[3]: pod02-s03[8] -> pod02-s03[7], g03-c02[4]: pod02-s03[7] -> pod02-s03[8] true",
            ],
        ),
        (
            vec![Pull("su01-r0-l01", 5)],
            vec!["connect su01-r0-l01[5] pod01-s01[1]"],
        ),
        (
            vec![Pull("pod03-s04", 8)],
            vec!["connect pod03-s04[8] g04-c02[6]"],
        ),
        // A leaf's uplink in a free port of a core: OpenSM is silent with roots.
        (
            vec![Move(("su06-r0-l01", 5), ("g01-c01", 8))],
            vec!["move su06-r0-l01[5]: g01-c01[8] -> pod03-s01[3]"],
        ),
        // A node in a core.
        (
            vec![Move(("n00022 HCA-1", 1), ("g02-c02", 7))],
            vec!["move n00022 HCA-1: g02-c02[7] -> su06-r1-l01[2]"],
        ),
        // Cores joined with each other.
        (
            vec![Lay(("g01-c01", 7), ("g02-c01", 7))],
            vec!["remove g01-c01[7] g02-c01[7]"],
        ),
        (vec![Pull("n00010 HCA-1", 1)], vec!["missing n00010 HCA-1 1"]),
        (vec![Off("n00010 HCA-1")], vec!["missing n00010 HCA-1 1"]),
        (
            vec![Off("n00010 HCA-0"), Off("n00010 HCA-1")],
            vec!["missing n00010 HCA-0 1", "missing n00010 HCA-1 1"],
        ),
        (
            vec![Replace("n00010 HCA-1")],
            vec!["replaced n00010 HCA-1 by Mellanox Technologies"],
        ),
        (
            vec![Replace("su02-r0-l01")],
            vec!["replaced su02-r0-l01 by Mellanox Technologies"],
        ),
        (
            vec![Replace("pod01-s02")],
            vec!["replaced pod01-s02 by Mellanox Technologies"],
        ),
        (vec![Off("su02-r1-l01")], vec!["missing su02-r1-l01 8"]),
        (vec![Off("pod01-s01")], vec!["missing pod01-s01 8"]),
        // The last unit has a free seat: a node plugged into the wrong port.
        (
            vec![Move(("n00021 HCA-0", 1), ("su06-r0-l01", 4))],
            vec!["move n00021 HCA-0: su06-r0-l01[4] -> su06-r0-l01[1]"],
        ),
        // Three nodes of one leaf in turn.
        (
            vec![
                Cross(("n00001 HCA-0", 1), ("n00002 HCA-0", 1)),
                Cross(("n00002 HCA-0", 1), ("n00003 HCA-0", 1)),
            ],
            vec![
                "rotate n00001 HCA-0: su01-r0-l01[2] -> su01-r0-l01[1], n00002 HCA-0: su01-r0-l01[3] -> su01-r0-l01[2], n00003 HCA-0: su01-r0-l01[1] -> su01-r0-l01[3]",
            ],
        ),
    ]
}

#[test]
fn each_fault_is_named_by_its_cables() {
    let design = network();
    let cases = cases();
    assert!(cases.len() > 20);
    for (faults, expected) in cases {
        let mut found = design.clone();
        for fault in &faults {
            apply(&mut found, fault);
        }
        let report = look(&design, &found);
        let steps: BTreeSet<String> = report.steps.iter().map(short).collect();
        assert_eq!(
            steps,
            expected.into_iter().map(str::to_owned).collect(),
            "{faults:?}"
        );
    }
}
