//! Which cable ends have to move.
//!
//! Every port has at most one designed cable and one found cable. Where both agree there is nothing to do. The rest, drawn
//! as lines between ports, is a set of chains and rings of alternating designed and found cables. A ring of two is a swap;
//! a chain is a row of moves that ends with a cable to lay or to take out, or with neither.

use std::collections::BTreeMap;

use crate::network::{End, Link};

/// One end of a cable that moves; the other stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub fixed: End,
    pub from: End,
    pub to: End,
}

/// Work on cables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    /// Two ends change places.
    Swap(Move, Move),
    /// More than two ends change places: all are pulled, then each goes to its port.
    Rotate(Vec<Move>),
    /// In this order each goes to a free port.
    Move(Move),
    /// A cable is to be laid.
    Connect(End, End),
    /// A cable is to be taken out.
    Remove(End, End),
}

#[derive(Debug, Clone, Copy, Default)]
struct Port {
    designed: Option<End>,
    found: Option<End>,
}

/// Compares designed cables with found ones. `same_place` says by which device a technician stands at a port: of the two
/// ways to mend a ring, the one with fewer places wins.
pub(crate) fn moves(
    designed: impl Iterator<Item = Link>,
    found: impl Iterator<Item = (End, End)>,
    place: impl Fn(End) -> u32,
) -> Vec<Work> {
    let mut ports: BTreeMap<End, Port> = BTreeMap::new();
    for Link { lower, upper } in designed {
        ports.entry(lower).or_default().designed = Some(upper);
        ports.entry(upper).or_default().designed = Some(lower);
    }
    for (a, b) in found {
        ports.entry(a).or_default().found = Some(b);
        ports.entry(b).or_default().found = Some(a);
    }
    ports.retain(|_, port| port.designed != port.found);
    let mut work = Vec::new();
    // Chains first, from an end that has a designed cable only, since the first move needs a free port; then chains between
    // two found cables; what is left is rings.
    let starts: Vec<End> = ports
        .iter()
        .filter(|(_, port)| port.found.is_none())
        .map(|(end, _)| *end)
        .collect();
    for start in starts {
        if let Some(chain) = walk(&mut ports, start, true) {
            chain_from_free_port(&chain, &mut work);
        }
    }
    let starts: Vec<End> = ports
        .iter()
        .filter(|(_, port)| port.designed.is_none())
        .map(|(end, _)| *end)
        .collect();
    for start in starts {
        if let Some(mut chain) = walk(&mut ports, start, false) {
            // found, designed, …, found: without its last cable it is a chain from a free port, read backwards.
            if let (Some(b), Some(a)) = (chain.pop(), chain.last().copied()) {
                work.push(Work::Remove(a, b));
            }
            chain.reverse();
            chain_from_free_port(&chain, &mut work);
        }
    }
    while let Some((&start, _)) = ports.first_key_value() {
        match walk(&mut ports, start, true) {
            Some(ring) => work.push(ring_of(&ring, &place)),
            None => {
                ports.remove(&start);
            }
        }
    }
    work
}

/// The ports from `start` on, by designed and found cables in turn; they are taken out. None where `start` is gone.
fn walk(ports: &mut BTreeMap<End, Port>, start: End, mut by_design: bool) -> Option<Vec<End>> {
    let mut chain = vec![start];
    let mut at = ports.remove(&start)?;
    loop {
        let next = if by_design { at.designed } else { at.found };
        let Some(end) = next else { return Some(chain) };
        by_design = !by_design;
        match ports.remove(&end) {
            Some(port) => {
                chain.push(end);
                at = port;
            }
            // Back at the start: a ring.
            None => return Some(chain),
        }
    }
}

/// A chain that begins with a designed cable: free, end, found end, end, …
fn chain_from_free_port(chain: &[End], work: &mut Vec<Work>) {
    let mut rest = chain;
    while let [to, fixed, from, ..] = *rest {
        work.push(Work::Move(Move { fixed, from, to }));
        rest = &rest[2..];
    }
    if let [a, b] = *rest {
        work.push(Work::Connect(a, b));
    }
}

/// A ring: designed from place 0 to 1, found from 1 to 2, and so on, found from the last to 0.
fn ring_of(ring: &[End], place: &impl Fn(End) -> u32) -> Work {
    let at = |i: usize| ring[i % ring.len()];
    let places = |offset: usize| {
        let mut places: Vec<u32> = (0..ring.len() / 2).map(|i| place(at(2 * i + offset))).collect();
        places.sort_unstable();
        places.dedup();
        places.len()
    };
    let moves = (0..ring.len() / 2).map(|i| {
        if places(0) <= places(1) {
            // The ends at even places move: the cable of 1 and 2 goes to 0.
            Move {
                fixed: at(2 * i + 1),
                from: at(2 * i + 2),
                to: at(2 * i),
            }
        } else {
            // The cable of 1 and 2 keeps 2 and goes to 3.
            Move {
                fixed: at(2 * i + 2),
                from: at(2 * i + 1),
                to: at(2 * i + 3),
            }
        }
    });
    let moves: Vec<Move> = moves.collect();
    match moves[..] {
        [one, other] => Work::Swap(one, other),
        _ => Work::Rotate(moves),
    }
}
