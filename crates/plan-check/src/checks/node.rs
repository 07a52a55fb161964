//! What one node shows by itself, beside its profile.

use ipnet::Ipv4Net;
use rackwright_api::{Management, NodeName, Rail};

use super::columns::Id;
use super::imex::Peers;
use super::intents::Intents;
use super::numbers::Numbers;
use super::profiles::{Known, KnownRail, Prefix, Profiles};
use super::storage::Consents;
use crate::canonical::node_hash;
use crate::input::{Held, Node};
use crate::invariant::Invariant;
use crate::table::{
    ADDRESS_OUTSIDE, ADDRESS_PRESENCE, ADDRESS_RESERVED, GRANTED, HOST_NUMBER, MANAGEMENT, NODE_HASH,
    NODE_NAME, NODE_RAILS, POOL_UNKNOWN, PROFILE_FOREIGN, PROFILE_MISSING,
};
use crate::violation::{Kind, Sink, Violation};

/// Checks nodes one by one, with scratch space that they share.
pub(super) struct NodeCheck<'a> {
    profiles: &'a Profiles<'a>,
    consents: Consents<'a>,
    json: String,
    host_numbers: Vec<HostNumber<'a>>,
    numbers: Numbers<'a>,
    peers: Peers<'a>,
}

/// The host number that a rail gave the node.
struct HostNumber<'a> {
    fabric: &'a str,
    rail: u8,
    number: u32,
}

impl<'a> NodeCheck<'a> {
    pub(super) fn new(intents: &Intents<'a>, profiles: &'a Profiles<'a>, numbers: Numbers<'a>) -> Self {
        Self {
            profiles,
            consents: Consents::new(intents),
            json: String::new(),
            host_numbers: Vec::new(),
            numbers,
            peers: Peers::default(),
        }
    }

