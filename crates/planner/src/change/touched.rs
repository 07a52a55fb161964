//! Which domains changes reach, for people and for limits.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::Budget;
use super::domain::{Places, kind};
use crate::input::Input;
use crate::plan::PlannedNode;

/// The domains of some nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched<'a> {
    /// Racks that the site places them in.
    pub racks: BTreeSet<&'a str>,
    /// Scalable units by fabric and number from 0, where the nodes sit in any.
    pub units: BTreeSet<(&'a str, u32)>,
    /// Racks whose GPUs share NVLink.
    pub nvlink: BTreeSet<&'a str>,
    /// How many domains, each node's as the budget of its pool counts them: racks unless the pool says otherwise. A node that
    /// the site does not place is one of its own.
    pub budgeted: usize,
}

/// The domains of nodes of a plan that was compiled from `input`.
pub fn touched<'a>(input: &'a Input, nodes: impl IntoIterator<Item = PlannedNode<'a>>) -> Touched<'a> {
    let pools = input.pools.iter();
    let kinds: BTreeMap<&str, usize> = pools
        .map(|pool| {
            let budget = Budget::of(pool.spec.rollout.as_ref());
            (pool.name.as_str(), kind(budget.domain))
        })
        .collect();
    let mut places = Places::new(input);
    let (mut touched, mut budgeted) = (Touched::default(), BTreeSet::new());
    for node in nodes {
        touched
            .units
            .extend(node.unit().map(|unit| (unit.fabric, unit.number)));
        if let Some(rack) = node.rack() {
            touched.racks.insert(rack.as_str());
            if places.shares_nvlink(rack) {
                touched.nvlink.insert(rack.as_str());
            }
        }
        let counted = kinds.get(node.pool().name.as_str()).copied().unwrap_or_default();
        budgeted.insert(places.of(node)[counted]);
    }
    touched.budgeted = budgeted.len();
    touched
}
