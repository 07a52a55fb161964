//! What a shell sees: completions that know the documents of the folder, the plug-in of kubectl, manual pages.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
#[allow(dead_code, reason = "not every helper is needed here")]
mod run;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use run::{code, err, out, root, run_in};

/// What the program offers for the last word of a line, asked as bash asks it.
fn offered(folder: &Path, line: &str) -> BTreeSet<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let output = Command::new(env!("CARGO_BIN_EXE_rackwright"))
        .current_dir(folder)
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "true")
        .env("_CLAP_IFS", "\n")
        .arg("--")
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(err(&output), "", "completions speak on standard error");
    out(&output).lines().map(str::to_owned).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn names_of_nodes_and_objects_come_from_the_documents_here() {
    let tiny = root().join("examples/tiny");
    assert_eq!(
        offered(&tiny, "rackwright plan . --node r2-"),
        set(&["r2-n1", "r2-n2"])
    );
    assert_eq!(
        offered(&tiny, "rackwright render node r1-"),
        set(&["r1-n1", "r1-n2"])
    );
    assert_eq!(
        offered(&tiny, "rackwright fabric render . --fabric lab"),
        set(&["lab-compute"])
    );
    // Documents in the folders of this folder count too.
    let all = offered(&root().join("examples"), "rackwright plan tiny --cluster u");
    assert_eq!(all, set(&["unit"]));
    assert_eq!(
        offered(
            &root().join("examples/superpod-b200"),
            "rackwright plan . --cluster s"
        ),
        set(&["superpod"])
    );
}

#[test]
fn rules_fields_and_the_catalogue_are_offered_too() {
    let folder = tempfile::tempdir().unwrap();
    let explain = |word: &str| offered(folder.path(), &format!("rackwright explain {word}"));
    assert_eq!(explain("RW2002"), set(&["RW2002"]));
    assert_eq!(explain("node-claimed"), set(&["node-claimed-twice"]));
    assert_eq!(
        explain("gpupool.spec.gpu.m"),
        set(&["gpupool.spec.gpu.managedBy", "gpupool.spec.gpu.mig"])
    );
    assert_eq!(explain("gpupol.spec.g"), BTreeSet::new());
    assert_eq!(explain("system dgx-b"), set(&["dgx-b200", "dgx-b300"]));
}

#[test]
fn a_folder_that_cannot_be_read_offers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.yaml"), "a: [\n\t\0").unwrap();
    assert_eq!(
        offered(folder.path(), "rackwright plan . --node x"),
        BTreeSet::new()
    );
}

#[test]
fn the_plug_in_of_kubectl_is_the_same_program_by_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let plug_in = folder.path().join("kubectl-rackwright");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rackwright"), &plug_in).unwrap();
    let run = |arguments: &[&str]| {
        Command::new(&plug_in)
            .args(arguments)
            .current_dir(root())
            .output()
            .unwrap()
    };
    let help = run(&["plan", "--help"]);
    assert!(
        out(&help).contains("Usage: kubectl rackwright plan "),
        "{}",
        out(&help)
    );
    let clean = run(&["validate", "examples/tiny"]);
    assert_eq!(code(&clean), 0);
    let wrong = run(&["plan"]);
    assert_eq!(code(&wrong), 2);
    assert!(
        err(&wrong).contains("Usage: kubectl rackwright plan "),
        "{}",
        err(&wrong)
    );
}

#[test]
fn kubectl_is_told_what_a_shell_may_offer() {
    let folder = tempfile::tempdir().unwrap();
    let asked = folder.path().join("kubectl_complete-rackwright");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rackwright"), &asked).unwrap();
    let offered = |words: &[&str]| {
        let output = Command::new(&asked)
            .args(words)
            .current_dir(root().join("examples/tiny"))
            .output()
            .unwrap();
        assert_eq!((code(&output), err(&output)), (0, String::new()));
        out(&output)
    };
    assert_eq!(offered(&["pl"]), "plan\tPrint what each node becomes\n:4\n");
    assert_eq!(offered(&["plan", ".", "--node", "r2-"]), "r2-n1\nr2-n2\n:4\n");
    // A folder goes on, so no space comes behind it.
    assert_eq!(offered(&["plan", "../gb200-"]), "../gb200-unit/\n:6\n");
    assert_eq!(offered(&["plan", "--nope"]), ":4\n");
    // No fabric is built of Ethernet switches, though all can be explained.
    let switches = offered(&["init", "--switch", ""]);
    assert!(
        switches.contains("qm9700\n") && !switches.contains("sn5600"),
        "{switches}"
    );
    assert!(offered(&["explain", "switch", "sn"]).contains("sn5600\n"));
}

#[test]
fn manual_pages_are_written_for_every_verb() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let made = run_in(folder.path(), &["man", "--out", "man1"], b"");
    assert_eq!(code(&made), 0, "{}", err(&made));
    let names: BTreeSet<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in [
        "rackwright.1",
        "rackwright-plan.1",
        "rackwright-render-node.1",
        "rackwright-fabric-check.1",
    ] {
        assert!(names.contains(name), "{name}: {names:?}");
    }
    assert!(names.iter().all(|name| !name.ends_with("-help.1")), "{names:?}");
    let plan = std::fs::read_to_string(pages.join("rackwright-plan.1")).unwrap();
    assert!(plan.contains(".TH rackwright-plan 1"), "{plan}");
    assert!(
        plan.contains("rackwright plan clusters/"),
        "the page has no example: {plan}"
    );
    let one = run_in(folder.path(), &["man"], b"");
    assert!(out(&one).contains(".SH SUBCOMMANDS"), "{}", out(&one));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(code(&run_in(folder.path(), &["man", "--out", "file"], b"")), 3);
}