    /// Reports what only the last node decides.
    pub(super) fn finish(self, taken: &[Held<'_>], sink: &mut Sink) {
        self.numbers.finish(taken, sink);
    }

    /// Checks a node of the pool with that number; `addresses` are those of its rails as numbers.
    pub(super) fn check(
        &mut self,
        node: &Node<'_>,
        pool: Option<Id>,
        addresses: &[Option<Ipv4Net>],
        sink: &mut Sink,
    ) {
        name(node, sink);
        managed(node, sink);
        not_granted(node, sink);
        if pool.is_none() {
            let message = format!(
                "the node {} is of {}, which is no accepted pool",
                node.name, node.pool
            );
            sink.report(case(&POOL_UNKNOWN, node, message));
        }
        if let Some(pool) = pool {
            self.consents.check(node, pool, sink);
        }
        let profiles = self.profiles;
        let Some(profile) = profiles.get(&node.spec.profile) else {
            let message = format!(
                "the node {} refers to the profile {}, which is not there",
                node.name, node.spec.profile
            );
            return sink
                .report(case(&PROFILE_MISSING, node, message).object(Kind::NodeProfile, &node.spec.profile));
        };
        if pool.is_some() && profile.pool != pool {
            profile_of_another_pool(node, profile, sink);
        }
        self.hash(node, profile, sink);
        self.peers.check(node, profile, sink);
        self.rails(node, profile, addresses, sink);
    }

    fn hash(&mut self, node: &Node<'_>, profile: &Known<'_>, sink: &mut Sink) {
        let Some(profile_hash) = &profile.hash else { return };
        let expected = node_hash(&node.spec.facts, profile_hash, &mut self.json);
        if !expected.is(node.spec.hash.as_str()) {
            let message = format!(
                "the node {} has the hash {}, not {expected}",
                node.name, node.spec.hash
            );
            sink.report(case(&NODE_HASH, node, message));
        }
    }

    fn rails(
        &mut self,
        node: &Node<'_>,
        profile: &'a Known<'a>,
        addresses: &[Option<Ipv4Net>],
        sink: &mut Sink,
    ) {
        let rails = &node.spec.facts.rails;
        if !rails
            .iter()
            .map(|rail| rail.rail)
            .eq(profile.rails.iter().map(|rail| rail.rail))
        {
            return not_the_profiles_rails(node, profile, sink);
        }
        self.host_numbers.clear();
        for ((rail, known), address) in rails.iter().zip(&profile.rails).zip(addresses) {
            if !address_presence(node, rail, known, sink) {
                continue;
            }
            let (Some(text), Prefix::Net(prefix)) = (&rail.ipv4, &known.prefix) else {
                continue;
            };
            let Some(address) = address.filter(|address| inside(*address, *prefix)) else {
                let message = format!(
                    "rail {} of the node {} has {text}, outside of its rail's {prefix}",
                    rail.rail, node.name
                );
                sink.report(case(&ADDRESS_OUTSIDE, node, message));
                continue;
            };
            if !reserved(node, rail, address, sink) {
                self.same_host_number(node, rail, known.fabric, address, sink);
            }
        }
        for host in &self.host_numbers {
            self.numbers
                .check(node, host.fabric, host.number, &profile.rails, sink);
        }
    }

    fn same_host_number(
        &mut self,
        node: &Node<'_>,
        rail: &Rail,
        fabric: &'a str,
        address: Ipv4Net,
        sink: &mut Sink,
    ) {
        let number = u32::from(address.addr()) - u32::from(address.network());
        match self.host_numbers.iter().find(|other| other.fabric == fabric) {
            None => self.host_numbers.push(HostNumber {
                fabric,
                rail: rail.rail,
                number,
            }),
            Some(other) if other.number != number => {
                let message = format!(
                    "the node {} is host {} on rail {} of the fabric {fabric}, and host {number} on rail {}",
                    node.name, other.number, other.rail, rail.rail
                );
                sink.report(case(&HOST_NUMBER, node, message).object(Kind::InfiniBandFabric, fabric));
            }
            Some(_) => {}
        }
    }
}

fn case(invariant: &Invariant, node: &Node<'_>, message: String) -> Violation {
    Violation::new(invariant, message)
        .node(node.name)
        .object(Kind::GPUPool, node.pool)
}

fn name(node: &Node<'_>, sink: &mut Sink) {
    if !NodeName::is_valid(node.name) {
        let message = format!("{:?}, of the pool {}, is not a node name", node.name, node.pool);
        sink.report(case(&NODE_NAME, node, message));
    }
}

fn managed(node: &Node<'_>, sink: &mut Sink) {
    match node.spec.management {
        Management::Managed => {}
        other @ Management::Detached => {
            let message = format!("the node {} of the pool {} is {other:?}", node.name, node.pool);
            sink.report(case(&MANAGEMENT, node, message));
        }
    }
}

fn not_granted(node: &Node<'_>, sink: &mut Sink) {
    if let Some(grant) = &node.spec.grant {
        let message = format!(
            "the node {} of the pool {} carries a grant for {}",
            node.name, node.pool, grant.hash
        );
        sink.report(case(&GRANTED, node, message));
    }
}

fn profile_of_another_pool(node: &Node<'_>, profile: &Known<'_>, sink: &mut Sink) {
    let message = format!(
        "the node {} of the pool {} refers to {}, a profile of the pool {}",
        node.name, node.pool, node.spec.profile, profile.pool_name
    );
    let case = case(&PROFILE_FOREIGN, node, message).object(Kind::GPUPool, profile.pool_name);
    sink.report(case.object(Kind::NodeProfile, &node.spec.profile));
}

fn not_the_profiles_rails(node: &Node<'_>, profile: &Known<'_>, sink: &mut Sink) {
    let show = |numbers: Vec<u8>| match numbers.as_slice() {
        [] => "none".to_owned(),
        some => some.iter().map(u8::to_string).collect::<Vec<_>>().join(", "),
    };
    let has = show(node.spec.facts.rails.iter().map(|rail| rail.rail).collect());
    let needs = show(profile.rails.iter().map(|rail| rail.rail).collect());
    let message = format!(
        "the node {} has the rails {has}; its profile {} has {needs}",
        node.name, node.spec.profile
    );
    sink.report(case(&NODE_RAILS, node, message).object(Kind::NodeProfile, &node.spec.profile));
}

/// Whether the rail has an address exactly where its profile has a prefix.
fn address_presence(node: &Node<'_>, rail: &Rail, known: &KnownRail<'_>, sink: &mut Sink) -> bool {
    let message = match (&rail.ipv4, &known.prefix) {
        (None, Prefix::Net(prefix)) => {
            format!(
                "rail {} of the node {} has no address; the rail is {prefix}",
                rail.rail, node.name
            )
        }
        (Some(address), Prefix::Absent) => {
            format!(
                "rail {} of the node {} has {address}; its profile has no prefix there",
                rail.rail, node.name
            )
        }
        _ => return true,
    };
    sink.report(case(&ADDRESS_PRESENCE, node, message));
    false
}

/// Whether the address lies in that prefix and says so.
fn inside(address: Ipv4Net, prefix: Ipv4Net) -> bool {
    prefix.contains(&address.addr()) && address.prefix_len() == prefix.prefix_len()
}

/// Whether the address is one that no host may have.
fn reserved(node: &Node<'_>, rail: &Rail, address: Ipv4Net, sink: &mut Sink) -> bool {
    let what = match address.addr() {
        first if first == address.network() => "network",
        last if last == address.broadcast() => "broadcast",
        _ => return false,
    };
    let message = format!(
        "rail {} of the node {} has {address}, a {what} address",
        rail.rail, node.name
    );
    sink.report(case(&ADDRESS_RESERVED, node, message));
    true
}
