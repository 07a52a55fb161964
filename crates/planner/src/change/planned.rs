//! Nodes that were written as a plan again, where the intents that they came from are known too: waves, budgets and domains
//! ask where nodes stand and what they become, which their NodeConfigs say, and where they sit, which the intents say. Nothing is
//! compiled.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use rackwright_api::{Facts, Name, NodeName, NodeProfileSpec};

use super::diff::{Diff, What};
use super::state::State;
use crate::input::{Input, Inventory};
use crate::model::Model;
use crate::plan::{NONE, NodePlan, Plan, PoolPlan, RailAddress, RailPlan};
use crate::units::Units;

/// The nodes of a diff as its new side has them. What is removed is not among them, nor what is of a pool that is not
/// among the intents, as that of a refused pool, or whose facts are not those of its profile and its site.
pub fn planned(input: &Input, diff: &Diff<'_>, new: &State<'_>) -> Plan {
    let (mut plan, mut racks) = (Plan::default(), HashMap::new());
    let known = labelled(input, new);
    let model = Model::new(&known, &mut Vec::new());
    let (mut intents, mut in_site) = (Vec::new(), Vec::new());
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
            let mut known = model.pools.iter();
            intents.push(*known.find(|intent| intent.name == planned.name)?);
            plan.pools.push(planned);
            Some(plan.pools.len() as u32 - 1)
        });
        let Some(pool) = pool else { continue };
        let number = model.site.node(node.name);
        let placed = number.and_then(|number| model.site.rack_name(number));
        let rails = &plan.pools[pool as usize].rails;
        let fits = rails.len() == facts.rails.len();
        let alike = |(rail, fact): (&RailPlan, &rackwright_api::Rail)| {
            rail.rail == fact.rail && rail.address.is_some() == fact.ipv4.is_some()
        };
        if !fits || placed != facts.rack.as_ref() || !rails.iter().zip(&facts.rails).all(alike) {
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
        in_site.push(number);
        plan.nodes.push(NodePlan {
            name: node.name.into(),
            pool,
            rack,
            sits: None,
            slots,
            guids: NONE,
            hash: node.hash,
        });
    }
    let numbers = in_site.iter().zip(&plan.nodes);
    let units = Units::new(
        &model,
        &intents,
        numbers.filter_map(|(number, node)| Some(((*number)?, node.pool))),
    );
    for (number, node) in in_site.iter().zip(&mut plan.nodes) {
        node.sits = number.and_then(|number| units.of(number));
    }
    plan.units = units.fabrics;
    plan
}

/// The input with inventories that say which nodes the selectors of pools found: a saved plan does not have these, but it has the
/// nodes of each pool.
fn labelled<'i>(input: &'i Input, new: &State<'_>) -> Cow<'i, Input> {
    let selectors = input.pools.iter().filter_map(|pool| {
        let selector = pool.spec.nodes.selector.as_ref()?;
        Some((pool.name.as_str(), &selector.match_labels))
    });
    let selectors: BTreeMap<_, _> = selectors.collect();
    if selectors.is_empty() {
        return Cow::Borrowed(input);
    }
    let mut known = input.clone();
    known.inventories = (new.nodes().iter())
        .filter(|node| node.managed)
        .filter_map(|node| {
            Some(Inventory {
                name: NodeName::new(node.name).ok()?,
                labels: (*selectors.get(node.pool())?).clone(),
                guids: Box::default(),
                disks: Box::default(),
                hca_addresses: Box::default(),
            })
        })
        .collect();
    Cow::Owned(known)
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
