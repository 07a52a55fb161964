//! Ranges and reservations of host numbers: what is refused, in which words.

use crate::support::{compile, configs, input};
use rackwright_api::NodeName;
use rackwright_planner::{Compilation, Input, PreviousNode};

const SITE: &str = r#"
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-4]", nodes: "n[1-2]", system: dgx-b200 }
  clusters:
  - { name: one, racks: "a[1-2]" }
  - { name: two, racks: a3 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec: { supercluster: lab, nodes: { racks: "a[1-3]" }, fabrics: [ { name: compute } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: infer }
spec: { supercluster: lab, nodes: { racks: a4 }, fabrics: [ { name: compute } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing:
    ipv4: 10.64.0.0/26
    ranges: [ { cluster: one, first: 1, last: 8 }, { cluster: two, first: 9, last: 12 } ]
    reservations: [ { first: 3, nodes: a2-n1 } ]
"#;
const RANGES: &str = "{ cluster: one, first: 1, last: 8 }, { cluster: two, first: 9, last: 12 }";

fn messages(compilation: &Compilation) -> Vec<String> {
    let direct = compilation
        .findings
        .iter()
        .filter(|finding| finding.rule.code != "RW2007");
    direct
        .map(|finding| {
            let help = finding.help.as_deref().unwrap_or_default();
            format!("{}: {}; {help}", finding.rule.code, finding.message)
        })
        .collect()
}

/// The messages after one edit; every one refuses the fabric and its pools, and nothing else.
fn edited(from: &str, to: &str) -> Vec<String> {
    let yaml = SITE.replace(from, to);
    assert_ne!(yaml, SITE);
    let compilation = compile(&yaml);
    let refused: Vec<String> = compilation.refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        refused,
        ["GPUPool/infer", "GPUPool/train", "InfiniBandFabric/compute"],
        "{to}"
    );
    messages(&compilation)
}

fn number(compilation: &Compilation, node: &str) -> u32 {
    let net = configs(compilation)[node].facts.rails[0]
        .ipv4
        .as_ref()
        .unwrap()
        .net()
        .unwrap();
    u32::from(net.addr()) - u32::from(net.network())
}

#[test]
fn each_node_has_a_number_of_its_range() {
    let compilation = compile(SITE);
    assert_eq!(messages(&compilation), Vec::<String>::new());
    let numbers = [
        "a1-n1", "a1-n2", "a2-n1", "a2-n2", "a3-n1", "a3-n2", "a4-n1", "a4-n2",
    ]
    .map(|node| number(&compilation, node));
    assert_eq!(numbers, [1, 2, 3, 4, 9, 10, 13, 14]);
}

#[test]
fn what_is_missing_is_proposed() {
    assert_eq!(
        edited(RANGES, ""),
        [
            "RW2021: InfiniBandFabric/compute has 4 nodes of one, 2 nodes of two, 2 nodes of no member cluster, and no range of host \
          numbers for one, two of Supercluster/lab; add to spec.addressing.ranges: { cluster: one, first: 1, last: 4 }, { cluster: \
          two, first: 5, last: 6 }"
        ]
    );
    assert_eq!(
        edited(", { cluster: two, first: 9, last: 12 }", ""),
        [
            "RW2021: InfiniBandFabric/compute has 4 nodes of one, 2 nodes of two, 2 nodes of no member cluster, and no range of host \
          numbers for two of Supercluster/lab; add to spec.addressing.ranges: { cluster: two, first: 9, last: 10 }"
        ]
    );
    // 2^3 - 2 = 6 numbers for 8 nodes.
    let tight = SITE.replace(RANGES, "").replace("10.64.0.0/26", "10.64.0.0/28");
    assert!(messages(&compile(&tight))[0].ends_with(
        "choose a wider prefix: each member cluster needs a range as large as its nodes are many"
    ));
}

/// A fabric of one member cluster needs no range, until a pool that selects by labels may reach another.
#[test]
fn a_fabric_of_one_member_cluster_needs_no_range() {
    let one = SITE
        .replace(RANGES, "")
        .replace("\"a[1-3]\"", "a1")
        .replace("racks: a4 }", "racks: a2 }");
    assert_eq!(messages(&compile(&one)), Vec::<String>::new());
    // With nodes of none it needs one, and where another member cluster has one.
    let none = one.replace("racks: a2 }, fab", "racks: a4 }, fab");
    let other = one.replace("ranges: [  ]", "ranges: [ { cluster: two, first: 9, last: 12 } ]");
    assert_ne!(other, one);
    for (yaml, has) in [
        (none, "2 nodes of one, 2 nodes of no member cluster"),
        (other, "4 nodes of one"),
    ] {
        let said = format!(
            "RW2021: InfiniBandFabric/compute has {has}, and no range of host numbers for one of Supercluster/lab; "
        );
        let found = messages(&compile(&yaml));
        assert!(
            found.iter().any(|message| message.starts_with(&said)),
            "{found:?}"
        );
    }
    let labels = one.replace(
        "racks: a2 }, fab",
        "selector: { matchLabels: { team: red } } }, fab",
    );
    assert_ne!(labels, one);
    assert!(
        messages(&compile(&labels))
            .iter()
            .any(|message| message.starts_with("RW2021"))
    );
}

#[test]
fn ranges_that_cannot_be_are_refused_with_the_arithmetic() {
    let case = |to: &str| edited("{ cluster: two, first: 9, last: 12 }", to);
    assert_eq!(
        case("{ cluster: two, first: 9, last: 12 }, { cluster: tow, first: 20, last: 22 }"),
        [
            "RW2022: InfiniBandFabric/compute has a range for the member cluster tow, which Supercluster/lab does not have; did you mean two?"
        ]
    );
    assert_eq!(
        case("{ cluster: two, first: 7, last: 12 }"),
        [
            "RW2023: the ranges 1-8 of one and 7-12 of two in InfiniBandFabric/compute share the host numbers 7-8; let the range of two \
          begin at 9"
        ]
    );
    assert_eq!(
        case("{ cluster: two, first: 9, last: 31 }"),
        [
            "RW2024: the range 9-31 of two in InfiniBandFabric/compute ends beyond 30: 10.64.0.0/26 for 2 rails makes a /27 each, with \
          2^5 - 2 = 30 host numbers; let the range end earlier, or choose a wider prefix"
        ]
    );
    assert_eq!(
        case("{ cluster: two, first: 9, last: 9 }"),
        [
            "RW2025: the range 9-9 of two in InfiniBandFabric/compute has 1 host number; the nodes of that member cluster of \
          Supercluster/lab need 2; let the range end later, with room for the last phase"
        ]
    );
    assert_eq!(
        case("{ cluster: two, first: 9, last: 29 }"),
        [
            "RW2025: outside of all ranges InfiniBandFabric/compute has 1 host number; the nodes of no member cluster need 2; make a \
          range smaller, choose a wider prefix, or give the racks to a member cluster"
        ]
    );
}

#[test]
fn reservations_that_cannot_be_are_refused() {
    let case = |to: &str| edited("{ first: 3, nodes: a2-n1 }", to);
    assert_eq!(
        case("{ first: 3, nodes: \"a2-n[1-3]\" }"),
        [
            "RW2026: spec.addressing.reservations[0].nodes of InfiniBandFabric/compute reserves host numbers for 1 node that \
          Supercluster/lab does not have: a2-n3; correct the hostlist, or add the rack to spec.racks of the supercluster"
        ]
    );
    assert_eq!(
        case("{ first: 3, nodes: \"a2-n[1-2]\" }, { first: 4, nodes: a1-n1 }"),
        [
            "RW2027: InfiniBandFabric/compute reserves 1 host number (4) for a2-n[1-2] and for a1-n1; give each reservation numbers of \
          its own"
        ]
    );
    // What is unknown of each reservation is one finding.
    assert_eq!(
        case("{ first: 3, nodes: \"a2-n[1,3-4]\" }, { first: 6, nodes: a9-n1 }"),
        [
            "RW2026: spec.addressing.reservations[0].nodes of InfiniBandFabric/compute reserves host numbers for 2 nodes that \
          Supercluster/lab does not have: a2-n[3-4]; correct the hostlist, or add the rack to spec.racks of the supercluster",
            "RW2026: spec.addressing.reservations[1].nodes of InfiniBandFabric/compute reserves host numbers for 1 node that \
          Supercluster/lab does not have: a9-n1; correct the hostlist, or add the rack to spec.racks of the supercluster",
        ]
    );
    assert_eq!(
        case("{ first: 3, nodes: \"a2-n[1-2]\" }, { first: 6, nodes: a2-n2 }"),
        [
            "RW2027: InfiniBandFabric/compute reserves more than one host number for 1 node: a2-n2; the first has 4 and 6; name each node \
          in one reservation only"
        ]
    );
    assert_eq!(
        case("{ first: 7, nodes: \"a3-n[1-2]\" }"),
        [
            "RW2028: host numbers 7 to 8 of InfiniBandFabric/compute are reserved for 2 nodes (a3-n[1-2]) of the member cluster two of \
          Supercluster/lab, whose range is 9-12; reserve numbers of the range"
        ]
    );
    assert_eq!(
        case("{ first: 8, nodes: \"a2-n[1-2]\" }"),
        [
            "RW2028: host number 9 of InfiniBandFabric/compute is reserved for 1 node (a2-n2) of the member cluster one of \
          Supercluster/lab, whose range is 1-8; reserve numbers of the range"
        ]
    );
    assert_eq!(
        case("{ first: 8, nodes: a4-n1 }"),
        [
            "RW2028: host number 8 of InfiniBandFabric/compute is reserved for 1 node (a4-n1) of no member cluster, and lies in a range; \
          reserve numbers of the range"
        ]
    );
    assert_eq!(
        case("{ first: 30, nodes: \"a4-n[1-2]\" }"),
        [
            "RW2028: InfiniBandFabric/compute reserves the host numbers 30-31 for a4-n[1-2], and each of its rails has 30; reserve lower \
          numbers, or choose a wider prefix"
        ]
    );
    // A million names cost nothing where they cannot be.
    assert_eq!(case("{ first: 3, nodes: \"x[1-900000]\" }").len(), 1);
}

fn holding(yaml: &str, holders: &[(&str, [u8; 4])]) -> Input {
    let mut input = input(yaml);
    input.previous = holders
        .iter()
        .map(|(node, address)| PreviousNode {
            name: NodeName::new(*node).unwrap(),
            addresses: Box::new([(*address).into()]),
            guids: Box::default(),
            quarantined: Box::default(),
            in_force: None,
        })
        .collect();
    input
}

fn compiled(yaml: &str, holders: &[(&str, [u8; 4])]) -> Compilation {
    rackwright_planner::compile(&holding(yaml, holders)).unwrap()
}

#[test]
fn a_reserved_number_that_another_node_holds_is_refused() {
    let held = compiled(SITE, &[("a1-n1", [10, 64, 0, 3]), ("gone", [10, 64, 0, 35])]);
    assert_eq!(
        messages(&held),
        [
            "RW2027: InfiniBandFabric/compute reserves 2 host numbers that another node holds: 3 for a2-n1, held by a1-n1; 3 for a2-n1, held \
          by gone; nodes of GPUPool/train; reserve another number, or free this one: take it from its host, then delete its NodeConfig"
        ]
    );
    assert_eq!(held.plan.nodes().len(), 0);
    // Also while the node that it is reserved for is in no pool; and not if it holds the number itself.
    let absent = SITE.replace("\"a[1-3]\"", "\"a[1,3]\"");
    assert_eq!(
        messages(&compiled(&absent, &[("a1-n1", [10, 64, 0, 3])])).len(),
        1
    );
    let itself = compiled(&absent, &[("a2-n1", [10, 64, 0, 3])]);
    assert_eq!(messages(&itself), Vec::<String>::new());
    assert_eq!((number(&itself, "a1-n1"), number(&itself, "a1-n2")), (1, 2));
}

/// A reservation moves its own node, and the number that it had is free only after that.
#[test]
fn a_reservation_moves_its_node() {
    let moved = compiled(SITE, &[("a2-n1", [10, 64, 0, 1])]);
    assert_eq!(messages(&moved), Vec::<String>::new());
    assert_eq!((number(&moved, "a2-n1"), number(&moved, "a1-n1")), (3, 2));
}

#[test]
fn a_number_that_is_held_outside_of_the_range_is_refused() {
    let held = compiled(SITE, &[("a1-n1", [10, 64, 0, 20]), ("a4-n1", [10, 64, 0, 12])]);
    assert_eq!(
        messages(&held),
        [
            "RW2028: host number 12 of InfiniBandFabric/compute is held by 1 node (a4-n1) of no member cluster, and lies in a range; let \
             the range cover the numbers that are held",
            "RW2028: host number 20 of InfiniBandFabric/compute is held by 1 node (a1-n1) of the member cluster one of Supercluster/lab, \
             whose range is 1-8; let the range cover the numbers that are held",
        ]
    );
}

/// A detached node of a member cluster holds a number that the ranges give to another: that one would not see it.
#[test]
fn a_number_that_a_detached_node_holds_outside_of_its_range_is_refused() {
    let without = SITE.replace("\"a[1-3]\"", "\"a[1-2]\"");
    let held = compiled(&without, &[("a3-n1", [10, 64, 0, 5]), ("a3-n2", [10, 64, 0, 9])]);
    assert_eq!(
        messages(&held),
        [
            "RW2028: host number 5 of InfiniBandFabric/compute is held by 1 node (a3-n1) of the member cluster two of Supercluster/lab, \
             whose range is 9-12; let the range cover the numbers that are held"
        ]
    );
}

/// A reservation takes a node out of another member cluster's range no more than the allocator does: that one would give
/// the number away while the host has it. First the range must leave it alone.
#[test]
fn a_number_in_the_range_of_another_member_cluster_is_left_by_no_reservation() {
    let held = [("a2-n1", [10, 64, 0, 10])];
    let refused = "RW2028: host number 10 of InfiniBandFabric/compute is held by 1 node (a2-n1) of the member cluster one of \
                   Supercluster/lab, whose range is 1-8; let the range cover the numbers that are held";
    assert_eq!(messages(&compiled(SITE, &held)), [refused]);
    let free = SITE.replace("first: 9, last: 12", "first: 11, last: 14");
    let moved = compiled(&free, &held);
    assert_eq!(messages(&moved), Vec::<String>::new());
    assert_eq!(number(&moved, "a2-n1"), 3);
    // Nor may the range take what the host may still have.
    let mut input = input(SITE);
    input.previous = crate::support::previous(&configs(&moved));
    let early = rackwright_planner::compile(&input).unwrap();
    assert!(
        messages(&early).contains(&refused.to_owned()),
        "{:?}",
        messages(&early)
    );
    assert!(
        messages(&early).len() > 1,
        "what is given above 12 is refused as before"
    );
}

/// Only one member cluster is left in the pools, but a host of the other still has an address.
#[test]
fn a_fabric_needs_ranges_as_long_as_hosts_of_two_member_clusters_have_its_addresses() {
    let one = SITE
        .replace(RANGES, "")
        .replace("\"a[1-3]\"", "a1")
        .replace("racks: a4 }", "racks: a2 }");
    let held = compiled(&one, &[("a1-n1", [10, 64, 0, 1]), ("a3-n1", [10, 64, 0, 5])]);
    assert_eq!(
        messages(&held),
        [
            "RW2021: InfiniBandFabric/compute has 4 nodes of one, 1 node of two, 1 node of these that no pool plugs in any more, and no \
             range of host numbers for one, two of Supercluster/lab; add to spec.addressing.ranges: { cluster: one, first: 1, last: 4 }, \
             { cluster: two, first: 5, last: 6 }"
        ]
    );
    let elsewhere = compiled(&one, &[("a1-n1", [10, 64, 0, 1]), ("a3-n1", [10, 65, 0, 5])]);
    assert_eq!(messages(&elsewhere), Vec::<String>::new());
}

/// Earlier phases come first, whatever the names; racks without a phase before all.
#[test]
fn new_nodes_are_served_in_the_order_of_their_phases() {
    let phased = SITE
        .replace("  - { names: \"a[1-4]\", nodes: \"n[1-2]\", system: dgx-b200 }", "  - { names: a1, nodes: \"n[1-2]\", system: dgx-b200, phase: a }\n  - { names: a2, nodes: \"n[1-2]\", system: dgx-b200, phase: b }\n  - { names: \"a[3-4]\", nodes: \"n[1-2]\", system: dgx-b200 }\n  phases: [ { name: a, by: \"2027-01-31\" }, { name: b, by: \"2026-01-31\" } ]")
        .replace("[ { first: 3, nodes: a2-n1 } ]", "[]");
    let compilation = compile(&phased);
    let numbers = ["a1-n1", "a1-n2", "a2-n1", "a2-n2"].map(|node| number(&compilation, node));
    assert_eq!(numbers, [3, 4, 1, 2]);
}

#[test]
fn the_part_of_an_unknown_member_cluster_is_an_error_that_names_near_ones() {
    let wrong = |name: &str| compile(SITE).keep_member(name).unwrap_err().to_string();
    assert_eq!(
        wrong("tow"),
        "no Supercluster has a member cluster tow; did you mean two?"
    );
    assert_eq!(
        wrong("prometheus"),
        "no Supercluster has a member cluster prometheus; there are one, two"
    );
}
