//! Cables to move: the schedules of each fabric before and after, compared as `fabric compare` compares them.
//!
//! A fabric is designed only where what its seats and switches follow from differs, so a change of anything else costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::{GPUPoolSpec, InfiniBandFabricSpec, Name, SuperclusterSpec};
use rackwright_fabric::cables::schedule;
use rackwright_fabric::compare::{Scheduled, compare, works};
use rackwright_fabric::design::Design;
use rackwright_fabric::network::{DeviceKind, Network};
use rackwright_planner::fabric::{NoDesign, PlannedFabric, fabrics};
use rackwright_planner::{Input, Intent, Kind, ObjectRef};
use schemars::JsonSchema;
use serde::Serialize;

use super::known::Known;
use super::side::{Side, Source};

/// Work that is told of each fabric; the commands print all.
const WORKS_SHOWN: usize = 5;

/// What becomes of the cables of all fabrics.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Cables {
    /// The fabrics of which a cable or a switch comes, goes or moves, by name.
    pub fabrics: Vec<FabricCables>,
    /// Fabrics that one side designs and the other does not, so that nobody can say what moves.
    pub unknown: Vec<UnknownCables>,
    /// What prints the work on each cable, in an order that can be done; none where a side can be read only once, or is no documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

/// What becomes of the cables of one fabric, over all its subnets.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FabricCables {
    /// The fabric.
    pub fabric: String,
    /// Cables with both ends where they were.
    pub stay: u32,
    /// Cables of which an end goes to another port.
    pub moved: u32,
    /// Cables to take out.
    pub gone: u32,
    /// Cables to lay.
    pub new: u32,
    /// Switches that were not there.
    pub switches_added: usize,
    /// Switches that are no longer there.
    pub switches_removed: usize,
    /// Devices that stood in another rack.
    pub relocated: usize,
    /// The first of what moves or goes, in words.
    pub first: Vec<String>,
    /// How much more moves or goes.
    pub more: usize,
}

/// A fabric of which a side has no design.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnknownCables {
    /// The fabric.
    pub fabric: String,
    /// The side, as the command line names it.
    pub side: String,
    /// Why it has none.
    pub why: String,
}

impl Cables {
    /// Compares the fabrics of two sides.
    pub fn new(sides: [&Side; 2], known: [&Known<'_>; 2]) -> Self {
        let mut found = Self::default();
        let mut names = may_differ(known.map(|known| known.input));
        let refused = known.into_iter().flat_map(|known| known.refused);
        let refused = refused.filter(|object| object.kind == Kind::InfiniBandFabric);
        names.extend(refused.map(|object| object.name.as_str()));
        if names.is_empty() {
            return found;
        }
        let mut designed = known.map(Designs::new);
        for name in names {
            let [before, after] = designed.each_mut().map(|all| all.take(name));
            let unknown = |side: &Side, why: String| UnknownCables {
                fabric: name.to_owned(),
                side: side.name.clone(),
                why,
            };
            match (before, after) {
                (Some(Err(why)), Some(Ok(_))) => found.unknown.push(unknown(sides[0], why)),
                (Some(Ok(_)), Some(Err(why))) => found.unknown.push(unknown(sides[1], why)),
                (None | Some(Err(_)), None | Some(Err(_))) => {}
                (before, after) => {
                    let both = [before, after].map(|fabric| fabric.and_then(Result::ok));
                    found.fabrics.extend(FabricCables::new(name, both));
                }
            }
        }
        if !found.fabrics.is_empty() {
            found.commands = commands(sides);
        }
        found
    }

    /// How many fabrics have something to tell.
    pub fn number(&self) -> usize {
        self.fabrics.len() + self.unknown.len()
    }

    /// For people; lines of one fabric are indented below its first.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for fabric in &self.fabrics {
            lines.push(fabric.headline());
            lines.extend(fabric.first.iter().map(|work| format!("  {work}")));
            if fabric.more > 0 {
                lines.push(format!("  ... and {} more", fabric.more));
            }
        }
        let unknown = self.unknown.iter();
        lines.extend(unknown.map(|UnknownCables { fabric, side, why }| {
            format!("fabric {fabric}: not known, since {side} has no design of it: {why}")
        }));
        if !self.commands.is_empty() {
            lines.push("all of it, in an order that can be done:".to_owned());
            lines.extend(self.commands.iter().map(|command| format!("  {command}")));
        }
        lines
    }
}

