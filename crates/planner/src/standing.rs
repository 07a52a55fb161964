//! What becomes of NodeConfigs that are written already: one judgement for everybody who writes or prints.
//!
//! An empty list is never an order. A node is let go only when its pool is there, readable, accepted and does not hold it
//! any more, or when its pool is on its way out. A pool that is not there says nothing.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::Management;

use crate::compile::Compilation;

/// A NodeConfig that is written.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// Its node.
    pub name: &'a str,
    /// The pool in its label.
    pub pool: Option<&'a str>,
    /// Whether a pool holds it, where that can be read.
    pub management: Option<Management>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// It becomes what the plan says.
    Planned,
    /// Another pool plans it, and its own cannot say that it lets go: it stays as it is.
    Blocked {
        /// The pool that plans it.
        by: &'a str,
        /// Its own.
        holder: &'a str,
    },
    /// Its pool does not hold it any more: it is detached, with all that it holds.
    LetGo,
    /// It was let go before.
    Detached,
    /// Its pool is refused or unreadable: the last good configuration stays.
    Kept,
    /// There is no such pool, or the pool cannot know: it stays as it is.
    Orphan,
    /// By the documents the node is of another member cluster, whose operator lets it go.
    Elsewhere,
    /// It carries no pool's label, so it is not ours.
    NotOurs,
}

/// A pool that is there, readable or not.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownPool {
    /// Whether it is on its way out.
    pub deleting: bool,
    /// Whether it selects by labels of inventories.
    pub by_labels: bool,
}

/// Who speaks for nodes.
#[derive(Debug)]
pub struct Standings<'a> {
    compilation: &'a Compilation,
    pools: BTreeMap<&'a str, KnownPool>,
    accepted: BTreeSet<&'a str>,
    inventories: BTreeSet<&'a str>,
}

impl<'a> Standings<'a> {
    /// From all pools that there are, and the names of the nodes whose inventory is there and readable.
    pub fn new(
        compilation: &'a Compilation,
        pools: impl IntoIterator<Item = (&'a str, KnownPool)>,
        inventories: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let pools: BTreeMap<&str, KnownPool> = pools.into_iter().collect();
        // Names of inventories are looked up for pools by labels only.
        let by_labels = pools.values().any(|pool| pool.by_labels);
        Self {
            compilation,
            pools,
            accepted: (compilation.plan.pools().iter())
                .map(|pool| pool.name.as_str())
                .collect(),
            inventories: inventories.into_iter().filter(|_| by_labels).collect(),
        }
    }

    /// What becomes of a NodeConfig.
    pub fn of<'n>(&self, node: Written<'n>) -> Standing<'n>
    where
        'a: 'n,
    {
        let detached = node.management == Some(Management::Detached);
        if let Some(planned) = self.compilation.plan.node(node.name) {
            let by = planned.pool().name.as_str();
            // A detached node has been let go.
            let other = node.pool.filter(|pool| *pool != by && !detached);
            return match other.filter(|pool| self.is_silent(pool)) {
                Some(holder) => Standing::Blocked { by, holder },
                None => Standing::Planned,
            };
        }
        if detached {
            return Standing::Detached;
        }
        if self.compilation.membership.is_elsewhere(node.name) {
            return Standing::Elsewhere;
        }
        let Some(pool) = node.pool else {
            return Standing::NotOurs;
        };
        match self.pools.get(pool) {
            None => Standing::Orphan,
            Some(known) if known.deleting => Standing::LetGo,
            Some(_) if !self.accepted.contains(pool) => Standing::Kept,
            // An inventory that is missing or cannot be read is no evidence that the node's labels changed.
            Some(known) if known.by_labels && !self.inventories.contains(node.name) => Standing::Orphan,
            Some(_) => Standing::LetGo,
        }
    }

    /// Whether any node could be blocked.
    pub fn any_silent(&self) -> bool {
        self.pools.keys().any(|pool| self.is_silent(pool))
    }

    /// Whether a pool is there and cannot say what it lets go.
    fn is_silent(&self, pool: &str) -> bool {
        let staying = self.pools.get(pool).is_some_and(|known| !known.deleting);
        staying && !self.accepted.contains(pool)
    }
}
