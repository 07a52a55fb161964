//! The catalogue as one site sees it: the built-in entries, and over them what `spec.catalogue` says.

use std::collections::BTreeMap;

use rackwright_api::{AdapterEntry, Catalogue, GpuEntry, Line, MigTable, Name, SwitchEntry, SystemEntry};

use super::{Adapter, Entry, Figure, Gpu, MaxPower, Mig, MigProfile, Switch, System};

/// The catalogue of one site.
#[derive(Debug)]
pub struct View {
    /// Adapters.
    pub adapters: Section<Adapter>,
    /// GPUs.
    pub gpus: Section<Gpu>,
    /// Switches.
    pub switches: Section<Switch>,
    /// Node systems.
    pub systems: Section<System>,
}

/// One sort of hardware: the built-in entries, and the site's own before them.
#[derive(Debug)]
pub struct Section<E: 'static> {
    built_in: &'static BTreeMap<String, E>,
    own: BTreeMap<String, Own<E>>,
}

/// An entry of the site's own.
#[derive(Debug)]
pub struct Own<E: 'static> {
    /// All its figures.
    pub entry: E,
    /// What stands as the source of the figures that the site gave.
    pub source: String,
    /// The built-in entry that it overrides or is like, by name.
    pub base: Option<Base<E>>,
}

/// A built-in entry and its name.
pub type Base<E> = (&'static str, &'static E);

/// Why an entry of `spec.catalogue` cannot be used, or is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// `like` names nothing; the nearest name.
    UnknownLike(Option<&'static str>),
    /// `like` stands in an entry that overrides a built-in one.
    LikeOfOverride,
    /// A new entry without `like` lacks these fields.
    Missing(Vec<&'static str>),
    /// Its figures equal the built-in ones.
    Unchanged,
}

/// A problem and the entry that has it.
#[derive(Debug)]
pub(crate) struct Reported<'a> {
    /// `systems`, `gpus`, `switches` or `adapters`.
    pub section: &'static str,
    /// Its place in the section.
    pub at: usize,
    pub name: &'a Name,
    pub problem: Problem,
}

impl<E: Entry> Section<E> {
    /// An entry: the site's own, or else the built-in one.
    pub fn get(&self, name: &str) -> Option<&E> {
        let own = self.own.get(name).map(|own| &own.entry);
        own.or_else(|| self.built_in.get(name))
    }

    /// The site's own entries, by name.
    pub fn own(&self) -> &BTreeMap<String, Own<E>> {
        &self.own
    }

    /// Names of all entries, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let built_in = self.built_in.keys().filter(|name| !self.own.contains_key(*name));
        let mut names: Vec<&str> = self.own.keys().chain(built_in).map(String::as_str).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// The source of a figure, where the site gave it.
    pub(crate) fn origin<'s>(&self, name: &str, source: &'s str) -> Option<&'s str> {
        (self.own.get(name)?.source == source).then_some(source)
    }

    fn read<'a, S: Given<Entry = E>>(
        built_in: &'static BTreeMap<String, E>,
        given: &'a [S],
        problems: &mut Vec<Reported<'a>>,
    ) -> Self {
        let mut own = BTreeMap::new();
        for (at, entry) in given.iter().enumerate() {
            let Heading { name, source, .. } = entry.heading();
            let source = format!("spec.catalogue.{}[{at}], {source}", E::KINDS);
            match overlay(built_in, entry, source) {
                Ok(merged) => {
                    let overridden = built_in.get(name.as_str());
                    if overridden.is_some_and(|built_in| figures(built_in) == figures(&merged.entry)) {
                        problems.push(report::<S>(at, entry, Problem::Unchanged));
                    }
                    own.insert(name.to_string(), merged);
                }
                Err(problem) => problems.push(report::<S>(at, entry, problem)),
            }
        }
        Self { built_in, own }
    }
}

fn report<S: Given>(at: usize, entry: &S, problem: Problem) -> Reported<'_> {
    Reported {
        section: S::Entry::KINDS,
        at,
        name: entry.heading().name,
        problem,
    }
}

/// An entry over what it overrides or starts from.
fn overlay<S: Given>(
    built_in: &'static BTreeMap<String, S::Entry>,
    given: &S,
    source: String,
) -> Result<Own<S::Entry>, Problem> {
    let find = |name: &Name| {
        let found = built_in.get_key_value(name.as_str());
        found.map(|(name, entry)| (name.as_str(), entry))
    };
    let Heading { name, like, .. } = given.heading();
    let base = match (find(name), like) {
        (Some(_), Some(_)) => return Err(Problem::LikeOfOverride),
        (None, Some(like)) => Some(find(like).ok_or_else(|| {
            let names = built_in.keys().map(String::as_str);
            Problem::UnknownLike(crate::names::nearest(like.as_str(), names))
        })?),
        (base, None) => base,
    };
    let entry = given.over(base.map(|(_, entry)| entry), &source);
    Ok(Own {
        entry: entry.map_err(Problem::Missing)?,
        source,
        base,
    })
}

