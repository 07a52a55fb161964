//! What rules make of the catalogue: MIG layouts and power caps.

use crate::support::{codes, compile};

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

/// Of a single system the nearest profile is what was meant.
#[test]
fn the_nearest_profile_is_proposed() {
    let layout = "{ profile: 1g.22gb, count: 1 }";
    let one = compile(&cut(&(rack("a", "dgx-b200") + &rack("b", "dgx-b200")), layout));
    let meant = one.findings[0].parties[0].replacement.as_deref();
    assert_eq!(meant, Some("1g.23gb"), "{:?}", one.findings);
}

#[test]
fn a_system_that_is_not_known_is_not_judged() {
    let layout = "{ profile: 1g.10gb, count: 7 }, { profile: 7g.80gb, count: 1 }";
    let compilation = compile(&cut(&(rack("a", "ours-1") + &rack("b", "ours-1")), layout));
    assert_eq!(codes(&compilation), ["RW2018"]);
    assert!(compilation.refused.is_empty());
}

fn site(spec: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n{spec}"
    )
}

/// The codes of one pool of a system with a cap.
fn capped(system: &str, cap: &str) -> Vec<&'static str> {
    let pool = format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p }}\nspec:\n  supercluster: lab\n  nodes: {{ racks: a }}\n  gpu: {{ powerLimit: {cap} }}\n"
    );
    let compilation = compile(&(site(&format!("  racks:\n{}", rack("a", system))) + &pool));
    // A warning: the pool compiles.
    assert_eq!(compilation.plan.nodes().len(), 1);
    codes(&compilation)
}

#[test]
fn a_cap_lies_within_the_range_of_the_gpu() {
    for (system, cap, inside) in [
        ("dgx-b200", "199W", false),
        ("dgx-b200", "200W", true),
        ("dgx-b200", "1kW", true),
        ("dgx-b200", "1001W", false),
        ("dgx-a100-40gb", "100W", true),
        ("gb200-nvl72", "1200W", true),
        ("gb200-nvl72", "1201W", false),
        // No range is known: nothing is said.
        ("dgx-b300", "9kW", true),
        ("gb300-nvl72", "1W", true),
    ] {
        let expected: &[&str] = if inside { &[] } else { &["RW2020"] };
        assert_eq!(capped(system, cap), expected, "{system} {cap}");
    }
}
