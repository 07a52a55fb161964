//! LNet: which of the node's interfaces Lustre travels on.

use std::collections::BTreeMap;

use rackwright_api::{Lustre, Mount};

use crate::builder::Builder;
use crate::rails::Interfaces;

/// The value of lnet's option `networks` and the fields that it comes from, where Lustre is mounted over rails whose
/// interfaces we name: all rails of one network in one pair of parentheses, which is multi-rail (node-config 3.4). Without
/// rails LNet takes what the host says. `own` is whether the user's own options say it.
pub(crate) fn networks(
    mounts: &[Mount],
    interfaces: &Interfaces,
    own: bool,
    out: &mut Builder,
) -> Option<(String, String)> {
    let mut networks: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut fields = Vec::new();
    for mount in mounts {
        let Some(lustre) = mount.lustre.as_ref().filter(|_| !mount.rails.is_empty()) else {
            continue;
        };
        let field = format!("mounts[{}].rails", mount.mount_point);
        if own {
            out.note(
                field,
                "the options of lnet in host.moduleOptions say what Lustre travels on",
            );
            continue;
        }
        let Some(names) = interfaces.of(&mount.rails) else {
            out.note(
                field,
                "no networks for LNet: not every rail has an address and a GUID in the inventory, so its interface has no name yet",
            );
            continue;
        };
        for network in networks_of(lustre) {
            let known = networks.entry(network).or_default();
            known.extend(names.iter().cloned());
            known.sort_by_key(|name| (name.len(), name.clone()));
            known.dedup();
        }
        fields.push(field);
    }
    let value: Vec<String> = networks
        .iter()
        .map(|(network, names)| format!("{network}({})", names.join(",")))
        .collect();
    (!value.is_empty()).then(|| (value.join(","), fields.join(", ")))
}

/// The networks of the management servers' NIDs, behind the `@`.
fn networks_of(lustre: &Lustre) -> impl Iterator<Item = &str> {
    lustre
        .management_servers
        .iter()
        .filter_map(|nid| nid.as_str().split_once('@'))
        .map(|(_, network)| network)
}
