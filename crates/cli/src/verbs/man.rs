//! `rackwright man`.

use std::fs;
use std::io::Write;

use clap::Command;

use super::VerbError;
use crate::args::{Man, command};
use crate::exit::Exit;
use crate::output::{Out, forgive_broken_pipe};
use crate::whole_file;

/// Prints the page of the program, or writes those of all verbs.
pub fn run(args: &Man, out: &mut Out) -> Result<Exit, VerbError> {
    let mut root = command();
    root.build();
    let Some(folder) = &args.out else {
        forgive_broken_pipe(out.write_all(&page(root)?))?;
        return Ok(Exit::Clean);
    };
    let failed = |path: &std::path::Path, error| VerbError::File {
        path: path.display().to_string(),
        error,
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut pages = Vec::new();
    collect("", &root, &mut pages);
    for (name, command) in pages {
        let path = folder.join(format!("{name}.1"));
        whole_file::write(&path, &page(command)?).map_err(|error| failed(&path, error))?;
    }
    Ok(Exit::Clean)
}

/// A command and all below it, each by the name of its page: `rackwright-render-node`.
fn collect(above: &str, command: &Command, out: &mut Vec<(String, Command)>) {
    let dash = if above.is_empty() { "" } else { "-" };
    let name = format!("{above}{dash}{}", command.get_name());
    out.push((name.clone(), command.clone()));
    for below in command
        .get_subcommands()
        .filter(|below| below.get_name() != "help")
    {
        collect(&name, below, out);
    }
}

fn page(command: Command) -> Result<Vec<u8>, VerbError> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    Ok(text)
}