/// All figures of an entry without their sources.
fn figures<E: Entry>(entry: &E) -> Vec<(&'static str, String)> {
    let facts = entry.facts().into_iter();
    facts.map(|fact| (fact.label, fact.value)).collect()
}

impl View {
    /// The catalogue of a site that says this of its hardware.
    pub fn of(given: Option<&Catalogue>) -> Self {
        Self::new(given).0
    }

    /// Reads what a site says of its hardware. An entry with a problem is left out, one that changes nothing is not.
    pub(crate) fn new(given: Option<&Catalogue>) -> (Self, Vec<Reported<'_>>) {
        static NONE: Catalogue = Catalogue {
            adapters: Vec::new(),
            gpus: Vec::new(),
            switches: Vec::new(),
            systems: Vec::new(),
        };
        let Catalogue {
            adapters,
            gpus,
            switches,
            systems,
        } = given.unwrap_or(&NONE);
        let mut problems = Vec::new();
        let view = Self {
            adapters: Section::read(super::adapters(), adapters, &mut problems),
            gpus: Section::read(super::gpus(), gpus, &mut problems),
            switches: Section::read(super::switches(), switches, &mut problems),
            systems: Section::read(super::systems(), systems, &mut problems),
        };
        (view, problems)
    }

    /// The GPU of a system.
    pub(crate) fn gpu_of(&self, system: &System) -> Option<&Gpu> {
        self.gpus.get(&system.gpu.value)
    }
}

/// What entries of every sort say of themselves.
struct Heading<'a> {
    name: &'a Name,
    like: Option<&'a Name>,
    source: &'a Line,
}

/// An entry as the site writes it.
trait Given {
    type Entry: Entry;

    fn heading(&self) -> Heading<'_>;
    /// The figures that it gives over those of the base; without a base, the mandatory fields that it lacks.
    fn over(&self, base: Option<&Self::Entry>, source: &str) -> Result<Self::Entry, Vec<&'static str>>;
}

fn figure<T: Clone>(given: Option<T>, base: Option<&Figure<T>>, source: &str) -> Option<Figure<T>> {
    let own = given.map(|value| Figure {
        value,
        source: source.to_owned(),
    });
    own.or_else(|| base.cloned())
}

fn watts(power: Option<&rackwright_api::Power>) -> Option<u32> {
    power.map(|power| u32::try_from(power.watts().0).unwrap_or(u32::MAX))
}

/// The names of the fields that are not there.
fn missing(fields: &[(&'static str, bool)]) -> Vec<&'static str> {
    let absent = fields.iter().filter(|(_, there)| !there);
    absent.map(|(name, _)| *name).collect()
}

impl Given for SystemEntry {
    type Entry = System;

    fn heading(&self) -> Heading<'_> {
        Heading {
            name: &self.name,
            like: self.like.as_ref(),
            source: &self.source,
        }
    }

    fn over(&self, base: Option<&System>, source: &str) -> Result<System, Vec<&'static str>> {
        let Self {
            compute_links,
            gpu,
            gpus,
            like: _,
            max_power,
            max_power_nodes,
            name: _,
            nodes_per_rack,
            nvlink_domain,
            source: _,
        } = self;
        let gpu = figure(
            gpu.as_ref().map(Name::to_string),
            base.map(|base| &base.gpu),
            source,
        );
        let gpus = figure(*gpus, base.map(|base| &base.gpus), source);
        let lacks = missing(&[("gpu", gpu.is_some()), ("gpus", gpus.is_some())]);
        let (Some(gpu), Some(gpus)) = (gpu, gpus) else {
            return Err(lacks);
        };
        let base_of = base.and_then(|base| base.nodes_per_rack.as_ref());
        let links = base.and_then(|base| base.compute_links.as_ref());
        let own_power = max_power.as_ref().map(|power| MaxPower {
            watts: power.watts().0,
            nodes: max_power_nodes.map_or_else(
                || {
                    base.and_then(|base| base.max_power.as_ref())
                        .map_or(1, |power| power.nodes)
                },
                u64::from,
            ),
            source: source.to_owned(),
        });
        Ok(System {
            gpu,
            gpus,
            nodes_per_rack: figure(*nodes_per_rack, base_of, source),
            nvlink_domain: figure(
                *nvlink_domain,
                base.and_then(|base| base.nvlink_domain.as_ref()),
                source,
            ),
            compute_links: figure(*compute_links, links, source),
            max_power: own_power.or_else(|| base.and_then(|base| base.max_power.clone())),
        })
    }
}

impl Given for GpuEntry {
    type Entry = Gpu;

    fn heading(&self) -> Heading<'_> {
        Heading {
            name: &self.name,
            like: self.like.as_ref(),
            source: &self.source,
        }
    }

    fn over(&self, base: Option<&Gpu>, source: &str) -> Result<Gpu, Vec<&'static str>> {
        let Self {
            coherent,
            default_power,
            kernel_modules,
            like: _,
            max_power,
            memory_mib,
            mig,
            min_power,
            name: _,
            pci_device,
            product,
            source: _,
        } = self;
        let own = mig.as_ref().map(|table| cut(table, source));
        let mig = own.or_else(|| base.map(|base| base.mig.clone()));
        let text = |given: Option<String>, base: Option<&Figure<String>>| figure(given, base, source);
        let power = |given, base| figure(watts(given), base, source);
        Ok(Gpu {
            product: text(
                product.as_ref().map(ToString::to_string),
                base.and_then(|base| base.product.as_ref()),
            ),
            pci_device: text(
                pci_device.as_ref().map(ToString::to_string),
                base.and_then(|base| base.pci_device.as_ref()),
            ),
            memory_mib: figure(
                *memory_mib,
                base.and_then(|base| base.memory_mib.as_ref()),
                source,
            ),
            default_power_watts: power(
                default_power.as_ref(),
                base.and_then(|base| base.default_power_watts.as_ref()),
            ),
            min_power_watts: power(
                min_power.as_ref(),
                base.and_then(|base| base.min_power_watts.as_ref()),
            ),
            max_power_watts: power(
                max_power.as_ref(),
                base.and_then(|base| base.max_power_watts.as_ref()),
            ),
            kernel_modules: figure(
                *kernel_modules,
                base.and_then(|base| base.kernel_modules.as_ref()),
                source,
            ),
            coherent: figure(*coherent, base.and_then(|base| base.coherent.as_ref()), source),
            mig: mig.ok_or_else(|| vec!["mig"])?,
        })
    }
}

