//! Where edits are tried: the new side with some of them undone, compiled again as far as that reaches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rackwright_api::{GPUPoolSpec, Management};
use rackwright_planner::change::{Diff, NodeState, State};
use rackwright_planner::{
    Compilation, CompileError, Incremental, Input, Intent, Inventory, Kind, ObjectRef, Recompiled, Standing,
    Standings, Written,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::causes::Sides;
use super::edits::{Edit, Id};
use crate::carried::known;
use crate::object::ObjectKind;
use crate::pipeline::{intent_of, pool_of};

/// Edits that are tried one by one, where each takes a compile of the whole. Of more, those of an object are tried together; of
/// more objects, those of a kind.
pub(super) const TRIALS: usize = 48;

/// Edits that reach the nodes of one pool alone, and are tried one by one; of more, those of a pool are tried together.
const NEAR_TRIALS: usize = 10 * TRIALS;

/// What a node was and becomes: none where it has no configuration, or is let go.
pub(super) type Was = Option<u128>;

/// The new side with edits undone.
pub(super) struct Bench<'s, 'a> {
    pub(super) sides: &'s Sides<'a>,
    pub(super) listed: &'s Diff<'s>,
    /// What each listed node was and becomes.
    pub(super) was: Vec<Was>,
    pub(super) becomes: Vec<Was>,
    /// The listed nodes in the old state.
    before: Vec<Option<&'s NodeState<'s>>>,
    /// The listed nodes that a pool of the new side has.
    of_pool: BTreeMap<&'s str, Vec<usize>>,
    compiler: Incremental,
    undone: Undone,
    /// How much was compiled so far.
    pub(super) compiled: Compiled,
}

/// How much was compiled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compiled {
    /// How often all nodes.
    pub wholes: u32,
    /// Beside that, how many nodes of single pools.
    pub nodes: u32,
}

impl Compiled {
    fn add(&mut self, recompiled: Recompiled) {
        match recompiled {
            Recompiled::All => self.wholes += 1,
            Recompiled::Nodes(nodes) => self.nodes += nodes,
        }
    }
}

/// What is undone in the compiler.
#[derive(Default)]
struct Undone {
    /// Edits that reach beyond one pool; none where some inventories are undone that are no edit of their own.
    far: Option<Vec<usize>>,
    /// Whether all of these could be read.
    read: bool,
    /// Pools with edits that reach their own nodes alone.
    near: BTreeSet<String>,
}

/// An object that the API server would not take.
struct Invalid;

/// Edits by what they reach.
struct Parted<'s> {
    far: Vec<usize>,
    objects: Vec<(&'s Id, Option<Value>)>,
    near: BTreeMap<String, Intent<GPUPoolSpec>>,
}

impl<'s, 'a> Bench<'s, 'a> {
    pub(super) fn new(
        sides: &'s Sides<'a>,
        old: &'s State<'s>,
        listed: &'s Diff<'s>,
    ) -> Result<Self, CompileError> {
        let known: HashMap<&str, &NodeState<'_>> = old.nodes().iter().map(|node| (node.name, node)).collect();
        let nodes = listed.nodes.iter();
        let before: Vec<_> = nodes.map(|node| known.get(node.name).copied()).collect();
        let was = before
            .iter()
            .map(|node| Some(node.filter(|node| node.managed)?.hash));
        let plan = &sides.new.compilation.plan;
        let mut of_pool: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut becomes = Vec::with_capacity(listed.nodes.len());
        for (node, at) in listed.nodes.iter().zip(0..) {
            let planned = plan.node(node.name);
            becomes.push(planned.map(|node| node.hash()));
            if let Some(planned) = planned {
                of_pool.entry(planned.pool().name.as_str()).or_default().push(at);
            }
        }
        Ok(Self {
            sides,
            listed,
            was: was.collect(),
            becomes,
            before,
            of_pool,
            compiler: Incremental::new(sides.new.input.clone())?,
            undone: Undone {
                far: Some(Vec::new()),
                read: true,
                near: BTreeSet::new(),
            },
            compiled: Compiled { wholes: 1, nodes: 0 },
        })
    }

    /// The edit that is all inventories together.
    pub(super) fn inventories(&self) -> usize {
        self.sides.edits.len()
    }

