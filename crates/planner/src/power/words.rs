//! A budget that is exceeded, in words: the sum with all its terms, the limit, the racks, and where figures come from.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_fabric::tree::Size;
use rackwright_manifest::Rule;

use super::draw::Unsaved;
use super::waits::Why;
use super::{Envelope, Level, SwitchDraw, facility, pue, shown};
use crate::catalogue::MaxPower;
use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};

/// Objects and places of one sort that a finding names each; the others are added up.
const SHOWN: usize = 4;

/// So many times the maximum power of a system: `4 x 14.3 kW (dgx-b200)`, or for what is sold as a rack
/// `2 x 132 kW (rack of 18 gb200-nvl72)`.
pub(crate) fn term(system: &str, power: &MaxPower, units: u64) -> String {
    match power.nodes {
        1 => format!("{units} x {} ({system})", shown(power.watts)),
        nodes => format!("{units} x {} (rack of {nodes} {system})", shown(power.watts)),
    }
}

/// Terms of one sort, each with its watts; those beyond [`SHOWN`] as one.
fn listed(sign: &str, terms: impl Iterator<Item = (String, u64)>, sort: &str) -> String {
    let (mut out, mut more, mut rest) = (String::new(), 0, 0u64);
    for (at, (term, watts)) in terms.enumerate() {
        if at < SHOWN {
            out.extend([" ", sign, " ", &term]);
        } else {
            more += 1;
            rest = rest.saturating_add(watts);
        }
    }
    if more > 0 {
        let rest = shown(rest);
        out.extend([
            " ",
            sign,
            " ",
            &rest,
            " (",
            &more.to_string(),
            " more ",
            sort,
            ")",
        ]);
    }
    out
}

/// `32 leaves, 16 spines`.
fn counts(size: &Size) -> String {
    let all = [
        (size.leaves, "leaves"),
        (size.spines, "spines"),
        (size.cores, "cores"),
    ];
    let there = all.iter().filter(|(count, _)| *count > 0);
    let texts: Vec<String> = there.map(|(count, noun)| format!("{count} {noun}")).collect();
    texts.join(", ")
}

impl Envelope {
    /// Fills a finding of a rule about budgets: the arithmetic, the racks, the places.
    pub(crate) fn finding(&self, rule: &'static Rule, model: &Model<'_>, who: &str) -> Finding {
        let object = ObjectRef::new(Kind::Supercluster, &self.supercluster);
        let uncounted = self.uncounted(model);
        let message = format!(
            "{who} {object} draws {}, and {} allows {}: {} too much; {}{}{}{}{}",
            self.arithmetic(model),
            self.path,
            self.budget,
            shown(self.draw - self.budget.usable()),
            self.racks(model, true).unwrap_or_else(|| "no racks".to_owned()),
            self.since(model)
                .map_or(String::new(), |phase| format!("; from phase {phase} on")),
            unsaved(model, self.unsaved(model)),
            if uncounted.is_empty() {
                String::new()
            } else {
                format!(
                    "; not counted, because their power is not known: {}",
                    uncounted.join(", ")
                )
            },
            sources(self.origins(model)),
        );
        let finding = Finding::new(rule, message.trim_start().to_owned()).party(
            object.clone(),
            self.path.clone(),
            format!("{} is drawn", shown(self.draw)),
        );
        self.parties(model, &object, finding)
    }

    /// The places of all that draws, the first of each sort.
    fn parties(&self, model: &Model<'_>, object: &ObjectRef, mut finding: Finding) -> Finding {
        let spec = &model.superclusters[self.site].spec;
        let draws = &model.power.sites[self.site].groups;
        let drawing = self.loads.groups.iter().filter_map(|&group| {
            let watts = draws[group].watts.filter(|watts| *watts > 0)?;
            Some((group, watts))
        });
        for (group, watts) in drawing.take(SHOWN) {
            finding = finding.party(
                object.clone(),
                at!("spec", "racks", group, "names"),
                format!("{}, {}", counted(draws[group].racks.len(), "rack"), shown(watts)),
            );
        }
        for &at in self.loads.equipment.iter().take(SHOWN) {
            let one = &spec.equipment[at];
            finding = finding.party(
                object.clone(),
                at!("spec", "equipment", at, "power"),
                format!("{} x {}", one.count, shown(one.power.watts().0)),
            );
        }
        for pool in self.capping(model).into_iter().take(SHOWN) {
            let name = &model.pools[pool].name;
            finding = finding.told(
                ObjectRef::new(Kind::GPUPool, name),
                at!("spec", "gpu", "powerLimit"),
                "caps its GPUs",
            );
        }
        let waiting: BTreeSet<usize> = self.unsaved(model).map(|some| some.pool).collect();
        for pool in waiting.into_iter().take(SHOWN) {
            let name = &model.pools[pool].name;
            finding = finding.told(
                ObjectRef::new(Kind::GPUPool, name),
                at!("spec", "gpu", "powerLimit"),
                "its nodes keep the caps that they have",
            );
        }
        for &tier in self.loads.tiers.iter().take(SHOWN) {
            let tier = model.tiers[tier];
            if let Some(servers) = &tier.spec.servers {
                finding = finding.told(
                    ObjectRef::new(Kind::StorageTier, &tier.name),
                    at!("spec", "servers"),
                    format!("{} x {}", servers.count, shown(servers.power.watts().0)),
                );
            }
        }
        for (fabric, size, _) in self.counted_switches().take(SHOWN) {
            finding = finding.told(
                ObjectRef::new(Kind::InfiniBandFabric, &model.fabrics[fabric].name),
                at!("spec", "topology", "switch"),
                counts(size),
            );
        }
        finding
    }