fn cut(table: &MigTable, source: &str) -> Mig {
    let profile = |profile: &rackwright_api::MigTableProfile| MigProfile {
        name: profile.name.to_string(),
        aliases: Vec::new(),
        compute_slices: profile.compute_slices,
        memory_slices: profile.memory_slices,
        max: profile.max,
        starts: Vec::new(),
    };
    Mig {
        compute_slices: table.compute_slices,
        memory_slices: table.memory_slices,
        profiles: table.profiles.iter().map(profile).collect(),
        source: source.to_owned(),
    }
}

impl Given for SwitchEntry {
    type Entry = Switch;

    fn heading(&self) -> Heading<'_> {
        Heading {
            name: &self.name,
            like: self.like.as_ref(),
            source: &self.source,
        }
    }

    fn over(&self, base: Option<&Switch>, source: &str) -> Result<Switch, Vec<&'static str>> {
        let Self {
            cages,
            like: _,
            link,
            max_power,
            name: _,
            pkey_table,
            port_rate_gbps,
            ports,
            source: _,
            typical_power,
        } = self;
        let ports = figure(*ports, base.map(|base| &base.ports), source);
        let rate = figure(*port_rate_gbps, base.map(|base| &base.port_rate_gbps), source);
        let lacks = missing(&[("portRateGbps", rate.is_some()), ("ports", ports.is_some())]);
        let (Some(ports), Some(port_rate_gbps)) = (ports, rate) else {
            return Err(lacks);
        };
        let typical = base.and_then(|base| base.typical_power_watts.as_ref());
        let max = base.and_then(|base| base.max_power_watts.as_ref());
        Ok(Switch {
            link: figure(*link, base.and_then(|base| base.link.as_ref()), source),
            ports,
            port_rate_gbps,
            cages: figure(*cages, base.and_then(|base| base.cages.as_ref()), source),
            pkey_table: figure(
                *pkey_table,
                base.and_then(|base| base.pkey_table.as_ref()),
                source,
            ),
            max_power_watts: figure(watts(max_power.as_ref()), max, source),
            typical_power_watts: figure(watts(typical_power.as_ref()), typical, source),
        })
    }
}

impl Given for AdapterEntry {
    type Entry = Adapter;

    fn heading(&self) -> Heading<'_> {
        Heading {
            name: &self.name,
            like: self.like.as_ref(),
            source: &self.source,
        }
    }

    fn over(&self, base: Option<&Adapter>, source: &str) -> Result<Adapter, Vec<&'static str>> {
        let Self {
            like: _,
            name: _,
            pci_device,
            pkey_table,
            rate_gbps,
            source: _,
        } = self;
        let device = pci_device.as_ref().map(ToString::to_string);
        let device = figure(device, base.map(|base| &base.pci_device), source);
        let keys = figure(*pkey_table, base.map(|base| &base.pkey_table), source);
        let rate = figure(*rate_gbps, base.map(|base| &base.rate_gbps), source);
        let lacks = missing(&[
            ("pciDevice", device.is_some()),
            ("pkeyTable", keys.is_some()),
            ("rateGbps", rate.is_some()),
        ]);
        let (Some(pci_device), Some(pkey_table), Some(rate_gbps)) = (device, keys, rate) else {
            return Err(lacks);
        };
        Ok(Adapter {
            rate_gbps,
            pci_device,
            pkey_table,
        })
    }
}
