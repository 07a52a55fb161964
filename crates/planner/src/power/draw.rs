//! What racks draw: the maximum of their system, less what pools cap their GPUs by.

use rackwright_api::GPUPoolSpec;

use super::switches::FabricDraw;
use super::{Power, SiteDraw};
use crate::catalogue::MaxPower;
use crate::input::Intent;
use crate::model::Model;

/// What the racks of one group draw together.
#[derive(Debug, Default)]
pub(crate) struct GroupDraw {
    pub racks: Vec<u32>,
    /// Times the catalogue's maximum: nodes, or racks where the maximum is that of a rack.
    pub units: u64,
    /// None where the system's power is not known.
    pub watts: Option<u64>,
    pub capped: Vec<Capped>,
}

/// GPUs of one group that a pool caps.
#[derive(Debug)]
pub(crate) struct Capped {
    /// The pool's number.
    pub pool: usize,
    pub gpus: u64,
    /// Watts that one of them draws less.
    pub less: u64,
}

/// How often the maximum power of a system is drawn by the nodes of one rack. A rack that is one product draws all of it with
/// trays missing: switches, pumps and power shelves are there, and no source gives their part alone.
pub(crate) fn units(power: &MaxPower, nodes: u64) -> u64 {
    nodes.div_ceil(power.nodes.max(1))
}

/// What the nodes of one pool have in one group.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    nodes: u32,
    /// GPUs of a node, and watts that each draws less.
    cap: Option<(u64, u64)>,
}

/// What every rack, group and fabric draws: one pass over the racks, one over the nodes of the pools.
pub(super) fn draws(model: &Model<'_>) -> Power {
    let mut power = Power {
        sites: model.superclusters.iter().map(|_| SiteDraw::default()).collect(),
        saved: vec![0; model.site.racks.len()],
        envelopes: Vec::new(),
    };
    for (site, intent) in power.sites.iter_mut().zip(&model.superclusters) {
        site.groups = intent.spec.racks.iter().map(|_| GroupDraw::default()).collect();
        let tiers = model.tiers.iter().enumerate();
        let here = tiers.filter(|(_, tier)| tier.spec.supercluster == intent.name);
        site.tiers = here
            .filter(|(_, tier)| tier.spec.servers.is_some())
            .map(|(at, _)| at)
            .collect();
    }
    for (number, fabric) in model.fabrics.iter().enumerate() {
        if let Some(site) = model.site_number(&fabric.spec.supercluster) {
            power.sites[site].fabrics.push(FabricDraw::new(model, number));
        }
    }
    for (number, rack) in model.site.racks.iter().enumerate() {
        let group = &mut power.sites[rack.group.supercluster as usize].groups[rack.group.group as usize];
        group.racks.push(number as u32);
    }
    pools(model, &mut power);
    for (site, (draw, intent)) in power.sites.iter_mut().zip(&model.superclusters).enumerate() {
        for (group, spec) in draw.groups.iter_mut().zip(&intent.spec.racks) {
            let Some(max) = model.max_power(site, spec.system.as_str()) else {
                continue;
            };
            let of = |rack: u32| units(max, model.site.nodes_of(rack).len() as u64);
            group.units = group.racks.iter().map(|&rack| of(rack)).sum();
            let watts = group.racks.iter().map(|&rack| {
                let all = of(rack).saturating_mul(max.watts);
                all.saturating_sub(power.saved[rack as usize])
            });
            group.watts = Some(watts.fold(0, u64::saturating_add));
        }
    }
    power
}

/// Nodes of each pool by group, and what their GPUs draw less. All of them are of the pool's site. A node that two pools claim, which is an error of its own, counts for the first.
fn pools(model: &Model<'_>, power: &mut Power) {
    let mut claimed = vec![false; model.site.names.len()];
    for (number, (pool, selected)) in model.pools.iter().zip(&model.selected).enumerate() {
        let Some(site) = model.site_number(&pool.spec.supercluster) else {
            continue;
        };
        let draw = &mut power.sites[site];
        let mut shares: Vec<Option<Share>> = vec![None; draw.groups.len()];
        for &node in selected {
            if std::mem::replace(&mut claimed[node as usize], true) {
                continue;
            }
            let rack = model.site.rack_of[node as usize] as usize;
            let Some(group) = model.site.racks.get(rack).map(|rack| rack.group.group as usize) else {
                continue;
            };
            let share = shares[group].get_or_insert_with(|| Share {
                nodes: 0,
                cap: cap(model, pool, site, group),
            });
            share.nodes += 1;
            if let Some((gpus, less)) = share.cap {
                power.saved[rack] += gpus * less;
            }
        }
        for (group, share) in shares.into_iter().enumerate() {
            let Some(Share { nodes, cap }) = share else {
                continue;
            };
            draw.groups[group].capped.extend(cap.map(|(gpus, less)| Capped {
                pool: number,
                gpus: gpus * u64::from(nodes),
                less,
            }));
        }
    }
}

/// GPUs of a node of the group, and what each draws less under the pool's cap. Only a cap inside of the GPU's range counts:
/// the driver refuses any other, and the GPU runs without.
fn cap(model: &Model<'_>, pool: &Intent<GPUPoolSpec>, site: usize, group: usize) -> Option<(u64, u64)> {
    let cap = pool.spec.gpu.as_ref()?.power_limit.as_ref()?.watts().0;
    let view = &model.views[site];
    let name = &model.superclusters[site].spec.racks[group].system;
    let system = view.systems.get(name.as_str())?;
    let gpu = view.gpu_of(system)?;
    let max = u64::from(gpu.max_power_watts.as_ref()?.value);
    let min = gpu.min_power_watts.as_ref().map_or(0, |min| u64::from(min.value));
    let less = max.checked_sub(cap).filter(|less| *less > 0 && cap >= min)?;
    Some((u64::from(system.gpus.value), less))
}
