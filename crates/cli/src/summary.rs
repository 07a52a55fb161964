//! What a plan amounts to: the numbers of `plan --output text` and `json`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use rackwright_api::Plane;
use rackwright_planner::{Compilation, Kind, ObjectRef};
use schemars::JsonSchema;
use serde::Serialize;

use crate::power::{self, PowerSummary};
use crate::storage::{self, TierSummary};

/// A plan in numbers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Nodes in the plan.
    pub nodes: usize,
    /// Profiles in the plan.
    pub profiles: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Pools that compiled, by name.
    pub pools: Vec<PoolSummary>,
    /// Power budgets and what is drawn of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub power: Vec<PowerSummary>,
    /// Objects that did not, as `GPUPool/train`.
    pub refused: Vec<String>,
}

/// One pool.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PoolSummary {
    /// Its name.
    pub name: String,
    /// Its site.
    pub supercluster: String,
    /// Its nodes.
    pub nodes: u32,
    /// The racks that they stand in.
    pub racks: usize,
    /// Its profile.
    pub profile: String,
    /// Its rails.
    pub rails: Vec<RailSummary>,
    /// Its storage tiers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<TierSummary>,
}

/// One rail of a pool.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RailSummary {
    /// The number of the HCA in the node.
    pub rail: u8,
    /// The fabric.
    pub fabric: String,
    /// What it carries.
    pub plane: Plane,
    /// The prefix of the rail, where the fabric has addressing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The lowest address of the pool in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Ipv4Addr>,
    /// The highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Ipv4Addr>,
}

impl Summary {
    /// Sums up.
    pub fn new(
        compilation: &Compilation,
        refused: &BTreeSet<ObjectRef>,
        errors: usize,
        warnings: usize,
    ) -> Self {
        let plan = &compilation.plan;
        let mut pools: BTreeMap<&str, PoolSummary> = plan
            .pools()
            .iter()
            .map(|pool| {
                let rails = pool.profile.rails.iter().map(|rail| RailSummary {
                    rail: rail.rail,
                    fabric: rail.fabric.to_string(),
                    plane: rail.plane,
                    prefix: rail.ipv4.as_ref().map(ToString::to_string),
                    first: None,
                    last: None,
                });
                let summary = PoolSummary {
                    name: pool.name.to_string(),
                    supercluster: pool.supercluster.to_string(),
                    nodes: pool.nodes,
                    racks: 0,
                    profile: pool.profile_name.clone(),
                    rails: rails.collect(),
                    tiers: Vec::new(),
                };
                (pool.name.as_str(), summary)
            })
            .collect();
        for tier in &compilation.storage {
            if let Some(pool) = pools.get_mut(tier.pool.as_str()) {
                pool.tiers.push(TierSummary::new(tier));
            }
        }
        let mut racks: BTreeSet<(&str, &str)> = BTreeSet::new();
        for node in plan.nodes() {
            let pool = node.pool().name.as_str();
            racks.extend(node.rack().map(|rack| (pool, rack.as_str())));
            let Some(summary) = pools.get_mut(pool) else {
                continue;
            };
            for (fact, rail) in node.facts().rails.iter().zip(&mut summary.rails) {
                if let Some(net) = fact.ipv4.as_ref().and_then(rackwright_api::InterfaceAddress::net) {
                    rail.first = Some(rail.first.map_or(net.addr(), |first| first.min(net.addr())));
                    rail.last = Some(rail.last.map_or(net.addr(), |last| last.max(net.addr())));
                }
            }
        }
        for (pool, _) in racks {
            if let Some(summary) = pools.get_mut(pool) {
                summary.racks += 1;
            }
        }
        Self {
            nodes: plan.nodes().len(),
            profiles: plan
                .pools()
                .iter()
                .map(|pool| pool.profile_name.as_str())
                .collect::<BTreeSet<_>>()
                .len(),
            errors,
            warnings,
            pools: pools.into_values().collect(),
            power: compilation.power.iter().map(PowerSummary::new).collect(),
            refused: refused.iter().map(ToString::to_string).collect(),
        }
    }

    /// The summary for people.
    pub fn text(&self, refused: &BTreeSet<ObjectRef>) -> String {
        let mut out = format!(
            "{}, {}, {}\n",
            count(self.pools.len(), "pool"),
            count(self.nodes, "node"),
            count(self.profiles, "profile")
        );
        for pool in &self.pools {
            let racks = if pool.racks == 0 {
                String::new()
            } else {
                format!(" in {}", count(pool.racks, "rack"))
            };
            out.push_str(&format!(
                "\npool {} of {}: {}{racks}\n  profile {}\n",
                pool.name,
                pool.supercluster,
                count(pool.nodes as usize, "node"),
                pool.profile
            ));
            let width = |text: fn(&RailSummary) -> usize| pool.rails.iter().map(text).max().unwrap_or(0);
            let fabrics = width(|rail| rail.fabric.len());
            let prefixes = width(|rail| rail.prefix.as_ref().map_or(0, String::len));
            for rail in &pool.rails {
                let plane = format!("{:?}", rail.plane).to_lowercase();
                let addresses = match (&rail.prefix, rail.first, rail.last) {
                    (Some(prefix), Some(first), Some(last)) => {
                        format!("{prefix:<prefixes$}  {first} .. {last}")
                    }
                    (Some(prefix), ..) => prefix.clone(),
                    (None, ..) => "no addresses".to_owned(),
                };
                out.push_str(&format!(
                    "  rail {:<2} {:<fabrics$}  {plane:<7}  {addresses}\n",
                    rail.rail, rail.fabric
                ));
            }
            out.push_str(&storage::text(&pool.tiers));
        }
        out.push_str(&power::text(&self.power));
        let pools = refused_pools(refused);
        if !pools.is_empty() {
            out.push_str(&format!("\nrefused, and not in this plan: {}\n", named(&pools)));
        }
        out
    }
}

/// The pools among refused objects.
pub fn refused_pools(refused: &BTreeSet<ObjectRef>) -> Vec<&str> {
    let pools = refused.iter().filter(|object| object.kind == Kind::GPUPool);
    pools.map(|object| object.name.as_str()).collect()
}

/// Names of pools, cut where there are many.
pub fn named(pools: &[&str]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<&str> = pools.iter().copied().take(SHOWN).collect();
    let more = match pools.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let word = if pools.len() == 1 { "pool" } else { "pools" };
    format!("{word} {}{more}", shown.join(", "))
}

/// A number with its noun.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
