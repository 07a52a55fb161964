//! The command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::{ArgValueCandidates, Shell};

use crate::complete;
use crate::live::Clusters;
use crate::output::When;

mod diff;
mod explain;
mod fmt;
mod init;
mod plan;
mod schedulers;
mod validate;

pub use diff::{Diff, DiffForm};
pub use explain::Explain;
pub use fmt::Fmt;
pub use init::Init;
pub use plan::{Plan, PlanOutput};
pub use schedulers::{LabelKeys, SchedulerOptions};
pub use validate::Validate;

/// Checks and compiles the YAML of a GPU supercluster: pools, InfiniBand fabrics, storage tiers and the site around them.
#[derive(Debug, Parser)]
#[command(
    name = "rackwright",
    bin_name = "rackwright",
    version,
    propagate_version = false,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 clean, 1 findings, 2 usage or input error, 3 tool or cluster error. An error beats a finding.\n\n\
                  Examples:\n  rackwright validate clusters/\n  rackwright plan clusters/ --node dgx001\n  rackwright explain RW2002"
)]
pub struct Cli {
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
    /// When to colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: When,
    /// Print long texts on a terminal as they are; without it they go through $PAGER, or less where that is not set
    #[arg(long, global = true)]
    pub no_pager: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Check manifests as the API server and the compiler would, without a cluster
    ///
    /// Reads every object, never stops at the first mistake, and prints each finding with its place. Objects of other
    /// groups are counted and skipped, unless --crd brings their definitions.
    #[command(
        after_help = "Examples:\n  rackwright validate clusters/ inventory.jsonl\n  kubectl kustomize overlays/production | rackwright validate -\n  rackwright validate clusters/ --output json --strict\n  rackwright validate clusters/ --output text --output sarif=findings.sarif --output junit=junit.xml\n  rackwright validate clusters/ --baseline baseline.json\n  rackwright validate 'deploy/**/*.yaml' main:inventory/ kustomize:overlays/production helm:charts/site,values.yaml\n  rackwright validate clusters/ --crd crds/\n  rackwright validate live:"
    )]
    Validate(Validate),
    /// Write manifests in canonical order and spelling; comments stay
    ///
    /// Brings the keys of Superclusters, GPUPools, InfiniBandFabrics and StorageTiers into one order, and hostlists and
    /// quantities into one spelling. Comments go with what they are about, and all else stays byte for byte: objects of
    /// others, lists and their order, layout. Files are rewritten in place where they differ; what cannot be treated safely is
    /// left as it is, and said.
    #[command(
        after_help = "Examples:\n  rackwright fmt clusters/\n  rackwright fmt --check clusters/\n  rackwright fmt --diff 'clusters/**/*.yaml'\n  rackwright fmt - < site.yaml > formatted.yaml"
    )]
    Fmt(Fmt),
    /// Print what each node becomes
    ///
    /// Compiles the manifests as the operator does and prints the NodeProfile and NodeConfig objects that it would
    /// write, byte for byte. Findings go to standard error; what they refuse is left out.
    #[command(
        after_help = "Examples:\n  rackwright plan clusters/ inventory.jsonl\n  rackwright plan clusters/ --node dgx001\n  rackwright plan clusters/ --output jsonl > plan.jsonl\n  rackwright plan clusters/ --out plan.json\n  rackwright plan clusters/ --previous plan.jsonl --output jsonl\n  rackwright plan clusters/ --cluster prom-1 --output jsonl\n  rackwright plan clusters/ --previous live:"
    )]
    Plan(Plan),
    /// Show what a change of the documents does to which nodes
    ///
    /// Compiles both sides, the new one after the old one as the operator would roll it out, and tells which nodes change, how
    /// gravely, in which order, and which line of which file is the reason. Exit code 0: no node differs; 1: some do, or a
    /// policy flag refuses it. Findings of the new side go to standard error; what they refuse keeps what it has.
    #[command(
        after_help = "Examples:\n  rackwright diff main:deploy/ deploy/\n  rackwright diff deploy/\n  rackwright diff live: deploy/\n  rackwright diff main:deploy/ HEAD:deploy/ --output markdown=comment.md --output json=diff.json\n  rackwright diff plan.jsonl deploy/ --exit-zero --max-domains 1 --forbid reboot,destructive\n  rackwright diff main:deploy/ deploy/ --with inventory.jsonl --require-approval-of 1d0c7b1ea1d8cd2bbf0d2a2cd37a4b1e\n  rackwright diff cluster.json deploy/ --fail-on-drift"
    )]
    Diff(Diff),
    /// Write what a node becomes on its host, or what other programs in the cluster are handed over
    #[command(
        subcommand_required = true,
        arg_required_else_help = true,
        after_help = "Examples:\n  rackwright render node dgx001 clusters/ inventory.jsonl --out dgx001/\n  rackwright render cluster clusters/ inventory.jsonl --out handover/"
    )]
    Render(Render),
    /// Write what an InfiniBand fabric is built from, or compare what is plugged with what is designed
    #[command(
        subcommand_required = true,
        arg_required_else_help = true,
        after_help = "Examples:\n  rackwright fabric render clusters/ inventory.jsonl --out fabric/\n  ibnetdiscover | rackwright fabric check - clusters/ inventory.jsonl --fabric compute"
    )]
    Fabric(Fabric),
    /// Print the documentation of a rule or of a field, or what the catalogue knows of a piece of hardware
    ///
    /// Takes the code or the name of a rule; without one it lists all rules. A path such as `gpupool.spec.gpu` prints a field:
    /// its type, bounds, values and rules, what a change of it does to a node, and an example. `node NAME PATH...` explains a
    /// node of documents or of a saved plan: its pool and why, seats, findings that hold it back, what changes against
    /// --previous, and which line of which object each value comes from. With `system`, `gpu`, `switch`
    /// or `adapter` it prints an entry of the catalogue, each figure with its source; without a name it lists the entries.
    /// With --file it is the catalogue of the Superclusters in these files, which override and add entries.
    #[command(
        after_help = "Examples:\n  rackwright explain RW2002\n  rackwright explain node-claimed-twice\n  rackwright explain\n  rackwright explain gpupool.spec.gpu.mig\n  rackwright explain storagetier --recursive\n  rackwright explain node dgx001 clusters/ inventory.jsonl --previous plan.jsonl\n  rackwright explain node dgx001 live:prom-1\n  rackwright explain node dgx001 cluster.json\n  rackwright explain system dgx-b200\n  rackwright explain gpu\n  rackwright explain system our-b200 --file clusters/"
    )]
    Explain(Explain),
    /// Write a commented starting point that validates
    ///
    /// For a new site from a few figures, or for a running one from what it says of itself: the Nodes of a cluster (`kubectl
    /// get nodes -o yaml` or json), slurm.conf, the output of ibnetdiscover, or a table of hosts (CSV with a head line: name,
    /// rack, system). No host is renamed, and pools of a running site are paused. What could not be known stands at the top
    /// of the file and on standard error. On a terminal and without flags it asks, one line a question, and says the command
    /// line that does the same again.
    #[command(
        after_help = "Examples:\n  rackwright init\n  rackwright init --ask --system dgx-h100 --out site.yaml\n  rackwright init --system dgx-b200 --nodes 32 --scratch 8 --scratch-model 'SAMSUNG MZWLO*' --out site.yaml\n  rackwright init --from live: --out site.yaml\n  kubectl get nodes -o yaml | rackwright init --from - --out site.yaml\n  rackwright init --from slurm.conf --system dgx-h100 > site.yaml\n  rackwright init --from hosts.csv --switch qm9700 --out site.yaml"
    )]
    Init(Init),
    /// Print the CustomResourceDefinitions
    #[command(
        after_help = "Examples:\n  rackwright crds | kubectl apply --server-side -f -\n  rackwright crds --output json-schema > rackwright.schema.json"
    )]
    Crds(Crds),
    /// Serve an editor: findings while you type, words to go on with, explanations, fixes
    ///
    /// Speaks the language server protocol on standard input and output; an editor starts it. The findings are those of
    /// `rackwright validate` over all files, with what the editor holds in place of what is saved.
    #[command(after_help = "Examples:\n  rackwright lsp\n  rackwright lsp clusters/ inventory.jsonl")]
    Lsp(Lsp),
    /// Print manual pages
    ///
    /// The page of the program on standard output; with --out the pages of all verbs in a folder, as man looks for them.
    #[command(
        after_help = "Examples:\n  rackwright man | man -l -\n  rackwright man --out /usr/local/share/man/man1"
    )]
    Man(Man),
    /// Print a completion script for a shell
    ///
    /// The script knows verbs, flags and values. A shell that runs `source <(COMPLETE=bash rackwright)` (zsh, fish: see the
    /// example) asks the program itself, which also offers nodes, fabrics and member clusters of the documents in the current
    /// folder, rules, fields, and names of the catalogue. Behind `kubectl rackwright` kubectl asks a program of the name
    /// `kubectl_complete-rackwright`: a link to this one.
    #[command(
        after_help = "Examples:\n  rackwright completions bash > /etc/bash_completion.d/rackwright\n  echo 'source <(COMPLETE=bash rackwright)' >> ~/.bashrc\n  echo 'source <(COMPLETE=zsh rackwright)' >> ~/.zshrc\n  echo 'COMPLETE=fish rackwright | source' > ~/.config/fish/completions/rackwright.fish\n  ln -s $(command -v rackwright) /usr/local/bin/kubectl_complete-rackwright"
    )]
    Completions(Completions),
    /// Print the version
    #[command(after_help = "Examples:\n  rackwright version --output json")]
    Version(Version),
}

