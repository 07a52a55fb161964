//! `live:` as an input of every verb, before a server that answers as the API server does.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/held.rs"]
mod held;
#[allow(dead_code, reason = "this file runs the program in its own way")]
#[path = "support/run.rs"]
mod run;
#[allow(dead_code, reason = "not each test file needs each answer")]
#[path = "../../live/tests/support/server.rs"]
mod server;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use held::{Held, rackwright};
use run::{code, err, out, root};
use serde_json::json;
use server::{Answer, Server, kubeconfig};

const EXAMPLE: &str = "examples/superpod-b200";

/// Runs the program before what a cluster holds.
fn before(held: &Held, arguments: &[&str]) -> (Output, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let server = held.clone().serve();
    let path = server.kubeconfig(folder.path(), "lab");
    let output = rackwright(arguments, Some(path.as_os_str()));
    (output, server.asked())
}

fn passes(held: &Held, arguments: &[&str]) -> String {
    let (output, _) = before(held, arguments);
    assert_eq!(
        code(&output),
        0,
        "{arguments:?}: {}{}",
        out(&output),
        err(&output)
    );
    out(&output)
}

/// The example with other words in its pools.
fn edited(folder: &Path, edit: impl Fn(&str) -> String) -> String {
    for file in fs::read_dir(root().join(EXAMPLE)).unwrap() {
        let file = file.unwrap();
        if file
            .path()
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let text = edit(&fs::read_to_string(file.path()).unwrap());
            fs::write(folder.join(file.file_name()), text).unwrap();
        }
    }
    folder.to_str().unwrap().to_owned()
}

#[test]
fn what_was_applied_differs_from_nothing_and_what_was_edited_does() {
    let mut held = Held::after(EXAMPLE);
    for sides in [["live:", EXAMPLE], [EXAMPLE, "live:"], ["live:", "live:lab"]] {
        let told = passes(&held, &["diff", sides[0], sides[1]]);
        assert!(told.contains("no difference, 128 nodes the same"), "{told}");
    }
    held.edit("gpupools", "research", |pool| {
        pool["spec"]["gpu"]["powerLimit"] = json!("900W");
    });
    let (output, _) = before(&held, &["diff", "live:", EXAMPLE]);
    assert_eq!(code(&output), 1);
    let told = out(&output);
    assert!(
        told.contains(": 32 changed, 0 added, 0 removed, 96 the same"),
        "{told}"
    );
    assert!(
        told.contains("GPUPool/research spec.gpu.powerLimit: 900W -> 1000W"),
        "{told}"
    );
    let (output, _) = before(&held, &["diff", EXAMPLE, "live:"]);
    let told = out(&output);
    assert!(
        told.contains("live:gpupool/research:"),
        "the line in the cluster's object: {told}"
    );
    assert!(told.contains("spec.gpu.powerLimit: 1000W -> 900W"), "{told}");
}

#[test]
fn each_verb_reads_what_it_needs_and_no_more() {
    let held = Held::after(EXAMPLE);
    let read = |arguments: &[&str]| {
        let (output, asked) = before(&held, arguments);
        assert_eq!(code(&output), 0, "{arguments:?}: {}", err(&output));
        let mut kinds: Vec<String> = Vec::new();
        for line in asked {
            let path = line.strip_prefix("GET ").expect("nothing but GET").to_owned();
            let plural = path
                .split('?')
                .next()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned();
            // Pages of two lists that are fetched at the same time come as they come.
            if !path.contains("continue=") {
                kinds.push(plural);
            }
        }
        kinds.sort();
        kinds
    };
    let written = ["nodeconfigs", "nodeprofiles"];
    let intents = ["gpupools", "infinibandfabrics", "nodeinventories"];
    let sites = ["storagetiers", "superclusters"];
    let all = [
        &intents[..1],
        &intents[1..2],
        &["nodeconfigs"],
        &intents[2..],
        &["nodeprofiles"],
        &sites,
    ]
    .concat();
    for arguments in [
        &["validate", "live:"][..],
        &["plan", "live:"],
        &["diff", "live:", EXAMPLE],
        &["explain", "node", "dgx001", "live:"],
        &["render", "node", "dgx001", "live:", "--format", "ignition"],
    ] {
        assert_eq!(read(arguments), all, "{arguments:?}");
    }
    assert_eq!(read(&["plan", EXAMPLE, "--previous", "live:"]), written);
    let plan = tempfile::NamedTempFile::new().unwrap();
    fs::write(
        plan.path(),
        out(&rackwright(&["plan", EXAMPLE, "--output", "jsonl"], None)),
    )
    .unwrap();
    let plan = plan.path().to_str().unwrap();
    assert_eq!(
        read(&["plan", "live:", "--previous", plan]),
        [&intents[..], &sites].concat()
    );
}

