//! LNet: which of the node's interfaces Lustre travels on.

use std::collections::BTreeMap;

use rackwright_api::{Lustre, Mount, Nid};

use crate::builder::Builder;
use crate::rails::Interfaces;

/// The value of lnet's option `networks` and the fields that it comes from, where Lustre is mounted over rails whose
/// interfaces we name: all rails of one network in one pair of parentheses, which is multi-rail (node-config 3.4). LNet is
/// in the networks of this option and in no other, so it is the union over all tiers, or there is none, and LNet takes
/// what the host says. `own` is whether the user's own options say it.
pub(crate) fn networks(
    mounts: &[Mount],
    interfaces: &Interfaces,
    own: bool,
    out: &mut Builder,
) -> Option<(String, String)> {
    let lustre: Vec<(&Mount, &Lustre)> = mounts
        .iter()
        .filter_map(|mount| Some((mount, mount.lustre.as_ref()?)))
        .collect();
    if lustre.iter().all(|(mount, _)| mount.rails.is_empty()) {
        return None;
    }
    let mut networks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut fields = Vec::new();
    let mut whole = true;
    for (mount, lustre) in lustre {
        let field = |name| format!("mounts[{}].{name}", mount.mount_point);
        match interfaces.of(&mount.rails) {
            _ if own => out.note(
                field("rails"),
                "the options of lnet in host.moduleOptions say what Lustre travels on",
            ),
            None => {
                whole = false;
                out.note(
                    field("rails"),
                    "no networks for LNet, of no tier: not every rail has an address and a GUID in the inventory, so its interface has no name yet",
                );
            }
            Some(names) => {
                for network in lustre.management_servers.iter().map(Nid::network) {
                    let known = networks.entry(network).or_default();
                    known.extend(names.iter().cloned());
                    known.sort_by_key(|name| (name.len(), name.clone()));
                    known.dedup();
                }
                fields.push(field(if names.is_empty() { "lustre" } else { "rails" }));
            }
        }
    }
    // Without interfaces LNet takes the first one that fits, as it does without the option.
    let value = networks.iter().map(|(network, names)| match names.as_slice() {
        [] => network.clone(),
        names => format!("{network}({})", names.join(",")),
    });
    (whole && !own).then(|| (value.collect::<Vec<_>>().join(","), fields.join(", ")))
}

#[cfg(test)]
mod tests {
    use rackwright_api::{Facts, ProfileRail};
    use serde_json::json;

    use super::*;

    /// The option for tiers of a NID and rails each, on a node whose rails 0 and 1 have names.
    fn option(tiers: &[(&str, &[u8])]) -> Option<String> {
        let mounts: Vec<Mount> = tiers
            .iter()
            .enumerate()
            .map(|(number, (nid, rails))| {
                let lustre = json!({"fileSystem": "data", "managementServers": [nid]});
                let tier = format!("t{number}");
                serde_json::from_value(
                    json!({"tier": tier, "mountPoint": format!("/{tier}"), "rails": rails, "lustre": lustre}),
                )
                .unwrap()
            })
            .collect();
        let rail = |rail| json!({"rail": rail, "fabric": "f", "fabricRail": rail, "plane": "Storage"});
        let rails: Vec<ProfileRail> = serde_json::from_value(json!([rail(0), rail(1), rail(2)])).unwrap();
        let facts: Facts = serde_json::from_value(json!({"rails": [
            {"rail": 0, "guid": "0xa088c20300000001", "ipv4": "10.80.0.7/23"},
            {"rail": 1, "guid": "0xa088c20300000002", "ipv4": "10.80.2.7/23"},
        ]}))
        .unwrap();
        let mut out = Builder::default();
        let interfaces = Interfaces::new(&rails, &facts);
        Some(networks(&mounts, &interfaces, false, &mut out)?.0)
    }

    #[test]
    fn all_tiers_have_one_option() {
        let of = |tiers: &[(&str, &[u8])]| option(tiers);
        assert_eq!(
            of(&[("1@o2ib0", &[0]), ("2@o2ib", &[1])]).unwrap(),
            "o2ib(rail0,rail1)"
        );
        assert_eq!(
            of(&[("1@o2ib", &[0]), ("2@tcp1", &[1])]).unwrap(),
            "o2ib(rail0),tcp1(rail1)"
        );
        assert_eq!(
            of(&[("1@o2ib", &[0]), ("2@tcp0", &[])]).unwrap(),
            "o2ib(rail0),tcp"
        );
    }

    #[test]
    fn an_option_that_would_cut_a_tier_off_is_not_written() {
        assert_eq!(option(&[("1@o2ib", &[0]), ("2@o2ib1", &[2])]), None);
        assert_eq!(option(&[("2@tcp", &[])]), None);
    }
}
