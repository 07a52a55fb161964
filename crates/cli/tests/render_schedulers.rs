//! What `render cluster` writes for schedulers, through the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/tree.rs"]
mod tree;

use std::collections::BTreeMap;
use std::fs;

use run::{code, err, out, root, run_in};
use serde_json::{Value, from_str, json};
use tree::tree;

const SITE: &str = "crates/cli/tests/handover/schedulers.yaml";

fn site() -> String {
    fs::read_to_string(root().join(SITE)).unwrap()
}

/// Exit code, what is said, and the files of a site by path.
fn render(site: &str, options: &str) -> (i32, String, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.yaml"), site).unwrap();
    let line = format!("render cluster site.yaml --out out {options}");
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let output = run_in(folder.path(), &arguments, b"");
    let place = folder.path().join("out");
    let files = if place.exists() {
        tree(&place)
    } else {
        BTreeMap::new()
    };
    let listed = out(&output);
    for path in files.keys().filter(|path| *path != "/manifest.json") {
        assert!(listed.contains(path.trim_start_matches('/')), "{path}: {listed}");
    }
    (code(&output), err(&output), files)
}

fn written(site: &str, options: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let (code, said, mut files) = render(site, options);
    assert_eq!(code, 0, "{said}");
    let manifest: Value = from_str(&files.remove("/manifest.json").unwrap()).unwrap();
    let notes = manifest["notes"].as_array().unwrap().iter();
    let notes = notes
        .filter(|note| note["object"] != "Supercluster/lab")
        .map(|note| note["text"].as_str().unwrap().to_owned());
    (notes.collect(), files)
}

/// The labels of a node that say where it is.
fn labels(files: &BTreeMap<String, String>, node: &str) -> Value {
    let line = files["/nodes.jsonl"]
        .lines()
        .find(|line| line.ends_with(&format!("\"name\":\"{node}\"}}}}")));
    let node: Value = from_str(line.unwrap()).unwrap();
    let mut labels = node["metadata"]["labels"].clone();
    assert_eq!(
        labels.as_object_mut().unwrap().remove("rackwright.dev/pool"),
        Some(json!("train"))
    );
    labels
}

#[test]
fn every_file_for_schedulers() {
    let (notes, files) = written(&site(), "--rdma-devices mlx5_[0-4]");
    assert_eq!(notes, [""; 0]);
    let mut shown = String::new();
    for (path, text) in &files {
        shown.push_str(&["## ", path, "\n", text, "\n"].concat());
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("handover");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("schedulers", shown));
}

#[test]
fn keys_and_depth_are_the_users() {
    let of = |options: &str| labels(&written(&site(), options).1, "r3-n2");
    assert_eq!(
        of("--topology-keys topograph"),
        json!({
            "accelerator.topograph.run/domain": "r3",
            "fabric.topograph.run/tier-0": "su02",
            "fabric.topograph.run/tier-1": "compute"
        })
    );
    assert_eq!(
        of("--topology-keys rack=example.com/r,unit=su"),
        json!({ "example.com/r": "r3", "su": "su02" })
    );
    assert_eq!(
        of("--topology-levels rack"),
        json!({ "topology.rackwright.dev/rack": "r3" })
    );
    // The tree has a root all the same.
    let (_, files) = written(
        &site(),
        "--topology-levels unit --topology-keys none --kueue v1beta1",
    );
    assert_eq!(labels(&files, "r3-n2"), json!({}));
    assert!(!files.keys().any(|path| path.starts_with("/kueue/")));
    assert_eq!(
        files["/slurm/compute/topology-tree.conf"],
        "SwitchName=su01 Nodes=r1-n[1-2],r2-n[1-2]\nSwitchName=su02 Nodes=r3-n[1-2],r4-n[1-2]\nSwitchName=compute Switches=su[01-02]\n"
    );
    let (_, files) = written(&site(), "--kueue v1beta1");
    assert!(files["/kueue/topologies.yaml"].starts_with("apiVersion: kueue.x-k8s.io/v1beta1\n"));
}

/// A rack that is no NVLink domain is no block, and nothing to topograph.
#[test]
fn racks_of_other_systems_are_no_blocks() {
    let site = site().replace("gb200-nvl72", "dgx-b200");
    let (_, files) = written(&site, "--topology-keys topograph");
    assert_eq!(
        labels(&files, "r3-n2"),
        json!({ "fabric.topograph.run/tier-0": "su02", "fabric.topograph.run/tier-1": "compute" })
    );
    assert!(files["/slurm/compute/topology-block.conf"].starts_with("BlockName=su01 "));
}

#[test]
fn a_member_cluster_is_told_of_its_own_nodes() {
    let (_, files) = written(&site(), "--cluster west");
    assert_eq!(
        files["/slurm/compute/topology-block.conf"],
        "BlockName=r3 Nodes=r3-n[1-2]\nBlockName=r4 Nodes=r4-n[1-2]\nBlockSizes=2,4\n"
    );
    assert!(!files["/slurm/compute/topology.yaml"].contains("su01"));
}

/// Groups of a dragonfly+ are units.
#[test]
fn a_dragonfly_has_no_pods() {
    let site = site().replacen("type: FatTree", "type: DragonflyPlus", 1);
    let (notes, files) = written(&site, "");
    assert_eq!(notes, [""; 0]);
    assert_eq!(
        labels(&files, "r3-n2"),
        json!({
            "topology.rackwright.dev/fabric": "compute",
            "topology.rackwright.dev/rack": "r3",
            "topology.rackwright.dev/unit": "g02"
        })
    );
    assert!(files["/slurm/compute/topology-tree.conf"].ends_with("SwitchName=compute Switches=g[01-02]\n"));
}

