//! `NodeInventory`: what the agent found on its node.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::{Guid, Line, Name, PciAddress};

/// What the agent found on its node; named as the node and written by that node's agent only. As with ResourceSlice,
/// what was found is the object's `spec`: nobody else writes it, and it has no status of its own. It is written whole, so the
/// API server need not note who owns which field of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "rackwright.dev",
    version = "v1alpha1",
    kind = "NodeInventory",
    plural = "nodeinventories",
    shortname = "ni",
    category = "rackwright",
    derive = "PartialEq",
    printcolumn(name = "System", type_ = "string", json_path = ".spec.system"),
    printcolumn(name = "Kernel", type_ = "string", json_path = ".spec.kernel"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct NodeInventorySpec {
    /// Local disks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::DISKS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"]))]
    pub disks: Vec<Disk>,
    /// GPUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::GPUS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["pciAddress"]))]
    pub gpus: Vec<InventoryGpu>,
    /// HCA ports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::NODE_RAILS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["rail"]))]
    pub hcas: Vec<Hca>,
    /// The running kernel, as `uname -r` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Line>,
    /// The node model, a name of the catalogue, where the agent recognised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<Name>,
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InventoryGpu {
    /// Memory in MiB, as NVML reports it.
    #[serde(rename = "memoryMiB")]
    pub memory_mib: u32,
    /// Where it sits.
    pub pci_address: PciAddress,
    /// The product name, as NVML reports it.
    pub product: Line,
    /// Its UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Line>,
}

/// One HCA port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hca {
    /// The kernel's name for the device, for people: it is not stable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Line>,
    /// The port's GUID.
    pub guid: Guid,
    /// Where it sits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pci_address: Option<PciAddress>,
    /// Its number in the node.
    #[schemars(range(max = 31))]
    pub rail: u8,
}

/// A local disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    /// Its stable id: the name below `/dev/disk/by-id`.
    pub id: Line,
    /// Its model, as the device reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Line>,
    /// Where it sits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pci_address: Option<PciAddress>,
    /// Its serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Line>,
    /// Its size in bytes.
    pub size_bytes: i64,
}
