//! The order in which nodes may change.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use rackwright_api::ActionClass::{self, Destructive, Drain, None as Nothing, Reboot, Reload, Restart};
use rackwright_planner::change::{Diff, State, Step, Supply, Waves, Why, check_waves, diff, waves};
use rackwright_planner::{Compilation, Input};
use serde_json::{Value, json};

use crate::support::input;

const RACKS: usize = 5;
const NODES: usize = 4;

/// A site of five racks with four nodes each; each node in one of three pools with these roll-outs.
fn site(system: &str, units: Option<u16>, pools: &[usize], rollouts: &[Value]) -> Input {
    let mut topology = json!({ "type": "FatTree", "rails": 2 });
    if let Some(nodes) = units {
        topology["nodesPerUnit"] = json!(nodes);
    }
    let mut documents = vec![
        json!({ "kind": "Supercluster", "metadata": { "name": "lab" },
            "spec": { "racks": [{ "names": format!("a[1-{RACKS}]"), "nodes": format!("n[1-{NODES}]"), "system": system }] } }),
        json!({ "kind": "InfiniBandFabric", "metadata": { "name": "storage" }, "spec": { "supercluster": "lab",
            "plane": "Storage", "topology": { "type": "FatTree", "rails": 1 }, "addressing": { "ipv4": "10.80.0.0/24" } } }),
        json!({ "kind": "InfiniBandFabric", "metadata": { "name": "compute" }, "spec": { "supercluster": "lab",
            "plane": "Compute", "topology": topology, "addressing": { "ipv4": "10.64.0.0/24" } } }),
    ];
    for (pool, rollout) in rollouts.iter().enumerate() {
        let names: Vec<String> = (0..RACKS * NODES)
            .filter(|node| pools[*node] == pool)
            .map(|node| format!("a{}-n{}", node / NODES + 1, node % NODES + 1))
            .collect();
        if names.is_empty() {
            continue;
        }
        let mut spec = json!({ "supercluster": "lab", "nodes": { "names": names.join(",") },
            "fabrics": [{ "name": "storage" }, { "name": "compute" }] });
        if !rollout.is_null() {
            spec["rollout"] = rollout.clone();
        }
        documents
            .push(json!({ "kind": "GPUPool", "metadata": { "name": format!("pool-{pool}") }, "spec": spec }));
    }
    let texts: Vec<String> = documents
        .into_iter()
        .map(|mut document| {
            document["apiVersion"] = json!("rackwright.dev/v1alpha1");
            document.to_string()
        })
        .collect();
    input(&texts.join("\n---\n"))
}

fn compiled(input: &Input) -> Compilation {
    let compiled = rackwright_planner::compile(input).unwrap();
    assert!(compiled.refused.is_empty(), "{:?}", compiled.findings);
    compiled
}

/// Nothing was there before.
fn supply(compiled: &Compilation) -> Supply<'_, 'static> {
    static NOTHING: LazyLock<State<'static>> = LazyLock::new(State::default);
    Supply {
        budgets: &compiled.power,
        old: &NOTHING,
    }
}

/// All nodes of the plan change, with these classes; a node without one stays.
fn changes<'a>(compiled: &'a Compilation, classes: &[Option<ActionClass>], consents: &[bool]) -> Diff<'a> {
    let mut found = diff(&State::default(), &State::of(&compiled.plan));
    let mut at = 0..;
    found.nodes.retain_mut(|node| {
        let at: usize = at.next().unwrap();
        node.consent = consents[at];
        node.class = classes[at].unwrap_or(Nothing);
        classes[at].is_some()
    });
    found
}

const DOMAINS: &[&str] = &[
    "Rack",
    "ScalableUnit",
    "RailGroup",
    "NVLinkDomain",
    "Leaf",
    "PowerFeed",
];

fn rollout() -> impl Strategy<Value = Value> {
    let most = prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        (1..6_u32).prop_map(|nodes| json!({ "nodes": nodes })),
        (1..4_u32, select(DOMAINS))
            .prop_map(|(domains, domain)| json!({ "domains": domains, "domain": domain })),
        (1..6_u32, 1..4_u32, select(DOMAINS)).prop_map(
            |(nodes, domains, domain)| json!({ "nodes": nodes, "domains": domains, "domain": domain })
        ),
    ];
    (
        most,
        proptest::option::of(1..4_u32),
        prop::bool::weighted(0.15),
        any::<bool>(),
    )
        .prop_map(|(most, canary, paused, any)| {
            let mut rollout = json!({});
            if !most.is_null() {
                rollout["maxUnavailable"] = most;
            }
            if let Some(nodes) = canary {
                rollout["canary"] = json!({ "nodes": nodes, "soak": "30m" });
            }
            if paused {
                rollout["paused"] = json!(true);
            }
            if any { rollout } else { Value::Null }
        })
}

