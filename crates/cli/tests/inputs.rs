//! What can be named on the command line beside files and directories: patterns, what Kustomize and Helm render, and
//! definitions of other groups. Git revisions have a file of their own.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/repository.rs"]
mod repository;
#[path = "support/run.rs"]
mod run;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use folder::{SITE, findings, folder, pool};
use repository::Repository;
use run::{code, err, out, root, run_in};
use serde_json::{Value, json};

/// Runs `rackwright` where these programs are all that is installed.
fn run_where(directory: &Path, programs: &[(&str, &str)], arguments: &[&str]) -> Output {
    let bin = tempfile::tempdir().unwrap();
    for (name, script) in programs {
        let path = bin.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    Command::new(env!("CARGO_BIN_EXE_rackwright"))
        .args(arguments)
        .current_dir(directory)
        .env("PATH", bin.path())
        .env("TERM", "dumb")
        .output()
        .unwrap()
}

fn read(output: &Output) -> Value {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["read"].clone()
}

const FOREIGN: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n";

#[test]
fn a_pattern_names_files_through_directories() {
    let pool = pool("train", "nodes: { racks: a1 }");
    let root = folder(&[
        ("deploy/lab.yaml", SITE),
        ("deploy/a/b/pool.yaml", &pool),
        ("deploy/a/pool.json", "{"),
        ("deploy/.old/pool.yaml", "kind: ["),
        ("deploy/a/.pool.yaml", "kind: ["),
        ("deploy/web.yaml", FOREIGN),
        ("deploy/a/kustomization.yaml", "resources: [ b/pool.yaml ]"),
    ]);
    let json = |arguments: &[&str]| {
        run_in(
            root.path(),
            &[&["validate", "-o", "json"], arguments].concat(),
            b"",
        )
    };
    let output = json(&["deploy/**/*.yaml"]);
    assert_eq!(
        read(&output),
        json!({
            "objects": 2, "checked": {}, "errors": [],
            "skipped": { "Deployment": 1, "Kustomization": 1 },
            "files": ["deploy/a/b/pool.yaml", "deploy/lab.yaml", "deploy/web.yaml"],
        })
    );
    // What is named twice is read once, and a pattern takes files whatever they are called.
    let output = json(&["deploy/*.y?ml", "deploy/lab.yaml", "deploy/a/b/pool.[a-z]*"]);
    assert_eq!(read(&output)["objects"], 2);
    let output = json(&["deploy/lab.yaml", "deploy/a/*.json"]);
    assert_eq!(code(&output), 1, "{}", out(&output));
}

#[test]
fn a_pattern_without_a_file_is_an_error_and_a_file_is_no_pattern() {
    let root = folder(&[("a[1].yaml", SITE), ("b/c.yaml", SITE)]);
    let validate = |path: &str| run_in(root.path(), &["validate", path], b"");
    assert_eq!(code(&validate("a[1].yaml")), 0);
    // A directory is no file.
    for (path, message) in [
        ("*.yml", "no file of that pattern"),
        ("*/", "no file of that pattern"),
        ("a[", "not a pattern"),
        ("***", "not a pattern"),
    ] {
        let output = validate(path);
        assert_eq!(code(&output), 2, "{path}");
        assert!(
            err(&output).contains(&format!("error: {path}: {message}")),
            "{}",
            err(&output)
        );
    }
}

#[test]
fn kustomize_renders_what_is_read() {
    let site = SITE.replace("a[1-2]", "a[2-1]");
    let root = folder(&[("overlay/kustomization.yaml", "")]);
    fs::write(root.path().join("site.yaml"), &site).unwrap();
    let print = "test \"$*\" = \"build -- overlay\" && /bin/cat site.yaml";
    let output = run_where(
        root.path(),
        &[("kustomize", print), ("kubectl", "exit 7")],
        &["validate", "kustomize:overlay", "-o", "github"],
    );
    assert_eq!(code(&output), 1, "{}", err(&output));
    // What is rendered is no file of the repository, whose line an annotation could stand at.
    assert!(
        out(&output).starts_with("::error title=RW2003::"),
        "{}",
        out(&output)
    );
    // What is rendered cannot be written to, so it is not rendered for --fix once more.
    let counted = "echo once >> runs; /bin/cat site.yaml";
    let fixed = run_where(
        root.path(),
        &[("kustomize", counted)],
        &["validate", "--fix", "kustomize:overlay"],
    );
    assert_eq!(code(&fixed), 1, "{}", err(&fixed));
    assert_eq!(fs::read_to_string(root.path().join("runs")).unwrap(), "once\n");
    let print = "test \"$*\" = \"kustomize -- overlay\" && /bin/cat site.yaml";
    let output = run_where(
        root.path(),
        &[("kubectl", print)],
        &["validate", "kustomize:overlay"],
    );
    assert!(
        out(&output).contains("--> kustomize:overlay:4:"),
        "{}{}",
        out(&output),
        err(&output)
    );
}

#[test]
fn helm_renders_what_is_read_and_findings_name_the_template() {
    let root = folder(&[("charts/site/Chart.yaml", ""), ("prod.yaml", "")]);
    let lines = [
        "---",
        "# Source: lab/templates/site.yaml",
        SITE,
        "---",
        "# Source: lab/templates/pools.yaml",
        "apiVersion: rackwright.dev/v1alpha1",
        "kind: GPUPool",
        "metadata: { name: train }",
        "spec: { supercluster: lab, nodes: { racks: a9 } }",
    ];
    fs::write(root.path().join("out.yaml"), lines.join("\n")).unwrap();
    let print = "test \"$*\" = \"template --values prod.yaml --values more.yaml -- charts/site\" && /bin/cat out.yaml";
    let name = "helm:charts/site,prod.yaml,more.yaml";
    let output = run_where(root.path(), &[("helm", print)], &["validate", name]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(
        out(&output).contains("--> helm:charts/site/templates/pools.yaml:6:"),
        "{}",
        out(&output)
    );
    let sarif = run_where(
        root.path(),
        &[("helm", print)],
        &["validate", name, "-o", "sarif"],
    );
    let sarif: Value = serde_json::from_slice(&sarif.stdout).unwrap();
    assert_eq!(
        sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"],
        json!({ "uri": "helm%3Acharts/site/templates/pools.yaml" })
    );
}

/// Not the input's fault: exit code 3, whatever else is wrong.
#[test]
fn a_tool_that_is_missing_or_fails_is_named_and_quoted() {
    let root = folder(&[("bad.yaml", "kind: [")]);
    let fails = "echo \"Error: chart \u{1b}[31mis broken\" >&2; echo 'kind: [' ; exit 1";
    for (programs, path, message) in [
        (
            vec![],
            "kustomize:overlay",
            "needs `kustomize` or `kubectl`, which is not installed",
        ),
        (vec![], "helm:chart", "needs `helm`, which is not installed"),
        (
            vec![("helm", fails)],
            "helm:chart",
            "helm fails: Error: chart \\u{1b}[31mis broken",
        ),
        (
            vec![("kustomize", "exit 3")],
            "kustomize:-h",
            "kustomize fails: exit status: 3, and says nothing",
        ),
    ] {
        let output = run_where(root.path(), &programs, &["validate", path, "bad.yaml"]);
        assert_eq!(code(&output), 3, "{}", err(&output));
        assert!(
            err(&output).contains(&format!("error: {path}: {message}")),
            "{}",
            err(&output)
        );
    }
}

/// The same through the real program, which the end-to-end suite needs too.
#[test]
fn the_production_overlay_is_the_superpod() {
    let kubectl = std::env::var_os("RACKWRIGHT_KUBECTL").unwrap_or_else(|| "kubectl".into());
    let script = format!("exec {} \"$@\"", kubectl.to_str().unwrap());
    let path = std::env::var_os("PATH").unwrap();
    let script = format!("PATH={}; {script}", path.to_str().unwrap());
    let overlay = "kustomize:examples/gitops/overlays/production";
    let output = run_where(
        &root(),
        &[("kubectl", &script)],
        &["plan", overlay, "-o", "jsonl"],
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
    let superpod = run_in(&root(), &["plan", "examples/superpod-b200", "-o", "jsonl"], b"");
    assert_eq!(output.stdout, superpod.stdout);
}

/// Templates are no YAML, and `values.yaml` is no object.
#[test]
fn charts_are_counted_and_not_read() {
    let files = [
        ("lab.yaml", SITE),
        ("charts/a/Chart.yaml", "name: a"),
        ("charts/a/templates/x.yaml", "{{ if .Values.x }}"),
        ("charts/b/Chart.yaml", "name: b"),
        ("charts/b/values.yaml", "x: 1"),
    ];
    let root = folder(&files);
    let output = run_in(root.path(), &["validate", "."], b"");
    let expected = "read 1 object of ours, skipped 2 others (2 Helm chart): no findings\n";
    assert_eq!((code(&output), err(&output)), (0, expected.to_owned()));
    let output = run_in(root.path(), &["validate", "charts"], b"");
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("`helm:CHART` reads what Helm makes of a chart"),
        "{}",
        err(&output)
    );
    let repository = Repository::new();
    for (name, text) in files {
        repository.write(name, text);
    }
    repository.commit();
    let output = run_in(repository.root(), &["validate", "HEAD:"], b"");
    assert_eq!((code(&output), err(&output)), (0, expected.to_owned()));
}

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: backups.example.com }
spec:
  group: example.com
  names: { kind: Backup, plural: backups }
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [ from ]
            properties:
              from: { type: string, maxLength: 20 }
              to: { type: string, maxLength: 20 }
            x-kubernetes-validations:
            - { rule: \"!has(self.to) || self.to != self.from\", message: goes nowhere }
";

fn backup(spec: &str) -> String {
    format!("---\napiVersion: example.com/v1\nkind: Backup\nmetadata: {{ name: b }}\nspec: {spec}\n")
}

#[test]
fn objects_of_others_are_judged_by_definitions_that_are_given() {
    let objects = [
        SITE.to_owned(),
        backup("{ from: a, to: b }"),
        backup("{ from: a, to: a }"),
        backup("{ form: a }"),
        backup("{ from: a }").replace("/v1", "/v2"),
        format!("---\n{FOREIGN}"),
    ];
    let line = |spec: Value| {
        json!({ "apiVersion": "example.com/v1", "kind": "Backup", "metadata": { "name": "l" }, "spec": spec })
            .to_string()
    };
    let v2 = line(json!({ "from": "a" })).replace("com/v1", "com/v2");
    let lines = [line(json!({ "from": "a" })), line(json!({ "from": 7 })), v2].join("\n");
    let root = folder(&[
        ("crds/all.yaml", &format!("{FOREIGN}---\n{DEFINITION}")),
        ("in/all.yaml", &objects.concat()),
        ("in/more.jsonl", &lines),
    ]);
    assert_eq!(
        findings(root.path(), &["in", "--crd", "crds"]),
        [
            "RW1010 in/all.yaml:14:7",
            "RW1002 in/all.yaml:19:1",
            "RW1001 in/all.yaml:19:9",
            "RW0102 in/all.yaml:21:13",
            "RW1003 in/more.jsonl:2:87",
            "RW0102 in/more.jsonl:3:15",
        ]
    );
    let output = run_in(root.path(), &["validate", "in", "--crd", "crds"], b"");
    let expected = "read 1 object of ours, checked 5 others (5 Backup), skipped 3 others (2 Backup, 1 Deployment): 6 errors\n";
    assert_eq!((code(&output), err(&output)), (1, expected.to_owned()));
    // Without the definitions nothing is known of them.
    assert_eq!(findings(root.path(), &["in"]), [""; 0]);
    // What is checked is enough to look at.
    fs::write(root.path().join("alone.yaml"), backup("{ from: a }")).unwrap();
    let output = run_in(
        root.path(),
        &["validate", "alone.yaml", "--crd", "crds/all.yaml"],
        b"",
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
}

#[test]
fn definitions_that_are_none_are_errors() {
    let root = folder(&[
        ("lab.yaml", SITE),
        ("none.yaml", FOREIGN),
        ("broken.yaml", "kind: CustomResourceDefinition\na: [\n"),
        ("wrong.yaml", &DEFINITION.replace("!has(self.to)", "!has(self.to")),
    ]);
    for (path, message) in [
        ("nope.yaml", "no such file"),
        ("none.yaml", "no CustomResourceDefinition in it"),
        ("broken.yaml", "line "),
        (
            "wrong.yaml",
            "backups.example.com: spec.versions[0].schema.openAPIV3Schema.properties.spec.x-kubernetes-validations[0]",
        ),
    ] {
        let output = run_in(root.path(), &["validate", "lab.yaml", "--crd", path], b"");
        assert_eq!((code(&output), out(&output)), (2, String::new()), "{path}");
        let start = format!("error: {path}: {message}");
        assert!(err(&output).starts_with(&start), "{path}: {}", err(&output));
    }
}

#[test]
fn paths_that_are_files_are_never_run() {
    let root = folder(&[("helm:a.yaml", SITE)]);
    let output = run_where(root.path(), &[], &["validate", "helm:a.yaml"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
}
