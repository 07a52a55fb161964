//! `rackwright init`: what it writes validates, for each source and for many figures, and keeps every host's name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
#[allow(dead_code, reason = "not every helper is needed here")]
mod run;

use std::collections::BTreeSet;

use proptest::prelude::*;
use run::{code, err, out, root, run_in};
use serde_json::Value;

/// What `init` writes, after `validate` found nothing in it: no error, and no warning either.
fn valid(arguments: &[&str], input: &str) -> String {
    let made = run_in(&root(), arguments, input.as_bytes());
    assert_eq!(code(&made), 0, "{arguments:?}: {}", err(&made));
    let text = out(&made);
    let judged = run_in(&root(), &["validate", "--strict", "-"], text.as_bytes());
    assert_eq!(code(&judged), 0, "{arguments:?}\n{text}\n{}", out(&judged));
    text
}

/// The nodes that a plan of a text has.
fn nodes(text: &str) -> BTreeSet<String> {
    let planned = run_in(&root(), &["plan", "-", "-o", "jsonl"], text.as_bytes());
    assert_eq!(code(&planned), 0, "{}", err(&planned));
    let objects = out(&planned);
    let objects = objects
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let configs = objects.filter(|object| object["kind"] == "NodeConfig");
    configs
        .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn each_source_gives_a_site_that_validates_and_renames_no_host() {
    let file = |name: &str| format!("crates/cli/tests/init/{name}");
    let cluster = valid(&["init", "--from", &file("nodes.yaml")], "");
    assert_eq!(
        nodes(&cluster),
        set(&["gpu-a.example.com", "gpu-b.example.com", "trainer7"])
    );
    let slurm = valid(
        &["init", "--from", &file("slurm.conf"), "--nodes-per-rack", "4"],
        "",
    );
    let expected = ["dgx001", "dgx002", "dgx003", "dgx004", "dgx005", "dgx009"];
    assert_eq!(nodes(&slurm), set(&expected));
    let capture = valid(
        &[
            "init",
            "--from",
            "crates/cli/tests/fabric/designed.txt",
            "--system",
            "hgx-b200",
        ],
        "",
    );
    assert_eq!(nodes(&capture), set(&["r1-n1", "r1-n2", "r2-n1", "r2-n2"]));
    let table = valid(
        &[
            "init",
            "--from",
            &file("hosts.csv"),
            "--system",
            "hgx-h100",
            "--nfs",
            "nas1:/home",
        ],
        "",
    );
    assert_eq!(
        nodes(&table),
        set(&["gb01", "gb02", "trainer-7", "trainer-8", "trainer-9"])
    );
    let names = valid(
        &[
            "init",
            "--names",
            "a1,b7,c[3-4]",
            "--system",
            "dgx-h100",
            "--scratch",
            "1",
            "--scratch-model",
            "SAMSUNG*",
        ],
        "",
    );
    assert_eq!(nodes(&names), set(&["a1", "b7", "c3", "c4"]));
    for text in [&cluster, &slurm, &capture, &table, &names] {
        assert!(
            text.contains("paused: true") && !text.contains("\n  addressing:"),
            "adoption changes hosts: {text}"
        );
    }
}

#[test]
fn a_list_as_json_is_read_as_one_as_yaml() {
    let nodes = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Node","metadata":{"name":"a1"},
        "status":{"capacity":{"nvidia.com/gpu":"8"}}}]}"#;
    let text = valid(
        &["init", "--from", "-", "--system", "dgx-b200", "--no-fabric"],
        nodes,
    );
    assert!(text.contains("nodeNames: \"a1\""), "{text}");
}

#[test]
fn a_file_is_written_once_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "init",
        "--system",
        "dgx-b200",
        "--nodes",
        "4",
        "--out",
        "site.yaml",
    ];
    assert_eq!(code(&run_in(folder.path(), &arguments, b"")), 0);
    let path = folder.path().join("site.yaml");
    std::fs::write(&path, "mine").unwrap();
    let second = run_in(folder.path(), &arguments, b"");
    assert_eq!(code(&second), 2);
    assert!(err(&second).contains("writes over nothing"), "{}", err(&second));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

