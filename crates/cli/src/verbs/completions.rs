//! `rackwright completions`.

use std::io::Write;

use super::VerbError;
use crate::args::{Completions, command};
use crate::exit::Exit;
use crate::output::{Out, forgive_broken_pipe};

/// Prints a completion script.
pub fn run(args: &Completions, out: &mut Out) -> Result<Exit, VerbError> {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "rackwright", &mut script);
    forgive_broken_pipe(out.write_all(&script))?;
    Ok(Exit::Clean)
}
