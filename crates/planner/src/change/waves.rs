//! Which nodes may change at the same time, and in which order.
//!
//! 1. *At once*: nodes to which nothing happens on the host. They can neither fail nor become unavailable.
//! 2. *Canary*: of each pool the nodes that go first, the gravest classes before the milder ones.
//! 3. *Live*: nodes whose change is applied to the running host. They stay available, so `maxUnavailable` does not bind
//!    them and they go together; the canary does, because a bad value harms a running host too.
//! 4. *Disruptive*: nodes that restart a service, are drained or reboot, within the budgets.
//! 5. *Destructive*: nodes that lose data, and only with consent. Whatever the canary of a pool tried, its first node that
//!    loses data goes alone; then what is left of the canary, then the others.
//!
//! Within a wave each pool has at most its own number of nodes. Domains are counted over all pools: two pools in one rack
//! count once, and while a pool has a node in a wave, the wave holds no more domains than that pool allows, whoever's they
//! are. What is unavailable already counts too: a wave never raises a count above its budget.
//!
//! On a site with power budgets, all of this happens twice within what loses nothing, and twice within what loses data: first
//! without the nodes whose GPUs may draw more, then with them.
//!
//! A removed node is in no wave: it is detached, and nobody acts on its host.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rackwright_api::ActionClass;

use super::budget::Budget;
use super::diff::{Diff, What};
use super::domain::{Domains, KINDS, Places, kind};
use super::power::{Beyond, Load, Supply, budgeted};
use crate::input::Input;
use crate::plan::Plan;

/// The order in which nodes may change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waves {
    /// In order: a wave begins when the one before is done.
    pub waves: Vec<Wave>,
    /// Nodes that must wait, with the reason.
    pub held: Vec<Held>,
}

/// Nodes that may change at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// What sort of wave.
    pub step: Step,
    /// Indices into [`Diff::nodes`].
    pub nodes: Vec<u32>,
    /// How long its nodes must stay healthy before the next wave, in seconds.
    pub soak: u64,
}

/// Sorts of waves, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Nothing happens on the host.
    AtOnce,
    /// The first nodes of each pool.
    Canary,
    /// Applied to running hosts.
    Live,
    /// Within the budgets.
    Disruptive,
    /// The first node of each pool that loses data.
    DestructiveFirst,
    /// The next nodes that lose data, of pools whose canary is not used up.
    DestructiveCanary,
    /// Nodes that lose data.
    Destructive,
}

impl Step {
    /// Whether its nodes must stay healthy for a while before others start.
    const fn is_canary(self) -> bool {
        match self {
            Self::Canary | Self::DestructiveFirst | Self::DestructiveCanary => true,
            Self::AtOnce | Self::Live | Self::Disruptive | Self::Destructive => false,
        }
    }
}

/// A node that must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Index into [`Diff::nodes`].
    pub node: u32,
    /// Why.
    pub why: Why,
}

/// Why a node must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Its pool is paused.
    Paused,
    /// It would lose data, and its facts do not consent to wipe each device that a tier takes.
    NoConsent,
    /// What is unavailable already uses the budget up.
    NoBudget,
    /// It would draw more, and nodes that are to draw less do not yet.
    NoPower,
}

/// Orders the nodes of a diff whose new side is `plan`, compiled from `input`. `unavailable` names nodes that are
/// unavailable for another reason.
pub fn waves(
    input: &Input,
    plan: &Plan,
    diff: &Diff<'_>,
    unavailable: &BTreeSet<&str>,
    supply: &Supply<'_, '_>,
) -> Waves {
    let budgeted = budgeted(input);
    let budgets: BTreeMap<&str, Budget> = input
        .pools
        .iter()
        .map(|pool| (pool.name.as_str(), Budget::of(pool.spec.rollout.as_ref())))
        .collect();
    let mut places = Places::new(input);
    let pools: HashMap<&str, u32> = plan
        .pools()
        .iter()
        .zip(0..)
        .map(|(pool, number)| (pool.name.as_str(), number))
        .collect();
    let budgets: Vec<Budget> = plan
        .pools()
        .iter()
        .map(|pool| {
            budgets
                .get(pool.name.as_str())
                .copied()
                .unwrap_or(Budget::of(None))
        })
        .collect();
    let mut waiting = Vec::with_capacity(diff.nodes.len());
    for (change, index) in diff
        .nodes
        .iter()
        .zip(0..)
        .filter(|(change, _)| change.what != What::Removed)
    {
        let Some(node) = plan.node(change.name) else {
            continue;
        };
        waiting.push(Waiting {
            index,
            pool: pools[node.pool().name.as_str()],
            class: change.class,
            consent: change.consent,
            down: unavailable.contains(change.name),
            domains: places.of(node),
            load: Load {
                site: &node.pool().supercluster,
                rack: node.rack(),
                caps: change
                    .pair
                    .map(|pair| diff.pairs[pair as usize].caps)
                    .filter(|_| budgeted.contains(&node.pool().supercluster)),
            },
        });
    }
    let mut down = Down::new(budgets.len());
    for node in unavailable.iter().filter_map(|name| plan.node(name)) {
        down.pools[pools[node.pool().name.as_str()] as usize] += 1;
        for (set, domain) in down.domains.iter_mut().zip(places.of(node)) {
            set.insert(domain);
        }
    }
    schedule(&budgets, waiting, &down, |late| Beyond::new(input, supply, late))
}

