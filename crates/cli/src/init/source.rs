//! What a running site says of itself: which of the forms a file has.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::{Known, capture, kubernetes, slurm, table};
use crate::live::{Clusters, is_live};
use crate::verbs::VerbError;
use crate::walk::InputError;

/// A file that was read.
#[derive(Debug)]
pub struct Source {
    /// Its name, as the user gave it.
    path: String,
    text: String,
}

impl Source {
    /// Reads a file, the Nodes of a cluster, or standard input for `-`. Bytes that are no UTF-8 are taken for an unknown character: descriptions in a
    /// capture are what users set.
    pub fn open(path: &Path, clusters: &Clusters) -> Result<Self, VerbError> {
        if is_live(path) {
            return Ok(Self {
                path: path.display().to_string(),
                text: clusters.nodes(path)?,
            });
        }
        let bytes = if path == Path::new("-") {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            fs::read(path)
        };
        let bytes = bytes.map_err(|error| InputError::io(path, error))?;
        Ok(Self {
            path: path.display().to_string(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    /// What it says. `said` is the system that the user names, which decides where several fit.
    pub fn read(&self, said: Option<&str>) -> Result<Known, VerbError> {
        let lines = || self.text.lines().map(str::trim_start);
        let begins = |words: &[&str]| lines().any(|line| words.iter().any(|word| line.starts_with(word)));
        let wrong = |why: String| VerbError::Usage(format!("{}: {why}", self.path));
        if begins(&["caguid=", "switchguid=", "Ca\t", "Switch\t"]) {
            return Ok(capture::read(&self.text));
        }
        if lines().any(|line| {
            line.get(..9)
                .is_some_and(|word| word.eq_ignore_ascii_case("NodeName="))
        }) {
            return slurm::read(&self.text, said).map_err(wrong);
        }
        let mut meaning = lines().filter(|line| !line.is_empty() && !line.starts_with('#') && *line != "---");
        let first = meaning.next().unwrap_or_default();
        if first.starts_with('{')
            || ["apiVersion:", "kind:", "items:"]
                .iter()
                .any(|key| first.starts_with(key))
        {
            return kubernetes::read(&self.text, said).map_err(wrong);
        }
        table::read(&self.text).map_err(wrong)
    }
}
