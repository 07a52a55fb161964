//! Which edit changes which node. Nothing is concluded from names of fields: an edit is undone, the rest is compiled again, and
//! the nodes that become something else are those that it changes. A node's causes are all the edits of which that is true;
//! that they are enough is tried too, with all of them undone.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rackwright_api::ActionClass;
use rackwright_planner::change::{Diff, State};
use rackwright_planner::{Compilation, CompileError, Input, Intent, Kind, ObjectRef, compile};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::caused::fields;
use super::edits::{Edit, Id, Objects};
use super::inventories::Changed;
use crate::object::ObjectKind;
use crate::pipeline::{Outcome, intent_of, pool_of};
use crate::progress;
use crate::schemas::OwnSchemas;
use crate::summary::count;

/// Edits that are tried one by one. Of more, those of an object are tried together; of more objects, those of a kind.
const TRIALS: usize = 48;

/// Pairs that are tried of edits that cannot be undone alone.
const PAIRS: usize = 200;

/// Edits that are undone together, and what that changes.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Indices into the edits; see [`Sides::edits`].
    pub edits: Vec<usize>,
    /// Whether the edit is the inventories, and each of those of these nodes changes the node of its name alone.
    pub own: bool,
    /// By index into the nodes of the diff: the gravest class of what these edits change there.
    pub nodes: BTreeMap<usize, ActionClass>,
    /// The fields of nodes that they change, each once, with its class.
    pub fields: BTreeSet<(Reverse<ActionClass>, String)>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Causes {
    /// The causes, in the order of the edits.
    pub all: Vec<Cause>,
    /// By index into the nodes of the diff: indices of its causes.
    pub of: Vec<Vec<usize>>,
}

/// The two sides and what lies between.
pub struct Sides<'a> {
    /// The objects of the old side.
    pub a: &'a Objects<'a>,
    /// The objects of the new side.
    pub b: &'a Objects<'a>,
    /// What the new side compiled from, and to.
    pub new: &'a Outcome,
    /// The edits. Behind the last of them comes one that is all inventories together, then each inventory.
    pub edits: &'a [Edit],
    /// The inventories that differ.
    pub inventories: &'a Changed<'a>,
    /// The member cluster whose part is compared.
    pub cluster: Option<&'a str>,
    /// Schemas, which say whether an object with an edit undone is one at all.
    pub schemas: &'a OwnSchemas,
}

/// What a node was and becomes: none where it has no configuration, or is let go.
pub(super) type Was = Option<u128>;

/// Finds the causes of each node of a diff against `old`.
pub fn causes(sides: &Sides<'_>, old: &State<'_>, listed: &Diff<'_>) -> Result<Causes, CompileError> {
    let nodes = count(listed.nodes.len(), "node");
    let _phase = progress::phase(|| format!("looking for what changes {nodes}"));
    let mut bench = Bench::new(sides, old, listed);
    let mut found = Causes::default();
    let (mut units, none) = (bench.units(), Vec::new());
    // By node: the edits that change it, and those that alone bring back what it was.
    let mut change = vec![Vec::new(); listed.nodes.len()];
    let mut restore = vec![Vec::new(); listed.nodes.len()];
    let (mut pairs, mut tried) = (Vec::new(), 0);
    for unit in &units {
        if bench.without(unit)?.is_some() {
            continue;
        }
        // Of two edits that only together make a valid site, such as a reference and what it names.
        for other in units.iter().filter(|other| *other != unit) {
            let pair: BTreeSet<usize> = unit.iter().chain(other).copied().collect();
            let pair: Vec<usize> = pair.into_iter().collect();
            if tried == PAIRS || pairs.contains(&pair) {
                break;
            }
            tried += 1;
            if bench.without(&pair)?.is_some() {
                pairs.push(pair);
                break;
            }
        }
    }
    units.extend(pairs);
    for unit in &units {
        let Some(without) = bench.without(unit)? else {
            continue;
        };
        let other = hashes(&without, listed);
        let mut changed: Vec<usize> = (0..other.len())
            .filter(|&node| other[node] != bench.becomes[node])
            .collect();
        let mut causes = Vec::new();
        if *unit == [bench.inventories()] {
            (causes, changed) = bench.own(&changed, &without)?;
        }
        causes.push(bench.cause(unit.clone(), &changed, &without));
        for cause in causes {
            for &node in cause.nodes.keys() {
                change[node].push(found.all.len());
                if other[node] == bench.was[node] {
                    restore[node].push(found.all.len());
                }
            }
            found.all.push(cause);
        }
    }
    let mut sets: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (node, (change, restore)) in change.into_iter().zip(restore).enumerate() {
        let set = found.least(if restore.is_empty() { &change } else { &restore });
        sets.entry(set.clone()).or_default().push(node);
        found.of.push(set);
    }
    // Edits that do the same twice over change nothing alone, and some cannot be undone alone.
    for (tried, (set, nodes)) in sets.into_iter().enumerate() {
        let edits = set.iter().flat_map(|&cause| &found.all[cause].edits);
        let mut undone: BTreeSet<usize> = edits.copied().collect();
        let left = bench.left(&undone, nodes)?;
        if left.is_empty() {
            continue;
        }
        let more = if tried < TRIALS { &units } else { &none };
        undone = bench.extended(undone, &left, more)?;
        let left = bench.settle(&mut found, undone.clone(), left)?;
        let objects: BTreeSet<Id> = undone.iter().map(|&edit| bench.id(edit)).collect();
        undone.extend(bench.edits().filter(|&edit| objects.contains(&bench.id(edit))));
        let left = bench.settle(&mut found, undone, left)?;
        found.together(bench.edits().collect(), left, listed);
    }
    found.retain_named();
    Ok(found)
}

