//! Flags of `fabric render`, `fabric check` and `fabric compare`, and what people see of them, letter by letter.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/tree.rs"]
mod tree;

use std::fs;
use std::path::Path;

use run::{code, err, out, root, run_in};
use serde_json::Value;
use tree::tree;

const SITE: &str = "crates/cli/tests/fabric/site.yaml";

fn inventory(node: &str, number: usize) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: {node} }}\nspec:\n  hcas:\n  - {{ rail: 0, guid: \"0xb83fd2030000{number:02}00\" }}\n  - {{ rail: 1, guid: \"0xb83fd2030000{number:02}01\" }}\n"
    )
}

/// The site in a folder, with an inventory of every node and these words replaced.
fn folder(edits: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = fs::read_to_string(root().join(SITE)).unwrap();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    for (number, node) in ["r1-n1", "r1-n2", "r2-n1", "r2-n2"].iter().enumerate() {
        text.push_str(&inventory(node, number));
    }
    fs::write(folder.path().join("site.yaml"), text).unwrap();
    folder
}

/// The exit code, standard output, standard error.
fn fabric(folder: &Path, line: &str) -> (i32, String, String) {
    let arguments: Vec<&str> = ["fabric"].into_iter().chain(line.split(' ')).collect();
    let output = run_in(folder, &arguments, b"");
    (code(&output), out(&output), err(&output))
}

fn transcript(name: &str, folder: &Path, line: &str) {
    let (code, out, err) = fabric(folder, line);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("transcripts");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let transcript = format!("$ rackwright fabric {line}\n{out}--- standard error\n{err}--- exit {code}\n");
    settings.bind(|| insta::assert_snapshot!(name, transcript));
}

const DISJOINT: (&str, &str) = ("railOptimized: true", "railOptimized: true, disjointRails: true");

/// The netlist of a subnet as it is designed, with GUIDs of real switches instead of placeholders.
fn capture(folder: &Path, subnet: &str) -> String {
    let (code, _, said) = fabric(folder, "render site.yaml --planned --out planned");
    assert_eq!(code, 0, "{said}");
    let text = fs::read_to_string(folder.join(format!("planned/{subnet}/planned/netlist.txt"))).unwrap();
    text.replace("02521", "b83f1")
        .replace("0x2521", "0xb83f1")
        .replace("02522", "b83f2")
        .replace("0x2522", "0xb83f2")
}

#[test]
fn renders_are_told() {
    let folder = folder(&[]);
    let at = folder.path();
    transcript(
        "fabric-render-planned",
        at,
        "render site.yaml --planned --out planned",
    );
    transcript("fabric-render-without-guids", at, "render site.yaml --out fabric");
    fs::write(at.join("switches.txt"), capture(at, "compute")).unwrap();
    transcript(
        "fabric-render",
        at,
        "render site.yaml --switches switches.txt --out fabric",
    );
    transcript(
        "fabric-render-switches-not",
        at,
        "render site.yaml --switches site.yaml --out other",
    );
}

/// What ibnetdiscover prints gives the same files as a list of names and GUIDs.
#[test]
fn switches_may_be_a_capture() {
    let folder = folder(&[]);
    let at = folder.path();
    let capture = capture(at, "compute");
    let switches: Vec<String> = capture
        .lines()
        .filter_map(|line| {
            let (id, name) = line
                .strip_prefix("Switch\t")?
                .split_once("\"S-")?
                .1
                .split_once('"')?;
            Some(format!("{} 0x{id}\n", name.split('"').nth(1)?))
        })
        .collect();
    assert_eq!(switches.len(), 3, "{capture}");
    fs::write(at.join("list.txt"), switches.concat()).unwrap();
    fs::write(at.join("capture.txt"), capture).unwrap();
    for from in ["list", "capture"] {
        let line = format!("render site.yaml --switches {from}.txt --out {from}");
        let (code, _, said) = fabric(at, &line);
        assert_eq!(code, 0, "{said}");
    }
    assert_eq!(tree(&at.join("list")), tree(&at.join("capture")));
    assert!(tree(&at.join("list"))["/compute/root-guids.conf"].contains("0xb83f2"));
}

/// Each rail a subnet of its own: a folder each, with its own prefix, and a capture is of one of them.
#[test]
fn disjoint_rails_are_subnets() {
    let folder = folder(&[DISJOINT]);
    let at = folder.path();
    for rail in [0, 1] {
        fs::write(
            at.join(format!("rail{rail}.txt")),
            capture(at, &format!("compute/rail-{rail}")),
        )
        .unwrap();
    }
    transcript("fabric-check-rail-missing", at, "check rail0.txt site.yaml");
    transcript("fabric-check-rail", at, "check rail1.txt site.yaml --rail 1");
    let (code, said, _) = fabric(at, "check rail0.txt site.yaml --rail 1");
    assert_eq!(code, 1, "{said}");
    let (code, _, said) = fabric(at, "check rail1.txt site.yaml --rail 2");
    assert!(
        code == 2 && said.contains("no rail 2: the last of this fabric is 1"),
        "{said}"
    );
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(at.join("planned/manifest.json")).unwrap()).unwrap();
    let prefixes: Vec<&str> = (0..2)
        .map(|at| manifest["subnets"][at]["subnetPrefix"].as_str().unwrap())
        .collect();
    assert_eq!(prefixes[0].replace("0000", "0001")[14..], prefixes[1][14..]);
    assert_ne!(prefixes[0], prefixes[1]);
}

