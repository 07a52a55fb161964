//! Hands waves to the crate that does not trust this one.

use std::collections::{BTreeSet, HashMap};

use rackwright_plan_check::{Changing, Down, Rollouts, Violation, WaveOf};

use super::diff::{Diff, What};
use super::waves::Waves;
use crate::check::specs;
use crate::input::Input;
use crate::plan::Plan;

/// What `plan-check` objects to in waves; the arguments are those of [`waves`](super::waves()). Each violation is a mistake
/// of the planner, not of the user: no node may start.
pub fn check_waves(
    input: &Input,
    plan: &Plan,
    diff: &Diff<'_>,
    unavailable: &BTreeSet<&str>,
    waves: &Waves,
) -> Vec<Violation> {
    let mut places = HashMap::new();
    let mut nodes = Vec::with_capacity(diff.nodes.len());
    for (change, index) in diff
        .nodes
        .iter()
        .zip(0_u32..)
        .filter(|(change, _)| change.what != What::Removed)
    {
        if let Some(node) = plan.node(change.name) {
            places.insert(index, nodes.len());
            nodes.push(Changing {
                name: change.name,
                pool: &node.pool().name,
                facts: node.facts(),
                class: change.class,
                consent: change.consent,
            });
        }
    }
    let down: Vec<Down<'_>> = unavailable
        .iter()
        .filter_map(|name| plan.node(name))
        .map(|node| Down {
            name: node.name(),
            pool: &node.pool().name,
            facts: node.facts(),
        })
        .collect();
    let place = |index: &u32| places.get(index).copied();
    let groups: Vec<Vec<usize>> = waves
        .waves
        .iter()
        .map(|wave| wave.nodes.iter().filter_map(place).collect())
        .collect();
    let order: Vec<WaveOf<'_>> = groups
        .iter()
        .zip(&waves.waves)
        .map(|(nodes, wave)| WaveOf {
            nodes,
            soak: wave.soak,
        })
        .collect();
    let held: Vec<usize> = waves.held.iter().filter_map(|held| place(&held.node)).collect();
    rackwright_plan_check::check_waves(&Rollouts {
        pools: &specs(&input.pools),
        fabrics: &specs(&input.fabrics),
        superclusters: &specs(&input.superclusters),
        nodes: &nodes,
        down: &down,
        waves: &order,
        held: &held,
    })
}
