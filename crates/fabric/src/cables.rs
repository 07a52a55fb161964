//! The cable schedule: one row a cable, from where to where, as the people who lay them read it.

use serde::{Deserialize, Serialize};

use crate::names::cell;
use crate::network::{DeviceKind, End, Network};

/// A cable of the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row<'a> {
    /// Rack of the lower end, where it is known.
    pub from_rack: &'a str,
    /// The lowest rack unit of the lower end, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_unit: Option<u16>,
    /// The lower end: an HCA or the lower switch.
    pub from: &'a str,
    /// Its port.
    pub from_port: u16,
    /// Rack of the upper end, where it is known.
    pub to_rack: &'a str,
    /// The lowest rack unit of the upper end, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_unit: Option<u16>,
    /// The upper end.
    pub to: &'a str,
    /// Its port.
    pub to_port: u16,
    /// The twin-port cage of the upper port, as the switch numbers them: two ports a cage.
    pub to_cage: u16,
    /// Whether a node or a switch is at the lower end.
    pub kind: Kind,
}

/// What a cable joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A node and a leaf.
    Node,
    /// Two switches.
    Switch,
}

/// The cage of a port where a cage has two (QM9700: 64 ports in 32 cages; Q3400-RA: 144 in 72).
pub fn cage(port: u16) -> u16 {
    port.div_ceil(2)
}

/// The schedule, in the order of the network's cables: nodes by seat, then leaves, then spines.
pub fn schedule(network: &Network) -> impl Iterator<Item = Row<'_>> {
    let rack = |end: End| network.device(end).rack.as_deref().unwrap_or_default();
    network.links.iter().map(move |link| Row {
        from_rack: rack(link.lower),
        from_unit: network.device(link.lower).rack_unit,
        from: &network.device(link.lower).name,
        from_port: link.lower.port,
        to_rack: rack(link.upper),
        to_unit: network.device(link.upper).rack_unit,
        to: &network.device(link.upper).name,
        to_port: link.upper.port,
        to_cage: cage(link.upper.port),
        kind: match network.device(link.lower).kind {
            DeviceKind::Hca => Kind::Node,
            DeviceKind::Root | DeviceKind::Switch => Kind::Switch,
        },
    })
}

/// The schedule as CSV (RFC 4180), with a line of headings.
///
/// # Errors
/// Never for a writer in memory; the library's type says so all the same.
pub fn csv(network: &Network) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "from_rack",
        "from_unit",
        "from",
        "from_port",
        "to_rack",
        "to_unit",
        "to",
        "to_port",
        "to_cage",
        "kind",
    ])?;
    for row in schedule(network) {
        let Row {
            from_rack,
            from_unit,
            from,
            from_port,
            to_rack,
            to_unit,
            to,
            to_port,
            to_cage,
            kind,
        } = row;
        let [from_port, to_port, to_cage] = [from_port, to_port, to_cage].map(|number| number.to_string());
        let kind = match kind {
            Kind::Node => "node",
            Kind::Switch => "switch",
        };
        let [from_unit, to_unit] =
            [from_unit, to_unit].map(|unit| unit.map_or_else(String::new, |unit| unit.to_string()));
        let names = [from_rack, from, to_rack, to].map(cell);
        let [from_rack, from, to_rack, to] = names.each_ref().map(|name| &**name);
        writer.write_record([
            from_rack, &from_unit, from, &from_port, to_rack, &to_unit, to, &to_port, &to_cage, kind,
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
