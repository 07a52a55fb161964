//! What the verbs do, through the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/run.rs"]
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output, Stdio};

use folder::{SITE, findings, folder, pool};
use rackwright_api::hash::canonical_json;
use run::{code, err, out, root, run_in};
use serde_json::Value;

/// Runs `rackwright` in the repository.
fn run(arguments: &[&str]) -> Output {
    run_in(&root(), arguments, b"")
}

const SUPERPOD: &str = "examples/superpod-b200";

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_examples_are_clean() {
    let folders = std::fs::read_dir(root().join("examples")).unwrap();
    let examples: Vec<String> = folders
        .map(|folder| format!("examples/{}", folder.unwrap().file_name().to_str().unwrap()))
        // Pipelines, tried by e2e/pipelines.
        .filter(|folder| folder != "examples/ci")
        .collect();
    assert!(examples.len() >= 7, "{examples:?}");
    for example in &examples {
        let output = run(&["validate", "--strict", example]);
        assert_eq!(
            (code(&output), out(&output)),
            (0, String::new()),
            "{example}: {}",
            err(&output)
        );
    }
}

#[test]
fn the_superpod_has_128_nodes_with_ten_rails() {
    let objects = lines(&out(&run(&["plan", SUPERPOD, "-o", "jsonl"])));
    let nodes: Vec<&Value> = objects
        .iter()
        .filter(|object| object["kind"] == "NodeConfig")
        .collect();
    assert_eq!(nodes.len(), 128);
    let mut by_pool = BTreeMap::new();
    for node in nodes {
        assert_eq!(
            node["spec"]["facts"]["rails"].as_array().unwrap().len(),
            10,
            "{node}"
        );
        *by_pool
            .entry(
                node["metadata"]["labels"]["rackwright.dev/pool"]
                    .as_str()
                    .unwrap(),
            )
            .or_insert(0) += 1;
    }
    assert_eq!(by_pool, BTreeMap::from([("research", 32), ("train", 96)]));
}

/// What the operator writes is compared with these lines byte for byte.
#[test]
fn json_lines_are_canonical_and_profiles_come_first() {
    let text = out(&run(&["plan", SUPERPOD, "-o", "jsonl"]));
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(canonical_json(&value).unwrap(), line);
    }
    let kinds: Vec<Value> = lines(&text)
        .into_iter()
        .map(|object| object["kind"].clone())
        .collect();
    assert!(kinds[..2].iter().all(|kind| kind == "NodeProfile"));
    assert!(kinds[2..].iter().all(|kind| kind == "NodeConfig"));
}

#[test]
fn all_forms_hold_the_same_objects() {
    let expected = lines(&out(&run(&["plan", SUPERPOD, "-o", "jsonl"])));
    let envelope: Value = serde_json::from_slice(&run(&["plan", SUPERPOD, "-o", "json"]).stdout).unwrap();
    assert_eq!(envelope["formatVersion"], 1);
    assert_eq!(envelope["summary"]["nodes"], 128);
    let objects = [&envelope["profiles"], &envelope["nodes"]].map(|list| list.as_array().unwrap().clone());
    assert_eq!(objects.concat(), expected);
    let yaml = run(&["plan", SUPERPOD, "-o", "yaml"]).stdout;
    let mut sources = rackwright_manifest::Sources::new();
    let read = rackwright_manifest::read(
        &mut sources,
        "plan",
        yaml,
        &rackwright_manifest::Limits::default(),
    );
    assert_eq!(read.diagnostics, []);
    let documents: Vec<Value> = read
        .documents
        .into_iter()
        .map(|document| document.value)
        .collect();
    assert_eq!(documents, expected);
}

#[test]
fn a_plan_passes_validation_itself() {
    let plan = run(&["plan", SUPERPOD, "-o", "jsonl"]).stdout;
    let output = run_in(&root(), &["validate", "-"], &plan);
    assert_eq!((code(&output), out(&output)), (0, String::new()));
    let folder = folder(&[("plan.jsonl", &String::from_utf8(plan).unwrap())]);
    let output = run_in(folder.path(), &["validate", "plan.jsonl"], b"");
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(err(&output), "read 130 objects of ours: no findings\n");
}

fn addresses(text: &str) -> BTreeMap<String, String> {
    let nodes = lines(text)
        .into_iter()
        .filter(|object| object["kind"] == "NodeConfig");
    let address = |node: Value| {
        let ipv4 = node["spec"]["facts"]["rails"][0]["ipv4"]
            .as_str()
            .unwrap()
            .to_owned();
        (node["metadata"]["name"].as_str().unwrap().to_owned(), ipv4)
    };
    nodes.map(address).collect()
}

