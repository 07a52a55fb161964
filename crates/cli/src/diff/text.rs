//! A diff for people, on a terminal.

use rackwright_api::ActionClass;
use rackwright_manifest::render::printable;
use rackwright_planner::power::shown;
use serde_json::Value;

use super::report::{AddressChange, CapacityChange, CauseReport, EditReport, PowerChange, Report, Verdict};
use crate::changes::{ClassCount, FieldChange, cut};
use crate::drift::text as drift;
use crate::summary::count;

/// Causes, addresses and other lines of one sort that are listed.
const SHOWN: usize = 30;

/// What is said of inventories that are told together.
pub const EACH: &str = "each changes the node of its own name alone";

/// What stands above edits of saved plans.
pub const UNTRIED: &str = "edits of the documents, of which none was tried alone";

/// The whole text.
pub fn text(report: &Report) -> String {
    let [a, b] = &report.sides;
    let mut out = format!(
        "{} -> {}: {}\n",
        printable(&a.name),
        printable(&b.name),
        headline(report)
    );
    out.push_str(&format!("digest {}\n", report.digest));
    for violation in &report.violations {
        out.push_str(&format!(
            "REFUSED by --{}: {}\n",
            violation.flag, violation.message
        ));
        if !violation.names.is_empty() {
            out.push_str(&format!("        {}\n", cut(&violation.names)));
        }
    }
    if !report.nodes.is_empty() {
        out.push('\n');
    }
    for ClassCount { class, nodes } in &report.changes.classes {
        let (mark, lost) = marks(*class);
        out.push_str(&format!(
            "{mark}{:<11}  {}{lost}\n",
            format!("{class:?}"),
            count(*nodes, "node")
        ));
    }
    if report.changes.removed > 0 {
        out.push_str(&format!(
            "  let go       {}, whose hosts stay as they are\n",
            count(report.changes.removed, "node")
        ));
    }
    for line in reach(report) {
        out.push_str(&format!("  {line}\n"));
    }
    match &report.causes {
        Some(causes) => section(&mut out, "what changes them", causes, cause),
        None => section(
            &mut out,
            "what changes (a saved plan holds no inventories, so no edit can be tried)",
            &report.changes.fields,
            FieldChange::text,
        ),
    }
    section(
        &mut out,
        "other edits, which bring no node into this list",
        &report.other_edits,
        |edit| format!("  {}\n", self::edit(edit)),
    );
    section(&mut out, UNTRIED, &report.untried_edits, |edit| {
        format!("  {}\n", self::edit(edit))
    });
    out.push_str(&report.changes.order());
    section(&mut out, "addresses that change", &report.addresses, |address| {
        format!("  {}\n", self::address(address))
    });
    section(&mut out, "power at most", &report.power, |power| {
        format!("  {}\n", self::power(power))
    });
    if let Some(cables) = &report.cables {
        section(&mut out, "cables", &cables.lines(), |line| {
            format!("  {}\n", printable(line))
        });
    }
    section(&mut out, "capacity", &report.capacity, |capacity| {
        format!("  {}\n", self::capacity(capacity))
    });
    out.extend(report.drift.iter().map(|found| drift::section(found, SHOWN)));
    out
}

fn section<T>(out: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title}\n"));
    out.extend(items.iter().take(SHOWN).map(line));
    if items.len() > SHOWN {
        out.push_str(&format!(
            "  ... and {} more; --output json has them all\n",
            items.len() - SHOWN
        ));
    }
}

/// How many nodes become what.
pub fn headline(report: &Report) -> String {
    let changes = &report.changes;
    if report.verdict == Verdict::Same {
        return format!(
            "no difference, {} the same{}",
            count(changes.unchanged, "node"),
            kept(changes.kept)
        );
    }
    if report.nodes.is_empty() {
        let beside = report.beside_nodes();
        return format!(
            "no node differs, {} the same{}{}{}",
            changes.unchanged,
            kept(changes.kept),
            if beside.is_empty() { "" } else { "; other " },
            beside.join(", other ")
        );
    }
    format!(
        "{} changed, {} added, {} removed, {} the same{}",
        changes.changed,
        changes.added,
        changes.removed,
        changes.unchanged,
        kept(changes.kept)
    )
}

fn kept(number: usize) -> String {
    match number {
        0 => String::new(),
        number => format!(", {number} left as they are"),
    }
}

/// What stands before a class and behind its number.
pub fn marks(class: ActionClass) -> (&'static str, &'static str) {
    match class {
        ActionClass::Destructive => ("!!", "  !! DATA IS LOST"),
        _ => ("  ", ""),
    }
}