/// A node that waits for its wave.
#[derive(Debug, Clone, Copy)]
struct Waiting<'a> {
    index: u32,
    pool: u32,
    class: ActionClass,
    consent: bool,
    /// Whether it is unavailable already.
    down: bool,
    domains: Domains,
    load: Load<'a>,
}

impl Waiting<'_> {
    fn loses(&self) -> bool {
        self.class == ActionClass::Destructive
    }

    /// What loses data comes last; within that, what may draw more comes after the rest.
    fn round(&self) -> (bool, bool) {
        (self.loses(), self.load.raises())
    }

    /// What nodes of one pool are put together by: what it counts, then rack and unit.
    fn place(&self, budgets: &[Budget]) -> [u32; 3] {
        let counted = self.domains[kind(budgets[self.pool as usize].domain)];
        let [rack, unit, _, _] = self.domains;
        [counted, rack, unit]
    }
}

/// What is unavailable already.
struct Down {
    /// Nodes by pool.
    pools: Vec<u32>,
    domains: [BTreeSet<u32>; KINDS],
}

impl Down {
    fn new(pools: usize) -> Self {
        Self {
            pools: vec![0; pools],
            domains: Default::default(),
        }
    }
}

fn schedule<'a>(
    budgets: &[Budget],
    waiting: Vec<Waiting<'a>>,
    down: &Down,
    beyond: impl Fn(&[Load<'a>]) -> Beyond,
) -> Waves {
    let mut out = Waves::default();
    let mut ready = Vec::with_capacity(waiting.len());
    // What is to draw less, and does not when others are to draw more. The plan counts paused pools so already.
    let mut late = Vec::new();
    for node in waiting {
        let why = why(budgets, node, down);
        let waits = why.is_some_and(|why| why != Why::Paused);
        if node.load.lowers() && (waits || why.is_none() && node.loses()) {
            late.push(node.load);
        }
        match why {
            Some(why) => out.held.push(Held {
                node: node.index,
                why,
            }),
            None => ready.push(node),
        }
    }
    if ready.iter().any(|node| node.load.raises()) {
        let beyond = beyond(&late);
        ready.retain(|node| {
            let starves = beyond.starves(&node.load);
            if starves {
                out.held.push(Held {
                    node: node.index,
                    why: Why::NoPower,
                });
            }
            !starves
        });
    }
    let steps = steps(budgets, &mut ready);
    // One domain after the other; within it one pool after the other.
    let mut order: Vec<(Step, Waiting<'_>)> = steps.into_iter().zip(ready).collect();
    order.sort_by_key(|(step, node)| (node.round(), *step, node.place(budgets), node.pool, node.index));
    let mut wave = Open::new(budgets, down);
    let mut last = None;
    for (step, node) in order {
        if last != Some((node.round(), step)) {
            wave.close(&mut out);
            wave.step = Some(step);
            last = Some((node.round(), step));
        }
        if wave.add(node) {
            continue;
        }
        // Alone it fits: what does not was held before.
        wave.close(&mut out);
        wave.step = Some(step);
        wave.add(node);
    }
    wave.close(&mut out);
    out.held.sort_by_key(|held| held.node);
    out
}

/// Why a node must wait, whatever the wave.
fn why(budgets: &[Budget], node: Waiting<'_>, down: &Down) -> Option<Why> {
    if budgets[node.pool as usize].paused {
        Some(Why::Paused)
    } else if node.loses() && !node.consent {
        Some(Why::NoConsent)
    } else if !Open::new(budgets, down).add(node) {
        Some(Why::NoBudget)
    } else {
        None
    }
}

/// The step of each node. Canaries are the first of their pool in the order: what loses no data before what does, then
/// the gravest class, then domain and name; so they try the worst that happens, in as few domains as possible. A canary that
/// only reloads says nothing about a wipe, so the first node that loses data is one of its own.
fn steps(budgets: &[Budget], ready: &mut [Waiting<'_>]) -> Vec<Step> {
    let rank = |node: &Waiting<'_>| (node.round(), Reverse(node.class));
    ready.sort_by_key(|node| (rank(node), node.place(budgets), node.index));
    let mut canaries: Vec<u32> = budgets.iter().map(|budget| budget.canary).collect();
    let mut lost = vec![false; budgets.len()];
    let step = |node: &Waiting<'_>| {
        if node.class == ActionClass::None {
            return Step::AtOnce;
        }
        let left = &mut canaries[node.pool as usize];
        let canary = *left > 0;
        *left = left.saturating_sub(1);
        if node.loses() && !std::mem::replace(&mut lost[node.pool as usize], true) {
            return Step::DestructiveFirst;
        }
        match (node.class, canary) {
            (ActionClass::Destructive, true) => Step::DestructiveCanary,
            (ActionClass::Destructive, false) => Step::Destructive,
            (_, true) => Step::Canary,
            (ActionClass::None | ActionClass::Reload, false) => Step::Live,
            (ActionClass::Restart | ActionClass::Drain | ActionClass::Reboot, false) => Step::Disruptive,
        }
    };
    ready.iter().map(step).collect()
}

/// The wave that is being filled.
struct Open<'a> {
    budgets: &'a [Budget],
    down: &'a Down,
    step: Option<Step>,
    nodes: Vec<u32>,
    soak: u64,
    /// Nodes of each pool that become unavailable.
    pools: BTreeMap<u32, u32>,
    /// Domains beyond those that are touched already.
    domains: [BTreeSet<u32>; KINDS],
    /// The least number of domains that a pool in the wave allows.
    limits: [Option<u32>; KINDS],
}

impl<'a> Open<'a> {
    fn new(budgets: &'a [Budget], down: &'a Down) -> Self {
        Self {
            budgets,
            down,
            step: None,
            nodes: Vec::new(),
            soak: 0,
            pools: BTreeMap::new(),
            domains: Default::default(),
            limits: [None; KINDS],
        }
    }

    /// Takes the node, if the budgets allow it.
    fn add(&mut self, node: Waiting<'_>) -> bool {
        let budget = &self.budgets[node.pool as usize];
        if node.class >= ActionClass::Restart && !self.reserve(node, budget) {
            return false;
        }
        self.nodes.push(node.index);
        if self.step.is_some_and(Step::is_canary) {
            self.soak = self.soak.max(budget.soak);
        }
        true
    }

    fn reserve(&mut self, node: Waiting<'_>, budget: &Budget) -> bool {
        let taken = self.pools.get(&node.pool).copied().unwrap_or(0);
        let more = u32::from(!node.down);
        let already = self.down.pools[node.pool as usize];
        if budget
            .nodes
            .is_some_and(|most| already + taken + more > most.max(already))
        {
            return false;
        }
        let mut limits = self.limits;
        let limit = &mut limits[kind(budget.domain)];
        *limit = Some(limit.map_or(budget.domains, |limit| limit.min(budget.domains)));
        for (at, limit) in limits.into_iter().enumerate() {
            let (touched, domain) = (&self.down.domains[at], node.domains[at]);
            let is_new = !touched.contains(&domain) && !self.domains[at].contains(&domain);
            let count = touched.len() + self.domains[at].len() + usize::from(is_new);
            if limit.is_some_and(|limit| count > (limit as usize).max(touched.len())) {
                return false;
            }
        }
        self.limits = limits;
        *self.pools.entry(node.pool).or_default() += more;
        for (at, domain) in node.domains.into_iter().enumerate() {
            if !self.down.domains[at].contains(&domain) {
                self.domains[at].insert(domain);
            }
        }
        true
    }

    /// Ends the wave and begins another.
    fn close(&mut self, out: &mut Waves) {
        let done = std::mem::replace(self, Self::new(self.budgets, self.down));
        if let (Some(step), false) = (done.step, done.nodes.is_empty()) {
            out.waves.push(Wave {
                step,
                nodes: done.nodes,
                soak: done.soak,
            });
        }
    }
}
