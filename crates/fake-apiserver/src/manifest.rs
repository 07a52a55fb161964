//! Admission by the `manifest` crate: the same schema, CEL and metadata checks that the command line makes.

use rackwright_manifest::schema::{Schemas, Violation, ViolationKind};
use serde_json::Value;
use std::sync::Arc;

use crate::admission::Admission;
use crate::error::Cause;

/// Checks of one kind, found in the schemas that its definition gave.
struct ManifestAdmission {
    schemas: Schemas,
    api_version: String,
    kind: String,
}

/// The checks for one version of a definition; none if `manifest` cannot use the definition.
pub(crate) fn admission_of(crd: &Value, version: &str) -> Option<Arc<dyn Admission>> {
    let text = |pointer: &str| crd.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let admission = ManifestAdmission {
        schemas: Schemas::from_crds([crd.clone()]).ok()?,
        api_version: format!("{}/{version}", text("/spec/group")),
        kind: text("/spec/names/kind").to_owned(),
    };
    admission.schemas.get(&admission.api_version, &admission.kind)?;
    Some(Arc::new(admission))
}

/// Why `manifest` cannot use a definition.
pub(crate) fn objection_to(crd: &Value) -> Option<String> {
    Schemas::from_crds([crd.clone()]).err().map(|error| error.to_string())
}

fn cause(violation: &Violation) -> Cause {
    let field = violation.path.to_string();
    // The server prints the root, where it has no field to name, as `<nil>`.
    Cause::field(if field.is_empty() { "<nil>".to_owned() } else { field }, violation.message.clone())
}

impl Admission for ManifestAdmission {
    fn prune(&self, object: &mut Value) -> Vec<String> {
        let Some(schema) = self.schemas.get(&self.api_version, &self.kind) else { return Vec::new() };
        schema.prune(object).iter().map(ToString::to_string).collect()
    }

    fn default(&self, object: &mut Value) {
        if let Some(schema) = self.schemas.get(&self.api_version, &self.kind) {
            schema.apply_defaults(object);
        }
    }

    fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Cause> {
        let Some(schema) = self.schemas.get(&self.api_version, &self.kind) else { return Vec::new() };
        let violations = match old {
            Some(old) => schema.validate_update(object, old),
            None => schema.validate(object),
        };
        // Unknown fields were pruned or refused when the object was decoded.
        violations.iter().filter(|violation| violation.kind != ViolationKind::UnknownField).map(cause).collect()
    }
}