impl FabricCables {
    /// The cables of a fabric on two sides, if any differ; a side without it has no cables.
    fn new(name: &str, mut sides: [Option<PlannedFabric>; 2]) -> Option<Self> {
        if let [Some(before), Some(after)] = &sides
            && seats_alike(before, after)
        {
            return None;
        }
        let mut subnets: BTreeMap<String, [Option<u32>; 2]> = BTreeMap::new();
        for (side, fabric) in sides.iter().enumerate() {
            let Some(fabric) = fabric else { continue };
            for number in 0..fabric.topology.subnets() {
                subnets.entry(fabric.folder(number)).or_default()[side] = Some(number);
            }
        }
        let designs = sides.each_mut().map(|fabric| fabric.as_mut().and_then(design));
        let mut found = Self {
            fabric: name.to_owned(),
            ..Self::default()
        };
        for numbers in subnets.values() {
            let network = |side: usize| {
                let design = designs[side].as_ref().zip(numbers[side]);
                design.map_or_else(Network::default, |(design, number)| design.network(number))
            };
            found.add(&network(0), &network(1));
        }
        let Self {
            fabric: _,
            stay: _,
            moved,
            gone,
            new,
            switches_added,
            switches_removed,
            relocated,
            first: _,
            more: _,
        } = found;
        let cables = moved + gone + new > 0;
        (cables || switches_added + switches_removed + relocated > 0).then_some(found)
    }

    /// Adds one subnet.
    fn add(&mut self, before: &Network, after: &Network) {
        let scheduled = |network: &Network| schedule(network).map(Scheduled::from).collect::<Vec<_>>();
        let comparison = compare(&scheduled(before), &scheduled(after));
        self.stay += comparison.stay;
        self.moved += comparison.moved;
        self.gone += comparison.gone;
        self.new += comparison.new;
        self.relocated += comparison.relocated.len();
        let (was, is) = (switches(before), switches(after));
        self.switches_added += is.difference(&was).count();
        self.switches_removed += was.difference(&is).count();
        for work in works(&comparison) {
            if self.first.len() < WORKS_SHOWN {
                self.first.push(work);
            } else {
                self.more += 1;
            }
        }
    }

    /// The numbers, for people.
    pub fn headline(&self) -> String {
        let Self {
            fabric,
            stay,
            moved,
            gone,
            new,
            switches_added,
            switches_removed,
            relocated,
            first: _,
            more: _,
        } = self;
        let mut line = format!("fabric {fabric}: {stay} cables stay, {moved} move, {gone} go, {new} are new");
        let more = [
            (switches_added, "switches are new"),
            (switches_removed, "switches go"),
            (relocated, "devices change racks"),
        ];
        for (number, what) in more.into_iter().filter(|(number, _)| **number > 0) {
            line.push_str(&format!("; {number} {what}"));
        }
        line
    }
}

/// The fabrics that what differs between two inputs can change.
fn may_differ([before, after]: [&Input; 2]) -> BTreeSet<&str> {
    let same_sites = sites(before) == sites(after);
    let same_inventories = before.inventories == after.inventories;
    let names = before.fabrics.iter().chain(&after.fabrics);
    let names: BTreeSet<&str> = names.map(|fabric| fabric.name.as_str()).collect();
    let same = |name: &str| {
        let [Some(was), Some(is)] = [before, after].map(|input| spec(input, name)) else {
            return false;
        };
        let placed = !was.topology.placement.is_empty();
        let same_nodes = || same_inventories && plugged(before, name) == plugged(after, name);
        same_sites && alike(was, is) && (placed || same_nodes())
    };
    names.into_iter().filter(|name| !same(name)).collect()
}

fn sites(input: &Input) -> BTreeMap<&Name, &SuperclusterSpec> {
    let sites = input.superclusters.iter();
    sites.map(|site| (&site.name, &site.spec)).collect()
}

fn spec<'i>(input: &'i Input, fabric: &str) -> Option<&'i InfiniBandFabricSpec> {
    let mut fabrics = input.fabrics.iter();
    fabrics
        .find(|known| known.name.as_str() == fabric)
        .map(|fabric| &fabric.spec)
}

/// Whether two fabrics differ at most in what no cable follows from.
fn alike(before: &InfiniBandFabricSpec, after: &InfiniBandFabricSpec) -> bool {
    before.supercluster == after.supercluster && before.topology == after.topology
}