impl Causes {
    /// These causes without those that hold another one whole.
    fn least(&self, set: &[usize]) -> Vec<usize> {
        let edits = |cause: usize| &self.all[cause].edits;
        let holds = |cause: usize, other: usize| {
            edits(other).len() < edits(cause).len()
                && edits(other).iter().all(|edit| edits(cause).contains(edit))
        };
        let least = set
            .iter()
            .filter(|&&cause| !set.iter().any(|&other| holds(cause, other)));
        least.copied().collect()
    }

    /// Takes edits that only together bring back what these nodes were.
    fn together(&mut self, edits: BTreeSet<usize>, nodes: Vec<usize>, listed: &Diff<'_>) {
        if nodes.is_empty() {
            return;
        }
        let edits: Vec<usize> = edits.into_iter().collect();
        let known = self
            .all
            .iter()
            .position(|cause| !cause.own && cause.edits == edits);
        let number = known.unwrap_or(self.all.len());
        if known.is_none() {
            self.all.push(Cause {
                edits,
                own: false,
                nodes: BTreeMap::new(),
                fields: BTreeSet::new(),
            });
        }
        for node in nodes {
            self.of[node] = vec![number];
            let cause = &mut self.all[number];
            cause.nodes.insert(node, listed.nodes[node].class);
            cause.fields.extend(fields(listed, &listed.nodes[node]));
        }
    }

    /// Leaves the nodes of a cause to those that name it.
    fn retain_named(&mut self) {
        for (number, cause) in self.all.iter_mut().enumerate() {
            cause.nodes.retain(|&node, _| self.of[node].contains(&number));
        }
    }
}

/// Where edits are tried.
pub(super) struct Bench<'s, 'a> {
    pub(super) sides: &'s Sides<'a>,
    pub(super) listed: &'s Diff<'s>,
    /// What each listed node was and becomes.
    was: Vec<Was>,
    pub(super) becomes: Vec<Was>,
    input: Input,
    /// Whether the inventories are not those of the new side.
    put_back: bool,
}

impl<'s, 'a> Bench<'s, 'a> {
    fn new(sides: &'s Sides<'a>, old: &State<'_>, listed: &'s Diff<'s>) -> Self {
        let before: HashMap<&str, u128> = old
            .nodes()
            .iter()
            .filter(|node| node.managed)
            .map(|node| (node.name, node.hash))
            .collect();
        let was = listed
            .nodes
            .iter()
            .map(|node| before.get(node.name).copied())
            .collect();
        let becomes = hashes(&sides.new.compilation, listed);
        Self {
            sides,
            listed,
            was,
            becomes,
            input: sides.new.input.clone(),
            put_back: false,
        }
    }

