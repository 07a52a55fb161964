//! A network as a netlist.

use std::fmt::{self, Write};

use crate::names::Quoted;
use crate::network::{Device, DeviceKind, Network};

/// Who reads the netlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// ibsim, which reports the port GUID of an HCA as its node GUID and the number of the port: the node GUID is written
    /// one lower, so that the port GUID comes out right. It knows speeds up to HDR (ibsim 0.10), which routing does not
    /// look at.
    Simulator,
    /// People, and whoever reads ibnetdiscover's output. Single-port cards have one GUID for node and port.
    Ibnetdiscover,
}

/// Writes a network; every cable at both ends, which ibsim compares.
pub fn write(network: &Network, dialect: Dialect) -> String {
    let mut out = String::with_capacity(network.links.len() * 2 * 60);
    // Writing to a String does not fail.
    let _ = netlist(network, dialect, &mut out);
    out
}

fn netlist(network: &Network, dialect: Dialect, out: &mut String) -> fmt::Result {
    let ends = network.by_device();
    for (device, ends) in network.devices.iter().zip(&ends) {
        let guid = node_guid(device, dialect);
        let (kind, key) = match device.kind {
            DeviceKind::Hca => ("Ca", "caguid"),
            DeviceKind::Root | DeviceKind::Switch => ("Switch", "switchguid"),
        };
        write!(
            out,
            "vendid=0x2c9\ndevid=0x{:x}\n{key}=0x{guid:x}",
            device_id(device.kind)
        )?;
        if device.kind != DeviceKind::Hca && dialect == Dialect::Ibnetdiscover {
            write!(out, "({guid:x})")?;
        }
        write!(
            out,
            "\n{kind}\t{} {}\t\t# {}",
            device.ports,
            Id(device, dialect),
            Quoted(&device.name)
        )?;
        match device.kind {
            DeviceKind::Hca => out.push('\n'),
            DeviceKind::Root | DeviceKind::Switch => out.push_str(" base port 0 lid 0 lmc 0\n"),
        }
        for &(port, other) in ends {
            write!(out, "[{port}]")?;
            let far = network.device(other);
            if device.kind == DeviceKind::Hca && dialect == Dialect::Ibnetdiscover {
                write!(out, "({:x})", device.guid)?;
            }
            write!(out, "\t{}[{}]", Id(far, dialect), other.port)?;
            if far.kind == DeviceKind::Hca && dialect == Dialect::Ibnetdiscover {
                write!(out, "({:x})", far.guid)?;
            }
            let lid = if device.kind == DeviceKind::Hca {
                "lid 0 lmc 0 "
            } else {
                ""
            };
            writeln!(out, "\t\t# {lid}{} lid 0 4xHDR", Quoted(&far.name))?;
        }
        out.push('\n');
    }
    Ok(())
}

/// PCI device ids of ConnectX-7 and Quantum-2 (pci.ids); readers print them and look at no more.
fn device_id(kind: DeviceKind) -> u16 {
    match kind {
        DeviceKind::Hca => 0x1021,
        DeviceKind::Root | DeviceKind::Switch => 0xd2f2,
    }
}

fn node_guid(device: &Device, dialect: Dialect) -> u64 {
    match (device.kind, dialect) {
        (DeviceKind::Hca, Dialect::Simulator) => device.guid.wrapping_sub(1),
        _ => device.guid,
    }
}

/// A node id, in quotes.
struct Id<'a>(&'a Device, Dialect);

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.0.kind {
            DeviceKind::Hca => 'H',
            DeviceKind::Root | DeviceKind::Switch => 'S',
        };
        write!(f, "\"{letter}-{:016x}\"", node_guid(self.0, self.1))
    }
}
