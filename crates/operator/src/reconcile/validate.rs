//! Step 2: compile what was observed and have the plan checked by the crate that does not trust the planner. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rackwright_api::{Name, NodeName};
use rackwright_plan_check::{Kind as CheckedKind, Violation};
use rackwright_planner::{
    Compilation, CompileError, InForce, Input, Intent, Kind, ObjectRef, Plan, PreviousNode, UnknownCluster,
    check, compile,
};

use crate::reconcile::observe::{Observed, Stored};
use crate::records::{IntentRecord, IntentSpec, NodeRecord};

/// Why there is no plan to act on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValidateError {
    /// The compiler could not finish.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

/// A compilation and what the checker thinks of it.
#[derive(Debug)]
pub(crate) struct Validated {
    pub compilation: Compilation,
    /// Not empty: a defect of the planner. Nothing may be written.
    pub violations: Vec<Violation>,
    /// Intents whose plan is rejected with them.
    pub rejected: BTreeSet<ObjectRef>,
    /// The member cluster that we serve is not there: nothing is planned, and no node let go for it.
    pub unknown_cluster: Option<UnknownCluster>,
}

/// Compiles and checks, and leaves what is of our member cluster.
pub(crate) fn validate(observed: &Observed, cluster: Option<&Name>) -> Result<Validated, ValidateError> {
    let input = input(observed);
    let mut compilation = compile(&input)?;
    let violations = check(&input, &compilation.plan);
    let rejected = rejected(&compilation, &violations);
    let unknown_cluster = cluster.and_then(|name| compilation.keep_member(name.as_str()).err());
    if unknown_cluster.is_some() {
        // No pool has a say: an operator with a wrong name must not take everything for gone.
        compilation.plan = Plan::default();
    }
    Ok(Validated {
        compilation,
        violations,
        rejected,
        unknown_cluster,
    })
}

fn input(observed: &Observed) -> Input {
    let mut input = Input::default();
    for (object, Stored { record, .. }) in &observed.intents {
        // A name that cannot be used makes its intent unreadable.
        let Ok(name) = Name::new(object.name.as_str()) else {
            continue;
        };
        match &record.spec {
            Ok(IntentSpec::Supercluster(spec)) => input.superclusters.push(intent(name, record, spec)),
            Ok(IntentSpec::Pool(spec)) => input.pools.push(intent(name, record, spec)),
            Ok(IntentSpec::Fabric(spec)) => input.fabrics.push(intent(name, record, spec)),
            Ok(IntentSpec::Tier(spec)) => input.tiers.push(intent(name, record, spec)),
            Err(_) => {}
        }
    }
    input.inventories = observed
        .inventories
        .values()
        .filter_map(|stored| stored.record.0.clone())
        .collect();
    let mut in_force = PowerInForce {
        observed,
        shared: BTreeMap::new(),
    };
    input.previous = observed
        .nodes
        .iter()
        .filter_map(|(name, stored)| {
            let name = NodeName::new(&**name).ok()?;
            Some(PreviousNode {
                name,
                addresses: stored.record.addresses.clone(),
                guids: stored.record.guids.clone(),
                quarantined: stored.record.quarantined.clone(),
                in_force: in_force.of(&stored.record),
            })
        })
        .collect();
    input
}

/// What hosts have in force: once for the nodes of a profile, and once more for those that have something else.
struct PowerInForce<'o> {
    observed: &'o Observed,
    shared: BTreeMap<(&'o str, bool), Arc<InForce>>,
}

impl<'o> PowerInForce<'o> {
    fn of(&mut self, node: &'o NodeRecord) -> Option<Arc<InForce>> {
        let profile = node.profile.as_deref()?;
        let shared = self.shared.entry((profile, node.in_force)).or_insert_with(|| {
            let known = self.observed.profiles.get(profile).filter(|_| node.in_force);
            Arc::new(InForce::new(profile, known.and_then(|stored| stored.record.cap)))
        });
        Some(Arc::clone(shared))
    }
}

fn intent<S: Clone>(name: Name, record: &IntentRecord, spec: &S) -> Intent<S> {
    Intent {
        name,
        deleting: record.deleting(),
        ignore: record.ignore.clone(),
        spec: spec.clone(),
    }
}

/// The intents behind the violations: named ones, the pools of named nodes and profiles, and their sites. All pools of
/// the plan where nothing is named.
fn rejected(compilation: &Compilation, violations: &[Violation]) -> BTreeSet<ObjectRef> {
    let plan = &compilation.plan;
    let mut rejected = BTreeSet::new();
    for violation in violations {
        let mut pools: Vec<_> = violation
            .nodes
            .iter()
            .filter_map(|name| Some(plan.node(name)?.pool()))
            .collect();
        for object in &violation.objects {
            let kind = match object.kind {
                CheckedKind::Supercluster => Kind::Supercluster,
                CheckedKind::GPUPool => Kind::GPUPool,
                CheckedKind::InfiniBandFabric => Kind::InfiniBandFabric,
                CheckedKind::StorageTier => Kind::StorageTier,
                CheckedKind::NodeProfile => {
                    pools.extend(
                        plan.pools()
                            .iter()
                            .filter(|pool| pool.profile_name == object.name),
                    );
                    continue;
                }
            };
            pools.extend(
                plan.pools()
                    .iter()
                    .filter(|pool| kind == Kind::GPUPool && pool.name.as_str() == object.name),
            );
            rejected.insert(ObjectRef::new(kind, &object.name));
        }
        if pools.is_empty() && violation.objects.is_empty() {
            pools.extend(plan.pools());
        }
        for pool in pools {
            rejected.insert(ObjectRef::new(Kind::GPUPool, &pool.name));
            rejected.insert(ObjectRef::new(Kind::Supercluster, &pool.supercluster));
        }
    }
    rejected
}
