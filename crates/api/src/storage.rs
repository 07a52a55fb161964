//! `StorageTier`: one place where nodes find data.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::cel::rules;
use crate::{
    AbsolutePath, Capacity, HostAddress, IntentStatus, Line, ModelPattern, MountOption, Name, Nid, NodeName,
    PciAddress, Power, Throughput, Version,
};

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
    ("has(self.mountPoint) != (has(self.kubernetes) && self.kubernetes.provisioner in ['TopoLVM', 'LVMS'])",
     "mountPoint is needed, unless kubernetes.provisioner is TopoLVM or LVMS, which mount each volume themselves"),
])))]
pub struct StorageTierSpec {
    /// BeeGFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beegfs: Option<BeeGfs>,
    /// What the whole tier holds, where it is shared; of local devices it is added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// The fabric that it travels on. Every pool that mounts the tier is plugged into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fabric: Option<Name>,
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
    /// Options of the mount, beside those that the tier's own fields say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::MOUNT_OPTIONS), extend("x-kubernetes-list-type" = "set"))]
    pub mount_options: Vec<MountOption>,
    /// Where it is mounted; absent where TopoLVM or LVMS owns the devices and mounts each volume itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_point: Option<AbsolutePath>,
    /// NFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nfs: Option<Nfs>,
    /// The servers of a shared tier, for the site's power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<StorageServers>,
    /// The site that the tier belongs to.
    pub supercluster: Name,
    /// What the whole tier reads and writes, where it is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<TierThroughput>,
    /// WekaFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weka: Option<Weka>,
}

/// What something reads and writes at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TierThroughput {
    /// Reading.
    pub read: Throughput,
    /// Writing, sustained.
    pub write: Throughput,
}

/// The servers of a shared tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageServers {
    /// How many.
    #[schemars(range(min = 1, max = 10_000))]
    pub count: u32,
    /// Where they stand: a location of the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Name>,
    /// The phase that they arrive with: a phase of the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Name>,
    /// The most that one of them draws.
    pub power: Power,
}

/// The longest name in bytes of a tier with RAID, which is the array's: a superblock's name holds 32 bytes with its end,
/// and `any:` comes first. A longer one loses that, and the array comes back under another path (mdadm(8), `--homehost`).
pub const ARRAY_NAME_MAX: usize = 27;

/// NVMe devices of the node itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("!has(self.wipeConsents) || self.wipe == 'WithConsent'", "wipeConsents goes with wipe: WithConsent"),
])))]
pub struct LocalNvme {
    /// Which devices.
    pub devices: Devices,
    /// The file system: of the mount, or of each volume that TopoLVM or LVMS makes.
    pub filesystem: Filesystem,
    /// The RAID level over the devices; absent: none. That is one device, or the volume group of TopoLVM or LVMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [0, 1, 5, 6, 10]))]
    pub raid: Option<u8>,
    /// Whether a device with old content may be wiped.
    pub wipe: Wipe,
    /// Devices that may be wiped, each with the content that was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::WIPE_CONSENTS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["node", "serial"]))]
    pub wipe_consents: Vec<WipeConsent>,
}

/// Devices by what they are, never by their kernel name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("has(self.model) || has(self.pciAddresses)", "model, pciAddresses or both are needed"),
    ("!has(self.pciAddresses) || size(self.pciAddresses) == self.count", "pciAddresses must be as many as count"),
])))]
pub struct Devices {
    /// What one of them holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// How many each node must have.
    #[schemars(range(min = 1, max = bounds::DISKS))]
    pub count: u8,
    /// Their model; `*` matches any run of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelPattern>,
    /// The slots that they sit in, the same on each node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::DISKS), extend("x-kubernetes-list-type" = "set"))]
    pub pci_addresses: Vec<PciAddress>,
    /// What one of them reads and writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<TierThroughput>,
}

/// Consent to wipe one device of one node while it holds what was looked at. It is used up by that: other content needs
/// another consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WipeConsent {
    /// The node.
    pub node: NodeName,
    /// The device's serial number.
    pub serial: Line,
    /// The signature on it, as `wipefs --json` and `blkid -p` name it: type and UUID, `xfs:6a1f6f2e-…`.
    pub signature: Line,
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

