//! One NodeConfig: its chain, and what it says itself of where that breaks.

use std::collections::BTreeMap;

use rackwright_api::labels::{MANAGER, POOL};
use rackwright_api::status::conditions;
use rackwright_api::{ConditionStatus, NodeConfigSpec, NodeConfigStatus};
use rackwright_planner::drift::{Break, Chain, Judge, Judged, Status, StoredConfig};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A node whose chain does not hold everywhere.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The pool that plans it, or that its NodeConfig is labelled with.
    pub pool: Option<String>,
    /// Its rack.
    pub rack: Option<String>,
    /// Its chain.
    pub chain: Chain,
    /// What is said of each break.
    pub notes: Vec<(Break, Note)>,
    /// Who wrote fields of the spec beside the operator, where the object says so.
    pub writers: Vec<String>,
}

/// One thing that is said of a break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The field that it is about; empty where it is about none.
    pub path: String,
    /// What is said.
    pub message: String,
}

impl Note {
    fn plain(message: String) -> Self {
        Self {
            path: String::new(),
            message,
        }
    }
}

/// What came of one NodeConfig.
#[derive(Debug)]
pub enum Read {
    /// Every link holds.
    Holds(String),
    /// Not every one.
    Row(Box<Row>),
    /// It was let go.
    Detached(String),
    /// It is of another member cluster.
    Elsewhere(String),
}

/// The parts of a NodeConfig that are looked at.
#[derive(Deserialize)]
pub struct Config<'a> {
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
    pub spec: NodeConfigSpec,
    #[serde(default)]
    pub status: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    pub name: String,
    pub generation: Option<i64>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(borrow, default)]
    pub managed_fields: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Managed {
    #[serde(default)]
    manager: String,
    #[serde(default)]
    subresource: String,
    #[serde(default)]
    fields_v1: Value,
}

/// Reads one NodeConfig and judges it.
pub fn read(judge: &Judge<'_>, text: &str) -> Result<Read, serde_json::Error> {
    let Config {
        metadata,
        spec,
        status,
    } = serde_json::from_str(text)?;
    let status = Status::read(status.as_ref());
    let config = StoredConfig {
        name: &metadata.name,
        generation: metadata.generation,
        pool: metadata.labels.get(POOL).map(String::as_str),
        spec: &spec,
        status: &status,
    };
    let chain = match judge.judge(&config) {
        Judged::Chain(chain) => chain,
        Judged::Detached => return Ok(Read::Detached(metadata.name)),
        Judged::Elsewhere => return Ok(Read::Elsewhere(metadata.name)),
    };
    if chain.breaks().next().is_none() {
        return Ok(Read::Holds(metadata.name));
    }
    let notes = chain.breaks().flat_map(|what| {
        let notes = notes(what, &config);
        notes.into_iter().map(move |note| (what, note))
    });
    let planned = judge.planned_pool(&metadata.name).map(str::to_owned);
    Ok(Read::Row(Box::new(Row {
        notes: notes.collect(),
        pool: planned.or_else(|| metadata.labels.get(POOL).cloned()),
        rack: spec.facts.rack.map(|rack| rack.to_string()),
        chain,
        writers: writers(metadata.managed_fields),
        name: metadata.name,
    })))
}

/// What a NodeConfig says of a break.
fn notes(what: Break, config: &StoredConfig<'_>) -> Vec<Note> {
    let Status::Said(said) = config.status else {
        return match (what, config.status) {
            (Break::UnreadableStatus, Status::Unreadable(why)) => vec![Note::plain(why.clone())],
            _ => Vec::new(),
        };
    };
    match what {
        Break::OtherGeneration => {
            let seen = said.observed_generation;
            let stored = config
                .generation
                .map_or_else(|| "unknown".to_owned(), |stored| stored.to_string());
            vec![Note::plain(format!(
                "it speaks of generation {seen}, stored is {stored}"
            ))]
        }
        Break::Granted | Break::OtherGrant => {
            let grant = config.spec.grant.as_ref();
            grant
                .map(|grant| Note::plain(format!("in wave {}", grant.wave)))
                .into_iter()
                .collect()
        }
        Break::Applying | Break::RolledBack | Break::Failed | Break::Contradicts | Break::NoGrant => {
            let mut notes = troubles(said);
            notes.extend(differences(said).filter(|_| what != Break::NoGrant));
            notes
        }
        Break::ChangedOnHost => {
            let notes: Vec<Note> = differences(said).collect();
            if !notes.is_empty() {
                return notes;
            }
            let short = |at: &Option<rackwright_api::At>| {
                at.as_ref()
                    .map_or_else(String::new, |at| at.hash.as_str().to_owned())
            };
            let (applied, observed) = (short(&said.applied), short(&said.observed));
            vec![Note::plain(format!(
                "hash {applied} was applied, and {observed} was seen"
            ))]
        }
        Break::NotWritten
        | Break::Behind
        | Break::Edited
        | Break::NoProfile
        | Break::EditedProfile
        | Break::NotLetGo
        | Break::Kept
        | Break::Blocked
        | Break::Orphan
        | Break::NoPool
        | Break::NeverReported
        | Break::UnreadableStatus => Vec::new(),
    }
}

fn differences(said: &NodeConfigStatus) -> impl Iterator<Item = Note> + '_ {
    said.differences.iter().map(|difference| Note {
        path: difference.path.clone(),
        message: difference.message.clone(),
    })
}

/// The conditions that say that something is wrong.
fn troubles(said: &NodeConfigStatus) -> Vec<Note> {
    let wrong = |type_: &str| match type_ {
        conditions::READY => ConditionStatus::False,
        _ => ConditionStatus::True,
    };
    let troubles = said.conditions.iter().filter(|condition| {
        let ours = [conditions::READY, conditions::STALLED].contains(&condition.type_.as_str());
        ours && condition.status == wrong(&condition.type_)
    });
    let mut notes: Vec<Note> = troubles
        .map(|condition| Note::plain(format!("{}: {}", condition.reason, condition.message)))
        .collect();
    notes.dedup();
    notes
}

/// Who wrote fields of the spec beside the operator, each once.
fn writers(managed: Option<&RawValue>) -> Vec<String> {
    let read = managed.map(|managed| serde_json::from_str::<Vec<Managed>>(managed.get()));
    let entries = read.and_then(Result::ok).unwrap_or_default().into_iter();
    let others = entries.filter(|entry| {
        entry.manager != MANAGER && entry.subresource.is_empty() && entry.fields_v1.get("f:spec").is_some()
    });
    let mut writers: Vec<String> = others.map(written_by).collect();
    writers.sort();
    writers.dedup();
    writers
}

/// A manager and the fields directly below the spec that are its.
fn written_by(entry: Managed) -> String {
    let spec = entry.fields_v1.get("f:spec").and_then(Value::as_object);
    let fields = spec.into_iter().flat_map(|spec| spec.keys());
    let mut fields: Vec<String> = fields
        .filter_map(|key| Some(format!("spec.{}", key.strip_prefix("f:")?)))
        .collect();
    fields.sort();
    if fields.is_empty() {
        return entry.manager;
    }
    format!("{} ({})", entry.manager, fields.join(", "))
}
