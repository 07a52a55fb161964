//! What was found and what is written already, by node.

use crate::input::{Inventory, PreviousNode};
use crate::model::Model;

impl<'a> Model<'a> {
    /// What is written already of nodes that are there, in the order of names.
    pub fn written(&self) -> impl Iterator<Item = (u32, &'a PreviousNode)> + '_ {
        let names = &self.site.names;
        let mut node = 0;
        self.previous.iter().filter_map(move |&held| {
            let name = held.name.as_str();
            while names.get(node).is_some_and(|other| **other < *name) {
                node += 1;
            }
            let found = names.get(node).is_some_and(|other| **other == *name);
            found.then_some((node as u32, held))
        })
    }

    /// Whether any pool selects the node.
    pub fn is_selected(&self, node: u32) -> bool {
        let mut selected = self.selected.iter();
        selected.any(|nodes| nodes.binary_search(&node).is_ok())
    }

    /// The inventory of a node.
    pub fn inventory(&self, node: &str) -> Option<&'a Inventory> {
        let found = (self.inventories).binary_search_by(|found| found.name.as_str().cmp(node));
        found.ok().map(|at| self.inventories[at])
    }
}
