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
mod planted;
mod proof;
mod routes;
mod simulator;
#[path = "../support/steps.rs"]
mod steps;

use std::collections::BTreeMap;

use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::topology::{Form, Topology};
use rackwright_fabric::tree::{Shape, Spread};

/// A fat tree with as many nodes as its shape says, in the order of seats.
fn design(shape: &Shape) -> Design {
    designed(Form::FatTree, shape)
}

fn designed(form: Form, shape: &Shape) -> Design {
    let topology = Topology::new(form, shape).unwrap();
    Design::new(topology, seated(0..shape.nodes), BTreeMap::new()).unwrap()
}

fn seated(seats: impl Iterator<Item = u32>) -> Vec<Seated> {
    let nodes = seats.map(|seat| Seated {
        name: format!("n{:05}", seat + 1).into(),
        seat,
        guids: Box::new([]),
        rack: None,
    });
    nodes.collect()
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

/// Three levels in small: two rails, units of four, switches of eight ports.
#[test]
fn three_levels() {
    proof::prove(&design(&Shape {
        nodes: 24,
        rails: 2,
        nodes_per_unit: Some(4),
        radix: 8,
        ..b200(0)
    }));
}

/// Three levels: 512 nodes, 4,096 HCAs, 320 switches.
#[test]
fn sixteen_units() {
    proof::prove(&design(&b200(512)));
}

/// Three levels: 2,048 nodes, 16,384 HCAs, 1,280 switches.
#[test]
#[ignore = "takes twenty minutes, most of them ibdmchk, so `make bench` runs it"]
fn sixty_four_units() {
    proof::prove(&design(&b200(2048)));
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

/// Nine groups of four leaves and four spines, switches of eight ports: 144 HCAs, two cables between each pair of groups.
fn dragonfly() -> Shape {
    Shape {
        nodes: 72,
        rails: 2,
        spread: Spread::Rails,
        nodes_per_unit: Some(8),
        radix: 8,
        oversubscription: (1, 1),
    }
}

#[test]
fn a_dragonfly_plus() {
    proof::prove(&designed(Form::DragonflyPlus, &dragonfly()));
}

/// The same for HCAs in the order of nodes, when four of the groups are there.
#[test]
fn a_dragonfly_plus_that_grows() {
    let shape = Shape {
        spread: Spread::Packed,
        ..dragonfly()
    };
    let topology = Topology::new(Form::DragonflyPlus, &shape).unwrap();
    let nodes = seated(
        [0, 2, 3, 8]
            .into_iter()
            .flat_map(|group| group * 8..group * 8 + 8),
    );
    proof::prove(&Design::new(topology, nodes, BTreeMap::new()).unwrap());
}
