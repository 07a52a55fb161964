//! Two states side by side, and the order in which nodes go from one to the other: what `plan --previous` and `diff` share.

use std::collections::BTreeSet;

use rackwright_planner::change::{Diff, State, Supply, Waves, What, check_waves, diff, waves};
use rackwright_planner::power::Envelope;
use rackwright_planner::{Input, Plan};

use crate::carried::{Carried, Fate};
use crate::pipeline::Outcome;
use crate::progress;
use crate::summary::count;

/// What differs, and when.
pub struct Compared<'a> {
    /// The nodes that differ.
    pub diff: Diff<'a>,
    /// The waves; none where the new side holds no intents, whose budgets make them.
    pub order: Option<Waves>,
    /// Nodes that keep what they have: their pool is refused, or is not among the documents.
    pub kept: usize,
    /// What plan-check objects to in the waves.
    pub violations: Vec<String>,
}

impl<'a> Compared<'a> {
    /// Compares a compiled plan with an earlier state, orders the nodes, and has the order checked.
    pub fn new(outcome: &'a Outcome, old: &State<'a>, carried: &Carried) -> Self {
        Self::while_down(outcome, old, carried, &BTreeSet::new())
    }

    /// The same while some nodes are unavailable for another reason.
    pub fn while_down(
        outcome: &'a Outcome,
        old: &State<'a>,
        carried: &Carried,
        down: &BTreeSet<&str>,
    ) -> Self {
        let plan = &outcome.compilation.plan;
        let _phase = progress::phase(|| format!("comparing {}", count(plan.nodes().len(), "node")));
        let mut diff = diff(old, &State::of(plan));
        let mut kept = 0;
        diff.nodes.retain(|node| match carried.fate(node.name) {
            None | Some(Fate::LetGo) => true,
            Some(Fate::Stays | Fate::Blocked { .. }) => {
                kept += 1;
                false
            }
            Some(Fate::Elsewhere) => false,
        });
        let compared = Self {
            diff,
            order: None,
            kept,
            violations: Vec::new(),
        };
        compared.ordered(&outcome.input, plan, (old, down), &outcome.compilation.power)
    }

    /// Orders the nodes by the budgets of the intents that `plan` came from, while some are down, and has the order checked.
    pub fn ordered(
        self,
        input: &Input,
        plan: &Plan,
        (old, down): (&State<'a>, &BTreeSet<&str>),
        power: &[Envelope],
    ) -> Self {
        let supply = Supply { budgets: power, old };
        let order = waves(input, plan, &self.diff, down, &supply);
        let violations = check_waves(input, plan, &self.diff, down, &supply, &order);
        Self {
            violations: violations.iter().map(ToString::to_string).collect(),
            order: Some(order),
            ..self
        }
    }

    /// Compares two states that were written, neither of which says in which order nodes go.
    pub fn written(old: &State<'a>, new: &State<'a>) -> Self {
        let mut diff = diff(old, new);
        let managed = |state: &State<'_>, name: &str| {
            let nodes = state.nodes();
            let at = nodes.binary_search_by(|node| node.name.cmp(name));
            at.is_ok_and(|at| nodes[at].managed)
        };
        // Detached nodes stand in a plan that was saved; here they are let go as those that no plan has.
        for node in &mut diff.nodes {
            if node.what == What::Changed && managed(old, node.name) && !managed(new, node.name) {
                node.what = What::Removed;
            }
        }
        Self {
            diff,
            order: None,
            kept: 0,
            violations: Vec::new(),
        }
    }
}
