//! The tree of a site's locations.

use std::collections::BTreeMap;

use rackwright_api::{Location, Name};

/// Parents of locations, and an order in which each comes before its parent.
#[derive(Debug)]
pub(crate) struct Tree {
    parents: Vec<Option<usize>>,
    /// Those that lie in a cycle are not in it.
    order: Vec<usize>,
}

impl Tree {
    /// Reads the parents; one that is not there is none.
    pub fn new(locations: &[Location]) -> Self {
        let places = places(locations);
        let parents: Vec<Option<usize>> = locations
            .iter()
            .map(|location| places.get(location.parent.as_ref()?).copied())
            .collect();
        let mut children = vec![0u32; locations.len()];
        for &parent in parents.iter().flatten() {
            children[parent] += 1;
        }
        let mut order: Vec<usize> = (0..locations.len()).filter(|&at| children[at] == 0).collect();
        let mut next = 0;
        while let Some(&at) = order.get(next) {
            next += 1;
            if let Some(parent) = parents[at] {
                children[parent] -= 1;
                if children[parent] == 0 {
                    order.push(parent);
                }
            }
        }
        Self { parents, order }
    }

    /// What stands in each location and in all that lies in it, as places in a list of things with their locations; none for
    /// locations in a cycle.
    pub fn held(
        &self,
        locations: &[Location],
        things: &mut dyn Iterator<Item = Option<&Name>>,
    ) -> Vec<Option<Vec<usize>>> {
        let places = places(locations);
        let mut held: Vec<Vec<usize>> = vec![Vec::new(); locations.len()];
        for (thing, location) in things.enumerate() {
            if let Some(&at) = location.and_then(|name| places.get(name)) {
                held[at].push(thing);
            }
        }
        let mut whole = vec![None; locations.len()];
        for &at in &self.order {
            let mut groups = std::mem::take(&mut held[at]);
            if let Some(parent) = self.parents[at] {
                held[parent].extend_from_slice(&groups);
            }
            groups.sort_unstable();
            whole[at] = Some(groups);
        }
        whole
    }

    /// The cycles, each from its first location on towards the parents.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.parents.len()];
        for &at in &self.order {
            seen[at] = true;
        }
        let mut cycles = Vec::new();
        for start in 0..seen.len() {
            let mut cycle = Vec::new();
            let mut at = start;
            while !std::mem::replace(&mut seen[at], true) {
                cycle.push(at);
                // What is left when the leaves are gone has a parent that is left too.
                at = self.parents[at].unwrap_or(at);
            }
            if !cycle.is_empty() {
                cycles.push(cycle);
            }
        }
        cycles
    }
}

/// The place of each location; of a name that comes twice, the first.
fn places(locations: &[Location]) -> BTreeMap<&Name, usize> {
    let mut places = BTreeMap::new();
    for (at, location) in locations.iter().enumerate() {
        places.entry(&location.name).or_insert(at);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locations(pairs: &[(&str, Option<&str>)]) -> Vec<Location> {
        let name = |text: &str| Name::new(text).unwrap();
        pairs
            .iter()
            .map(|(own, parent)| Location {
                name: name(own),
                parent: parent.map(name),
                power_budget: None,
                power_derating_percent: None,
                power_reserve: None,
            })
            .collect()
    }

    #[test]
    fn a_tree_has_no_cycles_and_children_come_first() {
        let locations = locations(&[
            ("campus", None),
            ("hall", Some("campus")),
            ("row", Some("hall")),
            ("lost", Some("nowhere")),
        ]);
        let tree = Tree::new(&locations);
        assert_eq!(tree.cycles(), Vec::<Vec<usize>>::new());
        let place = |at: usize| tree.order.iter().position(|other| *other == at).unwrap();
        assert_eq!(tree.order.len(), 4);
        assert!(place(2) < place(1) && place(1) < place(0));
    }

    #[test]
    fn cycles_are_found_each_once_and_what_hangs_on_them_is_none() {
        let locations = locations(&[
            ("a", Some("b")),
            ("b", Some("c")),
            ("c", Some("a")),
            ("below", Some("a")),
            ("self", Some("self")),
        ]);
        let tree = Tree::new(&locations);
        assert_eq!(tree.cycles(), vec![vec![0, 1, 2], vec![4]]);
        let held = tree.held(&locations, &mut std::iter::empty());
        let whole: Vec<bool> = held.iter().map(Option::is_some).collect();
        assert_eq!(whole, [false, false, false, true, false]);
    }
}
