//! Power of nodes whose pool does not roll out: what they have counts, not what is asked for.

use rackwright_planner::{Input, PreviousNode};

use crate::power::{object, site};
use crate::support::{compile, in_force, input};

/// Racks `a1` and `a2` have a pool each, and each rack may draw 23.8 kW: two nodes whose GPUs are capped at 700 W.
fn waiting(a1: &str, a2: &str) -> String {
    let pool =
        |name: &str, rest: &str| object("GPUPool", name, &format!("  nodes: {{ racks: {name} }}\n{rest}"));
    site("  racks:\n  - { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200, powerLimit: 23800W }\n")
        + &pool("a1", a1)
        + &pool("a2", a2)
}

const CAPPED: &str = "  gpu: { powerLimit: 700W }\n";

/// What RW4001 says of a site whose hosts have this in force.
fn over(yaml: &str, previous: Vec<PreviousNode>) -> Vec<String> {
    let compiled = rackwright_planner::compile(&Input {
        previous,
        ..input(yaml)
    });
    let findings = compiled.unwrap().findings.into_iter();
    findings
        .filter(|finding| finding.rule.code == "RW4001")
        .map(|finding| finding.message)
        .collect()
}

#[test]
fn what_waits_is_counted_with_what_it_has() {
    let paused = format!("{CAPPED}  rollout: {{ paused: true }}\n");
    let refused = format!("{CAPPED}  fabrics: [ {{ name: missing }} ]\n");
    let capped = in_force(&compile(&waiting(CAPPED, CAPPED)));
    // Without the limits, to have hosts without caps.
    let free = waiting("", "").replace(", powerLimit: 23800W", "");
    let uncapped = in_force(&compile(&free));
    let unknown: Vec<PreviousNode> = (capped.iter().cloned())
        .map(|node| PreviousNode {
            in_force: None,
            ..node
        })
        .collect();
    for (rest, why) in [(&paused, "which is paused"), (&refused, "which is refused")] {
        let yaml = waiting(rest, CAPPED);
        assert_eq!(over(&yaml, capped.clone()), Vec::<String>::new(), "{why}");
        for previous in [&uncapped, &unknown, &Vec::new()] {
            let told = over(&yaml, previous.clone());
            let [message] = &told[..] else {
                panic!("{told:?}");
            };
            assert!(
                message.contains("= 28.6 kW each") && message.contains("racks a1;"),
                "{message}"
            );
            assert!(
                message.contains(&format!("4.8 kW of 2 nodes of GPUPool/a1, {why}")),
                "{message}"
            );
        }
    }
    // What rolls out counts with what it asks for, whatever is known.
    assert_eq!(
        over(&waiting(CAPPED, CAPPED), uncapped.clone()),
        Vec::<String>::new()
    );
    // Nothing of the site rolls out: nothing changes.
    assert_eq!(over(&waiting(&refused, &refused), uncapped), Vec::<String>::new());
    // A pool that waits is counted with what it asks for where that is more.
    let raised = waiting(
        "  gpu: { powerLimit: 800W }\n  rollout: { paused: true }\n",
        CAPPED,
    );
    assert_eq!(over(&raised, capped).len(), 1);
}

/// The nodes of `a1` go from a pool that is refused, and so cannot let them go, to a new one.
#[test]
fn nodes_that_a_refused_pool_holds_are_counted_with_what_they_have() {
    let before = waiting("", CAPPED).replace(", powerLimit: 23800W", "");
    let previous = in_force(&compile(&before));
    let taken = waiting("  fabrics: [ { name: missing } ]\n", CAPPED)
        .replace("racks: a1", "names: \"a1-n[8-9]\"")
        + &object(
            "GPUPool",
            "new",
            "  nodes: { racks: a1 }\n  gpu: { powerLimit: 700W }\n",
        );
    let told = over(&taken, previous);
    assert!(
        told[0].contains("4.8 kW of 2 nodes of GPUPool/new, whose nodes a refused pool still holds"),
        "{told:?}"
    );
}