/// What is read.
#[derive(Debug, Args)]
pub struct Paths {
    /// Files, directories (*.yaml, *.yml, *.json, *.jsonl; hidden files are skipped), quoted patterns, `REVISION:PATH` of
    /// git, `kustomize:DIR`, `helm:CHART[,VALUES...]`, `live:` or `live:CONTEXT` for what a cluster holds, or `-` for
    /// standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// How clusters are reached.
    #[command(flatten)]
    pub clusters: Clusters,
}

/// `rackwright lsp`.
#[derive(Debug, Args)]
pub struct Lsp {
    /// Files and directories that belong together; without any, the folders that the editor has open
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// `rackwright render`.
#[derive(Debug, Args)]
pub struct Render {
    /// What is rendered.
    #[command(subcommand)]
    pub what: Rendering,
}

/// What can be rendered.
#[derive(Debug, Subcommand)]
pub enum Rendering {
    /// Write what a node becomes on its host: files, systemd units, kernel arguments
    ///
    /// Compiles the manifests and renders one node as the agent does. With --out the files lie in a folder as they would
    /// lie below /, beside a manifest.json that lists each with its hash and the fields that it comes from, and what only
    /// the host can do. Ignition and cloud-init are for hosts without the agent.
    #[command(
        after_help = "Examples:\n  rackwright render node dgx001 clusters/ inventory.jsonl --out dgx001/\n  rackwright render node dgx001 clusters/ --format ignition > dgx001.ign\n  rackwright render node dgx001 clusters/ --format cloud-init --out seed/"
    )]
    Node(RenderNode),
    /// Write what other programs in the cluster are handed over: GPU Operator, storage provisioners, schedulers
    ///
    /// Compiles the manifests and writes the objects of the whole plan, a file for each reader and kind, beside a
    /// manifest.json that lists each with its hash. They name no namespace: apply a file in that of its reader.
    #[command(
        after_help = "Examples:\n  rackwright render cluster clusters/ inventory.jsonl --out handover/\n  rackwright render cluster clusters/ --cluster prom-1 --out prom-1/ --output json\n  rackwright render cluster clusters/ --topology-keys topograph --rdma-devices \"mlx5_[0-7]\" --out handover/"
    )]
    Cluster(Box<RenderCluster>),
}

