//! What a host has applied, where that is not what is written: the change before has not reached it yet.
//!
//! A status says only the hash. The hash is that of a profile under facts, so the profile is found by trying those that are
//! known; the facts are the written ones, or these without consents, which people add just before a change.

use std::collections::HashMap;

use rackwright_api::{Facts, Hash, facts_hash};

use super::state::{NodeState, State};

/// What a host has applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied<'a> {
    /// What is written, as far as anybody knows, or already what it becomes.
    AsWritten,
    /// This profile under the written facts.
    Profile(&'a str),
    /// This profile under the written facts without their consents.
    WithoutConsents(&'a str),
    /// Something else.
    Unknown,
}

/// Finds what hosts have applied.
pub(super) struct Finder<'a> {
    /// Profiles and their hashes.
    hashes: Vec<(&'a str, Hash)>,
    /// By the profile that is written: the one that was found last. Neighbours mostly wait for the same change.
    last: HashMap<&'a str, usize>,
}

impl<'a> Finder<'a> {
    pub fn new(old: &State<'a>, new: &State<'a>) -> Self {
        // Without a host that waits nothing is hashed.
        let waits = old.nodes().iter().any(|node| differs(node).is_some());
        let sides = [old, new].into_iter().filter(|_| waits);
        let profiles = sides.flat_map(|side| &side.profiles);
        let hashes = profiles.filter_map(|(name, spec)| Some((*name, spec.hash().ok()?)));
        Self {
            hashes: hashes.collect(),
            last: HashMap::new(),
        }
    }

    /// What the host of a node has applied that becomes `new`.
    pub fn find(&mut self, node: &NodeState<'a>, new: u128) -> Applied<'a> {
        let Some(applied) = differs(node).filter(|&applied| applied != new) else {
            return Applied::AsWritten;
        };
        let Some(facts) = node.facts.read() else {
            return Applied::Unknown;
        };
        if let Some(profile) = self.profile(node.profile, &facts, applied) {
            return Applied::Profile(profile);
        }
        let mut without = facts.into_owned();
        if !std::mem::take(&mut without.wipe_consents).is_empty()
            && let Some(profile) = self.profile(node.profile, &without, applied)
        {
            return Applied::WithoutConsents(profile);
        }
        Applied::Unknown
    }

    fn profile(&mut self, written: &'a str, facts: &Facts, applied: u128) -> Option<&'a str> {
        let facts = serde_json::to_vec(facts).ok()?;
        let mut json = Vec::new();
        let mut fits = |hash: &Hash| {
            facts_hash(|out: &mut Vec<u8>| out.extend_from_slice(&facts), hash, &mut json) == applied
        };
        let last = self.last.get(written).copied();
        let at = last
            .into_iter()
            .chain(0..self.hashes.len())
            .find(|&at| fits(&self.hashes[at].1))?;
        self.last.insert(written, at);
        Some(self.hashes[at].0)
    }
}

fn differs(node: &NodeState<'_>) -> Option<u128> {
    node.applied.filter(|&applied| applied != node.hash)
}