    /// The pools whose caps lower the sum.
    fn capping(&self, model: &Model<'_>) -> BTreeSet<usize> {
        let draws = &model.power.sites[self.site].groups;
        let groups = self.loads.groups.iter();
        let capped = groups.flat_map(|&group| &draws[group].capped);
        capped.map(|capped| capped.pool).collect()
    }

    /// Nodes that keep a higher cap than their pool asks for.
    fn unsaved<'m>(&self, model: &'m Model<'_>) -> impl Iterator<Item = &'m Unsaved> {
        let draws = &model.power.sites[self.site].groups;
        self.loads.groups.iter().flat_map(|&group| &draws[group].unsaved)
    }

    fn counted_switches(&self) -> impl Iterator<Item = (usize, &Size, u64)> {
        self.loads.switches.iter().filter_map(|one| {
            let (size, watts) = one.count.as_ref().ok()?;
            (size.switches() > 0).then_some((one.fabric, size, *watts))
        })
    }

    /// `32 x 14.3 kW (dgx-b200) = 457.6 kW x PUE 1.2 = 549.12 kW`.
    fn arithmetic(&self, model: &Model<'_>) -> String {
        let spec = &model.superclusters[self.site].spec;
        let draws = &model.power.sites[self.site].groups;
        let mut systems: BTreeMap<&str, u64> = BTreeMap::new();
        let mut caps: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        for &group in &self.loads.groups {
            let draw = &draws[group];
            if draw.watts.is_some_and(|watts| watts > 0) {
                *systems.entry(spec.racks[group].system.as_str()).or_default() += draw.units;
                for capped in &draw.capped {
                    *caps.entry((capped.pool, capped.less)).or_default() += capped.gpus;
                }
            }
        }
        let terms = systems.into_iter().filter_map(|(system, units)| {
            let power = model.max_power(self.site, system)?;
            Some((term(system, power, units), units.saturating_mul(power.watts)))
        });
        let mut sum = listed("+", terms, "systems");
        let caps = caps.into_iter().map(|((pool, less), gpus)| {
            let pool = ObjectRef::new(Kind::GPUPool, &model.pools[pool].name);
            let term = format!("{gpus} x {} (GPUs capped by {pool})", shown(less));
            (term, gpus.saturating_mul(less))
        });
        sum += &listed("-", caps, "caps");
        let equipment = self.loads.equipment.iter().map(|&at| {
            let (one, watts) = (&spec.equipment[at], spec.equipment[at].power.watts().0);
            let term = format!("{} x {} ({})", one.count, shown(watts), one.name);
            (term, u64::from(one.count).saturating_mul(watts))
        });
        sum += &listed("+", equipment, "equipment");
        let servers = self.loads.tiers.iter().filter_map(|&tier| {
            let servers = model.tiers[tier].spec.servers.as_ref()?;
            let tier = ObjectRef::new(Kind::StorageTier, &model.tiers[tier].name);
            let watts = servers.power.watts().0;
            let term = format!("{} x {} (servers of {tier})", servers.count, shown(watts));
            Some((term, u64::from(servers.count).saturating_mul(watts)))
        });
        sum += &listed("+", servers, "tiers");
        let switches = self.counted_switches().map(|(fabric, size, watts)| {
            let object = ObjectRef::new(Kind::InfiniBandFabric, &model.fabrics[fabric].name);
            let switch = model.fabrics[fabric].spec.topology.switch.as_ref();
            let term = format!(
                "{} x {} ({} of {object}: {})",
                size.switches(),
                shown(watts),
                switch.map_or("switch", |name| name.as_str()),
                counts(size),
            );
            (term, size.switches().saturating_mul(watts))
        });
        sum += &listed("+", switches, "fabrics");
        let sum = format!("{} = {}", sum.trim_start_matches(" + "), shown(self.it));
        let pue = spec.power.as_ref().and_then(|power| power.pue.as_ref());
        match (&self.level, pue) {
            (Level::Site | Level::Phase(_), Some(pue)) => {
                format!("{sum} x PUE {pue} = {}", shown(self.draw))
            }
            _ => sum,
        }
    }

