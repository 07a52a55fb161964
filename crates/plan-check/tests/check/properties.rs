//! Whatever else a plan holds, what is given twice is found.

use std::collections::BTreeSet;

use crate::world::{World, guid, name};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use rackwright_plan_check::Violation;

/// Names of one rack of many nodes, in any order.
fn fleet(nodes: usize) -> World {
    let mut world = World::valid();
    world.superclusters[0].1.racks[0].nodes =
        Some(rackwright_api::Hostlist::new(format!("n[1-{nodes}]")).unwrap());
    world.pool("train").nodes.racks = Some(rackwright_api::Hostlist::new("r1").unwrap());
    let local = world.tiers[0].1.local_nvme.as_mut().unwrap();
    local.wipe_consents.clear();
    let template = world.nodes[0].clone();
    world.nodes.retain(|(_, pool, _)| pool.as_str() != "train");
    for number in 1..=nodes {
        let (_, pool, mut spec) = template.clone();
        spec.facts.rack = Some(name("r1"));
        for rail in &mut spec.facts.rails {
            rail.guid = Some(guid(0x1_0000 + (number as u64) * 16 + u64::from(rail.rail)));
            rail.ipv4 = rail.ipv4.as_ref().map(|old| {
                let net = old.net().unwrap();
                let address = u32::from(net.network()) + 20 + number as u32;
                rackwright_api::InterfaceAddress::from_parts(address.into(), net.prefix_len())
            });
        }
        world.nodes.push((format!("r1-n{number}"), pool, spec));
    }
    world.seal();
    world
}

fn names_of(violations: &[Violation], code: &str) -> BTreeSet<String> {
    violations
        .iter()
        .filter(|v| v.code == code)
        .flat_map(|v| v.nodes.clone())
        .collect()
}

const NODES: usize = 60;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_fleet_in_any_order_holds(order in Just((0..NODES).collect::<Vec<_>>()).prop_shuffle(), keep in 1..NODES) {
        let mut world = fleet(keep);
        let nodes = world.nodes.clone();
        world.nodes = order.iter().filter_map(|&at| nodes.get(at).cloned()).collect();
        world.nodes.extend(nodes.into_iter().skip(NODES));
        prop_assert_eq!(world.check(), vec![]);
    }

    #[test]
    fn an_address_given_twice_is_found(
        pair in subsequence((1..=NODES).collect::<Vec<_>>(), 2), rail in 0_usize..3, swap in any::<bool>(),
    ) {
        let mut world = fleet(NODES);
        let (mut from, mut to) = (format!("r1-n{}", pair[0]), format!("r1-n{}", pair[1]));
        if swap {
            std::mem::swap(&mut from, &mut to);
        }
        world.rail(&to, rail).ipv4 = world.rail(&from, rail).ipv4.clone();
        world.seal();
        prop_assert_eq!(names_of(&world.check(), "RW9003"), BTreeSet::from([from, to]));
    }

    #[test]
    fn an_address_of_a_node_outside_is_found(node in 1..=NODES, rail in 0_usize..3, at in any::<Index>()) {
        let mut world = fleet(NODES);
        let node = format!("r1-n{node}");
        let address = world.rail(&node, rail).ipv4.as_ref().unwrap().net().unwrap().addr();
        let mut held: Vec<_> = (0..20).map(|i| [172, 16, 0, i].into()).collect();
        held.insert(at.index(held.len()), address);
        world.taken.push(("detached".into(), held));
        prop_assert_eq!(names_of(&world.check(), "RW9003"), BTreeSet::from(["detached".into(), node]));
    }

    #[test]
    fn a_guid_given_twice_is_found(
        pair in subsequence((1..=NODES).collect::<Vec<_>>(), 2), rails in (0_usize..3, 0_usize..3),
    ) {
        let mut world = fleet(NODES);
        let (from, to) = (format!("r1-n{}", pair[0]), format!("r1-n{}", pair[1]));
        world.rail(&to, rails.1).guid = world.rail(&from, rails.0).guid.clone();
        world.seal();
        let violations = world.check();
        prop_assert!(violations.iter().all(|violation| violation.code == "RW9016"));
        prop_assert_eq!(names_of(&violations, "RW9016"), BTreeSet::from([from, to]));
    }
}
