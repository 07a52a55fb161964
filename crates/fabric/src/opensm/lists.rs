//! The lists of GUIDs that OpenSM reads beside its configuration. One GUID a line.

use std::fmt::{self, Write};

use crate::names::Quoted;
use crate::network::{Device, DeviceKind, Network};

fn lines<'d>(
    head: &str,
    devices: impl Iterator<Item = &'d Device>,
    line: impl Fn(&Device) -> String,
) -> String {
    let mut out = format!("# Written by rackwright. {head}\n");
    for device in devices {
        out.push_str(&line(device));
        out.push('\n');
    }
    out
}

/// `root_guid_file`: node GUIDs of the switches of the highest level.
pub fn roots(network: &Network) -> String {
    let roots = network.of_kind(DeviceKind::Root);
    lines("The switches of the highest level.", roots, |device| {
        Guid(device.guid).to_string()
    })
}

/// `cn_guid_file`: port GUIDs of the nodes' HCAs.
pub fn compute_nodes(network: &Network) -> String {
    let hcas = network.of_kind(DeviceKind::Hca);
    lines("The nodes' HCAs.", hcas, |device| Guid(device.guid).to_string())
}

/// The node name map of OpenSM and the diagnostics: node GUIDs and names. The GUID of a single-port HCA is its port's.
pub fn node_names(network: &Network) -> String {
    let named = |device: &Device| format!("{} {}", Guid(device.guid), Quoted(&device.name));
    lines(
        "Names of devices in logs and listings.",
        network.devices.iter(),
        named,
    )
}

/// `guid2lid`: which LID each device keeps. LIDs of HCAs count from 1 by their place, those of switches down from the last
/// unicast LID by theirs ([`Design::places`](crate::design::Design::places)), so that neither moves when anything grows.
///
/// # Errors
/// The number of LIDs that are missing where both do not fit.
pub fn guid_to_lid(network: &Network, places: &[u32]) -> Result<String, u64> {
    let is_hca = |device: &Device| device.kind == DeviceKind::Hca;
    let all = || network.devices.iter().zip(places);
    // How many LIDs those of one kind reach over.
    let span = |hcas: bool| {
        let kind = all().filter(|(device, _)| is_hca(device) == hcas);
        kind.map(|(_, place)| u64::from(*place) + 1).max().unwrap_or(0)
    };
    let needed = span(true) + span(false);
    if needed > u64::from(LAST_LID) {
        return Err(needed - u64::from(LAST_LID));
    }
    let mut out = String::new();
    for (device, place) in all() {
        let lid = if is_hca(device) {
            place + 1
        } else {
            u32::from(LAST_LID) - place
        };
        // Writing to a String does not fail.
        let _ = write!(out, "{} 0x{lid:04x} 0x{lid:04x}\n\n", Guid(device.guid));
    }
    Ok(out)
}

/// The last unicast LID (opensm include/iba/ib_types.h, IB_LID_UCAST_END_HO).
pub const LAST_LID: u16 = 0xbfff;

/// A GUID as OpenSM's files spell it.
pub(super) struct Guid(pub u64);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:016x}", self.0)
    }
}
