//! What a run reads: paths, and the clusters that some of them lead to.

use std::path::{Path, PathBuf};

use crate::args::Paths;
use crate::live::{Clusters, is_live};
use crate::previous::Previous;
use crate::walk::InputError;

/// Paths with the way to clusters. Where there is none, `live:` is a path like any other.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The paths.
    pub paths: &'a [PathBuf],
    /// How clusters are reached.
    pub clusters: Option<&'a Clusters>,
}

impl<'a> Inputs<'a> {
    /// Paths, some of which may lead to clusters.
    pub const fn new(paths: &'a [PathBuf], clusters: &'a Clusters) -> Self {
        Self {
            paths,
            clusters: Some(clusters),
        }
    }

    /// Whether a cluster is among them.
    pub fn any_cluster(self) -> bool {
        self.clusters.is_some() && self.paths.iter().any(|path| is_live(path))
    }

    /// The earlier state: the one that is named, or what the cluster holds whose intents are read. What its operator compiles
    /// keeps the addresses that its nodes have.
    pub fn earlier(self, named: Option<&Path>) -> Result<Option<Previous>, InputError> {
        let mut live = self.paths.iter().filter(|path| is_live(path));
        let implied = match (live.next(), live.next()) {
            (Some(only), None) => Some(only.as_path()),
            // Of two clusters neither speaks for both.
            _ => None,
        };
        let Some(path) = named.or(implied) else {
            return Ok(None);
        };
        match self.clusters {
            Some(clusters) if is_live(path) => clusters.written(path).map(Some),
            None if named.is_none() => Ok(None),
            _ => Previous::read(path).map(Some),
        }
    }
}

impl<'a> From<&'a Paths> for Inputs<'a> {
    fn from(paths: &'a Paths) -> Self {
        Self::new(&paths.paths, &paths.clusters)
    }
}

impl<'a> From<&'a [PathBuf]> for Inputs<'a> {
    fn from(paths: &'a [PathBuf]) -> Self {
        Self {
            paths,
            clusters: None,
        }
    }
}

impl<'a> From<&'a Vec<PathBuf>> for Inputs<'a> {
    fn from(paths: &'a Vec<PathBuf>) -> Self {
        paths.as_slice().into()
    }
}

impl<'a, const N: usize> From<&'a [PathBuf; N]> for Inputs<'a> {
    fn from(paths: &'a [PathBuf; N]) -> Self {
        paths.as_slice().into()
    }
}
