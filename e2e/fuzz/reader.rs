//! Any bytes as a capture: read, compared with a design and reported.
#![no_main]
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a fuzz target fails by panicking"
)]

#[path = "../../crates/fabric/tests/fabric/networks.rs"]
mod networks;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rackwright_fabric::check::check;
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::netlist::read;
use rackwright_fabric::network::Network;
use rackwright_fabric::tree::{Shape, Spread, Tree};

/// The design that the seed is a capture of: two nodes of two rails, switches of four ports.
static DESIGN: LazyLock<Network> = LazyLock::new(|| {
    let shape = Shape {
        nodes: 2,
        rails: 2,
        spread: Spread::Rails,
        nodes_per_unit: Some(2),
        radix: 4,
        oversubscription: (1, 1),
    };
    let nodes = (0..2).map(|seat| Seated {
        name: format!("n{:02}", seat + 1).into(),
        seat,
        guids: Box::new([]),
        rack: Some("r1".into()),
    });
    let design = Design::new(Tree::new(&shape).unwrap(), nodes.collect(), BTreeMap::new());
    design.unwrap().network(0)
});

fuzz_target!(|bytes: &[u8]| {
    let capture = read(&String::from_utf8_lossy(bytes));
    for (line, problem) in capture.problems.iter().map(|problem| (problem.line, problem)) {
        assert!(line >= 1 && line as usize <= bytes.len() + 1, "{problem:?}");
    }
    for cable in &capture.cables {
        assert!(cable.ends[0] <= cable.ends[1]);
        assert!(
            cable
                .ends
                .iter()
                .all(|end| (end.device as usize) < capture.devices.len())
        );
        assert!(
            cable
                .rates
                .iter()
                .all(|rate| (*rate as usize) < capture.rates.len())
        );
    }
    networks::says_one_line_a_step(&check(&DESIGN, &capture, Some("4xHDR")));
});
