//! Nodes that wait, and so keep the power cap that they have: those of paused pools, those of refused ones, and those that a
//! refused pool still holds. A cap that is not rolled out saves nothing.
//!
//! Of a cap that nobody knows, and of a node that has no configuration yet, the worst is taken: no cap.

use std::collections::BTreeSet;

use crate::change::{Budget, UNCAPPED};
use crate::compile::{accepted, refused_by};
use crate::finding::Finding;
use crate::input::{InForce, ObjectRef};
use crate::model::Model;
use crate::rules::{depends_on_refused, location_power, phase_power, rack_power, site_power};

use super::Power;

/// Rules that look at what is drawn: whether a pool's caps count depends on what all others refuse.
const CHECKS: &[fn(&Model<'_>, &mut Vec<Finding>)] = &[
    rack_power::check,
    location_power::check,
    site_power::check,
    phase_power::check,
];

/// Counts with the caps of the nodes that wait, and judges.
pub(crate) fn judge(model: &mut Model<'_>, refused: &mut BTreeSet<ObjectRef>, findings: &mut Vec<Finding>) {
    let waits = Waits::new(model, refused);
    if waits.any() {
        model.power = Power::new(model, &waits);
    }
    let mut found = Vec::new();
    for check in CHECKS {
        check(model, &mut found);
    }
    let known = refused.clone();
    refused.extend(refused_by(&found));
    findings.append(&mut found);
    if refused.len() > known.len() {
        depends_on_refused::spread_beyond(model, &known, refused, findings);
    }
}

/// Why the nodes of a pool keep the caps that they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is paused.
    Paused,
    /// It is refused.
    Refused,
    /// A refused pool still holds them.
    Held,
}

/// Which nodes wait, and what they have.
#[derive(Debug, Default)]
pub(crate) struct Waits<'a> {
    /// By the pool's number.
    pools: Vec<Option<Why>>,
    /// Names of the refused pools.
    refused: BTreeSet<&'a str>,
    /// By node.
    in_force: Vec<Option<&'a InForce>>,
}

impl<'a> Waits<'a> {
    /// Where nothing of a site is rolled out, nothing changes there, and its refused pools are judged by what they ask for.
    fn new(model: &Model<'a>, refused: &BTreeSet<ObjectRef>) -> Self {
        let mut rolls = BTreeSet::new();
        for pool in model.pools.iter().filter(|pool| accepted(pool, refused)) {
            rolls.insert(&pool.spec.supercluster);
        }
        let why = |pool: &&crate::input::Intent<rackwright_api::GPUPoolSpec>| {
            if pool.deleting {
                None
            } else if !accepted(pool, refused) {
                rolls.contains(&pool.spec.supercluster).then_some(Why::Refused)
            } else if Budget::of(pool.spec.rollout.as_ref()).paused {
                Some(Why::Paused)
            } else {
                None
            }
        };
        let pools: Vec<Option<Why>> = model.pools.iter().map(why).collect();
        if pools.iter().all(Option::is_none) {
            return Self::default();
        }
        let mut in_force = vec![None; model.site.names.len()];
        for (node, held) in model.written() {
            in_force[node as usize] = held.in_force.as_deref();
        }
        let waiting = model.pools.iter().zip(&pools);
        Self {
            refused: waiting
                .filter(|(_, why)| **why == Some(Why::Refused))
                .map(|(pool, _)| pool.name.as_str())
                .collect(),
            pools,
            in_force,
        }
    }

    fn any(&self) -> bool {
        !self.pools.is_empty()
    }

    /// Why a node of a pool keeps its cap, and that cap in watts; none where it gets what the pool asks for.
    pub fn of(&self, model: &Model<'_>, pool: usize, node: u32) -> Option<(Why, u64)> {
        let in_force = self.in_force.get(node as usize).copied().flatten();
        let cap = in_force.and_then(|held| held.cap).unwrap_or(UNCAPPED);
        if let Some(why) = self.pools.get(pool).copied().flatten() {
            return Some((why, cap));
        }
        let holder = in_force.map(|held| &*held.pool)?;
        let other = holder != model.pools[pool].name.as_str() && self.refused.contains(holder);
        other.then_some((Why::Held, cap))
    }
}