#[test]
fn nodes_of_an_earlier_plan_keep_their_addresses() {
    let site = |racks: &str| {
        SITE.replace("a[1-2]", racks)
            + &pool(
                "train",
                &format!("nodes: {{ racks: \"{racks}\" }}, fabrics: [ {{ name: ib }} ]"),
            )
            + "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: ib }\n\
               spec: { supercluster: lab, plane: Compute, topology: { type: FatTree, rails: 1 }, addressing: { ipv4: 10.0.0.0/24 } }\n"
    };
    let folder = folder(&[("old.yaml", &site("a[3-4]")), ("new.yaml", &site("a[1-4]"))]);
    let before = addresses(&out(&run_in(
        folder.path(),
        &["plan", "old.yaml", "-o", "jsonl"],
        b"",
    )));
    let fresh = addresses(&out(&run_in(
        folder.path(),
        &["plan", "new.yaml", "-o", "jsonl"],
        b"",
    )));
    assert_ne!(before["a3-n1"], fresh["a3-n1"], "the test must be able to fail");
    for form in ["jsonl", "json", "kubectl"] {
        let form_of_plan = if form == "kubectl" { "jsonl" } else { form };
        let mut earlier = run_in(folder.path(), &["plan", "old.yaml", "-o", form_of_plan], b"").stdout;
        if form == "kubectl" {
            // As `kubectl get nodeconfigs -o json` prints them.
            let list = serde_json::json!({"apiVersion": "v1", "items": lines(&String::from_utf8(earlier).unwrap()), "kind": "List"});
            earlier = serde_json::to_vec_pretty(&list).unwrap();
        }
        fs::write(folder.path().join("plan"), earlier).unwrap();
        let output = run_in(
            folder.path(),
            &["plan", "new.yaml", "-o", "jsonl", "--previous", "plan"],
            b"",
        );
        let after = addresses(&out(&output));
        assert_eq!(after.len(), 8);
        for (node, address) in &before {
            assert_eq!(&after[node], address, "{node} from {form}");
        }
    }
}

/// A file with a mistake on every line must not bury the person who looks at it, nor one name on every line the machine.
#[test]
fn many_findings_are_counted_and_not_all_printed() {
    let line = |name: &str, spec: &str| {
        format!(
            "{{\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeInventory\",\"metadata\":{{\"name\":\"{name}\"}},\"spec\":{spec}}}\n"
        )
    };
    let bad: String = (0..500)
        .map(|i| line(&format!("n{i}"), "{\"kernel\":5}"))
        .collect();
    let same: String = (0..20_000).map(|_| line("n1", "{}")).collect();
    let folder = folder(&[("bad.jsonl", &bad), ("same.jsonl", &same)]);
    let output = run_in(folder.path(), &["validate", "bad.jsonl"], b"");
    assert_eq!(code(&output), 1);
    assert!(
        out(&output).contains("300 more findings are not shown"),
        "{}",
        out(&output).len()
    );
    let output = run_in(folder.path(), &["validate", "same.jsonl"], b"");
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("n1 stands 20000 times"));
    assert!(out(&output).len() < 10_000);
}