/// `rackwright render node`.
#[derive(Debug, Args)]
pub struct RenderNode {
    /// The node
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::nodes))]
    pub name: String,
    /// What is read.
    #[command(flatten)]
    pub paths: Paths,
    /// Form of the result; files need --out
    #[arg(long, value_enum, value_name = "FORM", default_value = "files")]
    pub format: RenderFormat,
    /// Folder to write: a new one, an empty one, or one that this command wrote, which is replaced as a whole
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is allocated already, as for `rackwright plan`
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
}

/// `rackwright render cluster`.
#[derive(Debug, Args)]
pub struct RenderCluster {
    /// What is read.
    #[command(flatten)]
    pub paths: Paths,
    /// Folder to write: a new one, an empty one, or one that `rackwright render` wrote, which is replaced as a whole
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Form of the list of files on standard output; as JSON it is the manifest
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "text")]
    pub output: TextOrJson,
    /// Write what one member cluster is handed over only
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::clusters))]
    pub cluster: Option<String>,
    /// What schedulers are told.
    #[command(flatten)]
    pub schedulers: SchedulerOptions,
    /// What is allocated already, as for `rackwright plan`
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
}

/// `rackwright fabric`.
#[derive(Debug, Args)]
pub struct Fabric {
    /// What is done.
    #[command(subcommand)]
    pub what: FabricVerb,
}