/// A site, what happens to each of its nodes, and which are unavailable.
type World = (Input, Vec<Option<ActionClass>>, Vec<bool>, BTreeSet<String>);

fn world() -> impl Strategy<Value = World> {
    let all = RACKS * NODES;
    let class = select(vec![
        None,
        Some(Nothing),
        Some(Reload),
        Some(Restart),
        Some(Drain),
        Some(Reboot),
        Some(Destructive),
    ]);
    let down = proptest::collection::btree_set(0..all, 0..3);
    (
        select(vec!["dgx-b200", "gb200-nvl72"]),
        select(vec![None, Some(3), Some(8)]),
        proptest::collection::vec(0..3_usize, all),
        proptest::collection::vec(rollout(), 3),
        proptest::collection::vec(class, all),
        proptest::collection::vec(any::<bool>(), all),
        down,
    )
        .prop_map(|(system, units, pools, rollouts, classes, consents, down)| {
            let down = down
                .into_iter()
                .map(|node| format!("a{}-n{}", node / NODES + 1, node % NODES + 1));
            (
                site(system, units, &pools, &rollouts),
                classes,
                consents,
                down.collect(),
            )
        })
}

fn names(down: &BTreeSet<String>) -> BTreeSet<&str> {
    down.iter().map(String::as_str).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_independent_check_has_no_objection((input, classes, consents, down) in world()) {
        let compiled = compiled(&input);
        let changes = changes(&compiled, &classes, &consents);
        let down = names(&down);
        let waves = waves(&input, &compiled.plan, &changes, &down, &supply(&compiled));
        prop_assert_eq!(check_waves(&input, &compiled.plan, &changes, &down, &supply(&compiled), &waves), vec![], "{:?}", waves);
        prop_assert!(waves.waves.is_sorted_by_key(|wave| wave.step));
        prop_assert!(waves.waves.iter().all(|wave| !wave.nodes.is_empty()));
    }

    /// Each planted bug is one that a careless change of the planner could make.
    #[test]
    fn planted_bugs_are_caught((input, classes, consents, down) in world(), at in any::<prop::sample::Index>()) {
        let compiled = compiled(&input);
        let changes = changes(&compiled, &classes, &consents);
        let down = names(&down);
        let good = waves(&input, &compiled.plan, &changes, &down, &supply(&compiled));
        let codes = |waves: &Waves| {
            let found = check_waves(&input, &compiled.plan, &changes, &down, &supply(&compiled), waves);
            found.into_iter().map(|violation| violation.code).collect::<BTreeSet<_>>()
        };
        if !good.waves.is_empty() {
            let at = at.index(good.waves.len());
            let mut lost = good.clone();
            lost.waves[at].nodes.pop();
            prop_assert!(codes(&lost).contains("RW9101"));
            let mut twice = good.clone();
            let node = twice.waves[at].nodes[0];
            twice.waves[at].nodes.push(node);
            prop_assert!(codes(&twice).contains("RW9101"));
            let mut waits = good.clone();
            let node = waits.waves[at].nodes.remove(0);
            waits.held.push(rackwright_planner::change::Held { node, why: Why::Paused });
            prop_assert!(codes(&waits).contains("RW9106"));
        }
        if let Some(held) = good.held.iter().find(|held| held.why != Why::NoBudget) {
            let mut started = good.clone();
            started.held.retain(|other| other != held);
            started.waves.push(rackwright_planner::change::Wave { step: Step::Live, nodes: vec![held.node], soak: 0 });
            prop_assert!(codes(&started).contains("RW9105"));
        }
        if let Some(first) = good.waves.iter().position(|wave| wave.step == Step::DestructiveFirst) {
            // The first one of a pool with one more of its nodes.
            let pool = |node: &u32| changes.nodes[*node as usize].pool;
            let of_pool = pool(&good.waves[first].nodes[0]);
            let mut together = good.clone();
            let mut later = together.waves[first + 1..].iter_mut();
            let more = later.find_map(|wave| {
                let at = wave.nodes.iter().position(|node| pool(node) == of_pool)?;
                Some(wave.nodes.remove(at))
            });
            if let Some(node) = more {
                together.waves[first].nodes.push(node);
                prop_assert!(codes(&together).contains("RW9108"));
            }
        }
        if let Some(canary) = good.waves.iter().position(|wave| wave.step == Step::Canary) {
            let mut cut_short = good.clone();
            cut_short.waves[canary].soak = 0;
            prop_assert!(codes(&cut_short).contains("RW9104"));
        }
        // The waves of one step are as large as they can be: two in a row never fit into one.
        for (first, second) in good.waves.iter().zip(&good.waves[1.min(good.waves.len())..]) {
            if first.step == second.step {
                let mut merged = good.clone();
                merged.waves.retain(|wave| wave != second);
                let both = merged.waves.iter_mut().find(|wave| *wave == first).unwrap();
                both.nodes.extend(&second.nodes);
                let budgets = BTreeSet::from(["RW9102", "RW9103"]);
                prop_assert!(!codes(&merged).is_disjoint(&budgets), "{first:?} {second:?}");
            }
        }
    }
}

