//! What may draw more power goes after what draws less, and waits where that waits.

use std::collections::BTreeSet;

use rackwright_planner::Compilation;
use rackwright_planner::change::{State, Supply, What, Why, check_waves, diff, waves};

use crate::support::input;

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

/// Waves and what waits for power where `less` becomes this, and `more` goes from 700 W to 1000 W.
fn told(power: &str, less: (&str, &str)) -> (Vec<String>, Vec<String>) {
    let compile = |text: &str| -> (rackwright_planner::Input, Compilation) {
        let input = input(text);
        let compiled = rackwright_planner::compile(&input).unwrap();
        (input, compiled)
    };
    let (_, before) = compile(&site(power, OLD, "700W"));
    assert!(before.refused.is_empty(), "{:?}", before.findings);
    let (input, after) = compile(&site(power, less, "1000W"));
    let (old, new) = (State::of(&before.plan), State::of(&after.plan));
    let mut found = diff(&old, &new);
    let kept: Vec<&str> = found
        .nodes
        .iter()
        .filter(|node| node.what == What::Removed)
        .map(|node| node.name)
        .collect();
    assert_eq!(kept.is_empty(), after.refused.is_empty(), "{:?}", after.findings);
    found.nodes.retain(|node| node.what != What::Removed);
    let supply = Supply {
        budgets: &after.power,
        kept: &kept,
        old: &old,
    };
    let none = BTreeSet::new();
    let order = waves(&input, &after.plan, &found, &none, &supply);
    assert_eq!(
        check_waves(&input, &after.plan, &found, &none, &supply, &order),
        vec![]
    );
    let name = |node: &u32| found.nodes[*node as usize].name;
    let told = order.waves.iter().map(|wave| {
        let nodes: Vec<&str> = wave.nodes.iter().map(name).collect();
        format!("{:?} {}", wave.step, nodes.join(" "))
    });
    let starved = order.held.iter().filter(|held| held.why == Why::NoPower);
    (
        told.collect(),
        starved.map(|held| name(&held.node).to_owned()).collect(),
    )
}

const FIRST: [&str; 2] = ["Canary a1-n1", "Live a1-n2"];
const THEN: [&str; 2] = ["Canary a2-n1", "Live a2-n2"];

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn what_draws_less_goes_first() {
    let both = [FIRST, THEN].concat();
    let limit = "power: { budget: 52400W },";
    assert_eq!(
        told(limit, ("700W", " }")),
        (both.iter().map(ToString::to_string).collect(), none())
    );
    // Without a budget they go together.
    let together = ["Canary a1-n1 a2-n1", "Live a1-n2 a2-n2"].map(ToString::to_string);
    assert_eq!(told("", ("700W", " }")), (together.to_vec(), none()));
}

/// 57.2 kW are drawn where `more` is raised and `less` is not lowered.
#[test]
fn what_is_raised_waits_where_the_budget_needs_what_waits() {
    let waiting = [
        ("a paused pool", ("700W", ", paused: true }")),
        ("a refused pool", ("700W", " }, fabrics: [ { name: missing } ]")),
    ];
    let starved = vec!["a2-n1".to_owned(), "a2-n2".to_owned()];
    for (what, less) in waiting {
        for (budget, enough) in [
            ("power: { budget: 57199W },", false),
            ("power: { budget: 57200W },", true),
            ("power: { budget: 62919W, pue: \"1.1\" },", false),
            ("power: { budget: 62920W, pue: \"1.1\" },", true),
        ] {
            let (waves, waits) = told(budget, less);
            if enough {
                assert_eq!(
                    (waves, waits),
                    (THEN.map(ToString::to_string).to_vec(), none()),
                    "{what}, {budget}"
                );
            } else {
                assert_eq!((waves, waits), (none(), starved.clone()), "{what}, {budget}");
            }
        }
    }
    // A pool that waits and asks for no less takes nothing.
    let (waves, waits) = told("power: { budget: 57200W },", ("1000W", ", paused: true }"));
    assert_eq!((waves, waits), (THEN.map(ToString::to_string).to_vec(), none()));
}
