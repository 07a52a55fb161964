//! Member clusters: which of them holds each rack.

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// Stands for no member cluster.
const NONE: u32 = u32::MAX;

/// The racks of every site's member clusters. A cluster is a number: its place in its site's `spec.clusters`.
#[derive(Debug, Default)]
pub(crate) struct Clusters {
    /// By site and cluster: its racks, sorted, each once.
    pub racks: Vec<Vec<Vec<u32>>>,
    /// By rack; of several clusters, which is RW2013's finding, the last.
    of_rack: Vec<u32>,
}

impl Clusters {
    /// Reads the racks of every member cluster; one that the site does not have is a finding.
    pub fn read(model: &Model<'_>, findings: &mut Vec<Finding>) -> Self {
        let mut of_rack = vec![NONE; model.site.racks.len()];
        let mut all = Vec::with_capacity(model.superclusters.len());
        for (site, intent) in model.superclusters.iter().enumerate() {
            let object = ObjectRef::new(Kind::Supercluster, &intent.name);
            let mut of_site = Vec::with_capacity(intent.spec.clusters.len());
            for (cluster, member) in intent.spec.clusters.iter().enumerate() {
                let path = at!("spec", "clusters", cluster, "racks");
                let racks = model.racks(site as u32, &member.racks, &object, &path, findings);
                for &rack in &racks {
                    of_rack[rack as usize] = cluster as u32;
                }
                of_site.push(racks);
            }
            all.push(of_site);
        }
        Self { racks: all, of_rack }
    }

    /// The member cluster that holds a rack; none for a node without one.
    pub fn of(&self, rack: u32) -> Option<u32> {
        let cluster = self.of_rack.get(rack as usize).copied();
        cluster.filter(|&cluster| cluster != NONE)
    }
}

impl Model<'_> {
    /// The names of all sites' member clusters, site by site.
    pub fn cluster_names(&self) -> Vec<Box<str>> {
        let of_sites = self.superclusters.iter().flat_map(|site| &site.spec.clusters);
        of_sites.map(|cluster| cluster.name.as_str().into()).collect()
    }

    /// By rack: its member cluster, as its place among [`Self::cluster_names`]; `u32::MAX` where none holds it.
    pub fn clusters_of_racks(&self) -> Vec<u32> {
        let mut before = 0;
        let starts: Vec<u32> = (self.superclusters.iter())
            .map(|site| {
                let start = before;
                before += site.spec.clusters.len() as u32;
                start
            })
            .collect();
        let racks = self.site.racks.iter().zip(0..);
        racks
            .map(|(rack, at)| match self.site.clusters.of(at) {
                Some(cluster) => starts[rack.group.supercluster as usize] + cluster,
                None => NONE,
            })
            .collect()
    }
}
