//! What may draw more comes after what may draw less.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::{ActionClass, Name, NodeProfileSpec, SuperclusterSpec};

use crate::table::WAVE_POWER;
use crate::violation::{Sink, Violation};

use super::{Before, Follows, Judged, Pools, Rollouts};

/// Whether the GPUs of a node may draw more or less than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Draw {
    Less,
    Same,
    More,
}

impl Draw {
    /// By the caps of what hosts have, which is the last that is known, and of what they become.
    pub fn new(follows: &Follows<'_>) -> Self {
        let after = cap(follows.after);
        let before = match follows.before.last() {
            Some(Before::Nothing) => u64::MAX,
            Some(Before::Profile(profile)) => cap(profile),
            Some(Before::Unknown) | None => return Self::More,
        };
        match after.cmp(&before) {
            std::cmp::Ordering::Less => Self::Less,
            std::cmp::Ordering::Equal => Self::Same,
            std::cmp::Ordering::Greater => Self::More,
        }
    }
}

/// Watts of a GPU; without a cap without end.
fn cap(profile: &NodeProfileSpec) -> u64 {
    let limit = profile.gpu.as_ref().and_then(|gpu| gpu.power_limit.as_ref());
    limit.map_or(u64::MAX, |limit| limit.watts().0)
}

/// The sites with power budgets, and where their nodes draw less.
pub(super) struct Power<'c, 'a> {
    rollouts: &'c Rollouts<'a>,
    nodes: &'c [Judged<'a>],
    /// By site: the number of the last wave in which nodes draw less, of those that keep their data and of all.
    last: BTreeMap<&'a Name, [usize; 2]>,
    /// Sites whose nodes draw less only later, or not yet.
    late: BTreeSet<&'a Name>,
    /// The site of each pool.
    sites: Vec<&'a Name>,
}

impl<'c, 'a> Power<'c, 'a> {
    pub fn new(rollouts: &'c Rollouts<'a>, pools: &Pools<'a>, nodes: &'c [Judged<'a>]) -> Self {
        let budgeted = rollouts.superclusters.iter().filter(|(_, site)| has_budget(site));
        let mut power = Self {
            rollouts,
            nodes,
            last: budgeted.map(|(name, _)| (*name, [0; 2])).collect(),
            late: BTreeSet::new(),
            sites: pools.specs.iter().map(|(_, pool)| &pool.supercluster).collect(),
        };
        let in_waves = (rollouts.waves.iter().zip(1..))
            .flat_map(|(wave, number)| wave.nodes.iter().map(move |&node| (node, Some(number))));
        for (node, wave) in in_waves.chain(rollouts.held.iter().map(|&node| (node, None))) {
            let node = &nodes[node];
            let Some(site) = power.site(node).filter(|_| node.draw == Draw::Less) else {
                continue;
            };
            let loses = node.class == ActionClass::Destructive;
            if loses || wave.is_none() {
                power.late.insert(site);
            }
            if let (Some(wave), Some([keeps, all])) = (wave, power.last.get_mut(site)) {
                *all = wave.max(*all);
                *keeps = if loses { *keeps } else { wave.max(*keeps) };
            }
        }
        power
    }

    /// The site of a node, if it has a power budget.
    fn site(&self, node: &Judged<'_>) -> Option<&'a Name> {
        let site = self.sites[node.pool?];
        self.last.contains_key(site).then_some(site)
    }

    /// Nodes that lose data come last, so those that do not need not wait for them.
    pub fn order(&self, sink: &mut Sink) {
        for (wave, number) in self.rollouts.waves.iter().zip(1..) {
            for node in wave.nodes.iter().map(|&node| &self.nodes[node]) {
                let Some(site) = self.site(node).filter(|_| node.draw == Draw::More) else {
                    continue;
                };
                let [keeps, all] = self.last[site];
                let last = if node.class == ActionClass::Destructive {
                    all
                } else {
                    keeps
                };
                if number <= last {
                    let message = format!(
                        "{} may draw more power in wave {number}, and nodes of {site} draw less only in wave {last}",
                        node.name
                    );
                    sink.report(Violation::new(&WAVE_POWER, message).node(node.name));
                }
            }
        }
    }

    /// Whether a node may have to wait for power.
    pub fn lacks(&self, node: &Judged<'_>) -> bool {
        let site = self.site(node).filter(|_| node.draw == Draw::More);
        site.is_some_and(|site| self.late.contains(site))
    }
}

fn has_budget(site: &SuperclusterSpec) -> bool {
    let racks = site.racks.iter().map(|group| &group.power_limit);
    let places = site.locations.iter().map(|place| &place.power_budget);
    let phases = site.phases.iter().map(|phase| &phase.power_budget);
    site.power.is_some() || racks.chain(places).chain(phases).any(Option::is_some)
}
