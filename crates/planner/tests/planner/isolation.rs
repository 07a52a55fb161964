//! Who can talk to whom: what is written for OpenSM passes the check of it, and what differs from the partitions does not.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rackwright_api::{InfiniBandFabricSpec, Name};
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::network::Network;
use rackwright_fabric::opensm::{Membership, Partition, partitions};
use rackwright_fabric::tree::{Shape, Spread, Tree};
use rackwright_plan_check::{Port, check_isolation};
use serde_json::{from_value, json};

/// Nodes of one HCA each, two of each pool and two of none.
const POOLS: usize = 3;

fn network() -> Network {
    let shape = Shape {
        nodes: 8,
        rails: 1,
        spread: Spread::Rails,
        nodes_per_unit: Some(8),
        radix: 16,
        oversubscription: (1, 1),
    };
    let nodes = (0..8).map(|seat| Seated {
        name: format!("n{seat}").into(),
        seat,
        guids: Box::new([Some(0xb83f_d203_0000_0000 + u64::from(seat))]),
        rack: None,
    });
    let tree = Tree::new(&shape).unwrap();
    let design = Design::new(tree, nodes.collect(), BTreeMap::new()).unwrap();
    design.network(0)
}

/// Of each partition, each pool's membership.
type Members = Vec<[Option<Membership>; POOLS]>;

fn spec(members: &Members) -> InfiniBandFabricSpec {
    let partitions = members.iter().zip(1..).map(|(pools, key)| {
        let members = pools.iter().enumerate().filter_map(|(pool, membership)| {
            let membership = match (*membership)? {
                Membership::Full => "Full",
                Membership::Limited => "Limited",
            };
            Some(json!({"pool": format!("p{pool}"), "membership": membership}))
        });
        let members: Vec<_> = members.collect();
        json!({"name": format!("t{key}"), "pkey": format!("0x{key:04x}"), "members": members})
    });
    let partitions: Vec<_> = partitions.collect();
    let topology = json!({"type": "FatTree", "rails": 1});
    from_value(
        json!({"supercluster": "lab", "plane": "Compute", "topology": topology, "partitions": partitions}),
    )
    .unwrap()
}

fn written(network: &Network, members: &Members) -> String {
    let partition = |(pools, key): (&[Option<Membership>; POOLS], u16)| Partition {
        name: format!("t{key}"),
        pkey: key,
        ipoib: None,
        members: (0u32..)
            .zip(pools)
            .filter_map(|(pool, membership)| Some((pool, (*membership)?)))
            .flat_map(|(pool, membership)| [(2 * pool, membership), (2 * pool + 1, membership)])
            .collect(),
    };
    let all: Vec<Partition> = members.iter().zip(1..).map(partition).collect();
    partitions(network, &all, None).unwrap()
}

/// Which pools see which; the last stands for hosts of no pool.
fn seen(members: &Members) -> Vec<bool> {
    let of = |pool: usize, partition: &[Option<Membership>; POOLS]| partition.get(pool).copied().flatten();
    let pair = |a: usize, b: usize| {
        let joins = |partition: &[Option<Membership>; POOLS]| match (of(a, partition), of(b, partition)) {
            (Some(a), Some(b)) => a == Membership::Full || b == Membership::Full,
            _ => false,
        };
        members.is_empty() || members.iter().any(joins)
    };
    (0..=POOLS)
        .flat_map(|a| (0..=POOLS).map(move |b| (a, b)))
        .map(|(a, b)| pair(a, b))
        .collect()
}

fn members() -> impl Strategy<Value = Members> {
    let membership = prop_oneof![
        Just(None),
        Just(Some(Membership::Full)),
        Just(Some(Membership::Limited))
    ];
    proptest::collection::vec(proptest::array::uniform3(membership), 0..4)
}

fn codes(network: &Network, meant: &Members, file: &str) -> Vec<&'static str> {
    let names: Vec<String> = (0..POOLS).map(|pool| format!("p{pool}")).collect();
    let ports = network
        .devices
        .iter()
        .take(8)
        .enumerate()
        .map(|(at, device)| Port {
            guid: device.guid,
            pool: names.get(at / 2).map(String::as_str),
        });
    let found = check_isolation(&Name::new("compute").unwrap(), &spec(meant), file, ports);
    found.iter().map(|violation| violation.code).collect()
}

proptest! {
    /// The check objects exactly where the file of other partitions lets others talk.
    #[test]
    fn the_check_objects_exactly_where_others_can_talk(meant in members(), other in members()) {
        let network = network();
        prop_assert_eq!(codes(&network, &meant, &written(&network, &meant)), Vec::<&str>::new());
        let found = codes(&network, &meant, &written(&network, &other));
        prop_assert_eq!(found.is_empty(), seen(&meant) == seen(&other), "{:?}", found);
        let (meant, other) = (seen(&meant), seen(&other));
        let opened = meant.iter().zip(&other).any(|(meant, other)| !meant && *other);
        let closed = meant.iter().zip(&other).any(|(meant, other)| *meant && !other);
        prop_assert_eq!([found.contains(&"RW9061"), found.contains(&"RW9062")], [opened, closed]);
    }
}
