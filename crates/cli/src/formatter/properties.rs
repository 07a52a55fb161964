//! Documents written in every way, and texts that are hardly YAML: what comes out has one form and says the same, and each comment
//! stands where it belongs.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not tests to clippy")]

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use rackwright_manifest::yaml::Place;
use serde_json::Value;

use super::*;

#[path = "../../tests/support/emit.rs"]
mod emit;

fn read(text: &str) -> Read {
    parsed(text).1
}

fn values(text: &str) -> Vec<Value> {
    read(text)
        .documents
        .into_iter()
        .map(|document| document.value)
        .collect()
}

/// A text in its canonical form, in which nothing is left to do.
fn formatted(text: &str) -> String {
    let formatter = Formatter::default();
    let after = formatter.format(text).text.unwrap_or_else(|| text.to_owned());
    assert_eq!(formatter.format(&after).text, None, "{text}\nbecame\n{after}");
    after
}

/// The key at a place without its quotes.
fn key<'t>(text: &'t str, place: Place<'_>) -> &'t str {
    text[place.key()].trim_matches('"')
}

/// The paths of keys and items by where they begin, and those of keys in the order of the text.
fn paths(text: &str) -> (BTreeMap<usize, String>, BTreeMap<usize, String>) {
    fn below(
        text: &str,
        place: Place<'_>,
        path: &str,
        keys: &mut BTreeMap<usize, String>,
        items: &mut BTreeMap<usize, String>,
    ) {
        for (at, child) in place.children().enumerate() {
            let path = if child.key().is_empty() {
                let path = format!("{path}[{at}]");
                items.insert(child.value().start, path.clone());
                path
            } else {
                let between = if path.ends_with(':') { "" } else { ">" };
                let path = format!("{path}{between}{}", key(text, child));
                keys.insert(child.key().start, path.clone());
                path
            };
            below(text, child, &path, keys, items);
        }
    }
    let (mut keys, mut items) = (BTreeMap::new(), BTreeMap::new());
    for (at, document) in read(text).documents.iter().enumerate() {
        below(
            text,
            document.tree().place(),
            &format!("{at}:"),
            &mut keys,
            &mut items,
        );
    }
    (keys, items)
}

/// The path without its last step.
fn parent(path: &str) -> &str {
    let end = path.rfind(['>', '[', ':']).unwrap();
    if path[end..].starts_with(':') {
        &path[..=end]
    } else {
        &path[..end]
    }
}

/// What each comment `# c1` is about, by where it stands: written anew here, and not as the program does it.
fn about(text: &str) -> BTreeMap<String, String> {
    let (keys, items) = paths(text);
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        lines.push((start, line.trim_end()));
        start += line.len();
    }
    let mut about = BTreeMap::new();
    for (at, (start, line)) in lines.iter().enumerate() {
        let Some((code, name)) = line.rsplit_once("# c") else {
            continue;
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let begins =
            |start: usize, line: &str| start + line.len() - line.trim_start_matches([' ', '-']).len();
        let column = code.len();
        let is_above = code.trim_matches([' ', '-']).is_empty();
        let mut next = lines[at + 1..]
            .iter()
            .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        let path = match next.next() {
            _ if !is_above => {
                let place = begins(*start, code);
                keys.get(&place).or_else(|| items.get(&place)).unwrap().clone()
            }
            Some((next, line))
                if !line.starts_with("---") && line.len() - line.trim_start().len() >= column
                    || code.contains('-') =>
            {
                let (next, line) = (*next, *line);
                let place = begins(next, line);
                if line.trim_start().starts_with('-') {
                    let first = keys
                        .range(place..)
                        .next()
                        .map(|(_, path)| parent(path).to_owned());
                    items.get(&place).cloned().or(first).unwrap()
                } else {
                    keys[&place].clone()
                }
            }
            _ => {
                // At the end of the map whose keys stand in this column.
                let mut before = lines[..at].iter().rev().map(|(start, line)| begins(*start, line));
                let key = before.find_map(|place| {
                    let line = lines.iter().rev().find(|(start, _)| *start <= place)?;
                    keys.get(&place).filter(|_| place - line.0 == column)
                });
                format!("{}/", parent(key.unwrap()))
            }
        };
        about.insert(format!("c{name}"), path);
    }
    about
}

/// Paths of keys in the order of the text, but for those that people give an order.
fn order(text: &str) -> Vec<String> {
    let (keys, _) = paths(text);
    let free = ["sysctls>", "annotations>", "labels>", "matchLabels>"];
    keys.into_values()
        .filter(|path| !free.iter().any(|map| path.contains(map)))
        .collect()
}

