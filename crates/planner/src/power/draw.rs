//! What racks draw: the maximum of their system, less what pools cap their GPUs by. A node that waits is counted with the
//! higher of the cap that it has and the one that its pool asks for.

use std::collections::BTreeMap;

use rackwright_api::GPUPoolSpec;

use super::switches::FabricDraw;
use super::waits::{Waits, Why};
use super::{Power, SiteDraw};
use crate::catalogue::{Gpu, MaxPower};
use crate::change::UNCAPPED;
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
    /// What pools ask their GPUs to draw less, and nodes that wait do not.
    pub unsaved: Vec<Unsaved>,
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

/// Nodes of one group that keep a higher cap than their pool asks for.
#[derive(Debug)]
pub(crate) struct Unsaved {
    /// The pool's number.
    pub pool: usize,
    pub why: Why,
    pub nodes: u64,
    /// What all of them together draw more than the pool asks for.
    pub watts: u64,
}

/// How often the maximum power of a system is drawn by the nodes of one rack. A rack that is one product draws all of it with
/// trays missing: switches, pumps and power shelves are there, and no source gives their part alone.
pub(crate) fn units(power: &MaxPower, nodes: u64) -> u64 {
    nodes.div_ceil(power.nodes.max(1))
}

/// What the nodes of one pool have in one group.
#[derive(Debug, Default)]
struct Share<'m> {
    /// GPUs of a node under the pool's cap.
    cap: Option<Cap<'m>>,
    /// GPUs, by the watts that each draws less.
    capped: BTreeMap<u64, u64>,
    /// Nodes that keep a higher cap, and watts.
    unsaved: Option<(Why, u64, u64)>,
}

/// What every rack, group and fabric draws: one pass over the racks, one over the nodes of the pools.
pub(super) fn draws(model: &Model<'_>, waiting: &Waits<'_>) -> Power {
    let mut power = Power {
        sites: model.superclusters.iter().map(|_| SiteDraw::default()).collect(),
        saved: vec![0; model.site.racks.len()],
        unsaved: vec![0; model.site.racks.len()],
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
    pools(model, waiting, &mut power);
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

/// Nodes of each pool by group, and what their GPUs draw less. All of them are of the pool's site. A node that two pools
/// claim, which is an error of its own, counts for the first.
fn pools(model: &Model<'_>, waiting: &Waits<'_>, power: &mut Power) {
    let mut claimed = vec![false; model.site.names.len()];
    for (number, (pool, selected)) in model.pools.iter().zip(&model.selected).enumerate() {
        let Some(site) = model.site_number(&pool.spec.supercluster) else {
            continue;
        };
        let draw = &mut power.sites[site];
        let mut shares: Vec<Option<Share<'_>>> = (0..draw.groups.len()).map(|_| None).collect();
        for &node in selected {
            if std::mem::replace(&mut claimed[node as usize], true) {
                continue;
            }
            let rack = model.site.rack_of[node as usize] as usize;
            let Some(group) = model.site.racks.get(rack).map(|rack| rack.group.group as usize) else {
                continue;
            };
            let share = shares[group].get_or_insert_with(|| Share {
                cap: Cap::new(model, pool, site, group),
                ..Share::default()
            });
            let Some(cap) = &share.cap else {
                continue;
            };
            let (mut less, mut lost) = (cap.less, 0);
            if let Some((why, before)) = waiting.of(model, number, node) {
                less = less.min(cap.less_under(before));
                lost = cap.gpus * (cap.less - less);
                if lost > 0 {
                    let (_, nodes, watts) = share.unsaved.get_or_insert((why, 0, 0));
                    (*nodes, *watts) = (*nodes + 1, *watts + lost);
                }
            }
            power.saved[rack] += cap.gpus * less;
            power.unsaved[rack] += lost;
            if less > 0 {
                *share.capped.entry(less).or_default() += cap.gpus;
            }
        }
        for (group, share) in shares.into_iter().enumerate() {
            let Some(share) = share else {
                continue;
            };
            let group = &mut draw.groups[group];
            let capped = share.capped.into_iter();
            group.capped.extend(capped.map(|(less, gpus)| Capped {
                pool: number,
                gpus,
                less,
            }));
            group
                .unsaved
                .extend(share.unsaved.map(|(why, nodes, watts)| Unsaved {
                    pool: number,
                    why,
                    nodes,
                    watts,
                }));
        }
    }
}

/// GPUs that a pool caps.
#[derive(Debug)]
struct Cap<'m> {
    gpu: &'m Gpu,
    /// GPUs of a node.
    gpus: u64,
    /// Watts that one of them draws less.
    less: u64,
}

impl<'m> Cap<'m> {
    /// The cap on the nodes of a group; none where it takes nothing off.
    fn new(model: &'m Model<'_>, pool: &Intent<GPUPoolSpec>, site: usize, group: usize) -> Option<Self> {
        let cap = pool.spec.gpu.as_ref()?.power_limit.as_ref()?.watts().0;
        let view = &model.views[site];
        let name = &model.superclusters[site].spec.racks[group].system;
        let system = view.systems.get(name.as_str())?;
        let mut found = Self {
            gpu: view.gpu_of(system)?,
            gpus: u64::from(system.gpus.value),
            less: 0,
        };
        found.less = found.less_under(cap);
        (found.less > 0).then_some(found)
    }

    /// Watts that one of them draws less under some cap.
    fn less_under(&self, cap: u64) -> u64 {
        let drawn = |cap: u64| self.gpu.drawn(cap).unwrap_or(0);
        drawn(UNCAPPED) - drawn(cap)
    }
}
