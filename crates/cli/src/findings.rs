//! The compiler's findings with the places that they are about.

use std::collections::BTreeMap;

use rackwright_manifest::{Diagnostic, Document, Path, Severity, Sources, Span};
use rackwright_planner::{Finding, Kind, ObjectRef, Party};
use serde_json::Value;

/// Documents by object.
pub type Documents<'a> = BTreeMap<ObjectRef, &'a Document>;

/// A finding with places: of each party that was read, in the order of the parties.
pub fn to_diagnostic(finding: &Finding, documents: &Documents<'_>, sources: &Sources) -> Diagnostic {
    let mut diagnostic = match finding.rule.severity {
        Severity::Error => Diagnostic::error(finding.rule.code(), finding.message.clone()),
        Severity::Warning => Diagnostic::warning(finding.rule.code(), finding.message.clone()),
    };
    diagnostic.help.clone_from(&finding.help);
    if let Some(first) = finding.parties.first() {
        diagnostic = diagnostic.object(first.object.to_string());
        if !first.path.is_root() {
            diagnostic = diagnostic.path(&first.path);
        }
    }
    for party in &finding.parties {
        let Some(document) = documents.get(&party.object) else {
            continue;
        };
        let place = Place::of(party, document, sources);
        diagnostic = diagnostic.label(place.span, party.note.clone());
        if let (Some(replacement), None) = (&party.replacement, &diagnostic.fix) {
            diagnostic = diagnostic.guess(place.inner.unwrap_or(place.span), replacement.clone());
        }
    }
    diagnostic
}

/// Where a party's part in a finding stands.
struct Place {
    /// What to point at.
    span: Span,
    /// The text without its quotes, where the source spells the value letter by letter.
    inner: Option<Span>,
}

impl Place {
    fn of(party: &Party, document: &Document, sources: &Sources) -> Self {
        let span = document.label_span(&party.path, sources.text(document.file));
        let Some(inner) = verbatim(document, &party.path, sources) else {
            return Self { span, inner: None };
        };
        match party.range {
            Some((start, end)) if start <= end && end <= (inner.end - inner.start) as usize => {
                let part = Span::new(inner.file, inner.start + start as u32, inner.start + end as u32);
                Self {
                    span: part,
                    inner: Some(part),
                }
            }
            _ => Self {
                span,
                inner: Some(inner),
            },
        }
    }
}

/// The span of a text value without its quotes; none where escapes or folding make source and value differ.
fn verbatim(document: &Document, path: &Path, sources: &Sources) -> Option<Span> {
    if !document.has(path) {
        return None;
    }
    let value = at(&document.value, path)?.as_str()?;
    let span = document.value_span(path);
    let source = sources.slice(span);
    let quotes = match source.as_bytes() {
        [b'"', .., b'"'] | [b'\'', .., b'\''] => 1,
        _ => 0,
    };
    let inner = Span::new(span.file, span.start + quotes, span.end.saturating_sub(quotes));
    (sources.slice(inner) == value).then_some(inner)
}

/// The value at a path.
fn at<'a>(value: &'a Value, path: &Path) -> Option<&'a Value> {
    path.steps().iter().try_fold(value, |value, step| match step {
        rackwright_manifest::Step::Key(key) => value.get(key),
        rackwright_manifest::Step::Index(index) => value.get(index),
    })
}

/// What a reference that was not found refers to: by the field that it stands in.
pub fn target(party: &Party, documents: &Documents<'_>) -> Option<(Kind, String)> {
    let document = documents.get(&party.object)?;
    let name = at(&document.value, &party.path)?.as_str()?.to_owned();
    let keys: Vec<&str> = party
        .path
        .steps()
        .iter()
        .filter_map(|step| match step {
            rackwright_manifest::Step::Key(key) => Some(key.as_str()),
            rackwright_manifest::Step::Index(_) => None,
        })
        .collect();
    let kind = match keys[..] {
        [.., "supercluster"] => Kind::Supercluster,
        [.., "fabrics", "name"] => Kind::InfiniBandFabric,
        [.., "tier"] => Kind::StorageTier,
        [.., "pool"] => Kind::GPUPool,
        _ => return None,
    };
    Some((kind, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rackwright_manifest::{Limits, Rule, read};

    static RULE: Rule = Rule {
        code: "RW2003",
        name: "hostlist-invalid",
        severity: Severity::Error,
        summary: "",
        doc: "",
    };

    fn shown(text: &str, path: &str, range: Option<(usize, usize)>) -> (String, Option<String>) {
        let mut sources = Sources::new();
        let read = read(
            &mut sources,
            "a.yaml",
            text.as_bytes().to_vec(),
            &Limits::default(),
        );
        let object = ObjectRef::new(Kind::GPUPool, "train");
        let finding = Finding::new(&RULE, "wrong").with(Party {
            range,
            replacement: Some("right".to_owned()),
            ..Party::new(object.clone(), path.parse().unwrap(), "")
        });
        let diagnostic = to_diagnostic(
            &finding,
            &Documents::from([(object, &read.documents[0])]),
            &sources,
        );
        let fix = diagnostic
            .fix
            .as_ref()
            .map(|fix| sources.slice(fix.span).to_owned());
        (sources.slice(diagnostic.primary().unwrap()).to_owned(), fix)
    }

    #[test]
    fn a_range_is_counted_inside_the_quotes() {
        for quoted in ["\"a[2-1]\"", "'a[2-1]'", "a[2-1]"] {
            let text = format!("apiVersion: v1\nkind: X\nspec:\n  racks: {quoted}\n");
            assert_eq!(
                shown(&text, "spec.racks", Some((2, 5))),
                ("2-1".to_owned(), Some("2-1".to_owned())),
                "{text}"
            );
            assert_eq!(
                shown(&text, "spec.racks", None),
                (quoted.to_owned(), Some("a[2-1]".to_owned()))
            );
        }
    }

    #[test]
    fn where_source_and_value_differ_the_whole_value_is_shown() {
        let text = "apiVersion: v1\nkind: X\nspec:\n  racks: \"\\x61[2-1]\"\n";
        assert_eq!(shown(text, "spec.racks", Some((2, 5))).0, "\"\\x61[2-1]\"");
    }

    #[test]
    fn a_path_that_does_not_exist_points_at_what_is_nearest() {
        let text = "apiVersion: v1\nkind: X\nspec:\n  racks: a\n";
        assert_eq!(shown(text, "spec.nodes.names", None).0, "spec");
    }
}