/// What can be done with a fabric.
#[derive(Debug, Subcommand)]
pub enum FabricVerb {
    /// Write the cable schedule, the bill, the files of OpenSM and pictures of every fabric
    ///
    /// A folder for each subnet, beside a manifest.json that lists each file with its hash. The files of OpenSM need the
    /// GUID of every HCA, which the inventory has, and of every switch, which --switches has; without all of them they are
    /// not written, and the exit code is 1.
    #[command(
        after_help = "Examples:\n  rackwright fabric render clusters/ --planned --out fabric/\n  ibnetdiscover > capture.txt\n  rackwright fabric render clusters/ inventory.jsonl --switches capture.txt --out fabric/"
    )]
    Render(FabricRender),
    /// Compare what is plugged with what is designed, and say which end of which cable goes where
    ///
    /// Reads the output of ibnetdiscover for one subnet. The steps come in the order of racks and names. Exit code 0: every
    /// cable is where it belongs; 1: something has to be done, or a line of the capture makes no sense.
    #[command(
        after_help = "Examples:\n  ibnetdiscover | rackwright fabric check - clusters/ inventory.jsonl --fabric compute\n  rackwright fabric check rail3.txt clusters/ --fabric compute --rail 3\n  rackwright fabric check capture.txt clusters/ --rate 4xNDR --output json"
    )]
    Check(FabricCheck),
    /// Compare two folders of `fabric render`: which cables stay, are new or go, and which have to move
    ///
    /// Devices are known by name, so a design can grow before its hardware is there. New cables are counted; `--output
    /// json` lists them too. Exit code 0: everything that was there stays where it is; 1: a cable or a device has to move
    /// or to go.
    #[command(after_help = "Examples:\n  rackwright fabric compare fabric-2026/ fabric-2027/")]
    Compare(FabricCompare),
}

/// `rackwright fabric render`.
#[derive(Debug, Args)]
pub struct FabricRender {
    /// What is read.
    #[command(flatten)]
    pub paths: Paths,
    /// Folder to write: a new one, an empty one, or one that `rackwright` wrote, which is replaced as a whole
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Write one fabric only
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::fabrics))]
    pub fabric: Option<String>,
    /// GUIDs of the switches by name: what ibnetdiscover prints, or lines of a name and a GUID; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub switches: Option<PathBuf>,
    /// The hardware is not there yet: write lists with placeholders for GUIDs into a folder `planned`, and no file for
    /// OpenSM in production
    #[arg(long)]
    pub planned: bool,
    /// Draw this scalable unit, counted from 1; may be given more than once. Without it all are drawn, or in a fabric of
    /// more than 64 the first
    #[arg(long = "unit", value_name = "NUMBER")]
    pub units: Vec<u32>,
    /// Draw the rails of this node; may be given more than once. Without it those of the first
    #[arg(long = "node", value_name = "NAME")]
    pub nodes: Vec<String>,
    /// What is allocated already, as for `rackwright plan`
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
}

/// `rackwright fabric compare`.
#[derive(Debug, Args)]
pub struct FabricCompare {
    /// What was built: a folder that `fabric render` wrote
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// What is to be built
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// Form of the comparison
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "text")]
    pub output: TextOrJson,
}

/// `rackwright fabric check`.
#[derive(Debug, Args)]
pub struct FabricCheck {
    /// What ibnetdiscover printed, or `-` for standard input
    #[arg(value_name = "CAPTURE")]
    pub capture: PathBuf,
    /// What is read.
    #[command(flatten)]
    pub paths: Paths,
    /// The fabric; needed where there is more than one
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::fabrics))]
    pub fabric: Option<String>,
    /// The rail that was captured, counted from 0; needed where each rail is a subnet of its own
    #[arg(long, value_name = "NUMBER")]
    pub rail: Option<u32>,
    /// Width and speed that every cable must have, as ibnetdiscover spells them, such as 4xNDR; without it they are not
    /// looked at
    #[arg(long, value_name = "RATE")]
    pub rate: Option<String>,
    /// Form of the report
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "text")]
    pub output: ReportForm,
}

/// `rackwright crds`.
#[derive(Debug, Args)]
pub struct Crds {
    /// Form of the definitions
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "yaml")]
    pub output: Definitions,
}

/// `rackwright man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Folder to write the pages of all verbs to; those that lie there already are replaced
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `rackwright completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// `rackwright version`.
#[derive(Debug, Args)]
pub struct Version {
    /// Form of the version
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "text")]
    pub output: TextOrJson,
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// For people
    Text,
    /// For programs
    Json,
    /// A table for a ticket
    Markdown,
}

/// Forms of definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Definitions {
    /// YAML documents
    Yaml,
    /// One JSON List
    Json,
    /// One JSON Schema for all kinds, for editors that read no CRDs
    JsonSchema,
}

/// Forms of a rendered node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RenderFormat {
    /// A folder of files as they lie below /
    Files,
    /// Ignition, specification 3.4
    Ignition,
    /// cloud-init user data
    CloudInit,
}

/// The command line as data, for the generated reference.
pub fn command() -> clap::Command {
    Cli::command()
}
