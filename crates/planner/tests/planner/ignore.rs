//! Warnings that the author of an intent knows.

use crate::support::{codes, compile, input, told};
use rackwright_planner::{Compilation, Incremental};

const SITE: &str = "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks: [ { names: \"a[1-2]\", nodes: n1, system: dgx-b200 } ]
";

fn pool(name: &str, annotation: &str, rest: &str) -> String {
    let annotations = if annotation.is_empty() {
        String::new()
    } else {
        format!(
            ", annotations: {{ rackwright.dev/ignore: {} }}",
            serde_json::Value::from(annotation)
        )
    };
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name}{annotations} }}\nspec: {{ supercluster: lab, {rest} }}\n"
    )
}

const EMPTY: &str = "nodes: { selector: { matchLabels: { team: a } } }";

fn with(annotation: &str, rest: &str) -> Compilation {
    compile(&(SITE.to_owned() + &pool("train", annotation, rest)))
}

fn reasons(compilation: &Compilation) -> Vec<(&str, &str)> {
    let ignored = compilation.ignored.iter();
    ignored
        .map(|ignored| (ignored.finding.rule.code, ignored.reason.as_str()))
        .collect()
}

#[test]
fn a_warning_with_a_reason_is_not_told() {
    assert_eq!(codes(&with("", EMPTY)), ["RW2010"]);
    let ignored = with("RW2010: the agents come in May: ticket 123, or later", EMPTY);
    assert_eq!(codes(&ignored), [""; 0]);
    assert_eq!(
        reasons(&ignored),
        [("RW2010", "the agents come in May: ticket 123, or later")]
    );
}

#[test]
fn lines_blanks_and_carriage_returns_do_not_matter() {
    let ignored = with("\n\r\n  RW2010 :  in May \r\n\n", EMPTY);
    assert_eq!(
        (codes(&ignored), reasons(&ignored)),
        (vec![], vec![("RW2010", "in May")])
    );
}

/// Another's annotation does not hide it, and says so where it is meant.
#[test]
fn only_the_object_where_it_is_shown_ignores_it() {
    let both =
        SITE.to_owned() + &pool("train", "", EMPTY) + &pool("other", "RW2010: mine", "nodes: { racks: a1 }");
    assert_eq!(codes(&compile(&both)), ["RW2010", "RW2052"]);
}

/// Another warning of the object is no place where that line belongs.
#[test]
fn the_line_of_another_rule_belongs_nowhere() {
    let compilation = with("RW3018: x", EMPTY);
    assert_eq!(codes(&compilation), ["RW2010", "RW2052"]);
    assert_eq!(
        compilation.findings[1].help.as_deref(),
        Some("take the line away")
    );
}

#[test]
fn an_error_stays_and_its_annotation_is_a_finding() {
    let compilation = with("RW2004: rack a9 comes in May", "nodes: { racks: a9 }");
    assert_eq!(codes(&compilation), ["RW2004", "RW2054"]);
    assert!(compilation.ignored.is_empty());
}

/// What is about an earlier state, and the annotation's own warnings.
#[test]
fn what_is_not_of_the_documents_cannot_be_ignored() {
    for code in [
        "RW2029", "RW2030", "RW2052", "RW2053", "RW2054", "RW9001", "RW0101", "RW8888",
    ] {
        let compilation = with(&format!("{code}: no"), "nodes: { racks: a1 }");
        assert_eq!(codes(&compilation), ["RW2054"], "{code}");
    }
}

/// Of what is refused not everything is looked at.
#[test]
fn nothing_is_unused_at_a_refused_object() {
    assert_eq!(codes(&with("RW3018: x", "nodes: { racks: a1 }")), ["RW2052"]);
    assert_eq!(codes(&with("RW3018: x", "nodes: { racks: a9 }")), ["RW2004"]);
    let leaving = SITE.to_owned()
        + &pool("train", "RW2010: x", EMPTY).replace("name: train", "name: train, deletionTimestamp: now");
    assert_eq!(codes(&compile(&leaving)), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_told_line_by_line() {
    let compilation = with(
        "RW2010\nsoon: RW2010\nRW20100: x\n rw2010: x",
        "nodes: { racks: a1 }",
    );
    let told: String = compilation.findings.iter().map(told).collect();
    assert_eq!(codes(&compilation), ["RW2053"]);
    for part in ["bytes 0..6", "bytes 7..19", "bytes 20..30", "bytes 32..41"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let many = "RW2010: x\n".repeat(70);
    // The first is right, the next say it again, and from the 65th on nothing is read.
    assert_eq!(with(&many, EMPTY).findings.len(), 64);
}

/// The annotation is no part of the spec, and an edit of it alone is compiled like any other.
#[test]
fn an_edit_of_the_annotation_alone_counts() {
    let with = |annotation: &str| input(&(SITE.to_owned() + &pool("train", annotation, EMPTY)));
    let mut incremental = Incremental::new(with("")).unwrap();
    for (annotation, expected) in [
        ("RW2010: x", vec![]),
        ("RW2010", vec!["RW2010", "RW2053"]),
        ("", vec!["RW2010"]),
    ] {
        incremental.set_pool(with(annotation).pools.remove(0)).unwrap();
        assert_eq!(codes(incremental.compilation()), expected, "{annotation}");
    }
}
