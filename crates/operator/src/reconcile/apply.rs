//! Step 4: write the difference. Finalizers first, so that no deletion goes unnoticed; profiles before the NodeConfigs that
//! name them; and, after the statuses, what nothing refers to any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::api::{
    Api, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams, Preconditions,
};
use rackwright_api::{IntentStatus, NodeConfig, NodeProfile, labels};
use rackwright_planner::{Kind, ObjectRef, Plan, PoolPlan};
use serde_json::Value;

use crate::crd_check::Doubt;
use crate::kinds::watched;
use crate::metrics::Metrics;
use crate::patches;
use crate::reconcile::plan::{NodeAction, NodeWrite, Work};
use crate::records::IntentRecord;
use crate::store::Store;
use crate::writer::{Gate, WriteError, Writer};

/// Why one write of the apply step failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The request failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The finalizer could not be written.
    #[error("GPUPool/{0} does not carry our finalizer yet")]
    Loose(String),
    /// The object's profile is not there.
    #[error("its profile {0} could not be written")]
    Profile(String),
    /// There is a profile of this name with other content: two contents with one hash, or a foreign hand.
    #[error("a profile {0} with other content is there")]
    Clash(String),
}

/// What came of the writes.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Requests that changed something.
    pub writes: u64,
    /// Writes that must be looked at again.
    pub failed: u64,
    /// The checker objects to the plan.
    pub rejected: bool,
    /// By pool.
    pub pools: BTreeMap<Arc<str>, PoolOutcome>,
}

/// What came of one pool's NodeConfigs.
#[derive(Debug, Default, Clone)]
pub(crate) struct PoolOutcome {
    /// Created or changed.
    pub changed: u32,
    /// Detached.
    pub detached: u32,
    /// Still to be written.
    pub pending: u32,
    /// Of these, still to be detached.
    pub detaching: u32,
    /// Why, for the first of them.
    pub error: Option<String>,
}

impl Outcome {
    /// What waits for people, whatever is written.
    fn blocked(work: &Work) -> Self {
        let mut outcome = Self::default();
        for node in &work.blocked {
            let pool = outcome.pools.entry(Arc::clone(&node.pool)).or_default();
            pool.pending += 1;
            pool.error.get_or_insert_with(|| {
                format!(
                    "{} still has its configuration from GPUPool/{}, which is refused or cannot be read: put that right, \
                     or delete it",
                    node.name, node.holder
                )
            });
        }
        outcome
    }

    /// Nothing is written of a plan that the checker rejects.
    pub(crate) fn rejected(work: &Work) -> Self {
        let mut outcome = Self {
            rejected: true,
            ..Self::blocked(work)
        };
        for node in &work.nodes {
            outcome.pending(node, "the plan is rejected");
        }
        outcome
    }

    /// Whether there is nothing to do again.
    pub(crate) fn clean(&self) -> bool {
        self.failed == 0 && !self.rejected
    }

    fn pending(&mut self, node: &NodeWrite, why: &str) {
        self.failed += 1;
        let pool = self.pools.entry(Arc::clone(&node.pool)).or_default();
        pool.pending += 1;
        pool.detaching += u32::from(matches!(node.action, NodeAction::Detach { .. }));
        pool.error.get_or_insert_with(|| format!("{}: {why}", node.name));
    }

    fn written(&mut self, node: &NodeWrite) {
        self.writes += 1;
        let pool = self.pools.entry(Arc::clone(&node.pool)).or_default();
        match node.action {
            NodeAction::Detach { .. } => pool.detached += 1,
            NodeAction::Create | NodeAction::Update { .. } => pool.changed += 1,
        }
    }

    /// Pools with nodes that are still to be detached.
    pub(crate) fn detaching(&self) -> BTreeSet<Arc<str>> {
        let open = self.pools.iter().filter(|(_, outcome)| outcome.detaching > 0);
        open.map(|(name, _)| Arc::clone(name)).collect()
    }
}

/// Writes.
pub(crate) struct Applier {
    pub client: kube::Client,
    pub store: Arc<Store>,
    pub writer: Writer,
    pub metrics: Arc<Metrics>,
    pub gate: Gate,
    pub doubt: Doubt,
}

