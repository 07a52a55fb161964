//! All that a diff tells, in the form of `--output json`; the other forms are made from it.

use rackwright_api::ActionClass;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::cables::Cables;
use super::facts::ByRail;
use super::policy::Violation;
use super::side::Source;
use crate::changes::Changes;
use crate::drift::report::Drift;

/// The form of the JSON; another number when a reader of this one would misread it.
pub const FORMAT_VERSION: u32 = 1;

/// What a change does.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The form of this text.
    pub format_version: u32,
    /// Whether anything differs, and whether that is allowed.
    pub verdict: Verdict,
    /// What `--require-approval-of` takes: the same as long as the same nodes change in the same way and order.
    pub digest: String,
    /// What is compared.
    pub sides: [SideReport; 2],
    /// Nodes by class, fields, waves, and who must wait.
    pub changes: Changes,
    /// How far it reaches.
    pub reach: Reach,
    /// What changes them, the gravest first; absent where a side is a saved plan, which holds no documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causes: Option<Vec<CauseReport>>,
    /// Other edits, which bring no node into this list.
    pub other_edits: Vec<EditReport>,
    /// Edits between the documents that saved plans were compiled from. Which nodes each changes was not tried: that takes the
    /// inventories, which a saved plan does not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub untried_edits: Vec<EditReport>,
    /// Addresses that nodes lose or change.
    pub addresses: Vec<AddressChange>,
    /// Power budgets whose draw or size changes.
    pub power: Vec<PowerChange>,
    /// Cables and switches that come, go or move; absent where a side is a saved plan that does not hold its intents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cables: Option<Cables>,
    /// Pools whose size changes.
    pub capacity: Vec<CapacityChange>,
    /// The nodes that differ, by name.
    pub nodes: Vec<NodeReport>,
    /// What the policy flags do not allow.
    pub violations: Vec<Violation>,
    /// Where sides that are clusters are not what their own intents say; absent where no side is one. No part of the change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
}

impl Report {
    /// What differs beside nodes, in words.
    pub fn beside_nodes(&self) -> Vec<&'static str> {
        let cables = self.cables.as_ref().is_some_and(|cables| cables.number() > 0);
        let parts = [
            ("cables", cables),
            ("power", !self.power.is_empty()),
            ("capacity", !self.capacity.is_empty()),
        ];
        let parts = parts.into_iter().filter(|(_, differs)| *differs);
        parts.map(|(part, _)| part).collect()
    }
}

/// Whether anything differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Verdict {
    /// No node differs, and no cable, power budget or size of a pool, as far as anybody knows.
    Same,
    /// Some do.
    Different,
    /// A policy flag does not allow it.
    Refused,
}

/// One side.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SideReport {
    /// As the command line names it.
    pub name: String,
    /// What it was read from.
    pub source: Source,
}

/// How far a change reaches, over the nodes to which anything happens.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// Nodes.
    pub nodes: usize,
    /// Racks, as a hostlist.
    pub racks: String,
    /// How many racks.
    pub rack_count: usize,
    /// Rails whose interfaces change.
    pub rails: Vec<u8>,
    /// Scalable units, by the fabric that makes them, counted from 1 as in the names of its leaves.
    pub units: Vec<String>,
    /// Racks that are NVLink domains, as a hostlist.
    pub nvlink_domains: String,
    /// Domains as the budgets of the pools count them.
    pub domains: usize,
    /// Waves.
    pub waves: usize,
    /// The most nodes that are unavailable at once, while budgets are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_at_once: Option<usize>,
    /// The most racks that are touched at once by nodes that are unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub racks_at_once: Option<usize>,
}

/// Edits and what they change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CauseReport {
    /// The edits: one, or several that only together can be undone or make the difference.
    pub edits: Vec<EditReport>,
    /// Whether the edits are NodeInventory objects, each of which changes the node of its own name alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub each: bool,
    /// The gravest class of what they change.
    pub class: ActionClass,
    /// How many nodes.
    pub nodes: usize,
    /// Which, as a hostlist.
    pub names: String,
    /// What they change on nodes.
    pub fields: Vec<CausedField>,
    /// How many more fields they change.
    #[serde(rename = "moreFields")]
    pub more_fields: usize,
}

/// One field that an edit changes on nodes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CausedField {
    /// What it does to a node.
    pub class: ActionClass,
    /// The field.
    pub path: String,
}

/// An edit of a document.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct EditReport {
    /// The object, as `GPUPool/train`; or how many of a kind.
    pub object: String,
    /// Of several objects, their names as a hostlist.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub names: String,
    /// The field; absent where the whole object comes or goes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What it becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// The file: of the new side, or of the old one where something is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// An address that a node loses or changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AddressChange {
    /// The node.
    pub node: String,
    /// The rail.
    pub rail: u8,
    /// What it was.
    pub old: Value,
    /// What it becomes; absent where it is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// A power budget before and after.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PowerChange {
    /// The site.
    pub supercluster: String,
    /// `site`, `phase` or `location`.
    pub level: &'static str,
    /// The phase or the location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The most that was drawn, in watts; absent where the budget is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draw_before: Option<u64>,
    /// The most that is drawn, in watts; absent where the budget is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draw_after: Option<u64>,
    /// What may be drawn after, in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usable: Option<u64>,
}

/// A pool before and after.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityChange {
    /// The pool.
    pub pool: String,
    /// Its nodes before.
    pub nodes_before: u64,
    /// Its nodes after.
    pub nodes_after: u64,
    /// Its GPUs before; absent where a system is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus_before: Option<u64>,
    /// Its GPUs after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus_after: Option<u64>,
}

/// One node that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NodeReport {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub what: Becomes,
    /// The gravest class of its differences.
    pub class: ActionClass,
    /// The pool that holds it, or that held it.
    pub pool: String,
    /// Its rack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rack: Option<String>,
    /// Its wave, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    /// Why it must wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<&'static str>,
    /// Its causes, as indices from 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<usize>,
    /// What differs, by rail.
    #[serde(skip)]
    pub by_rail: ByRail,
}

/// What becomes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Becomes {
    /// It has no configuration yet.
    Added,
    /// Its configuration is another one.
    Changed,
    /// No pool holds it any more: it is detached, and its host stays as it is.
    Removed,
}

/// The JSON Schema of `diff --output json`, from which `docs/diff.schema.json` is made.
pub fn diff_schema() -> String {
    // As it is written, not as it could be read: what is left out is not required.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Report>();
    format!("{:#}\n", schema.as_value())
}
