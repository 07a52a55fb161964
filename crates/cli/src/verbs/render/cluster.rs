//! `rackwright render cluster`.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::super::{VerbError, plan};
use crate::args::{RenderCluster, TextOrJson};
use crate::carried::Carried;
use crate::exit::Exit;
use crate::folder;
use crate::handover::{File, Form, Handover, Note, Parts};
use crate::output::{Out, When, eprint, forgive_broken_pipe};
use crate::pipeline::run_member;
use crate::previous::Previous;
use crate::summary::count;
use crate::{progress, report};

/// Compiles, and writes what the plan amounts to for others.
pub fn run(args: &RenderCluster, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    if let Some(contradiction) = args.schedulers.contradiction() {
        return Err(VerbError::Usage(contradiction));
    }
    folder::check(&args.out)?;
    let (previous, held) = Previous::opened(args.previous.as_deref(), &args.paths)?;
    let outcome = run_member(&args.paths, held, args.cluster.as_deref())?;
    let exit = report::exit(&outcome, false);
    plan::findings(&outcome, color);
    report::refused(&outcome);
    report::errors(&outcome);
    if exit > Exit::Findings {
        eprint("nothing is rendered because of the errors above\n");
        return Ok(exit);
    }
    if let Some(unknown) = &outcome.unknown_cluster {
        return Err(VerbError::Unknown(unknown.to_string()));
    }
    let carried = Carried::new(previous.as_ref(), &outcome)?;
    plan::blocked(&carried);
    let parts = Parts::new(&outcome, &carried);
    let Handover { files, notes } = parts.handover(args.cluster.as_deref(), &args.schedulers)?;
    for note in &notes {
        eprint(&format!("note: {}: {}\n", note.object, note.text));
    }
    let manifest = folder::fill(&args.out, |folder| {
        let mut written = Vec::new();
        for file in files {
            written.extend(write(folder, file)?);
        }
        let manifest = Manifest {
            format_version: 1,
            generator: folder::GENERATOR,
            cluster: args.cluster.as_deref(),
            nodes: outcome.compilation.plan.nodes().len(),
            files: written,
            notes,
        };
        fs::write(folder.join(folder::MANIFEST), manifest.text()?)?;
        Ok(manifest)
    })?;
    if manifest.files.is_empty() {
        eprint("note: there is nothing to hand over: the plan has no node\n");
    }
    eprint(&format!(
        "wrote {} to {}\n",
        count(manifest.files.len() + 1, "file"),
        args.out.display()
    ));
    let text = match args.output {
        TextOrJson::Text => manifest.list(),
        TextOrJson::Json => manifest.text()?,
    };
    forgive_broken_pipe(out.write_all(text.as_bytes()))?;
    Ok(exit)
}

/// What lies in the folder.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    format_version: u32,
    generator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a str>,
    nodes: usize,
    files: Vec<Written>,
    notes: Vec<Note>,
}

/// A file that has objects.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    path: String,
    content: &'static str,
    objects: usize,
    read_by: &'static str,
    blake3: String,
}

impl Manifest<'_> {
    fn text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// A line a file.
    fn list(&self) -> String {
        let contents: Vec<String> = self
            .files
            .iter()
            .map(|file| format!("{} {}", file.objects, file.content))
            .collect();
        let paths = self.files.iter().map(|file| file.path.len()).max().unwrap_or(0);
        let width = contents.iter().map(String::len).max().unwrap_or(0);
        let mut out = String::new();
        for (file, content) in self.files.iter().zip(&contents) {
            out.push_str(&format!(
                "{:<paths$}  {content:<width$}  for {}\n",
                file.path, file.read_by
            ));
        }
        out
    }
}

/// Writes a file object by object; none if it has no object.
fn write(folder: &Path, file: File<'_>) -> Result<Option<Written>, VerbError> {
    let File {
        path,
        content,
        read_by,
        form,
        objects,
    } = file;
    let mut objects = objects.peekable();
    if objects.peek().is_none() {
        return Ok(None);
    }
    let _phase = progress::phase(|| format!("writing {path}"));
    let place = folder.join(&path);
    folder::make_room(&place)?;
    let mut stream = BufWriter::new(Hashed {
        hasher: blake3::Hasher::new(),
        file: fs::File::create(place)?,
    });
    let mut written = 0;
    for object in objects {
        let object = object?;
        match form {
            Form::Yaml => {
                let separator = if written == 0 { "" } else { "---\n" };
                write!(stream, "{separator}{}", serde_yaml::to_string(&object)?)?;
            }
            Form::Text => write!(stream, "{}", object.as_str().unwrap_or_default())?,
            Form::Lines => writeln!(stream, "{object}")?,
        }
        written += 1;
    }
    stream.flush()?;
    Ok(Some(Written {
        path,
        content,
        objects: written,
        read_by,
        blake3: stream.get_ref().hasher.finalize().to_hex().to_string(),
    }))
}

/// A file whose hash is known when it is written.
struct Hashed {
    hasher: blake3::Hasher,
    file: fs::File,
}

impl Write for Hashed {
    fn write(&mut self, some: &[u8]) -> io::Result<usize> {
        let written = self.file.write(some)?;
        self.hasher.update(&some[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
