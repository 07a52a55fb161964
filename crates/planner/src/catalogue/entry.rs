//! An entry of the catalogue as a list of facts, for everything that shows one to people.

use std::fmt::Display;

use rackwright_api::KernelModules;
use serde::Serialize;

use super::{Adapter, Figure, Gpu, Mig, Switch, System};

/// One line about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<'a> {
    /// What is said.
    pub label: &'static str,
    /// The figure with its unit.
    pub value: String,
    /// The document, and where in it.
    pub source: &'a str,
}

/// An entry of the catalogue.
pub trait Entry: Serialize {
    /// What the sort is called on the command line.
    const KIND: &'static str;
    /// What several of them are called.
    const KINDS: &'static str;

    /// All that is known of it.
    fn facts(&self) -> Vec<Fact<'_>>;
}

fn fact<'a, T: Display>(label: &'static str, figure: &'a Figure<T>, unit: &str) -> Fact<'a> {
    Fact {
        label,
        value: format!("{}{unit}", figure.value),
        source: &figure.source,
    }
}

fn maybe<'a, T: Display>(label: &'static str, figure: Option<&'a Figure<T>>, unit: &str) -> Option<Fact<'a>> {
    figure.map(|figure| fact(label, figure, unit))
}

impl Entry for System {
    const KIND: &'static str = "system";
    const KINDS: &'static str = "systems";

    fn facts(&self) -> Vec<Fact<'_>> {
        let Self {
            gpu,
            gpus,
            nodes_per_rack,
            nvlink_domain,
            compute_links,
            max_power,
        } = self;
        let mut facts = vec![fact("GPU", gpu, ""), fact("GPUs of a node", gpus, "")];
        facts.extend(maybe("nodes of a rack", nodes_per_rack.as_ref(), ""));
        facts.extend(maybe("NVLink domain", nvlink_domain.as_ref(), " GPUs"));
        facts.extend(maybe("compute links of a node", compute_links.as_ref(), ""));
        facts.extend(max_power.as_ref().map(|power| Fact {
            label: "maximum power",
            value: match power.nodes {
                1 => format!("{} W", power.watts),
                nodes => format!("{} W for {nodes} nodes", power.watts),
            },
            source: &power.source,
        }));
        facts
    }
}

impl Entry for Gpu {
    const KIND: &'static str = "gpu";
    const KINDS: &'static str = "gpus";

    fn facts(&self) -> Vec<Fact<'_>> {
        let Self {
            product,
            pci_device,
            memory_mib,
            default_power_watts,
            min_power_watts,
            max_power_watts,
            kernel_modules,
            coherent,
            mig,
        } = self;
        let mut facts: Vec<Fact<'_>> = [
            maybe("product", product.as_ref(), ""),
            maybe("PCI device", pci_device.as_ref(), ""),
            maybe("memory", memory_mib.as_ref(), " MiB"),
            maybe("default power cap", default_power_watts.as_ref(), " W"),
            maybe("lowest power cap", min_power_watts.as_ref(), " W"),
            maybe("highest power cap", max_power_watts.as_ref(), " W"),
        ]
        .into_iter()
        .flatten()
        .collect();
        facts.extend(kernel_modules.as_ref().map(|flavour| Fact {
            label: "kernel modules",
            value: match flavour.value {
                KernelModules::Open => "open only".to_owned(),
                KernelModules::Proprietary => "proprietary only".to_owned(),
            },
            source: &flavour.source,
        }));
        facts.extend(coherent.as_ref().map(|coherent| Fact {
            label: "shares the CPU's memory",
            value: if coherent.value { "yes" } else { "no" }.to_owned(),
            source: &coherent.source,
        }));
        facts.push(Fact {
            label: "MIG",
            value: slices(mig),
            source: &mig.source,
        });
        facts.extend(mig.profiles.iter().map(|profile| Fact {
            label: "MIG profile",
            value: profile.to_string(),
            source: &mig.source,
        }));
        facts
    }
}

fn slices(mig: &Mig) -> String {
    if mig.profiles.is_empty() {
        return "none".to_owned();
    }
    format!(
        "{} compute and {} memory slices",
        mig.compute_slices, mig.memory_slices
    )
}

impl Entry for Switch {
    const KIND: &'static str = "switch";
    const KINDS: &'static str = "switches";

    fn facts(&self) -> Vec<Fact<'_>> {
        let Self {
            link,
            ports,
            port_rate_gbps,
            cages,
            pkey_table,
            max_power_watts,
            typical_power_watts,
        } = self;
        let mut facts: Vec<Fact<'_>> = maybe("links", link.as_ref(), "").into_iter().collect();
        facts.extend([
            fact("ports", ports, ""),
            fact("rate of a port", port_rate_gbps, " Gb/s"),
        ]);
        facts.extend(maybe("cages", cages.as_ref(), ""));
        facts.extend(maybe("partition keys of a port", pkey_table.as_ref(), ""));
        facts.extend(maybe("maximum power", max_power_watts.as_ref(), " W"));
        facts.extend(maybe("typical power", typical_power_watts.as_ref(), " W"));
        facts
    }
}

impl Entry for Adapter {
    const KIND: &'static str = "adapter";
    const KINDS: &'static str = "adapters";

    fn facts(&self) -> Vec<Fact<'_>> {
        let Self {
            rate_gbps,
            pci_device,
            pkey_table,
        } = self;
        vec![
            fact("rate", rate_gbps, " Gb/s"),
            fact("PCI device", pci_device, ""),
            fact("partition keys of a port", pkey_table, ""),
        ]
    }
}