/// Whether devices may be wiped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Wipe {
    /// Only blank devices are taken.
    Never,
    /// Blank devices, and those that `wipeConsents` names while they hold what it says.
    WithConsent,
}

/// NFS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nfs {
    /// Connections to the server (`nconnect`); over RDMA older kernels take the option and open one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16))]
    pub connections: Option<u8>,
    /// The exported path.
    pub export: AbsolutePath,
    /// The server.
    pub server: HostAddress,
    /// What it travels on.
    pub transport: Transport,
    /// The protocol's version; absent: what client and server agree on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<NfsVersion>,
}

/// Versions of NFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NfsVersion {
    /// 3.
    #[serde(rename = "3")]
    V3,
    /// 4.1.
    #[serde(rename = "4.1")]
    V4_1,
    /// 4.2.
    #[serde(rename = "4.2")]
    V4_2,
}

impl NfsVersion {
    /// As the mount option `vers` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "3",
            Self::V4_1 => "4.1",
            Self::V4_2 => "4.2",
        }
    }
}

/// What NFS and BeeGFS travel on.
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
    /// The client that the hosts run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Version>,
    /// The file system's name, at most eight characters (Lustre's own limit).
    #[schemars(length(max = 8))]
    pub file_system: Name,
    /// NIDs of the management servers, in the order of preference.
    #[schemars(length(min = 1, max = bounds::SERVERS), extend("x-kubernetes-list-type" = "atomic"))]
    pub management_servers: Vec<Nid>,
}

impl AbsolutePath {
    /// Where the PersistentVolume of a tier at this mount point lies: a directory of the file system, which is not there
    /// while nothing is mounted. Kubelet then refuses the volume; with the mount point itself it would hand out the disk
    /// below it (kubernetes, pkg/volume/local/local.go: any directory that is there will do).
    pub fn volume(&self) -> String {
        format!("{self}/volume")
    }
}

impl Nid {
    /// The LNet network behind the `@`, as Lustre itself prints it: without the number 0, which `tcp0` and `tcp` both have.
    pub fn network(&self) -> String {
        let network = self.as_str().split_once('@').map_or("", |(_, network)| network);
        let kind = network.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = network[kind.len()..].trim_start_matches('0');
        format!("{kind}{number}")
    }
}

/// WekaFS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Weka {
    /// The cluster's backends.
    #[schemars(length(min = 1, max = bounds::SERVERS), extend("x-kubernetes-list-type" = "set"))]
    pub backends: Vec<HostAddress>,
    /// The client that the hosts run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Version>,
    /// Cores that the client takes for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub cores: Option<u8>,
    /// The file system's name.
    pub file_system: Name,
}

/// BeeGFS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BeeGfs {
    /// The client that the hosts run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Version>,
    /// The management server.
    pub management_server: HostAddress,
    /// What it travels on. RDMA never falls back to TCP silently.
    pub transport: Transport,
}

/// How Kubernetes sees the tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesStorage {
    /// Who makes volumes.
    pub provisioner: Provisioner,
    /// What becomes of a volume that is given back; absent: `Retain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclaim_policy: Option<ReclaimPolicy>,
    /// The name of its StorageClass.
    pub storage_class: Name,
}

/// Who makes volumes of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Provisioner {
    /// Nobody: volumes are written once, as PersistentVolumes.
    Static,
    /// The local static provisioner, from the tier's mount point.
    LocalStaticProvisioner,
    /// TopoLVM, on a volume group that it owns.
    TopoLVM,
    /// The LVM Storage operator, on a volume group that it owns.
    LVMS,
    /// The file system's own CSI driver: NFS, Lustre, Weka or BeeGFS.
    CSI,
}

/// What becomes of a volume that is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReclaimPolicy {
    /// It stays as it is.
    Retain,
    /// It is removed with its content.
    Delete,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lnet_network_has_one_spelling() {
        for (nid, network) in [
            ("10.0.0.1@tcp", "tcp"),
            ("10.0.0.1@tcp0", "tcp"),
            ("10.0.0.1@tcp10", "tcp10"),
            ("10.0.0.1@o2ib", "o2ib"),
            ("10.0.0.1@o2ib0", "o2ib"),
            ("10.0.0.1@o2ib03", "o2ib3"),
        ] {
            assert_eq!(Nid::new(nid).unwrap().network(), network, "{nid}");
        }
    }
}
