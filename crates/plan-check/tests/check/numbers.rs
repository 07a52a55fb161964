//! Host numbers: ranges, reservations, and what nodes held before.

use crate::invariants::Plant;
use crate::invariants::Seal::{No, Yes};
use crate::world::{World, address};
use rackwright_api::Ipv4Address;
use serde_json::{from_value, json};
use std::net::Ipv4Addr;

pub const PLANTS: &[Plant] = &[
    ("RW9051", "a number of another cluster", Yes, |w| {
        ranges(w);
        renumber(w, "q1-n1", 40);
    }),
    ("RW9051", "a number of a range without a cluster", Yes, |w| {
        ranges(w);
        w.superclusters[0].1.clusters.pop();
    }),
    ("RW9051", "a cluster without a range", Yes, |w| {
        ranges(w);
        w.fabric("compute").addressing.as_mut().unwrap().ranges.pop();
    }),
    ("RW9052", "another number than the reserved one", Yes, |w| {
        reserve(w, 40, "r1-n1");
    }),
    ("RW9052", "the number of a node that is not there", Yes, |w| {
        reserve(w, 5, "r9-n9");
    }),
    ("RW9053", "another number than before", No, |w| {
        w.previous.push(("r1-n1".into(), held(40)));
        quarantine(w, "r1-n1", &held(40));
    }),
    ("RW9054", "a number that another node just left", No, |w| {
        reserve(w, 2, "r1-n2");
        w.previous.push(("r1-n2".into(), held(1)));
        quarantine(w, "r1-n2", &held(1));
    }),
    ("RW9054", "a number in quarantine", No, |w| {
        w.quarantined.push(("gone1".into(), held(1)));
    }),
    ("RW9055", "an address that a node had is forgotten", No, |w| {
        w.previous.push(("r1-n1".into(), vec![[10, 99, 0, 7].into()]));
    }),
    ("RW9055", "an address in quarantine is forgotten", No, |w| {
        w.previous.push(("r1-n1".into(), held(1)));
        w.quarantined.push(("r1-n1".into(), held(66)));
    }),
    ("RW9055", "an address in quarantine that nobody had", No, |w| {
        quarantine(w, "r1-n1", &held(66));
    }),
    ("RW9055", "an address that the node has", No, |w| {
        w.previous.push(("r1-n1".into(), held(1)));
        quarantine(w, "r1-n1", &held(1));
    }),
];

/// Member clusters, and ranges that fit the plan: hosts 1 to 4 and 5 to 6.
pub fn ranges(world: &mut World) {
    world.superclusters[0].1.clusters =
        from_value(json!([{ "name": "one", "racks": "r[1-2]" }, { "name": "two", "racks": "q1" }])).unwrap();
    world.fabric("compute").addressing.as_mut().unwrap().ranges = from_value(json!([
        { "cluster": "one", "first": 1, "last": 4 }, { "cluster": "two", "first": 5, "last": 6 },
    ]))
    .unwrap();
}

pub fn reserve(world: &mut World, first: u32, nodes: &str) {
    let reservation = json!([{ "first": first, "nodes": nodes }]);
    world.fabric("compute").addressing.as_mut().unwrap().reservations = from_value(reservation).unwrap();
}

/// What a node holds as host of that number.
fn held(number: u8) -> Vec<Ipv4Addr> {
    vec![[10, 64, 0, number].into(), [10, 64, 1, number].into()]
}

/// Puts addresses of a node in quarantine.
fn quarantine(world: &mut World, node: &str, addresses: &[Ipv4Addr]) {
    let quarantined = addresses.iter().copied().map(Ipv4Address::from_value);
    world.node(node).quarantined.extend(quarantined);
}

/// Another host number on both rails of the compute fabric.
pub fn renumber(world: &mut World, node: &str, number: u8) {
    for rail in 0..2 {
        world.rail(node, rail).ipv4 = Some(address(&format!("10.64.{rail}.{number}/24")));
    }
}

/// Nodes of no member cluster have the numbers that no range has.
#[test]
fn numbers_outside_of_all_ranges_are_for_nodes_of_no_member_cluster() {
    let mut world = World::valid();
    ranges(&mut world);
    world.superclusters[0].1.clusters.pop();
    world.fabric("compute").addressing.as_mut().unwrap().ranges.pop();
    assert_eq!(world.check(), vec![]);
}

/// What is promised and kept, and what may change all the same.
#[test]
fn numbers_that_are_right_hold() {
    let mut world = World::valid();
    ranges(&mut world);
    reserve(&mut world, 2, "r1-n[2],r2-n1");
    world.previous.push(("r1-n1".into(), held(1)));
    // Its number is reserved, and another than before.
    world.previous.push(("r1-n2".into(), held(77)));
    quarantine(&mut world, "r1-n2", &held(77));
    // Another cut of the prefix: its addresses are hosts 9 and 10 now.
    let cut: [Ipv4Addr; 2] = [[10, 64, 0, 9].into(), [10, 64, 1, 10].into()];
    world.previous.push(("r2-n2".into(), cut.to_vec()));
    quarantine(&mut world, "r2-n2", &cut);
    // A node outside of the plan had the same number; another's host may still have it.
    world.previous.push(("q1-n1".into(), held(88)));
    quarantine(&mut world, "q1-n1", &held(88));
    world.taken.push(("gone3".into(), held(88)));
    world.quarantined.push(("gone1".into(), held(88)));
    // It has back what was taken from it.
    world.previous.push(("r2-n1".into(), vec![]));
    world.quarantined.push(("r2-n1".into(), held(3)));
    // Outside of the fabric, and an address that no host may have.
    let odd: [Ipv4Addr; 2] = [[10, 64, 0, 0].into(), [10, 99, 0, 7].into()];
    world.previous.push(("q1-n2".into(), odd.to_vec()));
    quarantine(&mut world, "q1-n2", &odd);
    assert_eq!(world.check(), vec![]);
}
