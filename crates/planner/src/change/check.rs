//! Hands waves to the crate that does not trust this one.

use std::collections::{BTreeSet, HashMap};

use rackwright_api::{DeviceConsent, Name, NodeProfileSpec};
use rackwright_plan_check::{Before, Changing, Follows, Rollouts, Standing, Unit, Violation, WaveOf, Wired};

use super::diff::{Diff, NodeChange, What};
use super::domain::nvlink_racks;
use super::power::Supply;
use super::state::State;
use super::waves::Waves;
use super::{ProfilePair, Was};
use crate::check::specs;
use crate::input::Input;
use crate::plan::{Plan, PlannedNode};
use crate::units::UnitFabric;

/// What `plan-check` objects to in waves; the arguments are those of [`waves`](super::waves()). Each violation is a mistake of the planner, not of the user: no node may start.
pub fn check_waves(
    input: &Input,
    plan: &Plan,
    diff: &Diff<'_>,
    unavailable: &BTreeSet<&str>,
    supply: &Supply<'_, '_>,
    waves: &Waves,
) -> Vec<Violation> {
    let old = supply.old;
    let profiles = Profiles::new(plan, old);
    // A pair without its new profile is none: the nodes of a plan have theirs.
    let (mut numbers, mut follows) = (vec![None; diff.pairs.len()], Vec::new());
    for (number, pair) in numbers.iter_mut().zip(&diff.pairs) {
        if let Some(found) = profiles.follows(pair) {
            *number = Some(follows.len());
            follows.push(found);
        }
    }
    let changing: Vec<Row<'_, '_>> = (diff.nodes.iter().zip(0_u32..))
        .filter(|(change, _)| change.what != What::Removed)
        .filter_map(|(change, index)| Some((change, index, plan.node(change.name)?)))
        .map(|(change, index, node)| Row {
            index,
            change,
            node,
            consents_before: consents_before(old, change, node),
        })
        .collect();
    let places: HashMap<u32, usize> = (changing.iter().map(|row| row.index)).zip(0..).collect();
    let nodes: Vec<Changing<'_>> = changing
        .iter()
        .map(|row| Changing {
            at: standing(row.node),
            class: row.change.class,
            consent: row.change.consent,
            consents: row.node.consents(),
            consents_before: &row.consents_before,
            follows: row.change.pair.and_then(|pair| numbers[pair as usize]),
        })
        .collect();
    let down: Vec<Standing<'_>> = unavailable
        .iter()
        .filter_map(|name| plan.node(name))
        .map(standing)
        .collect();
    let wired: Vec<Wired<'_>> = plan.units.iter().map(wired).collect();
    let accepted: BTreeSet<&Name> = plan.pools().iter().map(|pool| &pool.name).collect();
    let mut pools = specs(&input.pools);
    pools.retain(|(name, _)| accepted.contains(name));
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
        pools: &pools,
        fabrics: &specs(&input.fabrics),
        superclusters: &specs(&input.superclusters),
        nvlink_racks: &nvlink_racks(input),
        wired: &wired,
        follows: &follows,
        nodes: &nodes,
        down: &down,
        waves: &order,
        held: &held,
    })
}

/// A node that changes, and what is kept for it.
struct Row<'d, 'a> {
    index: u32,
    change: &'d NodeChange<'d>,
    node: PlannedNode<'a>,
    consents_before: Vec<DeviceConsent>,
}

fn standing(node: PlannedNode<'_>) -> Standing<'_> {
    Standing {
        name: node.name(),
        pool: &node.pool().name,
        rack: node.rack(),
        unit: node.unit().map(|unit| Unit {
            fabric: unit.fabric,
            number: unit.number,
            leaf: unit.leaf,
        }),
    }
}

fn wired(fabric: &UnitFabric) -> Wired<'_> {
    let UnitFabric {
        name,
        nodes_per_unit,
        nodes_per_leaf,
        racks,
        hosts,
    } = fabric;
    Wired {
        fabric: name,
        nodes_per_unit: *nodes_per_unit,
        nodes_per_leaf: *nodes_per_leaf,
        racks,
        hosts,
    }
}

