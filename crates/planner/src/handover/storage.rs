//! How Kubernetes sees a storage tier: StorageClasses, PersistentVolumes, and what the provisioners of local devices
//! are told.
//!
//! Which driver serves which file system, and with what parameters, is the table of node-config 3.8.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use k8s_openapi::api::core::v1::{
    CSIPersistentVolumeSource, HostPathVolumeSource, LocalVolumeSource, NFSVolumeSource, NodeSelector,
    NodeSelectorRequirement, NodeSelectorTerm, PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity,
};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rackwright_api::{
    BeeGfs, Filesystem, Lustre, Name, Nfs, Nid, Provisioner, ReclaimPolicy, StorageTierSpec, Transport, Weka,
};
use serde::Serialize;

use crate::tiers::FileSystem;

/// LVMS makes the StorageClass of a device class itself and puts this before its name.
pub const LVMS_CLASS_PREFIX: &str = "lvms-";

/// Kubernetes' word for a class that makes no volumes.
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// The StorageClass of a tier; none where Kubernetes does not see it, where LVMS makes its own, or where the provisioner
/// does not fit.
pub fn class(name: &Name, tier: &StorageTierSpec) -> Option<StorageClass> {
    let kubernetes = tier.kubernetes.as_ref()?;
    let file_system = FileSystem::of(tier)?;
    let (provisioner, parameters) = match (kubernetes.provisioner, file_system) {
        (Provisioner::Static, _) | (Provisioner::LocalStaticProvisioner, FileSystem::Local(_)) => {
            (NO_PROVISIONER, BTreeMap::new())
        }
        (Provisioner::TopoLVM, FileSystem::Local(local)) => (
            "topolvm.io",
            parameters([
                (
                    "csi.storage.k8s.io/fstype",
                    filesystem(local.filesystem).to_owned(),
                ),
                ("topolvm.io/device-class", name.to_string()),
            ]),
        ),
        (Provisioner::CSI, FileSystem::Nfs(nfs)) => (
            "nfs.csi.k8s.io",
            parameters([
                ("server", nfs.server.to_string()),
                ("share", nfs.export.to_string()),
            ]),
        ),
        // Its driver mounts what is there and makes nothing.
        (Provisioner::CSI, FileSystem::Lustre(_)) => (NO_PROVISIONER, BTreeMap::new()),
        (Provisioner::CSI, FileSystem::Weka(weka)) => ("csi.weka.io", weka_parameters(weka)),
        (Provisioner::CSI, FileSystem::BeeGfs(beegfs)) => (
            "beegfs.csi.netapp.com",
            parameters([
                ("sysMgmtdHost", beegfs.management_server.to_string()),
                ("volDirBasePath", format!("k8s/{name}")),
            ]),
        ),
        (Provisioner::LVMS | Provisioner::LocalStaticProvisioner | Provisioner::TopoLVM, _)
        | (Provisioner::CSI, FileSystem::Local(_)) => return None,
    };
    let dynamic = provisioner != NO_PROVISIONER;
    let binding = if file_system.is_local() {
        "WaitForFirstConsumer"
    } else {
        "Immediate"
    };
    Some(StorageClass {
        allow_volume_expansion: (kubernetes.provisioner == Provisioner::TopoLVM).then_some(true),
        metadata: ObjectMeta {
            name: Some(kubernetes.storage_class.to_string()),
            ..ObjectMeta::default()
        },
        mount_options: Some(mount_options(tier)).filter(|options| dynamic && !options.is_empty()),
        parameters: Some(parameters).filter(|parameters| !parameters.is_empty()),
        provisioner: provisioner.to_owned(),
        reclaim_policy: Some(reclaim_policy(tier).to_owned()),
        volume_binding_mode: Some(binding.to_owned()),
        ..StorageClass::default()
    })
}

