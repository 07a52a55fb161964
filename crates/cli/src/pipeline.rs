//! From paths to a plan and to everything that is wrong: what `validate` and `plan` share.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::labels::IGNORE_ANNOTATION;
use rackwright_api::{GPUPoolSpec, Name, NodeName};
use rackwright_manifest::schema::SchemaError;
use rackwright_manifest::{Diagnostic, Document, Severity, Sources, diagnostic};
use rackwright_planner::{
    Compilation, CompileError, Finding, Input, Intent, Inventory, Kind, ObjectRef, PreviousNode,
    UnknownCluster, check, compile, rules,
};
use serde::de::DeserializeOwned;

use crate::findings::{self, Documents};
use crate::inputs::Inputs;
use crate::jsonl;
use crate::load::{LineFile, Loaded, Object};
use crate::object::ObjectKind;
use crate::progress;
use crate::rules::UNREADABLE_OBJECT;
use crate::schemas::OwnSchemas;
use crate::summary::count;
use crate::walk::InputError;

/// A warning that is not told, and why.
#[derive(Debug)]
pub struct Ignored {
    /// The warning.
    pub finding: Diagnostic,
    /// What its author wrote.
    pub reason: String,
}

/// What came of a set of paths.
#[derive(Debug)]
pub struct Outcome {
    /// The files that findings point into.
    pub sources: Sources,
    /// All findings of all layers, in reading order.
    pub diagnostics: Vec<Diagnostic>,
    /// Warnings that the objects that they are about ignore, with the reasons, in reading order.
    pub ignored: Vec<Ignored>,
    /// How many findings a baseline knows; they are no longer among the others.
    pub known: usize,
    /// How many objects of ours were read.
    pub objects: usize,
    /// How many objects of others were skipped, by kind.
    pub skipped: BTreeMap<String, usize>,
    /// How many objects of others were judged by schemas that were given, by kind.
    pub checked: BTreeMap<String, usize>,
    /// What was read, by name.
    pub files: Vec<String>,
    /// Those of them that are no files where the program was run: standard input, git revisions, what was rendered.
    pub elsewhere: BTreeSet<String>,
    /// Inputs that could not be read.
    pub errors: Vec<InputError>,
    /// Whether a file could not be read to its end: what it held is not known.
    pub broken: bool,
    /// What was compiled.
    pub input: Input,
    /// The plan of what was accepted.
    pub compilation: Compilation,
    /// Objects that are refused: by their own mistakes, by the compiler, or for standing twice.
    pub refused: BTreeSet<ObjectRef>,
    /// What plan-check objects to. Not the user's mistake.
    pub violations: Vec<String>,
    /// Our objects with positions, for who wants to say where something stands.
    pub read: Vec<Object>,
    /// Files of JSON lines, whose objects have no positions but their lines.
    pub line_files: Vec<LineFile>,
    /// The member cluster that was asked for is not there; then the plan is that of all.
    pub unknown_cluster: Option<UnknownCluster>,
}

impl Outcome {
    /// How many findings are errors, and how many are warnings.
    pub fn tally(&self) -> (usize, usize) {
        let errors = self
            .diagnostics
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count();
        (errors, self.diagnostics.len() - errors)
    }
}

/// A mistake of the program itself.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The schemas that it carries.
    #[error("the schemas of this program are at fault: {0}")]
    Schema(#[from] SchemaError),
    /// The compiler.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The partitions of a subnet.
    #[error("the partitions do not pass their own check, which is a mistake of this program: {0}")]
    Partitions(String),
}

/// Reads, checks and compiles.
pub fn run<'a>(inputs: impl Into<Inputs<'a>>, previous: Vec<PreviousNode>) -> Result<Outcome, ToolError> {
    run_with(&OwnSchemas::default(), inputs, previous)
}

/// What an earlier state has beside nodes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before<'a> {
    /// Its pools: those that are not read now are ordered away.
    pub pools: &'a [Intent<GPUPoolSpec>],
    /// Inventories that stay in the cluster, where no other of the same node is read.
    pub inventories: &'a [Inventory],
}

