//! Where output goes: buffered, coloured only where that helps, and at peace with a reader that goes away.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

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

/// Prints to standard error. Nothing can be done where that fails.
pub fn eprint(text: &str) {
    let mut stderr = io::stderr().lock();
    stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush())
        .unwrap_or(());
}
