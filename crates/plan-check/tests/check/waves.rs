//! A roll-out built by hand holds; each of its invariants is broken on purpose and found.

use std::collections::BTreeSet;

use rackwright_api::{
    ActionClass, Facts, GPUPoolSpec, InfiniBandFabricSpec, InterfaceAddress, Name, Rail, SuperclusterSpec,
};
use rackwright_plan_check::{Changing, Down, Rollouts, WaveOf, check_waves};
use serde_json::{Value, from_value, json};

use crate::world::name;

/// What a planner would hand to the check.
#[derive(Clone)]
pub struct Run {
    pools: Vec<(Name, GPUPoolSpec)>,
    fabrics: Vec<(Name, InfiniBandFabricSpec)>,
    superclusters: Vec<(Name, SuperclusterSpec)>,
    /// Name, pool, rack, host number, class, consent.
    nodes: Vec<(&'static str, Name, &'static str, u8, ActionClass, bool)>,
    down: Vec<usize>,
    waves: Vec<(Vec<usize>, u64)>,
    held: Vec<usize>,
}

impl Run {
    /// The racks a and b with four nodes each of `train`, which allows three nodes of one rack and wants one canary. `b`
    /// also has two of `infer`, which is paused, and one of `bare`, which says nothing.
    fn valid() -> Self {
        let pool = |rollout: Value| -> GPUPoolSpec {
            let mut spec = json!({ "supercluster": "lab", "nodes": { "racks": "a" },
                "fabrics": [{ "name": "storage" }, { "name": "compute" }] });
            if !rollout.is_null() {
                spec["rollout"] = rollout;
            }
            from_value(spec).unwrap()
        };
        let fabric = |plane: &str, units: Value| -> InfiniBandFabricSpec {
            let spec = json!({ "supercluster": "lab", "plane": plane, "addressing": { "ipv4": "10.64.0.0/16" },
                "topology": { "type": "FatTree", "rails": 2, "nodesPerUnit": units } });
            from_value(spec).unwrap()
        };
        let train = json!({ "maxUnavailable": { "nodes": 3, "domains": 1, "domain": "Rack" },
            "canary": { "nodes": 1, "soak": "10m" } });
        let site = json!({ "racks": [
            { "names": "a", "nodes": "n[1-4]", "system": "gb200-nvl72" },
            { "names": "b", "nodes": "n[1-7]", "system": "dgx-b200" } ] });
        let (none, reload, drain, lost) = (
            ActionClass::None,
            ActionClass::Reload,
            ActionClass::Drain,
            ActionClass::Destructive,
        );
        let nodes = [
            ("a-n1", "train", "a", 1, drain, false),
            ("a-n2", "train", "a", 2, drain, false),
            ("a-n3", "train", "a", 3, drain, false),
            ("a-n4", "train", "a", 4, drain, false),
            ("b-n1", "train", "b", 5, none, false),
            ("b-n2", "train", "b", 6, reload, false),
            ("b-n3", "train", "b", 7, lost, true),
            ("b-n4", "train", "b", 8, lost, false),
            ("b-n5", "infer", "b", 9, drain, false),
            ("b-n6", "bare", "b", 10, drain, false),
            ("b-n7", "bare", "b", 11, drain, false),
        ];
        Self {
            pools: vec![
                (name("train"), pool(train)),
                (name("infer"), pool(json!({ "paused": true }))),
                (name("bare"), pool(Value::Null)),
            ],
            fabrics: vec![
                (name("storage"), fabric("Storage", json!(1))),
                (name("compute"), fabric("Compute", json!(4))),
            ],
            superclusters: vec![(name("lab"), from_value(site).unwrap())],
            nodes: nodes
                .map(|(node, pool, rack, at, class, yes)| (node, name(pool), rack, at, class, yes))
                .into(),
            down: Vec::new(),
            waves: vec![
                (vec![4], 0),
                (vec![0], 600),
                (vec![5], 0),
                (vec![1, 2, 3], 0),
                (vec![9], 0),
                (vec![10], 0),
                (vec![6], 0),
            ],
            held: vec![7, 8],
        }
    }

