//! The configuration of nvidia-mig-parted, which GPU Operator's MIG manager reads from a ConfigMap.
//!
//! The format is that of mig-parted bd7160f4, `api/spec/v1/spec.go`: `version: v1` and `mig-configs`, a map of names to
//! lists that are not empty; unknown fields are errors. An entry with MIG on must have `mig-devices`, one with MIG off must
//! not; the counts are not all zero.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::Mig;
use serde::Serialize;

use super::gpu_operator::MAX_LABEL;
use crate::catalogue::Gpu;

/// The configuration that turns MIG off, under the name that GPU Operator itself falls back to
/// (gpu-operator `controllers/state_manager.go`).
pub const DISABLED: &str = "all-disabled";

/// A configuration file of mig-parted: the text below `config.yaml` of the ConfigMap, as YAML or JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MigParted {
    /// `v1`.
    version: &'static str,
    /// Configurations by name.
    #[serde(rename = "mig-configs")]
    configs: BTreeMap<String, Vec<MigEntry>>,
}

/// What becomes of some GPUs of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct MigEntry {
    /// GPUs by PCI device and vendor, `0x233010DE` (mig-parted `pkg/types/device.go`); none: all.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    device_filter: BTreeSet<String>,
    /// Which of them: `all`.
    devices: &'static str,
    /// Whether MIG is on.
    mig_enabled: bool,
    /// Instances of one GPU by profile, where MIG is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    mig_devices: Option<BTreeMap<String, u8>>,
}

impl MigParted {
    /// A file with the configuration that turns MIG off.
    pub(super) fn new() -> Self {
        let entry = MigEntry {
            device_filter: BTreeSet::new(),
            devices: "all",
            mig_enabled: false,
            mig_devices: None,
        };
        Self {
            version: "v1",
            configs: BTreeMap::from([(DISABLED.to_owned(), vec![entry])]),
        }
    }

    /// The names of the configurations.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.configs.keys().map(String::as_str)
    }

    /// Adds a layout and gives the name of its configuration. `gpus` are those that it is cut into, `None` where one of
    /// them is not known: then the entry is about every GPU of a node.
    pub(super) fn add(&mut self, mig: &Mig, gpus: Option<&[&Gpu]>) -> String {
        let mut devices: BTreeMap<String, u8> = BTreeMap::new();
        for instances in &mig.layout {
            *devices.entry(instances.profile.to_string()).or_default() += instances.count;
        }
        let name = name(&devices);
        let filter: Option<BTreeSet<String>> =
            gpus.and_then(|gpus| gpus.iter().map(|gpu| filter(gpu)).collect());
        let filter = filter.unwrap_or_default();
        match self
            .configs
            .get_mut(&name)
            .and_then(|entries| entries.first_mut())
        {
            // One layout for more GPUs; without a filter it is for all.
            Some(entry) if entry.device_filter.is_empty() || filter.is_empty() => entry.device_filter.clear(),
            Some(entry) => entry.device_filter.extend(filter),
            None => {
                let entry = MigEntry {
                    device_filter: filter,
                    devices: "all",
                    mig_enabled: true,
                    mig_devices: Some(devices),
                };
                self.configs.insert(name.clone(), vec![entry]);
            }
        }
        name
    }
}

/// A GPU as mig-parted filters: device, then vendor.
fn filter(gpu: &Gpu) -> Option<String> {
    let (vendor, device) = gpu.pci_device.as_ref()?.value.split_once(':')?;
    Some(format!("0x{}{}", device.to_uppercase(), vendor.to_uppercase()))
}

/// The name of a configuration, which is a label's value too: `3x1g.23gb-1x4g.90gb`, with `.` for `+` as in NVIDIA's own
/// names; of a layout that is too long for a label its hash.
fn name(devices: &BTreeMap<String, u8>) -> String {
    let parts: Vec<String> = devices
        .iter()
        .map(|(profile, count)| format!("{count}x{}", profile.replace(['+', ','], ".")))
        .collect();
    let name = parts.join("-");
    if name.len() <= MAX_LABEL {
        return name;
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("layout-{}", &hash[..12])
}
