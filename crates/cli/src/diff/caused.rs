//! What edits do to a node: what it has that it would not have without them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rackwright_api::ActionClass;
use rackwright_planner::Compilation;
use rackwright_planner::change::{Diff, NodeChange, State, What, diff};

use super::bench::Bench;
use super::causes::Cause;

/// Fields of nodes with their classes.
pub(super) type CausedFields = Vec<(Reverse<ActionClass>, String)>;

/// All that differs on a node.
pub(super) fn fields<'d>(
    diff: &'d Diff<'_>,
    node: &'d NodeChange<'_>,
) -> impl Iterator<Item = (Reverse<ActionClass>, String)> + 'd {
    let differences = diff.differences(node);
    differences.map(|difference| (Reverse(difference.class()), difference.path.clone()))
}

impl Bench<'_, '_> {
    /// What these edits add to what the others do.
    pub(super) fn cause(&self, edits: Vec<usize>, changed: &[usize]) -> Cause {
        let (mut nodes, mut paths) = (BTreeMap::new(), BTreeSet::new());
        self.caused(changed, |node, class, fields| {
            nodes.insert(node, class);
            paths.extend(fields);
        });
        Cause {
            edits,
            own: false,
            nodes,
            fields: paths,
        }
    }

    /// Tells of each of these nodes what it has that it would not have without some edits, with the gravest class.
    pub(super) fn caused(&self, changed: &[usize], mut take: impl FnMut(usize, ActionClass, CausedFields)) {
        if !changed.is_empty() {
            let numbers: HashMap<&str, usize> = changed
                .iter()
                .map(|&node| (self.listed.nodes[node].name, node))
                .collect();
            let [before, after] =
                [self.compilation(), &self.sides.new.compilation].map(|Compilation { plan, .. }| {
                    let nodes = changed.iter().map(|&node| self.listed.nodes[node].name);
                    State::of_nodes(plan, nodes.filter_map(|name| plan.node(name)))
                });
            let added = diff(&before, &after);
            let mut told = BTreeSet::new();
            for change in &added.nodes {
                let Some(&node) = numbers.get(change.name) else {
                    continue;
                };
                let listed = &self.listed.nodes[node];
                // Without the edit the node would be none, or another pool's: all that happens to it is the edit's.
                let whole = change.what != What::Changed;
                let by_edit: Vec<&str> = added
                    .differences(change)
                    .map(|difference| difference.path.as_str())
                    .collect();
                let caused = fields(self.listed, listed).filter(|(_, path)| {
                    whole
                        || by_edit
                            .iter()
                            .any(|by| by.starts_with(path.as_str()) || path.starts_with(by))
                });
                let caused: CausedFields = caused.collect();
                let class = caused.iter().map(|(class, _)| class.0).max();
                told.insert(node);
                take(node, class.unwrap_or(ActionClass::None), caused);
            }
            // Nodes that the new side does not have.
            for &node in changed.iter().filter(|node| !told.contains(node)) {
                let listed = &self.listed.nodes[node];
                take(node, listed.class, fields(self.listed, listed).collect());
            }
        }
    }
}
