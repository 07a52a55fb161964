//! One member cluster's part of a compilation.

use rackwright_api::SuperclusterSpec;

use crate::compile::{Compilation, sort_findings};
use crate::finding::Finding;
use crate::input::{Intent, Kind, ObjectRef};
use crate::model::Model;
use crate::names::nearest;
use crate::plan::{NONE, NodePlan};
use crate::rules::node_of_another_cluster;

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

/// A member cluster: its site, and its place in the site's `spec.clusters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub site: ObjectRef,
    pub place: usize,
}

/// Which member cluster holds each node that has a NodeConfig, by the documents.
#[derive(Debug, Clone, Default)]
pub struct Membership {
    /// In the order of the plan's `clusters`.
    members: Vec<Member>,
    /// By name; each with its cluster's place among these. Empty once a part was kept.
    written: Vec<(Box<str>, u32)>,
    /// Nodes of other member clusters than the one that was kept, by name.
    elsewhere: Vec<Box<str>>,
}

impl Membership {
    pub(crate) fn new(model: &Model<'_>) -> Self {
        let cluster_of_rack = model.clusters_of_racks();
        if cluster_of_rack.iter().all(|&cluster| cluster == NONE) {
            return Self::default();
        }
        let of_site = |site: &&Intent<SuperclusterSpec>| {
            let object = ObjectRef::new(Kind::Supercluster, &site.name);
            (0..site.spec.clusters.len()).map(move |place| Member {
                site: object.clone(),
                place,
            })
        };
        let cluster = |node: u32| {
            let cluster = cluster_of_rack.get(model.site.rack_of[node as usize] as usize);
            cluster.copied().filter(|&cluster| cluster != NONE)
        };
        Self {
            members: model.superclusters.iter().flat_map(of_site).collect(),
            written: (model.written())
                .filter_map(|(node, held)| Some((held.name.as_str().into(), cluster(node)?)))
                .collect(),
            elsewhere: Vec::new(),
        }
    }

    /// Whether the documents give a node with a NodeConfig to another member cluster than the one that was kept.
    pub(crate) fn is_elsewhere(&self, node: &str) -> bool {
        self.elsewhere
            .binary_search_by(|other| (**other).cmp(node))
            .is_ok()
    }

    /// Leaves those of one member cluster; the others are findings.
    fn keep(&mut self, name: &str, clusters: &[Box<str>]) -> Vec<Finding> {
        let mut others = std::mem::take(&mut self.written);
        others.retain(|(_, cluster)| &*clusters[*cluster as usize] != name);
        let findings = node_of_another_cluster::findings(name, &others, &self.members, clusters);
        self.elsewhere = others.into_iter().map(|(node, _)| node).collect();
        findings
    }
}

impl Compilation {
    /// Leaves no node: the part of a member cluster that is not there yet, or no more. Findings, refusals and power stay.
    pub fn keep_none(&mut self) {
        let written = std::mem::take(&mut self.membership.written);
        self.membership.elsewhere = written.into_iter().map(|(node, _)| node).collect();
        self.plan.nodes.clear();
        for pool in &mut self.plan.pools {
            pool.nodes = 0;
        }
        self.reach.clear();
    }

    /// Leaves the nodes of one member cluster: of the plan its nodes, of every count what it has of it. Findings, refusals
    /// and power stay those of the whole, and so do all pools, without nodes if the cluster has none of theirs. NodeConfigs
    /// of other member clusters' nodes are a finding: whoever keeps this part must leave them alone. Have the whole plan
    /// checked before: a part of it is not what the pools select.
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
        self.findings
            .extend(self.membership.keep(name, &self.plan.clusters));
        sort_findings(&mut self.findings);
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
