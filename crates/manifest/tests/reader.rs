//! The reader: positions, bad input, limits.

#![allow(
    clippy::expect_used,
    reason = "a test fails by panicking, and compares exactly"
)]

mod support;

use std::fmt::Write as _;

use rackwright_manifest::{Limits, Path, Read, Sources, Span};
use serde_json::json;

use support::{findings, read_text, read_with};

const HEAD: &str = "apiVersion: x.dev/v1\nkind: Foo\nmetadata: { name: a }\n";

#[test]
fn each_mistake_has_its_code_line_and_column() {
    // The text behind three lines of head, and where the mistake is.
    let cases: &[(&str, &str, u32, u32)] = &[
        ("spec: [1, 2\n", "RW0001", 4, 7),
        ("spec: { a: 1\n", "RW0001", 4, 7),
        ("spec: \"abc\n", "RW0001", 4, 7),
        ("spec: a: b\n", "RW0001", 4, 8),
        ("spec:\n   a: 1\n  b: 2\n", "RW0001", 6, 3),
        ("%YAML 1.2\n---\n", "RW0001", 4, 1),
        ("spec:\n\ta: 1\n", "RW0004", 5, 1),
        ("spec:\n  a: 1\n  \tb: 2\n", "RW0004", 6, 3),
        ("spec:\n  a: 1\n  b: 2\n  a: 3\n", "RW0005", 7, 3),
        ("spec: { a: 1, \"a\": 2 }\n", "RW0005", 4, 15),
        ("kind: Bar\n", "RW0005", 4, 1),
        ("spec: { y: 1 }\n", "RW0006", 4, 9),
        ("spec:\n  010: x\n", "RW0006", 5, 3),
        ("spec:\n- a: no\n", "RW0007", 5, 6),
        ("spec: 0000:18:00.0\n", "RW0007", 4, 7),
        ("spec:\n  a: 1\n\t\n  b: 2\n", "RW0004", 6, 1),
        ("spec:\n  a: 1\n  \t# note\n", "RW0004", 6, 3),
        ("spec:\n-\ta\n", "RW0004", 5, 2),
        ("spec:\n- -\t[a]\n", "RW0004", 5, 4),
        ("spec:\n- \t\n  a\n", "RW0004", 5, 3),
        ("spec:\n  ?\ta\n  : b\n", "RW0004", 5, 4),
        ("spec: \"a\\\\\\/b\"\n", "RW0001", 4, 11),
        ("spec: { \"\\/\": b }\n", "RW0001", 4, 10),
        ("spec: { a:}\n", "RW0006", 4, 9),
        ("spec: { a: b?c }\n", "RW0007", 4, 12),
        ("spec: { ?a: b }\n", "RW0007", 4, 9),
        ("base: &b [{ a: 1 }]\nspec: { <<: *b }\n", "RW0017", 5, 9),
        ("spec: *gone\n", "RW0008", 4, 7),
        ("spec: &a { b: *a }\n", "RW0009", 4, 15),
        ("spec: !vault x\n", "RW0013", 4, 14),
        ("spec: !!int x\n", "RW0013", 4, 13),
        ("spec: !!binary YQ==\n", "RW0013", 4, 16),
        ("spec: .inf\n", "RW0014", 4, 7),
        ("spec: 18446744073709551615\n", "RW0015", 4, 7),
        ("spec: { [a, b]: 1 }\n", "RW0016", 4, 9),
        ("spec: { ~: 1 }\n", "RW0016", 4, 9),
        ("spec: {{ value }}\n", "RW0016", 4, 8),
        ("spec: { <<: 7 }\n", "RW0017", 4, 9),
        ("base: &b { a: 1 }\nspec: { a: 2, <<: *b }\n", "RW0017", 5, 15),
    ];
    let mut wrong = Vec::new();
    for (body, code, line, column) in cases {
        let (sources, read) = read_text(format!("{HEAD}{body}"));
        let found = findings(&sources, &read);
        if found != [(*code, *line, *column)] {
            wrong.push(format!(
                "{body:?}: {found:?} instead of {:?}",
                (code, line, column)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As the server names it under strict validation: `duplicate field "spec.a[1].b"`.
#[test]
fn what_is_refused_while_reading_names_its_field_and_its_object() {
    let cases = [
        ("spec: { a: [x, { b: 1, b: 2 }] }\n", "spec.a[1].b"),
        ("spec: { a: [x, no] }\n", "spec.a[1]"),
        ("spec:\n  a/b: 010\n", "spec[a/b]"),
        ("spec: { a: 18446744073709551615 }\n", "spec.a"),
        ("spec: { a: { y: 1 } }\n", "spec.a"),
        ("spec: { a: !vault x }\n", "spec.a"),
        ("base: { a: 1 }\nspec: { <<: { a: no } }\n", "spec"),
        ("kind: Foo\n", "kind"),
    ];
    for (text, path) in cases {
        let (_, read) = read_text(format!("{HEAD}{text}"));
        let finding = &read.diagnostics[0];
        assert_eq!(finding.path.as_deref(), Some(path), "{text}");
        assert_eq!(finding.object.as_deref(), Some("Foo/a"), "{text}");
    }
    let json =
        r#"{"apiVersion":"x.dev/v1","kind":"Foo","metadata":{"name":"a"},"spec":{"a":[{"b":1,"b":2}]}}"#;
    let (_, read) = read_text(json);
    assert_eq!(read.diagnostics[0].path.as_deref(), Some("spec.a[0].b"));
}

/// An item of a `List` is an object of its own.
#[test]
fn fields_of_an_item_are_those_of_its_object() {
    let item = |name: &str, spec: &str| {
        format!("- apiVersion: x.dev/v1\n  kind: Foo\n  metadata: {{ name: {name} }}\n  spec: {spec}\n")
    };
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}{}",
        item("a", "{ items: [x, { b: no }] }"),
        item("b", "{ c: 1, c: 2 }"),
    );
    let (_, read) = read_text(text);
    let found: Vec<_> = read
        .diagnostics
        .iter()
        .map(|finding| (finding.object.as_deref(), finding.path.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (Some("Foo/a"), Some("spec.items[1].b")),
            (Some("Foo/b"), Some("spec.c"))
        ]
    );
}

#[test]
fn mistakes_of_the_whole_file() {
    let cases: &[(&[u8], &str, u32, u32)] = &[
        (b"a: caf\xe9\n", "RW0002", 1, 7),
        (b"\xff\xfea\x00", "RW0002", 1, 1),
        (b"a: 1\nb: x\x00y\n", "RW0003", 2, 5),
        (b"a: \x1b[31m\n", "RW0003", 1, 4),
        ("a: \u{85}\u{80}\n".as_bytes(), "RW0003", 1, 5),
        ("a: x\u{feff}\n".as_bytes(), "RW0003", 1, 5),
        (b"- kind: Foo\n", "RW0018", 1, 1),
        (b"just text\n", "RW0018", 1, 1),
    ];
    for (bytes, code, line, column) in cases {
        let (sources, read) = read_text(*bytes);
        assert_eq!(
            findings(&sources, &read),
            [(*code, *line, *column)],
            "{}",
            String::from_utf8_lossy(bytes)
        );
        assert_eq!(read.documents.len(), 0);
    }
    let (sources, read) = read_text("metadata: { name: a }\n");
    assert_eq!(findings(&sources, &read), [("RW0019", 1, 1), ("RW0019", 1, 1)]);
}

#[test]
fn harmless_things_are_harmless() {
    let texts = [
        "\u{feff}apiVersion: v1\nkind: A\nmetadata: { name: a }\n".to_owned(),
        "---\n---\n# nothing\n---\napiVersion: v1\nkind: A\nmetadata: { name: a }\n...\n---\n".to_owned(),
        "apiVersion: v1\r\nkind: A\r\nmetadata:\r\n  name: a\r\n".to_owned(),
        "{\"apiVersion\": \"v1\",\n\t\"kind\": \"A\", \"metadata\": {\"name\": \"a\"}}".to_owned(),
        "{apiVersion: v1, kind: A, metadata: {name: a}}\n".to_owned(),
        "apiVersion: v1\nkind: A\nmetadata: {\n  \tname: a\n  \t}\n".to_owned(),
    ];
    for text in texts {
        let (_, read) = read_text(text.clone());
        assert_eq!(read.diagnostics, [], "{text:?}");
        assert_eq!(read.documents.len(), 1, "{text:?}");
        let value = json!({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}});
        assert_eq!(read.documents[0].value, value);
    }
    // Tabs and slashes that kubectl takes, too.
    for (body, spec) in [
        ("spec: |\n  -\ta\n", json!("-\ta\n")),
        ("spec:\n  a:\tb\n", json!({"a": "b"})),
        ("spec: a\n  -\tb\n", json!("a -\tb")),
        ("spec: [\"\\\\/\", '\\/', \\/]\n", json!(["\\/", "\\/", "\\/"])),
    ] {
        let (_, read) = read_text(format!("{HEAD}{body}"));
        assert_eq!(read.diagnostics, [], "{body:?}");
        assert_eq!(read.documents[0].value["spec"], spec);
    }
    // A flow list may be longer than the limit on keys.
    let names: Vec<String> = (0..500).map(|number| format!("dgx{number:03}")).collect();
    let (_, read) = read_text(format!("{HEAD}spec: [ {} ]\n", names.join(", ")));
    assert_eq!(read.diagnostics, []);
    assert_eq!(
        read.documents[0].value["spec"].as_array().map(Vec::len),
        Some(500)
    );
    for empty in ["", "\n", "# only a comment\n", "---\n", "null\n", "\u{feff}"] {
        let (_, read) = read_text(empty);
        assert!(
            read.documents.is_empty() && read.diagnostics.is_empty(),
            "{empty:?}"
        );
    }
}

/// What stands in the text at a value and at its key.
fn slices<'a>(sources: &'a Sources, read: &Read, path: &str) -> (&'a str, Option<&'a str>) {
    let path: Path = path.parse().expect("a path");
    let document = &read.documents[0];
    assert!(document.has(&path), "{path}");
    (
        sources.slice(document.value_span(&path)),
        document.key_span(&path).map(|span| sources.slice(span)),
    )
}

#[test]
fn every_value_and_key_knows_its_place() {
    let body = "spec:\n  racks:\n  - names: \"a[1-2]\" # two\n    count: 3\n  - { names: b, 'q': |\n      text\n    }\n  deep:\n    flow: [ 1, [x, ä] ]\n    none:\n    after: ~\n";
    let body = body.replace(", 'q': |\n      text\n    }", ", 'q': z }");
    let (sources, read) = read_text(format!("{HEAD}{body}"));
    assert_eq!(read.diagnostics, []);
    assert_eq!(
        slices(&sources, &read, "spec.racks[0].names"),
        ("\"a[1-2]\"", Some("names"))
    );
    assert_eq!(
        slices(&sources, &read, "spec.racks[1]"),
        ("{ names: b, 'q': z }", Some("racks"))
    );
    assert_eq!(slices(&sources, &read, "spec.racks[1].q"), ("z", Some("'q'")));
    assert_eq!(
        slices(&sources, &read, "spec.racks[0]").0,
        "names: \"a[1-2]\" # two\n    count: 3"
    );
    assert_eq!(
        slices(&sources, &read, "spec.deep.flow[1][1]"),
        ("ä", Some("flow"))
    );
    assert_eq!(
        slices(&sources, &read, "spec.deep.flow"),
        ("[ 1, [x, ä] ]", Some("flow"))
    );
    assert_eq!(slices(&sources, &read, "spec.deep.none"), ("none", Some("none")));
    assert_eq!(slices(&sources, &read, "spec.deep.after"), ("~", Some("after")));
    let document = &read.documents[0];
    let missing: Path = "spec.deep.gone.further".parse().unwrap();
    assert_eq!(
        document.key_span(&missing).map(|span| sources.slice(span)),
        Some("deep")
    );
    assert_eq!(document.key_span(&Path::root()), None);
}

#[test]
fn aliases_and_merges_point_at_what_they_repeat() {
    let body = "base: &b { a: 1, c: [ x ] }\nspec:\n  alias: *b\n  merged:\n    <<: *b\n    a: 2\n";
    let (sources, read) = read_text(format!("{HEAD}{body}"));
    assert_eq!(read.diagnostics, []);
    assert_eq!(
        read.documents[0].value["spec"]["merged"],
        json!({"a": 2, "c": ["x"]})
    );
    assert_eq!(slices(&sources, &read, "spec.alias"), ("*b", Some("alias")));
    assert_eq!(slices(&sources, &read, "spec.alias.c[0]"), ("x", Some("c")));
    assert_eq!(slices(&sources, &read, "spec.merged.a"), ("2", Some("a")));
    assert_eq!(slices(&sources, &read, "spec.merged.c[0]"), ("x", Some("c")));
}

#[test]
fn an_anchor_may_stand_on_a_key() {
    let (_, read) = read_text(format!(
        "{HEAD}spec: {{ &a one: 1, &b 2: x, three: *a, four: *b }}\n"
    ));
    assert_eq!(read.diagnostics, []);
    let spec = json!({"one": 1, "2": "x", "three": "one", "four": 2});
    assert_eq!(read.documents[0].value["spec"], spec);
}

#[test]
fn lists_are_taken_apart_and_keep_their_places() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: x/v1\n  kind: A\n  metadata: { name: one }\n  spec: { v: no }\n- apiVersion: x/v1\n  kind: AList\n  items:\n  - { apiVersion: x/v1, kind: A, metadata: { name: two } }\n- apiVersion: x/v1\n  metadata: { name: three }\n";
    let (sources, read) = read_text(text);
    assert_eq!(findings(&sources, &read), [("RW0007", 7, 14), ("RW0019", 12, 3)]);
    let names: Vec<_> = read.documents.iter().map(|document| document.name()).collect();
    assert_eq!(names, [Some("one"), Some("two"), Some("three")]);
    let path: Path = "metadata.name".parse().unwrap();
    let lines: Vec<_> = read
        .documents
        .iter()
        .map(|document| sources.position(document.value_span(&path)).line)
        .collect();
    assert_eq!(lines, [6, 11, 13]);
    assert_eq!(read.documents[1].object().as_deref(), Some("A/two"));
    let refused: Path = "spec.v".parse().unwrap();
    assert!(read.documents[0].is_refused(&refused) && !read.documents[0].is_refused(&path));
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let good = |name: &str| format!("apiVersion: x/v1\nkind: A\nmetadata: {{ name: {name} }}\n");
    let text = format!(
        "{}---\nspec: [1, 2\n---\n{}---\na: &x [*x]\n---\n{}",
        good("one"),
        good("two"),
        good("three")
    );
    let (sources, read) = read_text(text);
    let codes: Vec<_> = findings(&sources, &read)
        .into_iter()
        .map(|(code, ..)| code)
        .collect();
    assert_eq!(codes, ["RW0001", "RW0009"]);
    let names: Vec<_> = read
        .documents
        .iter()
        .filter_map(|document| document.name())
        .collect();
    assert_eq!(names, ["one", "two", "three"]);
}

