//! Step 3: compare the plan with what is stored; the difference is the work. Pure. What becomes of a NodeConfig is the
//! planner's judgement ([`Standings`]): an empty list is never an order, and an absent pool says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rackwright_api::{GPUPoolSpec, Management};
use rackwright_planner::{Compilation, Kind, KnownPool, ObjectRef, Standing, Standings, Written};

use crate::metrics::NodeCounts;
use crate::reconcile::observe::{Observed, Stored};
use crate::records::{IntentSpec, NodeRecord, fingerprint};

/// Why the work cannot be listed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// A node of the plan has no canonical form.
    #[error("serialising node {node}: {source}")]
    Serialise { node: String, source: serde_json::Error },
}

/// What is to be written.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Intents that lack our finalizer.
    pub hold: Vec<ObjectRef>,
    /// Profiles that planned nodes need and that are not stored: indices into the plan's pools.
    pub profiles: Vec<usize>,
    /// NodeConfigs, by name.
    pub nodes: Vec<NodeWrite>,
    /// Planned nodes whose last good configuration is of a pool that cannot speak now.
    pub blocked: Vec<Blocked>,
    /// NodeConfigs by pool, as they are before the work.
    pub counts: BTreeMap<Arc<str>, NodeCounts>,
    /// Managed nodes for which nobody speaks here.
    pub orphans: u32,
}

/// One NodeConfig to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeWrite {
    pub name: Arc<str>,
    /// The pool that holds it, or let it go.
    pub pool: Arc<str>,
    pub action: NodeAction,
}

/// A node that a pool plans and another has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blocked {
    pub name: Arc<str>,
    /// The pool that plans it.
    pub pool: Arc<str>,
    /// The pool that it is labelled with.
    pub holder: Arc<str>,
}

/// What to do with it. Versions are preconditions: a foreign write in between makes ours fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeAction {
    Create,
    Update { version: u64 },
    Detach { version: u64 },
}

/// Lists the work.
pub(crate) fn plan(observed: &Observed, compilation: &Compilation) -> Result<Work, PlanError> {
    let standings = standings(observed, compilation);
    let mut work = Work {
        hold: to_hold(observed),
        ..Work::default()
    };
    let mut needed = BTreeSet::new();
    for node in compilation.plan.nodes() {
        let pool = node.pool();
        let stored = observed.nodes.get(node.name());
        let standing = stored.map(|stored| standings.of(written(node.name(), &stored.record)));
        if let Some(Standing::Blocked { holder, .. }) = standing {
            work.blocked.push(Blocked {
                name: node.name().into(),
                pool: pool.name.as_str().into(),
                holder: holder.into(),
            });
            continue;
        }
        let serialise = |source| PlanError::Serialise {
            node: node.name().to_owned(),
            source,
        };
        let wanted = fingerprint(&node.spec(), Some(pool.name.as_str())).map_err(serialise)?;
        needed.insert(pool.profile_name.as_str());
        let action = match stored {
            None => NodeAction::Create,
            Some(stored) if stored.record.fingerprint == Some(wanted) => continue,
            Some(stored) => NodeAction::Update {
                version: stored.version,
            },
        };
        work.nodes.push(NodeWrite {
            name: node.name().into(),
            pool: pool.name.as_str().into(),
            action,
        });
    }
    for (name, stored) in &observed.nodes {
        let standing = standings.of(written(name, &stored.record));
        let planned = matches!(standing, Standing::Planned | Standing::Blocked { .. });
        count(&mut work, stored, planned);
        match (standing, &stored.record.pool) {
            (Standing::LetGo, Some(pool)) => work.nodes.push(NodeWrite {
                name: Arc::clone(name),
                pool: Arc::clone(pool),
                action: NodeAction::Detach {
                    version: stored.version,
                },
            }),
            (Standing::Orphan | Standing::Elsewhere, _) => work.orphans += 1,
            _ => {}
        }
    }
    work.nodes.sort_by(|a, b| a.name.cmp(&b.name));
    work.profiles = compilation
        .plan
        .pools()
        .iter()
        .enumerate()
        .filter(|(_, pool)| {
            needed.contains(pool.profile_name.as_str())
                && !observed.profiles.contains_key(pool.profile_name.as_str())
        })
        .map(|(index, _)| index)
        .collect();
    Ok(work)
}

fn count(work: &mut Work, stored: &Stored<NodeRecord>, planned: bool) {
    let Some(pool) = &stored.record.pool else { return };
    let counts = work.counts.entry(Arc::clone(pool)).or_default();
    if stored.record.management == Some(Management::Detached) && !planned {
        counts.detached += 1;
    } else {
        counts.managed += 1;
    }
}

fn to_hold(observed: &Observed) -> Vec<ObjectRef> {
    let open = observed
        .intents
        .iter()
        .filter(|(_, stored)| !stored.record.deleting() && !stored.record.held());
    open.map(|(object, _)| object.clone()).collect()
}

/// Intents on their way out that nothing holds any more: their finalizer goes. `detaching` are pools with nodes that are
/// still to be detached.
pub(crate) fn to_release(
    observed: &Observed,
    compilation: &Compilation,
    detaching: &BTreeSet<Arc<str>>,
) -> Vec<ObjectRef> {
    // What an unreadable intent refers to is not known: it may be any of them.
    let blind = observed
        .intents
        .values()
        .any(|stored| !stored.record.deleting() && stored.record.spec.is_err());
    observed
        .intents
        .iter()
        .filter(|(object, stored)| {
            let free = if object.kind == Kind::GPUPool {
                !detaching.contains(object.name.as_str())
            } else {
                !blind
            };
            stored.record.deleting()
                && stored.record.held()
                && free
                && !compilation.referenced.contains(object)
        })
        .map(|(object, _)| object.clone())
        .collect()
}

/// Who speaks for NodeConfigs, from what was observed.
fn standings<'a>(observed: &'a Observed, compilation: &'a Compilation) -> Standings<'a> {
    let pools = observed
        .intents
        .iter()
        .filter(|(object, _)| object.kind == Kind::GPUPool);
    let pools = pools.map(|(object, stored)| {
        let known = KnownPool {
            deleting: stored.record.deleting(),
            by_labels: stored.record.pool().is_some_and(by_labels),
        };
        (object.name.as_str(), known)
    });
    let known = observed
        .inventories
        .iter()
        .filter(|(_, stored)| stored.record.0.is_some());
    Standings::new(compilation, pools, known.map(|(name, _)| &**name))
}

fn written<'a>(name: &'a str, record: &'a NodeRecord) -> Written<'a> {
    Written {
        name,
        pool: record.pool.as_deref(),
        management: record.management,
    }
}

fn by_labels(pool: &GPUPoolSpec) -> bool {
    pool.nodes.selector.is_some()
}

/// The pools that hang on an intent.
pub(crate) fn pools_of<'a>(observed: &'a Observed, object: &'a ObjectRef) -> impl Iterator<Item = &'a str> {
    observed.intents.iter().filter_map(move |(candidate, stored)| {
        let Ok(IntentSpec::Pool(pool)) = &stored.record.spec else {
            return None;
        };
        let name = object.name.as_str();
        let hangs = match object.kind {
            Kind::GPUPool => candidate.name == name,
            Kind::Supercluster => pool.supercluster.as_str() == name,
            Kind::InfiniBandFabric => pool.fabrics.iter().any(|used| used.name.as_str() == name),
            Kind::StorageTier => pool.storage.iter().any(|used| used.tier.as_str() == name),
            Kind::NodeInventory => false,
        };
        hangs.then_some(candidate.name.as_str())
    })
}
