//! One subnet as a graph: devices, and cables between their ports. Designs become one, and what a fabric reports too.

/// One subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// Switches and HCAs.
    pub devices: Vec<Device>,
    /// Cables, each once.
    pub links: Vec<Link>,
}

/// A switch or an HCA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What it is.
    pub kind: DeviceKind,
    /// The node GUID of a switch, the port GUID of an HCA.
    pub guid: u64,
    /// How many ports it has.
    pub ports: u16,
    /// Its name: of an HCA `<node> HCA-<rail>`, as rdma-ndd describes it.
    pub name: String,
    /// The rack that it stands in, where it is known.
    pub rack: Option<String>,
    /// The lowest rack unit that it takes, where it is known.
    pub rack_unit: Option<u16>,
}

impl Device {
    /// Where a technician stands to reach it: HCAs of one node share the node.
    pub fn place(&self) -> &str {
        match self.kind {
            DeviceKind::Hca => self
                .name
                .split_once(' ')
                .map_or(self.name.as_str(), |(node, _)| node),
            DeviceKind::Root | DeviceKind::Switch => &self.name,
        }
    }
}

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceKind {
    /// A port of a node.
    Hca,
    /// A switch of the highest level.
    Root,
    /// Any other switch.
    Switch,
}

/// One end of a cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// The device, by its place.
    pub device: u32,
    /// Its port, from 1.
    pub port: u16,
}

/// A cable, from below: an HCA or the lower switch first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The lower end.
    pub lower: End,
    /// The upper end.
    pub upper: End,
}

impl Network {
    /// The device of an end.
    pub fn device(&self, end: End) -> &Device {
        &self.devices[end.device as usize]
    }

    /// The devices of a kind, with their places.
    pub fn of_kind(&self, kind: DeviceKind) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(move |device| device.kind == kind)
    }

    /// Each device's cables by port: its own port and the other end. Devices in their order.
    pub fn by_device(&self) -> Vec<Vec<(u16, End)>> {
        let mut ends: Vec<Vec<(u16, End)>> = vec![Vec::new(); self.devices.len()];
        for &Link { lower, upper } in &self.links {
            ends[lower.device as usize].push((lower.port, upper));
            ends[upper.device as usize].push((upper.port, lower));
        }
        for ends in &mut ends {
            ends.sort_unstable();
        }
        ends
    }
}
