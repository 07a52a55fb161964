//! What the racks of a site draw at most, against what they may draw.
//!
//! Whole watts throughout: a rack's nodes at the maximum power of the catalogue, rounded up for each rack; a PUE is in
//! thousandths. Racks whose power is not known are counted as such and left out.

use std::collections::BTreeMap;

use rackwright_api::{Name, SuperclusterSpec};
use rackwright_manifest::Path;

use crate::catalogue;
use crate::finding::{Finding, at};
use crate::input::{Intent, Kind, ObjectRef};
use crate::locations::Tree;
use crate::model::Model;
use crate::names::{counted, folded};
use crate::site::Site;

/// What a budget is given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    /// The site: facility power, that is IT power times PUE.
    Site,
    /// A location with all that stands in it: IT power.
    Location(Name),
    /// The site once a phase is in: facility power of the racks that are energised by its date.
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
    /// What may be drawn, in watts.
    pub budget: u64,
    /// Racks that are not in `draw`, because their power is not known.
    pub uncounted: usize,
    /// The site's number.
    pub(crate) site: usize,
    /// IT power, in watts.
    pub(crate) it: u64,
    /// The rack groups that draw.
    pub(crate) groups: Vec<usize>,
    /// Where the budget stands.
    pub(crate) path: Path,
}

/// What the racks of one group draw together.
#[derive(Debug, Default)]
pub(crate) struct GroupDraw {
    pub racks: Vec<u32>,
    pub nodes: u64,
    /// None where the system's power is not known.
    pub watts: Option<u64>,
}

/// Draw by site and rack group, and all budgets.
#[derive(Debug, Default)]
pub(crate) struct Power {
    pub groups: Vec<Vec<GroupDraw>>,
    pub envelopes: Vec<Envelope>,
}

impl Power {
    /// Adds up: one pass over the racks, one over the groups of each budget.
    pub fn new(superclusters: &[&Intent<SuperclusterSpec>], site: &Site) -> Self {
        let mut groups: Vec<Vec<GroupDraw>> = superclusters
            .iter()
            .map(|intent| intent.spec.racks.iter().map(|_| GroupDraw::default()).collect())
            .collect();
        for (number, rack) in site.racks.iter().enumerate() {
            let group = &mut groups[rack.group.supercluster as usize][rack.group.group as usize];
            group.racks.push(number as u32);
        }
        for (intent, draws) in superclusters.iter().zip(&mut groups) {
            for (group, draw) in intent.spec.racks.iter().zip(draws) {
                let power = max_power(group.system.as_str());
                let nodes = |rack: &u32| site.nodes_of(*rack).len() as u64;
                draw.nodes = draw.racks.iter().map(nodes).sum();
                draw.watts = power.map(|power| draw.racks.iter().map(|rack| power.of(nodes(rack))).sum());
            }
        }
        let mut power = Self {
            groups,
            envelopes: Vec::new(),
        };
        for (number, intent) in superclusters.iter().enumerate() {
            power.site(number, intent);
            power.phases(number, intent);
            power.locations(number, intent);
        }
        power
    }

    fn site(&mut self, number: usize, intent: &Intent<SuperclusterSpec>) {
        if let Some(power) = &intent.spec.power {
            let groups = (0..intent.spec.racks.len()).collect();
            let path = at!("spec", "power", "budget");
            self.add(number, intent, Level::Site, groups, power.budget.watts().0, path);
        }
    }

    fn phases(&mut self, number: usize, intent: &Intent<SuperclusterSpec>) {
        let spec = &intent.spec;
        let by: BTreeMap<&Name, _> = spec.phases.iter().map(|phase| (&phase.name, &phase.by)).collect();
        let mut phases: Vec<_> = spec.phases.iter().enumerate().collect();
        phases.sort_by_key(|(_, phase)| (&phase.by, &phase.name));
        for (at, phase) in phases {
            let Some(budget) = &phase.power_budget else {
                continue;
            };
            let energised = |group: &usize| {
                let of = spec.racks[*group].phase.as_ref();
                of.and_then(|name| by.get(name)).is_none_or(|by| *by <= &phase.by)
            };
            let groups = (0..spec.racks.len()).filter(energised).collect();
            let path = at!("spec", "phases", at, "powerBudget");
            let level = Level::Phase(phase.name.clone());
            self.add(number, intent, level, groups, budget.watts().0, path);
        }
    }

