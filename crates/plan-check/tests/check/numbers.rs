//! Host numbers: ranges, reservations, and what nodes held before.

use crate::world::{World, address};
use serde_json::{from_value, json};

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

/// Another host number on both rails of the compute fabric.
pub fn renumber(world: &mut World, node: &str, number: u8) {
    for rail in 0..2 {
        world.rail(node, rail).ipv4 = Some(address(&format!("10.64.{rail}.{number}/24")));
    }
}

/// What is promised and kept, and what may change all the same.
#[test]
fn numbers_that_are_right_hold() {
    let mut world = World::valid();
    ranges(&mut world);
    reserve(&mut world, 2, "r1-n[2],r2-n1");
    let held = |number: u8| vec![[10, 64, 0, number].into(), [10, 64, 1, number].into()];
    world.previous.push(("r1-n1".into(), held(1)));
    // Its number is reserved, and another than before.
    world.previous.push(("r1-n2".into(), held(77)));
    // Another cut of the prefix: its addresses are hosts 9 and 10 now.
    world.previous.push((
        "r2-n2".into(),
        vec![[10, 64, 0, 9].into(), [10, 64, 1, 10].into()],
    ));
    // A node outside of the plan had the same number.
    world.previous.push(("q1-n1".into(), held(88)));
    world.taken.push(("gone3".into(), held(88)));
    // Outside of the fabric, and an address that no host may have.
    world
        .previous
        .push(("q1-n2".into(), vec![[10, 99, 0, 7].into(), [10, 64, 0, 0].into()]));
    assert_eq!(world.check(), vec![]);
}