#[test]
fn written_prefixes_are_those_of_the_subnets() {
    let two = "plane: Compute\n  subnetPrefixes: [ \"0xfd00000000000007\", \"0xfd00000000000008\" ]";
    let folder = folder(&[DISJOINT, ("plane: Compute", two)]);
    let (code, said, errors) = fabric(folder.path(), "render site.yaml --planned --out planned");
    assert_eq!(code, 0, "{errors}");
    assert!(
        said.contains("compute/rail-0  prefix 0xfd00000000000007  "),
        "{said}"
    );
    assert!(
        said.contains("compute/rail-1  prefix 0xfd00000000000008  "),
        "{said}"
    );
}

#[test]
fn a_rate_is_compared_only_if_asked_for() {
    let folder = folder(&[]);
    let at = folder.path();
    let text = capture(at, "compute");
    // One cable runs slower, at both of its ends.
    let slow: Vec<String> = text
        .lines()
        .map(|line| {
            let slow = line.contains("[1](b83fd20300000000)");
            line.replace("4xHDR", if slow { "1xHDR" } else { "4xHDR" }) + "\n"
        })
        .collect();
    fs::write(at.join("capture.txt"), slow.concat()).unwrap();
    assert_eq!(fabric(at, "check capture.txt site.yaml").0, 0);
    transcript(
        "fabric-check-rate",
        at,
        "check capture.txt site.yaml --rate 4xHDR",
    );
    let (code, json, _) = fabric(at, "check capture.txt site.yaml --rate 4xNDR --output json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, json["steps"].as_array().unwrap().len()),
        (1, json["designed"].as_u64().unwrap() as usize)
    );
}

/// Growth within the design adds; a rack that comes between others moves; both are told, with the exit code.
#[test]
fn two_renders_are_compared() {
    let places = "topology: { units: 2, placement: [ { unit: 1, racks: \"r[1-2]\" } ], type: FatTree";
    let small = folder(&[("topology: { type: FatTree", places)]);
    let more = ("{ names: \"r[1-2]\", nodes", "{ names: \"r[1-4]\", nodes");
    let both = places.replace("\"r[1-2]\"", "\"r[1-4]\", racksPerUnit: 2");
    let grown = folder(&[
        more,
        ("nodes: { racks: \"r[1-2]\" }", "nodes: { racks: \"r[1-4]\" }"),
        ("topology: { type: FatTree", &both),
    ]);
    let other = places.replace("\"r[1-2]\"", "\"r2,r1\"");
    let moved = folder(&[("topology: { type: FatTree", &other)]);
    let at = small.path();
    for (name, from) in [("before", &small), ("grown", &grown), ("moved", &moved)] {
        let (code, _, said) = fabric(from.path(), "render site.yaml --planned --out fabric");
        assert_eq!(code, 0, "{said}");
        fs::rename(from.path().join("fabric"), at.join(name)).unwrap();
    }
    transcript("help-fabric-compare", at, "compare --help");
    transcript("fabric-compare-grown", at, "compare before grown");
    transcript("fabric-compare-moved", at, "compare before moved");
    transcript("fabric-compare-missing", at, "compare before after");
    let (code, json, _) = fabric(at, "compare before moved --output json");
    let json: Value = serde_json::from_str(&json).unwrap();
    let subnet = &json["subnets"][0];
    assert_eq!(
        (code, &json["formatVersion"], &subnet["folder"]),
        (1, &1.into(), &"compute".into())
    );
    assert_eq!(
        (&subnet["moved"], &subnet["gone"], &subnet["new"]),
        (&8.into(), &0.into(), &0.into())
    );
    assert!(
        subnet["steps"]
            .as_array()
            .unwrap()
            .iter()
            .all(|step| step["step"] == "swap"),
        "{subnet}"
    );
    // A folder of another verb, and one that somebody changed.
    fs::write(
        at.join("moved/manifest.json"),
        "{\"generator\": \"rackwright\", \"files\": []}",
    )
    .unwrap();
    let (code, _, said) = fabric(at, "compare before moved");
    assert!(
        code == 2 && said.contains("manifest.json: not what `rackwright fabric render` writes"),
        "{said}"
    );
}

/// Switches with racks: their places are in the schedule and in the check.
#[test]
fn the_schedule_names_racks_and_units() {
    let racks = "topology: { switchRacks: [ { level: Leaf, racks: net1, perRack: 2, rackUnit: 40 }, { level: Spine, racks: net2, perRack: 1 } ], type: FatTree";
    let folder = folder(&[("topology: { type: FatTree", racks)]);
    let (code, _, said) = fabric(folder.path(), "render site.yaml --planned --out planned");
    assert_eq!(code, 0, "{said}");
    let csv = fs::read_to_string(folder.path().join("planned/compute/cables.csv")).unwrap();
    assert!(csv.starts_with("from_rack,from_unit,from,"), "{csv}");
    assert!(
        csv.contains("\nr1,,r1-n1 HCA-1,1,net1,41,su01-r1-l01,1,1,node\n"),
        "{csv}"
    );
    assert!(
        csv.contains("\nnet1,40,su01-r0-l01,33,net2,,pod01-s01,1,1,switch\n"),
        "{csv}"
    );
    let json = fs::read_to_string(folder.path().join("planned/compute/cables.json")).unwrap();
    let rows: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&rows[1]["toUnit"], &rows[1]["fromUnit"]),
        (&41.into(), &Value::Null)
    );
}
