//! The reader: whatever we write reads back, and nothing makes it panic.

#![allow(
    clippy::expect_used,
    reason = "a test fails by panicking, and compares exactly"
)]

mod support;

use proptest::prelude::*;
use rackwright_manifest::Path;
use serde_json::{Value, json};

use support::{findings, read_text};

/// JSON as Kubernetes objects carry it; floats that are whole do not exist there.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z0-9 .:_#-]{0,12}",
        "[ -~\u{a1}-\u{2ff}\n\t]{0,12}",
        proptest::sample::select(vec![
            "no", "y", "010", "1_0", "~", "null", "0x1f", "1e3", "12:30", "<<", "=", ".inf", "- a", "|",
            "a: b", "#"
        ])
        .prop_map(str::to_owned),
    ];
    let number = any::<f64>()
        .prop_filter("JSON has these only", |number| {
            number.is_finite() && number.fract() != 0.0
        })
        .prop_map(Value::from);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        number,
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every value in a tree, with its path.
fn every_path(value: &Value, path: &Path, visit: &mut impl FnMut(&Path, &Value)) {
    visit(path, value);
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| every_path(value, &path.child(key), visit)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, value)| every_path(value, &path.index(at), visit));
        }
        _ => {}
    }
}

const VALID: &str = "apiVersion: x.dev/v1\nkind: Foo\nmetadata:\n  name: a\n  labels: { \"a/b\": 'c' }\nspec:\n  base: &b\n    a: [1, 2.5, ~]\n    t: |\n      text\n  m: { <<: *b, x: z }\n  l:\n  - *b\n  - !!str 1\n---\n{\"json\": [true, null]}\n...\n";

proptest! {
    #[test]
    fn what_we_write_we_read(spec in any_json()) {
        let object = json!({"apiVersion": "x.dev/v1", "kind": "Foo", "metadata": {"name": "a"}, "spec": spec});
        let yaml = serde_yaml::to_string(&object).expect("serialises");
        let (sources, first) = read_text(yaml.clone());
        prop_assert_eq!(&first.diagnostics, &[], "{}", yaml);
        prop_assert_eq!(&first.documents[0].value, &object, "{}", yaml);
        // Every value has a place in the text.
        let document = &first.documents[0];
        every_path(&object, &Path::root(), &mut |path, _| {
            assert!(document.has(path), "{path} has no place in\n{yaml}");
            let span = document.value_span(path);
            assert!(span.end as usize <= yaml.len() && yaml.get(span.start as usize..span.end as usize).is_some());
        });
        // JSON goes another way and arrives at the same.
        let text = object.to_string();
        let (_, second) = read_text(text.clone());
        prop_assert_eq!(&second.diagnostics, &[], "{}", text);
        prop_assert_eq!(&second.documents[0].value, &object);
        prop_assert_eq!(sources.len(), 1);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        render_all(bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}:,&*!|>'\"%@`#?~<=a01 \n\t\r\\\\ä\u{feff}-]{0,80}") {
        render_all(text.into_bytes());
    }

    #[test]
    fn no_mutation_makes_it_panic(edits in prop::collection::vec((0..VALID.len(), any::<u8>(), 0..3_u8), 1..6)) {
        let mut bytes = VALID.as_bytes().to_vec();
        for (at, byte, kind) in edits {
            let at = at.min(bytes.len().saturating_sub(1));
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b"\n\t :-[]{}&*'\"|"[byte as usize % 14]),
                _ => drop(bytes.drain(at..(at + byte as usize).min(bytes.len()))),
            }
            if bytes.is_empty() {
                break;
            }
        }
        render_all(bytes);
    }
}

/// Reads and renders everything there is to render.
fn render_all(bytes: Vec<u8>) {
    use rackwright_manifest::render::{Colour, json, text};
    let (sources, read) = read_text(bytes);
    for finding in &read.diagnostics {
        let out = text(finding, &sources, Colour::Never);
        assert!(out.contains(finding.code.as_str()));
    }
    assert_eq!(
        json(&read.diagnostics, &sources)["findings"]
            .as_array()
            .map(Vec::len),
        Some(read.diagnostics.len())
    );
}

#[test]
fn the_valid_text_of_the_mutations_is_valid_but_for_its_second_document() {
    let (sources, read) = read_text(VALID);
    let codes: Vec<_> = findings(&sources, &read)
        .into_iter()
        .map(|(code, ..)| code)
        .collect();
    assert_eq!(codes, ["RW0019", "RW0019"]);
}