    fn rollout(&mut self, pool: usize, rollout: Value) {
        self.pools[pool].1.rollout = from_value(rollout).unwrap();
    }

    fn most(&mut self, pool: usize, most: Value) {
        let mut rollout = json!({});
        rollout["maxUnavailable"] = most;
        self.rollout(pool, rollout);
    }

    fn class(&mut self, node: usize, class: ActionClass) {
        self.nodes[node].4 = class;
    }

    fn codes(&self) -> BTreeSet<&'static str> {
        let facts = |node: usize| {
            let (_, _, rack, at, ..) = self.nodes[node];
            // Rails 0 and 1 of storage, where all hosts share a unit, and 2 and 3 of compute.
            let rails = (0..4).map(|rail| Rail {
                guid: None,
                ipv4: Some(InterfaceAddress::from_parts(
                    [10, 64, rail, if rail < 2 { 1 } else { at }].into(),
                    24,
                )),
                leaf: None,
                port: None,
                rail,
            });
            Facts {
                imex_peers: None,
                rack: Some(name(rack)),
                rails: rails.collect(),
                wipe_consents: Vec::new(),
            }
        };
        let nodes: Vec<Changing<'_>> = self
            .nodes
            .iter()
            .enumerate()
            .map(|(at, (name, pool, _, _, class, consent))| Changing {
                name,
                pool,
                facts: facts(at),
                class: *class,
                consent: *consent,
            })
            .collect();
        let down: Vec<Down<'_>> = self
            .down
            .iter()
            .map(|&at| Down {
                name: self.nodes[at].0,
                pool: &self.nodes[at].1,
                facts: facts(at),
            })
            .collect();
        let waves: Vec<WaveOf<'_>> = self
            .waves
            .iter()
            .map(|(nodes, soak)| WaveOf { nodes, soak: *soak })
            .collect();
        let violations = check_waves(&Rollouts {
            pools: &self
                .pools
                .iter()
                .map(|(name, spec)| (name, spec))
                .collect::<Vec<_>>(),
            fabrics: &self
                .fabrics
                .iter()
                .map(|(name, spec)| (name, spec))
                .collect::<Vec<_>>(),
            superclusters: &self
                .superclusters
                .iter()
                .map(|(name, spec)| (name, spec))
                .collect::<Vec<_>>(),
            nodes: &nodes,
            down: &down,
            waves: &waves,
            held: &self.held,
        });
        violations.iter().map(|violation| violation.code).collect()
    }
}

/// A planted bug: the code that must find it, what it is, how it is done.
pub type Plant = (&'static str, &'static str, fn(&mut Run));