impl Before<'_> {
    fn left(&self, input: &Input) -> Vec<Inventory> {
        if self.inventories.is_empty() {
            return Vec::new();
        }
        let read: BTreeSet<&NodeName> = input.inventories.iter().map(|found| &found.name).collect();
        let left = self
            .inventories
            .iter()
            .filter(|found| !read.contains(&found.name));
        left.cloned().collect()
    }
}

/// As [`run_member`], of what was read already. Pools of an earlier state that it does not hold are ordered away: who takes a pool out of a
/// repository deletes it from the cluster.
pub fn run_after(
    schemas: &OwnSchemas,
    loaded: Loaded,
    previous: Vec<PreviousNode>,
    before: &Before<'_>,
    cluster: Option<&str>,
) -> Result<Outcome, ToolError> {
    compiled(schemas, loaded, previous, cluster, before)
}

/// As [`run`], and leaves the part of one member cluster.
pub fn run_member<'a>(
    inputs: impl Into<Inputs<'a>>,
    previous: Vec<PreviousNode>,
    cluster: Option<&str>,
) -> Result<Outcome, ToolError> {
    let schemas = OwnSchemas::default();
    compiled(
        &schemas,
        Loaded::read(inputs, &schemas),
        previous,
        cluster,
        &Before::default(),
    )
}

/// As [`run`], with schemas that serve many runs.
pub fn run_with<'a>(
    schemas: &OwnSchemas,
    inputs: impl Into<Inputs<'a>>,
    previous: Vec<PreviousNode>,
) -> Result<Outcome, ToolError> {
    compiled(
        schemas,
        Loaded::read(inputs, schemas),
        previous,
        None,
        &Before::default(),
    )
}

/// As [`run`], of what was read already.
pub fn run_loaded(schemas: &OwnSchemas, loaded: Loaded) -> Result<Outcome, ToolError> {
    compiled(schemas, loaded, Vec::new(), None, &Before::default())
}

fn compiled(
    schemas: &OwnSchemas,
    mut loaded: Loaded,
    previous: Vec<PreviousNode>,
    cluster: Option<&str>,
    before: &Before<'_>,
) -> Result<Outcome, ToolError> {
    if let Some(error) = schemas.error() {
        return Err(error.clone().into());
    }
    let mut input = Input {
        previous,
        ..input(&mut loaded, schemas)
    };
    input.inventories.extend(before.left(&input));
    let gone = gone(&loaded, before.pools);
    let named: BTreeSet<ObjectRef> = gone.iter().map(pool_of).collect();
    input.pools.extend(gone);
    let phase = progress::phase(|| "compiling".to_owned());
    let mut compilation = compile(&input)?;
    drop(phase);
    // What goes may refer to what goes with it.
    compilation.refused.retain(|object| !named.contains(object));
    compilation.findings.retain(|finding| {
        let mut refused = finding.parties.iter().filter(|party| party.refused).peekable();
        refused.peek().is_none() || refused.any(|party| !named.contains(&party.object))
    });
    let phase = progress::phase(|| format!("checking {}", count(compilation.plan.nodes().len(), "node")));
    let violations = check(&input, &compilation.plan)
        .iter()
        .map(ToString::to_string)
        .collect();
    drop(phase);
    let unknown_cluster = cluster.and_then(|name| compilation.keep_member(name).err());
    let positions = positions(&mut loaded, &compilation);
    let mut documents = documents(&loaded);
    documents.extend(
        positions
            .iter()
            .map(|(object, document)| (object.clone(), document)),
    );
    let mut diagnostics: Vec<Diagnostic> = telling(&compilation.findings, &loaded, &documents)
        .into_iter()
        .map(|finding| findings::to_diagnostic(finding, &documents, &loaded.sources))
        .collect();
    let mut ignored: Vec<Ignored> = (compilation.ignored.iter())
        .map(|ignored| Ignored {
            finding: findings::to_diagnostic(&ignored.finding, &documents, &loaded.sources),
            reason: ignored.reason.clone(),
        })
        .collect();
    ignored.sort_by_key(|ignored| ignored.finding.primary());
    diagnostics.append(&mut loaded.diagnostics);
    diagnostic::sort(&mut diagnostics, &loaded.sources);
    let mut refused = compilation.refused.clone();
    refused.extend(loaded.refused.iter().filter_map(|(kind, name)| match kind {
        ObjectKind::Input(kind) => Some(ObjectRef::new(*kind, name)),
        ObjectKind::NodeProfile | ObjectKind::NodeConfig => None,
    }));
    Ok(Outcome {
        objects: loaded.count,
        diagnostics,
        ignored,
        known: 0,
        skipped: loaded.skipped,
        checked: loaded.checked,
        files: loaded.files,
        elsewhere: loaded.elsewhere,
        errors: loaded.errors,
        broken: !loaded.broken.is_empty(),
        input,
        compilation,
        refused,
        violations,
        unknown_cluster,
        read: loaded.objects,
        line_files: loaded.line_files,
        sources: loaded.sources,
    })
}

