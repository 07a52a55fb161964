//! What hardware is: node systems, GPUs, switches and adapters, each figure with its source beside it.
//!
//! The figures are data (`*.json`, one file a sort). A figure for which no source was found is not there: rules leave out
//! what they do not know, and say so.

pub(crate) mod compatibility;
mod entry;
mod mig;
mod view;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rackwright_api::{CompatibilityRow, KernelModules, SwitchLink};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use entry::{Entry, Fact};
pub use mig::{Mig, MigProfile, Refusal};
pub use view::{Base, Own, Section, View};
pub(crate) use view::{Problem, Reported};

/// A figure and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure<T> {
    /// The figure.
    pub value: T,
    /// The document, and where in it.
    pub source: String,
}

/// A node model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct System {
    /// Its GPU, a name of the catalogue.
    pub gpu: Figure<String>,
    /// GPUs of one node.
    pub gpus: Figure<u8>,
    /// Nodes that make up one rack, where the model is a rack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes_per_rack: Option<Figure<u16>>,
    /// GPUs that reach one another at NVLink speed, in this node and others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvlink_domain: Option<Figure<u16>>,
    /// Links of one node to the compute fabric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_links: Option<Figure<u8>>,
    /// The most that it draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_power: Option<MaxPower>,
}

impl System {
    /// Whether its nodes share one NVLink domain that is larger than a node.
    pub fn shares_nvlink(&self) -> bool {
        let domain = self.nvlink_domain.as_ref();
        domain.is_some_and(|domain| domain.value > u16::from(self.gpus.value))
    }
}

/// The most that some nodes draw together: of a rack that is one product only the whole is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPower {
    /// Watts of all of them.
    pub watts: u64,
    /// How many nodes.
    pub nodes: u64,
    /// The document, and where in it.
    pub source: String,
}

/// A GPU model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gpu {
    /// Its name as `nvidia-smi` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Figure<String>>,
    /// Its PCI vendor and device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pci_device: Option<Figure<String>>,
    /// Its memory in MiB as NVML reports it, not the number of the marketing.
    #[serde(default, rename = "memoryMiB", skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<Figure<u32>>,
    /// Its power cap in watts when nobody sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_power_watts: Option<Figure<u32>>,
    /// The lowest cap in watts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_power_watts: Option<Figure<u32>>,
    /// The highest cap in watts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_power_watts: Option<Figure<u32>>,
    /// The one flavour of the driver's kernel modules that drives it; absent: both do, or it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_modules: Option<Figure<KernelModules>>,
    /// Whether it shares the CPU's memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coherent: Option<Figure<bool>>,
    /// How it can be cut into instances.
    pub mig: Mig,
}

impl Gpu {
    /// What it draws at most under a cap, in watts; none where its maximum is not known. The driver refuses a cap outside of
    /// the range, and the GPU runs without.
    pub(crate) fn drawn(&self, cap: u64) -> Option<u64> {
        let max = u64::from(self.max_power_watts.as_ref()?.value);
        let min = self
            .min_power_watts
            .as_ref()
            .map_or(0, |min| u64::from(min.value));
        Some(if (min..=max).contains(&cap) { cap } else { max })
    }
}

/// A switch model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Switch {
    /// What runs on its links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Figure<SwitchLink>>,
    /// Its radix.
    pub ports: Figure<u16>,
    /// Rate of one port in Gb/s.
    pub port_rate_gbps: Figure<u16>,
    /// Cages that the ports share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cages: Option<Figure<u16>>,
    /// Partition keys that one port holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pkey_table: Option<Figure<u16>>,
    /// The most that it draws, in watts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_power_watts: Option<Figure<u32>>,
    /// What it typically draws, in watts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical_power_watts: Option<Figure<u32>>,
}

impl Switch {
    /// Whether a fabric may be built of it: its links carry InfiniBand, as far as anybody knows.
    pub fn may_be_infiniband(&self) -> bool {
        let link = self.link.as_ref();
        link.is_none_or(|link| link.value == SwitchLink::InfiniBand)
    }
}

/// An adapter model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Adapter {
    /// Its rate in Gb/s.
    pub rate_gbps: Figure<u16>,
    /// Its PCI vendor and device.
    pub pci_device: Figure<String>,
    /// Partition keys that one port holds.
    pub pkey_table: Figure<u16>,
}

const SYSTEMS: &str = include_str!("systems.json");
const GPUS: &str = include_str!("gpus.json");
const SWITCHES: &str = include_str!("switches.json");
const ADAPTERS: &str = include_str!("adapters.json");
const COMPATIBILITY: &str = include_str!("compatibility.json");

/// Reads a file of the catalogue; a test proves that each can be read.
fn read<T: DeserializeOwned>(text: &str) -> BTreeMap<String, T> {
    serde_json::from_str(text).unwrap_or_default()
}

/// All node systems, by name.
pub fn systems() -> &'static BTreeMap<String, System> {
    static READ: LazyLock<BTreeMap<String, System>> = LazyLock::new(|| read(SYSTEMS));
    &READ
}

/// All GPUs, by name.
pub fn gpus() -> &'static BTreeMap<String, Gpu> {
    static READ: LazyLock<BTreeMap<String, Gpu>> = LazyLock::new(|| read(GPUS));
    &READ
}

