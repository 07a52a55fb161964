//! What is kept of each node after it went by: names in one text, everything else as numbers.

use std::collections::HashMap;

use ipnet::Ipv4Net;

use crate::input::Node;

/// A node's index in the columns; also what stands for "none".
pub(super) type Id = u32;
pub(super) const NONE: Id = Id::MAX;

/// The nodes of the plan, by order of arrival.
#[derive(Debug, Default)]
pub(super) struct Columns {
    names: String,
    name_ends: Vec<usize>,
    pools: Vec<Id>,
    racks: Vec<Id>,
    rack_names: Vec<String>,
    rack_ids: HashMap<String, Id>,
    /// Address and node, for the first rail of each node, the second and so on: nodes mostly come in the order of their
    /// addresses, and rails lie one behind the other, so that there is little to sort.
    pub addresses: Vec<Vec<(u32, Id)>>,
    /// GUID and node.
    pub guids: Vec<(u64, Id)>,
}

impl Columns {
    /// Takes a node of the pool with that number; `addresses` are those of its rails as numbers.
    pub(super) fn push(&mut self, node: &Node<'_>, pool: Option<Id>, addresses: &[Option<Ipv4Net>]) {
        let id = self.name_ends.len() as Id;
        self.names.push_str(node.name);
        self.name_ends.push(self.names.len());
        self.pools.push(pool.unwrap_or(NONE));
        let rack = node
            .spec
            .facts
            .rack
            .as_ref()
            .map_or(NONE, |rack| self.rack_id(rack.as_str()));
        self.racks.push(rack);
        let rails = &node.spec.facts.rails;
        if self.addresses.len() < rails.len() {
            self.addresses.resize_with(rails.len(), Vec::new);
        }
        for ((rail, address), of_rail) in rails.iter().zip(addresses).zip(&mut self.addresses) {
            if let Some(net) = address {
                of_rail.push((net.addr().into(), id));
            }
            if let Some(guid) = &rail.guid {
                self.guids.push((guid.value(), id));
            }
        }
    }

    fn rack_id(&mut self, rack: &str) -> Id {
        // The nodes of a rack mostly come together.
        let last = self.rack_names.len().wrapping_sub(1);
        if self.rack_names.get(last).is_some_and(|name| name == rack) {
            return last as Id;
        }
        if let Some(&id) = self.rack_ids.get(rack) {
            return id;
        }
        let id = self.rack_names.len() as Id;
        self.rack_names.push(rack.to_owned());
        self.rack_ids.insert(rack.to_owned(), id);
        id
    }

    /// Every node.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        0..self.name_ends.len() as Id
    }

    /// The node's name.
    pub(super) fn name(&self, id: Id) -> &str {
        let at = id as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.name_ends[before]);
        &self.names[start..self.name_ends[at]]
    }

    /// The number of the node's pool, where it is known.
    pub(super) fn pool(&self, id: Id) -> Option<Id> {
        Some(self.pools[id as usize]).filter(|&pool| pool != NONE)
    }

    /// The node's rack, as its facts have it.
    pub(super) fn rack(&self, id: Id) -> Option<&str> {
        self.rack_names
            .get(self.racks[id as usize] as usize)
            .map(String::as_str)
    }
}
