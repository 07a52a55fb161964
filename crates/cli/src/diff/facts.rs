//! What is known of nodes beside their differences: racks, rails, GPUs.

use std::collections::BTreeMap;

use rackwright_api::ActionClass;
use rackwright_hostset::{Hostlist, Limits};
use rackwright_planner::catalogue::View;
use rackwright_planner::change::{Difference, FactsOf, State};
use serde::Deserialize;

use crate::pipeline::Outcome;

#[derive(Deserialize)]
struct Place {
    rack: Option<String>,
}

/// The rack of a node on one side.
pub fn rack(state: &State<'_>, node: &str) -> Option<String> {
    let nodes = state.nodes();
    let at = nodes.binary_search_by(|known| known.name.cmp(node)).ok()?;
    match &nodes[at].facts {
        FactsOf::Planned(node) => node.rack().map(ToString::to_string),
        FactsOf::Known(facts) => facts.rack.as_ref().map(ToString::to_string),
        FactsOf::Json(text) => serde_json::from_str::<Place>(text).ok()?.rack,
    }
}

/// The hash of a node on one side, where a pool holds it there.
pub fn hash(state: &State<'_>, node: &str) -> Option<u128> {
    let nodes = state.nodes();
    let at = nodes.binary_search_by(|known| known.name.cmp(node)).ok()?;
    nodes[at].managed.then_some(nodes[at].hash)
}

/// The rail that a difference is about.
pub fn rail(difference: &Difference) -> Option<u8> {
    let path = difference.path.strip_prefix("facts.").unwrap_or(&difference.path);
    path.strip_prefix("rails[")?.split_once(']')?.0.parse().ok()
}

/// Rails with the gravest class of what differs on each, and of all that is about no rail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByRail {
    /// What is about no rail; none where all is about rails.
    pub host: Option<ActionClass>,
    /// By rail.
    pub rails: BTreeMap<u8, ActionClass>,
}

impl ByRail {
    /// Sorts differences by their rails.
    pub fn of<'d>(differences: impl IntoIterator<Item = &'d Difference>) -> Self {
        let mut by_rail = Self::default();
        for difference in differences {
            let class = difference.class();
            match rail(difference) {
                None => by_rail.host = by_rail.host.max(Some(class)),
                Some(rail) => {
                    let known = by_rail.rails.entry(rail).or_insert(class);
                    *known = class.max(*known);
                }
            }
        }
        by_rail
    }

    /// The same with more.
    pub fn join(&mut self, other: &Self) {
        self.host = self.host.max(other.host);
        for (&rail, &class) in &other.rails {
            let known = self.rails.entry(rail).or_insert(class);
            *known = class.max(*known);
        }
    }
}

/// Nodes and GPUs of each pool; no GPUs where the system of a rack is not known.
pub fn capacity(outcome: &Outcome) -> BTreeMap<String, (u64, Option<u64>)> {
    let mut gpus: BTreeMap<String, u64> = BTreeMap::new();
    for site in &outcome.input.superclusters {
        let view = View::of(site.spec.catalogue.as_ref());
        for group in &site.spec.racks {
            let system = view.systems.get(group.system.as_str());
            let racks = Hostlist::parse(group.names.as_str(), &Limits::default());
            if let (Some(system), Ok(racks)) = (system, racks) {
                gpus.extend(racks.iter().map(|rack| (rack, u64::from(system.gpus.value))));
            }
        }
    }
    let mut pools: BTreeMap<String, (u64, Option<u64>)> = BTreeMap::new();
    for node in outcome.compilation.plan.nodes() {
        let (nodes, sum) = pools.entry(node.pool().name.to_string()).or_insert((0, Some(0)));
        let more = node.rack().and_then(|rack| gpus.get(rack.as_str()));
        *nodes += 1;
        *sum = sum.zip(more).map(|(sum, more)| sum + more);
    }
    pools
}
