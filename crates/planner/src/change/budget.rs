//! What may be unavailable at the same time.

use rackwright_api::{Domain, Rollout};

/// A pool's budget with every default in place.
///
/// What the user did not write is the safe value: without `maxUnavailable` one node at a time; without `domains` one
/// rack at a time, so that a roll-out never touches two fault domains at once unless somebody asked for it; without
/// `failureBudget` none may fail. Without `nodes`, where `domains` are written, the domain alone is the limit. Without
/// `canary` there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many nodes of the pool; none: as many as the domains hold.
    pub nodes: Option<u32>,
    /// How many domains.
    pub domains: u32,
    /// What a domain is.
    pub domain: Domain,
    /// How many nodes go first.
    pub canary: u32,
    /// How long they must stay healthy before the others start, in seconds.
    pub soak: u64,
    /// How many nodes may fail in the whole run before it stops.
    pub failures: u32,
    /// Whether no further node may start.
    pub paused: bool,
}

impl Budget {
    /// The budget that a pool's `rollout` says.
    pub fn of(rollout: Option<&Rollout>) -> Self {
        let most = rollout.and_then(|rollout| rollout.max_unavailable.as_ref());
        let canary = rollout.and_then(|rollout| rollout.canary.as_ref());
        let failures = rollout.and_then(|rollout| rollout.failure_budget.as_ref());
        let (nodes, domains) = most.map_or((None, None), |most| (most.nodes, most.domains));
        Self {
            nodes: if domains.is_some() {
                nodes
            } else {
                nodes.or(Some(1))
            },
            domains: domains.unwrap_or(1),
            domain: most.and_then(|most| most.domain).unwrap_or(Domain::Rack),
            canary: canary.map_or(0, |canary| canary.nodes),
            soak: canary.map_or(0, |canary| canary.soak.seconds()),
            failures: failures.map_or(0, |failures| failures.nodes),
            paused: rollout.and_then(|rollout| rollout.paused).unwrap_or(false),
        }
    }
}
