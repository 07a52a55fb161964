//! The port GUIDs of a plan's nodes.

use std::iter::Peekable;

use crate::input::{Inventory, PreviousNode};
use crate::model::Model;
use crate::plan::NONE;

/// Where the GUIDs of a node's rails come from; asked for the nodes in the order of their names.
pub(crate) struct Guids<'a> {
    inventories: Peekable<std::slice::Iter<'a, &'a Inventory>>,
    /// Sorted by name.
    previous: Peekable<std::vec::IntoIter<&'a PreviousNode>>,
}

impl<'a> Guids<'a> {
    pub fn new(model: &'a Model<'a>, previous: &'a [PreviousNode]) -> Self {
        let mut previous: Vec<_> = previous.iter().filter(|node| !node.guids.is_empty()).collect();
        previous.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            inventories: model.inventories.iter().peekable(),
            previous: previous.into_iter().peekable(),
        }
    }

    /// What the node's inventory says, or, without one, what is written already: a missing inventory is no evidence that
    /// the HCAs changed.
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
        let start = guids.len() as u32;
        guids.extend((0..rails).map(|rail| {
            let of_rail = found.iter().find(|(number, _)| usize::from(*number) == rail);
            of_rail.map_or(0, |(_, guid)| *guid)
        }));
        start
    }
}
