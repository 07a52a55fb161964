//! One member cluster's part of a compilation.

use crate::compile::Compilation;
use crate::names::nearest;
use crate::plan::{NONE, NodePlan};

/// No site has a member cluster of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no Supercluster has a member cluster {name}; {hint}")]
pub struct UnknownCluster {
    /// The name.
    pub name: String,
    hint: String,
}

impl UnknownCluster {
    fn new(name: &str, known: &[&str]) -> Self {
        let hint = match (nearest(name, known.iter().copied()), known) {
            (Some(near), _) => format!("did you mean {near}?"),
            (None, []) => "spec.clusters lists them, and there is none".to_owned(),
            (None, some) => format!("there are {}", some.join(", ")),
        };
        Self {
            name: name.to_owned(),
            hint,
        }
    }
}

impl Compilation {
    /// Leaves the nodes of one member cluster: of the plan its nodes, of every count what it has of it. Findings, refusals
    /// and power stay those of the whole, and so do all pools, without nodes if the cluster has none of theirs. Have the
    /// whole plan checked before: a part of it is not what the pools select.
    ///
    /// # Errors
    ///
    /// If no site has a member cluster of that name; then everything stays.
    pub fn keep_member(&mut self, name: &str) -> Result<(), UnknownCluster> {
        let mut known: Vec<&str> = self.plan.clusters.iter().map(|cluster| &**cluster).collect();
        known.sort_unstable();
        known.dedup();
        if known.binary_search(&name).is_err() {
            return Err(UnknownCluster::new(name, &known));
        }
        let plan = &mut self.plan;
        let of_cluster = |row: &NodePlan| {
            let cluster = plan.cluster_of_rack.get(row.rack as usize);
            cluster.is_some_and(|&at| at != NONE && &*plan.clusters[at as usize] == name)
        };
        plan.nodes.retain(of_cluster);
        for pool in &mut plan.pools {
            pool.nodes = 0;
        }
        for row in &plan.nodes {
            plan.pools[row.pool as usize].nodes += 1;
        }
        self.reach = self
            .shares
            .iter()
            .map(|(object, shares)| {
                let of_cluster = shares.get(&Some(name.into())).copied();
                (object.clone(), of_cluster.unwrap_or_default())
            })
            .collect();
        Ok(())
    }
}
