//! The flags of `rackwright explain`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::{ArgValueCandidates, ArgValueCompleter};

use super::TextOrJson;
use crate::complete;
use crate::live::Clusters;

/// `rackwright explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Code or name of a rule, such as RW2002; all rules are listed without it. Or a field, such as gpupool.spec.gpu. Or
    /// system, gpu, switch, adapter, compatibility, node
    #[arg(value_name = "CODE", add = ArgValueCompleter::new(complete::explained))]
    pub code: Option<String>,
    /// Name of an entry of the catalogue, such as dgx-b200; after system, gpu, switch, adapter or compatibility. Or of a node
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::named))]
    pub name: Option<String>,
    /// After `node NAME`: what is read, as for `rackwright plan`, or a saved plan, or a saved cluster
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Of a node, what it has already, as for `rackwright plan`
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// How clusters are reached.
    #[command(flatten)]
    pub clusters: Clusters,
    /// Files, directories or `-`, as for `rackwright validate`, whose Superclusters are asked; may be given more than once
    #[arg(long, short, value_name = "PATH")]
    pub file: Vec<PathBuf>,
    /// Of a field, list all fields below it and not only its own
    #[arg(long)]
    pub recursive: bool,
    /// Form of the documentation
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "text")]
    pub output: TextOrJson,
}
