//! The command line against the programs that people would otherwise use: Helm, Jinja2, jrsonnet and Pkl to make the
//! NodeConfigs, kubeconform and kubectl-validate to validate them, `diff` to compare two plans. What a peer makes must be what we make.

mod figures;
mod input;
mod objects;
mod programs;
mod schema;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};

use crate::fleet::Fabrics;
use crate::measure::Cost;
use crate::{fleet, optimised, root, say};
use objects::Object;
use programs::{Program, Template};

/// What is compared.
#[derive(Debug, Args)]
pub struct Peers {
    /// Nodes of the fleet that is compiled and validated
    #[arg(long, default_value_t = 10_000)]
    nodes: u32,
    /// Nodes of the two plans that are compared
    #[arg(long, default_value_t = 100_000)]
    diff_nodes: u32,
    /// Rounds; the least of each figure counts
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// The command line
    #[arg(long, default_value = "target/release/rackwright")]
    cli: PathBuf,
    /// Measure nothing: check only that this peer makes what we make, and fail where it is missing
    #[arg(long, value_enum)]
    check: Vec<Template>,
    /// Measure only the figures that the command line aims at
    #[arg(long, conflicts_with = "check")]
    figures: bool,
    /// Measure only what a pull request waits for: the validators on one example
    #[arg(long, conflicts_with_all = ["check", "figures"])]
    site: bool,
}

/// Runs the comparison and prints its tables.
pub fn run(args: &Peers) -> anyhow::Result<()> {
    if args.check.is_empty() {
        optimised()?;
    }
    let cli = root().join(&args.cli);
    ensure!(cli.exists(), "{} is missing; build it first", cli.display());
    if args.figures {
        optimised()?;
        return figures::run(args, &cli);
    }
    if args.site {
        return pull_request(&cli, args.rounds).map(drop);
    }
    let work = Work::new(&cli, args.nodes, "peers")?;
    if !args.check.is_empty() {
        return args.check.iter().try_for_each(|peer| work.check(*peer));
    }
    let cores = std::thread::available_parallelism()?;
    say(&format!(
        "command line against peers, {cores} cores, the least of {} rounds in turns",
        args.rounds
    ));
    compile(&work, args.rounds)?;
    let inventory = objects::read(&std::fs::read(work.fleet.join("inventory.jsonl"))?)?;
    validate(&work, &inventory, "NodeInventory", args.rounds)?;
    validate(&work, &work.objects, "NodeConfig", args.rounds)?;
    figures::run(args, &cli)
}

/// A fleet in a folder of its own, with its plan.
struct Work<'a> {
    cli: &'a Path,
    nodes: u32,
    /// What ours reads.
    fleet: PathBuf,
    /// What we make of it: a file, and its objects.
    plan: PathBuf,
    objects: BTreeMap<String, Object>,
    /// What the templates read.
    input: PathBuf,
}

impl<'a> Work<'a> {
    fn new(cli: &'a Path, nodes: u32, name: &str) -> anyhow::Result<Self> {
        let folder = root().join("target/bench").join(format!("{name}-{nodes}"));
        let fleet = folder.join("fleet");
        let nodes = fleet::write(&fleet, nodes, Fabrics::Addresses)?;
        let output = programs::plan(cli, &fleet).output()?;
        let plan = folder.join("plan.jsonl");
        std::fs::write(&plan, &output)?;
        let objects = objects::read(&output)?;
        let input = folder.join("fleet.json");
        input::write(&fleet, &objects, &input)?;
        Ok(Self {
            cli,
            nodes,
            fleet,
            plan,
            objects,
            input,
        })
    }

    /// Fails unless the peer makes what we make.
    fn check(&self, peer: Template) -> anyhow::Result<()> {
        let program = peer.program(&self.input);
        let output = program.output()?;
        objects::read(&output)
            .and_then(|theirs| objects::equal(&self.objects, &theirs))
            .with_context(|| format!("{} does not make what we make", program.name()))?;
        say(&format!(
            "{}: the same {} NodeConfigs as ours, but for spec.hash",
            program.name(),
            self.nodes
        ));
        Ok(())
    }
}

fn compile(work: &Work<'_>, rounds: u32) -> anyhow::Result<()> {
    let mut peers = Vec::new();
    for peer in Template::value_variants() {
        let program = peer.program(&work.input);
        if program.installed() {
            work.check(*peer)?;
        }
        peers.push(program);
    }
    let ours = [
        programs::plan(work.cli, &work.fleet),
        programs::plan_again(work.cli, &work.fleet, &work.plan),
    ];
    let title = format!(
        "Compile: {} nodes, inventory in, NodeConfigs out (ours: YAML and JSON lines in, checked; theirs: JSON in, unchecked)",
        work.nodes
    );
    table::compare(&title, &ours, &peers, rounds).map(drop)
}

