//! Edits that only together make a difference: of all edits the fewest that bring a node back, as far as taking any one of them
//! away shows. Without that, an edit of something else would be told among them.

use std::collections::BTreeMap;

use rackwright_planner::CompileError;

use super::bench::{Bench, Was};

/// Sets of edits that are tried. A site that needs more has so many edits that depend on each other that what is found by then
/// is told.
const TRIED: usize = 400;

/// Edits, and the nodes to which only all of them together make the difference.
pub(super) type Together = (Vec<usize>, Vec<usize>);

impl Bench<'_, '_> {
    /// The fewest edits for each of these nodes. `units` are edits that are not told apart.
    pub(super) fn least(
        &mut self,
        units: &[Vec<usize>],
        mut nodes: Vec<usize>,
    ) -> Result<Vec<Together>, CompileError> {
        let all: Vec<usize> = (0..units.len()).collect();
        let mut search = Search {
            bench: self,
            units,
            goal: Vec::new(),
            tried: BTreeMap::new(),
        };
        if !search.undone(&all)? {
            return Ok(vec![(search.edits(&all), nodes)]);
        }
        search.goal = search.bench.all();
        let mut found = Vec::new();
        // What no edit brings about is told of none.
        let idle = |node: &usize| search.goal[*node] == search.bench.becomes[*node];
        let (without, rest): (Vec<usize>, Vec<usize>) = nodes.into_iter().partition(idle);
        if !without.is_empty() {
            found.push((Vec::new(), without));
        }
        nodes = rest;
        while let Some(&node) = nodes.first() {
            let set = search.shrink(all.clone(), node)?;
            let mut alike = Vec::new();
            let mut others = Vec::new();
            for other in nodes {
                let is_alike = other == node || search.is_least(&set, other)?;
                if is_alike { &mut alike } else { &mut others }.push(other);
            }
            found.push((search.edits(&set), alike));
            nodes = others;
        }
        Ok(found)
    }
}

struct Search<'b, 's, 'a, 'u> {
    bench: &'b mut Bench<'s, 'a>,
    units: &'u [Vec<usize>],
    /// What each listed node becomes with all edits undone.
    goal: Vec<Was>,
    /// By the units that are undone: whether each listed node becomes that; none where nobody can say.
    tried: BTreeMap<Vec<usize>, Option<Vec<bool>>>,
}

impl Search<'_, '_, '_, '_> {
    fn edits(&self, set: &[usize]) -> Vec<usize> {
        let mut edits: Vec<usize> = set.iter().flat_map(|&unit| &self.units[unit]).copied().collect();
        edits.sort_unstable();
        edits
    }

    fn undone(&mut self, set: &[usize]) -> Result<bool, CompileError> {
        let edits = self.edits(set);
        self.bench.without(&edits)
    }

    /// Whether these edits, undone, do to a node what all of them do.
    fn brings(&mut self, set: &[usize], node: usize) -> Result<bool, CompileError> {
        if let Some(known) = self.tried.get(set) {
            return Ok(known.as_ref().is_some_and(|known| known[node]));
        }
        if self.tried.len() == TRIED {
            return Ok(false);
        }
        let found = self.undone(set)?.then(|| {
            let nodes = self.bench.all().into_iter().zip(&self.goal);
            nodes.map(|(is, goal)| is == *goal).collect::<Vec<bool>>()
        });
        let brings = found.as_ref().is_some_and(|found| found[node]);
        self.tried.insert(set.to_vec(), found);
        Ok(brings)
    }

    /// Takes halves away, then quarters and so on, then one by one until none can go.
    fn shrink(&mut self, mut set: Vec<usize>, node: usize) -> Result<Vec<usize>, CompileError> {
        let mut size = set.len().div_ceil(2);
        loop {
            let (before, mut at) = (set.len(), 0);
            while at < set.len() {
                let end = (at + size).min(set.len());
                let fewer = [&set[..at], &set[end..]].concat();
                if self.brings(&fewer, node)? {
                    set = fewer;
                } else {
                    at = end;
                }
            }
            if size <= 1 && set.len() == before {
                return Ok(set);
            }
            size = size.div_ceil(2);
        }
    }

    /// Whether a node needs exactly these.
    fn is_least(&mut self, set: &[usize], node: usize) -> Result<bool, CompileError> {
        if !self.brings(set, node)? {
            return Ok(false);
        }
        for at in 0..set.len() {
            let fewer = [&set[..at], &set[at + 1..]].concat();
            if self.brings(&fewer, node)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