/// The waves by node names.
fn told(
    input: &Input,
    classes: &[Option<ActionClass>],
    consent: bool,
    down: &[&str],
) -> (Vec<String>, Vec<String>) {
    let compiled = compiled(input);
    let changes = changes(&compiled, classes, &[consent; RACKS * NODES]);
    let down: BTreeSet<&str> = down.iter().copied().collect();
    let waves = waves(input, &compiled.plan, &changes, &down, &supply(&compiled));
    assert_eq!(
        check_waves(input, &compiled.plan, &changes, &down, &supply(&compiled), &waves),
        vec![]
    );
    let name = |index: &u32| changes.nodes[*index as usize].name;
    let order = waves.waves.iter().map(|wave| {
        let nodes: Vec<&str> = wave.nodes.iter().map(name).collect();
        format!("{:?} {}", wave.step, nodes.join(" "))
    });
    let held = waves
        .held
        .iter()
        .map(|held| format!("{} {:?}", name(&held.node), held.why));
    (order.collect(), held.collect())
}

const ALL: usize = RACKS * NODES;

/// The first nodes change, the others stay.
fn first(count: usize, class: ActionClass) -> Vec<Option<ActionClass>> {
    (0..ALL).map(|node| (node < count).then_some(class)).collect()
}

#[test]
fn without_a_budget_one_node_at_a_time() {
    let input = site("dgx-b200", None, &[0; ALL], &[Value::Null]);
    let (waves, held) = told(&input, &first(3, Drain), false, &[]);
    assert_eq!(
        waves,
        ["Disruptive a1-n1", "Disruptive a1-n2", "Disruptive a1-n3"]
    );
    assert_eq!(held, Vec::<String>::new());
}

#[test]
fn a_rack_at_a_time_over_two_pools() {
    let most = json!({ "maxUnavailable": { "nodes": 18, "domains": 1, "domain": "Rack" } });
    let pools: Vec<usize> = (0..ALL).map(|node| node % 2).collect();
    let input = site("dgx-b200", None, &pools, &[most.clone(), most]);
    let (waves, _) = told(&input, &first(8, Reboot), false, &[]);
    assert_eq!(
        waves,
        [
            "Disruptive a1-n1 a1-n3 a1-n2 a1-n4",
            "Disruptive a2-n1 a2-n3 a2-n2 a2-n4"
        ]
    );
}

#[test]
fn the_canary_is_the_gravest_and_the_live_ones_go_together() {
    let rollout = json!({ "maxUnavailable": { "nodes": 2 }, "canary": { "nodes": 1, "soak": "30m" } });
    let input = site("dgx-b200", None, &[0; ALL], &[rollout]);
    let mut classes = first(4, Reload);
    classes[2] = Some(Drain);
    classes[4] = Some(Nothing);
    let (waves, _) = told(&input, &classes, false, &[]);
    assert_eq!(waves, ["AtOnce a2-n1", "Canary a1-n3", "Live a1-n1 a1-n2 a1-n4"]);
}