/// Domains that are touched, and what is down at once.
pub fn reach(report: &Report) -> Vec<String> {
    let reach = &report.reach;
    if reach.nodes == 0 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut parts = vec![format!(
        "{} ({})",
        count(reach.rack_count, "rack"),
        cut(&reach.racks)
    )];
    if reach.rack_count == 0 {
        parts.clear();
    }
    if !reach.rails.is_empty() {
        let rails: Vec<String> = reach.rails.iter().map(ToString::to_string).collect();
        parts.push(format!("rails {}", rails.join(", ")));
    }
    if !reach.units.is_empty() {
        let number = count(reach.units.len(), "scalable unit");
        parts.push(format!("{number} ({})", cut(&reach.units.join(", "))));
    }
    if !reach.nvlink_domains.is_empty() {
        parts.push(format!("NVLink domains {}", cut(&reach.nvlink_domains)));
    }
    if !parts.is_empty() {
        lines.push(format!("touches {}", parts.join("; ")));
    }
    if let (Some(down), Some(racks)) = (reach.down_at_once, reach.racks_at_once) {
        lines.push(match down {
            0 => format!("in {}, with no node down", count(reach.waves, "wave")),
            _ => format!(
                "in {}, with at most {} down at once, in at most {}",
                count(reach.waves, "wave"),
                count(down, "node"),
                count(racks, "rack")
            ),
        });
    }
    if reach.waves == 0 && report.changes.held.is_empty() {
        lines.push(
            "waves are not known: the new side holds no budgets; a plan that `rackwright plan --out` saves does".to_owned(),
        );
    }
    lines
}

fn cause(cause: &CauseReport) -> String {
    let (mark, lost) = marks(cause.class);
    let class = format!("{:?}", cause.class);
    let mut out = format!(
        "{mark}{class:<11}  {} ({}){lost}\n",
        count(cause.nodes, "node"),
        cut(&cause.names)
    );
    let shown = cause.edits.iter().take(SHOWN);
    out.extend(shown.map(|edit| format!("               {}\n", self::edit(edit))));
    if cause.edits.len() > SHOWN {
        out.push_str(&format!(
            "               ... and {} more edits\n",
            cause.edits.len() - SHOWN
        ));
    }
    if cause.each {
        out.push_str(&format!("               {EACH}\n"));
    }
    let fields: Vec<&str> = cause
        .fields
        .iter()
        .take(3)
        .map(|field| field.path.as_str())
        .collect();
    let more = cause.fields.len() - fields.len() + cause.more_fields;
    if !fields.is_empty() {
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        out.push_str(&format!(
            "               on the node: {}{more}\n",
            printable(&fields.join(", "))
        ));
    }
    out
}

/// One edit: where, what, and from what to what.
pub fn edit(edit: &EditReport) -> String {
    let place = match (&edit.file, edit.line) {
        (Some(file), Some(line)) => format!("{}:{line}: ", printable(file)),
        _ => String::new(),
    };
    let field = if edit.path.is_empty() {
        String::new()
    } else {
        format!(" {}", edit.path)
    };
    let names = match &*edit.names {
        "" => String::new(),
        names => format!(" ({})", cut(&printable(names))),
    };
    let values = match (&edit.old, &edit.new) {
        (None, None) => String::new(),
        (old, new) => format!(": {} -> {}", value(old.as_ref()), value(new.as_ref())),
    };
    format!(
        "{place}{}{names}{}{values}",
        printable(&edit.object),
        printable(&field)
    )
}

fn value(value: Option<&Value>) -> String {
    match value {
        None => "(none)".to_owned(),
        Some(Value::String(text)) => cut(&printable(text)),
        Some(value) => cut(&printable(&value.to_string())),
    }
}

/// One address.
pub fn address(address: &AddressChange) -> String {
    let (old, new) = (value(Some(&address.old)), value(address.new.as_ref()));
    format!("{} rail {}: {old} -> {new}", address.node, address.rail)
}

/// One budget.
pub fn power(power: &PowerChange) -> String {
    let name = match &power.name {
        Some(name) => format!("{} {name} of {}", power.level, power.supercluster),
        None => format!("{} {}", power.level, power.supercluster),
    };
    let side = |draw: Option<u64>| draw.map_or_else(|| "(none)".to_owned(), shown);
    let delta = match (power.draw_before, power.draw_after) {
        (Some(before), Some(after)) if before != after => {
            let sign = if after > before { '+' } else { '-' };
            format!(", {sign}{}", shown(after.abs_diff(before)))
        }
        _ => String::new(),
    };
    let room = match (power.draw_after, power.usable) {
        (Some(draw), Some(usable)) if usable >= draw => format!("; {} left", shown(usable - draw)),
        (Some(draw), Some(usable)) => format!("; {} too much", shown(draw - usable)),
        _ => String::new(),
    };
    format!(
        "{name}: {} -> {}{delta}{room}",
        side(power.draw_before),
        side(power.draw_after)
    )
}

/// One pool.
pub fn capacity(change: &CapacityChange) -> String {
    let gpus = match (change.gpus_before, change.gpus_after) {
        (Some(before), Some(after)) => format!(", {before} -> {after} GPUs"),
        _ => String::new(),
    };
    format!(
        "pool {}: {} -> {} nodes{gpus}",
        change.pool, change.nodes_before, change.nodes_after
    )
}
