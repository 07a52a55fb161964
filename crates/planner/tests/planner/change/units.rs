//! Scalable units and leaves as domains of a roll-out are those that nodes are plugged into.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use rackwright_api::{ActionClass, Domain, Name, NodeName};
use rackwright_fabric::tree::Switch;
use rackwright_planner::change::{
    Diff, NodeChange, State, Supply, Waves, check_waves, diff, planned, touched, waves,
};
use rackwright_planner::fabric::fabrics;
use rackwright_planner::{Compilation, Input, Inventory, Plan};
use serde_json::{Value, json};

use crate::support::input;

/// A site whose racks come in these groups, with a compute fabric of this topology and pools of these racks and roll-outs.
fn site(groups: &[Value], topology: &Value, addressing: &Value, pools: &[(Value, Value)]) -> Input {
    let mut documents = vec![
        json!({ "kind": "Supercluster", "metadata": { "name": "lab" }, "spec": { "racks": groups, "phases": [
            { "name": "early", "by": "2026-01-31" }, { "name": "late", "by": "2027-01-31" },
        ] } }),
        // Its rails come behind, and its units are nobody's domain.
        json!({ "kind": "InfiniBandFabric", "metadata": { "name": "a-storage" }, "spec": { "supercluster": "lab",
            "plane": "Storage", "topology": { "type": "FatTree", "rails": 1, "nodesPerUnit": 1 } } }),
        json!({ "kind": "InfiniBandFabric", "metadata": { "name": "compute" }, "spec": { "supercluster": "lab",
            "plane": "Compute", "topology": topology, "addressing": addressing } }),
    ];
    for ((nodes, rollout), number) in pools.iter().zip(1..) {
        documents.push(
            json!({ "kind": "GPUPool", "metadata": { "name": format!("pool-{number}") }, "spec": {
                "supercluster": "lab", "nodes": nodes, "rollout": rollout,
                "fabrics": [{ "name": "a-storage" }, { "name": "compute" }],
            } }),
        );
    }
    let texts = documents.into_iter().map(|mut document| {
        document["apiVersion"] = json!("rackwright.dev/v1alpha1");
        document.to_string()
    });
    input(&texts.collect::<Vec<_>>().join("\n---\n"))
}

fn compiled(input: &Input) -> Compilation {
    let compiled = rackwright_planner::compile(input).unwrap();
    let findings = compiled.findings.iter();
    let wrong: Vec<&str> = findings
        .filter(|finding| finding.is_error())
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(wrong, Vec::<&str>::new());
    compiled
}

/// Every node of the plan is drained; what the independent check says of the order must be nothing.
fn drained<'a>(input: &Input, compiled: &'a Compilation) -> (Diff<'a>, Waves) {
    static NOTHING: LazyLock<State<'static>> = LazyLock::new(State::default);
    let mut changes = diff(&NOTHING, &State::of(&compiled.plan));
    for node in &mut changes.nodes {
        node.class = ActionClass::Drain;
    }
    let supply = Supply {
        budgets: &compiled.power,
        old: &NOTHING,
    };
    let none = BTreeSet::new();
    let order = waves(input, &compiled.plan, &changes, &none, &supply);
    let objections = check_waves(input, &compiled.plan, &changes, &none, &supply, &order);
    assert_eq!(objections, vec![], "{order:?}");
    (changes, order)
}

fn told(input: &Input) -> Vec<String> {
    let compiled = compiled(input);
    let (changes, order) = drained(input, &compiled);
    let name = |index: &u32| changes.nodes[*index as usize].name;
    let waves = order.waves.iter();
    waves
        .map(|wave| wave.nodes.iter().map(name).collect::<Vec<_>>().join(" "))
        .collect()
}

fn one(domain: &str) -> Value {
    json!({ "maxUnavailable": { "domains": 1, "domain": domain } })
}

fn group(names: &str) -> Value {
    json!({ "names": names, "nodes": "n[1-2]", "system": "dgx-b200" })
}

/// By host number a1 and a3, which were there first, are one unit. By seat a2, which came between, sits beside a1.
#[test]
fn a_rack_that_comes_between_others() {
    let topology = json!({ "type": "FatTree", "rails": 2, "nodesPerUnit": 4 });
    let numbers = json!({ "ipv4": "10.64.0.0/24", "reservations": [
        { "first": 1, "nodes": "a1-n[1-2],a3-n[1-2]" }, { "first": 5, "nodes": "a2-n[1-2]" },
    ] });
    let pool = (json!({ "racks": "a[1-3]" }), one("ScalableUnit"));
    let input = site(&[group("a[1-3]")], &topology, &numbers, &[pool]);
    assert_eq!(told(&input), ["a1-n1 a1-n2 a2-n1 a2-n2", "a3-n1 a3-n2"]);
    // Nobody needs addresses to sit somewhere.
    let mut without = input;
    without.fabrics[1].spec.addressing = None;
    assert_eq!(told(&without), ["a1-n1 a1-n2 a2-n1 a2-n2", "a3-n1 a3-n2"]);
}

