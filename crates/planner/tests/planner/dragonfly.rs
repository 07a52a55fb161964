//! A fabric of type dragonfly+, from its intent to its switches.

use rackwright_planner::fabric::fabrics;

use crate::support::{compile, input};

/// Two racks of four nodes, in the second and the ninth group of 128 with eight rails, QM9700: 32 leaves and 32 spines a group.
fn site(units: u32, per_unit: u32) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n  racks:\n  \
         - {{ names: \"a[1-2]\", nodes: \"n[1-4]\", system: dgx-b200 }}\n---\n\
         apiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: {{ name: compute }}\nspec:\n  \
         supercluster: lab\n  plane: Compute\n  topology:\n    type: DragonflyPlus\n    rails: 8\n    \
         nodesPerUnit: {per_unit}\n    switch: qm9700\n    units: {units}\n    \
         placement: [ {{ unit: 2, racks: a1 }}, {{ unit: 9, racks: a2 }} ]\n---\n\
         apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: train }}\nspec:\n  \
         supercluster: lab\n  nodes: {{ racks: \"a[1-2]\" }}\n  fabrics: [ {{ name: compute }} ]\n"
    )
}

#[test]
fn groups_are_units() {
    let site = site(9, 128);
    let compiled = compile(&site);
    let errors: Vec<_> = compiled
        .findings
        .iter()
        .map(|finding| (finding.rule.code, &finding.message))
        .collect();
    assert_eq!(errors, []);
    let planned = fabrics(&input(&site), None).remove(0).1.unwrap();
    let counts = planned.topology.size();
    assert_eq!(
        (counts.units, counts.leaves, counts.spines, counts.global_links),
        (9, 288, 288, 36 * 128)
    );
    let at: Vec<(u32, Option<u32>)> = planned
        .nodes
        .iter()
        .map(|node| {
            (
                node.seat / 128,
                planned.topology.leaf_port(node.seat, 3).map(|at| at.leaf / 32),
            )
        })
        .collect();
    assert_eq!(at, [[(1, Some(1)); 4], [(8, Some(8)); 4]].concat());
}

#[test]
fn what_cannot_be_is_refused_with_its_arithmetic() {
    for (units, per_unit, why) in [
        (
            1026,
            128,
            "1026 groups are more than 1025: each has 1024 cables to the others",
        ),
        (
            9,
            129,
            "a group of 40 leaves is more than the 32 that the spines of a group have ports for",
        ),
    ] {
        let compiled = compile(&site(units, per_unit));
        let found = compiled
            .findings
            .iter()
            .find(|finding| finding.rule.code == "RW2035");
        let message = &found.unwrap().message;
        assert!(message.contains(why), "{message}");
    }
}
