//! `rackwright fmt`.

use std::io::{Read as _, Write};
use std::path::Path;

use serde::Serialize;

use super::VerbError;
use crate::args::{Fmt, TextOrJson};
use crate::exit::Exit;
use crate::formatter::{Formatter, Left};
use crate::output::{Out, eprint, forgive_broken_pipe};
use crate::summary::count;
use crate::unified;
use crate::walk::{InputError, Source, Walk, is_json};
use crate::whole_file;

/// The layout of the JSON form.
const FORMAT_VERSION: u32 = 1;

/// What was done, as programs read it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    format_version: u32,
    /// Documents of ours.
    documents: usize,
    /// Files that differ from their canonical form.
    files: Vec<String>,
    /// Documents that were left as they are.
    left: Vec<LeftIn>,
}

#[derive(Serialize)]
struct LeftIn {
    file: String,
    line: u32,
    column: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    object: String,
    reason: String,
}

/// Formats.
pub fn run(args: &Fmt, out: &mut Out) -> Result<Exit, VerbError> {
    let walk = Walk::new(&args.paths);
    let writes = !args.check && !args.diff;
    refuse(args, &walk.sources, writes)?;
    let mut exit = Exit::Clean;
    for error in &walk.errors {
        eprint(&format!("error: {error}\n"));
        exit = exit.max(error.exit());
    }
    let formatter = Formatter::default();
    let mut done = Done {
        format_version: FORMAT_VERSION,
        ..Done::default()
    };
    for source in &walk.sources {
        let name = source.shown().into_owned();
        // Programs write JSON, one line or many.
        if is_json(Path::new(&name)) {
            continue;
        }
        let bytes = match read(source) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprint(&format!("error: {error}\n"));
                exit = exit.max(error.exit());
                continue;
            }
        };
        let result = formatter.format_bytes(&bytes);
        done.documents += result.documents;
        for left in result.left {
            exit = exit.max(told(&name, &left));
            done.left.push(LeftIn::new(&name, left));
        }
        let text = result.text.as_deref();
        if *source == Source::Stdin && writes {
            print(text.map_or(&*bytes, str::as_bytes), out)?;
        }
        let Some(text) = text else { continue };
        if args.diff {
            print(
                unified::diff(&name, &String::from_utf8_lossy(&bytes), text).as_bytes(),
                out,
            )?;
        }
        if let (Source::File(path), true) = (source, writes) {
            whole_file::write(path, text.as_bytes()).map_err(|error| VerbError::File {
                path: name.clone(),
                error,
            })?;
        } else if !writes {
            exit = exit.max(Exit::Findings);
        }
        done.files.push(name);
    }
    match args.output {
        TextOrJson::Json => print(
            format!("{}\n", serde_json::to_string_pretty(&done)?).as_bytes(),
            out,
        )?,
        TextOrJson::Text if args.diff || args.paths == [Path::new("-")] && writes => {}
        TextOrJson::Text => {
            for name in &done.files {
                print(format!("{name}\n").as_bytes(), out)?;
            }
        }
    }
    eprint(&summary(&done, writes));
    Ok(exit)
}

/// What cannot be written where it came from.
fn refuse(args: &Fmt, sources: &[Source], writes: bool) -> Result<(), VerbError> {
    let blob = sources.iter().find(|source| matches!(source, Source::Blob(_)));
    if let Some(blob) = blob.filter(|_| writes) {
        let why = "is no file to write to; --check and --diff take it";
        return Err(VerbError::Usage(format!("{}: {why}", blob.shown())));
    }
    if sources.contains(&Source::Stdin) && writes && (sources.len() > 1 || args.output == TextOrJson::Json) {
        let why = "`-` stands alone: standard output gets its text; --check and --diff take it beside others";
        return Err(VerbError::Usage(why.to_owned()));
    }
    Ok(())
}

fn read(source: &Source) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    let result = source.open().and_then(|mut text| text.read_to_end(&mut bytes));
    match result {
        Ok(_) => Ok(bytes),
        Err(error) => Err(InputError::io(Path::new(&*source.shown()), error)),
    }
}

/// Tells of a document that was left, and whether that is a finding.
fn told(name: &str, left: &Left) -> Exit {
    let (position, object) = (left.position, &left.object);
    let what = if object.is_empty() { "left" } else { " left" };
    eprint(&format!(
        "{name}:{}:{}: {object}{what} as it is: {}\n",
        position.line, position.column, left.reason
    ));
    if left.reason.is_finding() {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

impl LeftIn {
    fn new(file: &str, left: Left) -> Self {
        Self {
            file: file.to_owned(),
            line: left.position.line,
            column: left.position.column,
            object: left.object,
            reason: left.reason.to_string(),
        }
    }
}

fn print(text: &[u8], out: &mut Out) -> Result<(), VerbError> {
    Ok(forgive_broken_pipe(
        out.write_all(text).and_then(|()| out.flush()),
    )?)
}

fn summary(done: &Done, writes: bool) -> String {
    let formatted = if writes { "formatted" } else { "not formatted" };
    let left = match done.left.len() {
        0 => String::new(),
        1 => ", 1 document left as it is".to_owned(),
        number => format!(", {number} documents left as they are"),
    };
    format!(
        "{}: {} {formatted}{left}\n",
        count(done.documents, "document"),
        count(done.files.len(), "file")
    )
}
