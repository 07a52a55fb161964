//! What cannot be rendered.

use std::fmt;

/// A value that an artifact cannot hold, or two that want the same place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum RenderError {
    /// The artifact's format has no spelling for the value.
    #[error("{field}: {value:?} cannot be written to {artifact}: {why}")]
    Inexpressible {
        /// The field, as a path below the profile's spec.
        field: String,
        /// Its value.
        value: String,
        /// What would hold it.
        artifact: &'static str,
        /// Why it cannot, and what to do.
        why: &'static str,
    },
    /// Two fields set one thing of the host.
    #[error("{field} and {other} both set {what}; keep one of them")]
    TwoOwners {
        /// One field.
        field: String,
        /// The other.
        other: String,
        /// What both set.
        what: String,
    },
}

/// Everything that cannot be rendered, sorted and never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderErrors(pub(crate) Vec<RenderError>);

impl RenderErrors {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &RenderError> {
        self.0.iter()
    }
}

impl fmt::Display for RenderErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RenderErrors {}
