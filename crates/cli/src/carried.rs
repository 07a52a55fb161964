//! Nodes of an earlier plan that no pool holds any more, as the operator leaves them: detached, with all that they hold,
//! and the profiles that say what that is: who takes such a node up again must know what its devices hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rackwright_api::Management;
use rackwright_api::labels::{API_VERSION, POOL};
use rackwright_planner::{Kind, ObjectRef};
use serde_json::{Map, Value, json};

use crate::pipeline::Outcome;
use crate::previous;
use crate::walk::InputError;

/// What is carried on, each sort by name.
#[derive(Debug, Default)]
pub struct Carried {
    /// NodeProfiles of these nodes that the plan does not have.
    pub profiles: BTreeMap<String, Value>,
    /// NodeConfigs, as the operator leaves them but for the grant, which is not the compiler's.
    pub nodes: BTreeMap<String, Value>,
}

/// Which pools let a node go. One that is refused, or whose document may stand in a file that cannot be read, does not;
/// nor does one that selects by labels while the node's inventory is missing: that is no evidence that its labels
/// changed.
struct Pools<'a> {
    outcome: &'a Outcome,
    by_labels: BTreeSet<&'a str>,
    inventories: BTreeSet<&'a str>,
}

impl<'a> Pools<'a> {
    fn new(outcome: &'a Outcome) -> Self {
        let selecting = (outcome.input.pools.iter()).filter(|pool| pool.spec.nodes.selector.is_some());
        let inventories = outcome.input.inventories.iter();
        Self {
            outcome,
            by_labels: selecting.map(|pool| pool.name.as_str()).collect(),
            inventories: inventories.map(|found| found.name.as_str()).collect(),
        }
    }

    fn let_go(&self, pool: &str, node: &str) -> bool {
        let mut read = self.outcome.input.pools.iter();
        let Some(intent) = read.find(|known| known.name.as_str() == pool) else {
            return !self.outcome.broken && !self.refused(pool);
        };
        let blind = self.by_labels.contains(pool) && !self.inventories.contains(node);
        intent.deleting || !(self.refused(pool) || blind)
    }

    fn refused(&self, pool: &str) -> bool {
        let object = ObjectRef::new(Kind::GPUPool, pool);
        self.outcome.refused.contains(&object)
    }
}

/// The nodes of an earlier plan that this one does not hold.
///
/// # Errors
///
/// If the file cannot be read again.
pub fn read(path: &Path, outcome: &Outcome) -> Result<Carried, InputError> {
    let plan = &outcome.compilation.plan;
    let mut before = outcome.input.previous.iter();
    let mut carried = Carried::default();
    // Most plans hold all that was there; then the file is not looked at again.
    if before.all(|node| plan.node(node.name.as_str()).is_some()) {
        return Ok(carried);
    }
    let pools = Pools::new(outcome);
    let mut needed = BTreeSet::new();
    previous::each_object(path, |mut object| {
        let name = text(&object, "/metadata/name");
        let pool = text(&object, &format!("/metadata/labels/{}", POOL.replace('/', "~1")));
        let mut spec = object.get_mut("spec").map(Value::take).unwrap_or_default();
        if object["kind"] == "NodeProfile" {
            let profile = written("NodeProfile", &name, &pool, &spec);
            carried.profiles.entry(name).or_insert(profile);
            return;
        }
        if plan.node(&name).is_some() {
            return;
        }
        needed.insert(text(&spec, "/profile"));
        if let Some(spec) = spec.as_object_mut() {
            spec.remove("grant");
            if pools.let_go(&pool, &name) {
                spec.insert("management".to_owned(), json!(Management::Detached));
            }
        }
        let config = written("NodeConfig", &name, &pool, &spec);
        carried.nodes.entry(name).or_insert(config);
    })?;
    for pool in plan.pools().iter().filter(|pool| pool.nodes > 0) {
        needed.remove(&pool.profile_name);
    }
    carried.profiles.retain(|name, _| needed.contains(name));
    Ok(carried)
}

fn text(object: &Value, pointer: &str) -> String {
    let text = object.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// An object as plans hold it: what the API server adds to one is left out.
fn written(kind: &str, name: &str, pool: &str, spec: &Value) -> Value {
    let mut metadata = Map::from_iter([("name".to_owned(), name.into())]);
    if !pool.is_empty() {
        metadata.insert("labels".to_owned(), json!({ POOL: pool }));
    }
    json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    })
}
