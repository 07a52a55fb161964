//! Which nodes stand where: each once, the first ones first, none that must not.

use rackwright_api::ActionClass;

use crate::table::{WAVE_CANARY, WAVE_FIRST_LOSS, WAVE_FORBIDDEN, WAVE_ONCE, WAVE_WAITS};
use crate::violation::{Kind, Sink, Violation};

use super::budgets::Budgets;
use super::power::Power;
use super::{Judged, Pools, Rollouts};

pub(super) struct Order<'o, 'a> {
    pub rollouts: &'o Rollouts<'a>,
    pub pools: &'o Pools<'a>,
    pub nodes: &'o [Judged<'a>],
}

/// How many nodes of one pool a wave holds, and how long they must stay healthy.
type Counted = (usize, u64);

impl Order<'_, '_> {
    pub fn once(&self, sink: &mut Sink) {
        let mut seen = vec![0_u32; self.nodes.len()];
        let waves = self.rollouts.waves.iter().flat_map(|wave| wave.nodes);
        for &node in waves.chain(self.rollouts.held) {
            seen[node] += 1;
        }
        for (node, times) in self.nodes.iter().zip(seen).filter(|(_, times)| *times != 1) {
            let message = format!(
                "{} stands {times} times in the waves and among those that wait",
                node.name
            );
            sink.report(Violation::new(&WAVE_ONCE, message).node(node.name));
        }
    }

    pub fn forbidden(&self, sink: &mut Sink) {
        let mut destroyed = None;
        for (wave, number) in self.rollouts.waves.iter().zip(1..) {
            for node in wave.nodes.iter().map(|&node| &self.nodes[node]) {
                let destructive = node.class == ActionClass::Destructive;
                let why = match destroyed {
                    _ if self.paused(node) => format!("the pool {} is paused", node.pool_name),
                    _ if destructive && !node.consent => "it loses data without consent".to_owned(),
                    Some(earlier) if !destructive && earlier < number => {
                        format!("wave {earlier} holds nodes that lose data")
                    }
                    _ => continue,
                };
                let message = format!("{} is in wave {number}, and {why}", node.name);
                sink.report(Violation::new(&WAVE_FORBIDDEN, message).node(node.name));
            }
            let any = |&node: &usize| self.nodes[node].class == ActionClass::Destructive;
            if destroyed.is_none() && wave.nodes.iter().any(any) {
                destroyed = Some(number);
            }
        }
    }

    fn paused(&self, node: &Judged<'_>) -> bool {
        let pool = node.pool.map(|pool| self.pools.specs[pool].1);
        let rollout = pool.and_then(|pool| pool.rollout.as_ref());
        rollout.and_then(|rollout| rollout.paused).unwrap_or(false)
    }

    /// The nodes of each pool that go first: of those that lose nothing, then of those that lose data.
    pub fn canaries(&self, sink: &mut Sink) {
        let mut counts: Vec<[Vec<Counted>; 2]> = vec![Default::default(); self.pools.specs.len()];
        // Which wave each count was opened for: a wave may hold nodes of many pools.
        let mut opened = vec![[usize::MAX; 2]; counts.len()];
        for (number, wave) in self.rollouts.waves.iter().enumerate() {
            for node in wave.nodes.iter().map(|&node| &self.nodes[node]) {
                let Some(pool) = node.pool.filter(|_| node.class >= ActionClass::Reload) else {
                    continue;
                };
                let lossy = usize::from(node.class == ActionClass::Destructive);
                let of_pool = &mut counts[pool][lossy];
                if opened[pool][lossy] != number {
                    opened[pool][lossy] = number;
                    of_pool.push((0, wave.soak));
                }
                if let Some((count, _)) = of_pool.last_mut() {
                    *count += 1;
                }
            }
        }
        for (pool, counts) in counts.iter().enumerate() {
            self.canary(pool, counts, sink);
            self.first_loss(pool, &counts[1], sink);
        }
    }

    fn canary(&self, pool: usize, counts: &[Vec<Counted>; 2], sink: &mut Sink) {
        let (name, spec) = self.pools.specs[pool];
        let Some(canary) = spec.rollout.as_ref().and_then(|rollout| rollout.canary.as_ref()) else {
            return;
        };
        let mut first = canary.nodes as usize;
        for counts in counts {
            let go_first = first.min(counts.iter().map(|(count, _)| count).sum());
            let mut gone = 0;
            let mut soaked = true;
            for (count, soak) in counts {
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

    /// Whatever went first before, the first node of a pool that loses data goes alone.
    fn first_loss(&self, pool: usize, counts: &[Counted], sink: &mut Sink) {
        let (name, spec) = self.pools.specs[pool];
        let Some(&(count, soak)) = counts.first() else {
            return;
        };
        let canary = spec.rollout.as_ref().and_then(|rollout| rollout.canary.as_ref());
        let least = canary.map_or(0, |canary| canary.soak.seconds());
        if count > 1 || soak < least {
            let message = format!(
                "{count} nodes of {name} are in its first wave that loses data, healthy for {soak} s before the next; \
                 one must go first, for {least} s"
            );
            sink.report(Violation::new(&WAVE_FIRST_LOSS, message).object(Kind::GPUPool, name));
        }
    }

    pub fn waits(&self, node: usize, budgets: &Budgets<'_, '_>, power: &Power<'_, '_>, sink: &mut Sink) {
        let node = &self.nodes[node];
        let no_consent = node.class == ActionClass::Destructive && !node.consent;
        if !self.paused(node) && !no_consent && !budgets.forbid(node) && !power.lacks(node) {
            let message = format!("{} of {} waits without reason", node.name, node.pool_name);
            sink.report(Violation::new(&WAVE_WAITS, message).node(node.name));
        }
    }
}
