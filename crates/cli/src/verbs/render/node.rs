//! `rackwright render node`.

use std::io::Write;

use rackwright_api::Hash;
use rackwright_planner::PlannedNode;
use rackwright_render::{LocalTier, Note, Rendered, UnitContent, cloud_init, ignition};
use serde::Serialize;

use super::super::{VerbError, plan};
use crate::args::{RenderFormat, RenderNode};
use crate::asked::{Asked, asked};
use crate::carried::Carried;
use crate::exit::Exit;
use crate::folder::{self, Content, Entry, hash};
use crate::output::{Out, When, eprint};
use crate::previous::Previous;
use crate::report;
use crate::summary::count;

/// Compiles, renders one node, prints or writes it.
pub fn run(args: &RenderNode, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    match (&args.out, args.format) {
        (Some(folder), _) => folder::check(folder)?,
        (None, RenderFormat::Files) => {
            return Err(VerbError::Unknown(
                "files need a folder: add --out DIR, or --format ignition or cloud-init for standard output"
                    .to_owned(),
            ));
        }
        (None, RenderFormat::Ignition | RenderFormat::CloudInit) => {}
    }
    let (previous, held) = Previous::opened(args.previous.as_deref(), &args.paths)?;
    let outcome = crate::pipeline::run(&args.paths, held)?;
    let exit = report::exit(&outcome, false);
    plan::findings(&outcome, color);
    report::errors(&outcome);
    if exit > Exit::Findings {
        eprint("nothing is rendered because of the errors above\n");
        return Ok(exit);
    }
    let carried = Carried::new(previous.as_ref(), &outcome)?;
    let node = match asked(&outcome, &carried, &args.name)? {
        Asked::Planned(node) => node,
        Asked::Keeps(why) => {
            eprint(&format!("error: {why}; nothing is rendered\n"));
            return Ok(exit.max(Exit::Findings));
        }
    };
    let rendered = match rackwright_render::render(node.name(), &node.pool().profile, &node.facts()) {
        Ok(rendered) => rendered,
        Err(errors) => {
            for error in errors.iter() {
                eprint(&format!("error: pool {}: {error}\n", node.pool().name));
            }
            return Ok(exit.max(Exit::Findings));
        }
    };
    for note in &rendered.notes {
        eprint(&format!("note: {}: {}\n", note.field, note.text));
    }
    let document = match args.format {
        RenderFormat::Files => None,
        RenderFormat::Ignition => Some(("config.ign", ignition(&rendered)?)),
        RenderFormat::CloudInit => Some(("user-data", cloud_init(&rendered)?)),
    };
    match (&args.out, document) {
        (None, Some((_, text))) => {
            crate::output::forgive_broken_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?;
        }
        (Some(folder), document) => {
            let manifest = Manifest::new(node, &rendered);
            let mut entries = match document {
                Some((name, text)) => vec![Entry {
                    path: name.to_owned(),
                    content: Content::File(text, 0o644),
                }],
                None => tree(&rendered),
            };
            entries.push(Entry {
                path: folder::MANIFEST.to_owned(),
                content: Content::File(serde_json::to_string_pretty(&manifest)? + "\n", 0o644),
            });
            folder::replace(folder, &entries)?;
            eprint(&format!(
                "wrote {} to {}\n",
                count(entries.len(), "file"),
                folder.display()
            ));
        }
        // Asked above.
        (None, None) => {}
    }
    Ok(exit)
}

/// Everything that is a file on the host.
fn tree(rendered: &Rendered) -> Vec<Entry> {
    let below = |path: &str| path.trim_start_matches('/').to_owned();
    let files = rendered.files.iter().map(|file| Entry {
        path: below(&file.path),
        content: Content::File(file.content.clone(), file.mode),
    });
    let units = rendered.units.iter().filter_map(|unit| {
        let content = match &unit.content {
            UnitContent::Enabled => return None,
            UnitContent::Masked => Content::Null,
            UnitContent::Own { text } | UnitContent::DropIn { text, .. } => {
                Content::File(text.clone(), 0o644)
            }
        };
        Some(Entry {
            path: below(&unit.path()?),
            content,
        })
    });
    files.chain(units).collect()
}

/// What lies in the folder and what only the host can do.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    format_version: u32,
    generator: &'static str,
    node: &'a str,
    profile: &'a str,
    hash: Hash,
    files: Vec<ManifestFile<'a>>,
    units: Vec<ManifestUnit<'a>>,
    kernel_arguments: &'a [String],
    local_tiers: &'a [LocalTier],
    notes: &'a [Note],
}

#[derive(Serialize)]
struct ManifestFile<'a> {
    path: &'a str,
    mode: String,
    blake3: String,
    fields: &'a [String],
}

#[derive(Serialize)]
struct ManifestUnit<'a> {
    name: &'a str,
    state: &'static str,
    restart: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blake3: Option<String>,
    fields: &'a [String],
}

impl<'a> Manifest<'a> {
    fn new(node: PlannedNode<'a>, rendered: &'a Rendered) -> Self {
        let files = rendered.files.iter().map(|file| ManifestFile {
            path: &file.path,
            mode: format!("{:04o}", file.mode),
            blake3: hash(&file.content),
            fields: &file.fields,
        });
        let units = rendered.units.iter().map(|unit| {
            let (state, text) = match &unit.content {
                UnitContent::Enabled => ("enabled", None),
                UnitContent::Masked => ("masked", None),
                UnitContent::Own { text } => ("own", Some(text)),
                UnitContent::DropIn { text, .. } => ("drop-in", Some(text)),
            };
            ManifestUnit {
                name: &unit.name,
                state,
                restart: unit.restart,
                path: unit.path(),
                blake3: text.map(|text| hash(text)),
                fields: &unit.fields,
            }
        });
        Self {
            format_version: 1,
            generator: folder::GENERATOR,
            node: node.name(),
            profile: &node.pool().profile_name,
            hash: node.spec().hash,
            files: files.collect(),
            units: units.collect(),
            kernel_arguments: &rendered.kernel_arguments,
            local_tiers: &rendered.local_tiers,
            notes: &rendered.notes,
        }
    }
}