#[test]
fn what_is_lost_is_lost_last_and_never_without_consent() {
    let rollout = json!({ "maxUnavailable": { "nodes": 4 }, "canary": { "nodes": 1, "soak": "1s" } });
    let input = site("dgx-b200", None, &[0; ALL], &[rollout]);
    let mut classes = first(3, Destructive);
    classes[3] = Some(Restart);
    let (waves, held) = told(&input, &classes, true, &[]);
    assert_eq!(
        waves,
        [
            "Canary a1-n4",
            "DestructiveFirst a1-n1",
            "Destructive a1-n2 a1-n3"
        ]
    );
    assert_eq!(held, Vec::<String>::new());
    let (waves, held) = told(&input, &classes, false, &[]);
    assert_eq!(waves, ["Canary a1-n4"]);
    assert_eq!(held, ["a1-n1 NoConsent", "a1-n2 NoConsent", "a1-n3 NoConsent"]);
    let (waves, _) = told(&input, &first(3, Destructive), true, &[]);
    assert_eq!(waves, ["DestructiveFirst a1-n1", "Destructive a1-n2 a1-n3"]);
    // Without a canary, and with a larger one, one node goes first too.
    for (canary, told_waves) in [
        (
            None,
            ["DestructiveFirst a1-n1", "Destructive a1-n2 a1-n3 a1-n4"].as_slice(),
        ),
        (
            Some(3),
            [
                "DestructiveFirst a1-n1",
                "DestructiveCanary a1-n2 a1-n3",
                "Destructive a1-n4",
            ]
            .as_slice(),
        ),
    ] {
        let mut rollout = json!({ "maxUnavailable": { "nodes": 4 } });
        if let Some(nodes) = canary {
            rollout["canary"] = json!({ "nodes": nodes, "soak": "1s" });
        }
        let input = site("dgx-b200", None, &[0; ALL], &[rollout]);
        let (waves, _) = told(&input, &first(4, Destructive), true, &[]);
        assert_eq!(waves, told_waves);
    }
}

#[test]
fn what_is_unavailable_counts() {
    let rollout = json!({ "maxUnavailable": { "nodes": 2, "domains": 1, "domain": "Rack" } });
    let input = site("dgx-b200", None, &[0; ALL], &[rollout]);
    let (waves, held) = told(&input, &first(6, Drain), false, &["a1-n2"]);
    assert_eq!(
        waves,
        ["Disruptive a1-n1 a1-n2", "Disruptive a1-n3", "Disruptive a1-n4"]
    );
    assert_eq!(held, ["a2-n1 NoBudget", "a2-n2 NoBudget"]);
}

#[test]
fn a_paused_pool_waits() {
    let input = site("dgx-b200", None, &[0; ALL], &[json!({ "paused": true })]);
    let (waves, held) = told(&input, &first(1, Reload), false, &[]);
    assert_eq!((waves, held), (vec![], vec!["a1-n1 Paused".to_owned()]));
}

#[test]
fn domains_are_units_and_nvlink_domains_where_the_pool_says_so() {
    let most = |domain: &str| json!({ "maxUnavailable": { "domains": 1, "domain": domain } });
    // The host numbers of the compute fabric go 1 to 20 over the racks: units of 8 do not end with a rack.
    let input = site("dgx-b200", Some(8), &[0; ALL], &[most("ScalableUnit")]);
    let (waves, _) = told(&input, &first(ALL, Drain), false, &[]);
    let sizes: Vec<usize> = waves.iter().map(|wave| wave.split(' ').count() - 1).collect();
    assert_eq!(sizes, [8, 8, 4], "{waves:?}");
    // The site's own entries count, and names say nothing.
    let own = json!({ "systems": [
        { "name": "rack-one", "like": "gb200-nvl72", "source": "ours" },
        { "name": "box-nvl8", "like": "dgx-b200", "source": "ours" },
    ] });
    for (system, size) in [
        ("gb200-nvl72", NODES),
        ("dgx-b200", 1),
        ("rack-one", NODES),
        ("box-nvl8", 1),
    ] {
        let mut input = site(system, None, &[0; ALL], &[most("NVLinkDomain")]);
        input.superclusters[0].spec.catalogue = serde_json::from_value(own.clone()).unwrap();
        let (waves, _) = told(&input, &first(ALL, Drain), false, &[]);
        assert_eq!(waves.len(), ALL / size, "{system}: {waves:?}");
    }
}
