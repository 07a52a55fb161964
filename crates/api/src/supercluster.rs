//! `Supercluster`: one site with its racks, power, locations, phases and member clusters.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::cel::rules;
use crate::{Catalogue, Compatibility, Date, Hostlist, IntentStatus, Name, Power, Pue};

/// One site with one power envelope: its racks, where they stand, when they arrive, and which Kubernetes cluster holds
/// which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "rackwright.dev",
    version = "v1alpha1",
    kind = "Supercluster",
    plural = "superclusters",
    shortname = "sc",
    category = "rackwright",
    status = "IntentStatus",
    derive = "PartialEq",
    printcolumn(name = "Nodes", type_ = "integer", json_path = ".status.nodes"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].reason"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("!has(self.locations) || self.locations.all(l, !has(l.parent) || self.locations.exists(p, p.name == l.parent))",
     "each location's parent must be the name of another location of this list"),
    ("!has(self.racks) || self.racks.all(r, !has(r.phase) || (has(self.phases) && self.phases.exists(p, p.name == r.phase)))",
     "each rack group's phase must be one of spec.phases"),
    ("!has(self.racks) || self.racks.all(r, !has(r.location) || (has(self.locations) && self.locations.exists(l, l.name == r.location)))",
     "each rack group's location must be one of spec.locations"),
    ("!has(self.equipment) || self.equipment.all(e, (!has(e.phase) || (has(self.phases) && self.phases.exists(p, p.name == e.phase))) && (!has(e.location) || (has(self.locations) && self.locations.exists(l, l.name == e.location))))",
     "phase and location of equipment must be names of spec.phases and spec.locations"),
])))]
pub struct SuperclusterSpec {
    /// Figures of the site's own hardware, beside and above those of the built-in catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<Catalogue>,
    /// Member Kubernetes clusters and the racks that each holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::CLUSTERS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub clusters: Vec<MemberCluster>,
    /// What goes together here and does not elsewhere, or the other way round: corrections of the catalogue's
    /// compatibility table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compatibility: Option<Compatibility>,
    /// Loads that are neither GPU nodes nor switches nor storage servers: management racks, cooling distribution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::EQUIPMENT), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub equipment: Vec<Equipment>,
    /// Campus, building, hall, row: a tree, each with its own envelope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::LOCATIONS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub locations: Vec<Location>,
    /// Racks that arrive by a date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::PHASES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub phases: Vec<Phase>,
    /// The site's power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<SitePower>,
    /// Groups of racks of one kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::RACK_GROUPS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["names"]))]
    pub racks: Vec<RackGroup>,
}

/// The power envelope of the site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SitePower {
    /// Power that the site may draw from its feed, cooling included.
    pub budget: Power,
    /// Percent of the budget that is not used (breakers, ambient temperature, feeds that run warm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 90))]
    pub derating_percent: Option<u8>,
    /// Facility power divided by IT power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pue: Option<Pue>,
    /// Power that is kept free after derating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<Power>,
}

/// Racks of one kind. Their nodes are either named after the rack (`nodes`) or bring their own names (`nodeNames`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("has(self.nodes) != has(self.nodeNames)", "exactly one of nodes and nodeNames is needed"),
    ("has(self.nodeNames) == has(self.nodesPerRack)", "nodesPerRack goes with nodeNames"),
    ("!has(self.powerDeratingPercent) || has(self.powerLimit)", "powerDeratingPercent goes with powerLimit"),
])))]
pub struct RackGroup {
    /// Where the racks stand: a name of `spec.locations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Name>,
    /// The racks, as a hostlist: `a[001-512]`.
    #[schemars(length(max = 4096))]
    pub names: Hostlist,
    /// Existing host names, taken in order, `nodesPerRack` to a rack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_names: Option<Hostlist>,
    /// The nodes of each rack, as a hostlist: node `n01` of rack `a001` is named `a001-n01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub nodes: Option<Hostlist>,
    /// How many of `nodeNames` one rack holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub nodes_per_rack: Option<u16>,
    /// The phase that the racks arrive with: a name of `spec.phases`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Name>,
    /// Percent of `powerLimit` that is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 90))]
    pub power_derating_percent: Option<u8>,
    /// What one rack may draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_limit: Option<Power>,
    /// The node model, a name of the catalogue: `dgx-b200`, `gb200-nvl72`.
    pub system: Name,
}

/// A place with an envelope of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("!has(self.parent) || self.parent != self.name", "a location cannot be its own parent"),
    ("has(self.powerBudget) || (!has(self.powerDeratingPercent) && !has(self.powerReserve))",
     "powerDeratingPercent and powerReserve go with powerBudget"),
])))]
pub struct Location {
    /// Its name, unique in the site.
    pub name: Name,
    /// The location around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Name>,
    /// IT power that it may draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_budget: Option<Power>,
    /// Percent of `powerBudget` that is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 90))]
    pub power_derating_percent: Option<u8>,
    /// Power that is kept free after derating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_reserve: Option<Power>,
}

/// Racks that arrive by a date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("has(self.powerBudget) || (!has(self.powerDeratingPercent) && !has(self.powerReserve))",
     "powerDeratingPercent and powerReserve go with powerBudget"),
])))]
pub struct Phase {
    /// The day by which its racks are energised. The format refuses days that no month has.
    #[schemars(extend("format" = "date"))]
    pub by: Date,
    /// Its name, unique in the site.
    pub name: Name,
    /// Power of the site once this phase is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_budget: Option<Power>,
    /// Percent of `powerBudget` that is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 90))]
    pub power_derating_percent: Option<u8>,
    /// Power that is kept free after derating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_reserve: Option<Power>,
}

/// A load that is neither a GPU node nor a switch nor a storage server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Equipment {
    /// How many.
    #[schemars(range(min = 1, max = 100_000))]
    pub count: u32,
    /// Where it stands: a name of `spec.locations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Name>,
    /// Its name, unique in the site.
    pub name: Name,
    /// The phase that it arrives with: a name of `spec.phases`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Name>,
    /// The most that one of them draws.
    pub power: Power,
}

/// A member Kubernetes cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberCluster {
    /// Its name, unique in the site.
    pub name: Name,
    /// The racks whose nodes join it, as a hostlist.
    #[schemars(length(max = 4096))]
    pub racks: Hostlist,
}
