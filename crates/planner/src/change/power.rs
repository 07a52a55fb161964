//! Which changes lower what nodes draw, which raise it, and which of these must wait.
//!
//! Budgets that hold before and after a roll-out do not hold in between where what is raised comes first. So on a site with
//! any power budget, nodes whose GPUs get a higher cap go after those that get a lower one.
//!
//! A plan counts each pool with the cap that it asks for, and what paused and refused pools do not roll out with the cap
//! that nodes have. Nodes that wait for another reason (a missing consent, a budget, their turn) keep their cap too: where
//! the site's budgets do not hold these watts besides, what is raised waits with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rackwright_api::{Name, NodeProfileSpec, SuperclusterSpec};
use rackwright_hostset::{Hostlist, Limits};

use super::state::State;
use crate::catalogue::View;
use crate::input::Input;
use crate::power::Envelope;

/// What is known of power beside the plan.
#[derive(Debug, Clone, Copy)]
pub struct Supply<'s, 'a> {
    /// The budgets, with what is drawn of them once all that can roll out has.
    pub budgets: &'s [Envelope],
    /// What nodes have.
    pub old: &'s State<'a>,
}

/// The caps of a GPU before and after a change, in watts; [`UNCAPPED`] where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// None where nobody knows.
    pub before: Option<u64>,
    /// After.
    pub after: u64,
}

/// No cap: as much as the GPU can draw.
pub const UNCAPPED: u64 = u64::MAX;

impl Caps {
    /// Whether the GPU may draw less than before.
    pub(super) fn lower(self) -> bool {
        self.before.is_some_and(|before| self.after < before)
    }

    /// Whether it may draw more, as far as anybody knows.
    pub(super) fn raise(self) -> bool {
        self.before.is_none_or(|before| self.after > before)
    }
}

/// The cap that a profile sets, in watts.
pub fn cap_of_profile(profile: &NodeProfileSpec) -> u64 {
    let cap = profile.gpu.as_ref().and_then(|gpu| gpu.power_limit.as_ref());
    cap.map_or(UNCAPPED, |cap| cap.watts().0)
}

/// What power knows of a node that changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load<'a> {
    pub site: &'a Name,
    pub rack: Option<&'a Name>,
    /// None where the cap stays.
    pub caps: Option<Caps>,
}

impl Load<'_> {
    pub fn lowers(&self) -> bool {
        self.caps.is_some_and(Caps::lower)
    }

    pub fn raises(&self) -> bool {
        self.caps.is_some_and(Caps::raise)
    }
}

/// The sites with any power budget.
pub(super) fn budgeted(input: &Input) -> BTreeSet<&Name> {
    let sites = input.superclusters.iter();
    sites
        .filter(|site| has_budget(&site.spec))
        .map(|site| &site.name)
        .collect()
}

fn has_budget(site: &SuperclusterSpec) -> bool {
    site.power.is_some()
        || site.racks.iter().any(|group| group.power_limit.is_some())
        || site.locations.iter().any(|place| place.power_budget.is_some())
        || site.phases.iter().any(|phase| phase.power_budget.is_some())
}

/// What is drawn beyond the plan, because nodes keep the cap that they have.
pub(super) struct Beyond {
    /// Sites whose budgets do not hold it.
    sites: BTreeSet<Name>,
    /// Racks with a limit of their own that have such nodes.
    racks: BTreeSet<Name>,
}

impl Beyond {
    /// Counts nodes that are to draw less, and do not yet; `late` are all of them in the plan.
    pub fn new(input: &Input, supply: &Supply<'_, '_>, late: &[Load<'_>]) -> Self {
        let sites = Sites::new(input);
        let mut more: BTreeMap<&Name, u64> = BTreeMap::new();
        let mut racks = BTreeSet::new();
        let mut count = |site, rack: Option<&Name>, before, after| {
            let (watts, limited) = sites.difference(rack, before, after);
            let sum = more.entry(site).or_default();
            *sum = sum.saturating_add(watts);
            if limited && watts > 0 {
                racks.extend(rack.cloned());
            }
        };
        for load in late {
            if let Some(Caps { before, after }) = load.caps {
                count(load.site, load.rack, before.unwrap_or(UNCAPPED), after);
            }
        }
        let exceeded = |site: &Name, watts: u64| {
            let spec = input.superclusters.iter().find(|one| one.name == *site);
            let pue = spec.map_or(1000, |site| crate::power::pue(&site.spec));
            // With the PUE for every budget: those of locations are looked at more strictly than need be.
            let facility = watts.saturating_mul(u64::from(pue)).div_ceil(1000);
            let budgets = supply
                .budgets
                .iter()
                .filter(|budget| budget.supercluster == *site);
            budgets
                .map(|budget| budget.budget.usable().saturating_sub(budget.draw))
                .any(|left| facility > left)
        };
        Self {
            sites: more
                .into_iter()
                .filter(|(site, watts)| exceeded(site, *watts))
                .map(|(site, _)| site.clone())
                .collect(),
            racks,
        }
    }

    /// Whether there is no power for a node that is to draw more.
    pub fn starves(&self, load: &Load<'_>) -> bool {
        let racks = load.rack.is_some_and(|rack| self.racks.contains(rack));
        load.raises() && (racks || self.sites.contains(load.site))
    }
}

/// GPUs by rack.
struct Sites<'i> {
    views: Vec<View>,
    racks: HashMap<String, (usize, &'i rackwright_api::RackGroup)>,
}

impl<'i> Sites<'i> {
    fn new(input: &'i Input) -> Self {
        let mut racks = HashMap::new();
        for (number, site) in input.superclusters.iter().enumerate() {
            for group in &site.spec.racks {
                if let Ok(list) = Hostlist::parse(group.names.as_str(), &Limits::default()) {
                    racks.extend(list.iter().map(|rack| (rack, (number, group))));
                }
            }
        }
        let views = input.superclusters.iter();
        Self {
            views: views
                .map(|site| View::new(site.spec.catalogue.as_ref()).0)
                .collect(),
            racks,
        }
    }

    /// How much more a node of the rack draws under one cap than under the other, and whether the rack has a limit. Without
    /// a cap inside of its range a GPU draws all that it can; what is not known is without end.
    fn difference(&self, rack: Option<&Name>, before: u64, after: u64) -> (u64, bool) {
        if before <= after {
            return (0, false);
        }
        let group = rack.and_then(|rack| self.racks.get(rack.as_str()));
        let Some((site, group)) = group else {
            return (u64::MAX, false);
        };
        let view = &self.views[*site];
        let system = view.systems.get(group.system.as_str());
        let known = system.and_then(|system| {
            let gpu = view.gpu_of(system)?;
            let each = gpu.drawn(before)?.saturating_sub(gpu.drawn(after)?);
            Some(each.saturating_mul(u64::from(system.gpus.value)))
        });
        (known.unwrap_or(u64::MAX), group.power_limit.is_some())
    }
}
