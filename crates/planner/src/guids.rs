//! The port GUIDs of a plan's nodes.

use std::iter::Peekable;

use crate::input::{Inventory, PreviousNode};
use crate::model::Model;
use crate::plan::NONE;

/// A GUID in the NodeConfig of a node without an inventory, of which another node says that it is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moved<'a> {
    /// The node that loses it.
    pub from: &'a str,
    pub guid: u64,
    pub to: &'a str,
    /// Whether the inventory of `to` reports it; its NodeConfig remembers it otherwise, and that is no better.
    pub reported: bool,
}

/// The GUIDs that nodes remember and do not keep, each once, sorted. What an inventory says is newer than what a
/// NodeConfig says: an HCA was swapped, and the inventory of the node that lost it is not there.
pub(crate) fn moved<'a>(model: &Model<'a>) -> Vec<Moved<'a>> {
    let mut remembered: Vec<(u64, &str)> = Vec::new();
    for (node, held) in model.written().filter(|(_, held)| !held.guids.is_empty()) {
        let name = held.name.as_str();
        if model.inventory(name).is_none() && model.is_selected(node) {
            remembered.extend(held.guids.iter().map(|(_, guid)| (*guid, name)));
        }
    }
    // Zero is what a port without a GUID reports.
    remembered.retain(|(guid, _)| *guid != 0);
    if remembered.is_empty() {
        return Vec::new();
    }
    remembered.sort_unstable();
    let mut moved = Vec::new();
    for found in &model.inventories {
        for (_, guid) in &found.guids {
            let from = remembered.partition_point(|(other, _)| other < guid);
            let same = remembered[from..].iter().take_while(|(other, _)| other == guid);
            moved.extend(same.map(|&(guid, from)| Moved {
                from,
                guid,
                to: found.name.as_str(),
                reported: true,
            }));
        }
    }
    for same in remembered.chunk_by(|a, b| a.0 == b.0) {
        for (at, &(guid, from)) in same.iter().enumerate() {
            // A neighbour: the first of the others.
            let other = &same[usize::from(at == 0).min(same.len() - 1)];
            if other.1 != from {
                moved.push(Moved {
                    from,
                    guid,
                    to: other.1,
                    reported: false,
                });
            }
        }
    }
    // Of several that have it, the one with an inventory.
    moved.sort_unstable_by_key(|moved| (moved.from, moved.guid, !moved.reported, moved.to));
    moved.dedup_by_key(|moved| (moved.from, moved.guid));
    moved
}

/// Where the GUIDs of a node's rails come from; asked for the nodes in the order of their names.
pub(crate) struct Guids<'a> {
    inventories: Peekable<std::slice::Iter<'a, &'a Inventory>>,
    /// Sorted by name.
    previous: Peekable<std::slice::Iter<'a, &'a PreviousNode>>,
    moved: Vec<Moved<'a>>,
}

impl<'a> Guids<'a> {
    pub fn new(model: &'a Model<'a>) -> Self {
        Self {
            inventories: model.inventories.iter().peekable(),
            previous: model.previous.iter().peekable(),
            moved: moved(model),
        }
    }

    /// What the node's inventory says, or, without one, what is written already: a missing inventory is no evidence that
    /// the HCAs changed, unless another node has them.
    fn of(&mut self, name: &str) -> &'a [(u8, u64)] {
        while self
            .inventories
            .next_if(|found| found.name.as_str() < name)
            .is_some()
        {}
        while self.previous.next_if(|node| node.name.as_str() < name).is_some() {}
        let found = self
            .inventories
            .peek()
            .filter(|found| found.name.as_str() == name);
        let held = self.previous.peek().filter(|node| node.name.as_str() == name);
        match (found, held) {
            (Some(found), _) => &found.guids,
            (None, Some(node)) => &node.guids,
            (None, None) => &[],
        }
    }

    /// Appends the GUIDs of a node's rails, if any is known.
    pub fn push(&mut self, name: &str, rails: usize, guids: &mut Vec<u64>) -> u32 {
        let found = self.of(name);
        if rails == 0 || found.is_empty() {
            return NONE;
        }
        let of_node = self.moved.partition_point(|moved| moved.from < name);
        let moved = self.moved[of_node..]
            .iter()
            .take_while(|moved| moved.from == name);
        let moved: Vec<u64> = moved.map(|moved| moved.guid).collect();
        let is_moved = |guid: u64| moved.contains(&guid);
        let start = guids.len() as u32;
        guids.extend((0..rails).map(|rail| {
            let of_rail = found.iter().find(|(number, _)| usize::from(*number) == rail);
            let guid = of_rail.map_or(0, |(_, guid)| *guid);
            if is_moved(guid) { 0 } else { guid }
        }));
        start
    }
}
