//! `rackwright explain system dgx-b200`: entries of the catalogue, each figure with its source.

use std::collections::BTreeMap;

use rackwright_planner::catalogue::{self, Entry};
use serde_json::{Value, json};

use crate::args::{Explain, TextOrJson};
use crate::suggest::nearest;
use crate::verbs::VerbError;

/// What is asked for, if it is something of the catalogue and not a rule.
pub fn explain(args: &Explain) -> Result<Option<String>, VerbError> {
    let name = args.name.as_deref().map(str::trim);
    let kind = args.code.as_deref().map(|kind| kind.trim().to_ascii_lowercase());
    match kind.as_deref() {
        Some("system" | "systems") => print(catalogue::systems(), name, args.output),
        Some("gpu" | "gpus") => print(catalogue::gpus(), name, args.output),
        Some("switch" | "switches") => print(catalogue::switches(), name, args.output),
        Some("adapter" | "adapters") => print(catalogue::adapters(), name, args.output),
        Some("compatibility") => print(catalogue::compatibility(), name, args.output),
        _ => return Ok(None),
    }
    .map(Some)
}

fn print<E: Entry>(
    entries: &BTreeMap<String, E>,
    name: Option<&str>,
    output: TextOrJson,
) -> Result<String, VerbError> {
    let chosen: Vec<(&String, &E)> = match name {
        None => entries.iter().collect(),
        Some(name) => {
            let found = entries.get_key_value(&name.to_ascii_lowercase());
            vec![found.ok_or_else(|| unknown::<E>(name, entries.keys().map(String::as_str)))?]
        }
    };
    Ok(match (output, name) {
        (TextOrJson::Json, _) => json_text(&chosen)?,
        (TextOrJson::Text, Some(_)) => chosen.iter().map(|(name, entry)| page(name, *entry)).collect(),
        (TextOrJson::Text, None) => list(&chosen),
    })
}

fn json_text<E: Entry>(chosen: &[(&String, &E)]) -> Result<String, VerbError> {
    let mut all = Vec::new();
    for (name, entry) in chosen {
        let mut value = serde_json::to_value(entry)?;
        if let Value::Object(fields) = &mut value {
            fields.insert("name".to_owned(), json!(name));
        }
        all.push(value);
    }
    Ok(serde_json::to_string_pretty(&json!({"formatVersion": 1, E::KINDS: all}))? + "\n")
}

/// One entry: what is said, the figure, and the source below where it changes.
pub fn page<E: Entry>(name: &str, entry: &E) -> String {
    let facts = entry.facts();
    let width = facts.iter().map(|fact| fact.label.len()).max().unwrap_or(0);
    let mut out = format!("# {} {name}\n\n", E::KIND);
    for (at, fact) in facts.iter().enumerate() {
        out.push_str(&format!("{:<width$}  {}\n", fact.label, fact.value));
        if facts.get(at + 1).is_none_or(|next| next.source != fact.source) {
            out.push_str(&format!("{:<width$}  [{}]\n", "", fact.source));
        }
    }
    out
}

/// All entries, a line each.
fn list<E: Entry>(chosen: &[(&String, &E)]) -> String {
    let width = name_width(chosen.iter().map(|(name, _)| name.as_str()));
    let lines = chosen.iter();
    lines
        .map(|(name, entry)| list_line(name, *entry, width))
        .collect()
}

/// The width of the longest name.
pub fn name_width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(str::len).max().unwrap_or(0)
}

/// One entry of a list: its name and its first facts.
pub fn list_line<E: Entry>(name: &str, entry: &E, width: usize) -> String {
    const SHOWN: usize = 6;
    let facts = entry.facts();
    let shown: Vec<String> = facts
        .iter()
        .filter(|fact| fact.label != "MIG profile")
        .take(SHOWN)
        .map(|fact| format!("{} {}", fact.label, fact.value))
        .collect();
    format!("{name:<width$}  {}\n", shown.join(", "))
}

/// There is no entry of this name.
pub fn unknown<'a, E: Entry>(name: &str, known: impl IntoIterator<Item = &'a str>) -> VerbError {
    let hint = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`rackwright explain {}` lists all {}", E::KIND, E::KINDS),
    };
    VerbError::Unknown(format!("the catalogue has no {} `{name}`; {hint}", E::KIND))
}
