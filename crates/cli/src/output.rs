//! Where output goes: buffered, coloured only where that helps, and at peace with a reader that goes away.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use rackwright_manifest::render::Colour;

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl When {
    /// Decides for one stream. `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` are anstream's to read.
    pub fn decide(self, stream: &(impl IsTerminal + anstream::stream::RawStream)) -> Colour {
        match self {
            Self::Always => Colour::Always,
            Self::Never => Colour::Never,
            Self::Auto => match anstream::AutoStream::choice(stream) {
                anstream::ColorChoice::Never => Colour::Never,
                _ => Colour::Always,
            },
        }
    }
}

/// Standard output, buffered; not locked, since the conversation with an editor writes from a thread of its own.
pub type Out = BufWriter<io::Stdout>;

/// Opens standard output. 64 KiB is what a pipe takes at once; longer texts, as plans have them, pass without a copy.
pub fn stdout() -> Out {
    BufWriter::with_capacity(64 << 10, io::stdout())
}

/// A reader that went away (`| head`) has read what it wanted.
pub fn forgive_broken_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// What stands in the last line of standard error, where that has no end yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Ended,
    /// A question, whose answer ends it.
    Question,
    /// What the program is at: it goes when something is to be said.
    Progress,
}

static LINE: Mutex<Line> = Mutex::new(Line::Ended);

/// Carriage return, and clear to the end of the line (ECMA-48, EL).
const ERASE: &str = "\r\x1b[K";

/// Writes to standard error behind what ends or erases the open line. Nothing can be done where that fails.
fn say(begin: fn(Line) -> &'static str, text: &str, after: Line) {
    let mut line = LINE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = format!("{}{text}", begin(*line));
    let mut stderr = io::stderr().lock();
    stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush())
        .unwrap_or(());
    *line = after;
}

/// A new line, whatever stands in the last one.
fn fresh(line: Line) -> &'static str {
    match line {
        Line::Ended => "",
        Line::Question => "\n",
        Line::Progress => ERASE,
    }
}

/// Prints to standard error.
pub fn eprint(text: &str) {
    say(fresh, text, Line::Ended);
}

/// Prints a question, whose line stays open.
pub fn question(text: &str) {
    say(fresh, text, Line::Question);
}

/// Says that the terminal has ended the line of the question, as it does with the answer.
pub fn answered() {
    say(|_| "", "", Line::Ended);
}

/// Shows what the program is at, in place of what was shown before.
pub fn progress(text: &str) {
    say(
        |line| match line {
            Line::Ended | Line::Progress => ERASE,
            Line::Question => "\n",
        },
        text,
        Line::Progress,
    );
}

/// Takes away what the program was at.
pub fn erase_progress() {
    say(
        |line| if line == Line::Progress { ERASE } else { "" },
        "",
        Line::Ended,
    );
}
