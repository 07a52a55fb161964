//! Defaults, pruning and validation of one version of a kind.

use serde_json::Value;

use crate::error::Cause;

/// What the server does to an object of a kind before it stores it.
pub(crate) trait Admission: Send + Sync {
    /// Removes fields that the schema does not know and returns their paths.
    fn prune(&self, object: &mut Value) -> Vec<String>;

    /// Fills in defaults.
    fn default(&self, object: &mut Value);

    /// Schema, CEL and metadata; transition rules too when the object replaces another.
    fn validate(&self, object: &Value, change: Change<'_>) -> Vec<Cause>;
}

/// What a write does to an object.
#[derive(Clone, Copy)]
pub(crate) enum Change<'a> {
    /// It is new.
    Create,
    /// It replaces this one.
    Update(&'a Value),
    /// Its status replaces that of this one.
    Status(&'a Value),
}