impl Applier {
    /// Writes finalizers, profiles and NodeConfigs.
    pub(crate) async fn apply(&self, plan: &Plan, work: &Work) -> Outcome {
        let mut outcome = Outcome::blocked(work);
        self.hold(&work.hold, &mut outcome).await;
        let loose = self.loose(&work.hold);
        let profiles = work.profiles.iter().filter_map(|index| plan.pools().get(*index));
        let profiles = profiles
            .filter(|pool| !loose.contains(pool.name.as_str()))
            .collect();
        let missing = self.profiles(profiles, &mut outcome).await;
        let (waiting, ready): (Vec<&NodeWrite>, Vec<&NodeWrite>) =
            work.nodes.iter().partition(|node| loose.contains(&*node.pool));
        for node in waiting {
            outcome.pending(node, &ApplyError::Loose(node.pool.to_string()).to_string());
        }
        self.nodes(plan, ready, &missing, &mut outcome).await;
        outcome
    }

    /// The pools among these that nothing holds: they could go without anybody hearing of it, so nothing is written for
    /// them.
    fn loose<'a>(&self, hold: &'a [ObjectRef]) -> BTreeSet<&'a str> {
        let pools = hold.iter().filter(|object| object.kind == Kind::GPUPool);
        let loose = pools.filter(|pool| self.intent(pool).is_none_or(|(_, record)| !record.held()));
        loose.map(|pool| pool.name.as_str()).collect()
    }

    async fn hold(&self, objects: &[ObjectRef], outcome: &mut Outcome) {
        let add = |record: &IntentRecord| {
            let ours = (!record.held()).then(|| labels::FINALIZER.to_owned());
            record.finalizers.iter().cloned().chain(ours).collect()
        };
        self.finalizers(objects, add, outcome).await;
    }

    /// Takes our finalizer off; the last one off ends the object.
    pub(crate) async fn release(&self, objects: &[ObjectRef], outcome: &mut Outcome) {
        let remove = |record: &IntentRecord| {
            let others = record
                .finalizers
                .iter()
                .filter(|finalizer| *finalizer != labels::FINALIZER);
            others.cloned().collect()
        };
        self.finalizers(objects, remove, outcome).await;
    }

    async fn finalizers(
        &self,
        objects: &[ObjectRef],
        change: impl Fn(&IntentRecord) -> Vec<String>,
        outcome: &mut Outcome,
    ) {
        // From what is known now, not from the snapshot: another process may have been faster.
        let patched: Vec<(ObjectRef, Value)> = objects
            .iter()
            .filter_map(|object| {
                let (version, record) = self.intent(object)?;
                let wanted = change(&record);
                (wanted != record.finalizers).then(|| (object.clone(), patches::finalizers(version, &wanted)))
            })
            .collect();
        let write = |(object, patch): (ObjectRef, Value)| {
            let api = self.intents(&object);
            async move {
                api.patch(&object.name, &patch_params(), &Patch::Merge(patch))
                    .await
            }
        };
        let done = |(object, _): &(ObjectRef, Value), result: Result<DynamicObject, WriteError>| {
            self.note(
                object.kind.as_str(),
                "finalize",
                &object.to_string(),
                result.as_ref().err(),
            );
            match result {
                Ok(response) => {
                    outcome.writes += 1;
                    self.store.wrote_intent(object, response);
                }
                Err(_) => outcome.failed += 1,
            }
        };
        self.writer.run(&self.gate, patched, write, done).await;
    }

    /// Returns the profiles that are not there afterwards.
    async fn profiles(&self, pools: Vec<&PoolPlan>, outcome: &mut Outcome) -> BTreeMap<String, ApplyError> {
        let api: Api<NodeProfile> = Api::all(self.client.clone());
        let write = |pool: &PoolPlan| {
            let mut profile = NodeProfile::new(&pool.profile_name, pool.profile.clone());
            profile.metadata.labels =
                Some(BTreeMap::from([(labels::POOL.to_owned(), pool.name.to_string())]));
            let api = api.clone();
            async move {
                match api.create(&post_params(), &profile).await {
                    // A response that was lost, or another leader: the same content is as good.
                    Err(kube::Error::Api(status)) if status.is_already_exists() => api
                        .get(profile.metadata.name.as_deref().unwrap_or_default())
                        .await
                        .map(|found| (found, false)),
                    other => other.map(|created| (created, true)),
                }
            }
        };
        let mut missing = BTreeMap::new();
        let done = |pool: &&PoolPlan, result: Result<(NodeProfile, bool), WriteError>| {
            let name = pool.profile_name.as_str();
            self.note("NodeProfile", "create", name, result.as_ref().err());
            let error = match result {
                Ok((found, _)) if found.spec != pool.profile => ApplyError::Clash(name.to_owned()),
                Ok((found, created)) => {
                    outcome.writes += u64::from(created);
                    self.store.wrote_profile(&name.into(), &found);
                    return;
                }
                Err(error) => error.into(),
            };
            outcome.failed += 1;
            missing.insert(name.to_owned(), error);
        };
        self.writer.run(&self.gate, pools, write, done).await;
        missing
    }

    async fn nodes(
        &self,
        plan: &Plan,
        nodes: Vec<&NodeWrite>,
        missing: &BTreeMap<String, ApplyError>,
        outcome: &mut Outcome,
    ) {
        let profile = |node: &NodeWrite| match node.action {
            NodeAction::Detach { .. } => None,
            _ => plan
                .node(&node.name)
                .map(|planned| planned.pool().profile_name.clone()),
        };
        let mut ready = Vec::with_capacity(nodes.len());
        for node in nodes {
            match profile(node).filter(|profile| missing.contains_key(profile)) {
                None => ready.push(node),
                Some(profile) => {
                    let why = missing
                        .get(&profile)
                        .cloned()
                        .unwrap_or(ApplyError::Profile(profile));
                    outcome.pending(node, &why.to_string());
                }
            }
        }
        let api: Api<NodeConfig> = Api::all(self.client.clone());
        let write = |node: &NodeWrite| {
            let (api, node) = (api.clone(), node.clone());
            async move { write_node(&api, plan, &node).await }
        };
        let done = |node: &&NodeWrite, result: Result<NodeConfig, WriteError>| {
            let verb = match node.action {
                NodeAction::Create => "create",
                NodeAction::Update { .. } => "update",
                NodeAction::Detach { .. } => "detach",
            };
            self.note("NodeConfig", verb, &node.name, result.as_ref().err());
            match result {
                Ok(response) => {
                    self.store.wrote_node(&node.name, &response);
                    outcome.written(node);
                }
                Err(error) => outcome.pending(node, &error.to_string()),
            }
        };
        self.writer.run(&self.gate, ready, write, done).await;
    }

    /// Writes the statuses that differ from what is stored; returns those that are stored now.
    pub(crate) async fn statuses(
        &self,
        statuses: BTreeMap<ObjectRef, IntentStatus>,
        outcome: &mut Outcome,
    ) -> BTreeSet<ObjectRef> {
        let mut writes: Vec<(ObjectRef, Value)> = Vec::new();
        for (object, status) in statuses {
            let Some((version, record)) = self.intent(&object) else {
                continue;
            };
            if record.status.as_ref() == Some(&status) {
                continue;
            }
            match patches::status(version, &status) {
                Ok(patch) => writes.push((object, patch)),
                Err(error) => {
                    tracing::error!(%object, %error, "serialising the status");
                    outcome.failed += 1;
                }
            }
        }
        let write = |(object, patch): (ObjectRef, Value)| {
            let api = self.intents(&object);
            async move {
                api.patch_status(&object.name, &patch_params(), &Patch::Merge(patch))
                    .await
            }
        };
        let mut stored = BTreeSet::new();
        let done = |(object, _): &(ObjectRef, Value), result: Result<DynamicObject, WriteError>| {
            self.note(
                object.kind.as_str(),
                "status",
                &object.to_string(),
                result.as_ref().err(),
            );
            match result {
                Ok(response) => {
                    outcome.writes += 1;
                    self.store.wrote_intent(object, response);
                    stored.insert(object.clone());
                }
                Err(_) => outcome.failed += 1,
            }
        };
        self.writer.run(&self.gate, writes, write, done).await;
        stored
    }

    /// Deletes our profiles that no NodeConfig names. Only after a round without a failure: then every NodeConfig that
    /// we wrote is in the cache.
    pub(crate) async fn collect(&self, outcome: &mut Outcome) {
        if !outcome.clean() {
            return;
        }
        let unused = self.unused_profiles();
        let api: Api<NodeProfile> = Api::all(self.client.clone());
        let write = |(name, version, uid): (Arc<str>, u64, String)| {
            let api = api.clone();
            async move {
                let preconditions = Preconditions {
                    resource_version: Some(version.to_string()),
                    uid: Some(uid),
                };
                let parameters = DeleteParams {
                    preconditions: Some(preconditions),
                    ..DeleteParams::default()
                };
                api.delete(&name, &parameters).await.map(|_| ())
            }
        };
        let done = |(name, ..): &(Arc<str>, u64, String), result: Result<(), WriteError>| {
            self.note("NodeProfile", "delete", name, result.as_ref().err());
            match result {
                Ok(()) => {
                    outcome.writes += 1;
                    self.store.removed_profile(name);
                }
                Err(_) => outcome.failed += 1,
            }
        };
        self.writer.run(&self.gate, unused, write, done).await;
    }

    pub(super) fn unused_profiles(&self) -> Vec<(Arc<str>, u64, String)> {
        let state = self.store.lock();
        // A NodeConfig that does not say its profile may mean any of them.
        let Some(used) = state
            .nodes
            .possible()
            .map(|record| record.profile.as_ref())
            .collect()
        else {
            return Vec::new();
        };
        let used: BTreeSet<&Arc<str>> = used;
        state
            .profiles
            .iter()
            .filter(|(name, entry)| entry.record.pool.is_some() && !used.contains(name))
            .map(|(name, entry)| (Arc::clone(name), entry.version, entry.record.uid.clone()))
            .collect()
    }

    fn intent(&self, object: &ObjectRef) -> Option<(u64, Arc<IntentRecord>)> {
        let state = self.store.lock();
        let entry = state.intents.get(&object.kind)?.get(&object.name)?;
        Some((entry.version, Arc::clone(&entry.record)))
    }

    fn intents(&self, object: &ObjectRef) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &watched(object.kind).api_resource())
    }

    fn note(&self, kind: &'static str, verb: &'static str, name: &str, error: Option<&WriteError>) {
        self.metrics
            .write(kind, verb, error.map_or("ok", WriteError::as_str));
        // Not served any more, or a schema that does not know what this binary writes: the CRD may be another.
        if let Some(WriteError::Gone(_) | WriteError::Refused(_)) = error {
            self.doubt.raise();
        }
        match error {
            None => tracing::debug!(kind, verb, name, "written"),
            Some(WriteError::Stopped) => {}
            Some(error @ (WriteError::Conflict(_) | WriteError::Gone(_))) => {
                tracing::debug!(kind, verb, name, %error, "not written");
            }
            Some(error) => tracing::warn!(kind, verb, name, %error, "not written"),
        }
    }
}

