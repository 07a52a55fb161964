//! Hands waves to the crate that does not trust this one.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use ipnet::Ipv4Net;
use rackwright_api::{DeviceConsent, NodeProfileSpec};
use rackwright_plan_check::{Before, Changing, Follows, Rollouts, Standing, Violation, WaveOf};

use super::diff::{Diff, NodeChange, What};
use super::domain::nvlink_racks;
use super::power::Supply;
use super::state::State;
use super::waves::Waves;
use super::{ProfilePair, Was};
use crate::check::specs;
use crate::input::Input;
use crate::plan::{Plan, PlannedNode};

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
    let mut addresses = Addresses::default();
    let changing: Vec<Row<'_, '_>> = (diff.nodes.iter().zip(0_u32..))
        .filter(|(change, _)| change.what != What::Removed)
        .filter_map(|(change, index)| Some((change, index, plan.node(change.name)?)))
        .map(|(change, index, node)| Row {
            index,
            change,
            node,
            addresses: addresses.take(node),
            consents_before: consents_before(old, change, node),
        })
        .collect();
    let down: Vec<(PlannedNode<'_>, Range<usize>)> = unavailable
        .iter()
        .filter_map(|name| plan.node(name))
        .map(|node| (node, addresses.take(node)))
        .collect();
    let places: HashMap<u32, usize> = (changing.iter().map(|row| row.index)).zip(0..).collect();
    let nodes: Vec<Changing<'_>> = changing
        .iter()
        .map(|row| Changing {
            at: addresses.standing(row.node, &row.addresses),
            class: row.change.class,
            consent: row.change.consent,
            consents: row.node.consents(),
            consents_before: &row.consents_before,
            follows: row.change.pair.and_then(|pair| numbers[pair as usize]),
        })
        .collect();
    let down: Vec<Standing<'_>> = down
        .iter()
        .map(|(node, range)| addresses.standing(*node, range))
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
        nvlink_racks: &nvlink_racks(input),
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
    addresses: Range<usize>,
    consents_before: Vec<DeviceConsent>,
}

/// The addresses of many nodes in one list.
#[derive(Default)]
struct Addresses(Vec<(u8, Ipv4Net)>);

impl Addresses {
    fn take(&mut self, node: PlannedNode<'_>) -> Range<usize> {
        let start = self.0.len();
        let rails = (0..node.pool().rails.len()).zip(0_u8..);
        self.0
            .extend(rails.filter_map(|(rail, number)| Some((number, node.rail_net(rail)?))));
        start..self.0.len()
    }

    fn standing<'s>(&'s self, node: PlannedNode<'s>, range: &Range<usize>) -> Standing<'s> {
        Standing {
            name: node.name(),
            pool: &node.pool().name,
            rack: node.rack(),
            addresses: &self.0[range.clone()],
        }
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
