//! What may draw more power goes after what draws less, and is refused where that waits.

use std::collections::BTreeSet;

use rackwright_planner::Input;
use rackwright_planner::change::{State, Supply, What, Why, check_waves, diff, waves};

use crate::support::{compile, in_force, input};

/// Two racks of two nodes: the pools `less` and `more` have one each. Without caps they draw 57.2 kW; a cap of 700 W takes
/// 4.8 kW off a rack.
fn site(power: &str, (less, rest): (&str, &str), more: &str) -> String {
    let pool = |name: &str, rack: &str, cap: &str, rest: &str| {
        format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: lab, nodes: {{ racks: {rack} }}, \
             gpu: {{ powerLimit: {cap} }}, rollout: {{ maxUnavailable: {{ nodes: 2 }}, canary: {{ nodes: 1, soak: 1s }}{rest} }}\n"
        )
    };
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec: {{ {power} racks: [ {{ names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 }} ] }}\n"
    ) + &pool("less", "a1", less, rest)
        + &pool("more", "a2", more, " }")
}

const OLD: (&str, &str) = ("1000W", " }");

/// Waves where `less` becomes this, and `more` goes from 700 W to 1000 W; or why the site is refused.
fn told(power: &str, less: (&str, &str)) -> Result<Vec<String>, String> {
    let before = compile(&site(power, OLD, "700W"));
    assert!(before.refused.is_empty(), "{:?}", before.findings);
    let input = Input {
        previous: in_force(&before),
        ..input(&site(power, less, "1000W"))
    };
    let after = rackwright_planner::compile(&input).unwrap();
    if let Some(finding) = after
        .findings
        .iter()
        .find(|finding| finding.rule.code == "RW4003")
    {
        assert!(after.plan.pools().is_empty());
        return Err(finding.message.clone());
    }
    let (old, new) = (State::of(&before.plan), State::of(&after.plan));
    let mut found = diff(&old, &new);
    found.nodes.retain(|node| node.what != What::Removed);
    let supply = Supply {
        budgets: &after.power,
        old: &old,
    };
    let none = BTreeSet::new();
    let order = waves(&input, &after.plan, &found, &none, &supply);
    assert_eq!(
        check_waves(&input, &after.plan, &found, &none, &supply, &order),
        vec![]
    );
    assert!(order.held.iter().all(|held| held.why == Why::Paused), "{order:?}");
    let name = |node: &u32| found.nodes[*node as usize].name;
    let told = order.waves.iter().map(|wave| {
        let nodes: Vec<&str> = wave.nodes.iter().map(name).collect();
        format!("{:?} {}", wave.step, nodes.join(" "))
    });
    Ok(told.collect())
}

const FIRST: [&str; 2] = ["Canary a1-n1", "Live a1-n2"];
const THEN: [&str; 2] = ["Canary a2-n1", "Live a2-n2"];

#[test]
fn what_draws_less_goes_first() {
    let both = [FIRST, THEN].concat();
    let limit = "power: { budget: 52400W },";
    assert_eq!(
        told(limit, ("700W", " }")),
        Ok(both.iter().map(ToString::to_string).collect())
    );
    // Without a budget they go together.
    let together = ["Canary a1-n1 a2-n1", "Live a1-n2 a2-n2"].map(ToString::to_string);
    assert_eq!(told("", ("700W", " }")), Ok(together.to_vec()));
}

/// 57.2 kW are drawn where `more` is raised and `less` is not lowered.
#[test]
fn a_cap_that_is_not_rolled_out_saves_nothing() {
    let waiting = [
        ("which is paused", ("700W", ", paused: true }")),
        ("which is refused", ("700W", " }, fabrics: [ { name: missing } ]")),
    ];
    let then = || Ok(THEN.map(ToString::to_string).to_vec());
    for (why, less) in waiting {
        for (budget, enough) in [
            ("power: { budget: 57199W },", false),
            ("power: { budget: 57200W },", true),
            ("power: { budget: 62919W, pue: \"1.1\" },", false),
            ("power: { budget: 62920W, pue: \"1.1\" },", true),
        ] {
            let told = told(budget, less);
            if enough {
                assert_eq!(told, then(), "{why}, {budget}");
            } else {
                let message = told.unwrap_err();
                let saved = format!("save nothing: 4.8 kW of 2 nodes of GPUPool/less, {why}");
                assert!(message.contains(&saved), "{message}");
                assert!(message.contains("4 x 14.3 kW (dgx-b200) = 57.2 kW"), "{message}");
            }
        }
    }
    // A pool that waits and asks for no less takes nothing.
    let same = told("power: { budget: 57200W },", ("1000W", ", paused: true }"));
    assert_eq!(same, then());
}