/// What a pull request waits for: a site of 128 nodes, and of that the start alone. Each validator must accept the site.
fn pull_request(cli: &Path, rounds: u32) -> anyhow::Result<Vec<Option<Cost>>> {
    let schemas = schema::write(&root().join("target/bench/schemas"))?;
    let site = root().join("examples/superpod-b200");
    let ours = [programs::validate("128 nodes", cli, &site), programs::start(cli)];
    let kubeconform = programs::kubeconform("128 nodes", &site, &schemas);
    let kubectl_validate = programs::kubectl_validate("128 nodes", &site);
    let theirs = [
        kubeconform.clone(),
        programs::idle(kubeconform, &["-v"]),
        kubectl_validate.clone(),
        programs::idle(kubectl_validate, &["--help"]),
    ];
    let title = "Validate: examples/superpod-b200, and the start of each program alone";
    table::compare(title, &ours, &theirs, rounds)
}

/// Each in the forms in which it reads many objects from one file. kubeconform reads no JSON lines; documents of a YAML
/// stream that are written as JSON are the nearest.
fn validate(
    work: &Work<'_>,
    objects: &BTreeMap<String, Object>,
    kind: &str,
    rounds: u32,
) -> anyhow::Result<()> {
    let folder = work.plan.parent().context("a plan lies in a folder")?;
    let schemas = schema::write(&root().join("target/bench/schemas"))?;
    let folder = folder.join(kind);
    std::fs::create_dir_all(&folder)?;
    let (mut yaml, mut lines, mut documents) = (String::new(), String::new(), String::new());
    for object in objects::of_kind(objects, kind) {
        yaml = yaml + "---\n" + &object.yaml()?;
        lines = lines + &object.json() + "\n";
        documents = documents + "---\n" + &object.json() + "\n";
    }
    let file = |name, text: String| (folder.join(name), text);
    let (yaml, lines) = (file("objects.yaml", yaml), file("objects.jsonl", lines));
    let documents = file("documents.yaml", documents);
    let ours = [
        programs::validate("YAML", work.cli, &yaml.0),
        programs::validate("JSON lines", work.cli, &lines.0),
    ];
    let theirs = [
        programs::kubeconform("YAML", &yaml.0, &schemas),
        programs::kubeconform("JSON", &documents.0, &schemas),
    ];
    let inputs = [&yaml, &lines, &yaml, &documents];
    for ((file, text), program) in inputs.into_iter().zip(ours.iter().chain(&theirs)) {
        std::fs::write(file, text)?;
        if program.installed() {
            judges(file, text, program)?;
        }
    }
    let title = format!(
        "Validate: {} objects of kind {kind} in one file (ours: schema, CEL and rules; theirs: schema)",
        work.nodes
    );
    table::compare(&title, &ours, &theirs, rounds).map(drop)
}

/// Fails unless the program accepts the file and refuses it with one mistake in its last object: a program that skips
/// the objects would be fast. The file stays without the mistake.
fn judges(file: &Path, text: &str, program: &Program) -> anyhow::Result<()> {
    let (before, after) = text.rsplit_once("0x").context("no GUID")?;
    std::fs::write(file, format!("{before}0X{after}"))?;
    let accepted = program.output().is_ok();
    std::fs::write(file, text)?;
    ensure!(
        !accepted,
        "{} accepts a GUID that the schema refuses",
        program.name()
    );
    program.output().map(drop)
}

/// A later plan of the same fleet: every hundredth node gets another HCA.
fn other_plan(work: &Work<'_>) -> anyhow::Result<PathBuf> {
    let inventory = work.fleet.join("inventory.jsonl");
    let mut text = String::new();
    for (at, line) in std::fs::read_to_string(&inventory)?.lines().enumerate() {
        text += &match at % 100 {
            0 => line.replacen("0xa088", "0xb088", 1),
            _ => line.to_owned(),
        };
        text += "\n";
    }
    std::fs::write(&inventory, text)?;
    let new = work.plan.with_file_name("new.jsonl");
    std::fs::write(
        &new,
        programs::plan_again(work.cli, &work.fleet, &work.plan).output()?,
    )?;
    Ok(new)
}
