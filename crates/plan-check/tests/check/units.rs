//! Where nodes sit: a roll-out counts units and leaves as the documents seat its nodes.

use std::collections::BTreeSet;

use serde_json::{Value, from_value, json};

use crate::waves::{Plant, Run};
use crate::world::name;

impl Run {
    /// Sets fields of the compute fabric's topology.
    fn topology(&mut self, fields: Value) {
        let mut topology = serde_json::to_value(&self.fabrics[1].1.topology).unwrap();
        let fields: serde_json::Map<String, Value> = from_value(fields).unwrap();
        topology.as_object_mut().unwrap().extend(fields);
        self.fabrics[1].1.topology = from_value(topology).unwrap();
    }

    /// So many nodes end at one leaf.
    fn leaves_of(&mut self, nodes: u32) {
        self.nodes_per_leaf = nodes;
        for (_, _, _, at, _, _) in &mut self.nodes {
            *at = at.map(|(unit, _)| (unit, 0));
        }
    }

    /// The racks of a, and c, come later than b.
    fn phase_of_a(&mut self) {
        self.site.phases = from_value(json!([{ "name": "late", "by": "2027-01-31" }])).unwrap();
        self.site.racks[1].phase = Some(name("late"));
    }
}

pub const PLANTS: &[Plant] = &[
    ("RW9103", "two units where one is allowed", |r| {
        r.most(2, json!({ "domains": 1, "domain": "ScalableUnit" }));
        // b-n6 has the last seat of the second unit, and b-n7 the first of the third.
        r.topology(json!({ "nodesPerUnit": 5 }));
        r.waves[4].0 = vec![9, 10];
        r.waves.remove(5);
    }),
    ("RW9103", "two leaves of one unit where one is allowed", |r| {
        r.most(2, json!({ "domains": 1, "domain": "Leaf" }));
        r.waves[4].0 = vec![9, 10];
        r.waves.remove(5);
    }),
    ("RW9103", "units that the planner ignores", |r| {
        r.most(0, json!({ "domains": 1, "domain": "ScalableUnit" }));
        r.topology(json!({ "nodesPerUnit": 2 }));
    }),
    ("RW9110", "a node in a wrong unit", |r| {
        r.nodes[4].3 = Some((0, 0));
    }),
    ("RW9110", "a node at a wrong leaf", |r| {
        r.nodes[4].3 = Some((1, 1));
    }),
    ("RW9110", "a node in no unit", |r| r.nodes[4].3 = None),
    ("RW9110", "an unavailable node in a wrong unit", |r| {
        r.nodes[8].3 = Some((1, 0));
        r.down = vec![8];
    }),
    ("RW9110", "a rack that is plugged in between", |r| {
        r.plugged.push(name("aa"));
    }),
    ("RW9110", "a rack that a pool names forgotten", |r| {
        let racks = json!({ "racks": "a,aa" });
        r.pools[0].1.nodes = from_value(racks).unwrap();
    }),
    ("RW9110", "a phase ignored", |r| r.phase_of_a()),
    ("RW9110", "a placement ignored", |r| {
        r.topology(json!({ "placement": [{ "unit": 1, "racks": "b" }, { "unit": 3, "racks": "a" }] }));
    }),
];

type Change = fn(&mut Run);

/// What is allowed, beside the valid roll-out.
const ALLOWED: &[(&str, Change)] = &[
    ("a unit of four nodes", |r| {
        r.most(2, json!({ "domains": 1, "domain": "ScalableUnit" }));
        r.waves[4].0 = vec![9, 10];
        r.waves.remove(5);
    }),
    ("a leaf with the ports of a unit", |r| {
        r.most(2, json!({ "domains": 1, "domain": "RailGroup" }));
        r.leaves_of(4);
        r.waves[4].0 = vec![9, 10];
        r.waves.remove(5);
    }),
    ("a placement, with a rack as hosts", |r| {
        r.topology(json!({ "placement": [
                { "unit": 3, "racks": "a" },
                { "unit": 5, "hosts": "b-n[1-2]" },
                { "unit": 1, "hosts": "b-n[3-7]" },
            ] }));
        for (node, at) in r.nodes.iter_mut().zip(0_u32..) {
            node.3 = Some(match at {
                0..4 => (2, at / 2),
                4..6 => (4, 0),
                _ => ((at - 6) / 4, (at - 6) % 4 / 2),
            });
        }
    }),
    ("racks by phase", |r| {
        r.phase_of_a();
        // b has the first seven seats.
        for (node, at) in r.nodes.iter_mut().zip(0_u32..) {
            let seat = if at < 4 { at + 7 } else { at - 4 };
            node.3 = Some((seat / 4, seat % 4 / 2));
        }
    }),
    ("nodes with names of their own", |r| {
        let names = json!({ "names": "b", "nodeNames": "b-n[1-7]", "nodesPerRack": 7, "system": "dgx-b200" });
        r.site.racks[0] = from_value(names).unwrap();
    }),
];

#[test]
fn each_planted_bug_is_found() {
    for (code, what, plant) in PLANTS {
        let mut run = Run::valid();
        plant(&mut run);
        let codes = run.codes();
        assert!(codes.contains(code), "{code}, {what}: {codes:?}");
    }
}

#[test]
fn what_the_seats_allow() {
    for (what, change) in ALLOWED {
        let mut run = Run::valid();
        change(&mut run);
        assert_eq!(run.codes(), BTreeSet::new(), "{what}");
    }
}
