//! Every exit code of every verb, as `docs/exit-codes.md` lists them, and what happens when the world breaks: a reader that
//! goes away, a full disk, an interrupt, a file that cannot be read.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "exit_codes/lines.rs"]
mod lines;
#[path = "support/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use lines::LINES;
use rackwright_cli::BY_VERB;
use run::{code, err, out, root, run_in};

const TINY: &str = "examples/tiny";
const REFUSED: &str = "crates/cli/tests/corpus/rules/missing-fabric.yaml";
const UNFORMATTED: &str = "crates/cli/tests/corpus/schema/enum-domain.yaml";
const BROKEN: &str = "crates/cli/tests/corpus/yaml/unclosed-list.yaml";
const FABRIC: &str = "crates/cli/tests/fabric";
const SAVED: &str = "crates/cli/tests/drift/lab.json";

/// What prints to standard output: ends with 3 where that is full, and with the code that it has where nobody reads.
const PRINTING: &[(&str, &str, i32)] = &[
    ("validate", "REFUSED", 1),
    ("validate", "REFUSED --output json", 1),
    (
        "validate",
        "--fix --dry-run crates/cli/tests/corpus/schema/enum-lower-case.yaml",
        1,
    ),
    ("fmt", "--check UNFORMATTED", 1),
    ("fmt", "--diff UNFORMATTED", 1),
    ("fmt", "--check UNFORMATTED --output json", 1),
    ("plan", "TINY --output jsonl", 0),
    ("diff", "TINY examples/gb200-unit", 1),
    ("render node", "r1-n1 TINY --format ignition", 0),
    ("render cluster", "TINY --out OUT", 0),
    ("fabric render", "FABRIC/site.yaml --planned --out OUT", 0),
    ("fabric check", "FABRIC/swapped.txt FABRIC/site.yaml", 1),
    ("fabric compare", "FABRIC/built FABRIC/moved", 1),
    ("explain", "RW2002", 0),
    ("explain", "node r1-n1 TINY", 0),
    ("init", "--system dgx-b200 --nodes 4", 0),
    ("crds", "", 0),
    ("man", "", 0),
    ("completions", "bash", 0),
    ("version", "", 0),
];

/// The arguments of a command line, with a folder for what it writes.
fn arguments(verb: &str, rest: &str, folder: &Path) -> Vec<String> {
    fs::write(folder.join("file"), "").unwrap();
    // Nobody listens there.
    let closed = "{clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}], contexts: [{name: a, context: {cluster: a}}], current-context: a}";
    fs::write(folder.join("closed"), closed).unwrap();
    let words = verb.split(' ').chain(rest.split_whitespace());
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    words
        .map(|word| {
            word.replace("TINY", TINY)
                .replace("REFUSED", REFUSED)
                .replace("FABRIC", FABRIC)
                .replace("SAVED", SAVED)
                .replace("UNFORMATTED", UNFORMATTED)
                .replace("BROKEN", BROKEN)
                .replace("OUT", &path("out"))
                .replace("FILE", &path("file"))
                .replace("CLOSED", &path("closed"))
        })
        .collect()
}

