//! A diff as a comment on a pull request: the summary, and the rest folded below it.
//!
//! All that comes from the input stands in code, as in the comment of `validate`.

use rackwright_api::ActionClass;

use super::report::{CauseReport, NodeReport, Report};
use super::text::{self, headline, reach};
use crate::changes::ClassCount;
use crate::drift::report::{BreakReport, LinkReport};
use crate::drift::text as drift;
use crate::formats::markdown::code;
use crate::summary::count;

/// GitHub takes comments of at most 65,536 characters, GitLab of 1,000,000; a byte is never more than one. The rest is for what
/// others put around this text.
const LIMIT: usize = 60_000;

/// Bytes that each section may take of it, so that none hides another.
const SECTION: usize = 11_000;

/// Characters of a list of names.
const NAMES: usize = 400;

/// The whole comment.
pub fn comment(report: &Report) -> String {
    let [a, b] = &report.sides;
    let mut out = format!(
        "### rackwright diff\n\n{} → {}: {}\n",
        code(&a.name),
        code(&b.name),
        headline(report)
    );
    for violation in &report.violations {
        out.push_str(&format!(
            "\n> **Refused by {}**: {}\n",
            code(&format!("--{}", violation.flag)),
            violation.message
        ));
        if !violation.names.is_empty() {
            out.push_str(&format!("> {}\n", code(&shortened(&violation.names))));
        }
    }
    if !report.nodes.is_empty() {
        out.push_str("\n| what happens | nodes |\n|---|---|\n");
    }
    for ClassCount { class, nodes } in &report.changes.classes {
        out.push_str(&match class {
            ActionClass::Destructive => format!("| ❌ **{class:?}: DATA IS LOST** | **{nodes}** |\n"),
            _ => format!("| {class:?} | {nodes} |\n"),
        });
    }
    if report.changes.removed > 0 {
        out.push_str(&format!("| let go | {} |\n", report.changes.removed));
    }
    let lines = reach(report);
    if !lines.is_empty() {
        out.push('\n');
    }
    out.extend(lines.iter().map(|line| format!("- {}\n", code(line))));
    out.extend(
        report
            .power
            .iter()
            .take(3)
            .map(|power| format!("- power: {}\n", code(&text::power(power)))),
    );
    let cables = report.cables.iter().flat_map(|cables| &cables.fabrics).take(3);
    out.extend(cables.map(|fabric| format!("- cables: {}\n", code(&fabric.headline()))));
    out.push_str(&format!("\nDigest {}\n", code(&report.digest)));
    let causes = report.causes.as_deref().unwrap_or_default();
    fold(
        &mut out,
        "What changes them",
        causes.len(),
        &mut causes.iter().map(cause),
    );
    if report.causes.is_none() {
        let fields = &report.changes.fields;
        let lines = fields.iter().map(|field| item(field.text().trim()));
        fold(
            &mut out,
            "Fields",
            fields.len() + report.changes.more_fields,
            &mut { lines },
        );
    }
    let edits = &report.other_edits;
    let title = "Other edits, which bring no node into this list";
    fold(
        &mut out,
        title,
        edits.len(),
        &mut edits.iter().map(|edit| item(&text::edit(edit))),
    );
    let edits = &report.untried_edits;
    let mut lines = edits.iter().map(|edit| item(&text::edit(edit)));
    fold(
        &mut out,
        "Edits of the documents, of which none was tried alone",
        edits.len(),
        &mut lines,
    );
    let order = report.changes.order();
    let lines = order.lines().filter(|line| line.starts_with(' '));
    let number = report.reach.waves + report.changes.held.len();
    fold(
        &mut out,
        "Waves",
        number,
        &mut lines.map(|line| item(line.trim())),
    );
    let addresses = &report.addresses;
    let lines = addresses.iter().map(|address| item(&text::address(address)));
    fold(&mut out, "Addresses that change", addresses.len(), &mut { lines });
    let lines = report.power.iter().map(|power| item(&text::power(power)));
    fold(&mut out, "Power", report.power.len(), &mut { lines });
    if let Some(cables) = &report.cables {
        let lines = cables.lines();
        let mut lines = lines.iter().map(|line| item(line.trim()));
        fold(&mut out, "Cables to move", cables.number(), &mut lines);
    }
    let lines = report.capacity.iter().map(|change| item(&text::capacity(change)));
    fold(&mut out, "Capacity", report.capacity.len(), &mut { lines });
    fold(
        &mut out,
        "Nodes",
        report.nodes.len(),
        &mut report.nodes.iter().map(node),
    );
    for found in &report.drift {
        out.push_str(&format!(
            "\n**Drift**, no part of the change: {}\n",
            code(&drift::headline(found))
        ));
        for LinkReport { link, breaks, .. } in &found.links {
            fold(
                &mut out,
                &format!("Drift, {}", drift::words(*link).replace("->", "→")),
                breaks.len(),
                &mut breaks.iter().map(broken),
            );
        }
    }
    out
}

/// The start of a hostlist: of names that do not fold, one of many nodes would fill the comment.
fn shortened(names: &str) -> String {
    if names.len() <= NAMES {
        return names.to_owned();
    }
    let kept: String = names.chars().take(NAMES).collect();
    format!("{kept}…")
}

fn broken(found: &BreakReport) -> String {
    let more = drift::more(found)
        .into_iter()
        .map(|line| format!("  - {}\n", code(&line)));
    item(&drift::line(found)) + &more.collect::<String>()
}

fn item(text: &str) -> String {
    format!("- {}\n", code(text))
}

fn cause(cause: &CauseReport) -> String {
    let edits: Vec<String> = cause
        .edits
        .iter()
        .take(3)
        .map(|edit| code(&text::edit(edit)))
        .collect();
    let more = match cause.edits.len() - edits.len() {
        0 => String::new(),
        more => format!(" and {}", count(more, "more edit")),
    };
    let each = if cause.each {
        format!("; {}", text::EACH)
    } else {
        String::new()
    };
    let lost = match cause.class {
        ActionClass::Destructive => "❌ **DATA IS LOST** ",
        _ => "",
    };
    let nodes = count(cause.nodes, "node");
    format!(
        "- {lost}**{:?}**, {nodes} {}: {}{more}{each}\n",
        cause.class,
        code(&shortened(&cause.names)),
        edits.join(", ")
    )
}

fn node(node: &NodeReport) -> String {
    let wave = match (node.wave, node.waits) {
        (Some(wave), _) => format!(", wave {wave}"),
        (None, Some(why)) => format!(", waits {why}"),
        (None, None) => String::new(),
    };
    let rack = node
        .rack
        .as_ref()
        .map_or_else(String::new, |rack| format!(", rack {rack}"));
    item(&format!(
        "{}: {:?}, {:?}{rack}{wave}",
        node.name, node.what, node.class
    ))
}

/// A folded list of a number of things, as long as there is room for its lines; what is cut is counted.
fn fold(out: &mut String, title: &str, number: usize, lines: &mut dyn Iterator<Item = String>) {
    if number == 0 {
        return;
    }
    let mut list = String::new();
    let room = SECTION.min(LIMIT.saturating_sub(out.len()));
    let mut cut = 0;
    for line in lines {
        if cut > 0 || list.len() + line.len() > room {
            cut += 1;
        } else {
            list.push_str(&line);
        }
    }
    if cut > 0 {
        list.push_str(&format!(
            "- … and {cut} more; {} has them all\n",
            code("--output json")
        ));
    }
    out.push_str(&format!(
        "\n<details>\n<summary>{title} ({number})</summary>\n\n{list}\n</details>\n"
    ));
}
