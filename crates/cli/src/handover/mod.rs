//! What a whole plan amounts to for other programs in the cluster: their own objects, as files for kubectl and Helm.
//!
//! The planner says what each program is told; here it gets names, files and an order. Nothing names a namespace: those
//! who apply a file know where its reader runs.

mod gpu_operator;
mod nccl;
mod nodes;
mod schedulers;
mod storage;

use std::collections::BTreeMap;

use rackwright_api::{GPUPoolSpec, Name, StorageTierSpec};
use rackwright_planner::{Intent, PoolPlan, handover};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::SchedulerOptions;
use crate::carried::Carried;
use crate::pipeline::Outcome;
use crate::verbs::VerbError;

/// Everything that is handed over.
pub struct Handover<'a> {
    /// The files, by path. A file may turn out to be empty.
    pub files: Vec<File<'a>>,
    /// What is asked for and stands in no file.
    pub notes: Vec<Note>,
}

/// One file. Its objects are made while it is written: a plan has as many Nodes as nodes.
pub struct File<'a> {
    /// Relative, with slashes.
    pub path: String,
    /// The kind of its objects, or what it is where it holds none.
    pub content: &'static str,
    /// Who reads it.
    pub read_by: &'static str,
    /// How its objects are written.
    pub form: Form,
    /// Its objects.
    pub objects: Objects<'a>,
}

/// Objects, one at a time.
pub type Objects<'a> = Box<dyn Iterator<Item = Result<Value, VerbError>> + 'a>;

/// How the objects of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// YAML documents.
    Yaml,
    /// A text as it is.
    Text,
    /// A line of canonical JSON each, where there is one for each node: kubectl reads that too, and it can be cut.
    Lines,
}

/// Something that is asked for and stands in no file.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Who asks, as `GPUPool/train`.
    pub object: String,
    /// What is missing and what to do about it.
    pub text: String,
}

/// A pool with nodes in the plan.
#[derive(Clone, Copy)]
struct Pool<'a> {
    plan: &'a PoolPlan,
    tiers: &'a BTreeMap<&'a Name, &'a StorageTierSpec>,
    spec: &'a GPUPoolSpec,
}

impl<'a> Pool<'a> {
    /// The tiers that it mounts, or whose devices it gives away.
    fn tiers(self) -> impl Iterator<Item = (&'a Name, &'a StorageTierSpec)> {
        let used = self.spec.storage.iter();
        used.filter_map(move |used| self.tiers.get_key_value(&&used.tier))
            .map(|(name, spec)| (*name, *spec))
    }
}

/// What the files are made of: by name, so that they are the same in whatever order objects were read.
pub struct Parts<'a> {
    pools: BTreeMap<&'a Name, (&'a PoolPlan, &'a GPUPoolSpec)>,
    tiers: BTreeMap<&'a Name, &'a StorageTierSpec>,
    outcome: &'a Outcome,
    carried: &'a Carried,
}

impl<'a> Parts<'a> {
    /// The pools that have nodes in the plan, and all tiers.
    pub fn new(outcome: &'a Outcome, carried: &'a Carried) -> Self {
        let specs: BTreeMap<&Name, &GPUPoolSpec> = by_name(&outcome.input.pools);
        let planned = outcome.compilation.plan.pools().iter();
        let pools = planned
            .filter(|pool| pool.nodes > 0)
            .filter_map(|pool| Some((&pool.name, (pool, *specs.get(&pool.name)?))))
            .collect();
        Self {
            pools,
            tiers: by_name(&outcome.input.tiers),
            outcome,
            carried,
        }
    }

    /// Whether the plan is of the whole site, and what is handed over is not the same everywhere in it.
    fn member_clusters(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        for site in &self.outcome.input.superclusters {
            let members: Vec<&str> = site
                .spec
                .clusters
                .iter()
                .map(|member| member.name.as_str())
                .collect();
            if !members.is_empty() {
                notes.push(Note {
                    object: format!("Supercluster/{}", site.name),
                    text: format!(
                        "has member clusters, and these files are of all of them together; write those of one with --cluster: {}",
                        members.join(", ")
                    ),
                });
            }
        }
        notes
    }

    fn pools(&self) -> impl Iterator<Item = Pool<'_>> {
        self.pools.values().map(|(plan, spec)| Pool {
            plan,
            tiers: &self.tiers,
            spec,
        })
    }

    /// The tiers of pools in the plan, by name.
    fn used_tiers(&self) -> BTreeMap<&Name, &StorageTierSpec> {
        self.pools().flat_map(Pool::tiers).collect()
    }

    /// All files, of the whole plan or of one member cluster's.
    ///
    /// # Errors
    /// Where the options ask for what the input does not have.
    pub fn handover(
        &self,
        member: Option<&str>,
        options: &SchedulerOptions,
    ) -> Result<Handover<'_>, VerbError> {
        let Outcome {
            compilation, input, ..
        } = self.outcome;
        let mut gpus = handover::gpu_operator::gpu_operator(input, compilation);
        gpus.pools.retain(|pool| self.pools.contains_key(&pool.pool));
        let labels = nodes::labels(self, &gpus.pools);
        let mut notes = nodes::taints(self);
        notes.extend(storage::notes(self));
        if member.is_none() {
            notes.extend(self.member_clusters());
        }
        let told = schedulers::told(self, options)?;
        notes.extend(told.notes);
        let mut files = gpu_operator::files(gpus, &mut notes);
        files.extend(told.files);
        files.push(nodes::file(&compilation.plan, self.carried, labels, told.labels));
        files.extend(storage::files(self));
        files.sort_by(|a, b| a.path.cmp(&b.path));
        notes.sort_by(|a, b| (&a.object, &a.text).cmp(&(&b.object, &b.text)));
        Ok(Handover { files, notes })
    }
}

fn by_name<S>(intents: &[Intent<S>]) -> BTreeMap<&Name, &S> {
    intents
        .iter()
        .map(|intent| (&intent.name, &intent.spec))
        .collect()
}

/// A file of YAML documents.
fn yaml<'a>(
    path: impl Into<String>,
    content: &'static str,
    read_by: &'static str,
    objects: impl IntoIterator<Item = Result<Value, VerbError>, IntoIter: 'a>,
) -> File<'a> {
    File {
        path: path.into(),
        content,
        read_by,
        form: Form::Yaml,
        objects: Box::new(objects.into_iter()),
    }
}

/// A file that is a text.
fn text<'a>(path: String, content: &'static str, read_by: &'static str, text: String) -> File<'a> {
    File {
        path,
        content,
        read_by,
        form: Form::Text,
        objects: Box::new(std::iter::once(Ok(Value::String(text)))),
    }
}

/// A ConfigMap with these files.
fn config_map(name: &str, data: &BTreeMap<String, String>) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": data })
}
