//! What a saved plan says beside its objects: the intents that it was compiled from, with the place of each, and what its
//! power budgets hold. So waves, domains and cables are known of it, and which fields of the documents changed.
//!
//! Inventories are left out: they are large, and what they did to a node stands in its NodeConfig.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::Name;
use rackwright_manifest::Path;
use rackwright_planner::power::{Budget, Envelope, Level};
use rackwright_planner::{Input, Intent, Kind, ObjectRef};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::diff::edits::Id;
use crate::object::ObjectKind;
use crate::pipeline::{Outcome, intent_of};
use crate::previous::Previous;
use crate::walk::InputError;

/// An intent that a plan was compiled from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SavedIntent {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whether it was on its way out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleting: bool,
    /// The file that it stood in, as the command line named it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The lines of its fields in it, from 1; under an empty path the first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<String, u32>,
    /// What it asks for.
    pub spec: Value,
}

/// The intents of a compile, by kind and name.
pub fn intents(outcome: &Outcome) -> serde_json::Result<Vec<SavedIntent>> {
    let mut documents = BTreeMap::new();
    for object in &outcome.read {
        if let ObjectKind::Input(kind) = object.kind {
            documents.entry((kind, &*object.name)).or_insert(&object.document);
        }
    }
    let mut all = Vec::new();
    for ((kind, name), (deleting, spec)) in specs(&outcome.input)? {
        let (mut file, mut lines) = (String::new(), BTreeMap::new());
        if let Some(document) = documents.get(&(kind, &*name)) {
            outcome.sources.name(document.file).clone_into(&mut file);
            let line = |span| outcome.sources.position(span).line;
            lines.insert(String::new(), line(document.first_key()));
            let text = outcome.sources.text(document.file);
            each(&Path::root().child("spec"), &spec, &mut |path| {
                lines.insert(path.to_string(), line(document.label_span(path, text)));
            });
        }
        all.push(SavedIntent {
            kind: kind.as_str().to_owned(),
            name,
            deleting,
            file,
            lines,
            spec,
        });
    }
    Ok(all)
}

/// Items of a list that have lines of their own. Longer ones are written by programs.
const ITEMS: usize = 1_000;

/// Each field below a path.
fn each(path: &Path, value: &Value, take: &mut impl FnMut(&Path)) {
    take(path);
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| each(&path.child(key), value, take)),
        Value::Array(items) if items.len() <= ITEMS => items
            .iter()
            .enumerate()
            .for_each(|(at, value)| each(&path.index(at), value, take)),
        _ => {}
    }
}

/// Intents by kind and name: whether each is on its way out, and what it asks for.
pub fn specs(input: &Input) -> serde_json::Result<BTreeMap<Id, (bool, Value)>> {
    fn take<S: Serialize>(
        all: &mut BTreeMap<Id, (bool, Value)>,
        kind: Kind,
        intents: &[Intent<S>],
    ) -> serde_json::Result<()> {
        for intent in intents {
            let spec = serde_json::to_value(&intent.spec)?;
            all.insert((kind, intent.name.to_string()), (intent.deleting, spec));
        }
        Ok(())
    }
    let Input {
        superclusters,
        pools,
        fabrics,
        tiers,
        inventories: _,
        previous: _,
    } = input;
    let mut all = BTreeMap::new();
    take(&mut all, Kind::Supercluster, superclusters)?;
    take(&mut all, Kind::GPUPool, pools)?;
    take(&mut all, Kind::InfiniBandFabric, fabrics)?;
    take(&mut all, Kind::StorageTier, tiers)?;
    Ok(all)
}

/// What a saved plan says of itself.
#[derive(Debug)]
pub struct Saved {
    /// The intents; there are no inventories.
    pub input: Input,
    /// What was refused.
    pub refused: BTreeSet<ObjectRef>,
    /// Power budgets and what is drawn of them.
    pub power: Vec<Envelope>,
    /// Nodes by pool.
    pub nodes: BTreeMap<String, u64>,
    /// File and lines of intents.
    pub places: BTreeMap<Id, (String, BTreeMap<String, u32>)>,
}