/// Whether the volumes of a tier are written once, by us.
pub fn is_static(tier: &StorageTierSpec) -> bool {
    let provisioner = tier.kubernetes.as_ref().map(|kubernetes| kubernetes.provisioner);
    match provisioner {
        Some(Provisioner::Static) => true,
        // Its driver makes no volumes (README of lustre-csi-driver, "Static Provisioning").
        Some(Provisioner::CSI) => tier.lustre.is_some(),
        Some(Provisioner::LocalStaticProvisioner | Provisioner::TopoLVM | Provisioner::LVMS) | None => false,
    }
}

/// The one volume of a shared tier that is written once; none without a capacity, which a PersistentVolume must have.
pub fn shared_volume(name: &Name, tier: &StorageTierSpec) -> Option<PersistentVolume> {
    let kubernetes = tier.kubernetes.as_ref().filter(|_| is_static(tier))?;
    let csi = |driver: &str, volume_handle: String, fs_type: &str| CSIPersistentVolumeSource {
        driver: driver.to_owned(),
        fs_type: Some(fs_type.to_owned()),
        volume_handle,
        ..CSIPersistentVolumeSource::default()
    };
    let mut spec = volume(
        tier,
        kubernetes.storage_class.as_str(),
        tier.capacity.as_ref()?.bytes(),
        "ReadWriteMany",
    );
    match FileSystem::of(tier)? {
        FileSystem::Local(_) => return None,
        FileSystem::Nfs(nfs) => {
            spec.mount_options = Some(mount_options(tier)).filter(|options| !options.is_empty());
            spec.nfs = Some(NFSVolumeSource {
                path: nfs.export.to_string(),
                server: nfs.server.to_string(),
                read_only: None,
            });
        }
        FileSystem::Lustre(lustre) if kubernetes.provisioner == Provisioner::CSI => {
            spec.mount_options = Some(mount_options(tier)).filter(|options| !options.is_empty());
            spec.csi = Some(csi("lustre-csi.hpe.com", lustre_device(lustre), "lustre"));
        }
        FileSystem::Lustre(_) | FileSystem::Weka(_) | FileSystem::BeeGfs(_) => {
            spec.host_path = Some(HostPathVolumeSource {
                path: directory_made_by_hand(tier)?,
                type_: Some("Directory".to_owned()),
            });
        }
    }
    Some(persistent_volume(name.to_string(), spec))
}

/// The directory that the volume of a shared tier is where the hosts mount it. It lies on the file system, and is made once,
/// by whoever runs that: a host that made it would do so on its own disk while nothing is mounted.
pub fn directory_made_by_hand(tier: &StorageTierSpec) -> Option<String> {
    let kubernetes = tier.kubernetes.as_ref().filter(|_| is_static(tier))?;
    match FileSystem::of(tier)? {
        FileSystem::Local(_) | FileSystem::Nfs(_) => None,
        FileSystem::Lustre(_) if kubernetes.provisioner == Provisioner::CSI => None,
        FileSystem::Lustre(_) | FileSystem::Weka(_) | FileSystem::BeeGfs(_) => {
            Some(tier.mount_point.as_ref()?.volume())
        }
    }
}

/// The volume of one node of a local tier that is written once, of so many bytes.
pub fn local_volume(name: &Name, tier: &StorageTierSpec, node: &str, bytes: u64) -> Option<PersistentVolume> {
    let kubernetes = tier.kubernetes.as_ref()?;
    if kubernetes.provisioner != Provisioner::Static || tier.local_nvme.is_none() {
        return None;
    }
    let on_the_node = NodeSelectorRequirement {
        key: "kubernetes.io/hostname".to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![node.to_owned()]),
    };
    let spec = PersistentVolumeSpec {
        local: Some(LocalVolumeSource {
            fs_type: None,
            path: tier.mount_point.as_ref()?.volume(),
        }),
        node_affinity: Some(VolumeNodeAffinity {
            required: Some(selector(on_the_node)),
        }),
        ..volume(tier, kubernetes.storage_class.as_str(), bytes, "ReadWriteOnce")
    };
    Some(persistent_volume(format!("{name}.{node}"), spec))
}

