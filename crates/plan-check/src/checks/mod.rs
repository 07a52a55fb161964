//! The passes, in order.

mod columns;
mod imex;
mod intents;
mod membership;
mod node;
mod numbers;
mod prefixes;
mod profiles;
mod quarantine;
mod storage;
mod unique;

use ipnet::Ipv4Net;
use rackwright_api::Rail;

use crate::input::{Checked, Node};
use crate::violation::{Sink, Violation};

use columns::Columns;
use intents::Intents;
use node::NodeCheck;
use numbers::Numbers;
use profiles::Profiles;
use quarantine::Quarantine;

/// Checks a plan. The nodes are walked once, in any order. The answer is sorted by code, nodes, objects and message;
/// each code lists at most [`CASES_SHOWN`](crate::CASES_SHOWN) cases and then the number of the others.
pub fn check<'n>(checked: &Checked<'_>, nodes: impl IntoIterator<Item = Node<'n>>) -> Vec<Violation> {
    let mut sink = Sink::default();
    let intents = Intents::resolve(checked, &mut sink);
    let profiles = Profiles::check(checked.profiles, &intents, &mut sink);
    prefixes::check(checked.profiles, &intents, &mut sink);

    let mut columns = Columns::default();
    let numbers = Numbers::read(checked, &intents, &mut sink);
    let mut each = NodeCheck::new(&intents, &profiles, numbers);
    let mut quarantine = Quarantine::new(checked);
    let mut addresses = Vec::new();
    for node in nodes {
        let pool = intents.pool_id(node.pool);
        addresses.clear();
        addresses.extend(node.spec.facts.rails.iter().map(address));
        each.check(&node, pool, &addresses, &mut sink);
        quarantine.check(&node, &addresses, &mut sink);
        columns.push(&node, pool, &addresses);
    }

    each.finish(checked.taken, &mut sink);
    quarantine.finish(&mut sink);
    unique::addresses(&mut columns, checked.taken, &mut sink);
    unique::guids(&mut columns, &mut sink);
    let mut roster = unique::nodes(&columns, &intents, checked.taken, &mut sink);
    membership::check(&intents, &columns, &mut roster, &mut sink);
    sink.finish()
}

/// The address of a rail, where it has one that can be read.
fn address(rail: &Rail) -> Option<Ipv4Net> {
    rail.ipv4.as_ref()?.net()
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
