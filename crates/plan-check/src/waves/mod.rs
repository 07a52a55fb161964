//! Re-derives from the waves of a roll-out its budgets, and from what nodes were and become what the change does to them.
//!
//! One pass over the nodes gives each its domains as numbers; every check after that is linear in nodes and waves.

mod budgets;
mod devices;
mod floor;
mod order;
mod places;
mod power;
mod seats;

use std::collections::{BTreeSet, HashMap};

use rackwright_api::{
    ActionClass, DeviceConsent, GPUPoolSpec, InfiniBandFabricSpec, Name, NodeProfileSpec, SuperclusterSpec,
};

use crate::table::WAVE_CLASS;
use crate::violation::{Sink, Violation};

use budgets::Budgets;
use floor::Floor;
use order::Order;
use places::Places;
use power::{Draw, Power};

/// A roll-out: what changes, in which waves, and what waits.
#[derive(Debug, Clone, Copy)]
pub struct Rollouts<'a> {
    /// The accepted pools.
    pub pools: &'a [(&'a Name, &'a GPUPoolSpec)],
    /// Fabrics.
    pub fabrics: &'a [(&'a Name, &'a InfiniBandFabricSpec)],
    /// Sites.
    pub superclusters: &'a [(&'a Name, &'a SuperclusterSpec)],
    /// Racks whose nodes share one NVLink domain, as the catalogue of their site has it.
    pub nvlink_racks: &'a BTreeSet<String>,
    /// The fabrics that make units of the pools' nodes, with what the documents alone do not say.
    pub wired: &'a [Wired<'a>],
    /// What profiles follow one another.
    pub follows: &'a [Follows<'a>],
    /// The nodes that change and are not removed.
    pub nodes: &'a [Changing<'a>],
    /// Nodes that are unavailable already, changing ones among them.
    pub down: &'a [Standing<'a>],
    /// The waves, in order.
    pub waves: &'a [WaveOf<'a>],
    /// The nodes that wait, as indices into `nodes`.
    pub held: &'a [usize],
}

/// A node, and what says where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Its name.
    pub name: &'a str,
    /// The pool that it was compiled for.
    pub pool: &'a Name,
    /// The rack of its facts.
    pub rack: Option<&'a Name>,
    /// Where the planner says that it sits.
    pub unit: Option<Unit<'a>>,
}

/// A place in a fabric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit<'a> {
    /// The fabric.
    pub fabric: &'a str,
    /// The scalable unit, counted from 0.
    pub number: u32,
    /// Which leaves of the unit, counted from 0.
    pub leaf: u32,
}

/// A fabric whose units the nodes of pools sit in.
#[derive(Debug, Clone, Copy)]
pub struct Wired<'a> {
    /// Its name.
    pub fabric: &'a Name,
    /// Nodes of one unit where the fabric does not say it: as many as a leaf of its switch has ports for.
    pub nodes_per_unit: u32,
    /// Nodes in a row that end at the same leaves, by the ports that the catalogue gives its switch.
    pub nodes_per_leaf: u32,
    /// Racks with nodes that some pool plugs in, whether it is accepted or not: without a placement they have the seats.
    pub racks: &'a [Name],
    /// Such nodes that stand in no rack.
    pub hosts: &'a [Box<str>],
}

/// A node that changes.
#[derive(Debug, Clone, Copy)]
pub struct Changing<'a> {
    /// Its name and place.
    pub at: Standing<'a>,
    /// What the planner says that the change does to it.
    pub class: ActionClass,
    /// Whether the planner says that its facts consent to what it loses.
    pub consent: bool,
    /// The consents of its new facts.
    pub consents: &'a [DeviceConsent],
    /// The consents that its host has had, as far as anybody knows.
    pub consents_before: &'a [DeviceConsent],
    /// What its profile follows, as an index into [`Rollouts::follows`]; none where it keeps its profile.
    pub follows: Option<usize>,
}

/// A profile, and what nodes had before it.
#[derive(Debug, Clone)]
pub struct Follows<'a> {
    /// What was written, and what hosts have applied beside that.
    pub before: Vec<Before<'a>>,
    /// What they become.
    pub after: &'a NodeProfileSpec,
}

/// What nodes had before.
#[derive(Debug, Clone, Copy)]
pub enum Before<'a> {
    /// No configuration.
    Nothing,
    /// This profile.
    Profile(&'a NodeProfileSpec),
    /// Something that nobody knows.
    Unknown,
}

