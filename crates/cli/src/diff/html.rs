//! A diff as one page that asks nobody for anything: a summary that needs no script, and a grid of racks and rails with a
//! slider over the waves and a search. Its script and its style are the files in `page/`.

use std::collections::BTreeMap;

use rackwright_api::ActionClass;
use rackwright_manifest::render::printable;
use serde_json::{Value, json};

use super::report::{Becomes, NodeReport, Report};
use super::text::{self, headline, reach};
use crate::changes::{ClassCount, cut, step};
use crate::compared::Compared;
use crate::drift::report::LinkReport;
use crate::drift::text as drift;
use crate::summary::count;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Lines of a list that needs no script.
const SHOWN: usize = 200;

/// The whole page.
pub fn page(report: &Report, compared: &Compared<'_>) -> String {
    let [a, b] = &report.sides;
    let title = escaped(&format!("{} → {}", a.name, b.name));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src \
         'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>rackwright diff {title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{}</p>\n",
        escaped(&headline(report))
    );
    for violation in &report.violations {
        out.push_str(&format!(
            "<p class=\"refused\">Refused by <code>--{}</code>: {} <code>{}</code></p>\n",
            violation.flag,
            escaped(&violation.message),
            escaped(&violation.names)
        ));
    }
    let lost = report
        .changes
        .classes
        .iter()
        .find(|count| count.class == ActionClass::Destructive);
    if let Some(lost) = lost {
        out.push_str(&format!(
            "<p class=\"lost\">DATA IS LOST on {}</p>\n",
            count(lost.nodes, "node")
        ));
    }
    out.push_str("<ul class=\"classes\">\n");
    for ClassCount { class, nodes } in &report.changes.classes {
        let (letter, words) = told(*class);
        let nodes = count(*nodes, "node");
        out.push_str(&format!(
            "<li><span class=\"mark {class:?}\">{letter}</span> {class:?}: {words}, {nodes}</li>\n"
        ));
    }
    if report.changes.removed > 0 {
        let nodes = count(report.changes.removed, "node");
        out.push_str(&format!(
            "<li><span class=\"mark Gone\">–</span> let go: hosts stay as they are, {nodes}</li>\n"
        ));
    }
    out.push_str("</ul>\n");
    out.extend(
        reach(report)
            .iter()
            .map(|line| format!("<p>{}</p>\n", escaped(line))),
    );
    out.push_str(&format!("<p>Digest <code>{}</code></p>\n", report.digest));
    lists(&mut out, report);
    if !report.nodes.is_empty() {
        out.push_str(
            "<h2>Racks and rails</h2>\n<p class=\"hint\">A letter is the gravest class of what is still to come; a frame is what is \
             at work in the wave, ✓ what is done. A rack lists its nodes.</p>\n<div class=\"bar\">\n<label>Wave <input id=\"wave\" \
             type=\"range\" min=\"0\" value=\"0\"></label>\n<label>Search <input id=\"search\" type=\"search\" placeholder=\"node, \
             rack, pool or class\"></label>\n<output id=\"told\" for=\"wave\"></output>\n</div>\n<div id=\"grid\" class=\"grid\"><div \
             id=\"rows\" class=\"rows\"></div></div>\n<h2 id=\"listed\"></h2>\n<ul id=\"nodes\" class=\"nodes\"></ul>\n",
        );
        // Nothing in it can end the element: each `<` is written as JSON may write it.
        let data = data(report, compared).to_string().replace('<', "\\u003c");
        out.push_str(&format!(
            "<script id=\"data\" type=\"application/json\">{data}</script>\n<script>\n{SCRIPT}</script>\n"
        ));
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// Letter and meaning of a class.
const fn told(class: ActionClass) -> (&'static str, &'static str) {
    match class {
        ActionClass::None => ("n", "nothing on the host"),
        ActionClass::Reload => ("L", "applied to the running host"),
        ActionClass::Restart => ("S", "a service restarts"),
        ActionClass::Drain => ("D", "drained first"),
        ActionClass::Reboot => ("R", "drained, and reboots"),
        ActionClass::Destructive => ("X!", "data is lost"),
    }
}

/// The lists below the summary.
fn lists(out: &mut String, report: &Report) {
    let code = |text: String| format!("<code>{}</code>", escaped(&text));
    if let Some(causes) = &report.causes {
        let mut items = causes.iter().map(|cause| {
            let edits: Vec<String> = cause
                .edits
                .iter()
                .take(SHOWN)
                .map(|edit| code(text::edit(edit)))
                .collect();
            let each = if cause.each {
                format!("<br>{}", text::EACH)
            } else {
                String::new()
            };
            let (letter, _) = told(cause.class);
            let mark = format!("<span class=\"mark {:?}\">{letter}</span>", cause.class);
            let nodes = escaped(&format!("{} ({})", count(cause.nodes, "node"), cut(&cause.names)));
            format!(
                "{mark} {:?}, {nodes}<br>{}{each}",
                cause.class,
                edits.join("<br>")
            )
        });
        fold(out, "What changes them", (causes.len(), true), &mut items);
    } else {
        let fields = &report.changes.fields;
        let number = fields.len() + report.changes.more_fields;
        fold(
            out,
            "What changes",
            (number, true),
            &mut fields.iter().map(|field| code(field.text().trim().to_owned())),
        );
    }
    let edits = &report.other_edits;
    let title = "Other edits, which bring no node into this list";
    fold(
        out,
        title,
        (edits.len(), false),
        &mut edits.iter().map(|edit| code(text::edit(edit))),
    );
    let edits = &report.untried_edits;
    let mut lines = edits.iter().map(|edit| code(text::edit(edit)));
    fold(
        out,
        "Edits of the documents, of which none was tried alone",
        (edits.len(), false),
        &mut lines,
    );
    let order = report.changes.each_wave();
    let lines = order
        .lines()
        .filter(|line| line.starts_with(' '))
        .map(|line| code(line.to_owned()));
    fold(
        out,
        "Waves",
        (report.reach.waves + report.changes.held.len(), false),
        &mut { lines },
    );
    let addresses = &report.addresses;
    let lines = addresses.iter().map(|address| code(text::address(address)));
    fold(out, "Addresses that change", (addresses.len(), false), &mut {
        lines
    });
    let lines = report.power.iter().map(|power| code(text::power(power)));
    fold(out, "Power at most", (report.power.len(), false), &mut { lines });
    if let Some(cables) = &report.cables {
        let mut lines = cables.lines().into_iter().map(code);
        fold(out, "Cables to move", (cables.number(), false), &mut lines);
    }
    let lines = report.capacity.iter().map(|change| code(text::capacity(change)));
    fold(out, "Capacity", (report.capacity.len(), false), &mut { lines });
    for found in &report.drift {
        let headline = escaped(&drift::headline(found));
        out.push_str(&format!(
            "<h2>Drift, no part of the change</h2>\n<p>{headline}</p>\n"
        ));
        for LinkReport { link, breaks, .. } in &found.links {
            let title = drift::words(*link).replace("->", "→");
            let items = breaks.iter().map(|found| {
                let mut lines = vec![code(drift::line(found))];
                lines.extend(drift::more(found).into_iter().map(code));
                lines.join("<br>")
            });
            fold(out, &title, (breaks.len(), true), &mut { items });
        }
    }
}

/// A list that can be folded: how many items it has, and whether it is open.
fn fold(
    out: &mut String,
    title: &str,
    (number, open): (usize, bool),
    items: &mut dyn Iterator<Item = String>,
) {
    if number == 0 {
        return;
    }
    let open = if open { " open" } else { "" };
    out.push_str(&format!(
        "<details{open}>\n<summary>{title} ({number})</summary>\n<ul>\n"
    ));
    let mut more = 0;
    for (at, item) in items.enumerate() {
        if at < SHOWN {
            out.push_str(&format!("<li>{item}</li>\n"));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        out.push_str(&format!(
            "<li>… and {more} more; --output json has them all</li>\n"
        ));
    }
    out.push_str("</ul>\n</details>\n");
}

/// What the grid is drawn from. Texts that many nodes share stand once.
fn data(report: &Report, compared: &Compared<'_>) -> Value {
    let mut rails: Vec<u8> = report
        .nodes
        .iter()
        .flat_map(|node| node.by_rail.rails.keys().copied())
        .collect();
    rails.sort_unstable();
    rails.dedup();
    let mut racks: Vec<&str> = report.nodes.iter().map(rack).collect();
    racks.sort_unstable();
    racks.dedup();
    let (mut pools, mut patterns, mut sets, mut waits) =
        (Pool::default(), Pool::default(), Pool::default(), Pool::default());
    let nodes: Vec<Value> = report
        .nodes
        .iter()
        .map(|node| {
            let wave = match (node.wave, node.waits) {
                (Some(wave), _) => json!(wave),
                // Below 0 is a number of `waits`, from 1.
                (None, Some(why)) => json!(-1 - i64::from(waits.number(why.to_owned()) as u32)),
                (None, None) => json!(0),
            };
            let rack = racks.binary_search(&rack(node)).unwrap_or_default();
            let becomes = match node.what {
                Becomes::Added => 0,
                Becomes::Changed => 1,
                Becomes::Removed => 2,
            };
            let (pool, pattern) = (
                pools.number(node.pool.clone()),
                patterns.number(pattern(node, &rails)),
            );
            json!([
                node.name,
                rack,
                becomes,
                level(node.class),
                wave,
                pool,
                pattern,
                sets.number(node.causes.clone())
            ])
        })
        .collect();
    let mut steps = Pool::default();
    let order = compared.order.iter().flat_map(|order| &order.waves);
    let waves: Vec<usize> = order.map(|wave| steps.number(step(wave.step))).collect();
    let causes = report.causes.iter().flatten().map(|cause| {
        let edits: Vec<String> = cause.edits.iter().take(3).map(text::edit).collect();
        let more = cause.edits.len() - edits.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        edits.join("; ") + &more
    });
    json!({
        "rails": rails, "racks": racks, "pools": pools.items, "patterns": patterns.items, "sets": sets.items, "waits": waits.items,
        "steps": steps.items, "waves": waves, "causes": causes.collect::<Vec<_>>(), "nodes": nodes,
    })
}

fn rack(node: &NodeReport) -> &str {
    node.rack.as_deref().unwrap_or_default()
}

/// A digit a column: the class of what differs there, or a dash.
fn pattern(node: &NodeReport, rails: &[u8]) -> String {
    let host = std::iter::once(node.by_rail.host);
    let columns = host.chain(rails.iter().map(|rail| node.by_rail.rails.get(rail).copied()));
    columns
        .map(|class| class.map_or('-', |class| char::from(b'0' + level(class))))
        .collect()
}

const fn level(class: ActionClass) -> u8 {
    match class {
        ActionClass::None => 0,
        ActionClass::Reload => 1,
        ActionClass::Restart => 2,
        ActionClass::Drain => 3,
        ActionClass::Reboot => 4,
        ActionClass::Destructive => 5,
    }
}

/// Different things, each with a number.
struct Pool<T> {
    items: Vec<T>,
    numbers: BTreeMap<T, usize>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }
}

impl<T: Ord + Clone> Pool<T> {
    fn number(&mut self, item: T) -> usize {
        if let Some(&known) = self.numbers.get(&item) {
            return known;
        }
        let number = self.items.len();
        self.items.push(item.clone());
        self.numbers.insert(item, number);
        number
    }
}

/// A text in HTML, with no character that changes how others are read.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
