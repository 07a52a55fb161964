//! CEL rules as they stand in a CRD.

use serde_json::{Value, json};

/// `x-kubernetes-validations` from pairs of rule and message.
pub(crate) fn rules(pairs: &[(&str, &str)]) -> Value {
    pairs
        .iter()
        .map(|(rule, message)| json!({"rule": rule, "message": message}))
        .collect()
}
