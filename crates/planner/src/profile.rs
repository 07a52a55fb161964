//! The profile of a pool: what all its nodes share, in one normal form.

use rackwright_api::hash::HASH_SCHEMA;
use rackwright_api::{
    GPUPoolSpec, Gpu, Host, InfiniBandFabricSpec, Ipv4Prefix, LocalNvme, Mount, Name, NodeMetadata,
    NodeProfileSpec, ProfileRail, StorageTierSpec,
};

use crate::allocate::RailPrefixes;
use crate::input::Intent;

/// Builds the profile. `fabrics` in the order of the rails. Lists whose order means nothing are sorted and empty
/// sections dropped, so that two ways of writing one thing have one hash.
pub(crate) fn build(
    pool: &GPUPoolSpec,
    fabrics: &[&Intent<InfiniBandFabricSpec>],
    tiers: &[&Intent<StorageTierSpec>],
) -> NodeProfileSpec {
    let rails = rails(fabrics);
    NodeProfileSpec {
        gpu: pool.gpu.clone().and_then(gpu),
        host: pool.host.clone().and_then(host),
        kubernetes: pool.kubernetes.clone().and_then(kubernetes),
        mounts: mounts(tiers, &rails),
        rails,
        schema: HASH_SCHEMA,
    }
}

fn gpu(mut gpu: Gpu) -> Option<Gpu> {
    let Gpu {
        driver,
        ecc,
        imex,
        managed_by,
        mig,
        persistence,
        power_limit,
    } = &mut gpu;
    if let Some(mig) = mig {
        mig.layout.sort_by(|a, b| a.profile.cmp(&b.profile));
    }
    let any = driver.is_some()
        || ecc.is_some()
        || imex.is_some()
        || managed_by.is_some()
        || mig.is_some()
        || persistence.is_some()
        || power_limit.is_some();
    any.then_some(gpu)
}

fn host(mut host: Host) -> Option<Host> {
    let Host {
        fstab_mounts,
        huge_pages,
        kernel: _,
        // Their order means something.
        kernel_arguments: _,
        management_interface: _,
        module_options,
        modules,
        ofed: _,
        service_limits,
        sysctls: _,
        tuned,
    } = &mut host;
    fstab_mounts.sort();
    huge_pages.sort_by_key(|pages| pages.size);
    module_options.sort_by(|a, b| a.module.cmp(&b.module));
    modules.sort();
    service_limits.sort_by(|a, b| a.service.cmp(&b.service));
    if let Some(tuned) = tuned {
        tuned.sysctls.sort();
    }
    (host != Host::default()).then_some(host)
}

fn kubernetes(mut metadata: NodeMetadata) -> Option<NodeMetadata> {
    let NodeMetadata { labels, taints } = &mut metadata;
    taints.sort_by(|a, b| (&a.key, a.effect).cmp(&(&b.key, b.effect)));
    (!labels.is_empty() || !taints.is_empty()).then_some(metadata)
}

/// The mounts of the pool's tiers, by mount point.
fn mounts(tiers: &[&Intent<StorageTierSpec>], rails: &[ProfileRail]) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = tiers
        .iter()
        .filter_map(|tier| mount(&tier.name, &tier.spec, rails))
        .collect();
    mounts.sort_by(|a, b| (&a.mount_point, &a.tier).cmp(&(&b.mount_point, &b.tier)));
    mounts
}

/// None where the devices belong to TopoLVM or LVMS: the host leaves them alone.
fn mount(name: &Name, tier: &StorageTierSpec, rails: &[ProfileRail]) -> Option<Mount> {
    let StorageTierSpec {
        beegfs,
        // Capacity, servers and throughput are for the arithmetic of the site, not for a node.
        capacity: _,
        fabric,
        gpu_direct_storage,
        // The cluster's own objects, not the node's.
        kubernetes: _,
        local_nvme,
        lustre,
        mount_options,
        mount_point,
        nfs,
        servers: _,
        supercluster: _,
        throughput: _,
        weka,
    } = tier;
    let travels = |rail: &&ProfileRail| fabric.as_ref() == Some(&rail.fabric);
    Some(Mount {
        beegfs: beegfs.clone(),
        gpu_direct_storage: *gpu_direct_storage,
        local_nvme: local_nvme.clone().map(devices),
        lustre: lustre.clone(),
        mount_point: mount_point.clone()?,
        nfs: nfs.clone(),
        options: mount_options.clone(),
        rails: rails.iter().filter(travels).map(|rail| rail.rail).collect(),
        tier: name.clone(),
        weka: weka.clone(),
    })
}

/// What all nodes of the pool share: consents are facts of one node, capacity and throughput are arithmetic.
fn devices(mut local: LocalNvme) -> LocalNvme {
    local.wipe_consents.clear();
    local.devices.capacity = None;
    local.devices.throughput = None;
    local.devices.pci_addresses.sort();
    local
}

fn rails(fabrics: &[&Intent<InfiniBandFabricSpec>]) -> Vec<ProfileRail> {
    let mut rails = Vec::new();
    for fabric in fabrics {
        let addressing = fabric.spec.addressing.as_ref();
        let count = fabric.spec.topology.rails;
        let prefixes = addressing.and_then(|a| RailPrefixes::new(a.ipv4.net()?, count));
        for fabric_rail in 0..count {
            let ipv4 = prefixes.and_then(|prefixes| prefixes.rail(fabric_rail));
            rails.push(ProfileRail {
                fabric: fabric.name.clone(),
                fabric_rail,
                ipv4: ipv4.and_then(|net| Ipv4Prefix::new(net.to_string()).ok()),
                mtu: addressing.and_then(|addressing| addressing.mtu),
                plane: fabric.spec.plane,
                rail: rails.len() as u8,
            });
        }
    }
    rails
}
