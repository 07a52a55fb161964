//! Hands a plan to the crate that does not trust this one.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::Name;
use rackwright_plan_check::{Checked, Held, Node, Profile, Violation};

use crate::input::{Input, Intent, PreviousNode};
use crate::plan::Plan;

/// What `plan-check` objects to in a plan that was compiled from this input. Each violation is a mistake of the
/// planner, not of the user: nothing of the plan may be printed or written.
pub fn check(input: &Input, plan: &Plan) -> Vec<Violation> {
    let accepted: BTreeSet<&Name> = plan.pools().iter().map(|pool| &pool.name).collect();
    let mut pools = specs(&input.pools);
    pools.retain(|(name, _)| accepted.contains(name));
    let fabrics = specs(&input.fabrics);
    let tiers = specs(&input.tiers);
    let superclusters = specs(&input.superclusters);
    let profiles: Vec<Profile<'_>> = plan
        .pools()
        .iter()
        .map(|pool| Profile {
            name: &pool.profile_name,
            pool: &pool.name,
            spec: &pool.profile,
        })
        .collect();
    let mut sorted: Vec<&PreviousNode> = input.previous.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut names = plan.nodes().map(|node| node.name()).peekable();
    let (planned, outside): (Vec<&PreviousNode>, Vec<&PreviousNode>) = sorted.into_iter().partition(|node| {
        let name = node.name.as_str();
        while names.next_if(|planned| *planned < name).is_some() {}
        names.peek() == Some(&name)
    });
    let (previous, taken) = (held(&planned), held(&outside));
    let checked = Checked {
        pools: &pools,
        fabrics: &fabrics,
        tiers: &tiers,
        superclusters: &superclusters,
        profiles: &profiles,
        taken: &taken,
        previous: &previous,
    };
    let nodes = plan.nodes().map(|node| Node {
        name: node.name(),
        pool: &node.pool().name,
        spec: node.spec(),
    });
    rackwright_plan_check::check(&checked, nodes)
}

fn held<'a>(nodes: &[&'a PreviousNode]) -> Vec<Held<'a>> {
    let held = nodes.iter().map(|node| Held {
        name: node.name.as_str(),
        addresses: &node.addresses,
        quarantined: &node.quarantined,
    });
    held.collect()
}

/// Names and specs; of intents that stand twice, the last.
pub(crate) fn specs<S>(intents: &[Intent<S>]) -> Vec<(&Name, &S)> {
    let by_name: BTreeMap<_, _> = intents
        .iter()
        .map(|intent| (&intent.name, &intent.spec))
        .collect();
    by_name.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;
    use rackwright_api::{GPUPoolSpec, InfiniBandFabricSpec, SuperclusterSpec};
    use serde_json::{Value, from_value, json};

    fn intent<S: serde::de::DeserializeOwned>(name: &str, spec: Value) -> Intent<S> {
        Intent::new(Name::new(name).unwrap(), from_value(spec).unwrap())
    }

    fn input() -> Input {
        let racks = json!({"racks": [{"names": "a[1-2]", "nodes": "n[1-2]", "system": "dgx-b200"}]});
        let pool =
            json!({"supercluster": "lab", "nodes": {"racks": "a[1-2]"}, "fabrics": [{"name": "compute"}]});
        let fabric = json!({
            "supercluster": "lab", "plane": "Compute", "topology": {"type": "FatTree", "rails": 2},
            "addressing": {"ipv4": "10.64.0.0/24"},
        });
        Input {
            superclusters: vec![intent::<SuperclusterSpec>("lab", racks)],
            pools: vec![intent::<GPUPoolSpec>("train", pool)],
            fabrics: vec![intent::<InfiniBandFabricSpec>("compute", fabric)],
            ..Input::default()
        }
    }

    fn codes(plan: &Plan) -> BTreeSet<&'static str> {
        check(&input(), plan)
            .iter()
            .map(|violation| violation.code)
            .collect()
    }

    #[test]
    fn a_compiled_plan_passes() {
        assert_eq!(codes(&compile(&input()).unwrap().plan), BTreeSet::new());
    }

    type Bug = fn(&mut Plan);

    /// Planted bugs of an allocator and of a planner.
    #[test]
    fn planted_bugs_are_caught() {
        let bugs: [(&str, Bug); 4] = [
            ("RW9003", |plan| plan.slots[1] = plan.slots[0]),
            ("RW9004", |plan| plan.slots[2] = 500),
            ("RW9018", |plan| plan.nodes[0].hash ^= 1),
            ("RW9027", |plan| plan.nodes[0].rack = 1),
        ];
        for (code, bug) in bugs {
            let mut plan = compile(&input()).unwrap().plan;
            bug(&mut plan);
            assert!(codes(&plan).contains(code), "{code}: {:?}", codes(&plan));
        }
    }

    /// Two member clusters with ranges, a reservation, and a node that holds a number already.
    fn ranges() -> Input {
        let mut input = input();
        input.superclusters[0].spec.clusters =
            from_value(json!([{"name": "one", "racks": "a1"}, {"name": "two", "racks": "a2"}])).unwrap();
        let addressing = input.fabrics[0].spec.addressing.as_mut().unwrap();
        addressing.ranges = from_value(json!([
            {"cluster": "one", "first": 1, "last": 50}, {"cluster": "two", "first": 51, "last": 100},
        ]))
        .unwrap();
        addressing.reservations = from_value(json!([{"first": 60, "nodes": "a2-n1"}])).unwrap();
        input.previous.push(PreviousNode {
            name: rackwright_api::NodeName::new("a1-n1").unwrap(),
            addresses: Box::new([[10, 64, 0, 7].into(), [10, 64, 0, 135].into()]),
            guids: Box::default(),
            quarantined: Box::default(),
            in_force: None,
        });
        input
    }

    /// Slots of a1-n1, a1-n2, a2-n1 and a2-n2, in this order.
    #[test]
    fn planted_bugs_of_the_allocator_are_caught() {
        let compiled = compile(&ranges()).unwrap().plan;
        assert_eq!(compiled.slots, [6, 0, 59, 50]);
        assert_eq!(check(&ranges(), &compiled), vec![]);
        let bugs: [(&str, &str, [u32; 4]); 4] = [
            ("RW9051", "a number of another cluster's range", [6, 70, 59, 50]),
            ("RW9052", "a reserved number to another node", [6, 0, 61, 59]),
            ("RW9052", "another number than the reserved one", [6, 0, 51, 50]),
            ("RW9053", "a node that moves", [8, 0, 59, 50]),
        ];
        for (code, what, slots) in bugs {
            let mut plan = compiled.clone();
            plan.slots = slots.to_vec();
            plan.quarantined = crate::quarantine::of(&plan, &ranges().previous);
            let found: BTreeSet<&str> = check(&ranges(), &plan)
                .iter()
                .map(|violation| violation.code)
                .filter(|code| *code != "RW9018")
                .collect();
            assert_eq!(found, BTreeSet::from([code]), "{what}");
        }
    }
}
