//! GPUDirect Storage: the file of NVIDIA's library cuFile.

use rackwright_api::{Facts, Mount};
use serde_json::{Value, json};

use crate::builder::Builder;
use crate::rails::Interfaces;

/// Read by every process that loads cuFile, unless `CUFILE_ENV_PATH_JSON` names another (node-config 3.6).
const FILE: &str = "/etc/cufile.json";

pub(crate) fn render(mounts: &[Mount], facts: &Facts, interfaces: &Interfaces, out: &mut Builder) {
    let direct = |mount: &&Mount| mount.gpu_direct_storage == Some(true);
    let field = |mount: &Mount| format!("mounts[{}].gpuDirectStorage", mount.mount_point);
    let fields: Vec<String> = mounts.iter().filter(direct).map(field).collect();
    if fields.is_empty() {
        return;
    }
    // With the mode on, what cannot be read directly is read by the CPU and nobody is told. It is one switch for all file
    // systems, so it is off only where every tier is meant to be read directly.
    let compatible = !mounts.iter().all(|mount| direct(&mount));
    let mut properties = json!({ "allow_compat_mode": compatible });
    // Only clients that speak RDMA in user space need the addresses; those in the kernel find their own way.
    let mut rails: Vec<u8> = Vec::new();
    for mount in mounts.iter().filter(direct).filter(|mount| mount.weka.is_some()) {
        match interfaces.of(&mount.rails) {
            Some(_) => rails.extend(&mount.rails),
            None => out.note(
                field(mount),
                "no addresses in /etc/cufile.json: not every rail has an address and a GUID in the inventory, so its interface has no name yet",
            ),
        }
    }
    let addresses = addresses(facts, &rails);
    if !addresses.is_empty() {
        properties["rdma_dev_addr_list"] = Value::from(addresses);
    }
    let content = format!("{:#}\n", json!({ "properties": properties }));
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    // JSON has no comments.
    out.plain_file(FILE, content, &fields);
}

/// The addresses of these rails, without the lengths of their prefixes.
fn addresses(facts: &Facts, rails: &[u8]) -> Vec<String> {
    let known = facts.rails.iter().filter(|fact| rails.contains(&fact.rail));
    known
        .filter_map(|fact| fact.ipv4.as_ref()?.as_str().split_once('/'))
        .map(|(address, _)| address.to_owned())
        .collect()
}
