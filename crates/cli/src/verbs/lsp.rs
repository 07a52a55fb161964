//! `rackwright lsp`.

use super::VerbError;
use crate::args::Lsp;
use crate::exit::Exit;

/// Serves an editor until it says goodbye.
pub fn run(args: &Lsp) -> Result<Exit, VerbError> {
    crate::lsp::serve(&args.paths)?;
    Ok(Exit::Clean)
}