const SITES: &[&[&str]] = &[
    &["tiny/lab.yaml"],
    &["gb200-unit/site.yaml"],
    &["superpod-b300-xdr/site.yaml"],
    &[
        "superpod-b200/supercluster.yaml",
        "superpod-b200/fabrics.yaml",
        "superpod-b200/pools.yaml",
        "superpod-b200/storage.yaml",
    ],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// However a site is written, it comes out in one order and one spelling, says the same, and each comment stands once,
    /// where it belongs.
    #[test]
    fn one_site_has_one_form_and_every_comment_its_place(
        site in prop::sample::select(SITES),
        draws in prop::collection::vec(any::<u8>(), 40..400),
        carriage_returns in any::<bool>(),
        open_end in any::<bool>(),
    ) {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let texts = site.iter().map(|file| std::fs::read_to_string(examples.join(file)).unwrap());
        let plain = formatted(&texts.collect::<Vec<_>>().join("---\n"));
        let mut objects = values(&plain);
        objects[0]["metadata"]["annotations"] = serde_json::json!({ "note": "# no comment\n\n- text\n" });
        let emitted = emit::documents(&objects, &draws);
        let mut text = emitted.text;
        if carriage_returns {
            text = text.replace('\n', "\r\n");
        }
        if open_end {
            text.truncate(text.trim_end().len());
        }
        prop_assert_eq!(&about(&text), &emitted.about, "{}", &text);
        let after = formatted(&text);
        prop_assert_eq!(about(&after), emitted.about, "{}\nbecame\n{}", &text, &after);
        prop_assert_eq!(after.matches('\r').count(), after.matches('\n').count() * usize::from(carriage_returns));
        let mut said = values(&after);
        said[0]["metadata"].as_object_mut().unwrap().remove("annotations");
        objects[0]["metadata"].as_object_mut().unwrap().remove("annotations");
        prop_assert_eq!(said, objects, "{}", &after);
        let expected: Vec<String> = order(&plain);
        let mut found = order(&after);
        found.retain(|path| path != "0:metadata>annotations");
        prop_assert_eq!(found, expected, "{}", &after);
    }
}

const PIECES: &[&str] = &[
    "apiVersion: rackwright.dev/v1alpha1",
    "kind: GPUPool",
    "kind: Supercluster # one",
    "kind: Deployment",
    "metadata: { name: \"ab\" }",
    "metadata:",
    "  name: 'it''s'",
    "spec:",
    "  supercluster: \"lab\"",
    "  nodes: { racks: \"a1,a2\" }",
    "  racks:",
    "  - names: a1, a2",
    "  - nodes: n1",
    "    names: a3 # x",
    "  -",
    "  - - names: b",
    "    # deeper",
    "# comment",
    "  power: { budget: 1000kW, pue: \"1.2\" } # kW",
    "  text: |",
    "  folded: >+2",
    "      # text",
    "  plain: one",
    "    two # three",
    "? key",
    ": value",
    "  anchor: &a b",
    "  alias: *a",
    "  <<: { a: b }",
    "  tag: !!str x",
    "\t",
    "'",
    "\"",
    "[ a, { c: d, b: a }",
    "]",
    "---",
    "--- # mark",
    "...",
    "%YAML 1.2",
    "\u{feff}",
    "",
    "  ",
];

/// The same with one spelling for what the pieces spell in two ways.
fn meaning(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "a1,a2" | "a1, a2" => "a[1-2]".into(),
            "1000kW" => "1MW".into(),
            other => other.into(),
        },
        Value::Array(items) => items.iter().map(meaning).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), meaning(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Whatever the text is: no panic, the same said, as many comments, the same the second time.
    #[test]
    fn any_text_says_the_same_afterwards(
        lines in prop::collection::vec(prop::sample::select(PIECES), 0..25),
        noise in ".{0,10}",
        at in any::<prop::sample::Index>(),
        carriage_returns in any::<bool>(),
    ) {
        let mut lines: Vec<&str> = lines;
        lines.insert(at.index(lines.len() + 1), &noise);
        let text = lines.join(if carriage_returns { "\r\n" } else { "\n" });
        let after = formatted(&text);
        let (before, again) = (read(&text), read(&after));
        prop_assert_eq!(before.diagnostics.len(), again.diagnostics.len(), "{}", &after);
        let said = |read: &Read| read.documents.iter().map(|document| meaning(&document.value)).collect::<Vec<_>>();
        prop_assert_eq!(said(&before), said(&again), "{}", &after);
        prop_assert_eq!(text.matches('#').count(), after.matches('#').count());
        let mut lines: [Vec<&str>; 2] = [&text, &after].map(|text| text.lines().map(str::trim).filter(|line| line.starts_with('#')).collect());
        lines.iter_mut().for_each(|lines| lines.sort_unstable());
        // But for one that has come behind a dash.
        prop_assert!(lines[0].len() <= lines[1].len() + after.matches("- #").count(), "{}", &after);
    }

    /// Objects of others between ours stay byte for byte.
    #[test]
    fn what_is_others_is_not_touched(
        order in prop::collection::vec(any::<bool>(), 1..8),
        spaces in "[ ]{0,3}",
    ) {
        let foreign = format!("kind:{spaces} Secret # rackwright.dev\napiVersion: v1\n#end{spaces}\ndata: {{ b: \"x\",{spaces}a: y }}\n\n");
        let ours = "spec: { nodes: { racks: a1 }, supercluster: lab }\nkind: GPUPool\napiVersion: rackwright.dev/v1alpha1\n";
        let done = "apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nspec: { supercluster: lab, nodes: { racks: a1 } }\n";
        let written = |ours: &str| {
            let texts = order.iter().map(|is_ours| if *is_ours { ours.to_owned() } else { foreign.clone() });
            texts.collect::<Vec<_>>().join("---\n")
        };
        prop_assert_eq!(formatted(&written(ours)), written(done));
    }
}