    fn locations(&mut self, number: usize, intent: &Intent<SuperclusterSpec>) {
        let spec = &intent.spec;
        let tree = Tree::new(&spec.locations);
        let held = tree.held(&spec.locations, &spec.racks);
        for (at, (location, groups)) in spec.locations.iter().zip(held).enumerate() {
            // What lies inside itself has no sum; that is RW4005's finding.
            if let (Some(budget), Some(groups)) = (&location.power_budget, groups) {
                let path = at!("spec", "locations", at, "powerBudget");
                let level = Level::Location(location.name.clone());
                self.add(number, intent, level, groups, budget.watts().0, path);
            }
        }
    }

    fn add(
        &mut self,
        site: usize,
        intent: &Intent<SuperclusterSpec>,
        level: Level,
        groups: Vec<usize>,
        budget: u64,
        path: Path,
    ) {
        let draws = &self.groups[site];
        let it = groups.iter().filter_map(|&group| draws[group].watts).sum();
        let unknown = groups.iter().filter(|group| draws[**group].watts.is_none());
        let uncounted = unknown.map(|&group| draws[group].racks.len()).sum();
        let draw = match level {
            Level::Location(_) => it,
            Level::Site | Level::Phase(_) => facility(it, pue(&intent.spec)),
        };
        self.envelopes.push(Envelope {
            supercluster: intent.name.clone(),
            level,
            draw,
            budget,
            uncounted,
            site,
            it,
            groups,
            path,
        });
    }
}

/// PUE in thousandths; 1 where none is given.
fn pue(spec: &SuperclusterSpec) -> u32 {
    let pue = spec.power.as_ref().and_then(|power| power.pue.as_ref());
    pue.map_or(1000, rackwright_api::Pue::thousandths)
}

/// IT power times PUE, rounded up: it is above a budget in whole watts exactly where the product is.
fn facility(it: u64, pue: u32) -> u64 {
    it.saturating_mul(u64::from(pue)).div_ceil(1000)
}

/// The most that nodes of a system draw, where the catalogue knows it.
pub(crate) fn max_power(system: &str) -> Option<&'static catalogue::MaxPower> {
    catalogue::system(system)?.max_power.as_ref()
}

/// Watts as people read them, exact: `950 W`, `57.2 kW`, `120.5 MW`.
pub fn shown(watts: u64) -> String {
    let (unit, name, digits) = match watts {
        0..1_000 => return format!("{watts} W"),
        1_000..10_000_000 => (1_000, "kW", 3),
        _ => (1_000_000, "MW", 6),
    };
    let (whole, rest) = (watts / unit, watts % unit);
    let fraction = format!("{rest:0digits$}");
    match fraction.trim_end_matches('0') {
        "" => format!("{whole} {name}"),
        fraction => format!("{whole}.{fraction} {name}"),
    }
}

/// Nodes at their maximum power: `4 x 14.3 kW (dgx-b200)`, or for what is sold as a rack `132 kW (18 x gb200-nvl72)`.
pub(crate) fn term(system: &str, power: &catalogue::MaxPower, nodes: u64, watts: u64) -> String {
    match power.nodes {
        1 => format!("{nodes} x {} ({system})", shown(power.watts)),
        _ => format!("{} ({nodes} x {system})", shown(watts)),
    }
}

impl Envelope {
    /// Whether more is drawn than may be.
    pub fn exceeded(&self) -> bool {
        self.draw > self.budget
    }

