//! A picture in the language of graphviz.

use std::fmt::Write;

use super::model::{Block, Bundle, Picture, Tier, Zoom, count};
use super::svg::RAILS;

/// The picture as an undirected graph: upper boxes first, cables as weighted and labelled edges.
pub fn dot(picture: &Picture) -> String {
    let Picture {
        zoom,
        title,
        description,
        blocks,
        bundles,
    } = picture;
    let mut out = String::from("graph fabric {\n");
    let _ = writeln!(out, "  label={};", quoted(&format!("{title}\n{description}")));
    out.push_str("  labelloc=t;\n  fontname=\"sans-serif\";\n  nodesep=0.3;\n  ranksep=1.2;\n");
    out.push_str("  node [shape=box, style=\"rounded\", fontname=\"sans-serif\"];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=9];\n");
    for (place, block) in blocks.iter().enumerate() {
        match (block.tier, zoom) {
            (Tier::Rack, _) if blocks.iter().any(|block| block.inside == Some(place)) => {
                let _ = writeln!(
                    out,
                    "  subgraph cluster_{place} {{\n    label={};",
                    quoted(&block.name)
                );
                for (node, block) in blocks.iter().enumerate() {
                    if block.inside == Some(place) {
                        let _ = writeln!(out, "    b{node} [label={}];", label(block));
                    }
                }
                out.push_str("  }\n");
            }
            (Tier::Node, Zoom::Unit) if block.inside.is_some() => {}
            _ => {
                let _ = writeln!(
                    out,
                    "  b{place} [label={}{}];",
                    label(block),
                    color(block.rails.first())
                );
            }
        }
    }
    // The HCAs of a node hang on it.
    for (place, block) in blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| block.tier == Tier::Hca)
    {
        if let Some(node) = block.inside {
            let _ = writeln!(out, "  b{place} -- b{node} [style=dotted];");
        }
    }
    for bundle in bundles {
        let Bundle {
            upper,
            lower,
            cables,
            ports,
        } = bundle;
        let text = match ports.as_slice() {
            [] => count(*cables, "cable", "cables"),
            ports => format!("port {}", spans(ports)),
        };
        // Eight times the cables are a line wider.
        let width = 1 + cables.max(&1).ilog2() / 3;
        let _ = writeln!(
            out,
            "  b{upper} -- b{lower} [label={}, penwidth={width}{}];",
            quoted(&text),
            color(
                blocks[*upper]
                    .rails
                    .first()
                    .filter(|_| blocks[*upper].tier == Tier::Leaf)
            )
        );
    }
    out.push_str("}\n");
    out
}

fn label(block: &Block) -> String {
    let lines: Vec<&str> = std::iter::once(&block.name)
        .chain(&block.notes)
        .map(String::as_str)
        .collect();
    quoted(&lines.join("\n"))
}

fn color(rail: Option<&Option<u32>>) -> String {
    match rail.copied().flatten() {
        Some(rail) => format!(", color=\"{}\"", RAILS[rail as usize % RAILS.len()]),
        None => String::new(),
    }
}

/// A text between quotes, in which lines stay lines and nothing else is special (graphviz's escString).
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Graphviz reads entities of HTML in plain labels too.
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Numbers with runs folded.
pub(super) fn spans(ports: &[u16]) -> String {
    let mut folded: Vec<String> = Vec::new();
    let mut rest = ports;
    while let [first, ..] = rest {
        let run = rest
            .iter()
            .zip(*first..)
            .take_while(|(port, wanted)| *port == wanted)
            .count();
        folded.push(match run {
            1 => first.to_string(),
            _ => format!("{first}\u{2013}{}", rest[run - 1]),
        });
        rest = &rest[run..];
    }
    folded.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted() {
        assert_eq!(quoted("a\"b\\N\n&lt;\u{0}"), "\"a\\\"b\\\\N\\n&amp;lt;\u{fffd}\"");
    }

    #[test]
    fn ports_are_folded() {
        assert_eq!(spans(&[1, 2, 3, 7, 9, 10]), "1\u{2013}3,7,9\u{2013}10");
        assert_eq!(spans(&[]), "");
    }
}