/// One wave.
#[derive(Debug, Clone, Copy)]
pub struct WaveOf<'a> {
    /// Indices into [`Rollouts::nodes`].
    pub nodes: &'a [usize],
    /// How long its nodes must stay healthy before the next, in seconds.
    pub soak: u64,
}

/// Checks a roll-out. The answer is sorted by code, nodes, objects and message, and capped as that of
/// [`check`](crate::check()).
///
/// Domains are derived here again: a rack is the node's own fact and `PowerFeed` is the rack; scalable unit and leaf (and
/// `RailGroup`, which is the leaf) follow from the node's seat in the first fabric of the compute plane that has units, else
/// they are the rack; an NVLink domain is the rack where the catalogue says so, else the node. A node without rack is alone.
/// Seats are counted again from racks, phases and placement, and each node's is compared with the planner's.
///
/// What a change does to a node is derived from its profiles and consents, as far as a short reading goes: what wipes
/// devices, what needs a boot, what needs a drained node.
pub fn check_waves(rollouts: &Rollouts<'_>) -> Vec<Violation> {
    let mut sink = Sink::default();
    let pools = Pools::new(rollouts);
    let mut places = Places::new(rollouts);
    let nodes = judged(rollouts, &pools, &mut places, &mut sink);
    let budgets = Budgets::new(rollouts, &pools, &mut places, &mut sink);
    let order = Order {
        rollouts,
        pools: &pools,
        nodes: &nodes,
    };
    order.once(&mut sink);
    order.forbidden(&mut sink);
    order.canaries(&mut sink);
    for (wave, number) in rollouts.waves.iter().zip(1..) {
        budgets.wave(number, wave.nodes.iter().map(|&node| &nodes[node]), &mut sink);
    }
    let power = Power::new(rollouts, &pools, &nodes);
    power.order(&mut sink);
    for &held in rollouts.held {
        order.waits(held, &budgets, &power, &mut sink);
    }
    sink.finish()
}

/// The accepted pools, by number.
struct Pools<'a> {
    by_name: HashMap<&'a Name, usize>,
    specs: Vec<(&'a Name, &'a GPUPoolSpec)>,
}

impl<'a> Pools<'a> {
    fn new(rollouts: &Rollouts<'a>) -> Self {
        let numbers = rollouts.pools.iter().enumerate();
        Self {
            by_name: numbers.map(|(number, (name, _))| (*name, number)).collect(),
            specs: rollouts.pools.to_vec(),
        }
    }

    fn number(&self, name: &Name) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

/// A node that changes, with what was derived of it.
#[derive(Debug, Clone, Copy)]
struct Judged<'a> {
    name: &'a str,
    pool: Option<usize>,
    pool_name: &'a Name,
    /// The graver of what the planner says and what was derived.
    class: ActionClass,
    /// Whether it may lose data: by the planner's word and by what was derived.
    consent: bool,
    /// Its domains, by kind.
    places: [u32; places::KINDS],
    /// Whether its GPUs may draw more or less than before.
    draw: Draw,
}

/// Derives what is needed of each node. One pool goes between few profiles, so these are read once for all nodes.
fn judged<'a>(
    rollouts: &Rollouts<'a>,
    pools: &Pools<'a>,
    places: &mut Places<'a>,
    sink: &mut Sink,
) -> Vec<Judged<'a>> {
    let floors: Vec<Floor<'_>> = rollouts.follows.iter().map(Floor::new).collect();
    let nodes = rollouts.nodes.iter().map(|node| {
        let floor = node.follows.map(|follows| &floors[follows]);
        let least = floor::of_node(floor, node);
        if node.class < least {
            let message = format!(
                "{} is called {:?}, and its change is {least:?}",
                node.at.name, node.class
            );
            sink.report(Violation::new(&WAVE_CLASS, message).node(node.at.name));
        }
        Judged {
            name: node.at.name,
            pool: pools.number(node.at.pool),
            pool_name: node.at.pool,
            class: node.class.max(least),
            consent: node.consent && floor.is_none_or(|floor| floor.consents(node.consents)),
            places: places.of(&node.at, sink),
            draw: floor.map_or(Draw::Same, |floor| floor.draw),
        }
    });
    nodes.collect()
}
