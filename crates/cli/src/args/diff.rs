//! The command line of `rackwright diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use crate::complete;
use crate::diff::policy::Forbidden;
use crate::formats::{Target, TargetParser};
use crate::live::Clusters;

/// `rackwright diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// What there is: a file, a directory or `-`, a git revision such as main:deploy/, a saved plan, or a cluster
    /// (`live:`, `live:CONTEXT`, or a file of what kubectl printed of it). With one side alone it
    /// is the new one, and is compared with what HEAD has of it
    #[arg(value_name = "A", required = true)]
    pub a: PathBuf,
    /// What there shall be, as A
    #[arg(value_name = "B")]
    pub b: Option<PathBuf>,
    /// Read beside the documents of both sides: what is the same on both, such as the inventory; may be given more than once
    #[arg(long, value_name = "PATH")]
    pub with: Vec<PathBuf>,
    /// Compare the part of one member cluster: its nodes on both sides. A saved plan is taken for what that cluster has
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::clusters))]
    pub cluster: Option<String>,
    /// How clusters are reached.
    #[command(flatten)]
    pub clusters: Clusters,
    /// Form of the difference, on standard output or in a file (FORM=FILE); may be given more than once
    #[arg(long, short, value_name = "FORM[=FILE]", value_parser = TargetParser::<DiffForm>::new(), default_value = "text")]
    pub output: Vec<Target<DiffForm>>,
    /// Refuse what would happen to more nodes
    #[arg(long, value_name = "N")]
    pub max_nodes: Option<usize>,
    /// Refuse what would happen to nodes of more domains, as the budgets of the pools count them: racks unless they say
    /// otherwise
    #[arg(long, value_name = "N")]
    pub max_domains: Option<usize>,
    /// Refuse changes of these classes
    #[arg(long, value_enum, value_name = "CLASS", value_delimiter = ',')]
    pub forbid: Vec<Forbidden>,
    /// Refuse all but the change with this digest, which a diff prints
    #[arg(long, value_name = "DIGEST")]
    pub require_approval_of: Option<String>,
    /// End with exit code 0 where there are differences and nothing else is wrong; what a policy flag refuses still ends with 1
    #[arg(long)]
    pub exit_zero: bool,
    /// End with exit code 1 where a side that is a cluster has nodes that are known not to be what its own intents say. Without
    /// it drift is told, and changes no exit code
    #[arg(long)]
    pub fail_on_drift: bool,
}

/// Forms of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffForm {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a comment on a pull request
    Markdown,
    /// One page with a grid of racks and rails, a slider over the waves and a search
    Html,
}