async fn write_node(api: &Api<NodeConfig>, plan: &Plan, node: &NodeWrite) -> Result<NodeConfig, kube::Error> {
    let spec = || match plan.node(&node.name) {
        Some(planned) => Ok(planned.spec()),
        None => Err(kube::Error::SerdeError(serde::ser::Error::custom(
            "the node is not in the plan",
        ))),
    };
    let patch = match node.action {
        NodeAction::Create => {
            let metadata = ObjectMeta {
                name: Some(node.name.to_string()),
                labels: Some(BTreeMap::from([(labels::POOL.to_owned(), node.pool.to_string())])),
                ..ObjectMeta::default()
            };
            let object = NodeConfig {
                metadata,
                spec: spec()?,
                status: None,
            };
            return api.create(&post_params(), &object).await;
        }
        NodeAction::Update { version } => {
            patches::update(version, &node.pool, &spec()?).map_err(kube::Error::SerdeError)?
        }
        NodeAction::Detach { version } => patches::detach(version),
    };
    api.patch(&node.name, &patch_params(), &Patch::Merge(patch)).await
}

fn post_params() -> PostParams {
    PostParams {
        field_manager: Some(labels::MANAGER.to_owned()),
        ..PostParams::default()
    }
}

fn patch_params() -> PatchParams {
    PatchParams {
        field_manager: Some(labels::MANAGER.to_owned()),
        ..PatchParams::default()
    }
}
