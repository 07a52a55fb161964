//! The two sides of a diff: documents in files or in a git revision, a plan that was saved, or a cluster that was.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rackwright_api::labels::API_VERSION;
use rackwright_planner::PreviousNode;
use serde::Serialize;

use crate::cluster::Cluster;
use crate::load::Loaded;
use crate::pipeline::{self, Earlier, Outcome};
use crate::plan_objects::{profile, write_node};
use crate::previous::Previous;
use crate::schemas::OwnSchemas;
use crate::verbs::VerbError;
use crate::walk::InputError;

/// What a side is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub enum Source {
    /// Documents, which are compiled.
    Documents,
    /// NodeConfigs and NodeProfiles that were compiled before.
    Plan,
    /// A cluster: its intents, which are compiled, and what is written and reported there.
    Cluster,
}

/// One side, as the command line names it.
#[derive(Debug)]
pub struct Side {
    /// The path or the revision.
    pub name: String,
    /// What it is read from.
    pub source: Source,
    /// The cluster that it is, if it is one.
    pub cluster: Option<Cluster>,
    paths: Vec<PathBuf>,
}

impl Side {
    /// Finds out what a path leads to. `with` is read beside documents.
    pub fn new(path: &Path, with: &[PathBuf]) -> Result<Self, InputError> {
        let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        let cluster = if is_file { Cluster::read(path)? } else { None };
        let source = match &cluster {
            Some(_) => Source::Cluster,
            None if is_file && is_saved_plan(path).map_err(|error| InputError::io(path, error))? => {
                Source::Plan
            }
            None => Source::Documents,
        };
        let more = with.iter().filter(|_| source == Source::Documents).cloned();
        Ok(Self {
            name: path.display().to_string(),
            source,
            cluster,
            paths: std::iter::once(path.to_owned()).chain(more).collect(),
        })
    }

    /// Whether it is standard input, which can be read once.
    pub fn is_stdin(&self) -> bool {
        self.name == "-"
    }

    /// Opens a saved plan.
    pub fn saved(&self) -> Result<Previous, InputError> {
        Previous::read(Path::new(&self.name))
    }

    /// Compiles documents that nothing comes before, or a cluster's intents after what is written there.
    pub fn compiled(&self, schemas: &OwnSchemas) -> Result<Outcome, VerbError> {
        let held = self.cluster.as_ref().map(Cluster::nodes).transpose()?;
        self.compiled_after(schemas, held.unwrap_or_default(), Earlier::default())
    }

    /// Compiles documents after what hosts have.
    pub fn compiled_after(
        &self,
        schemas: &OwnSchemas,
        held: Vec<PreviousNode>,
        before: Earlier<'_>,
    ) -> Result<Outcome, VerbError> {
        let loaded = match &self.cluster {
            Some(cluster) => Loaded::walked(cluster.inputs()?, schemas),
            None => Loaded::read(&self.paths, schemas),
        };
        Ok(pipeline::run_after(schemas, loaded, held, before)?)
    }
}

/// A compiled plan as the state that comes before another.
pub fn written(name: &str, outcome: &Outcome) -> Result<Previous, VerbError> {
    let plan = &outcome.compilation.plan;
    let mut text = Vec::new();
    for pool in plan.pools().iter().filter(|pool| pool.nodes > 0) {
        serde_json::to_writer(&mut text, &profile(pool))?;
        text.push(b'\n');
    }
    for node in plan.nodes() {
        write_node(node, &mut text);
        text.push(b'\n');
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(Previous::of_lines(name.to_owned(), text))
}

/// Bytes in which the first object shows.
const HEAD: u64 = 4096;

/// Whether a file is a saved plan, and not documents: by its first object.
pub fn is_saved_plan(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    let compact: Vec<u8> = head
        .into_iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let starts = |text: &str| compact.starts_with(text.as_bytes());
    let kind = |kind: &str| {
        let object = format!("{{\"apiVersion\":\"{API_VERSION}\",\"kind\":\"{kind}\"");
        starts(&object) || starts(&format!("{{\"apiVersion\":\"v1\",\"items\":[{object}"))
    };
    Ok(starts("{\"formatVersion\":") || kind("NodeProfile") || kind("NodeConfig"))
}
