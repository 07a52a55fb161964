//! What rules make of the catalogue: MIG layouts and power.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use support::{codes, compile};

/// One pool over all racks, with a layout.
fn cut(racks: &str, layout: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n  racks:\n{racks}\n---\n\
         apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: cut }}\nspec:\n  supercluster: lab\n  \
         nodes: {{ racks: \"a,b\" }}\n  gpu: {{ mig: {{ layout: [ {layout} ] }} }}\n"
    )
}

fn rack(name: &str, system: &str) -> String {
    format!("  - {{ names: {name}, nodes: n1, system: {system} }}\n")
}

#[test]
fn each_system_of_a_pool_is_judged() {
    let layout = "{ profile: 1g.10gb, count: 5 }";
    let of = |a: &str, b: &str| compile(&cut(&(rack("a", a) + &rack("b", b)), layout));
    assert!(of("dgx-h100", "dgx-a100-80gb").findings.is_empty());
    let one = of("dgx-h100", "dgx-a100-40gb");
    assert_eq!(one.findings.len(), 1);
    assert!(
        one.findings[0].message.contains("5 x 1g.10gb and it holds 4"),
        "{}",
        one.findings[0].message
    );
    assert!(
        one.findings[0]
            .message
            .contains("spec.racks[1].system of Supercluster/lab")
    );
    let two = of("dgx-b200", "dgx-a100-40gb");
    assert_eq!(two.findings.len(), 2);
    // What is nearest on one system is no advice for a pool of two.
    assert!(
        two.findings
            .iter()
            .flat_map(|finding| &finding.parties)
            .all(|party| party.replacement.is_none())
    );
}

#[test]
fn a_system_that_is_not_known_is_not_judged() {
    let layout = "{ profile: 1g.10gb, count: 7 }, { profile: 7g.80gb, count: 1 }";
    let compilation = compile(&cut(&(rack("a", "ours-1") + &rack("b", "ours-1")), layout));
    assert_eq!(codes(&compilation), ["RW2018"]);
    assert!(compilation.refused.is_empty());
}
