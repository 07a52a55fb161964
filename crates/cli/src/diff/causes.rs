//! Which edit changes which node. Nothing is concluded from names of fields: an edit is undone, the rest is compiled again, and
//! the nodes that become something else are those that it changes. A node's causes are the edits that alone bring back what it
//! was, else all of which that is true; that they are enough is tried too, with all of them undone. What only several edits do
//! together is told of the fewest that do.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::ActionClass;
use rackwright_planner::change::{Diff, State};
use rackwright_planner::{CompileError, ObjectRef};

use super::bench::{Bench, Compiled};
use super::caused::fields;
use super::edits::{Edit, Objects};
use super::inventories::Changed;
use crate::pipeline::Outcome;
use crate::progress;
use crate::schemas::OwnSchemas;
use crate::summary::count;

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
    /// How much was compiled to find them.
    pub compiled: Compiled,
}

/// The two sides and what lies between.
pub struct Sides<'a> {
    /// The objects of the old side.
    pub a: &'a Objects<'a>,
    /// The objects of the new side.
    pub b: &'a Objects<'a>,
    /// What the new side compiled from, and to.
    pub new: &'a Outcome,
    /// What the old side refuses.
    pub refused: &'a BTreeSet<ObjectRef>,
    /// The edits. Behind the last of them comes one that is all inventories together, then each inventory.
    pub edits: &'a [Edit],
    /// The inventories that differ.
    pub inventories: &'a Changed<'a>,
    /// The member cluster whose part is compared.
    pub cluster: Option<&'a str>,
    /// Schemas, which say whether an object with an edit undone is one at all.
    pub schemas: &'a OwnSchemas,
}

/// Finds the causes of each node of a diff against `old`.
pub fn causes<'s>(
    sides: &'s Sides<'_>,
    old: &'s State<'s>,
    listed: &'s Diff<'s>,
) -> Result<Causes, CompileError> {
    if listed.nodes.is_empty() {
        return Ok(Causes::default());
    }
    let nodes = count(listed.nodes.len(), "node");
    let _phase = progress::phase(|| format!("looking for what changes {nodes}"));
    let mut bench = Bench::new(sides, old, listed)?;
    let units = bench.units();
    // With each the nodes that it alone brings back.
    let mut tried: Vec<(Cause, BTreeSet<usize>)> = Vec::new();
    for unit in &units {
        if !bench.without(unit)? {
            continue;
        }
        let others = bench.others();
        let changed: Vec<usize> = others.iter().map(|(node, _)| *node).collect();
        let back = others.iter().filter(|(node, is)| *is == bench.was[*node]);
        let back: BTreeSet<usize> = back.map(|(node, _)| *node).collect();
        let causes = if *unit == [bench.inventories()] {
            bench.own(unit, &changed)?
        } else {
            vec![bench.cause(unit.clone(), &changed)]
        };
        tried.extend(causes.into_iter().map(|cause| {
            let of_cause = back.iter().filter(|node| cause.nodes.contains_key(node));
            let of_cause = of_cause.copied().collect();
            (cause, of_cause)
        }));
    }
    tried.sort_by(|(one, _), (other, _)| one.edits.cmp(&other.edits));
    let mut found = Causes::default();
    // By node: the causes that change it, and those that alone bring back what it was.
    let mut change = vec![Vec::new(); listed.nodes.len()];
    let mut restore = vec![Vec::new(); listed.nodes.len()];
    for (cause, back) in tried {
        for &node in cause.nodes.keys() {
            change[node].push(found.all.len());
            if back.contains(&node) {
                restore[node].push(found.all.len());
            }
        }
        found.all.push(cause);
    }
    let mut sets: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (node, (change, restore)) in change.into_iter().zip(restore).enumerate() {
        // What alone is enough was seen to be.
        if restore.len() != 1 {
            let set = if restore.is_empty() { &change } else { &restore };
            sets.entry(set.clone()).or_default().push(node);
        }
        found.of.push(if restore.is_empty() { change } else { restore });
    }
    // Edits that do the same twice over change nothing alone, and some cannot be undone alone.
    let mut left = Vec::new();
    for (set, nodes) in sets {
        let edits = set.iter().flat_map(|&cause| &found.all[cause].edits);
        let undone: BTreeSet<usize> = edits.copied().collect();
        let undone: Vec<usize> = undone.into_iter().collect();
        if undone.is_empty() || !bench.without(&undone)? {
            left.extend(nodes);
            continue;
        }
        let is = bench.of(nodes.iter().copied());
        let changed = nodes.into_iter().zip(is);
        let changed = changed.filter(|(node, is)| *is != bench.was[*node]);
        left.extend(changed.map(|(node, _)| node));
    }
    if !left.is_empty() {
        left.sort_unstable();
        for (edits, nodes) in bench.least(&units, left)? {
            found.together(&mut bench, &edits, nodes)?;
        }
    }
    found.retain_named();
    found.compiled = bench.compiled;
    Ok(found)
}

