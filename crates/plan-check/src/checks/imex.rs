//! IMEX: the nodes of a rack name the same peers, themselves among them.

use std::collections::BTreeMap;

use rackwright_api::{Hostlist, ImexMode, Name};
use rackwright_hostset::{HostSet, Limits};

use super::profiles::Known;
use crate::input::Node;
use crate::table::IMEX_PEERS;
use crate::violation::{Kind, Sink, Violation};

/// By site and rack, the first node that named peers.
#[derive(Default)]
pub(super) struct Peers<'a>(BTreeMap<Rack<'a>, First>);

/// A site and one of its racks.
type Rack<'a> = (Option<&'a str>, Option<Name>);

/// A node and its peers.
type First = (String, Hostlist);

impl<'a> Peers<'a> {
    /// Compares a node's peers with its profile, its name and its rack.
    pub(super) fn check(&mut self, node: &Node<'_>, profile: &Known<'a>, sink: &mut Sink) {
        let Some(peers) = &node.spec.facts.imex_peers else {
            return;
        };
        let mut report = |message: String| {
            let violation = Violation::new(&IMEX_PEERS, message).node(node.name);
            sink.report(violation.object(Kind::GPUPool, node.pool));
        };
        if profile.imex != Some(ImexMode::HostManaged) {
            report(format!(
                "the node {} has the IMEX peers {peers}, and its host runs no daemon",
                node.name
            ));
        }
        let among =
            HostSet::parse(peers.as_str(), &Limits::default()).is_ok_and(|set| set.contains(node.name));
        if !among {
            report(format!(
                "the node {} is not among its IMEX peers {peers}",
                node.name
            ));
        }
        let rack = (profile.site, node.spec.facts.rack.clone());
        let first = self
            .0
            .entry(rack)
            .or_insert_with(|| (node.name.to_owned(), peers.clone()));
        if first.1 != *peers {
            report(format!(
                "the node {} has the IMEX peers {peers}, and {} of its rack has {}",
                node.name, first.0, first.1
            ));
        }
    }
}
