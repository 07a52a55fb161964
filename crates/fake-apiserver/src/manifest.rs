//! Admission by the `manifest` crate: the same schema, CEL and metadata checks that the command line makes.

use std::borrow::Cow;
use std::sync::Arc;

use rackwright_manifest::schema::{Schema, Schemas, Violation, ViolationKind};
use serde_json::Value;

use crate::admission::{Admission, Change};
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
    Schemas::from_crds([crd.clone()])
        .err()
        .map(|error| error.to_string())
}

fn cause(violation: &Violation) -> Cause {
    let field = violation.path.to_string();
    // The server names no key of these maps, and prints the root, where it has no field to name, as `<nil>`.
    let field = match field.split_once('[') {
        Some((map @ ("metadata.labels" | "metadata.annotations"), _)) => map.to_owned(),
        _ if field.is_empty() => "<nil>".to_owned(),
        _ => field,
    };
    Cause::field(field, violation.message.clone())
}

impl ManifestAdmission {
    fn schema(&self) -> Option<&Schema> {
        self.schemas.get(&self.api_version, &self.kind)
    }

    /// The object under the name that its schema has: a built-in kind of the core group stands under another.
    fn named<'a>(&self, object: &'a Value) -> Cow<'a, Value> {
        if object["apiVersion"] == *self.api_version {
            return Cow::Borrowed(object);
        }
        let mut object = object.clone();
        object["apiVersion"] = self.api_version.clone().into();
        Cow::Owned(object)
    }
}

impl Admission for ManifestAdmission {
    fn prune(&self, object: &mut Value) -> Vec<String> {
        let paths = self
            .schema()
            .map(|schema| schema.prune(object))
            .unwrap_or_default();
        paths.iter().map(ToString::to_string).collect()
    }

    fn default(&self, object: &mut Value) {
        if let Some(schema) = self.schema() {
            schema.apply_defaults(object);
        }
    }

    fn validate(&self, object: &Value, change: Change<'_>) -> Vec<Cause> {
        let Some(schema) = self.schema() else {
            return Vec::new();
        };
        let object = self.named(object);
        let violations = match change {
            Change::Create => schema.validate(&object),
            Change::Update(old) => schema.validate_update(&object, &self.named(old)),
            Change::Status(old) => schema.validate_status(&object, &self.named(old)),
        };
        // Unknown fields were pruned or refused when the object was decoded.
        violations
            .iter()
            .filter(|violation| violation.kind != ViolationKind::UnknownField)
            .map(cause)
            .collect()
    }
}