/// An entry of `storageClassMap` in the ConfigMap of the local static provisioner, under the name of the StorageClass
/// (sig-storage-local-static-provisioner, docs/provisioner.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StaticProvisionerClass {
    /// The directory of the host whose mount points are volumes.
    pub host_dir: String,
    /// The same directory inside the provisioner's pod.
    pub mount_dir: String,
    /// Which names in the directory are looked at: the tier's alone.
    pub name_pattern: String,
    /// `Filesystem`: what is found is mounted already.
    pub volume_mode: &'static str,
}

/// What the local static provisioner is told of a tier.
pub fn static_provisioner_class(tier: &StorageTierSpec) -> Option<StaticProvisionerClass> {
    let kubernetes = tier.kubernetes.as_ref()?;
    let (directory, name) = tier.mount_point.as_ref()?.as_str().rsplit_once('/')?;
    (kubernetes.provisioner == Provisioner::LocalStaticProvisioner && tier.local_nvme.is_some()).then(|| {
        StaticProvisionerClass {
            host_dir: directory.to_owned(),
            mount_dir: directory.to_owned(),
            name_pattern: name.to_owned(),
            volume_mode: "Filesystem",
        }
    })
}

/// A device class of TopoLVM's `lvmd` (topolvm, docs/lvmd.md). The volume group is there before TopoLVM starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TopolvmDeviceClass {
    /// Whether it serves StorageClasses that name none.
    #[serde(skip_serializing_if = "is_false")]
    pub default: bool,
    /// The name that the StorageClass refers to: that of the tier.
    pub name: String,
    /// Devices that a volume is spread over, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stripe: Option<u8>,
    /// The volume group: named as the tier.
    pub volume_group: String,
}

/// The device classes of nodes with these tiers, by name. `lvmd` does not start unless exactly one is the default (topolvm,
/// `ValidateDeviceClasses`): the first, which no StorageClass of ours relies on.
pub fn topolvm_device_classes<'a>(
    tiers: impl IntoIterator<Item = (&'a Name, &'a StorageTierSpec)>,
) -> Vec<TopolvmDeviceClass> {
    let mut classes: Vec<TopolvmDeviceClass> = tiers
        .into_iter()
        .filter_map(|(name, tier)| topolvm_device_class(name, tier))
        .collect();
    classes.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(first) = classes.first_mut() {
        first.default = true;
    }
    classes
}

fn topolvm_device_class(name: &Name, tier: &StorageTierSpec) -> Option<TopolvmDeviceClass> {
    let provisioner = tier.kubernetes.as_ref()?.provisioner;
    let count = tier.local_nvme.as_ref()?.devices.count;
    (provisioner == Provisioner::TopoLVM).then(|| TopolvmDeviceClass {
        default: false,
        name: name.to_string(),
        stripe: (count > 1).then_some(count),
        volume_group: name.to_string(),
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A device class of an LVMCluster (lvm-operator, api/v1alpha1/lvmcluster_types.go): its name has at most 245 characters
/// of a DNS label, its file system is `xfs` or `ext4`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LvmsDeviceClass {
    /// Which devices.
    pub device_selector: LvmsDeviceSelector,
    /// The file system of its volumes.
    pub fstype: &'static str,
    /// The name of the class and of the volume group; the StorageClass is `lvms-` and this.
    pub name: String,
    /// Which nodes: without it LVMS looks for the devices on every node, and fails where they are not. It can never be
    /// changed (lvm-operator, `ErrNodeSelectorCannotBeChanged`), so it names a label and no node.
    pub node_selector: NodeSelector,
}

/// The labels that the nodes of a pool with these tiers carry for LVMS.
pub fn lvms_node_labels<'a>(
    tiers: impl IntoIterator<Item = &'a StorageTierSpec>,
) -> BTreeMap<String, String> {
    let classes = tiers.into_iter().filter_map(lvms_device_class);
    classes
        .map(|class| (lvms_label(&class.name), "true".to_owned()))
        .collect()
}

/// The label of the nodes that have the devices of a class.
fn lvms_label(class: &str) -> String {
    format!("lvms.rackwright.dev/{class}")
}

/// The devices of a device class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LvmsDeviceSelector {
    /// Paths that are the same on each node and after each boot.
    pub paths: Vec<String>,
}

