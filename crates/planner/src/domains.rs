//! Racks and NVLink domains of pools.

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
        let systems = &self.views[group.supercluster as usize].systems;
        let system = systems.get(site.spec.racks[group.group as usize].system.as_str());
        system.is_some_and(|system| {
            let domain = system.nvlink_domain.as_ref();
            domain.is_some_and(|domain| domain.value > u16::from(system.gpus.value))
        })
    }
}
