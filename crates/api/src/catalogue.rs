//! `spec.catalogue` of a `Supercluster`: figures of the site's own hardware, beside and above the built-in ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::cel::rules;
use crate::{KernelModules, Line, MigProfile, Name, PciDevice, Power};

/// Hardware as this site knows it. An entry named as a built-in one overrides the figures that it gives; any other name
/// adds an entry, which starts from a built-in one (`like`) or gives all that is mandatory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    /// Adapters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::CATALOGUE_ENTRIES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub adapters: Vec<AdapterEntry>,
    /// GPUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::CATALOGUE_ENTRIES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub gpus: Vec<GpuEntry>,
    /// Switches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::CATALOGUE_ENTRIES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub switches: Vec<SwitchEntry>,
    /// Node systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::CATALOGUE_ENTRIES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub systems: Vec<SystemEntry>,
}

/// A node model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("!has(self.maxPowerNodes) || has(self.maxPower)", "maxPowerNodes goes with maxPower"),
])))]
pub struct SystemEntry {
    /// Links of one node to the compute fabric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = bounds::FABRIC_RAILS))]
    pub compute_links: Option<u8>,
    /// Its GPU, a name of the catalogue. Mandatory in an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Name>,
    /// GPUs of one node. Mandatory in an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = bounds::GPUS))]
    pub gpus: Option<u8>,
    /// The built-in entry that a new name starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Name>,
    /// The most that `maxPowerNodes` nodes draw together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_power: Option<Power>,
    /// Nodes of `maxPower`; absent: as many as in the entry that it corrects or is like, else one. A rack that is one product draws its power also with trays missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub max_power_nodes: Option<u16>,
    /// Its name: one of the catalogue, or a new one.
    pub name: Name,
    /// Nodes that make up one rack, where the model is a rack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub nodes_per_rack: Option<u16>,
    /// GPUs that reach one another at NVLink speed, in this node and others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub nvlink_domain: Option<u16>,
    /// Where the figures come from.
    pub source: Line,
}

/// A GPU model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GpuEntry {
    /// Whether it shares the CPU's memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coherent: Option<bool>,
    /// Its power cap when nobody sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_power: Option<Power>,
    /// The one flavour of the driver's kernel modules that drives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_modules: Option<KernelModules>,
    /// The built-in entry that a new name starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Name>,
    /// The highest cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_power: Option<Power>,
    /// Its memory in MiB as NVML reports it.
    #[serde(default, rename = "memoryMiB", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16_777_216))]
    pub memory_mib: Option<u32>,
    /// How it can be cut into instances; without profiles: not at all. Mandatory in an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mig: Option<MigTable>,
    /// The lowest cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_power: Option<Power>,
    /// Its name: one of the catalogue, or a new one.
    pub name: Name,
    /// Its PCI vendor and device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pci_device: Option<PciDevice>,
    /// Its name as `nvidia-smi` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Line>,
    /// Where the figures come from.
    pub source: Line,
}

/// How a GPU can be cut into instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigTable {
    /// Compute slices that instances can share out.
    #[schemars(range(min = 0, max = 64))]
    pub compute_slices: u8,
    /// Memory slices that they can share out.
    #[schemars(range(min = 0, max = 64))]
    pub memory_slices: u8,
    /// The profiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::CATALOGUE_PROFILES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub profiles: Vec<MigTableProfile>,
}

/// A profile of one GPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigTableProfile {
    /// Compute slices of one instance.
    #[schemars(range(min = 1, max = 64))]
    pub compute_slices: u8,
    /// The most instances of this profile on one GPU.
    #[schemars(range(min = 1, max = 64))]
    pub max: u8,
    /// Memory slices of one instance.
    #[schemars(range(min = 1, max = 64))]
    pub memory_slices: u8,
    /// Its name as `nvidia-smi mig -lgip` prints it.
    pub name: MigProfile,
}

/// A switch model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SwitchEntry {
    /// Cages that the ports share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub cages: Option<u16>,
    /// The built-in entry that a new name starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Name>,
    /// What runs on its links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<SwitchLink>,
    /// The most that it draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_power: Option<Power>,
    /// Its name: one of the catalogue, or a new one.
    pub name: Name,
    /// Partition keys that one port holds: the subnet manager gives a leaf's port the keys of the node behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub pkey_table: Option<u16>,
    /// Rate of one port in Gb/s. Mandatory in an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub port_rate_gbps: Option<u16>,
    /// Its radix. Mandatory in an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 4096))]
    pub ports: Option<u16>,
    /// Where the figures come from.
    pub source: Line,
    /// What it typically draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical_power: Option<Power>,
}

/// What runs on the links of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SwitchLink {
    /// Ethernet: no fabric of this API is built of it.
    Ethernet,
    /// InfiniBand.
    InfiniBand,
}

impl std::fmt::Display for SwitchLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ethernet => "Ethernet",
            Self::InfiniBand => "InfiniBand",
        })
    }
}

/// An adapter model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdapterEntry {
    /// The built-in entry that a new name starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Name>,
    /// Its name: one of the catalogue, or a new one.
    pub name: Name,
    /// Its PCI vendor and device. Mandatory in an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pci_device: Option<PciDevice>,
    /// Partition keys that one port holds. Mandatory in an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub pkey_table: Option<u16>,
    /// Its rate in Gb/s. Mandatory in an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub rate_gbps: Option<u16>,
    /// Where the figures come from.
    pub source: Line,
}