    /// The edit that is all inventories together.
    pub(super) fn inventories(&self) -> usize {
        self.sides.edits.len()
    }

    /// All edits: few inventories one by one, many together.
    fn edits(&self) -> impl Iterator<Item = usize> + use<> {
        let (all, inventories) = (self.inventories(), self.sides.inventories.len());
        let of_inventories = match inventories {
            0 => 0..0,
            _ if all + inventories > TRIALS => all..all + 1,
            _ => all + 1..all + 1 + inventories,
        };
        (0..all).chain(of_inventories)
    }

    /// The object of an edit.
    fn id(&self, edit: usize) -> Id {
        match (self.sides.edits.get(edit), edit - self.inventories().min(edit)) {
            (Some(edit), _) => edit.id.clone(),
            (None, 0) => (Kind::NodeInventory, String::new()),
            (None, number) => {
                let name = self.sides.inventories.name(number - 1);
                (Kind::NodeInventory, name.to_owned())
            }
        }
    }

    /// The edits in the groups that are tried.
    fn units(&self) -> Vec<Vec<usize>> {
        let grouped = |key: &dyn Fn(usize) -> Id| {
            let mut groups: BTreeMap<Id, Vec<usize>> = BTreeMap::new();
            for edit in self.edits() {
                groups.entry(key(edit)).or_default().push(edit);
            }
            groups.into_values().collect::<Vec<_>>()
        };
        if self.edits().count() <= TRIALS {
            return self.edits().map(|edit| vec![edit]).collect();
        }
        let objects = grouped(&|edit| self.id(edit));
        if objects.len() <= TRIALS {
            return objects;
        }
        grouped(&|edit| (self.id(edit).0, String::new()))
    }

    /// The new side with these edits undone; none where that is no valid site, or one of which something is refused that was
    /// not: then nobody can say what a node would become.
    fn without(&mut self, undone: &[usize]) -> Result<Option<Compilation>, CompileError> {
        let new = &self.sides.new.input;
        self.input.superclusters.clone_from(&new.superclusters);
        self.input.pools.clone_from(&new.pools);
        self.input.fabrics.clone_from(&new.fabrics);
        self.input.tiers.clone_from(&new.tiers);
        let together = self.inventories();
        if undone.iter().any(|&edit| edit >= together) {
            let all = undone.contains(&together);
            let put_back = |number: usize| all || undone.contains(&(together + 1 + number));
            self.input.inventories = self.sides.inventories.undone(put_back);
            self.put_back = true;
        } else if std::mem::take(&mut self.put_back) {
            self.input.inventories.clone_from(&new.inventories);
        }
        let mut by_object: BTreeMap<&Id, Vec<&Edit>> = BTreeMap::new();
        for edit in undone.iter().filter_map(|&edit| self.sides.edits.get(edit)) {
            by_object.entry(&edit.id).or_default().push(edit);
        }
        for (id, edits) in by_object {
            if !self.undo(id, &edits) {
                return Ok(None);
            }
        }
        self.compiled()
    }

    /// The new side with these inventories undone.
    pub(super) fn without_inventories(
        &mut self,
        undone: impl Fn(usize) -> bool,
    ) -> Result<Option<Compilation>, CompileError> {
        let new = &self.sides.new.input;
        self.input.superclusters.clone_from(&new.superclusters);
        self.input.pools.clone_from(&new.pools);
        self.input.fabrics.clone_from(&new.fabrics);
        self.input.tiers.clone_from(&new.tiers);
        self.input.inventories = self.sides.inventories.undone(undone);
        self.put_back = true;
        self.compiled()
    }

    /// What the input compiles to; none where something is refused that was not.
    fn compiled(&mut self) -> Result<Option<Compilation>, CompileError> {
        let mut compilation = compile(&self.input)?;
        if let Some(cluster) = self.sides.cluster
            && compilation.keep_member(cluster).is_err()
        {
            compilation.keep_none();
        }
        let known = &self.sides.new.compilation.refused;
        // What goes may refer to what goes with it.
        let gone = self.input.pools.iter().filter(|pool| pool.deleting);
        let gone: BTreeSet<ObjectRef> = gone.map(pool_of).collect();
        let mut refused = compilation.refused.iter();
        let fine = refused.all(|object| known.contains(object) || gone.contains(object));
        Ok(fine.then_some(compilation))
    }