#[test]
fn a_cluster_that_holds_nothing_yet_is_an_answer() {
    let (output, _) = before(&Held::default(), &["diff", "live:", EXAMPLE]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(
        out(&output).contains(": 0 changed, 128 added, 0 removed"),
        "{}",
        out(&output)
    );
    passes(&Held::default(), &["validate", "live:"]);
}

/// Agents write inventories; nobody keeps them in a repository.
#[test]
fn documents_without_inventories_go_by_those_of_the_cluster() {
    let mut held = Held::after(EXAMPLE);
    let guid = json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": "NodeInventory", "metadata": {"name": "dgx001"},
        "spec": {"hcas": [{"guid": "0x0002c90300000001", "rail": 0}]}});
    held.add(guid);
    for sides in [["live:", EXAMPLE], [EXAMPLE, "live:"]] {
        let told = passes(&held, &["diff", sides[0], sides[1]]);
        assert!(told.contains("no difference, 128 nodes the same"), "{told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = edited(folder.path(), str::to_owned);
    let other = r#"{"apiVersion":"rackwright.dev/v1alpha1","kind":"NodeInventory","metadata":{"name":"dgx001"},"spec":{"hcas":[{"guid":"0x0002c90300000002","rail":0}]}}"#;
    fs::write(folder.path().join("inventory.jsonl"), other).unwrap();
    let (output, _) = before(&held, &["diff", "live:", &path]);
    assert!(out(&output).contains(": 1 changed, "), "{}", out(&output));
    assert!(out(&output).contains("NodeInventory/dgx001"), "{}", out(&output));
}

/// What is compiled from files alone would start with the first address.
#[test]
fn nodes_keep_the_addresses_that_they_have_in_the_cluster() {
    let mut held = Held::after(EXAMPLE);
    let taken = held.0["nodeconfigs"]["dgx001"]["spec"]["facts"]["rails"][0]["ipv4"].clone();
    held.edit("nodeconfigs", "dgx001", |config| {
        config["spec"]["facts"]["rails"][0]["ipv4"] = json!("10.64.1.77/23");
    });
    let moved = "10.64.1.77/23";
    let plan = passes(&held, &["plan", "live:", "--node", "dgx001", "--output", "jsonl"]);
    assert!(
        plan.contains(moved) && !plan.contains(taken.as_str().unwrap()),
        "{plan}"
    );
    let plan = passes(
        &held,
        &[
            "plan",
            EXAMPLE,
            "--previous",
            "live:",
            "--node",
            "dgx001",
            "--output",
            "jsonl",
        ],
    );
    assert!(plan.contains(moved), "{plan}");
    // Not a change of the documents, but work that the operator has yet to do.
    let told = passes(&held, &["diff", "live:", EXAMPLE]);
    assert!(told.contains("no difference"), "{told}");
}

/// What a host says of itself: the change before has not arrived, which is drift and not a part of this one.
#[test]
fn what_hosts_have_not_applied_yet_is_drift() {
    let mut held = Held::after(EXAMPLE);
    held.edit("nodeconfigs", "dgx001", |config| {
        config["status"] = json!({"observedGeneration": 1, "applied": {"at": "2026-01-01T00:00:00Z", "hash": "0".repeat(32)}});
    });
    let folder = tempfile::tempdir().unwrap();
    let path = edited(folder.path(), |text| {
        text.replace("powerLimit: 1000W", "powerLimit: 900W")
    });
    let (output, _) = before(&held, &["diff", "live:", &path]);
    let told = out(&output);
    assert!(told.contains("Reload       128 nodes"), "{told}");
    // Nobody knows what is on its devices.
    let waits =
        "NoGrant: 1 node of GPUPool/train (dgx001): waits for a grant; to come: Destructive  !! DATA IS LOST";
    assert!(told.contains(waits), "{told}");
}

#[test]
fn a_mistake_in_the_cluster_has_a_name_and_a_line() {
    let mut held = Held::after(EXAMPLE);
    held.edit("gpupools", "research", |pool| {
        pool["spec"]["supercluster"] = json!("nope");
    });
    let (output, _) = before(&held, &["validate", "live:lab"]);
    assert_eq!(code(&output), 1);
    let told = out(&output);
    assert!(
        told.contains("live:lab/gpupool/research:") && told.contains("supercluster: nope"),
        "{told}"
    );
}

#[test]
fn what_stops_in_the_middle_gives_nothing() {
    let held = Held::after(EXAMPLE);
    for (refusal, said) in [
        (403, "may not list nodeconfigs.rackwright.dev (403)"),
        (500, "(500)"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let whole = held.clone().serve();
        let address = whole.address.clone();
        // The second page of what is written is refused; everything else is passed on.
        let server = Server::start(move |path, _| {
            if path.contains("nodeconfigs") && path.contains("continue=100") {
                return Answer::refusal(refusal, "no");
            }
            Answer::Body(200, get(&address, path))
        });
        let path = server.kubeconfig(folder.path(), "lab");
        for arguments in [
            &["plan", "live:"][..],
            &["diff", "live:", EXAMPLE],
            &["validate", "live:"],
        ] {
            let output = rackwright(arguments, Some(path.as_os_str()));
            assert_eq!(
                (code(&output), out(&output)),
                (3, String::new()),
                "{}",
                err(&output)
            );
            assert!(
                err(&output).contains(&format!("error: live: {}: ", server.address)),
                "{}",
                err(&output)
            );
            assert!(err(&output).contains(said), "{}", err(&output));
        }
    }
}

/// The body of a GET.
fn get(address: &str, path: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn the_kubeconfig_is_found_as_kubectl_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Held::after("examples/tiny").serve();
    let live = server.kubeconfig(folder.path(), "lab");
    let dead = kubeconfig("http://127.0.0.1:1", folder.path(), "dead");
    let none = folder.path().join("none");
    let list = |paths: &[&Path]| std::env::join_paths(paths).unwrap();
    let validate = |paths: &[&Path], rest: &[&str]| {
        let output = rackwright(&[&["validate"], rest].concat(), Some(&list(paths)));
        (code(&output), err(&output))
    };
    // Several files, of which some may be missing; the first one says which context is the current one.
    assert_eq!(validate(&[&none, &live, &dead], &["live:"]).0, 0);
    assert_eq!(validate(&[&dead, &live], &["live:"]).0, 3);
    assert_eq!(validate(&[&dead, &live], &["live:lab"]).0, 0);
    // No proxy of the environment is asked for this machine.
    let output = Command::new(env!("CARGO_BIN_EXE_rackwright"))
        .args(["validate", "live:"])
        .env("KUBECONFIG", &live)
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .output();
    assert_eq!(code(&output.unwrap()), 0);
    // A flag comes before the environment.
    assert_eq!(
        validate(&[&dead], &["live:", "--kubeconfig", live.to_str().unwrap()]).0,
        0
    );
    let (exit, said) = validate(&[&dead, &live], &["live:prod"]);
    assert!(
        exit == 2 && said.contains("error: live:prod: no context `prod` in the kubeconfig; it has dead, lab"),
        "{said}"
    );
    let (exit, said) = validate(&[&none], &["live:"]);
    assert!(
        exit == 2 && said.contains("error: live: no kubeconfig: "),
        "{said}"
    );
}

#[test]
fn a_closed_port_ends_every_verb_with_the_code_of_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let path = kubeconfig("http://127.0.0.1:1", folder.path(), "dead");
    let folder_out = folder.path().join("out").display().to_string();
    for line in [
        "validate live:",
        "plan live:",
        "diff live: examples/tiny",
        "render node r1-n1 live: --format ignition",
        "render cluster live: --out OUT",
        "fabric render live: --out OUT",
        "fabric check crates/cli/tests/fabric/designed.txt live:",
        "explain node r1-n1 live:",
        "init --from live:",
    ] {
        let words: Vec<&str> = line
            .split(' ')
            .map(|word| if word == "OUT" { folder_out.as_str() } else { word })
            .collect();
        let output = rackwright(&words, Some(path.as_os_str()));
        assert_eq!(code(&output), 3, "{line}: {}", err(&output));
        assert!(
            err(&output).contains("cannot be reached: "),
            "{line}: {}",
            err(&output)
        );
    }
}

#[test]
fn a_running_site_is_adopted_from_its_nodes() {
    let mut held = Held::default();
    for name in ["gpu-2", "gpu-1"] {
        let labels = json!({"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.count": "8",
            "nvidia.com/gpu.machine": "DGXH100", "example.com/rack": "r1"});
        let node = json!({"kind": "Node", "metadata": {"name": name, "labels": labels},
            "status": {"capacity": {"nvidia.com/gpu": "8"}, "images": []}});
        held.add(node);
    }
    held.add(json!({"kind": "Node", "metadata": {"name": "control"}}));
    let (output, asked) = before(&held, &["init", "--from", "live:"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(
        out(&output).contains("gpu-[1-2]") && out(&output).contains("dgx-h100"),
        "{}",
        out(&output)
    );
    assert!(
        err(&output).contains("1 node without GPUs left out"),
        "{}",
        err(&output)
    );
    assert!(
        asked.iter().all(|line| line.starts_with("GET /api/v1/nodes?")),
        "{asked:?}"
    );
}
