//! What becomes of the devices of local tiers where one profile follows another.
//!
//! A mount point is only a name: what can be lost lies on devices. So a local tier is compared with each old one that had
//! its mount point, its name or devices that it may take. With the same layout (RAID, file system, selection of devices)
//! the host adopts what is there; with another one the tier is made anew.
//!
//! Devices of no old tier are taken while they are blank, and the host looks before it writes; it wipes those alone that
//! the node's facts consent to, with the content that was looked at.

use rackwright_api::{DeviceConsent, LocalNvme, Mount, Name};

use super::difference::Differences;
use super::table;
use crate::tiers::devices_meet;

/// A local tier that the old profile does not have in the same layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeTier {
    /// The tier.
    pub tier: Name,
    /// How many devices of each node it takes.
    pub devices: u8,
    /// What they were before.
    pub were: Were,
}

/// What the devices of a tier were before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Were {
    /// Of no tier that is known: only blank ones are taken, and those that the node consents to wipe.
    Free,
    /// Of a tier with another layout: they hold what it held.
    InUse,
    /// Nobody knows.
    Unknown,
}

impl MadeTier {
    /// Whether the node consents to what this tier wipes: each device that holds something needs a consent of its own.
    pub(super) fn allowed(&self, consents: &[DeviceConsent]) -> bool {
        match self.were {
            Were::Free => true,
            Were::InUse | Were::Unknown => {
                let own = consents.iter().filter(|consent| consent.tier == self.tier);
                own.count() >= usize::from(self.devices)
            }
        }
    }

    /// Whether the node lets the host wipe devices that were of no tier.
    pub(super) fn wipes_free(&self, consents: &[DeviceConsent]) -> bool {
        self.were == Were::Free && consents.iter().any(|consent| consent.tier == self.tier)
    }
}

/// The local tiers that are made where `new` follows `old`, and the differences that no field of a mount shows, because
/// the old tier stood at another mount point.
pub(super) fn follow(out: &mut Differences, old: &[Mount], new: &[Mount]) -> Vec<MadeTier> {
    let mut made = Vec::new();
    for (mount, local) in locals(new) {
        let before: Vec<_> = locals(old)
            .filter(|(was, old)| {
                was.mount_point == mount.mount_point
                    || was.tier == mount.tier
                    || devices_meet(&old.devices, &local.devices)
            })
            .collect();
        let other = before.iter().find(|(_, old)| layout(old) != layout(local));
        let were = match other {
            None if before.is_empty() => Were::Free,
            None => continue,
            Some((was, old)) => {
                if was.mount_point != mount.mount_point {
                    let side = |local: &LocalNvme| serde_json::to_value(local).ok();
                    let key = [mount.tier.as_str()];
                    out.push(&table::DEVICES, &key, side(old), side(local));
                }
                Were::InUse
            }
        };
        made.push(made_tier(mount, local, were));
    }
    made
}

/// The same where nobody knows what the node had.
pub(super) fn unknown(out: &mut Differences, new: &[Mount]) -> Vec<MadeTier> {
    let tiers = locals(new).map(|(mount, local)| {
        let side = serde_json::to_value(local).ok();
        out.push(&table::DEVICES_UNKNOWN, &[mount.tier.as_str()], None, side);
        made_tier(mount, local, Were::Unknown)
    });
    tiers.collect()
}

fn made_tier(mount: &Mount, local: &LocalNvme, were: Were) -> MadeTier {
    MadeTier {
        tier: mount.tier.clone(),
        devices: local.devices.count,
        were,
    }
}

fn locals(mounts: &[Mount]) -> impl Iterator<Item = (&Mount, &LocalNvme)> {
    mounts
        .iter()
        .filter_map(|mount| Some((mount, mount.local_nvme.as_ref()?)))
}

/// What the host compares with what lies on the devices.
fn layout(local: &LocalNvme) -> impl PartialEq {
    let LocalNvme {
        devices,
        filesystem,
        raid,
        // Permissions.
        wipe: _,
        wipe_consents: _,
    } = local;
    let rackwright_api::Devices {
        count,
        model,
        pci_addresses,
        // Arithmetic of the site.
        capacity: _,
        throughput: _,
    } = devices;
    (*count, model.clone(), pci_addresses.clone(), *filesystem, *raid)
}
