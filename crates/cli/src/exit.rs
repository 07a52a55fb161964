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
                "Nothing to object to, and no differences. Warnings are allowed, unless `--strict` makes them count.",
            ),
            Self::Findings => (
                "findings",
                "The input was read and something is wrong with it, or is not as it should be, or differs.",
            ),
            Self::Usage => (
                "usage or input error",
                "The command line is wrong, or an input does not exist or cannot be read. Nothing is known of what it holds.",
            ),
            Self::Tool => (
                "tool or cluster error",
                "The output cannot be written, a program that was asked for is missing or fails, a cluster cannot be reached or refuses, or this program is at fault: a plan that its own checker refuses, a panic. Not the input's fault.",
            ),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What the codes of a verb mean; none where it never ends so.
#[derive(Debug)]
pub struct Meanings {
    /// The verb, as it is typed.
    pub verb: &'static str,
    /// Code 0 and the others, in the order of [`Exit::ALL`].
    pub codes: [Option<&'static str>; 4],
}

const WRITE: Option<&str> = Some("the output cannot be written");
const RENDERED: Option<&str> = Some(
    "the output cannot be written; `kustomize:` or `helm:` names what cannot be rendered; `live:` a cluster that cannot be reached or refuses",
);
const WRITE_NODES: Option<&str> =
    Some("the output cannot be written; `--from live:` names a cluster that cannot be reached or refuses");
const UNKNOWN: Option<&str> = Some("an unknown flag or form");

/// Every verb.
pub static BY_VERB: &[Meanings] = &[
    Meanings {
        verb: "validate",
        codes: [
            Some("no errors; with `--strict` no warnings either"),
            Some("an error, or a warning with `--strict`; with `--dry-run` before what would be fixed"),
            Some(
                "a path does not exist or cannot be read, `--crd` or `--baseline` is none, no object of Rackwright was found, or the kubeconfig of `live:` is none",
            ),
            RENDERED,
        ],
    },
    Meanings {
        verb: "fmt",
        codes: [
            Some("every document is in canonical form now; with `--check` and `--diff` it was so before"),
            Some(
                "with `--check` or `--diff`: a file differs. Or a document was left because it cannot be read one way only",
            ),
            Some("a path does not exist, cannot be read or is no file to write to; `-` beside others"),
            Some("a file or the output cannot be written"),
        ],
    },
    Meanings {
        verb: "plan",
        codes: [
            Some("everything is accepted"),
            Some("an error; what was accepted is still planned"),
            Some("an input as for `validate`; `--previous` is no plan; no such node or member cluster"),
            RENDERED,
        ],
    },
    Meanings {
        verb: "diff",
        codes: [
            Some(
                "neither a node nor a cable differs, whatever drifts; with `--exit-zero` also where some do and no policy flag refuses it",
            ),
            Some(
                "a node or a cable differs, a policy flag refuses the change (`verdict` of the JSON says which), a node drifts and `--fail-on-drift` is given, or an error",
            ),
            Some(
                "a side cannot be read, as an input for `validate`; `--fail-on-drift` where no side is a cluster",
            ),
            RENDERED,
        ],
    },
    Meanings {
        verb: "render node",
        codes: [
            Some("rendered, and everything is accepted"),
            Some(
                "an error; the node is rendered if its pool is accepted, and keeps what it has if not. Or a value that a file of the host cannot hold",
            ),
            Some("an input as for `validate`; no such node; `--out` is missing or holds what is not ours"),
            RENDERED,
        ],
    },
    Meanings {
        verb: "render cluster",
        codes: [
            Some("rendered, and everything is accepted"),
            Some("an error; what was accepted is still rendered"),
            Some("an input as for `validate`; no such member cluster; `--out` holds what is not ours"),
            RENDERED,
        ],
    },
    Meanings {
        verb: "fabric render",
        codes: [
            Some("written, and everything is accepted"),
            Some("an error, or GUIDs are missing; what is known is still written"),
            Some(
                "an input as for `validate`; no such fabric; `--switches` is no list of switches; `--out` holds what is not ours",
            ),
            RENDERED,
        ],
    },
    Meanings {
        verb: "fabric check",
        codes: [
            Some("every cable is where it was designed"),
            Some("a cable is not where it was designed, a line of the capture makes no sense, or an error"),
            Some("an input as for `validate`; the capture has no device; no such fabric or rail"),
            RENDERED,
        ],
    },
    Meanings {
        verb: "fabric compare",
        codes: [
            Some("everything that was there stays where it is"),
            Some("a cable or a device has to move or to go"),
            Some("a folder was not written by `fabric render`"),
            WRITE,
        ],
    },
    Meanings {
        verb: "explain",
        codes: [
            Some("explained"),
            Some("`explain node`: an error in the documents, or the node keeps what it has"),
            Some("no such rule, field, entry or node; an input as for `validate`"),
            RENDERED,
        ],
    },
    Meanings {
        verb: "init",
        codes: [
            Some("written"),
            None,
            Some(
                "an unknown flag; a source that cannot be read or names no host; documents that would not validate; `--out` is there already; the answers end before the questions do",
            ),
            WRITE_NODES,
        ],
    },
    Meanings {
        verb: "crds",
        codes: [Some("printed"), None, UNKNOWN, WRITE],
    },
    Meanings {
        verb: "lsp",
        codes: [
            Some("the editor said goodbye"),
            None,
            Some("an unknown flag"),
            Some("the editor went away without a goodbye, or does not speak the protocol"),
        ],
    },
    Meanings {
        verb: "man",
        codes: [Some("printed or written"), None, UNKNOWN, WRITE],
    },
    Meanings {
        verb: "completions",
        codes: [Some("printed"), None, UNKNOWN, WRITE],
    },
    Meanings {
        verb: "version",
        codes: [Some("printed"), None, UNKNOWN, WRITE],
    },
];

/// The tables of exit codes as Markdown, from which `docs/exit-codes.md` is made.
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
    out.push_str("\n| verb | 0 | 1 | 2 | 3 |\n|---|---|---|---|---|\n");
    for Meanings { verb, codes } in BY_VERB {
        let codes = codes.map(|meaning| meaning.unwrap_or("-"));
        out.push_str(&format!("| `{verb}` | {} |\n", codes.join(" | ")));
    }
    out.push_str(
        "\nOutput that nobody reads any more (`| head`) is no error. A run that is interrupted (Ctrl-C, SIGTERM) says so, removes \
         what it had begun to write, and ends by the signal: a shell shows 130 or 143. A file or folder that it was to replace \
         is still the old one then, as it is after a full disk.\n",
    );
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
