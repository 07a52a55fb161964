//! `rackwright explain system our-b200 --file clusters/`: the catalogue as the sites of these files have it.

use std::collections::BTreeMap;

use rackwright_planner::Intent;
use rackwright_planner::catalogue::{self, Entry, Fact, Own, Section, View};
use serde_json::{Value, json};

use crate::args::{Explain, TextOrJson};
use crate::catalogue::{list_line, name_width, unknown};
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::output::eprint;
use crate::pipeline::{self, Outcome};
use crate::report;
use crate::verbs::VerbError;
use crate::walk::InputError;

/// The label of facts of which an entry has many.
const MIG_PROFILE: &str = "MIG profile";

/// One sort of hardware of each site, by site.
type Sites<'a, E> = Vec<(&'a str, &'a Section<E>)>;

/// Reads the files and prints what their sites say.
pub fn explain(args: &Explain) -> Result<(String, Exit), VerbError> {
    let outcome = pipeline::run(Inputs::new(&args.file, &args.clusters), Vec::new())?;
    let exit = told(&outcome);
    if exit == Exit::Tool {
        return Ok((String::new(), exit));
    }
    if outcome.input.superclusters.is_empty() {
        return Err(VerbError::Unknown(
            "there is no Supercluster in these files that can be read".to_owned(),
        ));
    }
    let sites: BTreeMap<&str, View> = outcome
        .input
        .superclusters
        .iter()
        .map(|Intent { name, spec, .. }| (name.as_str(), View::of(spec.catalogue.as_ref())))
        .collect();
    let kind = args.code.as_deref().map(|kind| kind.trim().to_ascii_lowercase());
    let text = match kind.as_deref() {
        Some("system" | "systems") => print(args, &of(&sites, |view| &view.systems), catalogue::systems()),
        Some("gpu" | "gpus") => print(args, &of(&sites, |view| &view.gpus), catalogue::gpus()),
        Some("switch" | "switches") => print(args, &of(&sites, |view| &view.switches), catalogue::switches()),
        Some("adapter" | "adapters") => {
            print(args, &of(&sites, |view| &view.adapters), catalogue::adapters())
        }
        _ => Err(VerbError::Unknown(
            "--file goes with system, gpu, switch and adapter, of which a site may have entries of its own"
                .to_owned(),
        )),
    }?;
    Ok((text, exit))
}

fn of<'a, E>(
    sites: &'a BTreeMap<&'a str, View>,
    section: impl Fn(&'a View) -> &'a Section<E>,
) -> Sites<'a, E> {
    sites.iter().map(|(site, view)| (*site, section(view))).collect()
}

/// Findings are `validate`'s to show, but an entry with a mistake is not in the catalogue.
fn told(outcome: &Outcome) -> Exit {
    report::errors(outcome);
    if outcome.tally() != (0, 0) {
        eprint(&format!(
            "{}; `rackwright validate` shows them\n",
            report::summary(outcome)
        ));
    }
    let errors = outcome.errors.iter().map(InputError::exit);
    errors.max().unwrap_or(Exit::Clean)
}

fn print<E: Entry>(
    args: &Explain,
    sites: &Sites<'_, E>,
    built_in: &BTreeMap<String, E>,
) -> Result<String, VerbError> {
    let name = args.name.as_deref().map(|name| name.trim().to_ascii_lowercase());
    if let Some(name) = &name {
        let known: Vec<&str> = sites.iter().flat_map(|(_, section)| section.names()).collect();
        if !known.contains(&name.as_str()) {
            return Err(unknown::<E>(name, known));
        }
    }
    match (args.output, &name) {
        (TextOrJson::Json, name) => json_text(sites, built_in, name.as_deref()),
        (TextOrJson::Text, Some(name)) => Ok(pages(sites, built_in, name)),
        (TextOrJson::Text, None) => Ok(sites.iter().map(list).collect::<Vec<_>>().join("\n")),
    }
}

/// A page for each site that says something of its own, else the built-in entry.
fn pages<E: Entry>(sites: &Sites<'_, E>, built_in: &BTreeMap<String, E>, name: &str) -> String {
    let own: Vec<String> = sites
        .iter()
        .filter_map(|(site, section)| Some(page(site, name, section.own().get(name)?)))
        .collect();
    match built_in.get(name) {
        Some(entry) if own.is_empty() => {
            crate::catalogue::page(&format!("{name}, built in: no Supercluster overrides it"), entry)
        }
        _ => own.join("\n"),
    }
}