/// What LVMS is told of a tier; none without PCI addresses, by which it selects devices.
pub fn lvms_device_class(tier: &StorageTierSpec) -> Option<LvmsDeviceClass> {
    let kubernetes = tier.kubernetes.as_ref()?;
    let local = tier.local_nvme.as_ref()?;
    let name = kubernetes
        .storage_class
        .as_str()
        .strip_prefix(LVMS_CLASS_PREFIX)?;
    let addresses = &local.devices.pci_addresses;
    if kubernetes.provisioner != Provisioner::LVMS || addresses.is_empty() || name.is_empty() {
        return None;
    }
    let mut paths: Vec<String> = addresses
        .iter()
        .map(|address| format!("/dev/disk/by-path/pci-{address}-nvme-1"))
        .collect();
    paths.sort();
    Some(LvmsDeviceClass {
        device_selector: LvmsDeviceSelector { paths },
        fstype: filesystem(local.filesystem),
        name: name.to_owned(),
        node_selector: selector(NodeSelectorRequirement {
            key: lvms_label(name),
            operator: "Exists".to_owned(),
            values: None,
        }),
    })
}

/// The one LVMCluster of a Kubernetes cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LvmCluster {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: LvmClusterSpec,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct LvmClusterSpec {
    storage: LvmClusterStorage,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct LvmClusterStorage {
    device_classes: Vec<LvmsDeviceClass>,
}

/// The LVMCluster of all tiers that LVMS owns, in the namespace that it runs in, where that is known; none if there is no
/// such tier.
pub fn lvm_cluster<'a>(
    namespace: Option<&str>,
    tiers: impl IntoIterator<Item = &'a StorageTierSpec>,
) -> Option<LvmCluster> {
    let mut device_classes: Vec<LvmsDeviceClass> = tiers.into_iter().filter_map(lvms_device_class).collect();
    device_classes.sort_by(|a, b| a.name.cmp(&b.name));
    device_classes.dedup();
    (!device_classes.is_empty()).then(|| LvmCluster {
        api_version: "lvm.topolvm.io/v1alpha1",
        kind: "LVMCluster",
        metadata: ObjectMeta {
            name: Some("rackwright".to_owned()),
            namespace: namespace.map(str::to_owned),
            ..ObjectMeta::default()
        },
        spec: LvmClusterSpec {
            storage: LvmClusterStorage { device_classes },
        },
    })
}

/// Nodes that meet one requirement.
fn selector(requirement: NodeSelectorRequirement) -> NodeSelector {
    NodeSelector {
        node_selector_terms: vec![NodeSelectorTerm {
            match_expressions: Some(vec![requirement]),
            match_fields: None,
        }],
    }
}

fn persistent_volume(name: String, spec: PersistentVolumeSpec) -> PersistentVolume {
    PersistentVolume {
        metadata: ObjectMeta {
            name: Some(name),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
        status: None,
    }
}

fn volume(tier: &StorageTierSpec, class: &str, bytes: u64, access: &str) -> PersistentVolumeSpec {
    PersistentVolumeSpec {
        access_modes: Some(vec![access.to_owned()]),
        capacity: Some(BTreeMap::from([("storage".to_owned(), quantity(bytes))])),
        persistent_volume_reclaim_policy: Some(reclaim_policy(tier).to_owned()),
        storage_class_name: Some(class.to_owned()),
        volume_mode: Some("Filesystem".to_owned()),
        ..PersistentVolumeSpec::default()
    }
}

/// Bytes in Kubernetes' canonical spelling: the largest decimal suffix without a fraction.
fn quantity(bytes: u64) -> Quantity {
    let suffixes = [
        (1_000_000_000_000_000, "P"),
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1_000, "k"),
    ];
    let whole = suffixes
        .iter()
        .find(|(factor, _)| bytes > 0 && bytes.is_multiple_of(*factor));
    Quantity(whole.map_or_else(
        || bytes.to_string(),
        |(factor, suffix)| format!("{}{suffix}", bytes / factor),
    ))
}

