//! `NodeProfile`: configuration that many nodes share, immutable, named by its content.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::cel::rules;
use crate::hash::content_hash;
use crate::{AbsolutePath, Gpu, Hash, Host, Ipv4Prefix, Name, Plane};

/// Configuration that many nodes share. Its name is `<pool>-<first 12 digits of its hash>`. Fields are declared in
/// the order of canonical JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "rackwright.dev",
    version = "v1alpha1",
    kind = "NodeProfile",
    plural = "nodeprofiles",
    shortname = "nprof",
    category = "rackwright",
    derive = "PartialEq",
    printcolumn(
        name = "Pool",
        type_ = "string",
        json_path = ".metadata.labels.rackwright\\.dev/pool"
    ),
    printcolumn(name = "Driver", type_ = "string", json_path = ".spec.gpu.driver.version"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("self == oldSelf", "a profile is immutable: other content has another hash and so another name"),
])))]
pub struct NodeProfileSpec {
    /// What the GPUs become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Gpu>,
    /// What the host becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// What is mounted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::MOUNTS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["mountPoint"]))]
    pub mounts: Vec<Mount>,
    /// The rails of each node, over all its fabrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::NODE_RAILS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["rail"]))]
    pub rails: Vec<ProfileRail>,
    /// The number of the hash input's layout.
    pub schema: u32,
}

/// A mount point and the tier behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// Where.
    pub mount_point: AbsolutePath,
    /// Which tier.
    pub tier: Name,
}

/// What rail *i* is, on every node of the profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileRail {
    /// The fabric.
    pub fabric: Name,
    /// Its number inside the fabric.
    pub fabric_rail: u8,
    /// The prefix of the rail's addresses; absent where the fabric has no addressing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<Ipv4Prefix>,
    /// The InfiniBand MTU in bytes, where the fabric sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u16>,
    /// What the fabric carries.
    pub plane: Plane,
    /// The number of the HCA in the node.
    pub rail: u8,
}

impl NodeProfileSpec {
    /// The canonical JSON of the profile. Serialising is direct: the fields are declared in canonical order.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// The hash of the whole profile.
    pub fn hash(&self) -> Result<Hash, serde_json::Error> {
        Ok(content_hash("profile", &self.canonical()?))
    }

    /// The name of the profile: `<pool>-<first 12 digits of its hash>`.
    pub fn name(pool: &Name, hash: &Hash) -> String {
        format!("{pool}-{}", &hash.as_str()[..12])
    }
}
