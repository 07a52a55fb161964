//! How many nodes each intent reaches, and how many of them each member cluster has.

use std::collections::BTreeMap;

use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// Nodes by name of their member cluster; `None` for those of no cluster.
pub(crate) type Shares = BTreeMap<Option<Box<str>>, u32>;

/// The nodes of each site, of each pool, plugged into each fabric, mounting each tier.
pub(crate) fn shares(model: &Model<'_>) -> BTreeMap<ObjectRef, Shares> {
    let mut all = BTreeMap::new();
    for (index, site) in model.superclusters.iter().enumerate() {
        let racks = (0..model.site.racks.len() as u32)
            .filter(|&rack| model.site.racks[rack as usize].group.supercluster == index as u32);
        let counted = racks.map(|rack| {
            let nodes = model.site.nodes_of(rack).len() as u32;
            ((index as u32, model.site.clusters.of(rack)), nodes)
        });
        all.insert(
            ObjectRef::new(Kind::Supercluster, &site.name),
            named(model, counted),
        );
    }
    for fabric in &model.fabrics {
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        all.insert(object, Shares::new());
    }
    for tier in &model.tiers {
        all.insert(ObjectRef::new(Kind::StorageTier, &tier.name), Shares::new());
    }
    for (pool, selected) in model.pools.iter().zip(&model.selected) {
        let counted = selected.iter().map(|&node| {
            let site = model.site.supercluster_of(node).unwrap_or_default();
            ((site, model.site.cluster_of(node)), 1)
        });
        let shares = named(model, counted);
        let fabrics =
            (pool.spec.fabrics.iter()).map(|used| ObjectRef::new(Kind::InfiniBandFabric, &used.name));
        let tiers = (pool.spec.storage.iter()).map(|used| ObjectRef::new(Kind::StorageTier, &used.tier));
        for used in fabrics.chain(tiers) {
            if let Some(total) = all.get_mut(&used) {
                for (cluster, nodes) in &shares {
                    *total.entry(cluster.clone()).or_default() += nodes;
                }
            }
        }
        all.insert(ObjectRef::new(Kind::GPUPool, &pool.name), shares);
    }
    all
}

/// Sums numbers of nodes by site and cluster, and names the clusters. Neighbours mostly are of one cluster.
fn named(model: &Model<'_>, counted: impl Iterator<Item = ((u32, Option<u32>), u32)>) -> Shares {
    let mut sums: Vec<((u32, Option<u32>), u32)> = Vec::new();
    for (cluster, nodes) in counted {
        match sums.last_mut() {
            Some((last, sum)) if *last == cluster => *sum += nodes,
            _ => sums.push((cluster, nodes)),
        }
    }
    let mut shares = Shares::new();
    for ((site, cluster), nodes) in sums {
        let name = cluster.map(|cluster| {
            let clusters = &model.superclusters[site as usize].spec.clusters;
            clusters[cluster as usize].name.as_str().into()
        });
        *shares.entry(name).or_default() += nodes;
    }
    shares
}

/// The sum over all clusters.
pub(crate) fn total(shares: &BTreeMap<ObjectRef, Shares>) -> BTreeMap<ObjectRef, u32> {
    shares
        .iter()
        .map(|(object, shares)| (object.clone(), shares.values().sum()))
        .collect()
}
