//! The command line of `rackwright fmt`.

use std::path::PathBuf;

use clap::Args;

use super::TextOrJson;

/// `rackwright fmt`.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Files, directories (*.yaml, *.yml; hidden files are skipped) and quoted patterns, which are rewritten where they differ,
    /// or `-`: standard input to standard output
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Write nothing, list the files that differ, and end with 1 if there are any
    #[arg(long)]
    pub check: bool,
    /// Write nothing, show what would change, and end with 1 if anything would
    #[arg(long, conflicts_with = "output")]
    pub diff: bool,
    /// Form of the list of files
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "text")]
    pub output: TextOrJson,
}