/// Where no other program is installed.
fn command(arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rackwright"));
    command
        .args(arguments)
        .current_dir(root())
        .env("PATH", "/nonexistent")
        .env("TERM", "dumb")
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// How a server of editors ends that is asked to.
fn goodbye() -> i32 {
    let messages = [
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#,
        r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#,
        r#"{"jsonrpc":"2.0","method":"exit"}"#,
    ];
    let framed = messages.map(|message| format!("Content-Length: {}\r\n\r\n{message}", message.len()));
    let folder = tempfile::tempdir().unwrap();
    code(&run_in(folder.path(), &["lsp"], framed.concat().as_bytes()))
}

#[test]
fn every_code_of_every_verb() {
    let mut driven: BTreeSet<(String, i32)> = BTreeSet::new();
    let mut wrong = Vec::new();
    for (verb, rest, expected, said) in LINES {
        let folder = tempfile::tempdir().unwrap();
        let output = command(&arguments(verb, rest, folder.path())).output().unwrap();
        // What ends with 2 or 3 did not look as if it had worked.
        let told = *expected < 2 || err(&output).contains("error: ");
        if code(&output) != *expected || !err(&output).contains(said) || !told {
            wrong.push(format!("{verb} {rest}: {}: {}", code(&output), err(&output)));
        }
        driven.insert(((*verb).to_owned(), *expected));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    driven.insert(("lsp".to_owned(), goodbye()));
    driven.extend(PRINTING.iter().map(|(verb, ..)| ((*verb).to_owned(), 3)));
    let listed: BTreeSet<(String, i32)> = BY_VERB
        .iter()
        .flat_map(|meanings| {
            (0..)
                .zip(meanings.codes)
                .filter(|(_, meaning)| meaning.is_some())
                .map(|(code, _)| (meanings.verb.to_owned(), code))
        })
        .collect();
    assert_eq!(
        driven, listed,
        "what is driven here is what docs/exit-codes.md lists (BY_VERB of exit.rs)"
    );
}

#[test]
fn every_verb_has_its_codes_listed() {
    fn verbs(command: &clap::Command, name: &str, found: &mut BTreeSet<String>) {
        let mut below = command
            .get_subcommands()
            .filter(|verb| verb.get_name() != "help")
            .peekable();
        if below.peek().is_none() {
            found.insert(name.to_owned());
        }
        for verb in below {
            verbs(verb, format!("{name} {}", verb.get_name()).trim(), found);
        }
    }
    let mut found = BTreeSet::new();
    verbs(&rackwright_cli::command(), "", &mut found);
    let listed: BTreeSet<String> = BY_VERB.iter().map(|meanings| meanings.verb.to_owned()).collect();
    assert_eq!(found, listed, "BY_VERB of exit.rs");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_a_reader_that_goes_away_is_not() {
    for (verb, rest, expected) in PRINTING {
        let folder = tempfile::tempdir().unwrap();
        let arguments = arguments(verb, rest, folder.path());
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(&arguments).stdout(full).output().unwrap();
        assert_eq!(code(&output), 3, "{verb} {rest}: {}", err(&output));
        let said = "error: the output cannot be written: No space left on device";
        assert!(err(&output).contains(said), "{verb} {rest}: {}", err(&output));
        fs::remove_dir_all(folder.path().join("out")).unwrap_or(());
        let mut child = command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), *expected, "{verb} {rest}: {}", err(&output));
        assert!(
            !err(&output).contains("cannot be written"),
            "{verb} {rest}: {}",
            err(&output)
        );
    }
}

/// A disk with room for 4 KiB in a file, as far as the program can tell.
fn with_little_room(folder: &Path, arguments: &str) -> Output {
    // The shell counts in blocks of 512 bytes. Who ignores the signal gets an error from the write instead.
    let line = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} {arguments}",
        env!("CARGO_BIN_EXE_rackwright")
    );
    Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder)
        .output()
        .unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_disk_that_fills_up_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let site = root().join("examples/superpod-b200");
    fs::write(folder.path().join("findings"), "old").unwrap();
    let corpus = root().join("crates/cli/tests/corpus/schema");
    for (arguments, said) in [
        (
            format!("validate {} -o sarif=findings", corpus.display()),
            "error: findings: cannot be written: ",
        ),
        (
            format!("fabric render {} --planned --out out", site.display()),
            "error: the output cannot be written: ",
        ),
        (
            format!("validate {} --write-baseline findings", corpus.display()),
            "error: findings: cannot be written: ",
        ),
    ] {
        let output = with_little_room(folder.path(), &arguments);
        assert_eq!(code(&output), 3, "{arguments}: {}", err(&output));
        assert!(err(&output).contains(said), "{arguments}: {}", err(&output));
        assert_eq!(names(folder.path()), ["findings"], "{arguments}");
        assert_eq!(fs::read_to_string(folder.path().join("findings")).unwrap(), "old");
    }
}

/// Permissions do not stop the user that tests may run as; a link to itself stops everybody.
#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("loop.yaml", folder.path().join("loop.yaml")).unwrap();
    for path in ["loop.yaml", "."] {
        let output = run_in(folder.path(), &["validate", path], b"");
        assert_eq!(code(&output), 2, "{path}");
        assert!(
            err(&output).contains("loop.yaml: cannot be read: Too many levels"),
            "{path}: {}",
            err(&output)
        );
        assert_eq!(out(&output), "");
    }
}

/// Interrupts what is writing a folder. None where it was done before.
fn interrupted(folder: &Path, signal: &str) -> Option<(Option<i32>, String)> {
    let before = names(folder);
    let mut child = Command::new(env!("CARGO_BIN_EXE_rackwright"))
        .args(["fabric", "render"])
        .arg(root().join("examples/superpod-b200"))
        .args(["--planned", "--out", "out"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A minute, should it never begin.
    for _ in 0..60_000 {
        if names(folder) != before {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .output()
        .unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let status = child.wait().unwrap();
    (sent.status.success() && !status.success()).then(|| (status.signal(), said))
}

#[test]
fn an_interrupt_leaves_no_half_folder() {
    for (signal, number) in [("-INT", 2), ("-TERM", 15)] {
        let folder = tempfile::tempdir().unwrap();
        // A run that was done before the signal came says nothing.
        let ended = (0..20).find_map(|_| {
            fs::remove_dir_all(folder.path().join("out")).unwrap_or(());
            interrupted(folder.path(), signal)
        });
        let (by, said) = ended.expect("one of twenty runs is met while it writes");
        assert_eq!(by, Some(number), "{said}");
        assert!(
            said.ends_with("error: interrupted; what was begun is removed\n"),
            "{said}"
        );
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
