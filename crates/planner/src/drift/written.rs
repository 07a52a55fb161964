//! The link from the intents to what is written, and the judgement of a whole chain.

use std::collections::BTreeMap;

use rackwright_api::{Hash, Ipv4Address, Management, NodeConfigSpec};

use super::{Break, Chain, State, StoredConfig};
use crate::compile::Compilation;
use crate::plan::PlannedNode;
use crate::standing::{Standing, Standings, Written};

/// Judges the chains of a cluster's nodes.
#[derive(Debug)]
pub struct Judge<'a> {
    compilation: &'a Compilation,
    standings: &'a Standings<'a>,
    /// The hash of each NodeProfile's content; none of what cannot be read.
    profiles: Option<BTreeMap<String, Option<Hash>>>,
    planned: BTreeMap<&'a str, &'a Hash>,
}

/// What is known of a NodeConfig.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// Its chain.
    Chain(Chain),
    /// It was let go: its host stays as it is, and nobody compares.
    Detached,
    /// It is of another member cluster.
    Elsewhere,
}

impl<'a> Judge<'a> {
    /// From what the intents compile to and the NodeProfiles that are written, each with the hash of its content, where that can
    /// be read. Without any of them, nothing is said of profiles.
    pub fn new(
        compilation: &'a Compilation,
        standings: &'a Standings<'a>,
        profiles: Option<BTreeMap<String, Option<Hash>>>,
    ) -> Self {
        let pools = compilation.plan.pools().iter();
        Self {
            compilation,
            standings,
            profiles,
            planned: pools
                .map(|pool| (pool.profile_name.as_str(), &pool.profile_hash))
                .collect(),
        }
    }

    /// The pool that plans a node.
    pub fn planned_pool(&self, node: &str) -> Option<&'a str> {
        let planned = self.compilation.plan.node(node)?;
        Some(planned.pool().name.as_str())
    }

    /// The chain of a planned node that has no NodeConfig.
    pub const fn missing() -> Chain {
        Chain {
            written: State::Breaks(Break::NotWritten),
            applied: State::Silent,
            observed: State::Silent,
        }
    }

    /// The chain of a NodeConfig.
    pub fn judge(&self, config: &StoredConfig<'_>) -> Judged {
        let standing = self.standings.of(Written {
            name: config.name,
            pool: config.pool,
            management: Some(config.spec.management),
        });
        match standing {
            Standing::Detached => return Judged::Detached,
            Standing::Elsewhere => return Judged::Elsewhere,
            _ => {}
        }
        let spec = config.spec;
        // What is let go is not compared until it is taken up again.
        let managed = spec.management == Management::Managed;
        let silent = |state| if managed { state } else { State::Silent };
        Judged::Chain(Chain {
            written: self.written(config, standing),
            applied: silent(config.status.applied(spec, config.generation)),
            observed: silent(config.status.observed(spec)),
        })
    }

    /// Whether what is written is what the intents compile to. That it contradicts itself comes first: then whatever else it says
    /// is not the operator's.
    fn written(&self, config: &StoredConfig<'_>, standing: Standing<'_>) -> State {
        let breaks = self.contradiction(config.spec).or(match standing {
            Standing::Planned => self
                .compilation
                .plan
                .node(config.name)
                .filter(|node| !is_planned(node, config))
                .map(|_| Break::Behind),
            Standing::Blocked { .. } => Some(Break::Blocked),
            Standing::LetGo => Some(Break::NotLetGo),
            Standing::Kept => Some(Break::Kept),
            Standing::Orphan => Some(Break::Orphan),
            Standing::NotOurs => Some(Break::NoPool),
            Standing::Detached | Standing::Elsewhere => None,
        });
        breaks.map_or(State::Holds, State::Breaks)
    }

    /// What a NodeConfig and its profile say against themselves.
    fn contradiction(&self, spec: &NodeConfigSpec) -> Option<Break> {
        let name = spec.profile.as_str();
        let stored = match &self.profiles {
            None => None,
            Some(profiles) => match profiles.get(name) {
                None => return Some(Break::NoProfile),
                Some(hash) => hash.as_ref(),
            },
        };
        let digits = name.rsplit_once('-').map_or("", |(_, digits)| digits);
        if stored.is_some_and(|hash| !hash.as_str().starts_with(digits)) {
            return Some(Break::EditedProfile);
        }
        let profile = stored.or_else(|| self.planned.get(name).copied())?;
        let hash = spec.facts.hash(profile).ok()?;
        (hash != spec.hash).then_some(Break::Edited)
    }
}

/// Whether a NodeConfig is what the plan says, as the operator compares: the grant is not the compiler's, and what is not in
/// quarantine any more is no reason to write.
fn is_planned(node: &PlannedNode<'_>, config: &StoredConfig<'_>) -> bool {
    let NodeConfigSpec {
        facts,
        grant: _,
        hash,
        management,
        profile,
        quarantined,
    } = config.spec;
    let held = quarantined.iter().filter_map(Ipv4Address::value);
    let held = held.filter(|_| !config.status.confirms(config.spec, config.generation));
    config.pool == Some(node.pool().name.as_str())
        && hash.value() == node.hash()
        && *profile == node.pool().profile_name
        && *management == Management::Managed
        && held.eq(node.quarantined().iter().copied())
        && *facts == node.facts()
}