#[test]
fn json_lines_go_on_behind_a_broken_line() {
    let line = |name: &str| {
        format!("{{\"apiVersion\":\"x/v1\",\"kind\":\"A\",\"metadata\":{{\"name\":\"{name}\"}}}}\n")
    };
    let text = format!(
        "{}{{\"apiVersion\": oops}}\n{}{{\"a\":1\n",
        line("one"),
        line("two")
    );
    let (sources, read) = read_text(text);
    assert_eq!(findings(&sources, &read), [("RW0001", 2, 16), ("RW0001", 5, 1)]);
    let names: Vec<_> = read
        .documents
        .iter()
        .filter_map(|document| document.name())
        .collect();
    assert_eq!(names, ["one", "two"]);
    let (sources, read) = read_text(
        "{\"apiVersion\":\"x/v1\",\"kind\":\"A\",\"kind\":\"B\",\"n\":[18446744073709551615,1e3,1.5,-0,\"\\u00e4\"]}",
    );
    assert_eq!(findings(&sources, &read), [("RW0005", 1, 33), ("RW0015", 1, 49)]);
    assert_eq!(
        read.documents[0].value["n"],
        json!([1.844_674_407_370_955_2e19, 1000, 1.5, 0, "ä"])
    );
    for bad in [
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":\"\\x\"}",
        "{\"a\":1e999}",
        "{\"a\":tru}",
        "{\"a\":1,}",
        "{} x",
    ] {
        let text = format!("{}{bad}\n", line("one"));
        let (_, read) = read_text(text);
        assert_eq!(
            read.diagnostics
                .iter()
                .filter(|finding| finding.code.as_str() == "RW0001")
                .count(),
            1,
            "{bad}"
        );
    }
}

