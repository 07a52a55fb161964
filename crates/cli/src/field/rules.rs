//! The CEL rules that speak of a field: its own, those of what holds it, and those of its items.

use serde::Serialize;
use serde_json::Value;

use super::Field;

/// A rule.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Validation {
    /// The field that `self` is, with its kind.
    pub at: String,
    /// What must be true.
    pub rule: String,
    /// What is said where it is not.
    pub message: String,
}

/// All of them, outermost first.
pub fn of(field: &Field) -> Vec<Validation> {
    let mut found = Vec::new();
    for (depth, schema) in field.schemas.iter().enumerate() {
        let wanted = field.steps.get(depth..).unwrap_or_default();
        let at = std::iter::once(field.kind).chain(field.steps.iter().take(depth).map(String::as_str));
        let mut at = at.collect::<Vec<_>>().join(".");
        let mut level = Some(schema);
        while let Some(here) = level {
            let rules = here.get("x-kubernetes-validations").and_then(Value::as_array);
            for rule in rules.into_iter().flatten() {
                let text = |key: &str| {
                    rule.get(key)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                let (rule, message) = (text("rule"), text("message"));
                if speaks_of(&rule, wanted) {
                    found.push(Validation {
                        at: at.clone(),
                        rule,
                        message,
                    });
                }
            }
            level = here.get("items").or(here.get("additionalProperties"));
            at.push_str("[*]");
        }
    }
    found
}

/// Whether a rule names each of these keys behind a dot, and nothing longer.
fn speaks_of(rule: &str, keys: &[String]) -> bool {
    keys.iter().all(|key| {
        rule.match_indices(&format!(".{key}")).any(|(at, found)| {
            let behind = rule[at + found.len()..].chars().next();
            !behind.is_some_and(|behind| behind.is_ascii_alphanumeric() || behind == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    #[test]
    fn a_rule_of_the_parent_speaks_of_the_fields_that_it_names() {
        let rules = |path: &str| of(&find(path).unwrap().unwrap());
        let racks = rules("gpupool.spec.nodes.racks");
        assert_eq!(racks.len(), 1, "{racks:?}");
        assert_eq!(racks[0].at, "GPUPool.spec.nodes");
        assert_eq!(rules("gpupool.spec.nodes"), racks);
        assert_eq!(rules("gpupool.spec.rollout.maxUnavailable.nodes"), []);
        assert_eq!(rules("gpupool.spec.rollout.maxUnavailable.domain").len(), 1);
    }

    #[test]
    fn a_longer_name_is_another_one() {
        let keys = |key: &str| vec![key.to_owned()];
        assert!(speaks_of("has(self.domain)", &keys("domain")));
        assert!(!speaks_of("has(self.domains)", &keys("domain")));
    }
}
