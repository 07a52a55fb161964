//! The `rackwright` command line: reads manifests, shows what is wrong with them, and prints what each node becomes.
//!
//! What it does: it finds files ([`pipeline`] and what it calls), prints findings and plans in the forms that people
//! and programs want, and ends with a code that scripts can rely on ([`Exit`]).
//!
//! What it never does: judge a manifest by a rule of its own (that is the work of `manifest`, `planner` and
//! `plan-check`; the three rules here are about a set of files), write where nobody asked it to, start a program that
//! nobody named, or change anything in a cluster: it reads one where `live:` names it, with a client that cannot write.
//!
//! Where to start: [`command`] is the command line, `verbs/` has one file a verb, [`pipeline::run`] is the way from
//! paths to a plan.

#![expect(
    clippy::format_push_string,
    reason = "writing to a String cannot fail, and these texts are short"
)]

mod args;
mod asked;
mod baseline;
mod before;
mod blocks;
mod carried;
mod catalogue;
mod changes;
mod cluster;
mod compared;
mod complete;
mod diff;
mod digests;
mod drift;
mod exit;
mod fault;
mod field;
mod findings;
mod fingerprint;
mod fix;
mod folder;
mod formats;
mod formatter;
mod git;
mod handover;
mod init;
pub mod inputs;
mod jsonl;
mod live;
mod load;
mod lsp;
mod node_page;
pub mod object;
mod origin;
mod output;
mod own_catalogue;
mod pager;
pub mod pipeline;
mod plan_objects;
mod plan_schema;
mod plugin;
mod power;
pub mod previous;
mod progress;
mod quick;
mod reference;
mod rendered;
pub mod report;
pub mod rules;
pub mod runs;
mod saved;
mod scan;
pub mod schemas;
mod storage;
mod strict;
mod suggest;
mod summary;
mod third_party;
mod unfinished;
mod unified;
mod unknown_kind;
mod values;
mod verbs;
pub mod walk;
mod whole_file;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::FromArgMatches;

pub use args::command;
pub use diff::report::diff_schema;
pub use exit::{BY_VERB, Exit, Meanings, exit_code_table};
pub use plan_schema::plan_schema;
pub use reference::reference_markdown;
pub use verbs::explain::{Entry, all_rules};

use args::{Cli, Verb};
use output::{eprint, forgive_broken_pipe, stdout};
use pager::Paging;
use verbs::VerbError;

/// The whole program.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(exit) = plugin::completed(&arguments) {
        return exit.into();
    }
    // A shell that asks for completions says so in the environment; then this ends the process.
    clap_complete::CompleteEnv::with_factory(command).complete();
    unfinished::watch();
    fault::watch();
    run(arguments).into()
}

/// Runs one command line, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = plugin::called(arguments.first()).try_get_matches_from(arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            let wanted = !error.use_stderr();
            let printed = forgive_broken_pipe(error.print()).is_ok();
            return match (wanted, printed) {
                (_, false) => Exit::Tool,
                (true, true) => Exit::Clean,
                (false, true) => Exit::Usage,
            };
        }
    };
    let mut out = stdout();
    let paging = if cli.no_pager { Paging::Never } else { Paging::Auto };
    if !matches!(cli.verb, Verb::Lsp(_)) {
        progress::watch();
    }
    let result = match &cli.verb {
        Verb::Validate(args) => verbs::validate::run(args, cli.color, &mut out),
        Verb::Fmt(args) => verbs::fmt::run(args, &mut out),
        Verb::Plan(args) => verbs::plan::run(args, cli.color, paging, &mut out),
        Verb::Diff(args) => verbs::diff::run(args, cli.color, paging, &mut out),
        Verb::Render(args) => verbs::render::run(args, cli.color, &mut out),
        Verb::Fabric(args) => verbs::fabric::run(args, cli.color, &mut out),
        Verb::Explain(args) => verbs::explain::run(args, paging, &mut out),
        Verb::Init(args) => verbs::init::run(args, &mut out),
        Verb::Crds(args) => verbs::crds::run(args, &mut out),
        Verb::Lsp(args) => verbs::lsp::run(args),
        Verb::Man(args) => verbs::man::run(args, &mut out),
        Verb::Completions(args) => verbs::completions::run(args, &mut out),
        Verb::Version(args) => verbs::version::run(args, &mut out),
    };
    let result = result.and_then(|exit| {
        forgive_broken_pipe(out.flush())?;
        Ok(exit)
    });
    result.unwrap_or_else(|error| {
        eprint(&format!("error: {error}\n"));
        match error {
            VerbError::Input(error) => error.exit(),
            VerbError::Unknown(_) | VerbError::Usage(_) | VerbError::Folder(_) => Exit::Usage,
            VerbError::Output(_)
            | VerbError::File { .. }
            | VerbError::Tool(_)
            | VerbError::Json(_)
            | VerbError::Csv(_)
            | VerbError::Editor(_)
            | VerbError::Junit(_)
            | VerbError::Yaml(_) => Exit::Tool,
        }
    })
}
