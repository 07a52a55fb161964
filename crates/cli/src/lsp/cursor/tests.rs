//! Places of half-typed texts.

use super::*;

/// The place of the `|` in a text, as `path KEY word` or `path VALUE word`, with the keys beside it.
fn place(text: &str) -> Option<String> {
    place_of(text, false)
}

fn place_of(text: &str, whole: bool) -> Option<String> {
    let before = &text[..text.find('|').unwrap()];
    let line = before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let cursor = at(&text.replacen('|', "", 1), line, column, whole)?;
    let (what, word) = match &cursor.at {
        At::Key(word) => ("KEY", word),
        At::Value(word) => ("VALUE", word),
    };
    let beside: Vec<&str> = cursor.beside.iter().map(String::as_str).collect();
    Some(format!("{} {what} {word} [{}]", cursor.path, beside.join(" ")))
}

#[test]
fn keys_and_values_of_blocks() {
    for (text, expected) in [
        ("|", " KEY  []"),
        ("ki|", " KEY ki []"),
        ("kind: |", "kind VALUE  [kind]"),
        ("spec:\n  |\nstatus: 1", "spec KEY  []"),
        ("spec:\n  a: 1\n  b|\n  c: 2\nd: 3", "spec KEY b [a c]"),
        ("spec:\n  gpu:\n    mig: {}\n  ho|", "spec KEY ho [gpu]"),
        ("spec:\n  gpu:\n    mig: x\n    |", "spec.gpu KEY  [mig]"),
        ("spec:\n  a:\n  - b: 1\n  - c: |", "spec.a[1].c VALUE  [c]"),
        ("spec:\n  a:\n  - b: 1\n    |", "spec.a[0] KEY  [b]"),
        ("spec:\n  a:\n    - |", "spec.a[0] KEY  []"),
        ("spec:\n  a:\n  - b: 1\n  - c: 2\n  d: |", "spec.d VALUE  [a d]"),
        ("a: 1\n---\nb: 2\n|\n---\nc: 3", " KEY  [b]"),
        ("a: \"x: y\"\n\"b c\": |", "[b c] VALUE  [a b c]"),
    ] {
        assert_eq!(place(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn keys_and_values_in_brackets() {
    for (text, expected) in [
        ("spec:\n  topology: {type: |}", "spec.topology.type VALUE  [type]"),
        (
            "spec:\n  topology: {type: FatTree, ra|",
            "spec.topology KEY ra [type]",
        ),
        ("spec:\n  a: [{b: 1}, {c|: 2, d: 3}]", "spec.a[1] KEY c [d]"),
        ("spec: {a: 1, b|cd: 2, e: 3}", "spec KEY b [a e]"),
        ("spec:\n  a: [x, y|]", "spec.a[1] VALUE y []"),
        ("spec:\n  a: {b: 1,\n    c|, e: 1}\n  d: 2", "spec.a KEY c [b e]"),
        ("spec:\n  a:\n  - {name: compute, |}", "spec.a[0] KEY  [name]"),
        ("spec:\n  a: {b: 'x, {y'}\n  c|", "spec KEY c [a]"),
    ] {
        assert_eq!(place(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn a_word_is_taken_whole_where_it_is_asked_about() {
    assert_eq!(
        place_of("spec:\n  sup|ercluster: lab", true).as_deref(),
        Some("spec KEY supercluster []")
    );
    assert_eq!(
        place_of("spec:\n  supercluster: l|ab", true).as_deref(),
        Some("spec.supercluster VALUE lab [supercluster]")
    );
    assert_eq!(
        place_of("spec: {sup|ercluster: lab}", true).as_deref(),
        Some("spec KEY supercluster []")
    );
}

#[test]
fn nothing_is_offered_in_comments_and_texts() {
    for text in ["# a|", "a: 1 # b|", "a: |\n  b|".replacen('|', ">", 1).as_str()] {
        assert_eq!(place(text), None, "{text}");
    }
}

#[test]
fn a_document_tells_whose_it_is_wherever_the_place_is() {
    let text = "apiVersion: rackwright.dev/v1alpha1\nspec:\n  \nkind: GPUPool # ours\nmetadata: {name: x}\n";
    let cursor = at(text, 2, 2, false).unwrap();
    assert_eq!(cursor.api_version.as_deref(), Some("rackwright.dev/v1alpha1"));
    assert_eq!(cursor.kind.as_deref(), Some("GPUPool"));
    let own = at(text, 3, 3, false).unwrap();
    assert_eq!(own.kind.as_deref(), Some("GPUPool"));
}

proptest::proptest! {
    /// Whatever is typed, a place is found or none; nothing breaks.
    #[test]
    fn any_text_is_survived(text in "([a-c:{}\\[\\],#|'\"\u{e4} -]|\n){0,60}", line in 0usize..8, column in 0usize..20, whole: bool) {
        at(&text, line, column, whole);
    }
}
