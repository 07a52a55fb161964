//! Long texts on a terminal go through the pager that the user has, as git's do.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

/// What is used where `PAGER` is not set.
const USUAL: &str = "less";
/// What `less` needs to end by itself where all fits on the screen, to keep colours, and to leave the text there.
const LESS: &str = "FRX";

/// The pager for a text, if it should have one: on a terminal, unless `PAGER` is empty or `cat`, or `TERM` is `dumb`.
fn pager(terminal: bool, pager: Option<OsString>, term: Option<&OsString>) -> Option<OsString> {
    let dumb = term.is_none_or(|term| term == "dumb");
    let pager = pager.unwrap_or_else(|| USUAL.into());
    let none = pager.is_empty() || pager == "cat";
    (terminal && !dumb && !none).then_some(pager)
}

/// Shows a text in the pager; false where there is none, or it does not start: then nothing was shown.
pub fn show(text: &str) -> bool {
    let terminal = io::stdout().is_terminal();
    let Some(pager) = pager(
        terminal,
        std::env::var_os("PAGER"),
        std::env::var_os("TERM").as_ref(),
    ) else {
        return false;
    };
    let mut command = Command::new("sh");
    // A shell, since people write flags into PAGER.
    command.arg("-c").arg(pager).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    let Ok(mut child) = command.spawn() else {
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
        assert_eq!(asked(true, None), Some("less".into()));
        assert_eq!(asked(true, Some("more -s")), Some("more -s".into()));
        for (terminal, set) in [(false, None), (true, Some("")), (true, Some("cat"))] {
            assert_eq!(asked(terminal, set), None, "{terminal} {set:?}");
        }
        assert_eq!(pager(true, None, Some(&OsString::from("dumb"))), None);
        assert_eq!(pager(true, None, None), None);
    }
}
