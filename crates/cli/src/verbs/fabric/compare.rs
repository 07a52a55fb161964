//! `rackwright fabric compare`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use rackwright_fabric::compare::{Comparison, Scheduled, compare, text};
use rackwright_manifest::render::printable;
use serde::{Deserialize, Serialize};

use super::super::VerbError;
use crate::args::{FabricCompare, TextOrJson};
use crate::exit::Exit;
use crate::folder::MANIFEST;
use crate::output::{Out, forgive_broken_pipe};
use crate::walk::InputError;

/// Reads two folders of `fabric render`, compares the schedules of each subnet, prints.
pub fn run(args: &FabricCompare, out: &mut Out) -> Result<Exit, VerbError> {
    let (before, after) = (subnets(&args.before)?, subnets(&args.after)?);
    let mut compared = Vec::new();
    for subnet in before.union(&after) {
        let side = |folder: &Path, subnets: &BTreeSet<String>| {
            if subnets.contains(subnet) {
                schedule(&folder.join(subnet))
            } else {
                Ok(Vec::new())
            }
        };
        let comparison = compare(&side(&args.before, &before)?, &side(&args.after, &after)?);
        compared.push(Subnet {
            folder: subnet,
            comparison,
        });
    }
    let keeps_all = compared.iter().all(|subnet| subnet.comparison.keeps_all());
    let shown = match args.output {
        TextOrJson::Text => {
            let texts = compared
                .iter()
                .map(|subnet| text(subnet.folder, &subnet.comparison));
            // Names come from files: they must not reach a terminal as they are.
            let text: String = texts.collect();
            text.lines().map(|line| printable(line) + "\n").collect()
        }
        TextOrJson::Json => {
            let whole = Whole {
                format_version: 1,
                subnets: compared,
            };
            serde_json::to_string(&whole)? + "\n"
        }
    };
    forgive_broken_pipe(out.write_all(shown.as_bytes()))?;
    Ok(if keeps_all { Exit::Clean } else { Exit::Findings })
}

/// The comparison for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    format_version: u32,
    subnets: Vec<Subnet<'a>>,
}

#[derive(Serialize)]
struct Subnet<'a> {
    folder: &'a str,
    #[serde(flatten)]
    comparison: Comparison,
}

/// What is read of a manifest.
#[derive(Deserialize)]
struct Manifest {
    subnets: Vec<Described>,
}

#[derive(Deserialize)]
struct Described {
    folder: String,
}

/// The folders of the subnets below a folder.
fn subnets(folder: &Path) -> Result<BTreeSet<String>, InputError> {
    let manifest: Manifest = json(&folder.join(MANIFEST))?;
    let folders = manifest.subnets.into_iter().map(|subnet| subnet.folder);
    Ok(folders.collect())
}

fn schedule(subnet: &Path) -> Result<Vec<Scheduled>, InputError> {
    json(&subnet.join("cables.json"))
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, InputError> {
    let not_rendered = |why: String| InputError::NotRendered {
        path: path.display().to_string(),
        why,
    };
    let bytes = fs::read(path).map_err(|error| not_rendered(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| not_rendered(error.to_string()))
}