/// One entry: each figure, what it was without the site's own, and its source below where that changes.
fn page<E: Entry>(site: &str, name: &str, own: &Own<E>) -> String {
    let origin = match own.base {
        Some((base, _)) if base == name => "overrides the built-in entry".to_owned(),
        Some((base, _)) => format!("like {base}"),
        None => "not built in".to_owned(),
    };
    let mut out = format!("# {} {name} of Supercluster/{site}: {origin}\n\n", E::KIND);
    let facts = own.entry.facts();
    let width = facts.iter().map(|fact| fact.label.len()).max().unwrap_or(0);
    for (at, fact) in facts.iter().enumerate() {
        let instead = match instead(fact, own) {
            Instead::Nothing => String::new(),
            Instead::Absent => " (not built in)".to_owned(),
            // The sum of a table, whose lines differ.
            Instead::Figure(before) if before == fact.value => " (overridden)".to_owned(),
            Instead::Figure(before) => format!(" (overrides {before})"),
        };
        out.push_str(&format!("{:<width$}  {}{instead}\n", fact.label, fact.value));
        if facts.get(at + 1).is_none_or(|next| next.source != fact.source) {
            out.push_str(&format!("{:<width$}  [{}]\n", "", fact.source));
        }
    }
    out
}

/// What a figure stands instead of.
enum Instead {
    /// It is the built-in one, or the entry is like no built-in one.
    Nothing,
    /// The built-in entry does not have it.
    Absent,
    /// What the built-in entry says.
    Figure(String),
}

fn instead<E: Entry>(fact: &Fact<'_>, own: &Own<E>) -> Instead {
    let base = own.base.filter(|_| fact.source == own.source);
    // A table of profiles is overridden as a whole; its first line says so.
    let Some((_, base)) = base.filter(|_| fact.label != MIG_PROFILE) else {
        return Instead::Nothing;
    };
    let before = base.facts().into_iter().find(|before| before.label == fact.label);
    before.map_or(Instead::Absent, |before| Instead::Figure(before.value))
}

/// All entries of one site, its own with a mark.
fn list<E: Entry>((site, section): &(&str, &Section<E>)) -> String {
    let mut out = format!("# {} of Supercluster/{site}; * marks its own\n\n", E::KINDS);
    let names: Vec<&str> = section.names().collect();
    let width = name_width(names.iter().copied());
    for name in names {
        let mark = if section.own().contains_key(name) {
            '*'
        } else {
            ' '
        };
        if let Some(entry) = section.get(name) {
            out.push_str(&format!("{mark} {}", list_line(name, entry, width)));
        }
    }
    out
}

fn json_text<E: Entry>(
    sites: &Sites<'_, E>,
    built_in: &BTreeMap<String, E>,
    name: Option<&str>,
) -> Result<String, VerbError> {
    let wanted = |entry: &str| name.is_none_or(|name| name == entry);
    let mut all = Vec::new();
    for (name, entry) in built_in.iter().filter(|(name, _)| wanted(name)) {
        all.push(named(name, entry)?);
    }
    for (site, section) in sites {
        for (name, own) in section.own().iter().filter(|(name, _)| wanted(name)) {
            let mut value = named(name, &own.entry)?;
            value["supercluster"] = json!(site);
            value["base"] = json!(own.base.map(|(base, _)| base));
            let facts = own.entry.facts();
            let overridden: Vec<Value> = facts
                .iter()
                .filter_map(|fact| {
                    let before = match instead(fact, own) {
                        Instead::Nothing => return None,
                        Instead::Absent => Value::Null,
                        Instead::Figure(before) => json!(before),
                    };
                    Some(json!({ "figure": fact.label, "value": fact.value, "builtIn": before }))
                })
                .collect();
            value["overridden"] = Value::Array(overridden);
            all.push(value);
        }
    }
    Ok(serde_json::to_string_pretty(&json!({"formatVersion": 1, E::KINDS: all}))? + "\n")
}

fn named<E: Entry>(name: &str, entry: &E) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(entry)?;
    value["name"] = json!(name);
    Ok(value)
}
