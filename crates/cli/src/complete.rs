//! What a shell offers while a command line is typed: names of objects and nodes of the documents in the current folder, fields,
//! rules, entries of the catalogue.
//!
//! It is asked at each press of a key, so it is quick: it looks at the current folder and the folders in it alone, and at no
//! more than a few megabytes. It is silent: where something cannot be read, nothing is offered.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::CompletionCandidate;
use rackwright_planner::{Plan, catalogue};

use crate::field;
use crate::pipeline::{self, Outcome};
use crate::verbs::explain::all_rules;
use crate::walk::is_manifest;

/// Files that are looked at.
const FILES: usize = 500;
/// Bytes that are read.
const BYTES: u64 = 8 << 20;

/// The documents of the current folder; none where they are too large or cannot be compiled.
fn outcome() -> Option<Outcome> {
    let mut paths = Vec::new();
    documents(Path::new("."), true, &mut paths);
    let sizes = paths
        .iter()
        .map(|path| fs::metadata(path).map_or(0, |metadata| metadata.len()));
    let fits = paths.len() <= FILES && sizes.sum::<u64>() <= BYTES;
    let outcome = if fits && !paths.is_empty() {
        pipeline::run(&paths, Vec::new()).ok()
    } else {
        None
    };
    outcome.filter(|outcome| outcome.objects > 0)
}

/// The documents of a folder and, once, of the folders in it.
fn documents(folder: &Path, deeper: bool, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if hidden || out.len() > FILES {
            continue;
        }
        if path.is_dir() {
            if deeper {
                documents(&path, false, out);
            }
        } else if is_manifest(&path) {
            out.push(path);
        }
    }
}

fn candidates<T: Into<std::ffi::OsString>>(names: impl IntoIterator<Item = T>) -> Vec<CompletionCandidate> {
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// Names of nodes.
pub fn nodes() -> Vec<CompletionCandidate> {
    let outcome = outcome();
    let plan = outcome.as_ref().map(|outcome| &outcome.compilation.plan);
    candidates(
        plan.into_iter()
            .flat_map(Plan::nodes)
            .map(|node| node.name().to_owned()),
    )
}

/// Names of fabrics.
pub fn fabrics() -> Vec<CompletionCandidate> {
    let outcome = outcome();
    let fabrics = outcome.iter().flat_map(|outcome| &outcome.input.fabrics);
    candidates(fabrics.map(|fabric| fabric.name.to_string()))
}

/// Names of member clusters.
pub fn clusters() -> Vec<CompletionCandidate> {
    let outcome = outcome();
    let sites = outcome.iter().flat_map(|outcome| &outcome.input.superclusters);
    let clusters = sites.flat_map(|site| &site.spec.clusters);
    candidates(clusters.map(|cluster| cluster.name.to_string()))
}

/// Systems of the catalogue.
pub fn systems() -> Vec<CompletionCandidate> {
    candidates(catalogue::systems().keys())
}

/// Switches of the catalogue that a fabric may be built of.
pub fn fabric_switches() -> Vec<CompletionCandidate> {
    candidates(catalogue::infiniband_switches().map(|(name, _)| name))
}

/// What can be explained: rules, what takes a name, and fields step by step.
pub fn explained(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_str().unwrap_or_default();
    let names: BTreeSet<String> = if current.contains('.') {
        field::below(current).into_iter().collect()
    } else {
        let rules = all_rules();
        let rules = rules
            .iter()
            .flat_map(|rule| [rule.code.to_owned(), rule.name.to_owned()]);
        let words = ["node", "system", "gpu", "switch", "adapter", "compatibility"];
        let words = words.into_iter().map(str::to_owned);
        rules.chain(words).chain(field::kind_names()).collect()
    };
    candidates(names.into_iter().filter(|name| name.starts_with(current)))
}

/// Names that go behind a word of [`explained`]: of nodes, and of all of the catalogue.
pub fn named() -> Vec<CompletionCandidate> {
    let mut all = nodes();
    all.extend(systems());
    all.extend(candidates(
        (catalogue::switches().keys())
            .chain(catalogue::gpus().keys())
            .chain(catalogue::adapters().keys()),
    ));
    all
}