impl Causes {
    /// Takes edits that only together bring back what nodes were. Those that do something to a node alone are told alone, if the
    /// others do something too.
    fn together(
        &mut self,
        bench: &mut Bench<'_, '_>,
        edits: &[usize],
        nodes: Vec<usize>,
    ) -> Result<(), CompileError> {
        let mut by_alone: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for node in nodes {
            let alone = self.of[node].iter().copied();
            let alone = alone.filter(|&cause| self.all[cause].edits.iter().all(|edit| edits.contains(edit)));
            by_alone.entry(alone.collect()).or_default().push(node);
        }
        for (alone, mut nodes) in by_alone {
            let told: BTreeSet<usize> = alone
                .iter()
                .flat_map(|&cause| &self.all[cause].edits)
                .copied()
                .collect();
            let rest: Vec<usize> = edits
                .iter()
                .filter(|edit| !told.contains(edit))
                .copied()
                .collect();
            if rest.is_empty() {
                for node in nodes {
                    self.of[node].clone_from(&alone);
                }
                continue;
            }
            if !alone.is_empty() && bench.without(&rest)? {
                let is = bench.all();
                let does = |node: &usize| is[*node] != bench.becomes[*node];
                let (beside, others): (Vec<usize>, Vec<usize>) = nodes.into_iter().partition(does);
                self.take(bench.cause(rest, &beside), &alone);
                nodes = others;
            }
            let listed = bench.listed;
            let of_node = nodes.iter().map(|&node| (node, listed.nodes[node].class));
            let all = nodes.iter().flat_map(|&node| fields(listed, &listed.nodes[node]));
            let cause = Cause {
                edits: edits.to_vec(),
                own: false,
                nodes: of_node.collect(),
                fields: all.collect(),
            };
            self.take(cause, &[]);
        }
        Ok(())
    }

    /// Takes a cause of nodes that have these others beside it.
    fn take(&mut self, cause: Cause, beside: &[usize]) {
        if cause.nodes.is_empty() {
            return;
        }
        let known = |other: &Cause| !other.own && other.edits == cause.edits;
        let number = self.all.iter().position(known).unwrap_or(self.all.len());
        for &node in cause.nodes.keys() {
            self.of[node] = [beside, &[number]].concat();
        }
        match self.all.get_mut(number) {
            None => self.all.push(cause),
            Some(known) => {
                known.nodes.extend(cause.nodes);
                known.fields.extend(cause.fields);
            }
        }
    }

    /// Leaves the nodes of a cause to those that name it.
    fn retain_named(&mut self) {
        for (number, cause) in self.all.iter_mut().enumerate() {
            cause.nodes.retain(|&node, _| self.of[node].contains(&number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::edits::{edits, objects};
    use crate::load::Loaded;
    use crate::pipeline::{self, Before};
    use rackwright_planner::change::diff;

    const POOLS: usize = 20;

    /// Twenty pools with a sysctl each and a tier that all mount.
    fn site(nodes: usize, swappiness: &str, server: &str) -> String {
        let mut text = format!(
            "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\n\
             spec: {{ racks: [ {{ names: \"r[01-{POOLS}]\", nodes: \"n[1-{nodes}]\", system: dgx-b200 }} ] }}\n---\n\
             apiVersion: rackwright.dev/v1alpha1\nkind: StorageTier\nmetadata: {{ name: home }}\nspec: {{ supercluster: lab, \
             mountPoint: /home, nfs: {{ server: {server}, export: /home, transport: TCP }} }}\n"
        );
        for pool in 1..=POOLS {
            text += &format!(
                "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p{pool:02} }}\nspec: {{ supercluster: lab, \
                 nodes: {{ racks: r{pool:02} }}, storage: [ {{ tier: home }} ], host: {{ sysctls: {{ vm.swappiness: \"{swappiness}\" }} }} }}\n"
            );
        }
        text
    }

    fn compiled(nodes: usize, after: [&str; 2]) -> Compiled {
        let schemas = OwnSchemas::default();
        let folder = tempfile::tempdir().unwrap();
        let outcome = |name: &str, text: String| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            let loaded = Loaded::read(&[file][..], &schemas);
            pipeline::run_after(&schemas, loaded, Vec::new(), &Before::default(), None).unwrap()
        };
        let (a, b) = (
            outcome("a.yaml", site(nodes, "1", "s1")),
            outcome("b.yaml", site(nodes, after[0], after[1])),
        );
        let (objects_a, objects_b) = (objects(&a, &schemas), objects(&b, &schemas));
        let between = edits((&objects_a, &a), (&objects_b, &b));
        let inventories = Changed::new(&a, &b);
        let states = [&a, &b].map(|outcome| State::of(&outcome.compilation.plan));
        let sides = Sides {
            a: &objects_a,
            b: &objects_b,
            new: &b,
            refused: &a.refused,
            edits: &between,
            inventories: &inventories,
            cluster: None,
            schemas: &schemas,
        };
        let listed = diff(&states[0], &states[1]);
        assert_eq!(listed.nodes.len(), POOLS * nodes);
        let found = causes(&sides, &states[0], &listed).unwrap();
        let causes = usize::from(after[0] != "1") + usize::from(after[1] != "s1");
        assert!(found.of.iter().all(|of| of.len() == causes), "{:?}", found.of);
        found.compiled
    }

    /// An edit of each pool takes its own nodes there and back, and what all pools share one compile more, whatever the number of
    /// pools.
    #[test]
    fn what_is_compiled_grows_with_what_edits_reach() {
        for nodes in [1, 4] {
            let of_pools = nodes as u32 * (2 * POOLS as u32 - 1);
            let (tamed, moved) = (compiled(nodes, ["10", "s1"]), compiled(nodes, ["1", "s2"]));
            assert_eq!((tamed.wholes, tamed.nodes), (1, of_pools));
            assert_eq!((moved.wholes, moved.nodes), (2, 0));
            let both = compiled(nodes, ["10", "s2"]);
            assert_eq!((both.wholes, both.nodes), (2, 2 * of_pools));
        }
    }
}
