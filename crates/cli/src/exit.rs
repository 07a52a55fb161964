//! Exit codes: frozen, and the only place that knows their numbers.

use std::process::ExitCode;

/// How a run ended. An error beats a finding: the greatest one of a run is its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing to object to.
    Clean,
    /// The input was read and something is wrong with it.
    Findings,
    /// The command line is wrong, or an input cannot be read.
    Usage,
    /// The program itself or what it writes to failed.
    Tool,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [Self::Clean, Self::Findings, Self::Usage, Self::Tool];

    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Tool => 3,
        }
    }

    /// What it means, for the documentation.
    const fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Clean => (
                "clean",
                "No findings. Warnings are allowed, unless `--strict` makes them count.",
            ),
            Self::Findings => (
                "findings",
                "The input was read and at least one finding is an error. `plan` still prints the plan of what was accepted, and `render` a node of it; a node that keeps what it has, because its pool is refused, has no plan. Or `render` has a value that a file of the host cannot hold, `fabric render` lacks GUIDs, `fabric check` finds a cable that is not where it was designed, or `fabric compare` one that has to move or to go.",
            ),
            Self::Usage => (
                "usage or input error",
                "A flag, a code or a node is unknown, a folder to write to is not ours, a path does not exist or cannot be read, or no object of Rackwright was found in it.",
            ),
            Self::Tool => (
                "tool error",
                "The output cannot be written, or the program is at fault: a plan that its own checker refuses, a panic. Not the input's fault.",
            ),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table of exit codes as Markdown, from which `docs/exit-codes.md` is made.
pub fn exit_code_table() -> String {
    let mut out = String::from(
        "# Exit codes\n\n\
         These numbers are frozen: scripts may rely on them. When several apply, the greatest one is returned, so an \
         error is never taken for a finding.\n\n\
         | code | name | meaning |\n|---|---|---|\n",
    );
    for exit in Exit::ALL {
        let (name, meaning) = exit.meaning();
        out.push_str(&format!("| {} | {name} | {meaning} |\n", exit.code()));
    }
    out.push_str("\nOutput that nobody reads any more (`| head`) is no error.\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_frozen_and_errors_beat_findings() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3]);
        assert!(Exit::ALL.is_sorted());
        assert_eq!(Exit::Findings.max(Exit::Usage), Exit::Usage);
    }
}
