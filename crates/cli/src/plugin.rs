//! The program by other names: as `kubectl-rackwright` it is a plug-in of kubectl, and says `kubectl rackwright` of itself; as
//! `kubectl_complete-rackwright` it tells kubectl what a shell may offer behind that.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;

use clap::Command;
use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;

use crate::args::command;
use crate::exit::Exit;
use crate::output::{forgive_broken_pipe, stdout};

/// Bits of the last line that kubectl reads, as cobra defines them: `ShellCompDirectiveNoSpace` and `NoFileComp`.
const NO_SPACE: u8 = 2;
const NO_FILES: u8 = 4;

fn is_called(program: Option<&OsString>, name: &str) -> bool {
    program.and_then(|program| Path::new(program).file_stem()) == Some(OsStr::new(name))
}

/// The command line by the name that the program is called by.
pub fn called(program: Option<&OsString>) -> Command {
    if is_called(program, "kubectl-rackwright") {
        return command().bin_name("kubectl rackwright");
    }
    command()
}

/// Answers kubectl, if it is asking: the words of the line stand in the arguments, that which is typed last.
pub fn completed(arguments: &[OsString]) -> Option<Exit> {
    if !is_called(arguments.first(), "kubectl_complete-rackwright") {
        return None;
    }
    let last = arguments.len().saturating_sub(1);
    let found = complete(&mut command(), arguments.to_vec(), last, Some(Path::new(".")));
    let text = answer(&found.unwrap_or_default());
    let mut out = stdout();
    let printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Some(if forgive_broken_pipe(printed).is_ok() {
        Exit::Clean
    } else {
        Exit::Tool
    })
}

/// A line a candidate, with what it is, and the directive.
fn answer(found: &[CompletionCandidate]) -> String {
    let mut text = String::new();
    let mut directive = NO_FILES;
    for candidate in found {
        let value = candidate.get_value().to_string_lossy();
        if value.ends_with('/') {
            directive |= NO_SPACE;
        }
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.lines().next().unwrap_or_default();
        let tab = if help.is_empty() { "" } else { "\t" };
        text.push_str(&format!("{value}{tab}{help}\n"));
    }
    format!("{text}:{directive}\n")
}