    /// All edits: few inventories one by one, many together.
    pub(super) fn edits(&self) -> impl Iterator<Item = usize> + use<> {
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

    /// The edits in the groups that are tried: first those that reach the nodes of one pool alone, since these take little.
    pub(super) fn units(&self) -> Vec<Vec<usize>> {
        let by = |edits: &[usize], key: &dyn Fn(usize) -> Id| {
            let mut groups: BTreeMap<Id, Vec<usize>> = BTreeMap::new();
            for &edit in edits {
                groups.entry(key(edit)).or_default().push(edit);
            }
            groups.into_values().collect::<Vec<_>>()
        };
        let grouped = |edits: &[usize], most: usize| {
            if edits.len() <= most {
                return edits.iter().map(|&edit| vec![edit]).collect();
            }
            by(edits, &|edit| self.id(edit))
        };
        let is_near = |edit: &usize| self.parted(&[*edit]).is_some_and(|parted| parted.far.is_empty());
        let (near, far): (Vec<usize>, Vec<usize>) = self.edits().partition(is_near);
        let mut units = grouped(&near, NEAR_TRIALS);
        let objects = grouped(&far, TRIALS);
        units.extend(if objects.len() <= TRIALS {
            objects
        } else {
            by(&far, &|edit| (self.id(edit).0, String::new()))
        });
        units
    }

    /// What came of the new side with edits undone.
    pub(super) fn compilation(&self) -> &Compilation {
        self.compiler.compilation()
    }

    /// Undoes these edits and no others; false where that is no valid site, or one of which something is refused that neither side
    /// refuses: then nobody can say what a node would become.
    pub(super) fn without(&mut self, undone: &[usize]) -> Result<bool, CompileError> {
        let Some(Parted { far, objects, near }) = self.parted(undone) else {
            return Ok(false);
        };
        let new = &self.sides.new.input;
        let names: BTreeSet<String> = near.keys().cloned().collect();
        if self.undone.far.as_ref() == Some(&far) {
            let back = self.undone.near.iter().filter(|name| !names.contains(*name));
            let back = back.filter_map(|name| pool(new, name).cloned());
            let pools: Vec<_> = back.chain(near.into_values()).collect();
            if !pools.is_empty() {
                self.compiled.add(self.compiler.set_pools(pools)?);
            }
        } else {
            let together = self.inventories();
            let of_inventories = far.iter().any(|&edit| edit >= together).then(|| {
                let all = far.contains(&together);
                self.sides
                    .inventories
                    .undone(|number| all || far.contains(&(together + 1 + number)))
            });
            let mut read = true;
            self.edit(of_inventories, |input| {
                for (id, object) in &objects {
                    read &= replace_in(input, id, object.as_ref());
                }
                for pool in &mut input.pools {
                    if let Some(other) = near.get(pool.name.as_str()) {
                        pool.clone_from(other);
                    }
                }
            })?;
            self.undone.far = Some(far);
            self.undone.read = read;
        }
        self.undone.near = names;
        Ok(self.is_known())
    }

    /// Undoes these inventories and nothing else.
    pub(super) fn without_inventories(
        &mut self,
        undone: impl Fn(usize) -> bool,
    ) -> Result<bool, CompileError> {
        let inventories = self.sides.inventories.undone(undone);
        self.edit(Some(inventories), |_| {})?;
        self.undone = Undone {
            read: true,
            ..Undone::default()
        };
        Ok(self.is_known())
    }

    /// Compiles an edit of the new side.
    fn edit(
        &mut self,
        inventories: Option<Vec<Inventory>>,
        edit: impl FnOnce(&mut Input),
    ) -> Result<(), CompileError> {
        let new = &self.sides.new.input;
        let together = self.inventories();
        // They are many, so they are put back only where they were taken.
        let as_new = (self.undone.far.as_ref()).is_some_and(|far| far.iter().all(|&edit| edit < together));
        let recompiled = self.compiler.edit(|input| {
            input.superclusters.clone_from(&new.superclusters);
            input.pools.clone_from(&new.pools);
            input.fabrics.clone_from(&new.fabrics);
            input.tiers.clone_from(&new.tiers);
            match inventories {
                Some(inventories) => input.inventories = inventories,
                None if as_new => {}
                None => input.inventories.clone_from(&new.inventories),
            }
            edit(input);
        })?;
        self.compiled.add(recompiled);
        Ok(())
    }

    /// Whether what was compiled says what nodes become.
    fn is_known(&self) -> bool {
        let Sides { new, refused, .. } = self.sides;
        // What goes may refer to what goes with it.
        let gone = (self.compiler.input().pools.iter()).filter(|pool| pool.deleting);
        let gone: BTreeSet<ObjectRef> = gone.map(pool_of).collect();
        let known = [&new.compilation.refused, refused, &gone];
        let mut refused = self.compilation().refused.iter();
        self.undone.read && refused.all(|object| known.iter().any(|known| known.contains(object)))
    }

    /// Edits by what they reach; none where an object without them is not valid.
    fn parted(&self, undone: &[usize]) -> Option<Parted<'s>> {
        let sides = self.sides;
        let mut by_object: BTreeMap<&Id, Vec<usize>> = BTreeMap::new();
        let mut parted = Parted {
            far: Vec::new(),
            objects: Vec::new(),
            near: BTreeMap::new(),
        };
        for &edit in undone {
            match sides.edits.get(edit) {
                Some(known) => by_object.entry(&known.id).or_default().push(edit),
                None => parted.far.push(edit),
            }
        }
        for (id, edits) in by_object {
            let object = self.object(id, &edits).ok()?;
            let before = (id.0 == Kind::GPUPool)
                .then(|| pool(&sides.new.input, &id.1))
                .flatten();
            let after = object.as_ref().map(|object| intent_of(&id.1, object));
            match (before, after) {
                (Some(before), Some(Ok(after))) if Incremental::is_local(before, &after) => {
                    parted.near.insert(id.1.clone(), after);
                }
                _ => {
                    parted.far.extend(edits);
                    parted.objects.push((id, object));
                }
            }
        }
        parted.far.sort_unstable();
        Some(parted)
    }