/// The consents that a host has had. They matter only where the node has consents now, and few nodes have.
fn consents_before(old: &State<'_>, change: &NodeChange<'_>, node: PlannedNode<'_>) -> Vec<DeviceConsent> {
    if node.consents().is_empty() || !change.had_consents {
        return Vec::new();
    }
    let nodes = old.nodes();
    let at = nodes.binary_search_by(|known| known.name.cmp(change.name));
    at.map_or(Vec::new(), |at| nodes[at].facts.consents().into_owned())
}

/// The profiles of both sides.
struct Profiles<'p, 'a> {
    old: &'p State<'a>,
    new: HashMap<&'p str, &'p NodeProfileSpec>,
}

impl<'p, 'a> Profiles<'p, 'a> {
    fn new(plan: &'p Plan, old: &'p State<'a>) -> Self {
        let pools = plan.pools().iter();
        Self {
            old,
            new: pools
                .map(|pool| (pool.profile_name.as_str(), &pool.profile))
                .collect(),
        }
    }

    fn find(&self, name: &str) -> Option<&'p NodeProfileSpec> {
        self.old.profile(name).or_else(|| self.new.get(name).copied())
    }

    fn follows(&self, pair: &ProfilePair<'_>) -> Option<Follows<'p>> {
        let before = |was: Was<'_>| match was {
            Was::Nothing => Before::Nothing,
            Was::Profile(name) => self.find(name).map_or(Before::Unknown, Before::Profile),
            Was::Unknown => Before::Unknown,
        };
        Some(Follows {
            before: std::iter::once(pair.was)
                .chain(pair.applied)
                .map(before)
                .collect(),
            after: self.find(pair.new)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{diff, waves};
    use crate::units::Sits;
    use crate::{Intent, compile};
    use serde_json::{from_value, json};

    /// A node that the plan puts in another unit, at another leaf or in none, though no wave is too large for it.
    #[test]
    fn a_node_in_a_wrong_unit_is_found() {
        let name = |name: &str| Name::new(name).unwrap();
        let racks = json!({ "racks": [{ "names": "a[1-2]", "nodes": "n[1-2]", "system": "dgx-b200" }] });
        let fabric = json!({ "supercluster": "lab", "plane": "Compute",
            "topology": { "type": "FatTree", "rails": 2, "nodesPerUnit": 2, "switch": "qm9700" } });
        let pool = json!({ "supercluster": "lab", "nodes": { "racks": "a[1-2]" }, "fabrics": [{ "name": "compute" }] });
        let input = Input {
            superclusters: vec![Intent::new(name("lab"), from_value(racks).unwrap())],
            fabrics: vec![Intent::new(name("compute"), from_value(fabric).unwrap())],
            pools: vec![Intent::new(name("train"), from_value(pool).unwrap())],
            ..Input::default()
        };
        let (nothing, none) = (State::default(), BTreeSet::new());
        let codes = |plan: &Plan| -> Vec<&'static str> {
            let found = diff(&nothing, &State::of(plan));
            let supply = Supply {
                budgets: &[],
                old: &nothing,
            };
            let order = waves(&input, plan, &found, &none, &supply);
            let violations = check_waves(&input, plan, &found, &none, &supply, &order);
            violations.iter().map(|violation| violation.code).collect()
        };
        let good = compile(&input).unwrap().plan;
        assert_eq!(codes(&good), Vec::<&str>::new());
        let at = |unit, leaf| {
            Some(Sits {
                fabric: 0,
                unit,
                leaf,
            })
        };
        for sits in [at(0, 0), at(1, 1), at(2, 0), None] {
            let mut plan = good.clone();
            plan.nodes[3].sits = sits;
            assert_eq!(codes(&plan), ["RW9110"], "{sits:?}");
        }
    }
}
