//! What a site draws at most, against what it may draw.
//!
//! Whole watts throughout: nodes at the maximum power of the catalogue, less what pools cap their GPUs by; equipment,
//! storage servers and switches at what the documents and the catalogue say. A PUE is in thousandths. What has no known
//! power is counted as such and left out.
//!
//! Each phase is looked at with only what is energised by its date. Nothing is ever switched off, so a budget without a
//! phase holds at every date if it holds at the end.

mod budget;
mod draw;
mod switches;
mod waits;
mod words;

use std::collections::BTreeMap;

use rackwright_api::{Date, Name, SuperclusterSpec};
use rackwright_manifest::Path;

use crate::finding::at;
use crate::input::Intent;
use crate::locations::Tree;
use crate::model::Model;

pub use budget::{Budget, shown};
use draw::GroupDraw;
pub(crate) use draw::units;
pub(crate) use switches::{FabricDraw, SwitchDraw, Uncounted};
pub(crate) use waits::{Waits, judge};
pub(crate) use words::{sources, term, unsaved};

/// What a budget is given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    /// The site: facility power, that is IT power times PUE.
    Site,
    /// A location with all that stands in it: IT power. Switches have no location.
    Location(Name),
    /// The site once a phase is in: facility power of what is energised by its date.
    Phase(Name),
}

/// A budget and what is drawn of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The site.
    pub supercluster: Name,
    /// What the budget is given for.
    pub level: Level,
    /// The most that is drawn, in watts.
    pub draw: u64,
    /// What may be drawn.
    pub budget: Budget,
    /// Racks that are not in `draw`, because their power is not known.
    pub uncounted: usize,
    /// Fabrics whose switches are not in `draw`, because their number or power is not known.
    pub uncounted_fabrics: usize,
    /// The site's number.
    pub(crate) site: usize,
    /// IT power, in watts.
    pub(crate) it: u64,
    /// What draws.
    pub(crate) loads: Loads,
    /// Where the budget stands.
    pub(crate) path: Path,
}

impl Envelope {
    /// A budget of a plan that was compiled before; what draws is not known any more.
    pub fn known(supercluster: Name, level: Level, draw: u64, budget: Budget) -> Self {
        Self {
            supercluster,
            level,
            draw,
            budget,
            uncounted: 0,
            uncounted_fabrics: 0,
            site: 0,
            it: 0,
            loads: Loads::default(),
            path: Path::root(),
        }
    }
}

/// What stands behind a budget, by its place in the lists of the site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Loads {
    /// Of `spec.racks`.
    pub groups: Vec<usize>,
    /// Of `spec.equipment`.
    pub equipment: Vec<usize>,
    /// Of the model's tiers.
    pub tiers: Vec<usize>,
    /// Of the site's fabrics, as many as the nodes behind the budget need.
    pub switches: Vec<SwitchDraw>,
}

/// What one site draws.
#[derive(Debug, Default)]
pub(crate) struct SiteDraw {
    /// By place in `spec.racks`.
    pub groups: Vec<GroupDraw>,
    /// Its fabrics, by name.
    pub fabrics: Vec<FabricDraw>,
    /// Tiers with servers: their place in the model.
    pub tiers: Vec<usize>,
}

/// Draw by site, and all budgets.
#[derive(Debug, Default)]
pub(crate) struct Power {
    pub sites: Vec<SiteDraw>,
    /// What the nodes of each rack draw less because their pools cap the GPUs, in watts.
    pub saved: Vec<u64>,
    /// What they would draw less besides, if their nodes did not wait.
    pub unsaved: Vec<u64>,
    pub envelopes: Vec<Envelope>,
}

impl Power {
    /// Adds up: one pass over nodes and racks, one over the loads of each budget.
    pub fn new(model: &Model<'_>, waits: &Waits<'_>) -> Self {
        let mut power = draw::draws(model, waits);
        for number in 0..model.superclusters.len() {
            let site = SiteEnvelopes { model, number };
            let draw = &power.sites[number];
            let envelopes = site.whole(draw).into_iter();
            let envelopes = envelopes.chain(site.phases(draw)).chain(site.locations(draw));
            power.envelopes.extend(envelopes.collect::<Vec<_>>());
        }
        power
    }
}

