//! What the program is at, for somebody who waits before a terminal: one line on standard error, from the first second of a
//! run on, and gone before anything else is said. It has no colour. Pipes and CI never see it.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rackwright_manifest::render::printable;

use crate::output;

/// Who waits less is told nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the seconds are told.
const EVERY: Duration = Duration::from_millis(500);
/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

static STATE: Mutex<State> = Mutex::new(State {
    begun: None,
    phases: Vec::new(),
});

#[derive(Debug)]
struct State {
    /// When the run began; none where nobody is told.
    begun: Option<Instant>,
    /// What is being done, the innermost last.
    phases: Vec<String>,
}

impl State {
    /// Shows the innermost phase, if it is time.
    fn show(&self) {
        let (Some(begun), Some(phase)) = (self.begun, self.phases.last()) else {
            return;
        };
        let passed = begun.elapsed();
        if passed >= PATIENCE {
            let columns = terminal_size::terminal_size_of(io::stderr());
            let columns = columns.map_or(COLUMNS, |(width, _)| usize::from(width.0));
            output::progress(&line(phase, passed, columns));
        }
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The line, cut so that it stays one: a line that wraps cannot be erased.
fn line(phase: &str, passed: Duration, columns: usize) -> String {
    let line = format!("{} ... {} s", printable(phase), passed.as_secs());
    line.chars().take(columns.saturating_sub(1)).collect()
}

/// Whether somebody waits: on a terminal that can erase a line, and not in CI, which may have one that nobody looks at.
fn is_watched() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stderr().is_terminal() && !dumb && !set("CI")
}

/// Begins to tell, if somebody waits.
#[expect(clippy::disallowed_methods, reason = "whoever waits is told how long")]
pub fn watch() {
    if is_watched() {
        state().begun = Some(Instant::now());
        thread::spawn(|| {
            thread::sleep(PATIENCE);
            loop {
                state().show();
                thread::sleep(EVERY);
            }
        });
    }
}

/// Something that takes its time, from now until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Phase {
    told: bool,
}

/// Begins a phase. Nothing may be printed to standard output within.
pub fn phase(text: impl FnOnce() -> String) -> Phase {
    let mut state = state();
    let told = state.begun.is_some();
    if told {
        state.phases.push(text());
        state.show();
    }
    Phase { told }
}

impl Drop for Phase {
    fn drop(&mut self) {
        if self.told {
            let mut state = state();
            state.phases.pop();
            if state.phases.is_empty() {
                output::erase_progress();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_never_wider_than_its_terminal() {
        let passed = Duration::from_millis(2_900);
        assert_eq!(line("reading a.yaml", passed, 80), "reading a.yaml ... 2 s");
        assert_eq!(line("reading a.yaml", passed, 10), "reading a");
        assert_eq!(line("a\u{1b}[2Jb", passed, 80).matches('\u{1b}').count(), 0);
        assert_eq!(line("a", passed, 0), "");
    }
}
