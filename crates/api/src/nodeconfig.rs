//! `NodeConfig`: what one node must become, and what it is.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bounds;
use crate::hash;
use crate::status::Condition;
use crate::{Guid, Hash, Hostlist, InterfaceAddress, Ipv4Address, Line, Name};

/// What one node must become: a shared profile and the node's own facts. Named as its node. Fields are declared in the
/// order of canonical JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "rackwright.dev",
    version = "v1alpha1",
    kind = "NodeConfig",
    plural = "nodeconfigs",
    shortname = "nc",
    category = "rackwright",
    status = "NodeConfigStatus",
    derive = "PartialEq",
    printcolumn(name = "Profile", type_ = "string", json_path = ".spec.profile"),
    printcolumn(name = "Rack", type_ = "string", json_path = ".spec.facts.rack"),
    printcolumn(name = "Management", type_ = "string", json_path = ".spec.management"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Class", type_ = "string", json_path = ".status.actionClass"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct NodeConfigSpec {
    /// What only this node has.
    pub facts: Facts,
    /// Permission to act, written by the rollout controller under its own field manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// The hash of profile and facts: what the node must become.
    pub hash: Hash,
    /// Whether the agent keeps the node so.
    pub management: Management,
    /// The name of the profile.
    #[schemars(length(min = 1, max = 253))]
    pub profile: String,
    /// Addresses that the node had before, and that its host may still have: no other node gets one. They are no part of
    /// the hash. Once the status shows that the host is what this spec says, they count for nothing, and go with the next
    /// write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::QUARANTINED), extend("x-kubernetes-list-type" = "set"))]
    pub quarantined: Vec<Ipv4Address>,
}

impl NodeConfigSpec {
    /// Whether the host was seen to be what this spec says, and so to have let go of what is quarantined: the status
    /// speaks of the generation that is stored, and what was applied and read back has this hash. Of a spec that changed
    /// and changed back, an older status says nothing.
    pub fn is_applied(&self, generation: Option<i64>, status: &Value) -> bool {
        let observed = status.get("observedGeneration").and_then(Value::as_i64);
        let applied = status.pointer("/applied/hash").and_then(Value::as_str);
        generation.is_some() && observed == generation && applied == Some(self.hash.as_str())
    }

    /// Whether what is written is what the host has, as far as anybody knows: no status says that it has something else.
    pub fn is_in_force(&self, status: &Value) -> bool {
        let applied = status.pointer("/applied/hash").and_then(Value::as_str);
        applied.is_none_or(|applied| applied == self.hash.as_str())
    }
}

/// Whether the agent keeps the node as its NodeConfig says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Management {
    /// A pool holds the node.
    Managed,
    /// No pool holds the node any more: the host stays as it is, its addresses stay taken.
    Detached,
}

/// What only this node has. One writer sets it whole, so the API server need not note who owns which field of it: those notes
/// were longer than the facts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct Facts {
    /// The nodes of its NVLink domain by name, itself among them, as a hostlist: the peers of the host's own IMEX daemon.
    /// Absent where the host runs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub imex_peers: Option<Hostlist>,
    /// The rack that the node stands in; absent where the site does not place it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rack: Option<Name>,
    /// Its rails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::NODE_RAILS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["rail"]))]
    pub rails: Vec<Rail>,
    /// Devices of this node that may be wiped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::DISKS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["serial"]))]
    pub wipe_consents: Vec<DeviceConsent>,
}

/// Consent to wipe one device while it holds what was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceConsent {
    /// The device's serial number.
    pub serial: Line,
    /// The signature on it.
    pub signature: Line,
    /// The tier that takes the device.
    pub tier: Name,
}

/// One HCA of the node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rail {
    /// The port's GUID, once the inventory knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<Guid>,
    /// Its address, where the fabric has addressing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<InterfaceAddress>,
    /// The number of the HCA in the node.
    pub rail: u8,
}

/// Permission for one node to act, given and withdrawn whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct Grant {
    /// The hash that the node may move to.
    pub hash: Hash,
    /// The wave that it belongs to.
    pub wave: u32,
}

/// What the agent did and saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeConfigStatus {
    /// What the pending change does to the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_class: Option<ActionClass>,
    /// What was applied and read back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<At>,
    /// Conditions by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::CONDITIONS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Where host and configuration differ; at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::DIFFERENCES), extend("x-kubernetes-list-type" = "atomic"))]
    pub differences: Vec<Difference>,
    /// What the last check saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<At>,
    /// The generation that this status speaks of; -1 before the first look.
    pub observed_generation: i64,
    /// Where the node stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<NodePhase>,
}

/// A hash and when it held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct At {
    /// When.
    pub at: Time,
    /// Which.
    pub hash: Hash,
}

/// One difference between host and configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What was expected and what was found.
    #[schemars(length(max = 256))]
    pub message: String,
    /// The field of the profile or the facts.
    #[schemars(length(max = 256))]
    pub path: String,
}

/// What a change does to a node, from the mildest to the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ActionClass {
    /// Nothing on the host.
    None,
    /// Applied to the running host.
    Reload,
    /// A service restarts.
    Restart,
    /// The node is drained first.
    Drain,
    /// The node is drained and reboots.
    Reboot,
    /// Data is lost.
    Destructive,
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NodePhase {
    /// Waits for a grant.
    Pending,
    /// Works on its grant.
    Applying,
    /// Is what it must become, read back.
    Applied,
    /// Went back to its last good configuration.
    RolledBack,
    /// Is neither, and needs a person.
    Failed,
}

impl Facts {
    /// The hash of these facts under a profile: what the node must become.
    pub fn hash(&self, profile: &Hash) -> Result<Hash, serde_json::Error> {
        let facts = serde_json::to_vec(self)?;
        let write = |json: &mut Vec<u8>| json.extend_from_slice(&facts);
        Ok(Hash::from_value(facts_hash(write, profile, &mut Vec::new())))
    }
}

/// The hash of facts under a profile, as a number. It covers `{"facts":…,"profileHash":"…"}`, in canonical JSON; `write`
/// appends the facts, `json` is scratch space.
pub fn facts_hash(write: impl FnOnce(&mut Vec<u8>), profile: &Hash, json: &mut Vec<u8>) -> u128 {
    json.clear();
    hash::begin("node", json);
    json.extend_from_slice(b"{\"facts\":");
    write(json);
    json.extend_from_slice(b",\"profileHash\":\"");
    json.extend_from_slice(profile.as_str().as_bytes());
    json.extend_from_slice(b"\"}");
    hash::digest(json)
}
