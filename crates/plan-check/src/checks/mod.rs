//! The passes, in order.

mod columns;
mod intents;
mod membership;
mod node;
mod prefixes;
mod profiles;
mod storage;
mod unique;

use crate::input::{Checked, Node};
use crate::violation::{Sink, Violation};

use columns::Columns;
use intents::Intents;
use node::NodeCheck;
use profiles::Profiles;

/// Checks a plan. The nodes are walked once, in any order. The answer is sorted by code, nodes, objects and message;
/// each code lists at most [`CASES_SHOWN`](crate::CASES_SHOWN) cases and then the number of the others.
pub fn check<'n>(checked: &Checked<'_>, nodes: impl IntoIterator<Item = Node<'n>>) -> Vec<Violation> {
    let mut sink = Sink::default();
    let intents = Intents::resolve(checked, &mut sink);
    let profiles = Profiles::check(checked.profiles, &intents, &mut sink);
    prefixes::check(checked.profiles, &intents, &mut sink);

    let mut columns = Columns::default();
    let mut each = NodeCheck::new(&intents, &profiles);
    for node in nodes {
        each.check(&node, &mut sink);
        columns.push(&node, intents.pool_id(node.pool));
    }

    unique::addresses(&mut columns, checked.taken, &mut sink);
    unique::guids(&mut columns, &mut sink);
    let roster = unique::nodes(&columns, &intents, checked.taken, &mut sink);
    membership::check(&intents, &columns, &roster, &mut sink);
    sink.finish()
}

/// `a, b and 3 more`, for names of which `total - names.len()` are left out.
fn listed(names: &[impl AsRef<str>], total: usize) -> String {
    let left_out = total.saturating_sub(names.len());
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match (names.split_last(), left_out) {
        (Some((last, [])), 0) => (*last).to_owned(),
        (Some((last, rest)), 0) => format!("{} and {last}", rest.join(", ")),
        _ => format!("{} and {left_out} more", names.join(", ")),
    }
}
