//! Files of a design before the programs that read them: Slurm's controller and graphviz.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod graphviz;
mod slurm;

use std::collections::BTreeMap;

use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::tree::{Shape, Spread, Tree};

/// DGX B200 with QM9700: units of 32 nodes, eight rails, four nodes a rack.
fn superpod(units: u32) -> Design {
    design(32 * units, |seat| format!("n{:04}", seat + 1))
}

fn design(nodes: u32, name: impl Fn(u32) -> String) -> Design {
    let shape = Shape {
        nodes,
        rails: 8,
        spread: Spread::Rails,
        nodes_per_unit: Some(32),
        radix: 64,
        oversubscription: (1, 1),
    };
    let nodes = (0..nodes).map(|seat| Seated {
        name: name(seat).into(),
        seat,
        guids: Box::new([]),
        rack: Some(format!("r{:03}", seat / 4 + 1).into()),
    });
    Design::new(Tree::new(&shape).unwrap(), nodes.collect(), BTreeMap::new()).unwrap()
}
