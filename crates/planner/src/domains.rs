//! Racks and NVLink domains of pools.

use std::collections::BTreeMap;

use rackwright_api::Hostlist;
use rackwright_hostset::HostSet;

use crate::catalogue::{Gpu, System};
use crate::model::Model;
use crate::site::NO_RACK;

impl Model<'_> {
    /// The racks that a pool has nodes in, sorted, each once.
    pub fn racks_of(&self, pool: u32) -> Vec<u32> {
        let mut racks: Vec<u32> = Vec::new();
        for &node in &self.selected[pool as usize] {
            // Neighbours in the order of names mostly stand in one rack.
            let rack = self.site.rack_of[node as usize];
            if rack != NO_RACK && racks.last() != Some(&rack) {
                racks.push(rack);
            }
        }
        racks.sort_unstable();
        racks.dedup();
        racks
    }

    /// Whether the nodes of a rack share one NVLink domain that is larger than a node.
    pub fn is_nvlink_domain(&self, rack: u32) -> bool {
        let group = self.site.racks[rack as usize].group;
        let site = self.superclusters[group.supercluster as usize];
        let view = &self.views[group.supercluster as usize];
        let system = view
            .systems
            .get(site.spec.racks[group.group as usize].system.as_str());
        system.is_some_and(System::shares_nvlink)
    }

    /// By rack: all nodes of the NVLink domain that it is, whatever pools they are in; none where it is no domain.
    pub fn nvlink_domains(&self) -> Vec<Option<Hostlist>> {
        let racks = 0..self.site.racks.len() as u32;
        let domain = |rack: u32| {
            let nodes = self.site.nodes_of(rack).iter();
            let names = nodes.map(|&node| &*self.site.names[node as usize]);
            let set = HostSet::from_names(names).ok()?;
            Hostlist::new(set.fold().to_string()).ok()
        };
        racks
            .map(|rack| self.is_nvlink_domain(rack).then(|| domain(rack))?)
            .collect()
    }

    /// The GPUs of a pool's nodes; `None` where a node stands in no rack, or one of its systems or GPUs is not known.
    pub fn known_gpus(&self, pool: u32) -> Option<Vec<&Gpu>> {
        let placed = |node: &u32| self.site.rack_of[*node as usize] != NO_RACK;
        if !self.selected[pool as usize].iter().all(placed) {
            return None;
        }
        let mut gpus: BTreeMap<(u32, &str), Option<&Gpu>> = BTreeMap::new();
        for rack in self.racks_of(pool) {
            let group = self.site.racks[rack as usize].group;
            let site = self.superclusters[group.supercluster as usize];
            let view = &self.views[group.supercluster as usize];
            let name = site.spec.racks[group.group as usize].system.as_str();
            gpus.entry((group.supercluster, name))
                .or_insert_with(|| view.systems.get(name).and_then(|system| view.gpu_of(system)));
        }
        gpus.into_values().collect()
    }
}
