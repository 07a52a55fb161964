//! NodeConfigs of an earlier state that the plan does not write: what becomes of them, by the judgement that the operator
//! goes by too; and the profiles that say what they hold: who takes such a node up again must know what is on its devices.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::labels::{API_VERSION, POOL};
use rackwright_api::{GPUPoolSpec, Management};
use rackwright_planner::{Intent, Kind, KnownPool, Standing, Standings, Written};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::pipeline::Outcome;
use crate::previous::{Previous, Unfit};
use crate::walk::InputError;

/// What becomes of the NodeConfigs that stay beside the plan.
#[derive(Debug, Default)]
pub struct Carried {
    /// By node: the NodeConfig as the operator leaves it, but for the grant, which is not the compiler's. Those of other
    /// member clusters are not among them.
    pub objects: BTreeMap<String, Value>,
    /// By name: the NodeProfiles that these objects need and that the plan does not have.
    pub profiles: BTreeMap<String, Value>,
    /// By node, with those of other member clusters.
    fates: BTreeMap<String, Fate>,
}

/// What becomes of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is detached.
    LetGo,
    /// It stays as it is.
    Stays,
    /// The plan has the node in another pool, and its own cannot let go: it stays as it is.
    Blocked {
        /// The pool that plans it.
        by: String,
        /// Its own.
        holder: String,
    },
    /// It is of another member cluster.
    Elsewhere,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default, borrow)]
    labels: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
struct Spec {
    management: Option<Management>,
}

impl Carried {
    /// Judges what an earlier state has, if one is given.
    pub fn new(previous: Option<&Previous>, outcome: &Outcome) -> Result<Self, InputError> {
        let Some(previous) = previous else {
            return Ok(Self::default());
        };
        let plan = &outcome.compilation.plan;
        let standings = standings(outcome);
        let mut before = outcome.input.previous.iter();
        // Mostly the plan writes all that was there.
        if !standings.any_silent() && before.all(|node| plan.node(node.name.as_str()).is_some()) {
            return Ok(Self::default());
        }
        let mut carried = Self::default();
        let mut profiles: BTreeMap<String, &str> = BTreeMap::new();
        for text in previous.objects()? {
            let wrong = |error| previous.refuse_in(text, &Unfit::from(error));
            let object: Object<'_> = serde_json::from_str(text).map_err(wrong)?;
            if object.kind == "NodeProfile" {
                profiles.entry(object.metadata.name.into_owned()).or_insert(text);
                continue;
            }
            if object.kind != "NodeConfig" {
                continue;
            }
            let written = Written {
                name: &object.metadata.name,
                pool: object.metadata.labels.get(POOL).map(|pool| &**pool),
                management: object.spec.management,
            };
            let fate = match standings.of(written) {
                Standing::Planned => continue,
                Standing::LetGo => Fate::LetGo,
                Standing::Detached | Standing::Kept | Standing::Orphan | Standing::NotOurs => Fate::Stays,
                Standing::Elsewhere => Fate::Elsewhere,
                Standing::Blocked { by, holder } => Fate::Blocked {
                    by: by.to_owned(),
                    holder: holder.to_owned(),
                },
            };
            let name = object.metadata.name.into_owned();
            if fate != Fate::Elsewhere {
                let value: Value = serde_json::from_str(text).map_err(wrong)?;
                let left = as_planned(&value, fate == Fate::LetGo);
                carried.objects.entry(name.clone()).or_insert(left);
            }
            carried.fates.entry(name).or_insert(fate);
        }
        for name in carried.needed(outcome) {
            if let Some(text) = profiles.get(&name) {
                let value: Value = serde_json::from_str(text)
                    .map_err(|error| previous.refuse_in(text, &Unfit::from(error)))?;
                carried.profiles.insert(name, as_planned(&value, false));
            }
        }
        Ok(carried)
    }

    /// The profiles that what is carried needs and that the plan does not have.
    fn needed(&self, outcome: &Outcome) -> BTreeSet<String> {
        let named = self
            .objects
            .values()
            .filter_map(|object| object.pointer("/spec/profile"));
        let mut needed: BTreeSet<String> = named.filter_map(Value::as_str).map(str::to_owned).collect();
        for pool in outcome
            .compilation
            .plan
            .pools()
            .iter()
            .filter(|pool| pool.nodes > 0)
        {
            needed.remove(&pool.profile_name);
        }
        needed
    }

    /// What becomes of a node's NodeConfig; none where the plan writes it.
    pub fn fate(&self, node: &str) -> Option<&Fate> {
        self.fates.get(node)
    }

    /// The pool in the label of a node's NodeConfig, where the plan does not write it.
    pub fn holder(&self, node: &str) -> Option<&str> {
        let labels = self.objects.get(node)?.pointer("/metadata/labels")?;
        labels.get(POOL)?.as_str()
    }

    /// Whether the plan's node keeps an earlier NodeConfig.
    pub fn is_blocked(&self, node: &str) -> bool {
        matches!(self.fate(node), Some(Fate::Blocked { .. }))
    }

    /// The nodes that are blocked, by the pool that plans them and the one that has them.
    pub fn blocked(&self) -> BTreeMap<(&str, &str), Vec<&str>> {
        let mut blocked: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for (node, fate) in &self.fates {
            if let Fate::Blocked { by, holder } = fate {
                blocked.entry((by, holder)).or_default().push(node);
            }
        }
        blocked
    }
}

/// Who speaks for NodeConfigs, from what was read. A pool that was refused before the compiler saw it is there too.
pub fn standings(outcome: &Outcome) -> Standings<'_> {
    let refused = outcome
        .refused
        .iter()
        .filter(|object| object.kind == Kind::GPUPool);
    let refused = refused.map(|pool| (pool.name.as_str(), KnownPool::default()));
    let read = outcome.input.pools.iter().map(known);
    let inventories = outcome.input.inventories.iter();
    let inventories = inventories.map(|found| found.name.as_str());
    Standings::new(&outcome.compilation, refused.chain(read), inventories)
}

/// A pool that was read.
pub fn known(pool: &Intent<GPUPoolSpec>) -> (&str, KnownPool) {
    let known = KnownPool {
        deleting: pool.deleting,
        by_labels: pool.spec.nodes.selector.is_some(),
    };
    (pool.name.as_str(), known)
}

/// An object as plans hold it: what the API server adds to one is left out.
fn as_planned(object: &Value, detach: bool) -> Value {
    let pick = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    let mut metadata = Map::from_iter([("name".to_owned(), pick("/metadata/name"))]);
    let label = pick(&format!("/metadata/labels/{}", POOL.replace('/', "~1")));
    if !label.is_null() {
        metadata.insert("labels".to_owned(), json!({ POOL: label }));
    }
    let mut spec = pick("/spec");
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("grant");
        if detach {
            spec.insert("management".to_owned(), json!(Management::Detached));
        }
    }
    json!({
        "apiVersion": API_VERSION,
        "kind": pick("/kind"),
        "metadata": metadata,
        "spec": spec,
    })
}