/// Pools that were there before and are not read now, on their way out.
fn gone(loaded: &Loaded, before: &[Intent<GPUPoolSpec>]) -> Vec<Intent<GPUPoolSpec>> {
    // What a file that cannot be read holds is not known.
    if !loaded.broken.is_empty() || !loaded.errors.is_empty() {
        return Vec::new();
    }
    let pools = loaded.objects.iter();
    let pools = pools.filter(|object| object.kind == ObjectKind::Input(Kind::GPUPool));
    let read: BTreeSet<&str> = pools.map(|pool| pool.name.as_str()).collect();
    let gone = before.iter().filter(|pool| !read.contains(pool.name.as_str()));
    let deleted = gone.map(|pool| Intent {
        deleting: true,
        ..pool.clone()
    });
    deleted.collect()
}

/// A pool as findings name it.
pub fn pool_of(pool: &Intent<GPUPoolSpec>) -> ObjectRef {
    ObjectRef::new(Kind::GPUPool, pool.name.as_str())
}

/// The objects without an error, as the compiler's types.
fn input(loaded: &mut Loaded, schemas: &OwnSchemas) -> Input {
    let mut input = Input::default();
    let mut unreadable = Vec::new();
    for (at, object) in loaded
        .objects
        .iter()
        .enumerate()
        .filter(|(_, object)| !object.refused)
    {
        let ObjectKind::Input(kind) = object.kind else {
            continue;
        };
        let taken = match kind {
            Kind::Supercluster => intent(object, schemas).map(|intent| input.superclusters.push(intent)),
            Kind::GPUPool => intent(object, schemas).map(|intent| input.pools.push(intent)),
            Kind::InfiniBandFabric => intent(object, schemas).map(|intent| input.fabrics.push(intent)),
            Kind::StorageTier => intent(object, schemas).map(|intent| input.tiers.push(intent)),
            Kind::NodeInventory => {
                inventory(object, schemas).map(|inventory| input.inventories.push(inventory))
            }
        };
        if let Err(why) = taken {
            unreadable.push((at, why));
        }
    }
    for (at, why) in unreadable {
        let object = &mut loaded.objects[at];
        object.refused = true;
        loaded.refused.insert((object.kind, object.name.clone()));
        let finding = Diagnostic::error(UNREADABLE_OBJECT.code(), why)
            .label(object.document.first_key(), "in this object")
            .help("the API server takes this object; the operator could not read it");
        loaded.diagnostics.push(Diagnostic {
            object: object.document.object(),
            ..finding
        });
    }
    let lines = loaded.line_files.iter().map(|file| file.lines.len());
    input.inventories.reserve(lines.sum());
    for line in loaded.line_files.iter_mut().flat_map(|file| &mut file.lines) {
        input.inventories.extend(line.inventory.take());
    }
    input
}

/// An object as the server stores it: a field that is `null` is a field that is not there.
pub fn stored<'a>(object: &'a Object, schemas: &OwnSchemas) -> Cow<'a, serde_json::Value> {
    let document = &object.document;
    match schemas.get(object.kind) {
        Some(schema) => schema.without_nulls(&document.value),
        None => Cow::Borrowed(&document.value),
    }
}

fn intent<S: DeserializeOwned>(object: &Object, schemas: &OwnSchemas) -> Result<Intent<S>, String> {
    intent_of(&object.name, &stored(object, schemas))
}