/// What is read of a saved plan.
#[derive(Deserialize)]
struct Head {
    summary: Summary,
    #[serde(default)]
    intents: Option<Vec<SavedIntent>>,
}

#[derive(Deserialize)]
struct Summary {
    pools: Vec<Pool>,
    #[serde(default)]
    power: Vec<Power>,
    refused: Vec<String>,
}

#[derive(Deserialize)]
struct Pool {
    name: String,
    nodes: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Power {
    supercluster: Name,
    level: String,
    name: Option<Name>,
    draw_watts: u64,
    budget_watts: u64,
    #[serde(default)]
    derating_percent: u8,
    #[serde(default)]
    reserve_watts: u64,
}

impl Saved {
    /// Reads what stands before the objects; none where a plan says nothing of its intents, as JSON lines, the dump of a
    /// cluster, and what earlier releases saved.
    pub fn of(previous: &Previous) -> Result<Option<Self>, InputError> {
        let Some(head) = previous.head()? else {
            return Ok(None);
        };
        let refuse = |why: String| previous.refuse(1, why);
        let Head { summary, intents } =
            serde_json::from_str(&head).map_err(|error| refuse(error.to_string()))?;
        let Some(intents) = intents else {
            return Ok(None);
        };
        let (mut input, mut places) = (Input::default(), BTreeMap::new());
        for mut intent in intents {
            let kind = kind(&intent.kind).filter(|kind| *kind != Kind::NodeInventory);
            let kind = kind.ok_or_else(|| refuse(format!("an intent of kind {}", intent.kind)))?;
            let place = (
                std::mem::take(&mut intent.file),
                std::mem::take(&mut intent.lines),
            );
            places.insert((kind, intent.name.clone()), place);
            let taken = match kind {
                Kind::Supercluster => take(&mut input.superclusters, &intent),
                Kind::GPUPool => take(&mut input.pools, &intent),
                Kind::InfiniBandFabric => take(&mut input.fabrics, &intent),
                Kind::StorageTier => take(&mut input.tiers, &intent),
                Kind::NodeInventory => Ok(()),
            };
            taken.map_err(|why| refuse(format!("{} {}: {why}", intent.kind, intent.name)))?;
        }
        let refused = summary.refused.iter().filter_map(|object| {
            let (of, name) = object.split_once('/')?;
            Some(ObjectRef::new(kind(of)?, name))
        });
        let pools = summary.pools.into_iter();
        Ok(Some(Self {
            input,
            refused: refused.collect(),
            power: summary.power.into_iter().filter_map(Power::envelope).collect(),
            nodes: pools.map(|pool| (pool.name, pool.nodes)).collect(),
            places,
        }))
    }
}

impl Power {
    /// As the compiler has it; none of a level that is not known.
    fn envelope(self) -> Option<Envelope> {
        let level = match (self.level.as_str(), self.name) {
            ("site", _) => Level::Site,
            ("phase", Some(name)) => Level::Phase(name),
            ("location", Some(name)) => Level::Location(name),
            _ => return None,
        };
        let budget = Budget {
            watts: self.budget_watts,
            derating_percent: self.derating_percent,
            reserve: self.reserve_watts,
        };
        Some(Envelope::known(self.supercluster, level, self.draw_watts, budget))
    }
}

fn kind(name: &str) -> Option<Kind> {
    let intents = [
        Kind::Supercluster,
        Kind::GPUPool,
        Kind::InfiniBandFabric,
        Kind::StorageTier,
        Kind::NodeInventory,
    ];
    intents.into_iter().find(|kind| kind.as_str() == name)
}

fn take<S: DeserializeOwned>(list: &mut Vec<Intent<S>>, saved: &SavedIntent) -> Result<(), String> {
    let mut intent = intent_of::<S>(&saved.name, &json!({ "spec": saved.spec }))?;
    intent.deleting = saved.deleting;
    list.push(intent);
    Ok(())
}
