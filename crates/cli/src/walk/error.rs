//! Why an input cannot be read.

use std::io;
use std::path::Path;

use rackwright_live::LiveError;

use crate::exit::Exit;
use crate::git::GitError;
use crate::rendered::ToolError;

/// An input that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The path does not exist.
    #[error("{0}: no such file or directory; check the path, or write `-` for standard input")]
    Missing(String),
    /// The path exists and cannot be read.
    #[error("{path}: cannot be read: {error}")]
    Unreadable {
        /// The path as shown.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The path is neither a file nor a directory.
    #[error("{0}: is neither a file nor a directory; use `-` for standard input")]
    Special(String),
    /// A directory without a file that could be read.
    #[error(
        "{0}: holds no file named *.yaml, *.yml, *.json or *.jsonl; name a file to read it whatever it is called"
    )]
    EmptyDirectory(String),
    /// A git revision.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What another program was to render.
    #[error(transparent)]
    Rendered(#[from] ToolError),
    /// A cluster.
    #[error("{}: {error}", name.trim_end_matches(':'))]
    Live {
        /// What was asked for.
        name: String,
        /// Why.
        error: LiveError,
    },
    /// A pattern that cannot be read.
    #[error("{pattern}: not a pattern: {error}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why.
        error: glob::PatternError,
    },
    /// A pattern without a file.
    #[error(
        "{0}: no file of that pattern; `**` goes through directories, and names with a dot first are skipped"
    )]
    NoMatch(String),
    /// Files without an object of ours.
    #[error("no object of the group rackwright.dev in {paths}; nothing was checked{hint}")]
    Nothing {
        /// What was read.
        paths: String,
        /// How to read what was skipped.
        hint: &'static str,
    },
    /// `--crd` leads to no definition.
    #[error("{0}: no CustomResourceDefinition in it")]
    NoDefinition(String),
    /// `--crd` leads to a definition that is none.
    #[error("{path}: {why}")]
    Definition {
        /// The path as shown.
        path: String,
        /// Why.
        why: String,
    },
    /// A capture of a fabric without a device.
    #[error("{0}: no device in it; save what `ibnetdiscover` prints")]
    NotACapture(String),
    /// `--switches` does not say which GUID each switch has.
    #[error("{path}: line {line}: {why}")]
    NotSwitches {
        /// The path as shown.
        path: String,
        /// Where.
        line: u32,
        /// Why.
        why: String,
    },
    /// A folder that is to be compared was not written by `fabric render`.
    #[error("{path}: not what `rackwright fabric render` writes: {why}")]
    NotRendered {
        /// The path as shown.
        path: String,
        /// Why.
        why: String,
    },
    /// `--previous` is not a plan.
    #[error("{path}: line {line}: not a plan: {why}; write one with `rackwright plan --output jsonl`")]
    NotAPlan {
        /// The path as shown.
        path: String,
        /// Where.
        line: usize,
        /// Why.
        why: String,
    },
}

impl InputError {
    /// An error of the file system, in the user's words.
    pub fn io(path: &Path, error: io::Error) -> Self {
        let shown = path.display().to_string();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(shown),
            _ => Self::Unreadable { path: shown, error },
        }
    }

    /// What a run that meets it ends with: a program or a cluster that is not there or fails is not the
    /// input's fault.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Live { error, .. } if error.is_usage() => Exit::Usage,
            Self::Live { .. } | Self::Rendered(_) | Self::Git(GitError::NoGit(_) | GitError::Run { .. }) => {
                Exit::Tool
            }
            _ => Exit::Usage,
        }
    }
}
