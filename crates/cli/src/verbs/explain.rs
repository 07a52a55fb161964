//! `rackwright explain`.

use rackwright_manifest::Severity;
use serde::Serialize;
use serde_json::json;

use super::VerbError;
use crate::args::{Explain, TextOrJson};
use crate::catalogue;
use crate::exit::Exit;
use crate::field;
use crate::node_page;
use crate::output::Out;
use crate::own_catalogue;
use crate::pager::{Paging, print};
use crate::suggest::nearest;

/// A rule of any layer.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Entry {
    /// Stable code.
    pub code: &'static str,
    /// Name in kebab-case.
    pub name: &'static str,
    /// Severity of its findings.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
    /// Markdown.
    pub doc: &'static str,
}

/// All rules of all layers, by code.
pub fn all_rules() -> Vec<Entry> {
    let rules = [
        rackwright_manifest::RULES,
        crate::rules::RULES,
        rackwright_planner::rules::RULES,
    ];
    let rules = rules.into_iter().flatten().map(|rule| Entry {
        code: rule.code,
        name: rule.name,
        severity: rule.severity,
        summary: rule.summary,
        doc: rule.doc,
    });
    let invariants = rackwright_plan_check::INVARIANTS.iter().map(|invariant| Entry {
        code: invariant.code,
        name: invariant.name,
        severity: Severity::Error,
        summary: invariant.summary,
        doc: invariant.doc,
    });
    let mut all: Vec<Entry> = rules.chain(invariants).collect();
    all.sort_by_key(|entry| entry.code);
    all
}

/// Prints the documentation of one rule or an entry of the catalogue, or a list of all.
pub fn run(args: &Explain, paging: Paging, out: &mut Out) -> Result<Exit, VerbError> {
    if args
        .code
        .as_deref()
        .is_some_and(|code| code.trim().eq_ignore_ascii_case("node"))
    {
        let (text, exit) = node_page::explain(args)?;
        print(&text, paging, out)?;
        return Ok(exit);
    }
    if !args.paths.is_empty() || args.previous.is_some() {
        return Err(VerbError::Usage(
            "paths and --previous go with `explain node NAME`; --file goes with the catalogue".to_owned(),
        ));
    }
    if !args.file.is_empty() {
        let (text, exit) = own_catalogue::explain(args)?;
        print(&text, paging, out)?;
        return Ok(exit);
    }
    if let Some(text) = catalogue::explain(args)? {
        print(&text, paging, out)?;
        return Ok(Exit::Clean);
    }
    if let (Some(code), Some(name)) = (&args.code, &args.name) {
        return Err(VerbError::Unknown(format!(
            "`{code}` takes no name, and `{name}` was given; the catalogue has system, gpu, switch, adapter and compatibility"
        )));
    }
    if let Some(code) = &args.code
        && let Some(text) = field::explain(code, args.recursive, args.output)?
    {
        print(&text, paging, out)?;
        return Ok(Exit::Clean);
    }
    let all = all_rules();
    let chosen = match &args.code {
        None => all.clone(),
        Some(code) => {
            let wanted = code.trim();
            let is_it = |entry: &&Entry| {
                entry.code.eq_ignore_ascii_case(wanted) || entry.name.eq_ignore_ascii_case(wanted)
            };
            // A name may be that of a rule and of the invariant that it upholds.
            let found: Vec<Entry> = all.iter().filter(is_it).copied().collect();
            if found.is_empty() {
                return Err(unknown(wanted, &all));
            }
            found
        }
    };
    let text = match args.output {
        TextOrJson::Json => {
            serde_json::to_string_pretty(&json!({"formatVersion": 1, "rules": chosen}))? + "\n"
        }
        TextOrJson::Text if args.code.is_some() => chosen.iter().map(page).collect::<Vec<_>>().join("\n"),
        TextOrJson::Text => list(&chosen),
    };
    print(&text, paging, out)?;
    Ok(Exit::Clean)
}

fn page(entry: &Entry) -> String {
    format!(
        "# {} {} ({})\n\n{}\n\n{}\n",
        entry.code,
        entry.name,
        severity(entry.severity),
        entry.summary.trim_end_matches('.'),
        entry.doc.trim()
    )
}

fn list(entries: &[Entry]) -> String {
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let line = |entry: &Entry| {
        format!(
            "{}  {:<7}  {:<width$}  {}\n",
            entry.code,
            severity(entry.severity),
            entry.name,
            entry.summary.trim_end_matches('.')
        )
    };
    entries.iter().map(line).collect()
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn unknown(wanted: &str, all: &[Entry]) -> VerbError {
    let kinds = field::kind_names();
    let names = all.iter().flat_map(|entry| [entry.code, entry.name]);
    let names = names.chain(kinds.iter().map(String::as_str));
    let hint = match nearest(wanted, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`rackwright explain` lists all rules".to_owned(),
    };
    VerbError::Unknown(format!("there is no rule `{wanted}`; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_over_all_layers() {
        let all = all_rules();
        assert!(all.is_sorted_by(|a, b| a.code < b.code), "a code stands twice");
    }
}