#[test]
fn what_is_refused_does_not_take_the_rest_with_it() {
    let text = SITE.to_owned()
        + &pool("bad", "nodes: { racks: a1 }, fabrics: [ { name: none } ]")
        + &pool("good", "nodes: { racks: a2 }");
    let folder = folder(&[("lab.yaml", &text)]);
    let output = run_in(folder.path(), &["plan", "lab.yaml", "-o", "jsonl"], b"");
    assert_eq!(code(&output), 1);
    let names: Vec<Value> = lines(&out(&output))
        .into_iter()
        .map(|object| object["metadata"]["name"].clone())
        .collect();
    assert_eq!(names[1..], ["a2-n1", "a2-n2"]);
    assert!(
        err(&output).contains("refused, and not in this plan: pool bad"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_reference_to_what_has_an_error_of_its_own_is_not_missing() {
    let fabric = "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: ib }\nspec: { plane: Compute }\n";
    let train = pool("train", "nodes: { racks: a1 }, fabrics: [ { name: ib } ]");
    let folder = folder(&[
        ("schema.yaml", &format!("{SITE}{train}{fabric}")),
        (
            "site.yaml",
            &(SITE.replace("names:", "nmaes:") + &pool("train", "nodes: { racks: a1 }")),
        ),
        (
            "syntax.yaml",
            &format!("{SITE}{train}{}", fabric.replace("Compute }", "Compute")),
        ),
    ]);
    let codes = |file: &str| -> Vec<String> {
        findings(folder.path(), &[file])
            .iter()
            .map(|finding| finding[..6].to_owned())
            .collect()
    };
    assert_eq!(codes("schema.yaml"), ["RW1002", "RW1002"]);
    assert_eq!(codes("site.yaml"), ["RW1002", "RW1001"]);
    assert_eq!(
        findings(folder.path(), &["syntax.yaml"]),
        ["RW0001 syntax.yaml:14:7"]
    );
    let output = run_in(folder.path(), &["plan", "schema.yaml"], b"");
    assert!(
        out(&output).contains("refused, and not in this plan: pool train"),
        "{}",
        out(&output)
    );
}

#[test]
fn objects_of_others_are_counted_and_not_judged() {
    let others = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { paused: no }\n---\n\
                  apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { mode: 0755 }\n---\n";
    let folder = folder(&[
        ("mixed.yaml", &format!("{others}{SITE}")),
        ("kustomization.yaml", "resources: [ mixed.yaml ]\n"),
    ]);
    let output = run_in(folder.path(), &["validate", "."], b"");
    assert_eq!((code(&output), out(&output)), (0, String::new()));
    assert_eq!(
        err(&output),
        "read 1 object of ours, skipped 3 others (1 ConfigMap, 1 Deployment, 1 Kustomization): no findings\n"
    );
}

#[test]
fn a_file_over_the_limit_and_a_thousand_mistakes_are_findings() {
    let folder = folder(&[("many.yaml", &format!("{SITE}x:\n{}", "- no\n".repeat(1200)))]);
    let big = fs::File::create(folder.path().join("big.yaml")).unwrap();
    big.set_len((64 << 20) + 1).unwrap();
    assert_eq!(findings(folder.path(), &["big.yaml"]), ["RW0011 big.yaml:1:1"]);
    let found = findings(folder.path(), &["many.yaml"]);
    assert!(
        found
            .iter()
            .any(|finding| finding.starts_with("RW0020 many.yaml:")),
        "{}",
        found.len()
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    let program = env!("CARGO_BIN_EXE_rackwright");
    for verb in [
        &["plan", SUPERPOD, "-o", "jsonl"][..],
        &["plan", SUPERPOD, "-o", "json"],
        &["plan", SUPERPOD],
        &["crds"],
        &["explain"],
    ] {
        let mut child = Command::new(program)
            .args(verb)
            .current_dir(root())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 0, "{verb:?}: {}", err(&output));
        assert!(!err(&output).contains("error"), "{verb:?}: {}", err(&output));
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(program)
            .args(verb)
            .current_dir(root())
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(code(&output), 3, "{verb:?}");
        assert!(
            err(&output).contains("error: the output cannot be written"),
            "{verb:?}: {}",
            err(&output)
        );
    }
}

#[test]
fn definitions_are_seven_in_both_forms() {
    let list: Value = serde_json::from_slice(&run(&["crds", "-o", "json"]).stdout).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 7);
    let mut sources = rackwright_manifest::Sources::new();
    let yaml = run(&["crds"]).stdout;
    let read = rackwright_manifest::read(
        &mut sources,
        "crds",
        yaml,
        &rackwright_manifest::Limits::default(),
    );
    assert_eq!(read.diagnostics, []);
    let documents: Vec<&Value> = read.documents.iter().map(|document| &document.value).collect();
    assert_eq!(
        documents,
        list["items"].as_array().unwrap().iter().collect::<Vec<_>>()
    );
}

#[test]
fn each_shell_has_its_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = out(&run(&["completions", shell]));
        for word in ["validate", "previous", "jsonl"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn every_rule_has_a_page() {
    let list = out(&run(&["explain"]));
    let codes: Vec<&str> = list.lines().map(|line| &line[..6]).collect();
    assert!(codes.len() > 50 && codes.is_sorted(), "{codes:?}");
    let all: Value = serde_json::from_slice(&run(&["explain", "-o", "json"]).stdout).unwrap();
    for (code, rule) in codes.iter().zip(all["rules"].as_array().unwrap()) {
        assert_eq!(rule["code"], **code);
        assert!(rule["doc"].as_str().unwrap().contains("## Fix"), "{code}");
    }
}

/// kubectl is one of the tools that the end-to-end suite needs too; `make test` puts it there.
#[test]
fn kustomize_output_of_the_gitops_example_is_clean_and_production_is_the_superpod() {
    let kubectl = std::env::var_os("RACKWRIGHT_KUBECTL").unwrap_or_else(|| "kubectl".into());
    let build = |overlay: &str| {
        let output = Command::new(&kubectl)
            .args(["kustomize", &format!("examples/gitops/overlays/{overlay}")])
            .current_dir(root())
            .output()
            .expect("kubectl is needed (or its path in RACKWRIGHT_KUBECTL)");
        assert!(output.status.success(), "{}", err(&output));
        output.stdout
    };
    for overlay in ["staging", "production"] {
        let output = run_in(&root(), &["validate", "--strict", "-"], &build(overlay));
        assert_eq!(code(&output), 0, "{overlay}: {}{}", out(&output), err(&output));
    }
    let staging = out(&run_in(&root(), &["plan", "-", "-o", "jsonl"], &build("staging")));
    assert_eq!(
        lines(&staging)
            .iter()
            .filter(|object| object["kind"] == "NodeConfig")
            .count(),
        32
    );
    let production = out(&run_in(
        &root(),
        &["plan", "-", "-o", "jsonl"],
        &build("production"),
    ));
    assert_eq!(production, out(&run(&["plan", SUPERPOD, "-o", "jsonl"])));
}
