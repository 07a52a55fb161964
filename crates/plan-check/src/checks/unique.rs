//! What may be there once: addresses, GUIDs, names.

use std::net::Ipv4Addr;

use super::columns::{Columns, Id};
use super::intents::Intents;
use super::listed;
use crate::input::Held;
use crate::invariant::Invariant;
use crate::table::{ADDRESS_TWICE, GUID_TWICE, NODE_TWICE};
use crate::violation::{Kind, NODES_SHOWN, Sink, Violation};

/// Who holds an address: the plan's nodes come first in the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    Planned(Id),
    Outside(Id),
}

/// No address twice, in the plan and beside it.
pub(super) fn addresses(columns: &mut Columns, taken: &[Held<'_>], sink: &mut Sink) {
    let planned = std::mem::take(&mut columns.addresses);
    let mut all: Vec<(u32, Holder)> = planned
        .into_iter()
        .flatten()
        .map(|(address, id)| (address, Holder::Planned(id)))
        .collect();
    for (i, held) in taken.iter().enumerate() {
        all.extend(
            held.addresses
                .iter()
                .map(|&address| (address.into(), Holder::Outside(i as Id))),
        );
    }
    all.sort_unstable();
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        // What nodes outside of the plan hold among each other is not the plan's matter.
        let [(address, Holder::Planned(_)), _, ..] = group else {
            continue;
        };
        let names = group.iter().map(|(_, holder)| match holder {
            Holder::Planned(id) => columns.name(*id),
            Holder::Outside(i) => taken[*i as usize].name,
        });
        report(
            &ADDRESS_TWICE,
            &format!("the address {}", Ipv4Addr::from(*address)),
            names.collect(),
            sink,
        );
    }
}

/// No GUID twice.
pub(super) fn guids(columns: &mut Columns, sink: &mut Sink) {
    let mut all = std::mem::take(&mut columns.guids);
    all.sort_unstable();
    for group in all.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        let names = group.iter().map(|(_, id)| columns.name(*id)).collect();
        report(
            &GUID_TWICE,
            &format!("the GUID 0x{:016x}", group[0].0),
            names,
            sink,
        );
    }
}

fn report(invariant: &Invariant, what: &str, mut holders: Vec<&str>, sink: &mut Sink) {
    let times = holders.len();
    holders.sort_unstable();
    holders.dedup();
    let shown = &holders[..holders.len().min(NODES_SHOWN)];
    let message = format!(
        "{what} is given {times} times, to {}",
        listed(shown, holders.len())
    );
    sink.report(
        shown
            .iter()
            .fold(Violation::new(invariant, message), |case, name| case.node(name)),
    );
}

/// The nodes by name, each name once.
pub(super) struct Roster<'c> {
    columns: &'c Columns,
    ids: Vec<Id>,
    /// Where the last search ended.
    last: usize,
}

impl<'c> Roster<'c> {
    fn new(columns: &'c Columns, ids: Vec<Id>) -> Self {
        Self {
            columns,
            ids,
            last: 0,
        }
    }

    /// The node of that name. Those who ask mostly go in the order of names, so the next one is tried first.
    pub(super) fn find(&mut self, name: &str) -> Option<Id> {
        let name_at = |at: usize| self.ids.get(at).map(|&id| self.columns.name(id));
        let next = self.last + 1;
        let at = if name_at(next) == Some(name) {
            next
        } else {
            let by_name = |id: &Id| self.columns.name(*id).cmp(name);
            self.ids.binary_search_by(by_name).ok()?
        };
        self.last = at;
        self.ids.get(at).copied()
    }

    /// The nodes, in the order of their names.
    pub(super) fn ids(&self) -> &[Id] {
        &self.ids
    }
}

/// No node twice, in the plan and beside it.
pub(super) fn nodes<'c>(
    columns: &'c Columns,
    intents: &Intents<'_>,
    taken: &[Held<'_>],
    sink: &mut Sink,
) -> Roster<'c> {
    let mut ids: Vec<Id> = columns.ids().collect();
    // Plans come sorted, which this notices.
    ids.sort_by(|a, b| columns.name(*a).cmp(columns.name(*b)));
    let repeated = ids
        .chunk_by(|a, b| columns.name(*a) == columns.name(*b))
        .filter(|ids| ids.len() > 1);
    for ids in repeated {
        let name = columns.name(ids[0]);
        let mut pools: Vec<&str> = ids
            .iter()
            .map(|id| {
                columns
                    .pool(*id)
                    .map_or("none", |pool| intents.pool(pool).name.as_str())
            })
            .collect();
        pools.sort_unstable();
        pools.dedup();
        let shown = &pools[..pools.len().min(NODES_SHOWN)];
        let message = format!(
            "the node {name} is in the plan {} times, of the pool {}",
            ids.len(),
            listed(shown, pools.len())
        );
        let case = Violation::new(&NODE_TWICE, message).node(name);
        sink.report(
            shown
                .iter()
                .fold(case, |case, pool| case.object(Kind::GPUPool, pool)),
        );
    }
    ids.dedup_by(|later, first| columns.name(*later) == columns.name(*first));
    let mut roster = Roster::new(columns, ids);
    for held in taken {
        if roster.find(held.name).is_none() {
            continue;
        }
        let message = format!(
            "the node {} is in the plan, and among those outside of it",
            held.name
        );
        sink.report(Violation::new(&NODE_TWICE, message).node(held.name));
    }
    roster
}
