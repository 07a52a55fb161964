//! Nodes that were written as a plan again, where the intents that they came from are known too: waves, budgets and domains
//! ask where nodes stand and what they become, which their NodeConfigs say. Nothing is compiled.

use std::collections::HashMap;

use rackwright_api::{Facts, Name, NodeProfileSpec};

use super::diff::{Diff, What};
use super::state::State;
use crate::input::Input;
use crate::plan::{NONE, NodePlan, Plan, PoolPlan, RailAddress, RailPlan};

/// The nodes of a diff as its new side has them. What is removed is not among them, nor what is of a pool that is not
/// among the intents, as that of a refused pool, or whose facts are not those of its profile.
pub fn planned(input: &Input, diff: &Diff<'_>, new: &State<'_>) -> Plan {
    let (mut plan, mut racks) = (Plan::default(), HashMap::new());
    let mut pools: HashMap<&str, Option<u32>> = HashMap::new();
    for change in diff.nodes.iter().filter(|change| change.what != What::Removed) {
        let at = new.nodes().binary_search_by(|node| node.name.cmp(change.name));
        let Some(node) = at.ok().map(|at| &new.nodes()[at]) else {
            continue;
        };
        let Some(facts) = node.facts.read() else { continue };
        let pool = *pools.entry(node.profile).or_insert_with(|| {
            let profile = new.profile(node.profile)?;
            let planned = pool_plan(input, (node.pool(), node.profile), profile, &facts)?;
            plan.pools.push(planned);
            Some(plan.pools.len() as u32 - 1)
        });
        let Some(pool) = pool else { continue };
        let rails = &plan.pools[pool as usize].rails;
        let fits = rails.len() == facts.rails.len();
        let alike = |(rail, fact): (&RailPlan, &rackwright_api::Rail)| {
            rail.rail == fact.rail && rail.address.is_some() == fact.ipv4.is_some()
        };
        if !fits || !rails.iter().zip(&facts.rails).all(alike) {
            continue;
        }
        let slots = plan.slots.len() as u32;
        let addresses = facts.rails.iter().map(|rail| rail.ipv4.as_ref()?.net());
        plan.slots
            .extend(addresses.map(|net| net.map_or(0, |net| u32::from(net.addr()))));
        let rack = facts.rack.as_ref().map_or(NONE, |rack| {
            *racks.entry(rack.clone()).or_insert_with(|| {
                plan.racks.push(rack.clone());
                plan.racks.len() as u32 - 1
            })
        });
        if !facts.wipe_consents.is_empty() {
            plan.consents
                .insert(node.name.into(), facts.wipe_consents.clone());
        }
        plan.pools[pool as usize].nodes += 1;
        plan.nodes.push(NodePlan {
            name: node.name.into(),
            pool,
            rack,
            slots,
            guids: NONE,
            hash: node.hash,
        });
    }
    plan
}

/// What nodes of a profile share; none where the pool is not among the intents.
fn pool_plan(
    input: &Input,
    (pool, profile_name): (&str, &str),
    profile: &NodeProfileSpec,
    facts: &Facts,
) -> Option<PoolPlan> {
    let intent = input.pools.iter().find(|intent| intent.name.as_str() == pool)?;
    let rails = facts.rails.iter().zip(0_u8..).map(|(rail, slot)| RailPlan {
        rail: rail.rail,
        // Slots are counted from the address 0.0.0.0: they are addresses.
        address: rail.ipv4.as_ref().and_then(|address| {
            Some(RailAddress {
                slot,
                first: std::net::Ipv4Addr::UNSPECIFIED,
                prefix_length: address.net()?.prefix_len(),
            })
        }),
    });
    Some(PoolPlan {
        name: Name::new(pool).ok()?,
        supercluster: intent.spec.supercluster.clone(),
        nodes: 0,
        profile_name: profile_name.to_owned(),
        profile_hash: profile.hash().ok()?,
        profile: profile.clone(),
        rails: rails.collect(),
    })
}