/// Without core switches there is no pod; with them there is, however few units have nodes.
#[test]
fn pods_come_with_cores() {
    let pod = |units: &str| {
        let site = site()
            .replace("units: 2", &format!("units: {units}"))
            .replace("disjointRails: true", "disjointRails: false");
        let labels = labels(&written(&site, "").1, "r3-n2");
        labels.get("topology.rackwright.dev/pod").cloned()
    };
    assert_eq!(pod("8"), None);
    assert_eq!(pod("64"), Some(json!("pod01")));
}

/// A scheduler's domains lie whole in one another.
#[test]
fn a_rack_across_two_units_is_told_and_left_out() {
    let across = site()
        .replace("n[1-2]", "n[1-4]")
        .replace("nodesPerUnit: 4", "nodesPerUnit: 6")
        .replace("nodesPerUnit: 8", "nodesPerUnit: 16")
        .replace("units: 2", "units: 3")
        .replace(
            "    placement:\n    - { unit: 1, racks: \"r[1-4]\", racksPerUnit: 2 }\n",
            "",
        );
    let (notes, files) = written(&across, "");
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with(
            "a level of its topology is left out: Rack r2 is in compute/su01 and in compute/su02:"
        ),
        "{notes:?}"
    );
    assert_eq!(
        labels(&files, "r3-n2"),
        json!({ "topology.rackwright.dev/fabric": "compute", "topology.rackwright.dev/unit": "su02" })
    );
    // Who asks for it is refused.
    let (code, said, files) = render(&across, "--topology-levels unit,rack");
    assert_eq!((code, files.len()), (2, 0));
    assert!(said.contains("error: fabric compute: Rack r2 is in "), "{said}");
}

/// A node has one place: that in the first of its compute fabrics.
#[test]
fn two_compute_fabrics_are_told_apart() {
    let two = site().replace("plane: Storage", "plane: Compute");
    let (notes, files) = written(&two, "--rdma-devices mlx5_[0-4]");
    assert_eq!(
        notes,
        [
            "8 of its 8 nodes are in another compute fabric too, and schedulers are told their place in that one"
        ]
    );
    assert!(
        files.contains_key("/slurm/compute/topology.yaml")
            && !files.contains_key("/slurm/storage/topology.yaml")
    );
    assert_eq!(
        files["/nccl/train.conf"],
        "NCCL_CROSS_NIC=0\nNCCL_IB_HCA==mlx5_0:1,mlx5_1:1,mlx5_2:1,mlx5_3:1,mlx5_4:1\n"
    );
}

#[test]
fn what_stands_in_no_file_is_told() {
    let without = site().replacen("    switch: qm9700\n", "", 1).replace(
        "    placement:\n    - { unit: 1, racks: \"r[1-4]\", racksPerUnit: 2 }\n",
        "",
    );
    let (notes, files) = written(&without, "");
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with("schedulers are told nothing of it: spec.topology.switch names no switch"),
        "{notes:?}"
    );
    assert!(!files.keys().any(|path| path.starts_with("/slurm/")));
    // A name that one consumer cannot hold keeps it from that one alone.
    let same = site().replace("name: compute }", "name: r1 }");
    let (notes, files) = written(&same, "");
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with("Slurm's tree is left out: two domains are named r1"),
        "{notes:?}"
    );
    assert!(
        files["/slurm/r1/topology.yaml"].starts_with("---\n- topology: \"block\"\n  cluster_default: true\n")
    );
    assert_eq!(labels(&files, "r3-n2")["topology.rackwright.dev/fabric"], "r1");
    let partitions = "  partitions:\n  - { name: a, pkey: \"0x0011\", members: [ { pool: train, membership: Full } ] }\n  - { name: b, pkey: \"0x0012\", members: [ { pool: train, membership: Full } ] }\n";
    let several = site().replacen(
        "  plane: Compute\n",
        &format!("  plane: Compute\n{partitions}"),
        1,
    );
    let (notes, _) = written(&several, "--rdma-devices mlx5_[0-4]");
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("set NCCL_IB_PKEY to the index"), "{notes:?}");
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for (options, word) in [
        ("--topology-keys kubernetes", "is not LEVEL=KEY"),
        ("--topology-keys rail=a", "rail"),
        ("--topology-keys unit=a,unit=b", "Unit has two keys"),
        ("--topology-keys unit=a,rack=a", "a is the key of two levels"),
        ("--topology-keys unit=kubernetes.io/hostname", "is the kubelet's"),
        ("--topology-keys unit=", "cannot be the key of a label"),
        (
            "--topology-keys rack=a --topology-levels unit",
            "has no level Rack",
        ),
        ("--topology-levels rail", "rail"),
        (
            "--rdma-devices mlx5_[0-2]",
            "names 3 devices, and nodes of pool train have a rail 3",
        ),
        ("--rdma-devices mlx5_[0-", "never closed"),
        ("--rdma-devices m,m,m,m", "`m` is written twice"),
        ("--kueue v1", "v1"),
    ] {
        let (code, said, files) = render(&site(), options);
        assert_eq!((code, files.len()), (2, 0), "{options}: {said}");
        assert!(said.contains(word), "{options}: {said}");
    }
}