/// Units are as they are placed, and the fewest waves come of it though names go back and forth between them.
#[test]
fn racks_that_are_placed() {
    let racks = json!([{ "unit": 1, "racks": "a[1,3,5]" }, { "unit": 2, "racks": "a[2,4,6]" }]);
    let topology = json!({ "type": "FatTree", "rails": 2, "nodesPerUnit": 6, "placement": racks });
    let numbers = json!({ "ipv4": "10.64.0.0/24" });
    let of = |domain: &str| {
        let pool = (json!({ "racks": "a[1-6]" }), one(domain));
        told(&site(&[group("a[1-6]")], &topology, &numbers, &[pool]))
    };
    assert_eq!(
        of("ScalableUnit"),
        [
            "a1-n1 a1-n2 a3-n1 a3-n2 a5-n1 a5-n2",
            "a2-n1 a2-n2 a4-n1 a4-n2 a6-n1 a6-n2"
        ]
    );
    assert_eq!(of("Rack").len(), 6);
    // Without a switch nobody knows the ports of a leaf: it counts as the unit.
    assert_eq!(of("Leaf"), of("ScalableUnit"));
}

/// A leaf is smaller than a unit that has more nodes than it has ports for.
#[test]
fn leaves_of_one_unit() {
    let topology = json!({ "type": "FatTree", "rails": 2, "nodesPerUnit": 64, "switch": "qm9700" });
    let of = |domain: &str, change: &Value| {
        let mut topology = topology.clone();
        let fields = topology.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        let pool = (json!({ "racks": "a[1-32]" }), one(domain));
        let input = site(&[group("a[1-32]")], &topology, &Value::Null, &[pool]);
        let sizes = told(&input).into_iter();
        sizes.map(|wave| wave.split(' ').count()).collect::<Vec<usize>>()
    };
    let same = json!({});
    assert_eq!(of("ScalableUnit", &same), [64]);
    assert_eq!(of("Leaf", &same), [32, 32]);
    assert_eq!(of("RailGroup", &same), [32, 32]);
    // 32 ports for 16 nodes with two HCAs each; for nodes with three, every third leaf ends with a node.
    assert_eq!(of("Leaf", &json!({ "railOptimized": false })), [16; 4]);
    assert_eq!(
        of("Leaf", &json!({ "railOptimized": false, "rails": 3 })),
        [32, 32]
    );
    // Without nodesPerUnit a unit has the nodes that a leaf has ports for.
    assert_eq!(of("ScalableUnit", &json!({ "nodesPerUnit": null })), [32, 32]);
}

/// Leaves by name at which each node of the compute fabric ends, as the design says, and its unit.
fn designed(input: &Input) -> BTreeMap<String, (u32, BTreeSet<String>)> {
    let mut all = fabrics(input, Some("compute"));
    let design = all.remove(0).1.unwrap();
    let topology = &design.topology;
    let nodes = design.nodes.iter().map(|node| {
        let ends: Vec<_> = (0..topology.shape().rails)
            .map(|rail| topology.leaf_port(node.seat, rail).unwrap())
            .collect();
        let leaves = ends
            .iter()
            .map(|end| topology.name(end.subnet, Switch::Leaf(end.leaf)));
        (
            node.name.to_string(),
            (topology.unit_of(ends[0].leaf), leaves.collect()),
        )
    });
    nodes.collect()
}

