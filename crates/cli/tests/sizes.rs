//! SuperPODs of 1 to 64 scalable units, through the real programs: what Kustomize makes of the example has the switches and
//! cables of NVIDIA's table.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use run::{code, err, out, root, run_in};

/// A size: units, nodes, leaves, spines, cores, and cables of node to leaf, leaf to spine, spine to core. RA-11334-001 V08,
/// larger component counts; the row of one unit follows from the same rule.
type Row = (&'static str, usize, usize, usize, usize, [usize; 3]);

const ROWS: [Row; 7] = [
    ("base", 32, 8, 4, 0, [256, 256, 0]),
    ("sizes/02-units", 64, 16, 8, 0, [512, 512, 0]),
    ("overlays/production", 128, 32, 16, 0, [1024, 1024, 0]),
    ("sizes/08-units", 256, 64, 32, 0, [2048, 2048, 0]),
    ("sizes/16-units", 512, 128, 128, 64, [4096, 4096, 4096]),
    ("sizes/32-units", 1024, 256, 256, 128, [8192, 8192, 8192]),
    ("sizes/64-units", 2048, 512, 512, 256, [16_384, 16_384, 16_384]),
];

/// The level of a device of the schedule: 0 a node's HCA, 1 a leaf, 2 a spine, 3 a core.
fn level(device: &str) -> usize {
    let is = |unit: &str, letter: &str| {
        let number = device.rsplit('-').next().unwrap().strip_prefix(letter);
        device.starts_with(unit) && number.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    if is("su", "l") {
        1
    } else if is("pod", "s") {
        2
    } else if is("g", "c") {
        3
    } else {
        0
    }
}

/// Switches and cables of a schedule, by level of the lower end.
fn counted(schedule: &str) -> ([usize; 3], [usize; 3]) {
    let mut switches: [BTreeSet<&str>; 3] = Default::default();
    let mut cables = [0; 3];
    for line in schedule.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (from, to) = (fields[1], fields[4]);
        assert_eq!(level(to), level(from) + 1, "{line}");
        cables[level(from)] += 1;
        switches[level(to) - 1].insert(to);
    }
    (switches.map(|switches| switches.len()), cables)
}

fn built(folder: &str) -> Vec<u8> {
    let kubectl = std::env::var_os("RACKWRIGHT_KUBECTL").unwrap_or_else(|| "kubectl".into());
    let output = Command::new(&kubectl)
        .args(["kustomize", &format!("examples/gitops/{folder}")])
        .current_dir(root())
        .output()
        .expect("kubectl is needed (or its path in RACKWRIGHT_KUBECTL)");
    assert!(output.status.success(), "{}", err(&output));
    output.stdout
}

/// What the README's rows say, by folder.
fn documented() -> BTreeMap<usize, Vec<String>> {
    let text = fs::read_to_string(root().join("examples/gitops/sizes/README.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<String> = row
            .trim_matches(['|', ' '])
            .split(" | ")
            .map(|cell| cell.replace(',', "").replace('-', "0"))
            .collect();
        (cells[1].parse().unwrap(), cells)
    })
    .collect()
}

#[test]
fn every_size_is_clean_and_has_the_published_switches_and_cables() {
    let documented = documented();
    assert_eq!(documented.len(), ROWS.len());
    for (folder, nodes, leaves, spines, cores, cables) in ROWS {
        let manifests = built(folder);
        let output = run_in(&root(), &["validate", "--strict", "-"], &manifests);
        assert_eq!(code(&output), 0, "{folder}: {}{}", out(&output), err(&output));
        let plan = out(&run_in(&root(), &["plan", "-", "-o", "jsonl"], &manifests));
        let configs = plan
            .lines()
            .filter(|line| line.contains("\"kind\":\"NodeConfig\""));
        assert_eq!(configs.count(), nodes, "{folder}");
        let target = tempfile::tempdir().unwrap();
        let at = target.path().join("out");
        let line = [
            "fabric",
            "render",
            "-",
            "--planned",
            "--out",
            at.to_str().unwrap(),
        ];
        let output = run_in(&root(), &line, &manifests);
        assert_eq!(code(&output), 0, "{folder}: {}", err(&output));
        let schedule = fs::read_to_string(at.join("compute/cables.csv")).unwrap();
        let expected = ([leaves, spines, cores], cables);
        assert_eq!(counted(&schedule), expected, "{folder}");
        assert!(at.join("storage/planned/guid2lid").exists(), "{folder}");
        let row = [nodes / 32, nodes, nodes * 8, leaves, spines, cores, cables[0]];
        assert_eq!(
            documented[&nodes],
            row.map(|number| number.to_string()),
            "{folder}"
        );
    }
}

/// The example without Kustomize is the size of four units.
#[test]
fn the_superpod_is_the_size_of_four_units() {
    let target = tempfile::tempdir().unwrap();
    let at = target.path().join("out");
    let line = [
        "fabric",
        "render",
        "examples/superpod-b200",
        "--planned",
        "--out",
        at.to_str().unwrap(),
    ];
    let output = run_in(&root(), &line, b"");
    assert_eq!(code(&output), 0, "{}", err(&output));
    let schedule = fs::read_to_string(at.join("compute/cables.csv")).unwrap();
    assert_eq!(counted(&schedule), ([32, 16, 0], [1024, 1024, 0]));
}