/// All switches, by name.
pub fn switches() -> &'static BTreeMap<String, Switch> {
    static READ: LazyLock<BTreeMap<String, Switch>> = LazyLock::new(|| read(SWITCHES));
    &READ
}

/// The switches that a fabric may be built of, by name.
pub fn infiniband_switches() -> impl Iterator<Item = (&'static String, &'static Switch)> + Clone {
    switches().iter().filter(|(_, switch)| switch.may_be_infiniband())
}

/// All adapters, by name.
pub fn adapters() -> &'static BTreeMap<String, Adapter> {
    static READ: LazyLock<BTreeMap<String, Adapter>> = LazyLock::new(|| read(ADAPTERS));
    &READ
}

/// Which versions go together: the rows of the table, by name.
pub fn compatibility() -> &'static BTreeMap<String, CompatibilityRow> {
    static READ: LazyLock<BTreeMap<String, CompatibilityRow>> =
        LazyLock::new(|| compatibility::read(COMPATIBILITY));
    &READ
}

/// One node system.
pub fn system(name: &str) -> Option<&'static System> {
    systems().get(name)
}

/// One GPU.
pub fn gpu(name: &str) -> Option<&'static Gpu> {
    gpus().get(name)
}

/// One switch.
pub fn switch(name: &str) -> Option<&'static Switch> {
    switches().get(name)
}

/// One adapter.
pub fn adapter(name: &str) -> Option<&'static Adapter> {
    adapters().get(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rackwright_api::Name;

    /// Reads a file and demands that its names are sorted, come once and are valid; a JSON object takes a name twice.
    fn whole<T: DeserializeOwned + Entry>(text: &str) -> BTreeMap<String, T> {
        let entries: BTreeMap<String, T> = serde_json::from_str(text).unwrap();
        let written: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("  \"")?.strip_suffix("\": {"))
            .collect();
        assert_eq!(written, entries.keys().collect::<Vec<_>>());
        for (name, entry) in &entries {
            Name::new(name.as_str()).unwrap();
            for fact in entry.facts() {
                assert!(
                    !fact.source.trim().is_empty(),
                    "{name}: {} has no source",
                    fact.label
                );
            }
        }
        entries
    }

    #[test]
    fn every_file_can_be_read_and_is_sorted() {
        assert_eq!(whole::<System>(SYSTEMS), *systems());
        assert_eq!(whole::<Gpu>(GPUS), *gpus());
        assert_eq!(whole::<Switch>(SWITCHES), *switches());
        assert_eq!(whole::<Adapter>(ADAPTERS), *adapters());
    }

    /// Every row of the file is read, whole: what is not known to the API would be lost on the way.
    #[test]
    fn the_compatibility_table_is_read_whole() {
        let rows: BTreeMap<String, serde_json::Value> = serde_json::from_str(COMPATIBILITY).unwrap();
        assert_eq!(compatibility().len(), rows.len());
        for (name, mut row) in rows {
            let read = &compatibility()[&name];
            assert_eq!(read.name.as_str(), name);
            row["name"] = serde_json::json!(name);
            assert_eq!(serde_json::to_value(read).unwrap(), row);
            assert!(read.source.is_some(), "{name}");
            assert!(
                read.from.is_some() || read.before.is_some() || !read.excluded.is_empty(),
                "{name}"
            );
            assert!(!read.when.is_empty() || !read.when_features.is_empty(), "{name}");
        }
        assert!(
            COMPATIBILITY
                .lines()
                .filter_map(|line| line.strip_prefix("  \""))
                .is_sorted()
        );
    }

    #[test]
    fn the_systems_that_sites_are_built_of_are_there() {
        for name in [
            "dgx-a100-40gb",
            "dgx-a100-80gb",
            "dgx-h100",
            "dgx-h200",
            "dgx-b200",
            "dgx-b300",
            "hgx-a100-40gb",
            "hgx-a100-80gb",
            "hgx-h100",
            "hgx-h200",
            "hgx-b200",
            "hgx-b300",
            "gb200-nvl72",
            "gb300-nvl72",
        ] {
            assert!(system(name).is_some(), "{name}");
        }
        for (name, system) in systems() {
            assert!(
                gpu(&system.gpu.value).is_some(),
                "{name} has a GPU that the catalogue lacks"
            );
            assert!(
                system.max_power.as_ref().is_none_or(|power| power.nodes > 0),
                "{name}"
            );
        }
        assert_eq!((systems().len(), switches().len(), adapters().len()), (14, 8, 3));
    }

    #[test]
    fn ranges_hold_their_default() {
        for (name, gpu) in gpus() {
            let watts = |figure: &Option<Figure<u32>>| figure.as_ref().map(|figure| figure.value);
            let (min, max) = (watts(&gpu.min_power_watts), watts(&gpu.max_power_watts));
            assert_eq!(min.is_some(), max.is_some(), "{name}");
            assert!(min <= max, "{name}");
            if let (Some(default), Some(min), Some(max)) = (watts(&gpu.default_power_watts), min, max) {
                assert!((min..=max).contains(&default), "{name}");
            }
        }
    }
}
