//! Which local tiers a profile makes anew, and on what devices.

use std::collections::HashSet;

use rackwright_api::{Devices, LocalNvme, Mount, Name};

use super::{Before, Follows};

/// A local tier that a profile makes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tier<'a> {
    pub name: &'a Name,
    /// How many devices of a node it takes.
    pub devices: usize,
    /// Whether they held another tier, or nobody knows: then each is wiped.
    pub wiped: bool,
}

/// The local tiers that are not there as they shall be, against one thing that nodes had.
pub(super) fn made<'a>(before: &Before<'_>, follows: &Follows<'a>) -> Vec<Tier<'a>> {
    let mut tiers = Vec::new();
    for (mount, local) in local(&follows.after.mounts) {
        let wiped = match before {
            Before::Nothing => Some(false),
            Before::Unknown => Some(true),
            Before::Profile(profile) => {
                let related: Vec<bool> = self::local(&profile.mounts)
                    .filter(|(was, had)| related((was, had), (mount, local)))
                    .map(|(_, had)| differs(had, local))
                    .collect();
                match related.contains(&true) {
                    true => Some(true),
                    false if related.is_empty() => Some(false),
                    // All that is there is as it shall be.
                    false => None,
                }
            }
        };
        tiers.extend(wiped.map(|wiped| Tier {
            name: &mount.tier,
            devices: usize::from(local.devices.count),
            wiped,
        }));
    }
    tiers
}

fn local(mounts: &[Mount]) -> impl Iterator<Item = (&Mount, &LocalNvme)> {
    let local = mounts.iter().filter(|mount| mount.local_nvme.is_some());
    local.flat_map(|mount| mount.local_nvme.iter().map(move |local| (mount, local)))
}

/// Whether one tier stood where the other shall: by place, by name, or on the same devices.
fn related((was, had): (&Mount, &LocalNvme), (mount, local): (&Mount, &LocalNvme)) -> bool {
    was.mount_point == mount.mount_point || was.tier == mount.tier || share(&had.devices, &local.devices)
}

fn differs(had: &LocalNvme, local: &LocalNvme) -> bool {
    let (a, b) = (&had.devices, &local.devices);
    had.raid != local.raid
        || had.filesystem != local.filesystem
        || a.count != b.count
        || a.model != b.model
        || a.pci_addresses != b.pci_addresses
}

/// Whether a device can be among both.
fn share(a: &Devices, b: &Devices) -> bool {
    let apart = !a.pci_addresses.is_empty()
        && !b.pci_addresses.is_empty()
        && a.pci_addresses
            .iter()
            .all(|address| !b.pci_addresses.contains(address));
    let models = match (&a.model, &b.model) {
        (Some(a), Some(b)) => common(a.as_str().as_bytes(), b.as_str().as_bytes()),
        _ => true,
    };
    !apart && models
}

/// Whether two patterns, in which `*` is any text, have a text in common: walks both at once, over all ways.
fn common(a: &[u8], b: &[u8]) -> bool {
    let (mut seen, mut ways) = (HashSet::new(), vec![(0, 0)]);
    while let Some((i, j)) = ways.pop() {
        if (i, j) == (a.len(), b.len()) {
            return true;
        }
        if !seen.insert((i, j)) {
            continue;
        }
        let (x, y) = (a.get(i), b.get(j));
        if x == Some(&b'*') {
            ways.push((i + 1, j));
        }
        if y == Some(&b'*') {
            ways.push((i, j + 1));
        }
        match (x, y) {
            (Some(b'*'), Some(_)) => ways.push((i, j + 1)),
            (Some(_), Some(b'*')) => ways.push((i + 1, j)),
            (Some(x), Some(y)) if x == y => ways.push((i + 1, j + 1)),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use rackwright_api::LocalNvme;
    use serde_json::{Value, from_value, json};

    fn tier(edit: impl Fn(&mut Value)) -> LocalNvme {
        let mut tier = json!({ "devices": { "count": 2, "model": "A*" }, "filesystem": "xfs", "raid": 0, "wipe": "WithConsent" });
        edit(&mut tier);
        from_value(tier).unwrap()
    }

    #[test]
    fn whatever_is_on_the_devices_makes_a_difference() {
        let same = tier(|_| ());
        assert!(!super::differs(
            &same,
            &tier(|tier| tier["wipe"] = json!("Never"))
        ));
        let edits: [fn(&mut Value); 5] = [
            |tier| tier["raid"] = json!(1),
            |tier| tier["filesystem"] = json!("ext4"),
            |tier| tier["devices"]["count"] = json!(3),
            |tier| tier["devices"]["model"] = json!("B*"),
            |tier| tier["devices"]["pciAddresses"] = json!(["0000:1b:00.0"]),
        ];
        for edit in edits {
            let other = tier(edit);
            assert!(super::differs(&same, &other), "{other:?}");
        }
    }

    #[test]
    fn devices_are_apart_by_address_or_by_model() {
        let (none, first, second) = (&[][..], &["0000:1b:00.0"][..], &["0000:1c:00.0"][..]);
        let both = &["0000:1b:00.0", "0000:1c:00.0"][..];
        for (addresses, models, shared) in [
            ([none, none], [None, None], true),
            ([first, second], [None, None], false),
            ([first, both], [None, None], true),
            ([first, none], [None, None], true),
            ([none, none], [Some("A*"), Some("B*")], false),
            ([none, none], [Some("A*"), None], true),
            ([first, first], [Some("A*"), Some("B*")], false),
            ([first, second], [Some("A*"), Some("A*")], false),
        ] {
            let devices = [0, 1].map(|at| {
                let tier = tier(|tier| {
                    tier["devices"] =
                        json!({ "count": 1, "model": models[at], "pciAddresses": addresses[at] });
                });
                tier.devices
            });
            let [a, b] = &devices;
            assert_eq!(
                (super::share(a, b), super::share(b, a)),
                (shared, shared),
                "{devices:?}"
            );
        }
    }

    #[test]
    fn patterns_have_texts_in_common() {
        for (a, b, common) in [
            ("SAMSUNG MZ*", "SAMSUNG MZWLO", true),
            ("SAMSUNG*", "*3T8*", true),
            ("A*", "B*", false),
            ("*A", "*B", false),
            ("A*B", "AB", true),
            ("A", "AA", false),
            ("*", "", true),
            ("", "A", false),
            ("A**", "A", true),
        ] {
            for (a, b) in [(a, b), (b, a)] {
                assert_eq!(super::common(a.as_bytes(), b.as_bytes()), common, "{a} {b}");
            }
        }
    }
}
