//! Corrections of the compatibility table: which versions of kernel, driver, OFED and storage clients go together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::{Line, Name, Version};

/// What a site says differently from the catalogue's compatibility table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compatibility {
    /// Rows of the catalogue that do not hold here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::COMPATIBILITY_ROWS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub disabled: Vec<DisabledRow>,
    /// Rows of the site's own; one with the name of a row of the catalogue stands instead of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::COMPATIBILITY_ROWS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub rows: Vec<CompatibilityRow>,
}

/// A row of the catalogue that does not hold here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisabledRow {
    /// The row's name: `rackwright explain compatibility` lists them.
    pub name: Name,
    /// Why it does not hold, for the next reader.
    pub reason: Line,
}

/// What the version of one component must be while some others are there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = crate::cel::rules(&[
    ("has(self.from) || has(self.before) || has(self.excluded)", "at least one of from, before and excluded is needed"),
])))]
pub struct CompatibilityRow {
    /// The first version that is too new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Version>,
    /// The component that is judged.
    pub component: Component,
    /// Ranges between `from` and `before` that do not work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::COMPATIBILITY_CONDITIONS), extend("x-kubernetes-list-type" = "atomic"))]
    pub excluded: Vec<VersionRange>,
    /// The first version that works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Version>,
    /// Its name, unique in the table.
    pub name: Name,
    /// What goes wrong otherwise.
    pub reason: Line,
    /// The document, and where in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Line>,
    /// Versions of other components that the row is about; absent: whatever they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::COMPATIBILITY_CONDITIONS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["component"]))]
    pub when: Vec<ComponentRange>,
    /// What the pool must use for the row to be about it; absent: whatever it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::COMPATIBILITY_CONDITIONS), extend("x-kubernetes-list-type" = "set"))]
    pub when_features: Vec<Feature>,
}

/// Versions of one component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentRange {
    /// The first version that is no longer meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Version>,
    /// The component.
    pub component: Component,
    /// The first version that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Version>,
}

/// A range of versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionRange {
    /// The first version behind it.
    pub before: Version,
    /// Its first version.
    pub from: Version,
}

/// Components with versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Component {
    /// The kernel (`host.kernel`).
    Kernel,
    /// The GPU driver (`gpu.driver.version`).
    Driver,
    /// DOCA-OFED (`host.ofed`).
    OFED,
    /// The Lustre client of a tier.
    Lustre,
    /// The Weka client of a tier.
    Weka,
    /// The BeeGFS client of a tier.
    BeeGFS,
}

/// What a pool can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Feature {
    /// ComputeDomains of NVIDIA's DRA driver (`gpu.imex.mode: DriverManaged`).
    ComputeDomains,
    /// A tier that GPUs read without a bounce buffer.
    GPUDirectStorage,
    /// A Lustre tier.
    Lustre,
    /// A Weka tier.
    Weka,
    /// A BeeGFS tier.
    BeeGFS,
    /// An NFS tier over RDMA.
    NFSOverRDMA,
}
