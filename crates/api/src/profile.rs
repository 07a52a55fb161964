//! `NodeProfile`: configuration that many nodes share, immutable, named by its content.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::cel::rules;
use crate::hash::content_hash;
use crate::{
    AbsolutePath, BeeGfs, Gpu, Hash, Host, Ipv4Prefix, LocalNvme, Lustre, MountOption, Name, Nfs,
    NodeMetadata, Plane, Weka,
};

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
#[schemars(extend("x-kubernetes-map-type" = "atomic", "x-kubernetes-validations" = rules(&[
    ("self == oldSelf", "a profile is immutable: other content has another hash and so another name"),
])))]
pub struct NodeProfileSpec {
    /// What the GPUs become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Gpu>,
    /// What the host becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// What the node carries in Kubernetes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<NodeMetadata>,
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

/// A mount point and the tier behind it: exactly one of beegfs, localNVMe, lustre, nfs and weka.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("(has(self.localNVMe) ? 1 : 0) + (has(self.nfs) ? 1 : 0) + (has(self.lustre) ? 1 : 0) + (has(self.weka) ? 1 : 0) + (has(self.beegfs) ? 1 : 0) == 1",
     "exactly one of localNVMe, nfs, lustre, weka and beegfs is needed"),
])))]
pub struct Mount {
    /// BeeGFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beegfs: Option<BeeGfs>,
    /// Whether GPUs read it without a bounce buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_direct_storage: Option<bool>,
    /// NVMe devices of the node itself. Consents are facts of one node and are never in here.
    #[serde(rename = "localNVMe", default, skip_serializing_if = "Option::is_none")]
    pub local_nvme: Option<LocalNvme>,
    /// Lustre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lustre: Option<Lustre>,
    /// Where.
    pub mount_point: AbsolutePath,
    /// NFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nfs: Option<Nfs>,
    /// Options of the mount, in the order that the user wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::MOUNT_OPTIONS), extend("x-kubernetes-list-type" = "set"))]
    pub options: Vec<MountOption>,
    /// Rails of the node that the tier travels on, where it names a fabric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::NODE_RAILS), extend("x-kubernetes-list-type" = "set"))]
    pub rails: Vec<u8>,
    /// Which tier.
    pub tier: Name,
    /// WekaFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weka: Option<Weka>,
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
