//! Label and field selectors.

use crate::error::{ApiError, Result};
use crate::object::Stored;
use crate::store::Key;

/// One requirement on a label.
#[derive(Debug)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    /// Also true of an object without the label.
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

/// A field requirement: only `metadata.name` and `metadata.namespace`, as for custom resources.
#[derive(Debug)]
struct FieldRequirement {
    namespace: bool,
    equal: bool,
    value: String,
}

/// Both selectors of a request.
#[derive(Debug, Default)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<FieldRequirement>,
}

impl Selector {
    pub(crate) fn parse(labels: &str, fields: &str) -> Result<Self> {
        Ok(Self {
            labels: parse_labels(labels)?,
            fields: parse_fields(fields)?,
        })
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, key: &Key, object: &Stored) -> bool {
        self.fields.iter().all(|field| {
            let actual = if field.namespace {
                &key.namespace
            } else {
                &key.name
            };
            (**actual == *field.value) == field.equal
        }) && self.labels.iter().all(|requirement| requirement.matches(object))
    }
}

impl Requirement {
    fn matches(&self, object: &Stored) -> bool {
        let value = object.label(&self.key);
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Missing => value.is_none(),
            Test::In(values) => value.is_some_and(|value| values.iter().any(|one| one == value)),
            Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|one| one != value)),
            Test::Greater(bound) => number().is_some_and(|number| number > *bound),
            Test::Less(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

/// Splits at commas outside parentheses.
fn split(text: &str) -> Result<Vec<&str>> {
    let mut parts = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if depth != 0 {
        return Err(ApiError::bad_request(
            "unable to parse requirement: found '', expected: ',' or ')'",
        ));
    }
    parts.push(&text[start..]);
    Ok(parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect())
}

fn parse_labels(text: &str) -> Result<Vec<Requirement>> {
    split(text)?.into_iter().map(parse_label).collect()
}

fn parse_label(part: &str) -> Result<Requirement> {
    let refuse = || ApiError::bad_request(format!("unable to parse requirement: {part:?}"));
    let make = |key: &str, test| {
        let key = key.trim();
        let known = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
        if key.is_empty() || !key.chars().all(known) {
            return Err(refuse());
        }
        Ok(Requirement {
            key: key.to_owned(),
            test,
        })
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some(key) = part.strip_prefix('!') {
        return make(key, Test::Missing);
    }
    if let Some((key, value)) = part.split_once("!=") {
        return make(key, Test::NotIn(one(value)));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return make(key, Test::In(one(value)));
    }
    if let Some((head, list)) = part.split_once('(') {
        let values = list
            .trim_end()
            .trim_end_matches(')')
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        let (key, operator) = head.trim().split_once(char::is_whitespace).ok_or_else(refuse)?;
        return match operator.trim() {
            "in" => make(key, Test::In(values)),
            "notin" => make(key, Test::NotIn(values)),
            _ => Err(refuse()),
        };
    }
    for (sign, greater) in [('>', true), ('<', false)] {
        if let Some((key, bound)) = part.split_once(sign) {
            let bound = bound.trim().parse().map_err(|_| refuse())?;
            return make(
                key,
                if greater {
                    Test::Greater(bound)
                } else {
                    Test::Less(bound)
                },
            );
        }
    }
    make(part, Test::Exists)
}

fn parse_fields(text: &str) -> Result<Vec<FieldRequirement>> {
    let mut out = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
            (field, false, value)
        } else if let Some((field, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            (field, true, value)
        } else {
            return Err(ApiError::bad_request(format!(
                "invalid selector: '{part}'; can't understand '{part}'"
            )));
        };
        let namespace = match field {
            "metadata.name" => false,
            "metadata.namespace" => true,
            _ => {
                return Err(ApiError::bad_request(format!(
                    "field label not supported: {field}"
                )));
            }
        };
        out.push(FieldRequirement {
            namespace,
            equal,
            value: value.to_owned(),
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: &str, labels: &serde_json::Value) -> bool {
        let object = serde_json::json!({ "metadata": { "name": "a", "labels": labels } });
        Selector::parse(selector, "")
            .unwrap()
            .matches(&Key::new("", "a"), &Stored::new(&object, 1))
    }

    #[test]
    fn label_selectors_follow_the_kubernetes_grammar() {
        let labels = serde_json::json!({ "tier": "gold", "n": "5" });
        for yes in [
            "",
            "tier",
            "tier=gold",
            "tier==gold",
            "tier in (gold, silver)",
            "x!=y",
            "!x",
            "x notin (y)",
            "n>4,n<6",
        ] {
            assert!(matches(yes, &labels), "{yes}");
        }
        for no in [
            "x",
            "tier!=gold",
            "tier notin (gold)",
            "!tier",
            "tier=gold,x=y",
            "n>5",
            "tier in (silver)",
        ] {
            assert!(!matches(no, &labels), "{no}");
        }
        for bad in ["tier in (gold", "a b", "tier within (gold)"] {
            assert!(Selector::parse(bad, "").is_err(), "{bad}");
        }
        assert!(Selector::parse("", "spec.size=1").is_err());
    }
}
