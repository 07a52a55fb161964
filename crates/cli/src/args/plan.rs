//! The command line of `rackwright plan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::Paths;
use crate::complete;

/// `rackwright plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// What is read.
    #[command(flatten)]
    pub paths: Paths,
    /// Form of the plan: a summary, one JSON value, one Kubernetes object a line, or YAML documents
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "text")]
    pub output: PlanOutput,
    /// Print one node and its profile only: as YAML with comments that say where each value comes from, unless --output
    /// says otherwise
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::nodes))]
    pub node: Option<String>,
    /// Print the nodes and profiles of one member cluster only, as its operator writes them. --previous is then what
    /// that cluster has
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::clusters))]
    pub cluster: Option<String>,
    /// What is allocated already: nodes in it keep their addresses, those that no pool holds any more are carried on,
    /// detached, and the summary says what changes and in which order. The output of `kubectl get nodeconfigs,nodeprofiles
    /// -o json`, or an earlier plan (--output jsonl or json)
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// Save the plan to this file as well, as --output json prints it, with digests of what was read and of what came of it
    #[arg(long, value_name = "FILE", conflicts_with = "node")]
    pub out: Option<PathBuf>,
}

/// Forms of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanOutput {
    /// A summary for people
    Text,
    /// One JSON value with summary, profiles and nodes
    Json,
    /// One Kubernetes object a line in canonical JSON: what the operator writes
    Jsonl,
    /// YAML documents for kubectl
    Yaml,
}
