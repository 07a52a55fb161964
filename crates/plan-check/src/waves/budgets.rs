//! What a wave makes unavailable, against what pools allow.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rackwright_api::{ActionClass, Domain, GPUPoolSpec};

use crate::table::{WAVE_DOMAINS, WAVE_NODES};
use crate::violation::{Kind, Sink, Violation};

use super::places::{KINDS, Places, kind};
use super::{Judged, Pools, Rollouts};

/// What pools allow, and what is unavailable already.
pub(super) struct Budgets<'p, 'a> {
    pools: &'p Pools<'a>,
    /// Nodes, domains and what a domain is, by pool.
    allowed: Vec<(Option<u32>, u32, Domain)>,
    /// Names of nodes that are unavailable already.
    down: HashSet<&'a str>,
    /// How many of each pool are.
    before: Vec<usize>,
    /// Their domains, by kind.
    touched: [HashSet<u32>; KINDS],
}

/// How far a wave goes beyond a budget: what there is, and what is allowed.
enum Excess {
    Nodes(usize, u32),
    Domains(usize, u32, Domain),
}

impl<'p, 'a> Budgets<'p, 'a> {
    pub fn new(
        rollouts: &Rollouts<'a>,
        pools: &'p Pools<'a>,
        places: &mut Places<'a>,
        sink: &mut Sink,
    ) -> Self {
        let mut budgets = Self {
            pools,
            allowed: pools.specs.iter().map(|(_, pool)| allowed(pool)).collect(),
            down: rollouts.down.iter().map(|down| down.name).collect(),
            before: vec![0; pools.specs.len()],
            touched: Default::default(),
        };
        for down in rollouts.down {
            if let Some(pool) = pools.number(down.pool) {
                budgets.before[pool] += 1;
            }
            for (touched, place) in budgets.touched.iter_mut().zip(places.of(down, sink)) {
                touched.insert(place);
            }
        }
        budgets
    }

    /// What makes more unavailable than a pool of these nodes allows, with the pool's number.
    fn excess<'n>(&self, nodes: impl Iterator<Item = &'n Judged<'n>>) -> Vec<(usize, Excess)> {
        let mut more: BTreeMap<usize, usize> = BTreeMap::new();
        let mut new: [BTreeSet<u32>; KINDS] = Default::default();
        for node in nodes.filter(|node| node.class >= ActionClass::Restart) {
            if let Some(pool) = node.pool {
                *more.entry(pool).or_default() += usize::from(!self.down.contains(node.name));
            }
            for ((new, touched), place) in new.iter_mut().zip(&self.touched).zip(node.places) {
                if !touched.contains(&place) {
                    new.insert(place);
                }
            }
        }
        let mut excess = Vec::new();
        for (pool, more) in more {
            let (nodes, domains, domain) = self.allowed[pool];
            let before = self.before[pool];
            if let Some(nodes) = nodes
                && before + more > before.max(nodes as usize)
            {
                excess.push((pool, Excess::Nodes(before + more, nodes)));
            }
            let was = self.touched[kind(domain)].len();
            let is = was + new[kind(domain)].len();
            if is > was.max(domains as usize) {
                excess.push((pool, Excess::Domains(is, domains, domain)));
            }
        }
        excess
    }

    /// Whether a node alone goes beyond a budget.
    pub fn forbid(&self, node: &Judged<'_>) -> bool {
        !self.excess(std::iter::once(node)).is_empty()
    }

    /// Checks one wave.
    pub fn wave<'n>(&self, number: usize, nodes: impl Iterator<Item = &'n Judged<'n>>, sink: &mut Sink) {
        for (pool, excess) in self.excess(nodes) {
            let (pool, _) = self.pools.specs[pool];
            let case = match excess {
                Excess::Nodes(count, most) => Violation::new(
                    &WAVE_NODES,
                    format!("{count} nodes of {pool} are unavailable in wave {number}, and it allows {most}"),
                ),
                Excess::Domains(count, most, domain) => Violation::new(
                    &WAVE_DOMAINS,
                    format!("wave {number} touches {count} domains ({domain:?}), and {pool} allows {most}"),
                ),
            };
            sink.report(case.object(Kind::GPUPool, pool));
        }
    }
}

/// Nodes, domains and what a domain is.
fn allowed(pool: &GPUPoolSpec) -> (Option<u32>, u32, Domain) {
    let rollout = pool.rollout.as_ref();
    let Some(most) = rollout.and_then(|rollout| rollout.max_unavailable.as_ref()) else {
        return (Some(1), 1, Domain::Rack);
    };
    match (most.nodes, most.domains) {
        (None, None) => (Some(1), 1, Domain::Rack),
        (nodes, domains) => (nodes, domains.unwrap_or(1), most.domain.unwrap_or(Domain::Rack)),
    }
}