fn reclaim_policy(tier: &StorageTierSpec) -> &'static str {
    match tier
        .kubernetes
        .as_ref()
        .and_then(|kubernetes| kubernetes.reclaim_policy)
    {
        Some(ReclaimPolicy::Delete) => "Delete",
        Some(ReclaimPolicy::Retain) | None => "Retain",
    }
}

const fn filesystem(filesystem: Filesystem) -> &'static str {
    match filesystem {
        Filesystem::Xfs => "xfs",
        Filesystem::Ext4 => "ext4",
    }
}

fn parameters<const N: usize>(parameters: [(&str, String); N]) -> BTreeMap<String, String> {
    let owned = parameters.map(|(key, value)| (key.to_owned(), value));
    owned.into()
}

/// Directories of one file system, and the secret with which the driver asks the cluster's API: name and namespace are
/// those of the driver's own example (csi-wekafs, examples/dynamic_api).
fn weka_parameters(weka: &Weka) -> BTreeMap<String, String> {
    let mut all = parameters([
        ("capacityEnforcement", "HARD".to_owned()),
        ("filesystemName", weka.file_system.to_string()),
        ("volumeType", "dir/v1".to_owned()),
    ]);
    for step in [
        "controller-expand",
        "controller-publish",
        "node-publish",
        "node-stage",
        "provisioner",
    ] {
        let key = |what: &str| format!("csi.storage.k8s.io/{step}-secret-{what}");
        all.insert(key("name"), "csi-wekafs-api-secret".to_owned());
        all.insert(key("namespace"), "csi-wekafs".to_owned());
    }
    all
}

/// `<MGS>[:<failover MGS>…]:/<file system>`: mount.lustre(8).
pub fn lustre_device(lustre: &Lustre) -> String {
    let servers: Vec<&str> = lustre.management_servers.iter().map(Nid::as_str).collect();
    format!("{}:/{}", servers.join(":"), lustre.file_system)
}

/// The options of a mount that the kubelet or a driver makes: those of the tier's fields, then its own.
fn mount_options(tier: &StorageTierSpec) -> Vec<String> {
    let mut options = match FileSystem::of(tier) {
        Some(FileSystem::Nfs(nfs)) => nfs_options(nfs),
        Some(
            FileSystem::BeeGfs(BeeGfs { .. })
            | FileSystem::Lustre(_)
            | FileSystem::Local(_)
            | FileSystem::Weka(_),
        )
        | None => Vec::new(),
    };
    options.extend(tier.mount_options.iter().map(ToString::to_string));
    options
}

/// The fields of an NFS tier as nfs(5) has them: the protocol names the family of an IPv6 address too; 20049 is the port of
/// NFS over RDMA (RFC 8267).
fn nfs_options(nfs: &Nfs) -> Vec<String> {
    let family = if nfs.server.as_str().parse::<Ipv6Addr>().is_ok() {
        "6"
    } else {
        ""
    };
    let mut options = Vec::new();
    options.extend(nfs.version.map(|version| format!("vers={}", version.as_str())));
    match nfs.transport {
        Transport::TCP => options.push(format!("proto=tcp{family}")),
        Transport::RDMA => options.extend([format!("proto=rdma{family}"), "port=20049".to_owned()]),
    }
    options.extend(
        nfs.connections
            .map(|connections| format!("nconnect={connections}")),
    );
    options
}
