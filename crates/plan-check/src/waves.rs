//! Re-derives the budgets of a roll-out from its waves.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::{
    ActionClass, Domain, Facts, GPUPoolSpec, InfiniBandFabricSpec, InterfaceAddress, Name, Plane,
    SuperclusterSpec,
};
use rackwright_hostset::{Hostlist, Limits};

use crate::table::{WAVE_CANARY, WAVE_DOMAINS, WAVE_FORBIDDEN, WAVE_NODES, WAVE_ONCE, WAVE_WAITS};
use crate::violation::{Kind, Sink, Violation};

/// A roll-out: what changes, in which waves, and what waits.
#[derive(Debug, Clone, Copy)]
pub struct Rollouts<'a> {
    /// The accepted pools.
    pub pools: &'a [(&'a Name, &'a GPUPoolSpec)],
    /// Fabrics.
    pub fabrics: &'a [(&'a Name, &'a InfiniBandFabricSpec)],
    /// Sites.
    pub superclusters: &'a [(&'a Name, &'a SuperclusterSpec)],
    /// The nodes that change and are not removed.
    pub nodes: &'a [Changing<'a>],
    /// Nodes that are unavailable already, changing ones among them.
    pub down: &'a [Down<'a>],
    /// The waves, in order.
    pub waves: &'a [WaveOf<'a>],
    /// The nodes that wait, as indices into `nodes`.
    pub held: &'a [usize],
}

/// A node that changes.
#[derive(Debug, Clone)]
pub struct Changing<'a> {
    /// Its name.
    pub name: &'a str,
    /// The pool that it was compiled for.
    pub pool: &'a Name,
    /// Its new facts.
    pub facts: Facts,
    /// What the change does to it.
    pub class: ActionClass,
    /// Whether its facts consent to what it loses.
    pub consent: bool,
}

/// A node that is unavailable already.
#[derive(Debug, Clone)]
pub struct Down<'a> {
    /// Its name.
    pub name: &'a str,
    /// The pool that it was compiled for.
    pub pool: &'a Name,
    /// Its facts.
    pub facts: Facts,
}

/// One wave.
#[derive(Debug, Clone, Copy)]
pub struct WaveOf<'a> {
    /// Indices into [`Rollouts::nodes`].
    pub nodes: &'a [usize],
    /// How long its nodes must stay healthy before the next, in seconds.
    pub soak: u64,
}

/// A domain by what makes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Rack(String),
    Unit(String, u32),
    Alone(String),
}

/// Checks a roll-out. The answer is sorted by code, nodes, objects and message, and capped as that of
/// [`check`](crate::check()).
///
/// Domains are derived here again: a rack is the node's own fact and `PowerFeed` is the rack; a scalable unit (and
/// `RailGroup` and `Leaf`) is `nodesPerUnit` host numbers on the pool's first compute fabric with addresses, else the
/// rack; an NVLink domain is the rack of systems named for it (`-nvl`), else the node. A node without rack is alone.
pub fn check_waves(rollouts: &Rollouts<'_>) -> Vec<Violation> {
    let check = Check {
        rollouts,
        pools: rollouts.pools.iter().copied().collect(),
        shared: nvlink_racks(rollouts.superclusters),
    };
    let mut sink = Sink::default();
    check.once(&mut sink);
    check.forbidden(&mut sink);
    for number in 0..rollouts.waves.len() {
        check.budgets(number, &mut sink);
    }
    for (name, pool) in &check.pools {
        check.canary(name, pool, &mut sink);
    }
    for &held in rollouts.held {
        check.waits(&rollouts.nodes[held], &mut sink);
    }
    sink.finish()
}

fn nvlink_racks(sites: &[(&Name, &SuperclusterSpec)]) -> BTreeSet<String> {
    let mut racks = BTreeSet::new();
    for group in sites.iter().flat_map(|(_, site)| &site.racks) {
        if group.system.as_str().contains("-nvl")
            && let Ok(list) = Hostlist::parse(group.names.as_str(), &Limits::default())
        {
            list.for_each(|rack| {
                racks.insert(rack.to_owned());
            });
        }
    }
    racks
}

