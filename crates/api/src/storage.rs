//! `StorageTier`: one place where nodes find data.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::cel::rules;
use crate::{AbsolutePath, HostAddress, IntentStatus, ModelPattern, Name, Nid};

/// One storage tier: local NVMe or one of the shared file systems, and how Kubernetes sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "rackwright.dev",
    version = "v1alpha1",
    kind = "StorageTier",
    plural = "storagetiers",
    shortname = "st",
    category = "rackwright",
    status = "IntentStatus",
    derive = "PartialEq",
    printcolumn(name = "Supercluster", type_ = "string", json_path = ".spec.supercluster"),
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
    ("(has(self.localNVMe) ? 1 : 0) + (has(self.nfs) ? 1 : 0) + (has(self.lustre) ? 1 : 0) + (has(self.weka) ? 1 : 0) + (has(self.beegfs) ? 1 : 0) == 1",
     "exactly one of localNVMe, nfs, lustre, weka and beegfs is needed"),
])))]
pub struct StorageTierSpec {
    /// BeeGFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beegfs: Option<BeeGfs>,
    /// Whether GPUs read it without a bounce buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_direct_storage: Option<bool>,
    /// How Kubernetes sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesStorage>,
    /// NVMe devices of the node itself.
    #[serde(rename = "localNVMe", default, skip_serializing_if = "Option::is_none")]
    pub local_nvme: Option<LocalNvme>,
    /// Lustre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lustre: Option<Lustre>,
    /// NFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nfs: Option<Nfs>,
    /// The site that the tier belongs to.
    pub supercluster: Name,
    /// WekaFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weka: Option<Weka>,
}

/// NVMe devices of the node itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalNvme {
    /// Which devices.
    pub devices: Devices,
    /// The file system.
    pub filesystem: Filesystem,
    /// Where it is mounted.
    pub mount_point: AbsolutePath,
    /// The RAID level over the devices; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [0, 1, 5, 6, 10]))]
    pub raid: Option<u8>,
    /// Whether a device with old content may be wiped.
    pub wipe: Wipe,
}

/// Devices by what they are, never by their kernel name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Devices {
    /// How many each node must have.
    #[schemars(range(min = 1, max = 64))]
    pub count: u8,
    /// Their model; `*` matches any run of characters.
    pub model: ModelPattern,
}

/// File systems for local tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Filesystem {
    /// XFS.
    Xfs,
    /// ext4.
    Ext4,
}

/// Consent to wipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Wipe {
    /// Only blank devices are taken.
    Never,
}

/// NFS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nfs {
    /// The exported path.
    pub export: AbsolutePath,
    /// Where it is mounted.
    pub mount_point: AbsolutePath,
    /// The server.
    pub server: HostAddress,
    /// What it travels on.
    pub transport: Transport,
}

/// What NFS travels on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Transport {
    /// TCP.
    TCP,
    /// RDMA.
    RDMA,
}

/// Lustre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lustre {
    /// The file system's name, at most eight characters (Lustre's own limit).
    #[schemars(length(max = 8))]
    pub file_system: Name,
    /// NIDs of the management servers, in the order of preference.
    #[schemars(length(min = 1, max = bounds::SERVERS), extend("x-kubernetes-list-type" = "atomic"))]
    pub management_servers: Vec<Nid>,
    /// Where it is mounted.
    pub mount_point: AbsolutePath,
}

/// WekaFS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Weka {
    /// The cluster's backends.
    #[schemars(length(min = 1, max = bounds::SERVERS), extend("x-kubernetes-list-type" = "set"))]
    pub backends: Vec<HostAddress>,
    /// The file system's name.
    pub file_system: Name,
    /// Where it is mounted.
    pub mount_point: AbsolutePath,
}

/// BeeGFS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BeeGfs {
    /// The management server.
    pub management_server: HostAddress,
    /// Where it is mounted.
    pub mount_point: AbsolutePath,
}

/// How Kubernetes sees the tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesStorage {
    /// The name of its StorageClass.
    pub storage_class: Name,
}