/// An object as the compiler's type; why not, where a number is too large for it.
pub fn intent_of<S: DeserializeOwned>(name: &str, value: &serde_json::Value) -> Result<Intent<S>, String> {
    let name = Name::new(name).map_err(|error| error.to_string())?;
    let spec = value.get("spec").unwrap_or(&serde_json::Value::Null);
    let spec = S::deserialize(spec).map_err(|error| error.to_string())?;
    let deleting = value
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(|time| !time.is_null());
    let ignore = (value.pointer("/metadata/annotations"))
        .and_then(|annotations| annotations.get(IGNORE_ANNOTATION)?.as_str())
        .map(Into::into);
    Ok(Intent {
        name,
        deleting,
        ignore,
        spec,
    })
}

fn inventory(object: &Object, schemas: &OwnSchemas) -> Result<Inventory, String> {
    jsonl::inventory(&stored(object, schemas)).ok_or_else(|| {
        "a number is too large for its field, or a text has another form than its field demands".to_owned()
    })
}

/// The documents of our objects, by object. Of those that stand twice, the first.
fn documents(loaded: &Loaded) -> Documents<'_> {
    let mut documents = Documents::new();
    for object in &loaded.objects {
        if let ObjectKind::Input(kind) = object.kind {
            documents
                .entry(ObjectRef::new(kind, &object.name))
                .or_insert(&object.document);
        }
    }
    documents
}

/// Reads again, with positions, the lines that findings are about.
fn positions(loaded: &mut Loaded, compilation: &Compilation) -> BTreeMap<ObjectRef, Document> {
    let parties = compilation.findings.iter().flat_map(|finding| &finding.parties);
    let wanted: BTreeSet<&str> = parties
        .filter(|party| party.object.kind == Kind::NodeInventory)
        .map(|party| party.object.name.as_str())
        .collect();
    let mut found = BTreeMap::new();
    if wanted.is_empty() {
        return found;
    }
    for file in 0..loaded.line_files.len() {
        let lines = loaded.line_files[file].lines.iter();
        let numbers = lines
            .filter(|line| {
                line.kind == ObjectKind::Input(Kind::NodeInventory) && wanted.contains(&*line.name)
            })
            .map(|line| line.number)
            .collect();
        for document in loaded.positions(file, &numbers).into_values() {
            if let Some(name) = document.name() {
                found.insert(ObjectRef::new(Kind::NodeInventory, name), document);
            }
        }
    }
    found
}

/// The findings that tell the user something new: not that a reference is missing to what was read and refused, or to
/// what may stand in a document that could not be read, nor what follows from that alone.
fn telling<'a>(findings: &'a [Finding], loaded: &Loaded, documents: &Documents<'_>) -> Vec<&'a Finding> {
    let target = |finding: &Finding| {
        finding
            .parties
            .first()
            .and_then(|party| findings::target(party, documents))
    };
    let known = |(kind, name): (Kind, String)| {
        let in_broken_file = || {
            loaded
                .broken
                .iter()
                .any(|file| loaded.sources.text(*file).contains(&name))
        };
        loaded.refused.contains(&(ObjectKind::Input(kind), name.clone())) || in_broken_file()
    };
    let follows = |finding: &&Finding| finding.rule.code == rules::depends_on_refused::RULE.code;
    let mut told: Vec<&Finding> = findings
        .iter()
        .filter(|finding| !follows(finding))
        .filter(|finding| {
            finding.rule.code != rules::missing_reference::RULE.code || !target(finding).is_some_and(known)
        })
        .collect();
    let mut reasons: BTreeSet<ObjectRef> = BTreeSet::new();
    let errors = |findings: &[&Finding]| -> Vec<ObjectRef> {
        let errors = findings.iter().filter(|finding| finding.is_error());
        errors
            .flat_map(|finding| &finding.parties)
            .filter(|party| party.refused)
            .map(|party| party.object.clone())
            .collect()
    };
    reasons.extend(errors(&told));
    // Twice: fabrics and tiers follow from sites, pools from fabrics and tiers.
    let mut rest: Vec<&Finding> = findings.iter().filter(follows).collect();
    for _ in 0..2 {
        let (more, other): (Vec<_>, Vec<_>) = rest.into_iter().partition(|finding| {
            target(finding).is_none_or(|(kind, name)| reasons.contains(&ObjectRef::new(kind, name)))
        });
        reasons.extend(errors(&more));
        told.extend(more);
        rest = other;
    }
    told
}
