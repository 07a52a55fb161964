//! Kernel modules: which are loaded at boot, and with which options.

use std::collections::BTreeMap;

use rackwright_api::{Gpu, GpuManager, Host, Mount};

use crate::builder::Builder;
use crate::lnet;
use crate::rails::Interfaces;

/// Read by `systemd-modules-load` at boot.
const LOAD: &str = "/etc/modules-load.d/90-rackwright.conf";

/// Read by `modprobe`, and only when the module is loaded (node-config 1.6).
const OPTIONS: &str = "/etc/modprobe.d/rackwright.conf";

/// IMEX channels of a node.
const IMEX_CHANNELS: &str = "NVreg_ImexChannelCount";

pub(crate) fn render(
    host: &Host,
    gpu: Option<&Gpu>,
    mounts: &[Mount],
    interfaces: &Interfaces,
    out: &mut Builder,
) {
    let handed_over = gpu.and_then(|gpu| gpu.managed_by) == Some(GpuManager::GPUOperator);
    load(host, handed_over, out);
    options(host, gpu, handed_over, mounts, interfaces, out);
}

/// The driver and the modules that come with it.
fn is_driver(module: &str) -> bool {
    module == "nvidia" || module.starts_with("nvidia_")
}

fn load(host: &Host, handed_over: bool, out: &mut Builder) {
    let mut body = String::new();
    for module in &host.modules {
        if handed_over && is_driver(module.as_str()) {
            out.note(
                format!("host.modules[{module}]"),
                "GPU Operator loads the driver's modules from its container",
            );
        } else {
            body.push_str(&format!("{module}\n"));
        }
    }
    if !body.is_empty() {
        out.file(LOAD, &body, &["host.modules"]);
    }
}

/// Each option of each module with the field that sets it.
#[derive(Default)]
struct Options(BTreeMap<String, BTreeMap<String, (String, String)>>);

impl Options {
    fn set(&mut self, module: &str, option: &str, value: String, field: String, out: &mut Builder) {
        let options = self.0.entry(module.to_owned()).or_default();
        match options.get(option) {
            Some((held, other)) if *held != value => {
                out.two_owners(
                    field,
                    other,
                    format!("the option {option} of the module {module}"),
                );
            }
            Some(_) => {}
            None => drop(options.insert(option.to_owned(), (value, field))),
        }
    }

    fn has(&self, module: &str, option: &str) -> bool {
        self.0
            .get(module)
            .is_some_and(|options| options.contains_key(option))
    }
}

fn options(
    host: &Host,
    gpu: Option<&Gpu>,
    handed_over: bool,
    mounts: &[Mount],
    interfaces: &Interfaces,
    out: &mut Builder,
) {
    // A driver in a container takes its options from a ConfigMap, not from the host (node-config 1.6).
    const ELSEWHERE: &str = "GPU Operator gives the driver's modules their options, from the ConfigMap that its ClusterPolicy names";
    let mut options = Options::default();
    for module in &host.module_options {
        let field = format!("host.moduleOptions[{}]", module.module);
        if handed_over && is_driver(module.module.as_str()) {
            out.note(field, ELSEWHERE);
            continue;
        }
        for (option, value) in &module.options {
            if !is_option(option) {
                out.refuse(
                    &field,
                    option,
                    OPTIONS,
                    "an option's name has letters, digits and _ only",
                );
            }
            options.set(
                module.module.as_str(),
                option,
                value.to_string(),
                field.clone(),
                out,
            );
        }
    }
    if let Some(channels) = gpu.and_then(|gpu| gpu.imex.as_ref()?.channels) {
        let field = "gpu.imex.channels";
        if handed_over {
            out.note(field, ELSEWHERE);
        } else {
            options.set(
                "nvidia",
                IMEX_CHANNELS,
                channels.to_string(),
                field.to_owned(),
                out,
            );
        }
    }
    let own_networks = options.has("lnet", "networks") || options.has("lnet", "ip2nets");
    if let Some((networks, field)) = lnet::networks(mounts, interfaces, own_networks, out) {
        options.set("lnet", "networks", networks, field, out);
    }
    let mut body = String::new();
    let mut fields: Vec<&str> = Vec::new();
    for (module, set) in &options.0 {
        body.push_str(&format!("options {module}"));
        for (option, (value, field)) in set {
            body.push_str(&format!(" {option}={value}"));
            fields.extend(field.split(", "));
        }
        body.push('\n');
    }
    if !body.is_empty() {
        fields.sort_unstable();
        fields.dedup();
        out.file(OPTIONS, &body, &fields);
    }
}

fn is_option(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
