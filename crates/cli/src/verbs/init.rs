//! `rackwright init`.

use std::fs::{self, File};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use super::VerbError;
use crate::args::Init;
use crate::exit::Exit;
use crate::init::{Source, ask, command, start};
use crate::output::{Out, eprint, forgive_broken_pipe};
use crate::unfinished::Unfinished;

/// Writes a starting point, and says what could not be known.
pub fn run(args: &Init, out: &mut Out) -> Result<Exit, VerbError> {
    let somebody = io::stdin().is_terminal() && io::stderr().is_terminal();
    let asked = (args.ask || args.says_nothing() && somebody).then(|| {
        let chooses_file = somebody && io::stdout().is_terminal();
        ask(args, io::stdin().lock(), chooses_file)
    });
    let asked = asked.transpose()?;
    let args = asked.as_ref().unwrap_or(args);
    let open = |path| Source::open(path, &args.clusters);
    let source = args.from.as_deref().map(open).transpose()?;
    let start = start(args, source.as_ref())?;
    match &args.out {
        // Before what is said of it, on a screen that shows both.
        None => forgive_broken_pipe(out.write_all(start.text.as_bytes()).and_then(|()| out.flush()))?,
        Some(path) => create(path, &start.text)?,
    }
    eprint("not known, and assumed or left out:\n");
    for line in &start.unknown {
        eprint(&format!("- {line}\n"));
    }
    if let Some(path) = &args.out {
        eprint(&format!(
            "wrote {0}; next: rackwright validate {0}\n",
            path.display()
        ));
    }
    if let Some(said) = &asked {
        eprint(&format!("the same without questions:\n  {}\n", command(said)?));
    }
    Ok(Exit::Clean)
}

/// Writes a new file: never over one that is there, and none by halves.
fn create(path: &Path, text: &str) -> Result<(), VerbError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => VerbError::Usage(format!(
            "{}: is there already, and init writes over nothing; name a new file",
            path.display()
        )),
        _ => VerbError::File {
            path: path.display().to_string(),
            error,
        },
    };
    let mut file = File::create_new(path).map_err(failed)?;
    let _unfinished = Unfinished::begin(path);
    file.write_all(text.as_bytes()).map_err(|error| {
        // What cannot be removed stays; the error says that it is no whole file.
        fs::remove_file(path).unwrap_or(());
        failed(error)
    })
}
