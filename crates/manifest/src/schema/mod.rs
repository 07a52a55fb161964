//! Judges objects as the API server judges custom resources.

mod violation;

pub use violation::{Violation, ViolationKind, to_diagnostic};

use crate::path::Path;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a set of `CustomResourceDefinition`s cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The value is not a `CustomResourceDefinition` of `apiextensions.k8s.io/v1`.
    #[error("not a CustomResourceDefinition of apiextensions.k8s.io/v1: {0}")]
    NotACrd(String),
    /// A schema uses something that the API server would refuse or that cannot be judged offline.
    #[error("{crd}: {path}: {message}")]
    Schema {
        /// Name of the definition.
        crd: String,
        /// Where in the schema.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

/// The schemas of a set of kinds, compiled once.
#[derive(Debug, Default)]
pub struct Schemas {
    by_kind: BTreeMap<(String, String), Schema>,
}

/// The schema of one version of one kind.
#[derive(Debug)]
pub struct Schema {}

impl Schemas {
    /// Compiles every served version of every definition.
    pub fn from_crds(crds: impl IntoIterator<Item = Value>) -> Result<Self, SchemaError> {
        let _ = crds;
        Ok(Self::default())
    }

    /// The schema of a kind, by `group/version` and kind.
    pub fn get(&self, api_version: &str, kind: &str) -> Option<&Schema> {
        self.by_kind.get(&(api_version.to_owned(), kind.to_owned()))
    }

    /// All kinds, as (`group/version`, kind), sorted.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_kind
            .keys()
            .map(|(api_version, kind)| (api_version.as_str(), kind.as_str()))
    }
}

impl Schema {
    /// What the API server would say when the object is created.
    pub fn validate(&self, object: &Value) -> Vec<Violation> {
        let _ = object;
        Vec::new()
    }

    /// What the API server would say when `old` is replaced by `new`: as [`Self::validate`], and transition rules.
    pub fn validate_update(&self, new: &Value, old: &Value) -> Vec<Violation> {
        let _ = (new, old);
        Vec::new()
    }

    /// What the API server would say when the status subresource of `old` is replaced by that of `new`.
    pub fn validate_status(&self, new: &Value, old: &Value) -> Vec<Violation> {
        let _ = (new, old);
        Vec::new()
    }

    /// Fills in the schema's defaults, as the API server does before it validates.
    pub fn apply_defaults(&self, object: &mut Value) {
        let _ = object;
    }

    /// Removes what the schema does not have, as the API server does without strict validation, and says what it was.
    pub fn prune(&self, object: &mut Value) -> Vec<Path> {
        let _ = object;
        Vec::new()
    }
}
