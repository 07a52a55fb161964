//! What `render cluster` writes, through the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Output;

use run::{code, err, out, root, run_in};
use serde_json::{Value, from_str};
use tree::tree;

const SITE: &str = "crates/cli/tests/handover/site.yaml";

fn render(path: &str, folder: &Path, rest: &[&str]) -> Output {
    let arguments = [
        &["render", "cluster", path, "--out", folder.to_str().unwrap()],
        rest,
    ];
    run_in(&root(), &arguments.concat(), b"")
}

/// What is written for a site, by path, with the manifest apart.
fn written(path: &str, rest: &[&str]) -> (Value, BTreeMap<String, String>) {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("handover");
    let output = render(path, &folder, rest);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let mut files = tree(&folder);
    (from_str(&files.remove("/manifest.json").unwrap()).unwrap(), files)
}

/// The lines of a file of one object a line.
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| from_str(line).unwrap()).collect()
}

#[test]
fn every_file_of_a_site_with_everything() {
    let (manifest, files) = written(SITE, &[]);
    let mut shown = String::new();
    for (path, text) in &files {
        shown.push_str(&["## ", path, "\n", text, "\n"].concat());
    }
    shown.push_str(&serde_json::to_string_pretty(&manifest["notes"]).unwrap());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("handover");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("site", shown));
}

#[test]
fn the_manifest_lists_every_file_with_its_hash_and_objects() {
    for path in [SITE, "examples/superpod-b200", "examples/tiny", "examples/gitops"] {
        let (manifest, mut files) = written(path, &[]);
        assert_eq!(manifest["generator"], "rackwright");
        let listed = manifest["files"].as_array().unwrap();
        assert!(listed.is_sorted_by_key(|file| file["path"].as_str()), "{path}");
        for file in listed {
            let name = file["path"].as_str().unwrap();
            let text = files
                .remove(&format!("/{name}"))
                .unwrap_or_else(|| panic!("{name} is listed and not there"));
            let hash = blake3::hash(text.as_bytes()).to_hex();
            assert_eq!(file["blake3"].as_str(), Some(hash.as_str()), "{path}: {name}");
            let objects = if name.starts_with("slurm/") {
                1
            } else if text.starts_with('{') {
                text.lines().count()
            } else {
                1 + text.matches("---\n").count()
            };
            assert_eq!(file["objects"], objects, "{path}: {name}");
        }
        assert!(files.is_empty(), "{path}: not listed: {files:?}");
    }
}

#[test]
fn every_node_of_the_plan_gets_its_labels_and_no_other_node() {
    let (manifest, files) = written("examples/superpod-b200", &[]);
    let plan = run_in(
        &root(),
        &["plan", "examples/superpod-b200", "--output", "jsonl"],
        b"",
    );
    let planned: BTreeMap<String, String> = lines(&out(&plan))
        .iter()
        .filter(|object| object["kind"] == "NodeConfig")
        .map(|object| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let metadata = &object["metadata"];
            (
                text(&metadata["name"]),
                text(&metadata["labels"]["rackwright.dev/pool"]),
            )
        })
        .collect();
    let nodes = lines(&files["/nodes.jsonl"]);
    assert_eq!(nodes.len(), planned.len());
    assert_eq!(manifest["nodes"], planned.len());
    for node in nodes {
        // Nothing but what is applied: a field more would be owned from then on.
        let fields: Vec<&String> = node.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["apiVersion", "kind", "metadata"]);
        let metadata = node["metadata"].as_object().unwrap();
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["labels", "name"]);
        let name = metadata["name"].as_str().unwrap();
        assert_eq!(
            metadata["labels"]["rackwright.dev/pool"].as_str(),
            Some(planned[name].as_str())
        );
    }
}