#[test]
fn bombs_and_giants_are_refused_before_memory_goes() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{inner}]").expect("strings grow");
    }
    let (sources, read) = read_text(format!("{HEAD}{bomb}---\n{HEAD}"));
    let codes: Vec<_> = findings(&sources, &read)
        .into_iter()
        .map(|(code, ..)| code)
        .collect();
    assert_eq!(codes, ["RW0009"]);
    assert_eq!(read.documents.len(), 1, "the document behind the bomb");

    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        for depth in [63, 64, 65, 300, 100_000] {
            let text = format!("{HEAD}spec: {}1{}\n", open.repeat(depth), close.repeat(depth));
            let (sources, read) = read_text(text);
            let codes: Vec<_> = findings(&sources, &read)
                .into_iter()
                .map(|(code, ..)| code)
                .collect();
            // The document itself is one level.
            let wanted: &[&str] = if depth > 63 { &["RW0010"] } else { &[] };
            assert_eq!(codes, wanted, "{depth} {open}");
        }
    }
    let deep_json = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let (sources, read) = read_text(deep_json);
    assert_eq!(findings(&sources, &read)[0].0, "RW0010");
    // Aliases in aliases are deep, too.
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..100 {
        writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1).expect("strings grow");
    }
    let (sources, read) = read_text(format!("{HEAD}{chain}"));
    assert_eq!(findings(&sources, &read)[0].0, "RW0010");
}