/// The pools that a fabric without placement seats, with what says which nodes they have.
fn plugged<'i>(input: &'i Input, fabric: &str) -> BTreeMap<&'i str, (bool, String)> {
    let pools = input.pools.iter();
    let pools = pools.filter(|pool| pool.spec.fabrics.iter().any(|used| used.name.as_str() == fabric));
    let nodes = |pool: &Intent<GPUPoolSpec>| {
        let GPUPoolSpec {
            supercluster, nodes, ..
        } = &pool.spec;
        (pool.deleting, format!("{supercluster} {nodes:?}"))
    };
    pools.map(|pool| (pool.name.as_str(), nodes(pool))).collect()
}

/// The fabrics of a side.
struct Designs<'a> {
    known: &'a Known<'a>,
    by_name: BTreeMap<String, Result<PlannedFabric, NoDesign>>,
}

impl<'a> Designs<'a> {
    fn new(known: &'a Known<'a>) -> Self {
        let all = fabrics(known.input, None).into_iter();
        Self {
            known,
            by_name: all.map(|(name, fabric)| (name.to_string(), fabric)).collect(),
        }
    }

    /// A fabric, or why nobody can say what it is; none where the side has none of that name.
    fn take(&mut self, name: &str) -> Option<Result<PlannedFabric, String>> {
        let refused = self.known.refused;
        if refused.contains(&ObjectRef::new(Kind::InfiniBandFabric, name)) {
            return Some(Err("it is refused".to_owned()));
        }
        let fabric = match self.by_name.remove(name) {
            None if self.known.broken => return Some(Err("a file cannot be read to its end".to_owned())),
            None => return None,
            Some(fabric) => fabric.map_err(|why| why.to_string()),
        };
        // Who is plugged in where follows from all pools, unless the fabric says it itself.
        let placed = |fabric: &PlannedFabric| !fabric.spec.topology.placement.is_empty();
        let pools_unknown = self.known.broken || refused.iter().any(|object| object.kind == Kind::GPUPool);
        Some(fabric.and_then(|fabric| {
            if pools_unknown && !placed(&fabric) {
                Err(
                    "a pool is refused, and without topology.placement pools say who is plugged in"
                        .to_owned(),
                )
            } else {
                Ok(fabric)
            }
        }))
    }
}

/// Whether all that cables follow from is the same: GUIDs and pools are no part of it.
fn seats_alike(before: &PlannedFabric, after: &PlannedFabric) -> bool {
    let seats = |fabric: &PlannedFabric| fabric.nodes.len();
    let mut pairs = before.nodes.iter().zip(&after.nodes);
    before.topology == after.topology
        && before.racks == after.racks
        && seats(before) == seats(after)
        && pairs.all(|(was, is)| (&was.name, was.seat, &was.rack) == (&is.name, is.seat, &is.rack))
}

/// A fabric with its nodes seated; none where two have one seat, which is a finding of the same input.
fn design(fabric: &mut PlannedFabric) -> Option<Design> {
    let nodes = std::mem::take(&mut fabric.nodes);
    let design = Design::new(fabric.topology, nodes, BTreeMap::new()).ok()?;
    Some(design.in_racks(std::mem::take(&mut fabric.racks)))
}

fn switches(network: &Network) -> BTreeSet<&str> {
    let switches = network.devices.iter().filter(|device| match device.kind {
        DeviceKind::Hca => false,
        DeviceKind::Root | DeviceKind::Switch => true,
    });
    switches.map(|device| device.name.as_str()).collect()
}

/// What prints the work on each cable.
fn commands(sides: [&Side; 2]) -> Vec<String> {
    if sides
        .iter()
        .any(|side| side.is_stdin() || side.is_new || side.source != Source::Documents)
    {
        return Vec::new();
    }
    let folders = ["cables-before", "cables-after"];
    let render = sides.into_iter().zip(folders).map(|(side, folder)| {
        let paths: Vec<String> = side.paths().map(|path| quoted(&path)).collect();
        format!(
            "rackwright fabric render {} --planned --out {folder}",
            paths.join(" ")
        )
    });
    let compare = format!("rackwright fabric compare {}", folders.join(" "));
    render.chain([compare]).collect()
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:~^@=+,".contains(c);
    if !word.is_empty() && !word.starts_with(['-', '~']) && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let words = ["main:deploy/", "a b", "it's", "", "~x", "$(x)"];
        let expected = ["main:deploy/", "'a b'", "'it'\\''s'", "''", "'~x'", "'$(x)'"];
        assert_eq!(words.map(quoted), expected);
    }
}
