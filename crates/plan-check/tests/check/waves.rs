//! A roll-out built by hand holds; each of its invariants is broken on purpose and found.

use std::collections::BTreeSet;

use rackwright_api::{
    ActionClass, DeviceConsent, GPUPoolSpec, InfiniBandFabricSpec, Line, Name, NodeProfileSpec,
    SuperclusterSpec,
};
use rackwright_plan_check::{
    Before, Changing, Follows, Rollouts, Standing, Unit, WaveOf, Wired, check_waves,
};
use serde_json::{Value, from_value, json};

use crate::world::name;

/// What a planner would hand to the check.
#[derive(Clone)]
pub struct Run {
    pub pools: Vec<(Name, GPUPoolSpec)>,
    pub fabrics: Vec<(Name, InfiniBandFabricSpec)>,
    pub site: SuperclusterSpec,
    /// Racks that the catalogue calls NVLink domains.
    nvlink: BTreeSet<String>,
    /// Old profiles (none: no configuration) with the new one.
    follows: Vec<(Vec<Was>, Value)>,
    /// What each node's profile follows.
    of_node: Vec<Option<usize>>,
    /// Consents of each node, new and old, as tiers: one device each.
    pub consents: Vec<(Vec<&'static str>, usize)>,
    /// Name, pool, rack, unit and leaf that the planner says, class, consent.
    pub nodes: Vec<(&'static str, Name, &'static str, Sits, ActionClass, bool)>,
    /// Nodes at one leaf of the compute fabric.
    pub nodes_per_leaf: u32,
    /// Racks that are plugged into it.
    pub plugged: Vec<Name>,
    pub down: Vec<usize>,
    pub waves: Vec<(Vec<usize>, u64)>,
    pub held: Vec<usize>,
}

/// A unit and a leaf of it, from 0.
pub type Sits = Option<(u32, u32)>;

/// What nodes had before.
#[derive(Clone)]
pub enum Was {
    Nothing,
    Unknown,
    Profile(Value),
}

/// A profile with a power cap.
pub fn capped(watts: &str) -> Value {
    json!({ "schema": 1, "gpu": { "powerLimit": watts } })
}

/// A profile with one local tier.
pub fn local(point: &str, tier: &str, model: &str, filesystem: &str) -> Value {
    json!({ "schema": 1, "mounts": [{ "mountPoint": point, "tier": tier, "localNVMe":
        { "devices": { "count": 2, "model": model }, "filesystem": filesystem, "wipe": "WithConsent" } }] })
}

fn spec(profile: &Value) -> NodeProfileSpec {
    from_value(profile.clone()).unwrap()
}

impl Run {
    /// The racks a and b with four nodes each of `train`, which allows three nodes of one rack and wants one canary. `b`
    /// also has one of `infer`, which is paused, and two of `bare`, which says nothing. Four nodes make a unit of the compute
    /// fabric, two of which end at one leaf.
    pub fn valid() -> Self {
        let pool = |rollout: Value| -> GPUPoolSpec {
            let mut spec = json!({ "supercluster": "lab", "nodes": { "racks": "a" },
                "fabrics": [{ "name": "storage" }, { "name": "compute" }] });
            if !rollout.is_null() {
                spec["rollout"] = rollout;
            }
            from_value(spec).unwrap()
        };
        let fabric = |plane: &str, units: Value| -> InfiniBandFabricSpec {
            let spec = json!({ "supercluster": "lab", "plane": plane,
                "topology": { "type": "FatTree", "rails": 2, "nodesPerUnit": units } });
            from_value(spec).unwrap()
        };
        let train = json!({ "maxUnavailable": { "nodes": 3, "domains": 1, "domain": "Rack" },
            "canary": { "nodes": 1, "soak": "10m" } });
        let (none, reload, drain, lost) = (
            ActionClass::None,
            ActionClass::Reload,
            ActionClass::Drain,
            ActionClass::Destructive,
        );
        let nodes = [
            ("a-n1", "train", "a", (0, 0), drain, false),
            ("a-n2", "train", "a", (0, 0), drain, false),
            ("a-n3", "train", "a", (0, 1), drain, false),
            ("a-n4", "train", "a", (0, 1), drain, false),
            ("b-n1", "train", "b", (1, 0), none, false),
            ("b-n2", "train", "b", (1, 0), reload, false),
            ("b-n3", "train", "b", (1, 1), lost, true),
            ("b-n4", "train", "b", (1, 1), lost, false),
            ("b-n5", "infer", "b", (2, 0), drain, false),
            ("b-n6", "bare", "b", (2, 0), drain, false),
            ("b-n7", "bare", "b", (2, 1), drain, false),
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
            site: from_value(json!({ "power": { "budget": "1MW" }, "racks": [
                { "names": "b", "nodes": "n[1-7]", "system": "dgx-b200" },
                { "names": "a,aa,c", "nodes": "n[1-4]", "system": "dgx-b200" },
            ] }))
            .unwrap(),
            nvlink: BTreeSet::from(["a".to_owned()]),
            // Another file system for the nodes that lose data; b-n3 consents to that.
            follows: vec![(
                vec![Was::Profile(local("/s", "s", "X*", "xfs"))],
                local("/s", "s", "X*", "ext4"),
            )],
            of_node: (0..nodes.len())
                .map(|at| [6, 7].contains(&at).then_some(0))
                .collect(),
            consents: (0..nodes.len())
                .map(|at| if at == 6 { (vec!["s", "s"], 0) } else { (vec![], 0) })
                .collect(),
            nodes: nodes
                .map(|(node, pool, rack, at, class, yes)| (node, name(pool), rack, Some(at), class, yes))
                .into(),
            nodes_per_leaf: 2,
            plugged: vec![name("b"), name("a")],
            down: Vec::new(),
            waves: vec![
                (vec![4], 0),
                (vec![0], 600),
                (vec![5], 0),
                (vec![1, 2, 3], 0),
                (vec![9], 0),
                (vec![10], 0),
                (vec![6], 600),
            ],
            held: vec![7, 8],
        }
    }