#[test]
fn members_share_out_what_the_whole_site_has() {
    let names = |files: &BTreeMap<String, String>, path: &str| -> BTreeSet<String> {
        let lines = files.get(path).map_or(Vec::new(), |text| lines(text));
        lines
            .iter()
            .map(|object| object["metadata"]["name"].to_string())
            .collect()
    };
    let (_, whole) = written(SITE, &[]);
    let (east_manifest, east) = written(SITE, &["--cluster", "east"]);
    let (_, west) = written(SITE, &["--cluster", "west"]);
    assert_eq!(east_manifest["cluster"], "east");
    for path in ["/nodes.jsonl", "/storage/persistentvolumes.jsonl"] {
        let (east, west) = (names(&east, path), names(&west, path));
        assert!(east.is_disjoint(&west), "{path}");
        assert_eq!(&east | &west, names(&whole, path), "{path}");
    }
    // What a member has no pool for is none of its business.
    assert!(west.contains_key("/lvms/lvmcluster.yaml") && !east.contains_key("/lvms/lvmcluster.yaml"));
    assert!(east.contains_key("/topolvm/lvmd-cut.yaml") && !west.contains_key("/topolvm/lvmd-cut.yaml"));
    // In a cluster whose pools agree about the driver, ClusterPolicy has it.
    assert!(whole.contains_key("/gpu-operator/nvidiadrivers.yaml"));
    assert!(!east.contains_key("/gpu-operator/nvidiadrivers.yaml"));
    assert!(east["/gpu-operator/values.yaml"].contains("version: \"580.95.05\""));
    let output = render(SITE, Path::new("/nowhere/at/all"), &["--cluster", "eats"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("did you mean east?"), "{}", err(&output));
}

#[test]
fn the_order_of_documents_changes_no_byte() {
    let text = fs::read_to_string(root().join(SITE)).unwrap();
    let mut documents: Vec<&str> = text.split("\n---\n").collect();
    let (manifest, files) = written(SITE, &[]);
    for _ in 1..documents.len() {
        documents.rotate_left(1);
        let root = tempfile::tempdir().unwrap();
        let site = root.path().join("site.yaml");
        fs::write(&site, documents.join("\n---\n")).unwrap();
        assert_eq!(
            written(site.to_str().unwrap(), &[]),
            (manifest.clone(), files.clone())
        );
    }
}

#[test]
fn a_second_run_replaces_the_first() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("handover");
    assert_eq!(code(&render(SITE, &folder, &[])), 0);
    let first = tree(&folder);
    let output = render("examples/tiny", &folder, &["--output", "json"]);
    assert_eq!(code(&output), 0);
    let names: Vec<String> = tree(&folder).into_keys().collect();
    assert_eq!(names, ["/manifest.json", "/nodes.jsonl"]);
    assert_eq!(
        out(&output),
        fs::read_to_string(folder.join("manifest.json")).unwrap()
    );
    assert_eq!(code(&render(SITE, &folder, &[])), 0);
    assert_eq!(tree(&folder), first);
    assert_eq!(
        fs::read_dir(root.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn an_empty_plan_leaves_nothing_of_the_one_before() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("handover");
    assert_eq!(code(&render("examples/tiny", &folder, &[])), 0);
    let site = root.path().join("site.yaml");
    let text = fs::read_to_string(self::root().join("examples/tiny/lab.yaml")).unwrap();
    fs::write(&site, text.split("\n---\n").next().unwrap()).unwrap();
    let output = render(site.to_str().unwrap(), &folder, &[]);
    assert_eq!((code(&output), out(&output)), (0, String::new()));
    assert!(
        err(&output).contains("nothing to hand over: the plan has no node"),
        "{}",
        err(&output)
    );
    assert_eq!(tree(&folder).into_keys().collect::<Vec<_>>(), ["/manifest.json"]);
}

#[test]
fn findings_are_told_and_a_folder_of_somebody_else_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("handover");
    let output = render("crates/cli/tests/corpus/rules/missing-fabric.yaml", &folder, &[]);
    assert_eq!(code(&output), 1);
    assert!(
        err(&output).contains("refused, and not in this plan: pool"),
        "{}",
        err(&output)
    );
    let output = render("nope.yaml", &root.path().join("other"), &[]);
    assert_eq!(code(&output), 2);
    assert!(!root.path().join("other").exists());
    fs::write(root.path().join("precious"), "x").unwrap();
    let output = render(SITE, root.path(), &[]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("was not written by `rackwright render`"));
}

#[test]
fn a_pool_that_names_no_driver_beside_others_is_told() {
    let text = fs::read_to_string(root().join(SITE)).unwrap();
    let driver = "    driver: { version: \"580.95.05\", kernelModules: Open }\n";
    let told = |manifest: &Value| -> Vec<String> {
        let notes = manifest["notes"].as_array().unwrap().iter();
        notes
            .filter(|note| note["text"].as_str().unwrap().contains("get no driver"))
            .map(|note| note["object"].as_str().unwrap().to_owned())
            .collect()
    };
    let write = |text: &str| {
        let root = tempfile::tempdir().unwrap();
        let site = root.path().join("site.yaml");
        fs::write(&site, text).unwrap();
        written(site.to_str().unwrap(), &[])
    };
    // The first of them only: the other one has a version, and an NVIDIADriver.
    let (manifest, files) = write(&text.replacen(driver, "", 1));
    assert_eq!(told(&manifest), ["GPUPool/cut"]);
    let drivers = &files["/gpu-operator/nvidiadrivers.yaml"];
    assert!(drivers.contains("name: rackwright-whole") && !drivers.contains("name: rackwright-cut"));
    // Both have one: nobody is told anything.
    let (manifest, _) = write(&text);
    assert_eq!(told(&manifest), [""; 0]);
}

/// The volume of a shared tier that hosts mount is a directory that nobody makes; the export of an NFS server is there.
#[test]
fn directories_that_somebody_makes_are_told() {
    let tier = |name: &str, file_system: &str| {
        format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: StorageTier\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: lab, {file_system}, mountPoint: /srv/{name}, capacity: 1PB, kubernetes: {{ provisioner: Static, storageClass: {name} }} }}\n"
        )
    };
    let site = "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec: { racks: [ { names: a1, nodes: n1, system: dgx-b200 } ] }\n\
                ---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: { name: train }\nspec: { supercluster: lab, nodes: { racks: a1 }, storage: [ { tier: lustre }, { tier: weka }, { tier: nfs } ] }\n"
        .to_owned()
        + &tier("lustre", "lustre: { fileSystem: data, managementServers: [ 10.0.0.1@tcp ] }")
        + &tier("weka", "weka: { fileSystem: data, backends: [ w1 ] }")
        + &tier("nfs", "nfs: { server: nas1, export: /data, transport: TCP }");
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("site.yaml");
    fs::write(&path, site).unwrap();
    let (manifest, files) = written(path.to_str().unwrap(), &[]);
    let notes = manifest["notes"].as_array().unwrap().iter();
    let told: Vec<(&str, bool)> = notes
        .map(|note| {
            let (object, text) = (note["object"].as_str().unwrap(), note["text"].as_str().unwrap());
            let name = object.trim_start_matches("StorageTier/");
            (object, text.contains(&format!("mkdir /srv/{name}/volume")))
        })
        .collect();
    assert_eq!(told, [("StorageTier/lustre", true), ("StorageTier/weka", true)]);
    let volumes = &files["/storage/persistentvolumes.jsonl"];
    assert_eq!(volumes.matches("\"hostPath\"").count(), 2, "{volumes}");
}
