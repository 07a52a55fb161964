//! Inventories that differ between the two sides, and which of them changes the node of its own name and nothing else.
//!
//! A site has as many inventories as nodes, so they are not tried one by one. They are numbered, and for each binary digit of
//! the numbers those with a 1 there are undone together, then those with a 0. Any two differ in a digit, so each is undone
//! once without each other: a node that is what it was whenever its own inventory is among the undone, and stays as it is
//! whenever it is not, is changed by its own inventory alone. That takes 34 compiles for 100,000 inventories.

use std::collections::BTreeMap;

use rackwright_api::ActionClass;
use rackwright_planner::{CompileError, Inventory, Kind};

use super::bench::Bench;
use super::caused::CausedFields;
use super::causes::Cause;
use super::report::EditReport;
use crate::changes::folded;
use crate::object::ObjectKind;
use crate::pipeline::Outcome;
use crate::summary::count;

/// The inventories that differ, by name.
pub struct Changed<'a> {
    outcomes: [&'a Outcome; 2],
    /// Each with what it was; none where it is new.
    all: Vec<(&'a str, Option<&'a Inventory>)>,
}

impl<'a> Changed<'a> {
    /// Finds them.
    pub fn new(before: &'a Outcome, after: &'a Outcome) -> Self {
        fn sorted(outcome: &Outcome) -> BTreeMap<&str, &Inventory> {
            let inventories = outcome.input.inventories.iter();
            inventories.map(|one| (one.name.as_str(), one)).collect()
        }
        let (old, new) = (sorted(before), sorted(after));
        let changed = new.iter().filter(|(name, is)| old.get(*name) != Some(is));
        let changed = changed.map(|(name, _)| (*name, old.get(name).copied()));
        let gone = old.iter().filter(|(name, _)| !new.contains_key(*name));
        let mut all: Vec<_> = changed
            .chain(gone.map(|(name, was)| (*name, Some(*was))))
            .collect();
        all.sort_unstable_by_key(|(name, _)| *name);
        Self {
            outcomes: [before, after],
            all,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The name of one.
    pub fn name(&self, number: usize) -> &'a str {
        self.all[number].0
    }

    /// The number of the one of this name.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.all.binary_search_by(|(known, _)| (*known).cmp(name)).ok()
    }

    /// The inventories of the new side, some of them as they were.
    pub(super) fn undone(&self, undone: impl Fn(usize) -> bool) -> Vec<Inventory> {
        let new = self.outcomes[1].input.inventories.iter();
        let stays = new.filter(|one| !self.number(one.name.as_str()).is_some_and(&undone));
        let back = self.all.iter().zip(0..).filter(|(_, number)| undone(*number));
        let back = back.filter_map(|((_, was), _)| *was);
        stays.chain(back).cloned().collect()
    }

    /// Some of them: one with its place, in the new side or, where it is taken away, in the old one; several by their names.
    pub fn report(&self, numbers: &[usize]) -> EditReport {
        let &[one] = numbers else {
            return EditReport {
                object: count(numbers.len(), "NodeInventory object"),
                names: folded(numbers.iter().map(|&number| self.name(number))),
                ..EditReport::default()
            };
        };
        let name = self.name(one);
        let [old, new] = self.outcomes;
        let (file, line) = place(new, name).or_else(|| place(old, name)).unzip();
        EditReport {
            object: format!("NodeInventory/{name}"),
            file,
            line,
            ..EditReport::default()
        }
    }
}

/// File and line of an inventory.
fn place(outcome: &Outcome, name: &str) -> Option<(String, u32)> {
    let mut objects = outcome.read.iter();
    let kind = ObjectKind::Input(Kind::NodeInventory);
    if let Some(object) = objects.find(|object| object.kind == kind && object.name == name) {
        let span = object.document.first_key();
        let line = outcome.sources.position(span).line;
        return Some((outcome.sources.name(span.file).to_owned(), line));
    }
    outcome.line_files.iter().find_map(|file| {
        let mut lines = file.lines.iter();
        let line = lines.find(|line| line.kind == kind && &*line.name == name)?;
        Some((file.source.shown().into_owned(), line.number + 1))
    })
}

impl Bench<'_, '_> {
    /// Of nodes that are something else with all inventories undone, as they are: those that the inventory of their own name
    /// changes alone, as causes with the same fields; the others as one cause.
    pub(super) fn own(&mut self, unit: &[usize], changed: &[usize]) -> Result<Vec<Cause>, CompileError> {
        let (inventories, listed) = (self.sides.inventories, self.listed);
        let nodes = listed.nodes.iter();
        let numbers: Vec<Option<usize>> = nodes.map(|node| inventories.number(node.name)).collect();
        let without_all = self.all();
        let mut is_own: Vec<bool> = numbers.iter().map(Option::is_some).collect();
        let digits = usize::BITS - inventories.len().saturating_sub(1).leading_zeros();
        for (digit, value) in (0..digits).flat_map(|digit| [(digit, 0), (digit, 1)]) {
            let undone = |number: usize| (number >> digit) & 1 == value;
            if !self.without_inventories(undone)? {
                is_own.fill(false);
                break;
            }
            let found = self.all();
            for (node, is_own) in is_own.iter_mut().enumerate() {
                let expected = match numbers[node] {
                    Some(number) if undone(number) => without_all[node],
                    _ => self.becomes[node],
                };
                *is_own &= found[node] == expected;
            }
        }
        // Told from the same state as the others.
        self.without(unit)?;
        let (own, others): (Vec<usize>, Vec<usize>) = changed.iter().partition(|node| is_own[**node]);
        let mut causes: BTreeMap<CausedFields, Cause> = BTreeMap::new();
        self.caused(&own, |node, class, fields| {
            let cause = causes.entry(fields.clone()).or_insert_with(|| Cause {
                edits: unit.to_vec(),
                own: true,
                nodes: BTreeMap::new(),
                fields: fields.into_iter().collect(),
            });
            let known: &mut ActionClass = cause.nodes.entry(node).or_insert(class);
            *known = class.max(*known);
        });
        let rest = self.cause(unit.to_vec(), &others);
        Ok(causes.into_values().chain([rest]).collect())
    }
}
