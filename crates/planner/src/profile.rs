//! The profile of a pool: what all its nodes share, in one normal form.

use rackwright_api::hash::HASH_SCHEMA;
use rackwright_api::{
    GPUPoolSpec, Gpu, Host, InfiniBandFabricSpec, Ipv4Prefix, NodeProfileSpec, ProfileRail,
};

use crate::allocate::RailPrefixes;
use crate::input::Intent;

/// Builds the profile. `fabrics` in the order of the rails. Lists whose order means nothing are sorted and empty
/// sections dropped, so that two ways of writing one thing have one hash.
pub(crate) fn build(pool: &GPUPoolSpec, fabrics: &[&Intent<InfiniBandFabricSpec>]) -> NodeProfileSpec {
    NodeProfileSpec {
        gpu: pool.gpu.clone().and_then(gpu),
        host: pool.host.clone().and_then(host),
        mounts: Vec::new(),
        rails: rails(fabrics),
        schema: HASH_SCHEMA,
    }
}

fn gpu(mut gpu: Gpu) -> Option<Gpu> {
    let Gpu {
        driver,
        mig,
        power_limit,
    } = &mut gpu;
    if let Some(mig) = mig {
        mig.layout.sort_by(|a, b| a.profile.cmp(&b.profile));
    }
    (driver.is_some() || mig.is_some() || power_limit.is_some()).then_some(gpu)
}

fn host(mut host: Host) -> Option<Host> {
    let Host {
        kernel_arguments,
        modules,
        sysctls,
    } = &mut host;
    modules.sort();
    (!kernel_arguments.is_empty() || !modules.is_empty() || !sysctls.is_empty()).then_some(host)
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
