//! `partitions.conf`.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::lists::Guid;
use crate::network::Network;

/// A partition of one subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its name: letters, digits and dashes.
    pub name: String,
    /// Its key without the membership bit, 0x0001 to 0x7ffe.
    pub pkey: u16,
    /// IP over InfiniBand with this MTU; none: no broadcast group.
    pub ipoib: Option<Mtu>,
    /// Its HCAs, by their places among the devices.
    pub members: Vec<(u32, Membership)>,
}

/// Membership of an HCA in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Membership {
    /// Reaches every member.
    Full,
    /// Reaches full members only.
    Limited,
}

/// The MTU of a multicast group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mtu {
    /// 2,048 bytes.
    Bytes2048,
    /// 4,096 bytes.
    Bytes4096,
}

impl Mtu {
    /// Its code in partitions.conf.
    fn code(self) -> u8 {
        match self {
            Self::Bytes2048 => 4,
            Self::Bytes4096 => 5,
        }
    }
}

/// Why partitions cannot be written: OpenSM would take each of these in silence as something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartitionError {
    /// OpenSM would mask the key or replace it.
    #[error("partition {0} has key 0x{1:04x}, and keys of tenants are 0x0001 to 0x7ffe")]
    Key(String, u16),
    /// OpenSM would merge them under the first name.
    #[error("partitions {0} and {1} have the same key 0x{2:04x}")]
    KeyTwice(String, String, u16),
    /// OpenSM would end the name early.
    #[error("{0:?} is no partition's name: letters, digits and dashes only")]
    Name(String),
    /// Both memberships of one key on one port.
    #[error("{device} is twice in partition {partition}")]
    MemberTwice {
        /// The partition.
        partition: String,
        /// The HCA.
        device: String,
    },
    /// A place that no HCA has.
    #[error("partition {0} has member {1}, which is no HCA")]
    NoHca(String, u32),
}

/// Members on one line: far below OpenSM's 4,094 bytes a line.
const MEMBERS_OF_LINE: usize = 4;

/// Writes the file.
///
/// Without partitions every port is a full member of the default partition. With them it is made safe: everybody is a
/// limited member, who reaches nobody but the subnet manager, and the manager's own rule comes last, since the last match
/// wins.
///
/// A member that belongs to no other partition has its key at index 0 of its table, where NCCL looks for it. Members of
/// several are a statement of their own, which OpenSM joins by the key: they take index 0 from nobody else.
///
/// # Errors
/// What OpenSM would take for something else.
pub fn partitions(
    network: &Network,
    list: &[Partition],
    default_ipoib: Option<Mtu>,
) -> Result<String, PartitionError> {
    check(network, list)?;
    let everybody = if list.is_empty() { "full" } else { "limited" };
    let mut out = String::from("# Written by rackwright. The same on every subnet manager of this subnet.\n");
    let ipoib = flags(default_ipoib.filter(|_| list.is_empty()));
    // Writing to a String does not fail.
    let _ = writeln!(
        out,
        "Default=0x7fff{ipoib} : ALL={everybody}, ALL_SWITCHES=full, SELF=full ;"
    );
    let mut memberships = vec![0u32; network.devices.len()];
    for (member, _) in list.iter().flat_map(|partition| &partition.members) {
        memberships[*member as usize] += 1;
    }
    for partition in list {
        let members = partition.members.iter().copied();
        let (alone, shared): (Vec<_>, Vec<_>) =
            members.partition(|(member, _)| memberships[*member as usize] == 1);
        for (index0, members) in [(",indx0", alone), ("", shared)] {
            statement(network, partition, index0, &members, &mut out);
        }
    }
    Ok(out)
}

/// Writes some members of a partition; nothing for none.
fn statement(
    network: &Network,
    partition: &Partition,
    index0: &str,
    members: &[(u32, Membership)],
    out: &mut String,
) {
    if members.is_empty() {
        return;
    }
    let ipoib = flags(partition.ipoib);
    // Writing to a String does not fail.
    let _ = write!(
        out,
        "\n{}=0x{:04x}{index0}{ipoib},defmember=limited :\n",
        partition.name, partition.pkey
    );
    for (line, members) in members.chunks(MEMBERS_OF_LINE).enumerate() {
        out.push_str(if line == 0 { "  " } else { ",\n  " });
        for (at, (member, membership)) in members.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let guid = Guid(network.devices[*member as usize].guid);
            let membership = match membership {
                Membership::Full => "full",
                Membership::Limited => "limited",
            };
            let _ = write!(out, "{comma}{guid}={membership}");
        }
    }
    // On a line of its own OpenSM takes it for a rule without a name, and drops all partitions.
    out.push_str(" ;\n");
}

fn flags(ipoib: Option<Mtu>) -> String {
    ipoib.map_or_else(String::new, |mtu| format!(",ipoib,mtu={}", mtu.code()))
}

fn check(network: &Network, list: &[Partition]) -> Result<(), PartitionError> {
    let mut keys: BTreeMap<u16, &str> = BTreeMap::new();
    for partition in list {
        let name = &partition.name;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(PartitionError::Name(name.clone()));
        }
        if !(1..=0x7ffe).contains(&partition.pkey) {
            return Err(PartitionError::Key(name.clone(), partition.pkey));
        }
        if let Some(other) = keys.insert(partition.pkey, name) {
            return Err(PartitionError::KeyTwice(
                other.to_owned(),
                name.clone(),
                partition.pkey,
            ));
        }
        let mut members: Vec<u32> = partition.members.iter().map(|(member, _)| *member).collect();
        members.sort_unstable();
        let hca = |member: &u32| {
            let device = network.devices.get(*member as usize);
            device.is_some_and(|device| device.kind == crate::network::DeviceKind::Hca)
        };
        if let Some(member) = members.iter().find(|member| !hca(member)) {
            return Err(PartitionError::NoHca(name.clone(), *member));
        }
        if let Some(twice) = members.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(PartitionError::MemberTwice {
                partition: name.clone(),
                device: network.devices[twice[0] as usize].name.clone(),
            });
        }
    }
    Ok(())
}