    /// Fills a finding of a rule about budgets: the arithmetic, the racks, the places.
    pub(crate) fn finding(
        &self,
        rule: &'static rackwright_manifest::Rule,
        model: &Model<'_>,
        who: &str,
    ) -> Finding {
        let object = ObjectRef::new(Kind::Supercluster, &self.supercluster);
        let message = format!(
            "{who} {object} draws {}, and {} allows {}: {} too much; {}{}",
            self.arithmetic(model),
            self.path,
            shown(self.budget),
            shown(self.draw - self.budget),
            self.racks(model, true).unwrap_or_default(),
            self.racks(model, false).map_or(String::new(), |racks| format!(
                "; not counted, because their power is not known: {racks}"
            )),
        );
        let mut finding = Finding::new(rule, message.trim_start().to_owned()).party(
            object.clone(),
            self.path.clone(),
            format!("{} is drawn", shown(self.draw)),
        );
        let draws = &model.power.groups[self.site];
        let drawing = self.groups.iter().filter_map(|&group| {
            let watts = draws[group].watts.filter(|watts| *watts > 0)?;
            Some((group, watts))
        });
        for (group, watts) in drawing.take(GROUPS_SHOWN) {
            finding = finding.party(
                object.clone(),
                at!("spec", "racks", group, "names"),
                format!("{}, {}", counted(draws[group].racks.len(), "rack"), shown(watts)),
            );
        }
        finding
    }

    /// `32 x 14.3 kW (dgx-b200) = 457.6 kW x PUE 1.2 = 549.12 kW`.
    fn arithmetic(&self, model: &Model<'_>) -> String {
        let spec = &model.superclusters[self.site].spec;
        let mut systems: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for &group in &self.groups {
            let draw = &model.power.groups[self.site][group];
            if let Some(watts) = draw.watts.filter(|watts| *watts > 0) {
                let sum = systems.entry(spec.racks[group].system.as_str()).or_default();
                *sum = (sum.0 + draw.nodes, sum.1 + watts);
            }
        }
        let terms = systems
            .into_iter()
            .filter_map(|(system, (nodes, watts))| Some(term(system, max_power(system)?, nodes, watts)));
        let sum = format!("{} = {}", terms.collect::<Vec<_>>().join(" + "), shown(self.it));
        let pue = spec.power.as_ref().and_then(|power| power.pue.as_ref());
        match (&self.level, pue) {
            (Level::Site | Level::Phase(_), Some(pue)) => {
                format!("{sum} x PUE {pue} = {}", shown(self.draw))
            }
            _ => sum,
        }
    }

    /// The racks whose power is known, or those whose power is not.
    fn racks(&self, model: &Model<'_>, known: bool) -> Option<String> {
        let draws = &model.power.groups[self.site];
        let groups = self
            .groups
            .iter()
            .filter(|group| draws[**group].watts.is_some() == known);
        let racks: Vec<u32> = groups
            .flat_map(|&group| draws[group].racks.iter().copied())
            .collect();
        let names = racks
            .iter()
            .map(|&rack| model.site.racks[rack as usize].name.as_str());
        (!racks.is_empty()).then(|| {
            format!(
                "{} {}",
                if racks.len() == 1 { "rack" } else { "racks" },
                folded(names)
            )
        })
    }
}

/// Rack groups that a finding points at.
const GROUPS_SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watts_are_shown_exactly() {
        for (watts, text) in [
            (0, "0 W"),
            (999, "999 W"),
            (1_000, "1 kW"),
            (57_200, "57.2 kW"),
            (14_301, "14.301 kW"),
            (9_999_999, "9999.999 kW"),
            (10_000_000, "10 MW"),
            (1_020_000_050, "1020.00005 MW"),
        ] {
            assert_eq!(shown(watts), text);
        }
    }

    #[test]
    fn facility_power_is_rounded_up() {
        assert_eq!(facility(14_300, 1000), 14_300);
        assert_eq!(facility(14_300, 1200), 17_160);
        assert_eq!(facility(1, 1005), 2);
        assert_eq!(facility(u64::MAX, 1200), u64::MAX / 1000 + 1);
    }
}