struct Check<'c, 'a> {
    rollouts: &'c Rollouts<'a>,
    pools: BTreeMap<&'a Name, &'a GPUPoolSpec>,
    shared: BTreeSet<String>,
}

impl<'a> Check<'_, 'a> {
    fn once(&self, sink: &mut Sink) {
        let mut seen = vec![0_u32; self.rollouts.nodes.len()];
        let waves = self.rollouts.waves.iter().flat_map(|wave| wave.nodes);
        for &node in waves.chain(self.rollouts.held) {
            seen[node] += 1;
        }
        for (node, times) in self
            .rollouts
            .nodes
            .iter()
            .zip(seen)
            .filter(|(_, times)| *times != 1)
        {
            let message = format!(
                "{} stands {times} times in the waves and among those that wait",
                node.name
            );
            sink.report(Violation::new(&WAVE_ONCE, message).node(node.name));
        }
    }

    fn forbidden(&self, sink: &mut Sink) {
        let mut destroyed = None;
        for (wave, number) in self.rollouts.waves.iter().zip(1..) {
            for node in wave.nodes.iter().map(|&node| &self.rollouts.nodes[node]) {
                let destructive = node.class == ActionClass::Destructive;
                let why = match destroyed {
                    _ if self.paused(node.pool) => format!("the pool {} is paused", node.pool),
                    _ if destructive && !node.consent => "it loses data without consent".to_owned(),
                    Some(earlier) if !destructive && earlier < number => {
                        format!("wave {earlier} holds nodes that lose data")
                    }
                    _ => continue,
                };
                let message = format!("{} is in wave {number}, and {why}", node.name);
                sink.report(Violation::new(&WAVE_FORBIDDEN, message).node(node.name));
            }
            let any = |&node: &usize| self.rollouts.nodes[node].class == ActionClass::Destructive;
            if destroyed.is_none() && wave.nodes.iter().any(any) {
                destroyed = Some(number);
            }
        }
    }

    fn paused(&self, pool: &Name) -> bool {
        let rollout = self.pools.get(pool).and_then(|pool| pool.rollout.as_ref());
        rollout.and_then(|rollout| rollout.paused).unwrap_or(false)
    }

    /// Nodes, domains and what a domain is.
    fn allowed(&self, pool: &Name) -> (Option<u32>, u32, Domain) {
        let rollout = self.pools.get(pool).and_then(|pool| pool.rollout.as_ref());
        let most = rollout.and_then(|rollout| rollout.max_unavailable.as_ref());
        let Some(most) = most else {
            return (Some(1), 1, Domain::Rack);
        };
        match (most.nodes, most.domains) {
            (None, None) => (Some(1), 1, Domain::Rack),
            (nodes, domains) => (nodes, domains.unwrap_or(1), most.domain.unwrap_or(Domain::Rack)),
        }
    }

    fn place(&self, domain: Domain, name: &str, pool: &Name, facts: &Facts) -> Place {
        let rack = facts.rack.as_ref();
        let stands = rack.map_or(Place::Alone(name.to_owned()), |rack| {
            Place::Rack(rack.to_string())
        });
        match domain {
            Domain::Rack | Domain::PowerFeed => stands,
            Domain::NVLinkDomain if rack.is_some_and(|rack| self.shared.contains(rack.as_str())) => stands,
            Domain::NVLinkDomain => Place::Alone(name.to_owned()),
            Domain::ScalableUnit | Domain::RailGroup | Domain::Leaf => {
                self.unit(pool, facts).unwrap_or(stands)
            }
        }
    }

    fn unit(&self, pool: &Name, facts: &Facts) -> Option<Place> {
        let mut first = 0;
        for used in &self.pools.get(pool)?.fabrics {
            let (name, fabric) = self
                .rollouts
                .fabrics
                .iter()
                .find(|(name, _)| **name == used.name)?;
            match (fabric.plane, &fabric.addressing, fabric.topology.nodes_per_unit) {
                (Plane::Compute, Some(_), Some(size)) => {
                    let rail = facts.rails.iter().find(|rail| rail.rail == first)?;
                    let net = rail.ipv4.as_ref().and_then(InterfaceAddress::net)?;
                    let host = u32::from(net.addr()) & u32::from(net.hostmask());
                    return Some(Place::Unit(name.to_string(), (host.max(1) - 1) / u32::from(size)));
                }
                _ => first += fabric.topology.rails,
            }
        }
        None
    }

    /// What makes more unavailable than a pool of `acting` allows.
    fn excess(&self, acting: &[&Changing<'a>]) -> Vec<(&'a Name, Excess)> {
        let down: BTreeSet<&str> = self.rollouts.down.iter().map(|down| down.name).collect();
        let pools: BTreeSet<&Name> = acting.iter().map(|node| node.pool).collect();
        let mut excess = Vec::new();
        for pool in pools {
            let (nodes, domains, domain) = self.allowed(pool);
            let before = self.rollouts.down.iter().filter(|down| down.pool == pool).count();
            let more = acting
                .iter()
                .filter(|node| node.pool == pool && !down.contains(node.name))
                .count();
            if let Some(nodes) = nodes
                && before + more > before.max(nodes as usize)
            {
                excess.push((pool, Excess::Nodes(before + more, nodes)));
            }
            let was: BTreeSet<Place> = self
                .rollouts
                .down
                .iter()
                .map(|down| self.place(domain, down.name, down.pool, &down.facts))
                .collect();
            let mut is = was.clone();
            is.extend(
                acting
                    .iter()
                    .map(|node| self.place(domain, node.name, node.pool, &node.facts)),
            );
            if is.len() > was.len().max(domains as usize) {
                excess.push((pool, Excess::Domains(is.len(), domains, domain)));
            }
        }
        excess
    }

    fn budgets(&self, number: usize, sink: &mut Sink) {
        let nodes = self.rollouts.waves[number]
            .nodes
            .iter()
            .map(|&node| &self.rollouts.nodes[node]);
        let acting: Vec<&Changing<'a>> = nodes.filter(|node| node.class >= ActionClass::Restart).collect();
        for (pool, excess) in self.excess(&acting) {
            let number = number + 1;
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

    fn canary(&self, name: &Name, pool: &GPUPoolSpec, sink: &mut Sink) {
        let Some(canary) = pool.rollout.as_ref().and_then(|rollout| rollout.canary.as_ref()) else {
            return;
        };
        let mut first = canary.nodes as usize;
        for destructive in [false, true] {
            let counted = |&&node: &&usize| {
                let node = &self.rollouts.nodes[node];
                node.pool == name
                    && node.class >= ActionClass::Reload
                    && (node.class == ActionClass::Destructive) == destructive
            };
            let counts: Vec<(usize, u64)> = self
                .rollouts
                .waves
                .iter()
                .map(|wave| (wave.nodes.iter().filter(counted).count(), wave.soak))
                .collect();
            let go_first = first.min(counts.iter().map(|(count, _)| count).sum());
            let mut gone = 0;
            let mut soaked = true;
            for (count, soak) in counts.iter().filter(|(count, _)| *count > 0) {
                if gone >= go_first {
                    break;
                }
                gone += count;
                soaked &= *soak >= canary.soak.seconds();
            }
            if gone != go_first || !soaked {
                let message = format!(
                    "{gone} nodes of {name} are in its first waves, with the time to stay healthy {}; {go_first} must go first",
                    if soaked { "kept" } else { "cut short" }
                );
                sink.report(Violation::new(&WAVE_CANARY, message).object(Kind::GPUPool, name));
            }
            first -= go_first;
        }
    }

    fn waits(&self, node: &Changing<'a>, sink: &mut Sink) {
        let no_consent = node.class == ActionClass::Destructive && !node.consent;
        let no_budget = || node.class >= ActionClass::Restart && !self.excess(&[node]).is_empty();
        if !self.paused(node.pool) && !no_consent && !no_budget() {
            let message = format!("{} of {} waits without reason", node.name, node.pool);
            sink.report(Violation::new(&WAVE_WAITS, message).node(node.name));
        }
    }
}

/// How far a wave goes beyond a budget: what there is, and what is allowed.
enum Excess {
    Nodes(usize, u32),
    Domains(usize, u32, Domain),
}
