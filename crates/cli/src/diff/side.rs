//! The two sides of a diff: documents in files or in a git revision, a plan that was saved, or a cluster.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rackwright_api::labels::API_VERSION;
use rackwright_planner::PreviousNode;
use serde::Serialize;

use crate::cluster::Cluster;
use crate::inputs::Inputs;
use crate::live::Clusters;
use crate::load::Loaded;
use crate::pipeline::{self, Before, Outcome};
use crate::previous::Previous;
use crate::schemas::OwnSchemas;
use crate::verbs::VerbError;
use crate::walk::{InputError, Walk};

/// What a side is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub enum Source {
    /// Documents, which are compiled.
    Documents,
    /// NodeConfigs and NodeProfiles that were compiled before.
    Plan,
    /// The intents of a cluster, which are compiled after what is written there.
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
    /// Whether it is a revision from before there were any documents.
    pub is_new: bool,
    paths: Vec<PathBuf>,
}

impl Side {
    /// Finds out what a path leads to. `with` is read beside documents.
    pub fn new(path: &Path, with: &[PathBuf], clusters: &Clusters) -> Result<Self, InputError> {
        let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        let cluster = Cluster::at(path, clusters)?;
        let source = match &cluster {
            Some(_) => Source::Cluster,
            None if is_file && is_saved_plan(path).map_err(|error| InputError::io(path, error))? => {
                Source::Plan
            }
            None => Source::Documents,
        };
        let more = with.iter().filter(|_| source != Source::Plan).cloned();
        // A saved cluster is taken apart, and not read as documents are.
        let read = (!cluster.as_ref().is_some_and(Cluster::is_saved)).then(|| path.to_owned());
        Ok(Self {
            name: path.display().to_string(),
            source,
            cluster,
            is_new: false,
            paths: read.into_iter().chain(more).collect(),
        })
    }

    /// A revision that has nothing yet where the other side has its documents.
    pub fn before_all(path: &Path, with: &[PathBuf]) -> Self {
        Self {
            name: path.display().to_string(),
            source: Source::Documents,
            cluster: None,
            is_new: true,
            paths: with.to_vec(),
        }
    }

    /// Whether it is standard input, which can be read once.
    pub fn is_stdin(&self) -> bool {
        self.name == "-"
    }

    /// The path or the revision.
    pub fn path(&self) -> &Path {
        Path::new(&self.name)
    }

    /// What is read of documents.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        self.paths.iter().map(|path| path.display().to_string())
    }

    /// Opens a saved plan.
    pub fn saved(&self) -> Result<Previous, InputError> {
        Previous::read(self.path())
    }

    /// Compiles documents after what hosts have. Of a member cluster that these documents do not name there is no node.
    pub fn compiled(
        &self,
        schemas: &OwnSchemas,
        clusters: &Clusters,
        held: Vec<PreviousNode>,
        before: &Before<'_>,
        cluster: Option<&str>,
    ) -> Result<Outcome, VerbError> {
        let inputs = Inputs::new(&self.paths, clusters);
        let loaded = match self.cluster.as_ref().filter(|cluster| cluster.is_saved()) {
            Some(cluster) => Loaded::walked(cluster.inputs(Walk::new(inputs))?, schemas),
            None if self.is_new => Loaded::walked(Walk::new(inputs), schemas),
            None => Loaded::read(inputs, schemas),
        };
        let mut outcome = pipeline::run_after(schemas, loaded, held, before, cluster)?;
        if outcome.unknown_cluster.is_some() {
            outcome.compilation.keep_none();
        }
        Ok(outcome)
    }
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
