//! A cluster, live or as it was saved: what `kubectl get` printed as JSON of its intents and of what is written for them, in one
//! list. Its intents are documents, its NodeConfigs and NodeProfiles an earlier state, and the statuses of both say how far the one
//! has become the other.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rackwright_planner::{Inventory, Kind, PreviousNode};
use rayon::prelude::*;
use serde::Deserialize;

use crate::git::Blob;
use crate::live::{Clusters, is_live};
use crate::load::Loaded;
use crate::object::{ObjectKind, Owner, owner};
use crate::previous::Previous;
use crate::schemas::OwnSchemas;
use crate::walk::{InputError, Source, Walk};

/// What a list of `kubectl get -o json` begins with, without its white space.
const LIST: &[u8] = b"{\"apiVersion\":\"v1\",\"items\":[";

/// Bytes in which that shows.
const HEAD: u64 = 256;

/// A cluster.
#[derive(Debug)]
pub struct Cluster {
    /// The NodeConfigs and NodeProfiles; of a saved one, the whole list.
    pub written: Previous,
    /// By object of these: its kind, where it is ours.
    kinds: Vec<Option<ObjectKind>>,
    /// Of a live one: its intents with their statuses, one a line.
    intents: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    #[serde(default)]
    api_version: &'a str,
    #[serde(default)]
    kind: &'a str,
}

impl Cluster {
    /// The cluster that a path leads to, if it does.
    pub fn at(path: &Path, clusters: &Clusters) -> Result<Option<Self>, InputError> {
        if is_live(path) {
            clusters.of_nodes(path)?;
            let written = clusters.written(path)?;
            return Ok(Some(Self {
                kinds: kinds(&written)?,
                written,
                intents: Some(clusters.intents(path)?),
            }));
        }
        if !path.is_file() {
            return Ok(None);
        }
        Self::read(path)
    }

    /// Reads a list that holds both intents and what is written for them; none where a file is anything else. A list without a
    /// NodeConfig or NodeProfile does not say whether there are none or whether nobody asked for them.
    fn read(path: &Path) -> Result<Option<Self>, InputError> {
        let io = |error| InputError::io(path, error);
        let mut head = Vec::new();
        File::open(path)
            .and_then(|file| file.take(HEAD).read_to_end(&mut head))
            .map_err(io)?;
        // An object on one line has no lines to name.
        let spread = head.starts_with(b"{\n");
        head.retain(|byte| !byte.is_ascii_whitespace());
        if !spread || !head.starts_with(LIST) {
            return Ok(None);
        }
        let written = Previous::read(path)?;
        let kinds = kinds(&written)?;
        let any = |is: fn(ObjectKind) -> bool| kinds.iter().flatten().any(|&kind| is(kind));
        let both =
            any(is_intent) && any(|kind| matches!(kind, ObjectKind::NodeConfig | ObjectKind::NodeProfile));
        Ok(both.then_some(Self {
            written,
            kinds,
            intents: None,
        }))
    }

    /// Whether it was saved, and is not asked now.
    pub const fn is_saved(&self) -> bool {
        self.intents.is_none()
    }

    /// As the command line names it.
    pub fn name(&self) -> &str {
        self.written.path()
    }

    /// The objects of a kind, each as JSON.
    pub fn objects(&self, wanted: ObjectKind) -> Result<Vec<&str>, InputError> {
        if let Some(intents) = self.intents.as_ref().filter(|_| is_intent(wanted)) {
            return Ok(intents
                .lines()
                .filter(|text| kind(text) == Some(wanted))
                .collect());
        }
        let objects = self.written.objects()?.into_iter().zip(&self.kinds);
        let wanted = objects.filter(|(_, kind)| **kind == Some(wanted));
        Ok(wanted.map(|(text, _)| text).collect())
    }

    /// The inventories, as a compile takes them. Those that it could not take are findings of the documents.
    pub fn inventories(
        &self,
        clusters: &Clusters,
        schemas: &OwnSchemas,
    ) -> Result<Vec<Inventory>, InputError> {
        if !self.is_saved() {
            return clusters.inventories(Path::new(self.name()), schemas);
        }
        let loaded = Loaded::walked(self.inputs(Walk::default())?, schemas);
        let lines = loaded.line_files.into_iter().flat_map(|file| file.lines);
        Ok(lines.filter_map(|line| line.inventory).collect())
    }

    /// What is written already, as a compile needs it.
    pub fn nodes(&self) -> Result<Vec<PreviousNode>, InputError> {
        self.written.nodes()
    }

    /// What a compile of a saved one starts from, beside other inputs: intents where they stand in the file, and inventories, one
    /// a line.
    pub fn inputs(&self, mut walk: Walk) -> Result<Walk, InputError> {
        let whole = self.written.text()?;
        let (mut documents, mut inventories) = (Vec::new(), Vec::new());
        // Lines of the file before the object, up to where they are counted, and lines of the documents.
        let (mut lines, mut counted, mut written) = (0, 0, 0);
        let breaks = |text: &str| memchr::memchr_iter(b'\n', text.as_bytes()).count();
        for (text, kind) in self.written.objects()?.into_iter().zip(&self.kinds) {
            match kind {
                Some(ObjectKind::Input(Kind::NodeInventory)) => {
                    // A line break in JSON is space.
                    inventories.extend(text.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
                    inventories.push(b'\n');
                }
                Some(ObjectKind::Input(_)) => {
                    let start = text.as_ptr() as usize - whole.as_ptr() as usize;
                    lines += breaks(&whole[counted..start]);
                    counted = start;
                    documents.resize(documents.len() + lines.saturating_sub(written), b'\n');
                    documents.extend_from_slice(b"--- ");
                    documents.extend_from_slice(text.as_bytes());
                    documents.push(b'\n');
                    written = written.max(lines) + breaks(text) + 1;
                }
                Some(ObjectKind::NodeProfile | ObjectKind::NodeConfig) | None => {}
            }
        }
        let blob = |name: String, bytes| Source::Blob(Blob { name, bytes });
        walk.sources.push(blob(self.name().to_owned(), documents));
        if !inventories.is_empty() {
            walk.sources
                .push(blob(format!("{}: inventories.jsonl", self.name()), inventories));
        }
        Ok(walk)
    }
}

fn kinds(written: &Previous) -> Result<Vec<Option<ObjectKind>>, InputError> {
    Ok(written.objects()?.par_iter().map(|text| kind(text)).collect())
}

fn kind(text: &str) -> Option<ObjectKind> {
    let header: Header<'_> = serde_json::from_str(text).ok()?;
    match owner(header.api_version, header.kind) {
        Owner::Ours(kind) => Some(kind),
        Owner::Unknown | Owner::Foreign => None,
    }
}

const fn is_intent(kind: ObjectKind) -> bool {
    match kind {
        ObjectKind::Input(Kind::NodeInventory) | ObjectKind::NodeProfile | ObjectKind::NodeConfig => false,
        ObjectKind::Input(_) => true,
    }
}