    fn rollout(&mut self, pool: usize, rollout: Value) {
        self.pools[pool].1.rollout = from_value(rollout).unwrap();
    }

    pub fn most(&mut self, pool: usize, most: Value) {
        let mut rollout = json!({});
        rollout["maxUnavailable"] = most;
        self.rollout(pool, rollout);
    }

    pub fn class(&mut self, node: usize, class: ActionClass) {
        self.nodes[node].4 = class;
    }

    pub fn no_budget(&mut self) {
        self.site.power = None;
    }

    /// The node goes from one thing to a profile.
    pub fn goes(&mut self, node: usize, was: Was, after: Value) {
        self.of_node[node] = Some(self.follows.len());
        self.follows.push((vec![was], after));
    }

    pub fn codes(&self) -> BTreeSet<&'static str> {
        let racks: Vec<Name> = self.nodes.iter().map(|(_, _, rack, ..)| name(rack)).collect();
        let standing = |at: usize| Standing {
            name: self.nodes[at].0,
            pool: &self.nodes[at].1,
            rack: Some(&racks[at]),
            unit: self.nodes[at].3.map(|(number, leaf)| Unit {
                fabric: "compute",
                number,
                leaf,
            }),
        };
        let consents: Vec<Vec<DeviceConsent>> = self
            .consents
            .iter()
            .map(|(tiers, _)| {
                let consent = |(at, tier): (usize, &&str)| DeviceConsent {
                    serial: Line::new(format!("S{at}")).unwrap(),
                    signature: Line::new("xfs:1").unwrap(),
                    tier: name(tier),
                };
                tiers.iter().enumerate().map(consent).collect()
            })
            .collect();
        let specs: Vec<(Vec<Option<NodeProfileSpec>>, NodeProfileSpec)> = self
            .follows
            .iter()
            .map(|(before, after)| {
                let before = before.iter().map(|was| match was {
                    Was::Profile(profile) => Some(spec(profile)),
                    Was::Nothing | Was::Unknown => None,
                });
                (before.collect(), spec(after))
            })
            .collect();
        let follows: Vec<Follows<'_>> = self
            .follows
            .iter()
            .zip(&specs)
            .map(|((was, _), (before, after))| {
                let before = was.iter().zip(before).map(|(was, before)| match (was, before) {
                    (Was::Nothing, _) => Before::Nothing,
                    (_, Some(before)) => Before::Profile(before),
                    (_, None) => Before::Unknown,
                });
                Follows {
                    before: before.collect(),
                    after,
                }
            })
            .collect();
        let nodes: Vec<Changing<'_>> = self
            .nodes
            .iter()
            .enumerate()
            .map(|(at, (_, _, _, _, class, consent))| Changing {
                at: standing(at),
                class: *class,
                consent: *consent,
                consents: &consents[at],
                consents_before: &consents[at][..self.consents[at].1],
                follows: self.of_node[at],
            })
            .collect();
        let down: Vec<Standing<'_>> = self.down.iter().map(|&at| standing(at)).collect();
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
            superclusters: &[(&name("lab"), &self.site)],
            nvlink_racks: &self.nvlink,
            wired: &[Wired {
                fabric: &name("compute"),
                nodes_per_unit: 99,
                nodes_per_leaf: self.nodes_per_leaf,
                racks: &self.plugged,
                hosts: &[],
            }],
            follows: &follows,
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
        r.consents[7].0 = vec!["s", "s"];
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
    ("RW9105", "data lost with a consent for one of two devices", |r| {
        r.consents[6].0.pop();
    }),
    ("RW9105", "data lost with consents for another tier", |r| {
        r.consents[6].0 = vec!["s", "t", "t"];
    }),
    ("RW9105", "devices of which nobody knows, without consent", |r| {
        r.goes(6, Was::Unknown, local("/s", "s", "X*", "xfs"));
        r.consents[6].0.clear();
    }),
    ("RW9107", "a tier that moves and changes is drained", |r| {
        r.goes(
            1,
            Was::Profile(local("/a", "s", "X*", "xfs")),
            local("/b", "s", "X*", "ext4"),
        );
    }),
    (
        "RW9107",
        "a tier of another name on the same devices is drained",
        |r| {
            r.goes(
                1,
                Was::Profile(local("/a", "s", "X*1", "xfs")),
                local("/b", "t", "*Y*", "ext4"),
            );
        },
    ),
    (
        "RW9107",
        "a tier after a profile that nobody knows is drained",
        |r| {
            r.goes(1, Was::Unknown, local("/a", "s", "X*", "xfs"));
        },
    ),
    ("RW9107", "a profile that nobody knows is reloaded", |r| {
        r.goes(5, Was::Unknown, json!({ "schema": 1 }));
    }),
    ("RW9107", "what is applied beside what is written", |r| {
        let (was, is) = (local("/s", "s", "X*", "xfs"), local("/s", "s", "X*", "ext4"));
        r.goes(1, Was::Profile(is.clone()), is);
        r.follows[1].0.push(Was::Profile(was));
    }),
    ("RW9107", "a new consent is drained", |r| {
        r.consents[1].0 = vec!["s"];
    }),
    ("RW9107", "a first tier whose node consents is drained", |r| {
        r.goes(1, Was::Nothing, local("/s", "s", "X*", "xfs"));
        r.consents[1] = (vec!["s"], 1);
    }),
    ("RW9107", "another driver is reloaded", |r| {
        let driver = |version: &str| json!({ "schema": 1, "gpu": { "driver": { "version": version } } });
        r.goes(5, Was::Profile(driver("580.95.05")), driver("580.105.08"));
    }),
    ("RW9108", "two nodes lose data first", |r| {
        r.nodes[7].5 = true;
        r.consents[7].0 = vec!["s", "s"];
        r.held = vec![8];
        r.waves[6].0 = vec![6, 7];
    }),
    ("RW9108", "the next one too early", |r| r.waves[6].1 = 599),
    (
        "RW9109",
        "more power in the wave in which others draw less",
        |r| {
            r.goes(1, Was::Profile(capped("700W")), capped("900W"));
            r.goes(2, Was::Profile(capped("900W")), capped("700W"));
        },
    ),
    ("RW9109", "a cap that is taken away first", |r| {
        r.goes(5, Was::Profile(capped("700W")), json!({ "schema": 1 }));
        r.goes(9, Was::Nothing, capped("900W"));
    }),
    ("RW9109", "what nobody knows may draw more", |r| {
        r.class(0, ActionClass::Reboot);
        r.goes(0, Was::Unknown, capped("700W"));
        r.goes(9, Was::Nothing, capped("900W"));
    }),
    ("RW9106", "a node that waits for power that nobody frees", |r| {
        r.goes(10, Was::Profile(capped("700W")), capped("900W"));
        r.waves.remove(5);
        r.held.push(10);
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
    let allowed: [(&str, Change); 4] = [
        ("an NVLink domain that fills the rack", |r| {
            r.most(0, json!({ "domains": 1, "domain": "NVLinkDomain" }));
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