/// The date of each phase.
pub(crate) fn dates(spec: &SuperclusterSpec) -> BTreeMap<&Name, &Date> {
    let phases = spec.phases.iter();
    phases.map(|phase| (&phase.name, &phase.by)).collect()
}

/// When the racks of each group arrive. None, for what is there from the start, comes first.
pub(crate) fn arrivals(spec: &SuperclusterSpec) -> Vec<Option<&Date>> {
    let dates = dates(spec);
    let racks = spec.racks.iter();
    racks
        .map(|group| dates.get(group.phase.as_ref()?).copied())
        .collect()
}

impl SiteDraw {
    /// The switches that the nodes of these groups need.
    fn switches(&self, groups: &[usize]) -> Vec<SwitchDraw> {
        let fabrics = self.fabrics.iter();
        fabrics.map(|fabric| fabric.switches(groups)).collect()
    }
}

/// The budgets of one site.
struct SiteEnvelopes<'m, 'a> {
    model: &'m Model<'a>,
    number: usize,
}

impl<'a> SiteEnvelopes<'_, 'a> {
    fn intent(&self) -> &'a Intent<SuperclusterSpec> {
        self.model.superclusters[self.number]
    }

    /// All that draws by a date, or in the end.
    fn loads(&self, draw: &SiteDraw, by: Option<&Date>) -> Loads {
        let spec = &self.intent().spec;
        let all = Loads {
            groups: (0..spec.racks.len()).collect(),
            equipment: (0..spec.equipment.len()).collect(),
            tiers: draw.tiers.clone(),
            switches: Vec::new(),
        };
        let there = by.map_or(all.clone(), |by| all.by(self.model, self.number, by));
        Loads {
            switches: draw.switches(&there.groups),
            ..there
        }
    }

    fn whole(&self, draw: &SiteDraw) -> Option<Envelope> {
        let power = self.intent().spec.power.as_ref()?;
        let budget = Budget::new(&power.budget, power.derating_percent, power.reserve.as_ref());
        let path = at!("spec", "power", "budget");
        Some(self.envelope(draw, Level::Site, self.loads(draw, None), budget, path))
    }

    fn phases(&self, draw: &SiteDraw) -> Vec<Envelope> {
        let mut phases: Vec<_> = self.intent().spec.phases.iter().enumerate().collect();
        phases.sort_by_key(|(_, phase)| (&phase.by, &phase.name));
        let with_budget = phases.into_iter().filter_map(|(at, phase)| {
            let budget = Budget::new(
                phase.power_budget.as_ref()?,
                phase.power_derating_percent,
                phase.power_reserve.as_ref(),
            );
            let path = at!("spec", "phases", at, "powerBudget");
            let loads = self.loads(draw, Some(&phase.by));
            let level = Level::Phase(phase.name.clone());
            Some(self.envelope(draw, level, loads, budget, path))
        });
        with_budget.collect()
    }

    fn locations(&self, draw: &SiteDraw) -> Vec<Envelope> {
        let spec = &self.intent().spec;
        let tree = Tree::new(&spec.locations);
        let held = |places: &mut dyn Iterator<Item = Option<&Name>>| tree.held(&spec.locations, places);
        let groups = held(&mut spec.racks.iter().map(|group| group.location.as_ref()));
        let equipment = held(&mut spec.equipment.iter().map(|one| one.location.as_ref()));
        let tiers = held(&mut draw.tiers.iter().map(|&tier| {
            let servers = self.model.tiers[tier].spec.servers.as_ref();
            servers.and_then(|servers| servers.location.as_ref())
        }));
        let all = groups.into_iter().zip(equipment).zip(tiers).enumerate();
        all.filter_map(|(at, ((groups, equipment), tiers))| {
            let location = &spec.locations[at];
            let budget = Budget::new(
                location.power_budget.as_ref()?,
                location.power_derating_percent,
                location.power_reserve.as_ref(),
            );
            // What lies inside itself has no sum; that is RW4005's finding.
            let loads = Loads {
                groups: groups?,
                equipment: equipment?,
                tiers: tiers?.into_iter().map(|at| draw.tiers[at]).collect(),
                switches: Vec::new(),
            };
            let path = at!("spec", "locations", at, "powerBudget");
            let level = Level::Location(location.name.clone());
            Some(self.envelope(draw, level, loads, budget, path))
        })
        .collect()
    }

    fn envelope(&self, draw: &SiteDraw, level: Level, loads: Loads, budget: Budget, path: Path) -> Envelope {
        let intent = self.intent();
        let it = loads.watts(self.model, self.number, draw);
        let unknown = loads.groups.iter().map(|&group| &draw.groups[group]);
        let uncounted = unknown.filter(|group| group.watts.is_none());
        Envelope {
            supercluster: intent.name.clone(),
            draw: facility(&level, it, pue(&intent.spec)),
            level,
            budget,
            uncounted: uncounted.map(|group| group.racks.len()).sum(),
            uncounted_fabrics: loads.switches.iter().filter(|one| one.watts().is_none()).count(),
            site: self.number,
            it,
            loads,
            path,
        }
    }
}

