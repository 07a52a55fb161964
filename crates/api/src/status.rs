//! Status that all intents share, as kstatus reads it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;

/// A condition, with the meaning of `metav1.Condition` and bounds on every text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// When `status` last changed.
    pub last_transition_time: Time,
    /// What a person should know, in one or two sentences.
    #[schemars(length(max = bounds::MESSAGE))]
    pub message: String,
    /// The generation that this condition speaks of.
    pub observed_generation: i64,
    /// One word for programs: see [`reasons`].
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z][A-Za-z0-9]*$"))]
    pub reason: String,
    /// True, False or Unknown.
    pub status: ConditionStatus,
    /// Which condition: see [`conditions`].
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z][A-Za-z0-9]*$"))]
    pub type_: String,
}

/// The three values of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It is so.
    True,
    /// It is not so.
    False,
    /// It is not known.
    Unknown,
}

/// Condition types.
pub mod conditions {
    /// The object is compiled and everything that follows from it is written.
    pub const READY: &str = "Ready";
    /// Work goes on, or waits for a window or a person. Present only while true (kstatus).
    pub const RECONCILING: &str = "Reconciling";
    /// A retry will not help: the intent must change. Present only while true (kstatus).
    pub const STALLED: &str = "Stalled";
}

/// Reasons of conditions; the same words appear in metrics and in the command line.
pub mod reasons {
    /// Compiled and written.
    pub const COMPILED: &str = "Compiled";
    /// Refused; the message and `status.findings` say why.
    pub const REFUSED: &str = "Refused";
    /// The object is compiled, its results are being written.
    pub const WRITING: &str = "Writing";
    /// The object is being deleted and something still refers to it.
    pub const IN_USE: &str = "InUse";
    /// The object is being deleted; its nodes are being detached.
    pub const DETACHING: &str = "Detaching";
    /// Nodes were detached: no longer managed, left as they are. A reason of events only.
    pub const DETACHED: &str = "Detached";
    /// The spec cannot be read by this version, although the API server took it.
    pub const UNREADABLE: &str = "Unreadable";
    /// The independent checker rejected the plan, a defect of ours: nothing is written.
    pub const PLAN_REJECTED: &str = "PlanRejected";
    /// The operator serves a member cluster that no Supercluster has: nothing is written.
    pub const UNKNOWN_CLUSTER: &str = "UnknownCluster";
}

/// One finding as an intent's status shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusFinding {
    /// The stable code; `rackwright explain CODE` tells more.
    #[schemars(length(min = 1, max = 16))]
    pub code: String,
    /// What is wrong, where, and what to do.
    #[schemars(length(max = bounds::MESSAGE))]
    pub message: String,
    /// The other objects that are involved, as `Kind/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 128)))]
    pub objects: Vec<String>,
    /// Where in this object.
    #[schemars(length(max = 256))]
    pub path: String,
}

/// Status of an intent. Counts and samples only: no intent grows with the number of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntentStatus {
    /// Conditions by type; see [`conditions`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::CONDITIONS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// How many findings there are; `findings` shows the first of them.
    #[serde(default)]
    pub finding_count: u32,
    /// The first findings, errors first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::STATUS_FINDINGS), extend("x-kubernetes-list-type" = "atomic"))]
    pub findings: Vec<StatusFinding>,
    /// Nodes that this object reaches: of the site, of the pool, plugged into the fabric, mounting the tier.
    #[serde(default)]
    pub nodes: u32,
    /// The generation that this status speaks of; -1 before the first look.
    pub observed_generation: i64,
    /// The profile that the pool compiled to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub profile: Option<String>,
}

impl IntentStatus {
    /// The condition of one type.
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }
}

/// Cuts a text to what a status may hold, at a character boundary.
pub fn bounded(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}