    /// An object with edits undone; none where there is none then.
    fn object(&self, id: &Id, edits: &[usize]) -> Result<Option<Value>, Invalid> {
        let sides = self.sides;
        let edits: Vec<&Edit> = edits.iter().map(|&edit| &sides.edits[edit]).collect();
        let all = sides.edits.iter().filter(|edit| edit.id == *id).count();
        if edits.len() == all || edits.iter().any(|edit| edit.is_whole()) {
            return Ok(sides.a.get(id).map(|(value, _)| value.clone()));
        }
        let mut object = sides.b.get(id).ok_or(Invalid)?.0.clone();
        for edit in edits {
            edit.undo(&mut object);
        }
        let schema = sides.schemas.get(ObjectKind::Input(id.0)).ok_or(Invalid)?;
        let valid = schema.validate(&object).is_empty();
        if valid { Ok(Some(object)) } else { Err(Invalid) }
    }

    /// The listed nodes that become something else than on the new side, and what. Edits of a pool that reach its own nodes alone
    /// are looked for there alone.
    pub(super) fn others(&self) -> Vec<(usize, Was)> {
        let plan = &self.compilation().plan;
        if self.undone.far.as_ref().is_some_and(Vec::is_empty) {
            let nodes = self.undone.near.iter();
            let nodes = nodes.filter_map(|pool| self.of_pool.get(pool.as_str())).flatten();
            let found = nodes.map(|&node| (node, plan.node(self.listed.nodes[node].name)));
            let found = found.map(|(node, planned)| (node, planned.map(|planned| planned.hash())));
            let mut found: Vec<(usize, Was)> =
                found.filter(|(node, is)| *is != self.becomes[*node]).collect();
            found.sort_unstable();
            return found;
        }
        let found = self.all().into_iter().enumerate();
        found.filter(|(node, is)| *is != self.becomes[*node]).collect()
    }

    /// What each listed node becomes.
    pub(super) fn all(&self) -> Vec<Was> {
        self.of(0..self.listed.nodes.len())
    }

    /// What some listed nodes become, by the judgement that the operator goes by: what no pool speaks for stays as it is.
    pub(super) fn of(&self, nodes: impl IntoIterator<Item = usize>) -> Vec<Was> {
        let input = self.compiler.input();
        let inventories = input.inventories.iter().map(|found| found.name.as_str());
        let standings = Standings::new(self.compilation(), input.pools.iter().map(known), inventories);
        let plan = &self.compilation().plan;
        let becomes = nodes.into_iter().map(|at| {
            let (node, before) = (&self.listed.nodes[at], self.before[at]);
            let management = |managed| {
                if managed {
                    Management::Managed
                } else {
                    Management::Detached
                }
            };
            let written = Written {
                name: node.name,
                pool: before.map(NodeState::pool),
                management: before.map(|before| management(before.managed)),
            };
            match standings.of(written) {
                Standing::Planned => {
                    let planned = plan.node(node.name)?;
                    let ours = self
                        .sides
                        .cluster
                        .is_none_or(|ours| planned.cluster() == Some(ours));
                    ours.then(|| planned.hash())
                }
                Standing::LetGo | Standing::Detached | Standing::Elsewhere => None,
                Standing::Blocked { .. } | Standing::Kept | Standing::Orphan | Standing::NotOurs => {
                    self.was[at]
                }
            }
        });
        becomes.collect()
    }
}

fn pool<'i>(input: &'i Input, name: &str) -> Option<&'i Intent<GPUPoolSpec>> {
    input.pools.iter().find(|pool| pool.name.as_str() == name)
}

/// Puts an object with edits undone in its place, or takes it away; false where it cannot be read.
fn replace_in(input: &mut Input, (kind, name): &Id, object: Option<&Value>) -> bool {
    match kind {
        Kind::Supercluster => replace(&mut input.superclusters, name, object),
        Kind::GPUPool => replace(&mut input.pools, name, object),
        Kind::InfiniBandFabric => replace(&mut input.fabrics, name, object),
        Kind::StorageTier => replace(&mut input.tiers, name, object),
        Kind::NodeInventory => false,
    }
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