pub const PLANTS: &[Plant] = &[
    ("RW9101", "a node in no wave", |r| r.waves[3].0 = vec![1, 2]),
    ("RW9101", "a node in two waves", |r| r.waves[0].0 = vec![4, 5]),
    ("RW9101", "a node that waits and does not", |r| r.held.push(10)),
    ("RW9102", "a node more than allowed", |r| {
        r.most(0, json!({ "nodes": 2, "domains": 1, "domain": "Rack" }));
    }),
    ("RW9102", "two nodes of a pool that says nothing", |r| {
        r.waves[4].0 = vec![9, 10];
        r.waves.remove(5);
    }),
    ("RW9102", "two nodes of a pool whose limits are empty", |r| {
        r.most(2, json!({}));
        r.waves[4].0 = vec![9, 10];
        r.waves.remove(5);
    }),
    ("RW9102", "unavailable nodes forgotten", |r| {
        r.most(0, json!({ "nodes": 3 }));
        r.down = vec![0];
        r.class(0, ActionClass::Reload);
        r.waves[3].0 = vec![1, 2, 3];
    }),
    ("RW9103", "another rack in the wave, of another pool", |r| {
        r.waves[3].0 = vec![1, 2, 3, 9];
        r.waves.remove(4);
    }),
    ("RW9103", "a limit of nodes alone leaves one rack", |r| {
        r.most(0, json!({ "nodes": 4 }));
        r.class(5, ActionClass::Restart);
        r.waves[3].0 = vec![1, 2, 3, 5];
        r.waves.remove(2);
    }),
    ("RW9103", "nodes are NVLink domains where the rack is none", |r| {
        r.most(0, json!({ "domains": 1, "domain": "NVLinkDomain" }));
        r.class(4, ActionClass::Drain);
        r.class(5, ActionClass::Drain);
        r.waves[2].0 = vec![4, 5];
        r.waves.remove(0);
    }),
    ("RW9103", "units of four host numbers", |r| {
        r.most(2, json!({ "domains": 1, "domain": "ScalableUnit" }));
        r.nodes[10].3 = 13;
        r.waves[4].0 = vec![9, 10];
        r.waves.remove(5);
    }),
    ("RW9103", "an unavailable rack forgotten", |r| r.down = vec![8]),
    ("RW9104", "no canary", |r| {
        r.waves[3].0 = vec![0, 1, 2];
        r.waves[1].0 = vec![3];
        r.waves.swap(1, 3);
    }),
    ("RW9104", "too short a time", |r| r.waves[1].1 = 599),
    ("RW9104", "no canary among those that lose data", |r| {
        r.rollout(
            0,
            json!({ "maxUnavailable": { "nodes": 3 }, "canary": { "nodes": 6, "soak": "10m" } }),
        );
        r.waves.iter_mut().for_each(|wave| wave.1 = 600);
        r.nodes[7].5 = true;
        r.held = vec![8];
        r.waves[6] = (vec![6, 7], 600);
    }),
    ("RW9105", "a paused pool", |r| {
        r.held.pop();
        r.waves.push((vec![8], 0));
        r.waves.swap(6, 7);
    }),
    ("RW9105", "data lost without consent", |r| r.nodes[6].5 = false),
    ("RW9105", "data lost before the others are done", |r| {
        r.waves.swap(5, 6);
    }),
    ("RW9106", "a node that could start", |r| {
        r.waves.remove(5);
        r.held.push(10);
    }),
    ("RW9106", "a node that no budget binds", |r| {
        r.waves.remove(2);
        r.held.push(5);
        r.down = vec![0, 1, 2];
        r.waves
            .retain(|(nodes, _)| nodes != &[9] && nodes != &[10] && nodes != &[6]);
        r.held.extend([6, 9, 10]);
    }),
];

#[test]
fn a_valid_roll_out_holds() {
    assert_eq!(Run::valid().codes(), BTreeSet::new());
}

#[test]
fn each_planted_bug_is_found() {
    for (code, what, plant) in PLANTS {
        let mut run = Run::valid();
        plant(&mut run);
        let codes = run.codes();
        assert!(codes.contains(code), "{code}, {what}: {codes:?}");
    }
}

/// What is allowed, beside the valid roll-out.
#[test]
fn what_the_budgets_allow() {
    type Change = fn(&mut Run);
    let allowed: [(&str, Change); 5] = [
        ("an NVLink domain that fills the rack", |r| {
            r.most(0, json!({ "domains": 1, "domain": "NVLinkDomain" }));
        }),
        ("a unit of four host numbers", |r| {
            r.most(2, json!({ "domains": 1, "domain": "Leaf" }));
            r.waves[4].0 = vec![9, 10];
            r.waves.remove(5);
        }),
        ("two racks where two are allowed", |r| {
            r.most(0, json!({ "nodes": 3, "domains": 2, "domain": "PowerFeed" }));
            r.most(2, json!({ "nodes": 1, "domains": 2, "domain": "Rack" }));
            r.waves[3].0 = vec![1, 2, 3, 9];
            r.waves.remove(4);
        }),
        ("a canary of nodes that lose data", |r| {
            r.rollout(
                0,
                json!({ "maxUnavailable": { "nodes": 3 }, "canary": { "nodes": 6, "soak": "10m" } }),
            );
            r.waves.iter_mut().for_each(|wave| wave.1 = 600);
        }),
        ("nodes that wait because another rack is down", |r| {
            r.down = vec![8];
            r.held.extend([0, 1, 2, 3]);
            r.waves = [4, 5, 9, 10, 6].map(|node| (vec![node], 600)).into();
        }),
    ];
    for (what, change) in allowed {
        let mut run = Run::valid();
        change(&mut run);
        assert_eq!(run.codes(), BTreeSet::new(), "{what}");
    }
}
