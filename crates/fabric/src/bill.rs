//! The bill: what has to be bought for the cables and switches of a network.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cables::cage;
use crate::network::{DeviceKind, Network};

/// Switches, cables and transceivers of one subnet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    /// Switches.
    pub switches: u64,
    /// Ports of nodes.
    pub hcas: u64,
    /// Cables between nodes and leaves, as plugged.
    pub node_cables: u64,
    /// Cables between switches.
    pub switch_cables: u64,
    /// Cages of switches with at least one cable: each takes one twin-port transceiver.
    pub switch_cages: u64,
}

/// Counts.
pub fn bill(network: &Network) -> Bill {
    let mut bill = Bill::default();
    for device in &network.devices {
        match device.kind {
            DeviceKind::Hca => bill.hcas += 1,
            DeviceKind::Root | DeviceKind::Switch => bill.switches += 1,
        }
    }
    let mut cages: BTreeSet<(u32, u16)> = BTreeSet::new();
    for link in &network.links {
        let of_node = network.device(link.lower).kind == DeviceKind::Hca;
        *if of_node {
            &mut bill.node_cables
        } else {
            &mut bill.switch_cables
        } += 1;
        let ends = [Some(link.upper), (!of_node).then_some(link.lower)];
        cages.extend(ends.into_iter().flatten().map(|end| (end.device, cage(end.port))));
    }
    bill.switch_cages = cages.len() as u64;
    bill
}