/// What `init --ask` makes of answers, one a line.
fn asked(more: &[&str], answers: &str) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    run_in(
        folder.path(),
        &[&["init", "--ask"], more].concat(),
        answers.as_bytes(),
    )
}

/// The words of the command line that says the same without questions.
fn repeated(said: &str) -> Vec<String> {
    let line = said.split("without questions:\n").nth(1).unwrap();
    let words = shlex::split(line.trim()).unwrap();
    assert_eq!(words[..2], ["rackwright", "init"]);
    words[1..].to_vec()
}

#[test]
fn answers_make_what_flags_make_and_the_flags_are_said() {
    let answers = "lab\n6\n12\n6\na[1-2]\nyes\n8\n5\n2\nSAMSUNG MZ*\nnas1:/home\n";
    let made = asked(&[], answers);
    assert_eq!(code(&made), 0, "{}", err(&made));
    let flags = repeated(&err(&made));
    let expected = "init --name lab --system dgx-h200 --nodes 12 --nodes-per-rack 6 --racks a[1-2] --rails 8 --switch qm9790 \
                    --scratch 2 --scratch-model SAMSUNG_MZ* --nfs nas1:/home";
    let expected: Vec<String> = expected.split(' ').map(|word| word.replace('_', " ")).collect();
    assert_eq!(flags, expected);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    assert_eq!(valid(&flags, ""), out(&made));
}

#[test]
fn enter_alone_is_an_answer_and_flags_are_not_asked_for() {
    let made = asked(&["--no-fabric", "--names", "b7,c[1-2]"], &"\n".repeat(6));
    assert_eq!(code(&made), 0, "{}", err(&made));
    assert!(
        !err(&made).contains("InfiniBand") && !err(&made).contains("How many"),
        "{}",
        err(&made)
    );
    assert_eq!(nodes(&out(&made)), set(&["b7", "c1", "c2"]));
    assert_eq!(
        repeated(&err(&made)),
        [
            "init",
            "--no-fabric",
            "--system",
            "dgx-b200",
            "--names",
            "b7,c[1-2]"
        ]
    );
    let all = asked(&[], &"\n".repeat(10));
    assert_eq!(
        repeated(&err(&all)),
        ["init", "--system", "dgx-b200", "--nodes", "32"]
    );
}

#[test]
fn a_wrong_answer_is_told_why_and_asked_again() {
    let wrong = [
        ("Lab", "lower-case letters"),
        ("\nh100", "no system `h100`"),
        ("\n\nA1", "no name that Kubernetes can have"),
        ("\n\n100001", "no number from 1 to 100000"),
        ("\n\n8\n257", "no number from 1 to 256"),
        ("\n\n8\n\na1", "8 nodes fill 2 at 4 each"),
        ("\n\n8\n\nA[1-2]", "RW2011"),
        ("\n\n8\n\n\nperhaps", "neither yes nor no"),
        ("\n\n8\n\n\n\n0", "no number from 1 to 16"),
        ("\n\n8\n\n\n\n\nqm1", "no switch `qm1`"),
        ("\n\n8\n\n\nno\nx", "no number from 0 to 32"),
        ("\n\n8\n\n\nno\n2\n", "a model is needed"),
        ("\n\n8\n\n\nno\n\nnas", "SERVER:/EXPORT"),
        ("\n\n8\n\n\nno\n\na b:/c", "RW1005"),
    ];
    for (answers, why) in wrong {
        let made = asked(&[], &format!("{answers}\n"));
        let said = err(&made);
        let question = said
            .lines()
            .rev()
            .find(|line| line.contains("]: ") || line.ends_with(": "))
            .unwrap();
        assert!(said.contains(why), "{answers:?}: {said}");
        assert_eq!(
            said.matches(question.trim_end()).count(),
            2,
            "{answers:?} is not asked again: {said}"
        );
        // The answers end there.
        assert_eq!((code(&made), out(&made)), (2, String::new()), "{answers:?}");
    }
}