    /// The first phase with which the budget is exceeded, where it has none of its own and not all is there from the start.
    fn since(&self, model: &Model<'_>) -> Option<String> {
        let spec = &model.superclusters[self.site].spec;
        if matches!(self.level, Level::Phase(_)) {
            return None;
        }
        let draw = &model.power.sites[self.site];
        let mut phases: Vec<_> = spec.phases.iter().collect();
        phases.sort_by_key(|phase| (&phase.by, &phase.name));
        let first = phases.into_iter().find(|phase| {
            let loads = self.loads.by(model, self.site, &phase.by);
            let it = loads.watts(model, self.site, draw);
            facility(&self.level, it, pue(spec)) > self.budget.usable()
        });
        first.map(|phase| format!("{} ({})", phase.name, phase.by))
    }

    /// What is not counted, in words.
    fn uncounted(&self, model: &Model<'_>) -> Vec<String> {
        let racks = self.racks(model, false).into_iter();
        let unknown = self.loads.switches.iter().filter(|one| one.watts().is_none());
        let fabrics = unknown.map(|one| {
            let name = &model.fabrics[one.fabric].name;
            format!("switches of {}", ObjectRef::new(Kind::InfiniBandFabric, name))
        });
        racks.chain(fabrics.take(SHOWN)).collect()
    }

    /// The racks whose power is known, or those whose power is not.
    fn racks(&self, model: &Model<'_>, known: bool) -> Option<String> {
        let draws = &model.power.sites[self.site].groups;
        let groups = self.loads.groups.iter();
        let groups = groups.filter(|group| draws[**group].watts.is_some() == known);
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

    /// The figures that the site's own catalogue gave.
    fn origins<'m>(&self, model: &'m Model<'_>) -> BTreeSet<(&'m str, &'m str)> {
        let spec = &model.superclusters[self.site].spec;
        let mut origins = BTreeSet::new();
        for &group in &self.loads.groups {
            origins.extend(model.power_origin(self.site, spec.racks[group].system.as_str()));
            if !model.power.sites[self.site].groups[group].capped.is_empty() {
                origins.extend(model.cap_origin(self.site, spec.racks[group].system.as_str()));
            }
        }
        for SwitchDraw { fabric, .. } in &self.loads.switches {
            let switch = model.fabrics[*fabric].spec.topology.switch.as_ref();
            origins.extend(switch.and_then(|name| model.switch_origin(self.site, name.as_str())));
        }
        origins
    }
}

/// `; from this site's catalogue: dgx-b200 (spec.catalogue.systems[0], measured)`.
pub(crate) fn sources(origins: BTreeSet<(&str, &str)>) -> String {
    let terms: Vec<String> = origins
        .into_iter()
        .take(SHOWN)
        .map(|(name, source)| format!("{name} ({source})"))
        .collect();
    match terms.as_slice() {
        [] => String::new(),
        terms => format!("; from this site's catalogue: {}", terms.join(", ")),
    }
}

/// What pools ask to draw less, and why it is not counted: ``; not saved: 4.8 kW of 2 nodes of GPUPool/train, which is
/// paused ...``.
pub(crate) fn unsaved<'m>(model: &Model<'_>, some: impl Iterator<Item = &'m Unsaved>) -> String {
    let mut pools: BTreeMap<(usize, &str), (u64, u64)> = BTreeMap::new();
    for Unsaved {
        pool,
        why,
        nodes,
        watts,
    } in some
    {
        let sum = pools.entry((*pool, reason(*why))).or_default();
        *sum = (sum.0 + nodes, sum.1.saturating_add(*watts));
    }
    let terms = pools
        .into_iter()
        .take(SHOWN)
        .map(|((pool, why), (nodes, watts))| {
            let pool = ObjectRef::new(Kind::GPUPool, &model.pools[pool].name);
            let nodes = counted(usize::try_from(nodes).unwrap_or(usize::MAX), "node");
            format!("{} of {nodes} of {pool}, {why}", shown(watts))
        });
    let terms: Vec<String> = terms.collect();
    if terms.is_empty() {
        return String::new();
    }
    format!(
        "; lower caps that are not rolled out save nothing: {} (nodes keep the cap that they have, and without an earlier state \
         none is known)",
        terms.join("; ")
    )
}

fn reason(why: Why) -> &'static str {
    match why {
        Why::Paused => "which is paused",
        Why::Refused => "which is refused",
        Why::Held => "whose nodes a refused pool still holds",
    }
}
