//! Long texts on a terminal go through the pager that the user has, as git's do.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, Stdio};

use crate::output::{Out, forgive_broken_pipe};
use crate::unfinished;

/// What is used where `PAGER` is not set.
const USUAL: &str = "less";
/// What `less` needs to end by itself where all fits on the screen, to keep colours, and to leave the text there.
const LESS: &str = "FRX";

/// Whether texts go through a pager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// On a terminal.
    Auto,
    /// Never.
    Never,
}

/// What shows a text.
#[derive(Debug, PartialEq, Eq)]
enum Pager {
    /// `less`, where there is one.
    Usual,
    /// What the user wrote, with flags.
    Own(OsString),
}

/// The pager for a text, if it should have one: on a terminal, unless `PAGER` is empty or `cat`, or `TERM` is `dumb`.
fn pager(terminal: bool, pager: Option<OsString>, term: Option<&OsString>) -> Option<Pager> {
    let dumb = term.is_none_or(|term| term == "dumb");
    let none = pager
        .as_ref()
        .is_some_and(|pager| pager.is_empty() || pager == "cat");
    (terminal && !dumb && !none).then(|| pager.map_or(Pager::Usual, Pager::Own))
}

impl Pager {
    fn start(self) -> io::Result<Child> {
        let mut command = match self {
            Self::Usual => Command::new(USUAL),
            Self::Own(pager) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(pager);
                shell
            }
        };
        if std::env::var_os("LESS").is_none() {
            command.env("LESS", LESS);
        }
        command.stdin(Stdio::piped()).spawn()
    }
}

/// Prints a text for people, on a terminal through a pager.
pub fn print(text: &str, paging: Paging, out: &mut Out) -> io::Result<()> {
    let paged = paging == Paging::Auto && show(text);
    if paged {
        return Ok(());
    }
    forgive_broken_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Shows a text in the pager; false where there is none, or it does not start: then nothing was shown.
fn show(text: &str) -> bool {
    let terminal = io::stdout().is_terminal();
    let Some(pager) = pager(
        terminal,
        std::env::var_os("PAGER"),
        std::env::var_os("TERM").as_ref(),
    ) else {
        return false;
    };
    // The terminal sends an interrupt to both, and a pager goes on: whoever reads in it looks for something else.
    let _interrupts = unfinished::Deaf::to_interrupts();
    let Ok(mut child) = pager.start() else {
        return false;
    };
    if let Some(mut stdin) = child.stdin.take() {
        // Who leaves the pager early has read enough.
        stdin.write_all(text.as_bytes()).unwrap_or(());
    }
    // 127 is the shell's word for a program that is not there.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_is_for_terminals_and_who_wants_it() {
        let term = OsString::from("xterm");
        let asked = |terminal, set: Option<&str>| pager(terminal, set.map(OsString::from), Some(&term));
        assert_eq!(asked(true, None), Some(Pager::Usual));
        assert_eq!(asked(true, Some("more -s")), Some(Pager::Own("more -s".into())));
        for (terminal, set) in [(false, None), (true, Some("")), (true, Some("cat"))] {
            assert_eq!(asked(terminal, set), None, "{terminal} {set:?}");
        }
        assert_eq!(pager(true, None, Some(&OsString::from("dumb"))), None);
        assert_eq!(pager(true, None, None), None);
    }
}