    /// Puts an object with edits undone in its place, or takes it away; false where it is not valid.
    fn undo(&mut self, id: &Id, edits: &[&Edit]) -> bool {
        let sides = self.sides;
        let all = sides.edits.iter().filter(|edit| edit.id == *id).count();
        if edits.len() == all || edits.iter().any(|edit| edit.is_whole()) {
            let old = sides.a.get(id).map(|(value, _)| value);
            return self.replace(id, old);
        }
        let Some((value, _)) = sides.b.get(id) else {
            return false;
        };
        let mut object = value.clone();
        if let Some(spec) = object.get_mut("spec") {
            for edit in edits {
                edit.undo(spec);
            }
        }
        let schema = sides.schemas.get(ObjectKind::Input(id.0));
        let valid = schema.is_some_and(|schema| schema.validate(&object).is_empty());
        valid && self.replace(id, Some(&object))
    }

    fn replace(&mut self, (kind, name): &Id, object: Option<&Value>) -> bool {
        let input = &mut self.input;
        match kind {
            Kind::Supercluster => replace(&mut input.superclusters, name, object),
            Kind::GPUPool => replace(&mut input.pools, name, object),
            Kind::InfiniBandFabric => replace(&mut input.fabrics, name, object),
            Kind::StorageTier => replace(&mut input.tiers, name, object),
            Kind::NodeInventory => false,
        }
    }

    /// These edits with those that change any of the nodes once these are undone.
    fn extended(
        &mut self,
        mut undone: BTreeSet<usize>,
        nodes: &[usize],
        units: &[Vec<usize>],
    ) -> Result<BTreeSet<usize>, CompileError> {
        let base: Vec<usize> = undone.iter().copied().collect();
        let Some(without) = self.without(&base)? else {
            return Ok(undone);
        };
        let before = hashes(&without, self.listed);
        for unit in units.iter().filter(|unit| !base.contains(&unit[0])) {
            let both: Vec<usize> = base.iter().chain(unit).copied().collect();
            if let Some(without) = self.without(&both)? {
                let after = hashes(&without, self.listed);
                if nodes.iter().any(|&node| before[node] != after[node]) {
                    undone.extend(unit);
                }
            }
        }
        Ok(undone)
    }

    /// The nodes of these that still differ from what they were, with these edits undone.
    fn left(&mut self, undone: &BTreeSet<usize>, nodes: Vec<usize>) -> Result<Vec<usize>, CompileError> {
        let undone: Vec<usize> = undone.iter().copied().collect();
        let Some(without) = self.without(&undone)? else {
            return Ok(nodes);
        };
        let other = hashes(&without, self.listed);
        Ok(nodes
            .into_iter()
            .filter(|&node| other[node] != self.was[node])
            .collect())
    }

    /// Gives these edits to those of the nodes that are what they were without them; the others are left.
    fn settle(
        &mut self,
        found: &mut Causes,
        undone: BTreeSet<usize>,
        nodes: Vec<usize>,
    ) -> Result<Vec<usize>, CompileError> {
        let left = self.left(&undone, nodes.clone())?;
        let settled = nodes.into_iter().filter(|node| !left.contains(node)).collect();
        found.together(undone, settled, self.listed);
        Ok(left)
    }
}

/// What each listed node becomes.
pub(super) fn hashes(compilation: &Compilation, listed: &Diff<'_>) -> Vec<Was> {
    let plan = &compilation.plan;
    listed
        .nodes
        .iter()
        .map(|node| plan.node(node.name).map(|node| node.hash()))
        .collect()
}

/// Puts an object in the place of the one of its name; false where it cannot be read.
fn replace<S: DeserializeOwned>(list: &mut Vec<Intent<S>>, name: &str, object: Option<&Value>) -> bool {
    list.retain(|known| known.name.as_str() != name);
    match object.map(|object| intent_of(name, object)) {
        None => true,
        Some(Ok(intent)) => {
            list.push(intent);
            true
        }
        Some(Err(_)) => false,
    }
}
