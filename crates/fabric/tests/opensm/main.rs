//! Designs before real programs: OpenSM, ibnetdiscover and ibdmchk on fabrics that ibsim simulates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod faults;
mod gate;
mod managers;
mod proof;
mod simulator;
#[path = "../support/steps.rs"]
mod steps;

use std::collections::BTreeMap;

use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::tree::{Shape, Spread, Tree};

/// A design with as many nodes as its shape says, in the order of seats.
fn design(shape: &Shape) -> Design {
    let nodes = (0..shape.nodes).map(|seat| Seated {
        name: format!("n{:05}", seat + 1).into(),
        seat,
        guids: Box::new([]),
        rack: None,
    });
    Design::new(Tree::new(shape).unwrap(), nodes.collect(), BTreeMap::new()).unwrap()
}

/// DGX B200 with QM9700: units of 32, eight rails.
fn b200(nodes: u32) -> Shape {
    Shape {
        nodes,
        rails: 8,
        spread: Spread::Rails,
        nodes_per_unit: Some(32),
        radix: 64,
        oversubscription: (1, 1),
    }
}

#[test]
fn one_unit() {
    proof::prove(&design(&b200(32)));
}

#[test]
fn four_units() {
    proof::prove(&design(&b200(128)));
}

/// Three levels: 512 nodes, 4,096 HCAs, 320 switches.
#[test]
fn sixteen_units() {
    proof::prove(&design(&b200(512)));
}

/// The last unit has six nodes of 32; its switches and their cables are all there.
#[test]
fn a_partial_unit() {
    proof::prove(&design(&b200(70)));
}

/// Eight NVL72 racks of 18 trays, four rails, Q3400-RA of 144 ports: two leaves for each rail.
#[test]
fn a_unit_of_nvl72() {
    proof::prove(&design(&Shape {
        nodes: 144,
        rails: 4,
        spread: Spread::Rails,
        nodes_per_unit: Some(144),
        radix: 144,
        oversubscription: (1, 1),
    }));
}

/// Two rails that share no switch: two subnets, each with its own manager.
#[test]
fn two_subnets() {
    proof::prove(&design(&Shape {
        rails: 2,
        spread: Spread::DisjointRails,
        ..b200(64)
    }));
}

/// HCAs in the order of nodes, whatever their rail.
#[test]
fn without_rails() {
    proof::prove(&design(&Shape {
        spread: Spread::Packed,
        ..b200(64)
    }));
}