#[test]
fn limits_hold() {
    let limits = Limits {
        max_bytes: 100,
        max_nodes: 12,
        max_diagnostics: 3,
        ..Limits::default()
    };
    let (sources, read) = read_with("x".repeat(101), &limits);
    assert_eq!(findings(&sources, &read), [("RW0011", 1, 1)]);
    let (sources, read) = read_with(format!("{HEAD}s: [1,2,3,4,5,6,7,8,9]\n"), &limits);
    assert_eq!(findings(&sources, &read), [("RW0012", 4, 17)]);
    let (sources, read) = read_with(format!("{HEAD}s: [y, y, y, y]\n"), &limits);
    let codes: Vec<_> = findings(&sources, &read)
        .into_iter()
        .map(|(code, ..)| code)
        .collect();
    assert_eq!(codes, ["RW0007", "RW0007", "RW0007", "RW0020"]);
}

#[test]
fn fixes_make_the_text_readable() {
    for text in [
        "spec: { a: no, b: 010, c: 1_000, d: 12:30 }\n",
        "spec: { y: 1, 010: 2 }\n",
        "spec: [.inf, 1e400]\n",
    ] {
        let text = format!("{HEAD}{text}");
        let (_, first) = read_text(text.clone());
        let mut fixes: Vec<_> = first
            .diagnostics
            .iter()
            .filter_map(|finding| finding.fix.clone())
            .collect();
        assert_eq!(fixes.len(), first.diagnostics.len(), "{text}");
        fixes.sort_by_key(|fix| std::cmp::Reverse(fix.span.start));
        let mut mended = text.clone();
        for fix in fixes {
            let Span { start, end, .. } = fix.span;
            mended.replace_range(start as usize..end as usize, &fix.replacement);
        }
        let (_, second) = read_text(mended.clone());
        assert_eq!(second.diagnostics, [], "{mended}");
    }
}
