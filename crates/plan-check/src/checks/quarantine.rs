//! Addresses that hosts may have beside those that their NodeConfigs give them.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::input::{Checked, Held, Node};
use crate::table::{ADDRESS_ELSEWHERE, QUARANTINE};
use crate::violation::{Kind, Sink, Violation};

/// What hosts may have, and what nodes get that they had not.
pub(super) struct Quarantine<'a> {
    /// What is written of nodes of the plan, by name.
    previous: Vec<&'a Held<'a>>,
    taken: &'a [Held<'a>],
    /// Where the last search ended.
    last: usize,
    gained: Vec<(Ipv4Addr, String)>,
    /// Scratch space that the nodes share.
    has: Vec<Ipv4Addr>,
    had: Vec<Ipv4Addr>,
}

impl<'a> Quarantine<'a> {
    pub(super) fn new(checked: &Checked<'a>) -> Self {
        let mut previous: Vec<&Held<'_>> = checked.previous.iter().collect();
        previous.sort_by_key(|held| held.name);
        Self {
            previous,
            taken: checked.taken,
            last: 0,
            gained: Vec::new(),
            has: Vec::new(),
            had: Vec::new(),
        }
    }

    /// Looks at a node; `addresses` are those of its rails.
    pub(super) fn check(&mut self, node: &Node<'_>, addresses: &[Option<Ipv4Net>], sink: &mut Sink) {
        let Self { has, had, .. } = self;
        has.clear();
        has.extend(addresses.iter().flatten().map(Ipv4Net::addr));
        had.clear();
        let from = if self
            .previous
            .get(self.last)
            .is_some_and(|held| held.name == node.name)
        {
            self.last
        } else {
            self.previous.partition_point(|held| held.name < node.name)
        };
        let written = self.previous[from..]
            .iter()
            .take_while(|held| held.name == node.name);
        let mut next = from;
        for held in written {
            had.extend(held.addresses);
            had.extend(held.quarantined);
            next += 1;
        }
        self.last = next;
        if !(self.previous.is_empty() && self.taken.is_empty()) {
            let gained = has.iter().filter(|address| !had.contains(address));
            self.gained
                .extend(gained.map(|address| (*address, node.name.to_owned())));
        }
        had.retain(|address| !has.contains(address));
        had.sort_unstable();
        had.dedup();
        let kept = node
            .spec
            .quarantined
            .iter()
            .map(|address| address.as_str().parse().ok());
        if !kept.eq(had.iter().copied().map(Some)) {
            let message = format!(
                "the node {} had {} and does not get them; its quarantine holds {}",
                node.name,
                shown(had.iter()),
                shown(node.spec.quarantined.iter())
            );
            let case = Violation::new(&QUARANTINE, message).node(node.name);
            sink.report(case.object(Kind::GPUPool, node.pool));
        }
    }

    /// Reports addresses that another host may have. What nodes outside of the plan hold is RW9003's matter.
    pub(super) fn finish(mut self, sink: &mut Sink) {
        self.gained.sort_unstable();
        let planned = (self.previous.iter()).map(|held| (held.name, [held.addresses, held.quarantined]));
        let outside = (self.taken.iter()).map(|held| (held.name, [&[][..], held.quarantined]));
        for (name, lists) in planned.chain(outside) {
            for address in lists.into_iter().flatten() {
                let from = self.gained.partition_point(|(gained, _)| gained < address);
                let nodes = self.gained[from..]
                    .iter()
                    .take_while(|(gained, _)| gained == address);
                for (_, node) in nodes.filter(|(_, node)| node != name) {
                    let message =
                        format!("the node {node} gets {address}, which the host of {name} may still have");
                    sink.report(Violation::new(&ADDRESS_ELSEWHERE, message).node(node).node(name));
                }
            }
        }
    }
}

/// A few addresses as text.
fn shown(addresses: impl ExactSizeIterator<Item: ToString>) -> String {
    let total = addresses.len();
    let texts: Vec<String> = addresses.take(4).map(|address| address.to_string()).collect();
    if total == 0 {
        return "none".to_owned();
    }
    super::listed(&texts, total)
}