#[test]
fn the_fabric_goes_with_one_word() {
    for answers in ["\n\n\n\n\nno\n\n\n", "\n\n\n\n\nyes\n\nnone\n\n\n"] {
        let made = asked(&[], answers);
        assert_eq!(repeated(&err(&made))[1], "--no-fabric", "{answers:?}");
    }
}

/// A flag that makes no valid site: what is refused is not written.
#[test]
fn flags_that_would_not_validate_are_refused() {
    let refused = [
        ("--racks", "A[1-8]", "RW2011"),
        ("--racks", "a\", nodes: \"n[1-8]", "--racks"),
        ("--switch", "sn5600", "RW2056"),
        ("--switch", "qm970", "did you mean `qm9700`?"),
        ("--switch", "sn560", "lists all switches"),
        ("--nfs", "a\"b:/c", "RW1005"),
        ("--nfs", "a\", transport: RDMA } # :/c", "RW1005"),
        ("--scratch-model", "A\nB", "RW1005"),
    ];
    for (flag, value, why) in refused {
        let scratch: &[&str] = if flag == "--scratch-model" {
            &["--scratch", "1"]
        } else {
            &[]
        };
        let arguments = [
            &["init", "--system", "dgx-b200", "--nodes", "32", flag, value],
            scratch,
        ]
        .concat();
        let made = run_in(&root(), &arguments, b"");
        assert_eq!((code(&made), out(&made)), (2, String::new()), "{value:?}");
        assert!(err(&made).contains(why), "{value:?}: {}", err(&made));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Answers as people and cats type them, and Enter until the questions end.
    #[test]
    fn any_answers_give_a_site_that_validates_or_none(
        answers in prop::collection::vec(
            prop_oneof![
                Just(String::new()),
                (0_u32..40).prop_map(|number| number.to_string()),
                "[-a-zA-Z0-9:/*,\"{}#\\[\\] .]{1,8}",
                prop::sample::select(vec!["no", "none", "gb200-nvl72", "a[1-9]", "nas:/x", "dgx[01-20]"]).prop_map(str::to_owned),
            ],
            0..14,
        ),
    ) {
        let answers = answers.join("\n") + &"\n".repeat(15);
        let made = asked(&[], &answers);
        if code(&made) == 0 {
            let judged = run_in(&root(), &["validate", "-"], out(&made).as_bytes());
            prop_assert_eq!(code(&judged), 0, "{}\n{}", answers, out(&judged));
            let flags = repeated(&err(&made));
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            prop_assert_eq!(out(&run_in(&root(), &flags, b"")), out(&made));
        } else {
            prop_assert_eq!((code(&made), out(&made)), (2, String::new()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_figures_give_a_site_that_validates(
        nodes in 1_u32..3000,
        per_rack in prop::option::of(1_u16..40),
        system in prop::sample::select(vec!["dgx-b200", "dgx-h100", "gb200-nvl72", "gb300-nvl72", "hgx-a100-80gb"]),
        rails in prop::option::of(1_u8..9),
        scratch in prop::option::of(1_u8..9),
    ) {
        let mut arguments: Vec<String> =
            ["init", "--system", system, "--nodes", &nodes.to_string()].map(str::to_owned).to_vec();
        let mut flag = |name: &str, value: Option<u16>| {
            arguments.extend(value.into_iter().flat_map(|value| [name.to_owned(), value.to_string()]));
        };
        flag("--nodes-per-rack", per_rack);
        flag("--rails", rails.map(u16::from));
        flag("--scratch", scratch.map(u16::from));
        if scratch.is_some() {
            arguments.extend(["--scratch-model", "KIOXIA \"CM7\"*"].map(str::to_owned));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        valid(&arguments, "");
    }
}
