//! What ibnetdiscover printed: hosts by the first word of their adapters' descriptions, and the shape of the fabric.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_fabric::netlist::{self, Capture, FoundKind};
use rackwright_planner::catalogue;

use super::{FabricSeen, Host, Known};
use crate::summary::count;

/// Reads a capture.
pub fn read(text: &str) -> Known {
    let capture = netlist::read(text);
    let mut known = Known::default();
    // The leaf that each adapter of a host ends at, by host.
    let mut leaves: BTreeMap<&str, Vec<Option<u32>>> = BTreeMap::new();
    let mut nameless = 0_usize;
    for (at, device) in (0u32..)
        .zip(&capture.devices)
        .filter(|(_, device)| device.kind == FoundKind::Ca)
    {
        match host(&device.description) {
            Some(host) => leaves.entry(host).or_default().push(leaf_of(&capture, at)),
            None => nameless += 1,
        }
    }
    // One adapter alone beside hosts with several: a storage or a subnet manager's host.
    let rails = leaves.values().map(Vec::len).max().unwrap_or(0);
    let (nodes, others): (Vec<_>, Vec<_>) = leaves.iter().partition(|(_, adapters)| adapters.len() == rails);
    for (name, _) in &nodes {
        known.hosts.push(Host {
            name: (**name).to_owned(),
            ..Host::default()
        });
    }
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|(name, _)| **name).collect();
        known.unknown.push(format!(
            "whether {} with fewer than {rails} adapters are GPU nodes; left out: {}",
            count(names.len(), "host"),
            names.join(", ")
        ));
    }
    if nameless > 0 {
        known.unknown.push(format!(
            "whose {} are: their descriptions begin with no host's name",
            count(nameless, "adapter")
        ));
    }
    if !capture.problems.is_empty() {
        known.unknown.push(format!(
            "what {} of the capture mean; `rackwright fabric check` names them",
            count(capture.problems.len(), "line")
        ));
    }
    known.fabric = FabricSeen {
        rails: u8::try_from(rails).ok().filter(|rails| *rails > 0),
        switch: switch(&capture),
        rail_optimized: (rails > 1).then(|| nodes.iter().all(|(_, adapters)| differ(adapters))),
        nodes_per_unit: per_leaf(&nodes),
    };
    known
}

/// The host of a description such as `dgx001 mlx5_0`. A description that the driver never set names the adapter alone.
fn host(description: &str) -> Option<&str> {
    let mut words = description.split_ascii_whitespace();
    let first = words.next()?;
    let adapter = words.next()?;
    let is_adapter = adapter.starts_with("mlx5_") || adapter.starts_with("HCA") || adapter.starts_with("ib");
    is_adapter.then_some(first)
}

fn leaf_of(capture: &Capture, device: u32) -> Option<u32> {
    let cable = capture
        .cables
        .iter()
        .find(|cable| cable.ends.iter().any(|end| end.device == device))?;
    let other = cable.ends.iter().find(|end| end.device != device)?;
    Some(other.device)
}

fn differ(leaves: &[Option<u32>]) -> bool {
    let known: Vec<u32> = leaves.iter().copied().flatten().collect();
    known.len() == leaves.len() && known.iter().collect::<BTreeSet<_>>().len() == known.len()
}

/// The most hosts whose first adapters end at one leaf.
fn per_leaf(nodes: &[(&&str, &Vec<Option<u32>>)]) -> Option<u16> {
    let mut hosts: BTreeMap<u32, u16> = BTreeMap::new();
    for leaf in nodes
        .iter()
        .filter_map(|(_, adapters)| adapters.first().copied().flatten())
    {
        *hosts.entry(leaf).or_default() += 1;
    }
    hosts.into_values().max()
}

/// The InfiniBand switch of the catalogue with as many ports as most switches have; the port of aggregation nodes, which some
/// count, comes on top. Of two that differ in their management alone, the first.
fn switch(capture: &Capture) -> Option<&'static str> {
    let mut ports: BTreeMap<u16, usize> = BTreeMap::new();
    for device in capture
        .devices
        .iter()
        .filter(|device| device.kind == FoundKind::Switch)
    {
        *ports.entry(device.ports).or_default() += 1;
    }
    let (most, _) = ports.into_iter().max_by_key(|(_, switches)| *switches)?;
    let quantum = catalogue::switches()
        .iter()
        .filter(|(name, _)| name.starts_with('q'));
    let mut fits = quantum.filter(|(_, switch)| [switch.ports.value, switch.ports.value + 1].contains(&most));
    fits.next().map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_says_hosts_rails_and_leaves() {
        let known = read(include_str!("../../tests/fabric/designed.txt"));
        let names: Vec<&str> = known.hosts.iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["r1-n1", "r1-n2", "r2-n1", "r2-n2"]);
        assert_eq!(known.fabric.rails, Some(2));
        assert_eq!(known.fabric.switch, Some("qm9700"));
        assert_eq!(known.fabric.rail_optimized, Some(true));
        assert_eq!(known.fabric.nodes_per_unit, Some(4));
    }

    #[test]
    fn a_description_without_a_host_is_not_one() {
        assert_eq!(host("dgx001 mlx5_3"), Some("dgx001"));
        assert_eq!(host("MT4129 ConnectX7   Mellanox Technologies"), None);
        assert_eq!(host("Mellanox Technologies Aggregation Node"), None);
    }
}