impl Loads {
    /// What of it is energised by a date: what has no phase, or one of that date or an earlier one.
    fn by(&self, model: &Model<'_>, site: usize, by: &Date) -> Self {
        let spec = &model.superclusters[site].spec;
        let dates = dates(spec);
        let on = |phase: Option<&Name>| {
            let date = phase.and_then(|phase| dates.get(phase));
            date.is_none_or(|date| *date <= by)
        };
        let tier_on = |tier: usize| {
            let servers = model.tiers[tier].spec.servers.as_ref();
            on(servers.and_then(|servers| servers.phase.as_ref()))
        };
        let only = |all: &[usize], on: &dyn Fn(usize) -> bool| -> Vec<usize> {
            all.iter().copied().filter(|&at| on(at)).collect()
        };
        let groups = only(&self.groups, &|at| on(spec.racks[at].phase.as_ref()));
        Self {
            switches: if self.switches.is_empty() {
                Vec::new()
            } else {
                model.power.sites[site].switches(&groups)
            },
            equipment: only(&self.equipment, &|at| on(spec.equipment[at].phase.as_ref())),
            tiers: only(&self.tiers, &tier_on),
            groups,
        }
    }

    /// IT power, in watts.
    fn watts(&self, model: &Model<'_>, site: usize, draw: &SiteDraw) -> u64 {
        let spec = &model.superclusters[site].spec;
        let groups = self.groups.iter().filter_map(|&group| draw.groups[group].watts);
        let equipment = self.equipment.iter().map(|&at| {
            let one = &spec.equipment[at];
            u64::from(one.count).saturating_mul(one.power.watts().0)
        });
        let servers = self.tiers.iter().filter_map(|&tier| {
            let servers = model.tiers[tier].spec.servers.as_ref()?;
            Some(u64::from(servers.count).saturating_mul(servers.power.watts().0))
        });
        let switches = self.switches.iter().filter_map(SwitchDraw::watts);
        let all = groups.chain(equipment).chain(servers).chain(switches);
        all.fold(0, u64::saturating_add)
    }
}

/// PUE in thousandths; 1 where none is given.
pub(crate) fn pue(spec: &SuperclusterSpec) -> u32 {
    let pue = spec.power.as_ref().and_then(|power| power.pue.as_ref());
    pue.map_or(1000, rackwright_api::Pue::thousandths)
}

/// What is drawn of a budget: IT power, times PUE for the site, rounded up: it is above a budget in whole watts exactly
/// where the product is.
fn facility(level: &Level, it: u64, pue: u32) -> u64 {
    match level {
        Level::Location(_) => it,
        Level::Site | Level::Phase(_) => it.saturating_mul(u64::from(pue)).div_ceil(1000),
    }
}

impl Envelope {
    /// Whether more is drawn than may be.
    pub fn exceeded(&self) -> bool {
        self.draw > self.budget.usable()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facility_power_is_rounded_up() {
        let site = |it, pue| facility(&Level::Site, it, pue);
        assert_eq!(site(14_300, 1000), 14_300);
        assert_eq!(site(14_300, 1200), 17_160);
        assert_eq!(site(1, 1005), 2);
        assert_eq!(site(u64::MAX, 1200), u64::MAX / 1000 + 1);
        let hall = Level::Location(Name::new("hall").unwrap());
        assert_eq!(facility(&hall, 14_300, 1200), 14_300);
    }
}
