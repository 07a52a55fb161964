//! Defaults, pruning and validation of one version of a kind.

use serde_json::Value;

use crate::error::Cause;

/// What the server does to an object of a kind before it stores it.
pub(crate) trait Admission: Send + Sync {
    /// Removes fields that the schema does not know and returns their paths.
    fn prune(&self, object: &mut Value) -> Vec<String>;

    /// Fills in defaults.
    fn default(&self, object: &mut Value);

    /// Schema, CEL and metadata; transition rules too when the object replaces `old`.
    fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Cause>;
}