/// Three groups of three racks, with nodes named after them or not, in two pools that select them in some way; host numbers and,
/// where there is a placement, seats in an order of their own.
#[derive(Debug, Clone)]
struct World {
    /// Nodes of a rack, and whether they have names of their own, by group.
    groups: Vec<(u32, bool)>,
    /// The pool of each rack; 0 for none.
    pool_of: Vec<usize>,
    /// How each pool says which nodes it wants, and its roll-out.
    pools: [(Way, &'static str, u32); 2],
    order: Vec<usize>,
    numbers: Vec<u32>,
    placed: bool,
    disjoint: bool,
    form: &'static str,
    ratio: &'static str,
    racks_of_unit: usize,
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Racks,
    Names,
    Selector,
}

const RACKS: usize = 9;

fn worlds() -> impl Strategy<Value = World> {
    let pool = || {
        (
            select(vec![Way::Racks, Way::Names, Way::Selector]),
            select(vec!["ScalableUnit", "Leaf", "RailGroup", "Rack"]),
            1..3_u32,
        )
    };
    (
        prop::collection::vec((1..6_u32, any::<bool>()), 3),
        prop::collection::vec(0..3_usize, RACKS),
        (pool(), pool()),
        Just((0..RACKS).collect::<Vec<_>>()).prop_shuffle(),
        Just((1..=45).collect::<Vec<_>>()).prop_shuffle(),
        any::<[bool; 2]>(),
        (
            select(vec!["FatTree", "DragonflyPlus"]),
            select(vec!["1:1", "1:15"]),
            1..4_usize,
        ),
    )
        .prop_map(
            |(groups, pool_of, pools, order, numbers, [placed, disjoint], shape)| {
                let (form, ratio, racks_of_unit) = shape;
                World {
                    groups,
                    pool_of,
                    pools: pools.into(),
                    order,
                    numbers,
                    placed,
                    disjoint,
                    form,
                    ratio,
                    racks_of_unit,
                }
            },
        )
}

impl World {
    fn rack(at: usize) -> String {
        format!("{}{}", ["b", "a", "c"][at / 3], 10 - at % 3)
    }

    fn racks(racks: impl IntoIterator<Item = usize>) -> String {
        racks.into_iter().map(Self::rack).collect::<Vec<_>>().join(",")
    }

    /// Names of its own are listed against their order.
    fn nodes(&self, rack: usize) -> Vec<String> {
        let (nodes, own) = self.groups[rack / 3];
        let of = |node| {
            if own {
                format!("host{}-{}", nodes + 1 - node, Self::rack(rack))
            } else {
                format!("{}-n{node}", Self::rack(rack))
            }
        };
        (1..=nodes).map(of).collect()
    }

    fn of_pool(&self, pool: usize) -> impl Iterator<Item = usize> {
        (0..RACKS).filter(move |rack| self.pool_of[*rack] == pool + 1)
    }

    fn input(&self) -> Input {
        let groups = self.groups.iter().enumerate().map(|(at, (nodes, own))| {
            let racks = at * 3..at * 3 + 3;
            let mut group = json!({ "names": Self::racks(racks.clone()), "system": "dgx-b200" });
            if *own {
                let names: Vec<String> = racks.flat_map(|rack| self.nodes(rack)).collect();
                group["nodeNames"] = json!(names.join(","));
                group["nodesPerRack"] = json!(nodes);
            } else {
                group["nodes"] = json!(format!("n[1-{nodes}]"));
            }
            group
        });
        let mut topology = json!({ "type": self.form, "rails": 2, "switch": "qm9700", "oversubscription": self.ratio,
            "disjointRails": self.disjoint && self.form == "FatTree", "nodesPerUnit": 5 * self.racks_of_unit, "units": 10 });
        if self.placed {
            let racks = Self::racks(self.order.iter().copied());
            topology["placement"] =
                json!([{ "unit": 2, "racks": racks, "racksPerUnit": self.racks_of_unit }]);
        }
        let (mut pools, mut labels, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (pool, (way, domain, domains)) in self.pools.iter().enumerate() {
            let of_pool: Vec<String> = self.of_pool(pool).flat_map(|rack| self.nodes(rack)).collect();
            if of_pool.is_empty() {
                continue;
            }
            let label = format!("pool-{pool}");
            let nodes = match way {
                Way::Racks => json!({ "racks": Self::racks(self.of_pool(pool)) }),
                Way::Names => json!({ "names": of_pool.join(",") }),
                Way::Selector => {
                    labels.extend(of_pool.iter().map(|node| (node.clone(), label.clone())));
                    json!({ "selector": { "matchLabels": { "pool": label } } })
                }
            };
            names.extend(of_pool);
            pools.push((
                nodes,
                json!({ "maxUnavailable": { "domains": domains, "domain": domain } }),
            ));
        }
        let reserved = names.iter().zip(&self.numbers);
        let reserved = reserved.map(|(node, number)| json!({ "first": number, "nodes": node }));
        let addressing = json!({ "ipv4": "10.64.0.0/24", "reservations": reserved.collect::<Vec<_>>() });
        let mut input = site(&groups.collect::<Vec<_>>(), &topology, &addressing, &pools);
        input.inventories.extend(labels.into_iter().map(|(node, label)| {
            let labels = BTreeMap::from([("pool".to_owned(), label)]);
            let spec = serde_json::from_value(json!({ "hcas": [] })).unwrap();
            Inventory::new(NodeName::new(node).unwrap(), labels, &spec)
        }));
        input
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Judged by the switches that nodes are plugged into, no wave takes down more than each pool in it allows; and what a saved
    /// plan knows without inventories is the same.
    #[test]
    fn waves_keep_to_the_switches(world in worlds()) {
        let input = world.input();
        let compiled = compiled(&input);
        let (changes, order) = drained(&input, &compiled);
        let designed = designed(&input);
        for node in compiled.plan.nodes() {
            let unit = node.unit().unwrap();
            prop_assert_eq!((unit.fabric, unit.number), ("compute", designed[node.name()].0), "{}", node.name());
        }
        for wave in &order.waves {
            let nodes: Vec<&NodeChange<'_>> = wave.nodes.iter().map(|node| &changes.nodes[*node as usize]).collect();
            let units: BTreeSet<u32> = nodes.iter().map(|node| designed[node.name].0).collect();
            let leaves: BTreeSet<_> = nodes.iter().map(|node| &designed[node.name].1).collect();
            for pool in nodes.iter().map(|node| node.pool) {
                let intent = input.pools.iter().find(|intent| intent.name.as_str() == pool).unwrap();
                let most = intent.spec.rollout.as_ref().unwrap().max_unavailable.as_ref().unwrap();
                let touched = match most.domain.unwrap() {
                    Domain::ScalableUnit => units.len(),
                    Domain::Leaf | Domain::RailGroup => leaves.len(),
                    _ => 0,
                };
                prop_assert!(touched as u32 <= most.domains.unwrap(), "{nodes:?}");
            }
        }
        let reached = touched(&input, compiled.plan.nodes());
        let plugged: BTreeSet<(&str, u32)> = compiled.plan.nodes().map(|node| ("compute", designed[node.name()].0)).collect();
        prop_assert_eq!(reached.units, plugged);
        let mut saved = input.clone();
        saved.inventories.clear();
        let again = planned(&saved, &changes, &State::of(&compiled.plan));
        let units = |plan: &Plan| plan.nodes().map(|node| format!("{} {:?}", node.name(), node.unit())).collect::<Vec<_>>();
        prop_assert_eq!(units(&again), units(&compiled.plan));
    }
}

/// What comes with a later phase sits behind, whatever it is called.
#[test]
fn racks_of_a_later_phase() {
    let phase = |names: &str, phase: &str| {
        let mut group = group(names);
        group["phase"] = json!(phase);
        group
    };
    let topology = json!({ "type": "FatTree", "rails": 2, "nodesPerUnit": 4 });
    let pool = (json!({ "racks": "a[1-3],b1" }), one("ScalableUnit"));
    let groups = [phase("a[1-2]", "late"), phase("a3,b1", "early")];
    let input = site(&groups, &topology, &Value::Null, &[pool]);
    assert_eq!(
        told(&input),
        ["a1-n1 a1-n2 a2-n1 a2-n2", "a3-n1 a3-n2 b1-n1 b1-n2"]
    );
    let compiled = compiled(&input);
    let unit = |node: &str| compiled.plan.node(node).unwrap().unit().unwrap().number;
    assert_eq!((unit("b1-n2"), unit("a1-n1")), (0, 1));
}

/// Where the fabric has no units, or the pool no compute fabric, a unit is the rack.
#[test]
fn without_a_seat_the_rack_counts() {
    let topology = json!({ "type": "FatTree", "rails": 2 });
    let pool = (json!({ "racks": "a[1-2]" }), one("ScalableUnit"));
    let mut input = site(&[group("a[1-2]")], &topology, &Value::Null, &[pool]);
    let by_rack = ["a1-n1 a1-n2", "a2-n1 a2-n2"];
    assert_eq!(told(&input), by_rack);
    input.pools[0].spec.fabrics.pop();
    assert_eq!(told(&input), by_rack);
}

/// Of several compute fabrics the first in the order of rails, whichever the pool names first.
#[test]
fn the_fabric_of_the_first_rails_counts() {
    let topology = json!({ "type": "FatTree", "rails": 2, "nodesPerUnit": 4 });
    let pool = (json!({ "racks": "a[1-2]" }), one("ScalableUnit"));
    let mut input = site(&[group("a[1-2]")], &topology, &Value::Null, &[pool]);
    let mut other = input.fabrics[1].clone();
    other.name = Name::new("backend").unwrap();
    other.spec.topology.nodes_per_unit = Some(2);
    let mut used = input.pools[0].spec.fabrics[1].clone();
    used.name = other.name.clone();
    input.fabrics.push(other);
    input.pools[0].spec.fabrics.push(used);
    assert_eq!(told(&input), ["a1-n1 a1-n2", "a2-n1 a2-n2"]);
}

/// Hosts that no rack holds sit in the order in which people count them.
#[test]
fn hosts_without_racks() {
    let topology = json!({ "type": "FatTree", "rails": 2, "nodesPerUnit": 2 });
    let pool = (json!({ "names": "h[1-2,9-11]" }), one("ScalableUnit"));
    let input = site(&[], &topology, &Value::Null, &[pool]);
    assert_eq!(told(&input), ["h1 h2", "h10 h9", "h11"]);
}
