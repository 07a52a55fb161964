//! `rackwright init`: a starting point in YAML, from a few figures or from what a running site already says of itself.
//!
//! A source ([`source`]) gives hosts; [`layout`] puts them into racks; [`text`] writes the documents with their comments. What
//! nobody said is taken from the catalogue or assumed, and each assumption is a line of [`Known::unknown`]. No host is renamed,
//! and pools of a running site are paused: adopting it touches nothing.

mod ask;
mod capture;
mod kubernetes;
mod layout;
mod slurm;
mod source;
mod system;
mod table;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::{Hostlist, Name, NodeName};
use rackwright_hostset::{Limits, expand, natural_cmp};
use rackwright_manifest::Severity;
use rackwright_planner::{catalogue, rules};

use crate::args::Init;
use crate::load::Loaded;
use crate::pipeline;
use crate::schemas::OwnSchemas;
use crate::verbs::VerbError;

pub use ask::{ask, command};
pub use source::Source;

/// A host as a source names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its rack, where the source says it.
    pub rack: Option<String>,
    /// Its system, a name of the catalogue.
    pub system: Option<String>,
}

/// What a capture of a fabric says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FabricSeen {
    /// Channel adapters of a host.
    pub rails: Option<u8>,
    /// The switch of the catalogue that has as many ports.
    pub switch: Option<&'static str>,
    /// Whether the adapters of a host end at different switches.
    pub rail_optimized: Option<bool>,
    /// The most hosts at one leaf.
    pub nodes_per_unit: Option<u16>,
}

/// What a source says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The hosts.
    pub hosts: Vec<Host>,
    /// The fabric.
    pub fabric: FabricSeen,
    /// The driver that all hosts run.
    pub driver: Option<String>,
    /// What could not be known, and what was assumed instead: a sentence each.
    pub unknown: Vec<String>,
}

/// What is written.
#[derive(Debug)]
pub struct Start {
    /// The documents.
    pub text: String,
    /// What could not be known.
    pub unknown: Vec<String>,
}

/// A system with its racks.
#[derive(Debug)]
struct Part {
    system: String,
    groups: Vec<layout::Group>,
    nodes: usize,
}

/// Makes a starting point.
pub fn start(args: &Init, source: Option<&Source>) -> Result<Start, VerbError> {
    let mut known = match source {
        Some(source) => source.read(args.system.as_deref())?,
        None => Known::default(),
    };
    let running = source.is_some() || args.names.is_some();
    if let Some(names) = &args.names {
        known.hosts.extend(named(names)?);
    }
    if let Some(system) = &args.system {
        if catalogue::system(system).is_none() {
            let names = catalogue::systems().keys().map(String::as_str);
            return Err(crate::catalogue::unknown::<catalogue::System>(system, names));
        }
        for host in &mut known.hosts {
            host.system.get_or_insert_with(|| system.clone());
        }
    }
    let parts = if running {
        admit(&mut known);
        adopted(args, &mut known)?
    } else {
        vec![planned(args, &mut known)?]
    };
    let documents = text::write(args, &parts, &known, running)?;
    let mut unknown = known.unknown;
    unknown.extend(documents.assumed);
    let text = text::headed(&documents.text, &unknown);
    validated(&text)?;
    Ok(Start { text, unknown })
}

/// Whether a starting point validates: a rack may have a name that no rack can have, or a fabric be too large.
fn validated(text: &str) -> Result<(), VerbError> {
    let schemas = OwnSchemas::default();
    let loaded = Loaded::of_text("init", text, &schemas);
    let outcome = pipeline::run_loaded(&schemas, loaded)?;
    let errors = outcome.diagnostics.iter();
    let errors = errors.filter(|finding| finding.severity == Severity::Error);
    // What is refused because something else is tells nobody what to change.
    let Some(error) = errors.min_by_key(|finding| finding.code == rules::depends_on_refused::RULE.code())
    else {
        return Ok(());
    };
    let help = error
        .help
        .as_ref()
        .map_or_else(String::new, |help| format!("; {help}"));
    Err(VerbError::Usage(format!(
        "{}: {}{help}",
        error.code, error.message
    )))
}

