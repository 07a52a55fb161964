//! The command line of `rackwright validate`.

use std::path::PathBuf;

use clap::Args;

use super::Paths;
use crate::formats::{Form, Target, TargetParser};

/// `rackwright validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// What is read.
    #[command(flatten)]
    pub paths: Paths,
    /// Form of the findings, on standard output or in a file (FORM=FILE); may be given more than once
    #[arg(long, short, value_name = "FORM[=FILE]", value_parser = TargetParser::<Form>::new(), default_value = "text")]
    pub output: Vec<Target>,
    /// Let warnings count as findings for the exit code
    #[arg(long)]
    pub strict: bool,
    /// First write what has one right answer, such as quotes, into the files; comments and formatting stay
    #[arg(long, conflicts_with = "write_baseline")]
    pub fix: bool,
    /// Show what --fix would write, and write nothing
    #[arg(long, requires = "fix", conflicts_with = "output")]
    pub dry_run: bool,
    /// Check objects of other groups too, by the CustomResourceDefinitions in this file or directory; may be given more
    /// than once
    #[arg(long, value_name = "PATH")]
    pub crd: Vec<PathBuf>,
    /// What is allocated already and which power caps nodes have, as for `rackwright plan`
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// Count the findings that this file knows, and neither show them nor fail for them
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write all findings of this run as the known ones to this file
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub write_baseline: Option<PathBuf>,
}
