//! Every exit code of every verb, as `docs/exit-codes.md` lists them, and what happens when the world breaks: a reader that
//! goes away, a full disk, an interrupt, a file that cannot be read.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rackwright_cli::BY_VERB;
use run::{code, err, out, root, run_in};

const TINY: &str = "examples/tiny";
const REFUSED: &str = "crates/cli/tests/corpus/rules/missing-fabric.yaml";
const UNFORMATTED: &str = "crates/cli/tests/corpus/schema/enum-domain.yaml";
const BROKEN: &str = "crates/cli/tests/corpus/yaml/unclosed-list.yaml";
const FABRIC: &str = "crates/cli/tests/fabric";
const SAVED: &str = "crates/cli/tests/drift/lab.json";

/// A command line, its exit code, and a part of what it says on standard error. `OUT` is a folder that is not there yet,
/// `FILE` one that is no folder, `CLOSED` a kubeconfig that leads to a closed port.
const LINES: &[(&str, &str, i32, &str)] = &[
    ("validate", "TINY", 0, "no findings"),
    ("validate", "REFUSED", 1, "1 error"),
    (
        "validate",
        "--strict crates/cli/tests/corpus/rules/empty-pool.yaml",
        1,
        "1 warning",
    ),
    (
        "validate",
        "--fix --dry-run crates/cli/tests/corpus/schema/enum-lower-case.yaml",
        1,
        "would be fixed",
    ),
    (
        "validate",
        "nope.yaml REFUSED",
        2,
        "error: nope.yaml: no such file",
    ),
    ("validate", "--nope TINY", 2, "unexpected argument"),
    ("validate", "--crd TINY TINY", 2, "no CustomResourceDefinition"),
    ("validate", "--baseline nope TINY", 2, "not a baseline"),
    ("validate", "charts", 2, "nothing was checked"),
    (
        "validate",
        "-o sarif=/dev/full REFUSED",
        3,
        "error: /dev/full: cannot be written: No space left",
    ),
    (
        "validate",
        "-o sarif=FILE/x REFUSED nope.yaml",
        3,
        "cannot be written",
    ),
    ("validate", "helm:nope REFUSED nope.yaml", 3, "error: helm:nope:"),
    ("validate", "live: --kubeconfig CLOSED", 3, "cannot be reached"),
    ("validate", "live: --kubeconfig nope", 2, "not a kubeconfig"),
    (
        "diff",
        "live:nope TINY --kubeconfig CLOSED",
        2,
        "no context `nope`",
    ),
    ("fmt", "--check TINY", 0, "0 files not formatted"),
    ("fmt", "--check UNFORMATTED", 1, "1 file not formatted"),
    ("fmt", "--diff UNFORMATTED", 1, "1 file not formatted"),
    ("fmt", "--check BROKEN", 1, "left as it is: not YAML"),
    (
        "fmt",
        "--check UNFORMATTED nope.yaml",
        2,
        "error: nope.yaml: no such file",
    ),
    ("fmt", "- TINY", 2, "error: `-` stands alone"),
    ("fmt", "--diff -o json TINY", 2, "cannot be used with"),
    ("fmt", "kustomize:nope", 3, "error: kustomize:nope:"),
    ("plan", "TINY", 0, "no findings"),
    ("plan", "REFUSED", 1, "1 error"),
    ("plan", "TINY nope", 2, "error: nope: no such file"),
    ("plan", "TINY --node nope", 2, "error: "),
    ("plan", "TINY --cluster nope", 2, "error: "),
    ("plan", "TINY --previous Makefile", 2, "not a plan"),
    ("plan", "kustomize:nope TINY", 3, "error: kustomize:nope:"),
    ("diff", "TINY TINY", 0, ""),
    ("diff", "TINY REFUSED --exit-zero", 1, "1 error"),
    ("diff", "TINY examples/gb200-unit", 1, ""),
    ("diff", "SAVED crates/cli/tests/changes/old.yaml", 0, ""),
    (
        "diff",
        "SAVED crates/cli/tests/changes/old.yaml --fail-on-drift",
        1,
        "--fail-on-drift: 8 nodes",
    ),
    ("diff", "TINY TINY --fail-on-drift", 2, "no side is a cluster"),
    ("diff", "TINY nope", 2, "error: nope: no such file"),
    ("diff", "TINY helm:nope", 3, "error: helm:nope:"),
    ("render node", "r1-n1 TINY --format ignition", 0, "no findings"),
    ("render node", "a1-n1 REFUSED --format ignition", 1, "1 error"),
    ("render node", "r1-n1 TINY", 2, "--out"),
    ("render node", "nope TINY --format ignition", 2, "error: "),
    ("render node", "r1-n1 TINY --out examples", 2, "not written by"),
    ("render node", "r1-n1 TINY --out FILE/out", 3, "cannot be written"),
    (
        "render node",
        "r1-n1 helm:nope --format ignition",
        3,
        "error: helm:nope:",
    ),
    ("render cluster", "TINY --out OUT", 0, "wrote "),
    ("render cluster", "REFUSED --out OUT", 1, "1 error"),
    ("render cluster", "TINY --cluster nope --out OUT", 2, "error: "),
    ("render cluster", "TINY --out examples", 2, "not written by"),
    ("render cluster", "TINY --out FILE/out", 3, "cannot be written"),
    (
        "fabric render",
        "FABRIC/site.yaml --planned --out OUT",
        0,
        "wrote ",
    ),
    (
        "fabric render",
        "FABRIC/site.yaml --out OUT",
        1,
        "error: fabric compute:",
    ),
    (
        "fabric render",
        "FABRIC/site.yaml --planned --fabric nope --out OUT",
        2,
        "error: ",
    ),
    (
        "fabric render",
        "FABRIC/site.yaml --switches Makefile --out OUT",
        2,
        "error: Makefile: line ",
    ),
    (
        "fabric render",
        "FABRIC/site.yaml --planned --out FILE/out",
        3,
        "cannot be written",
    ),
    (
        "fabric check",
        "FABRIC/designed.txt FABRIC/site.yaml",
        0,
        "no findings",
    ),
    (
        "fabric check",
        "FABRIC/swapped.txt FABRIC/site.yaml",
        1,
        "no findings",
    ),
    ("fabric check", "Makefile FABRIC/site.yaml", 2, "no device in it"),
    (
        "fabric check",
        "FABRIC/designed.txt FABRIC/site.yaml --rail 7",
        2,
        "error: ",
    ),
    (
        "fabric check",
        "FABRIC/designed.txt helm:nope",
        3,
        "error: helm:nope:",
    ),
    ("fabric compare", "FABRIC/built FABRIC/built", 0, ""),
    ("fabric compare", "FABRIC/built FABRIC/moved", 1, ""),
    (
        "fabric compare",
        "FABRIC/built docs",
        2,
        "error: docs/manifest.json: ",
    ),
    ("explain", "RW2002", 0, ""),
    ("explain", "RW201", 2, "error: "),
    ("explain", "system --file nope", 2, "error: nope: no such file"),
    ("explain", "system --file helm:nope", 3, "error: helm:nope:"),
    ("explain", "node a1-n1 REFUSED", 1, ""),
    ("explain", "node r1-n1 SAVED", 0, ""),
    ("explain", "node nope TINY", 2, "error: node nope"),
    ("explain", "node nope SAVED", 2, "error: node nope"),
    ("explain", "node nope TINY helm:nope", 3, "error: helm:nope:"),
    ("explain", "node r1-n1 TINY nope.yaml", 2, "nothing is explained"),
    ("explain", "gpupool.nope", 2, "error: gpupool has no field"),
    ("init", "--system dgx-b200 --nodes 4", 0, "not known"),
    ("init", "", 2, "error: say --system"),
    ("init", "--ask", 2, "the answers end"),
    ("init", "--ask --from FILE", 2, "cannot be used with"),
    (
        "init",
        "--system dgx-b200 --nodes 4 --racks A1",
        2,
        "error: RW2011",
    ),
    (
        "init",
        "--system dgx-b200 --nodes 4 --out FILE",
        2,
        "writes over nothing",
    ),
    (
        "init",
        "--system dgx-b200 --nodes 4 --out FILE/x",
        3,
        "cannot be written",
    ),
    ("crds", "", 0, ""),
    ("crds", "--output toml", 2, "invalid value"),
    ("lsp", "--nope", 2, "unexpected argument"),
    ("lsp", "", 3, "error: the editor"),
    ("man", "--out OUT", 0, ""),
    ("man", "--nope", 2, "unexpected argument"),
    ("man", "--out FILE", 3, "cannot be written"),
    ("completions", "bash", 0, ""),
    ("completions", "csh", 2, "invalid value"),
    ("version", "", 0, ""),
    ("version", "--output yaml", 2, "invalid value"),
];

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