fn named(names: &str) -> Result<Vec<Host>, VerbError> {
    let names =
        expand(names, &Limits::default()).map_err(|error| VerbError::Usage(format!("--names: {error}")))?;
    let host = |name| Host {
        name,
        ..Host::default()
    };
    Ok(names.into_iter().map(host).collect())
}

/// Drops hosts whose names Kubernetes cannot have, and those that come twice.
fn admit(known: &mut Known) {
    let mut seen = BTreeSet::new();
    let mut refused = Vec::new();
    known.hosts.retain(|host| {
        if NodeName::new(host.name.clone()).is_err() {
            refused.push(host.name.clone());
            return false;
        }
        seen.insert(host.name.clone())
    });
    if !refused.is_empty() {
        refused.sort();
        known.unknown.push(format!(
            "{} left out, because Kubernetes has no such names (lower-case letters, digits, dashes, dots): {}",
            crate::summary::count(refused.len(), "host"),
            refused.join(", ")
        ));
    }
    known.hosts.sort_by(|a, b| natural_cmp(&a.name, &b.name));
}

/// The parts of a running site: hosts by system, in their racks.
fn adopted(args: &Init, known: &mut Known) -> Result<Vec<Part>, VerbError> {
    if known.hosts.is_empty() {
        return Err(VerbError::Usage("no host of this source can be taken".to_owned()));
    }
    let mut by_system: BTreeMap<String, Vec<Host>> = BTreeMap::new();
    let mut without = Vec::new();
    for host in std::mem::take(&mut known.hosts) {
        match &host.system {
            Some(system) => by_system.entry(system.clone()).or_default().push(host),
            None => without.push(host.name),
        }
    }
    if !without.is_empty() {
        let systems: Vec<&str> = catalogue::systems().keys().map(String::as_str).collect();
        return Err(VerbError::Usage(format!(
            "the system of {} is not known: say it with --system; the catalogue has {}",
            crate::changes::cut(&without.join(", ")),
            systems.join(", ")
        )));
    }
    let mut racks = layout::Racks::new(&by_system, args.racks.as_deref())?;
    let mut parts = Vec::new();
    for (system, hosts) in by_system {
        let nodes = hosts.len();
        let per_rack = per_rack(args, &system);
        let groups = racks.place(&system, hosts, per_rack);
        parts.push(Part {
            system,
            groups,
            nodes,
        });
    }
    known.unknown.extend(racks.told());
    Ok(parts)
}

/// One part of a site that is not there yet: racks with nodes that are named after them.
fn planned(args: &Init, known: &mut Known) -> Result<Part, VerbError> {
    let (Some(nodes), Some(system)) = (args.nodes, args.system.clone()) else {
        return Err(VerbError::Usage(
            "say --system and --nodes for a new site, --names for hosts that exist, or --from for a file that lists them"
                .to_owned(),
        ));
    };
    let per_rack = per_rack(args, &system);
    if args.nodes_per_rack.is_none() && layout::of_catalogue(&system).is_none() {
        known.unknown.push(format!(
            "how many nodes stand in a rack: {per_rack} are assumed; --nodes-per-rack says it"
        ));
    }
    Ok(Part {
        groups: layout::planned(nodes, per_rack, args.racks.as_deref())?,
        system,
        nodes: nodes as usize,
    })
}

/// Nodes of a rack where neither flag nor catalogue says it: what the power of a common rack feeds of eight-GPU nodes.
const PER_RACK: u16 = 4;

fn per_rack(args: &Init, system: &str) -> u16 {
    let said = args.nodes_per_rack.or_else(|| layout::of_catalogue(system));
    said.unwrap_or(PER_RACK)
}

/// A name for an object: that of a system may be longer than a pool's.
fn is_name(text: &str) -> bool {
    Name::new(text.to_owned()).is_ok()
}

/// Whether a text is a hostlist that fits its field.
fn is_hostlist(text: &str) -> bool {
    Hostlist::new(text.to_owned()).is_ok()
}
