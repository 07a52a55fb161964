//! The independent check of a plan, before anybody sees it.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::Name;
use rackwright_plan_check::{Checked, Held, Node, Profile, check};
use rackwright_planner::{Input, Intent, Plan};

/// What plan-check objects to. Each is a mistake of this program, not of the input.
pub fn violations(input: &Input, plan: &Plan) -> Result<Vec<String>, serde_json::Error> {
    let accepted: BTreeSet<&Name> = plan.pools().iter().map(|pool| &pool.name).collect();
    let pools: Vec<_> = specs(&input.pools)
        .into_iter()
        .filter(|(name, _)| accepted.contains(name))
        .collect();
    let fabrics = specs(&input.fabrics);
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
    let taken: Vec<Held<'_>> = input
        .previous
        .iter()
        .filter(|node| plan.node(node.name.as_str()).is_none())
        .map(|node| Held {
            name: node.name.as_str(),
            addresses: &node.addresses,
        })
        .collect();
    let checked = Checked {
        pools: &pools,
        fabrics: &fabrics,
        superclusters: &superclusters,
        profiles: &profiles,
        taken: &taken,
    };
    let mut failed = None;
    // A spec that cannot be serialised ends the walk; what was found until then says less than the error.
    let nodes = plan.nodes().map_while(|node| match node.spec() {
        Ok(spec) => Some(Node {
            name: node.name(),
            pool: &node.pool().name,
            spec,
        }),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let violations = check(&checked, nodes).iter().map(ToString::to_string).collect();
    failed.map_or(Ok(violations), Err)
}

/// Names and specs; of intents that stand twice, the last.
fn specs<S>(intents: &[Intent<S>]) -> Vec<(&Name, &S)> {
    intents
        .iter()
        .map(|intent| (&intent.name, &intent.spec))
        .collect::<BTreeMap<_, _>>()
        .into_iter()
        .collect()
}
