//! `GPUPool`: nodes that are configured alike.

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::cel::rules;
use crate::host::Host;
use crate::{DriverVersion, Hostlist, IntentStatus, LabelValue, MigProfile, Name, Power, Span};

/// Nodes that share one configuration: GPUs, host, fabrics and storage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "rackwright.dev",
    version = "v1alpha1",
    kind = "GPUPool",
    plural = "gpupools",
    shortname = "gp",
    category = "rackwright",
    status = "IntentStatus",
    derive = "PartialEq",
    printcolumn(name = "Supercluster", type_ = "string", json_path = ".spec.supercluster"),
    printcolumn(name = "Nodes", type_ = "integer", json_path = ".status.nodes"),
    printcolumn(name = "Profile", type_ = "string", json_path = ".status.profile"),
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
pub struct GPUPoolSpec {
    /// The fabrics that the nodes are plugged into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::POOL_FABRICS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub fabrics: Vec<FabricRef>,
    /// What the GPUs become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Gpu>,
    /// What the host becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// What the nodes carry in Kubernetes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<NodeMetadata>,
    /// Which nodes.
    pub nodes: NodeSelection,
    /// What deleting the pool does to its nodes. `Detach`, which is also what an absent field means: stop managing
    /// them and leave the hosts as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<OnDelete>,
    /// How a change reaches the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// The storage tiers that the nodes mount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::POOL_TIERS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["tier"]))]
    pub storage: Vec<TierRef>,
    /// The site that the nodes stand in.
    pub supercluster: Name,
}

/// Which nodes: exactly one of the three ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("(has(self.racks) ? 1 : 0) + (has(self.names) ? 1 : 0) + (has(self.selector) ? 1 : 0) == 1",
     "exactly one of racks, names and selector is needed"),
])))]
pub struct NodeSelection {
    /// Nodes by name, as a hostlist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Hostlist>,
    /// All nodes of these racks, as a hostlist of racks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub racks: Option<Hostlist>,
    /// Nodes whose inventory carries these labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

/// Labels that must all be there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Each key with the value that it must have.
    #[schemars(extend("minProperties" = 1, "maxProperties" = bounds::SELECTOR_LABELS, "additionalProperties" = serde_json::json!({"type": "string", "maxLength": 63})))]
    pub match_labels: BTreeMap<String, String>,
}

/// GPU settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gpu {
    /// The driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// Error correction of the GPU's memory. A change takes effect with a reset of the GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecc: Option<Toggle>,
    /// Memory sharing between the nodes of one NVLink domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imex: Option<Imex>,
    /// Who sets driver, kernel modules and MIG up. `Host`, which is also what an absent field means: this project's own
    /// agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<GpuManager>,
    /// How each GPU is cut into instances; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mig: Option<Mig>,
    /// Whether the driver stays loaded while nobody uses the GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistence: Option<Toggle>,
    /// The power cap of each GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_limit: Option<Power>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Toggle {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

/// Who sets a GPU up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GpuManager {
    /// This project's agent, on the host.
    Host,
    /// NVIDIA's GPU Operator. What it owns (driver, module options, MIG) is written into its own objects; the agent
    /// does not touch it.
    GPUOperator,
}

/// NVIDIA IMEX: memory sharing between the nodes of one NVLink domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imex {
    /// IMEX channels of a node (`NVreg_ImexChannelCount`), the same on all nodes of one domain; a number of 20 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_048_575))]
    pub channels: Option<u32>,
    /// Who runs the daemon.
    pub mode: ImexMode,
}

/// Who runs the IMEX daemon: never both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ImexMode {
    /// NVIDIA's DRA driver, for each ComputeDomain; the host's own service is masked.
    DriverManaged,
    /// The host's own service.
    HostManaged,
}

/// What the nodes of a pool carry in Kubernetes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeMetadata {
    /// Labels of the Node objects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = bounds::NODE_LABELS))]
    pub labels: BTreeMap<String, LabelValue>,
    /// Taints of the Node objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::NODE_TAINTS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key", "effect"]))]
    pub taints: Vec<NodeTaint>,
}

/// A taint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeTaint {
    /// What it does to pods that do not tolerate it.
    pub effect: TaintEffect,
    /// Its key.
    #[schemars(length(min = 1, max = 317))]
    pub key: String,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<LabelValue>,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    /// They are not scheduled.
    NoSchedule,
    /// They are scheduled elsewhere if possible.
    PreferNoSchedule,
    /// They are evicted.
    NoExecute,
}

/// The GPU driver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Driver {
    /// Which flavour of the kernel modules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_modules: Option<KernelModules>,
    /// Its version; kernel modules, GSP firmware and user space are the same.
    pub version: DriverVersion,
}

/// Flavours of the driver's kernel modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KernelModules {
    /// The open modules; the only ones for Grace Hopper, Blackwell and newer.
    Open,
    /// The proprietary modules.
    Proprietary,
}

/// A MIG layout, the same on every GPU of the node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mig {
    /// The instances of one GPU.
    #[schemars(length(min = 1, max = bounds::MIG_PROFILES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["profile"]))]
    pub layout: Vec<MigInstances>,
}

/// Instances of one profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigInstances {
    /// How many on each GPU.
    #[schemars(range(min = 1, max = 7))]
    pub count: u8,
    /// The profile.
    pub profile: MigProfile,
}

/// A fabric that the nodes are plugged into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FabricRef {
    /// The fabric's name.
    pub name: Name,
}

/// A tier that the nodes mount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TierRef {
    /// The tier's name.
    pub tier: Name,
}

/// How a change reaches the nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Nodes that go first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// How many nodes may fail in the whole run before it stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_budget: Option<FailureBudget>,
    /// What may be unavailable at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<MaxUnavailable>,
    /// Whether no further node may start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// Nodes that go first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Canary {
    /// How many.
    #[schemars(range(min = 1, max = 1000))]
    pub nodes: u32,
    /// How long they must stay healthy before the others start.
    pub soak: Span,
}

/// Failures that a run may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureBudget {
    /// Nodes.
    #[schemars(range(max = 130_000))]
    pub nodes: u32,
}

/// What may be unavailable at the same time; both limits hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("has(self.domains) == has(self.domain)", "domains and domain go together"),
])))]
pub struct MaxUnavailable {
    /// What a domain is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// How many domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub domains: Option<u32>,
    /// How many nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 130_000))]
    pub nodes: Option<u32>,
}

/// Sets of nodes that fail together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Domain {
    /// The nodes of one rack.
    Rack,
    /// The nodes that share one set of leaf switches: those of one unit of the compute fabric, as its racks are placed. Of a
    /// dragonfly+ those of one group.
    ScalableUnit,
    /// The nodes whose same rail ends at the same leaves: those of one leaf, as rails are plugged in alike.
    RailGroup,
    /// The nodes whose GPUs share NVLink.
    NVLinkDomain,
    /// The nodes at one leaf switch: fewer than a unit's where it has more nodes than a leaf has ports for.
    Leaf,
    /// The nodes behind one power feed.
    PowerFeed,
}

/// What deleting an intent does to the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnDelete {
    /// Stop managing, leave the host as it is.
    Detach,
}
