//! Drift in words, which text, Markdown and HTML share.

use rackwright_manifest::render::printable;
use rackwright_planner::drift::Link;

use super::report::{BreakReport, Detail, Drift, LinkName, LinkReport};
use crate::changes::cut;
use crate::summary::count;

/// How many nodes of a side are not what its intents say.
pub fn headline(drift: &Drift) -> String {
    let side = printable(&drift.side);
    let mut out = if drift.is_none() {
        format!(
            "none in {side}: {} as the intents say",
            count(drift.nodes, "node")
        )
    } else {
        let mut parts = Vec::new();
        if drift.drifting > 0 {
            parts.push(format!(
                "{} not as the intents say",
                count(drift.drifting, "node")
            ));
        }
        if drift.unknown > 0 {
            parts.push(format!("{} of which nobody knows", count(drift.unknown, "node")));
        }
        format!(
            "in {side}: {}, {} in sync",
            parts.join(", "),
            count(drift.in_sync, "node")
        )
    };
    if drift.detached > 0 {
        out.push_str(&format!("; {} let go", count(drift.detached, "node")));
    }
    if drift.elsewhere > 0 {
        out.push_str(&format!(
            "; {} of other member clusters",
            count(drift.elsewhere, "node")
        ));
    }
    out
}

/// The section of a text; empty where nothing drifts.
pub fn section(drift: &Drift, shown: usize) -> String {
    let mut out = format!("\ndrift {}\n", headline(drift));
    for LinkReport { link, breaks, .. } in &drift.links {
        if breaks.is_empty() {
            continue;
        }
        out.push_str(&format!("  {}\n", words(*link)));
        for found in breaks.iter().take(shown) {
            out.push_str(&format!("    {}\n", line(found)));
            out.extend(more(found).iter().map(|line| format!("        {line}\n")));
        }
        if breaks.len() > shown {
            out.push_str(&format!(
                "    ... and {} more; --output json has them all\n",
                breaks.len() - shown
            ));
        }
    }
    out
}

/// A link in words.
pub const fn words(link: LinkName) -> &'static str {
    match link {
        LinkName::SpecToWritten => Link::SpecToWritten.words(),
        LinkName::WrittenToApplied => Link::WrittenToApplied.words(),
        LinkName::AppliedToObserved => Link::AppliedToObserved.words(),
    }
}

/// A group in one line.
pub fn line(found: &BreakReport) -> String {
    let pool = found.pool.as_ref();
    let pool = pool.map_or_else(String::new, |pool| format!(" of GPUPool/{}", printable(pool)));
    format!(
        "{}: {}{pool} ({}): {}",
        found.kind,
        count(found.nodes, "node"),
        cut(&printable(&found.names)),
        found.means
    )
}

/// What else is known of a group, in lines.
pub fn more(found: &BreakReport) -> Vec<String> {
    let mut lines: Vec<String> = found.why.iter().map(|why| printable(why).into_owned()).collect();
    if !found.writers.is_empty() {
        lines.push(format!(
            "also written by {}",
            printable(&found.writers.join(", "))
        ));
    }
    lines.extend(
        found
            .details
            .iter()
            .map(|detail| self::detail(detail, found.nodes)),
    );
    if found.more_details > 0 {
        lines.push(format!("... and {} more", found.more_details));
    }
    lines
}

fn detail(detail: &Detail, all: usize) -> String {
    let path = if detail.path.is_empty() {
        String::new()
    } else {
        format!("{}: ", printable(&detail.path))
    };
    let various = if detail.various {
        ", and others otherwise"
    } else {
        ""
    };
    let nodes = if detail.nodes < all {
        format!(" ({})", count(detail.nodes, "node"))
    } else {
        String::new()
    };
    format!("{path}{}{various}{nodes}", printable(&detail.message))
}
