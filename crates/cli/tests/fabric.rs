//! `fabric render` and `fabric check`, through the real program.

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

use run::{code, err, out, root, run_in};
use serde_json::Value;
use tree::tree;

const SITE: &str = "crates/cli/tests/fabric/site.yaml";

fn inventory(node: &str, number: usize) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: {node} }}\nspec:\n  hcas:\n  - {{ rail: 0, guid: \"0xb83fd2030000{number:02}00\" }}\n  - {{ rail: 1, guid: \"0xb83fd2030000{number:02}01\" }}\n"
    )
}

/// The site in a folder, with an inventory of every node.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = fs::read_to_string(root().join(SITE)).unwrap();
    for (number, node) in ["r1-n1", "r1-n2", "r2-n1", "r2-n2"].iter().enumerate() {
        text.push_str(&inventory(node, number));
    }
    fs::write(folder.path().join("site.yaml"), text).unwrap();
    folder
}

/// Whether a text has a placeholder's GUID, in any spelling.
fn has_placeholder(text: &str) -> bool {
    ["0x0252", "0x252", "-0252"]
        .iter()
        .any(|start| text.contains(start))
}

/// The exit code, standard output, standard error.
fn fabric(folder: &Path, line: &str) -> (i32, String, String) {
    let arguments: Vec<&str> = ["fabric"].into_iter().chain(line.split(' ')).collect();
    let output = run_in(folder, &arguments, b"");
    (code(&output), out(&output), err(&output))
}

/// A capture of the fabric as it is designed.
fn capture(folder: &Path) -> String {
    let (code, _, said) = fabric(folder, "render site.yaml --planned --out planned");
    assert_eq!(code, 0, "{said}");
    fs::read_to_string(folder.join("planned/compute/planned/netlist.txt")).unwrap()
}

/// GUIDs for every switch of the schedule.
fn switches(folder: &Path) -> String {
    let csv = fs::read_to_string(folder.join("planned/compute/cables.csv")).unwrap();
    let fields = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>());
    let names: BTreeSet<String> = fields.map(|fields| fields[6].to_owned()).collect();
    let lines = names.iter().enumerate();
    let lines: Vec<String> = lines
        .map(|(at, name)| format!("{name} 0xb83fd203000100{at:02}\n"))
        .collect();
    lines.concat()
}

#[test]
fn without_the_guids_of_switches_opensm_gets_no_file() {
    let folder = folder();
    let (code, _, said) = fabric(folder.path(), "render site.yaml --out fabric");
    assert_eq!(code, 1);
    assert!(said.contains("0 HCAs and 3 switches have no GUID"), "{said}");
    let files: Vec<String> = tree(&folder.path().join("fabric")).into_keys().collect();
    let expected = [
        "bill.json",
        "bill.txt",
        "cables.csv",
        "cables.json",
        "pictures/fabric.dot",
        "pictures/fabric.svg",
        "pictures/node-r1-n1.dot",
        "pictures/node-r1-n1.svg",
        "pictures/unit-01.dot",
        "pictures/unit-01.svg",
    ];
    let expected = expected.map(|name| format!("/compute/{name}")).into_iter();
    assert_eq!(
        files,
        expected.chain(["/manifest.json".to_owned()]).collect::<Vec<_>>()
    );
}

#[test]
fn placeholders_are_marked_and_reach_no_file_of_production() {
    let folder = folder();
    capture(folder.path());
    let files = tree(&folder.path().join("planned"));
    let with: BTreeMap<&String, &String> = files.iter().filter(|(_, text)| has_placeholder(text)).collect();
    assert_eq!(with.len(), 4, "{with:?}");
    for (path, text) in with {
        assert!(path.starts_with("/compute/planned/"), "{path}");
        assert!(text.starts_with("# PLANNED: "), "{path}");
    }
    assert!(!files.contains_key("/compute/opensm.conf"));
    assert!(!files.contains_key("/compute/partitions.conf"));
}

#[test]
fn with_all_guids_every_file_is_written_and_listed() {
    let folder = folder();
    capture(folder.path());
    fs::write(folder.path().join("switches.txt"), switches(folder.path())).unwrap();
    let line = "render site.yaml --switches switches.txt --out fabric";
    let (code, said, errors) = fabric(folder.path(), line);
    assert_eq!(code, 0, "{errors}");
    assert!(errors.ends_with("\nwrote 20 files to fabric\n"), "{errors}");
    assert!(
        said.contains("managed by sm1, sm2; a standby takes over"),
        "{said}"
    );
    let files = tree(&folder.path().join("fabric"));
    let manifest: Value = serde_json::from_str(&files["/manifest.json"]).unwrap();
    let listed = manifest["files"].as_array().unwrap().iter();
    let listed: BTreeMap<String, String> = listed
        .map(|file| {
            (
                format!("/{}", file["path"].as_str().unwrap()),
                file["blake3"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let hashed = files.iter().filter(|(path, _)| *path != "/manifest.json");
    let hashed: BTreeMap<String, String> = hashed
        .map(|(path, text)| (path.clone(), blake3::hash(text.as_bytes()).to_hex().to_string()))
        .collect();
    assert_eq!(listed, hashed);
    assert!(!files.values().any(|text| has_placeholder(text)));
    assert!(
        files["/compute/partitions.conf"].contains("\ntrain=0x0011,indx0,ipoib,mtu=5,defmember=limited :\n")
    );
    assert_eq!(files["/compute/partitions.conf"].matches("=full").count(), 8 + 2);
    assert!(
        files["/compute/opensm.conf"].contains("partition_config_file /etc/opensm/compute/partitions.conf")
    );
    assert!(files["/compute/managers/sm1.conf"].contains("--priority 13\""));
    assert!(files["/compute/managers/sm2.conf"].contains("--priority 12\""));
    // Again, over what is there: byte for byte the same.
    assert_eq!(fabric(folder.path(), line).0, 0);
    assert_eq!(tree(&folder.path().join("fabric")), files);
}

/// The lab with more units than are drawn unasked, a rack of two nodes each.
fn many_units(folder: &Path) {
    let text = fs::read_to_string(root().join(SITE)).unwrap();
    let text = text
        .replace("r[1-2]", "r[001-065]")
        .replace("nodesPerUnit: 4", "nodesPerUnit: 2")
        .replace("10.10.0.0/24", "10.10.0.0/20")
        .replace(
            "switch: qm9700,",
            "switch: qm9700, placement: [ { unit: 1, racks: \"r[001-065]\", racksPerUnit: 1 } ],",
        );
    fs::write(folder.join("site.yaml"), text).unwrap();
}

#[test]
fn what_is_not_drawn_is_said() {
    let folder = folder();
    let pictures = |line: &str| -> (String, Value, Vec<String>) {
        let (code, _, said) = fabric(folder.path(), line);
        assert_eq!(code, 0, "{said}");
        let files = tree(&folder.path().join("fabric"));
        let manifest: Value = serde_json::from_str(&files["/manifest.json"]).unwrap();
        let names = files.into_keys().filter_map(|path| {
            let name = path.strip_prefix("/compute/pictures/")?.strip_suffix(".svg")?;
            Some(name.to_owned())
        });
        (said, manifest["pictures"].clone(), names.collect())
    };
    many_units(folder.path());
    let (said, drawn, names) = pictures("render site.yaml --planned --out fabric");
    assert!(
        said.contains("note: fabric compute: 1 of 65 units drawn; for another one add --unit NUMBER\n"),
        "{said}"
    );
    assert_eq!(names, ["fabric", "node-r001-n1", "unit-01"]);
    assert_eq!(
        drawn,
        serde_json::json!([{ "fabric": "compute", "nodes": ["r001-n1"], "units": 1, "unitsLeftOut": 64 }])
    );
    let line = "render site.yaml --planned --out fabric --unit 65 --unit 7 --node r009-n2";
    let (_, drawn, names) = pictures(line);
    assert_eq!(names, ["fabric", "node-r009-n2", "unit-07", "unit-65"]);
    assert_eq!(drawn[0]["unitsLeftOut"], 63);
    // One unit less, and all are drawn.
    let site = folder.path().join("site.yaml");
    let text = fs::read_to_string(&site).unwrap().replace("001-065", "001-064");
    fs::write(&site, text).unwrap();
    let (said, drawn, names) = pictures("render site.yaml --planned --out fabric");
    assert!(!said.contains("units drawn"), "{said}");
    assert_eq!((names.len(), &drawn[0]["unitsLeftOut"]), (66, &Value::from(0)));
}

/// A picture has the GUIDs that the inventory knows, and the same boxes as the schedule has devices.
#[test]
fn pictures_show_what_the_schedule_says() {
    let folder = folder();
    capture(folder.path());
    let files = tree(&folder.path().join("planned"));
    let node = &files["/compute/pictures/node-r1-n1.svg"];
    assert!(node.contains(">b83fd20300000001</text>"), "{node}");
    for line in files["/compute/cables.csv"].lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let unit = &files["/compute/pictures/unit-01.svg"];
        if fields[4].starts_with("su01") {
            assert!(unit.contains(&format!(">{}</text>", fields[4])), "{line}");
        }
    }
}

#[test]
fn a_partition_with_a_pool_that_is_not_there_refuses_the_fabric_whole() {
    let folder = folder();
    let site = folder.path().join("site.yaml");
    let text = fs::read_to_string(&site)
        .unwrap()
        .replace("{ pool: train,", "{ pool: gone,");
    fs::write(&site, text).unwrap();
    let (code, _, said) = fabric(folder.path(), "render site.yaml --planned --out fabric");
    assert_eq!(code, 1);
    assert!(
        said.contains("error: fabric compute: it is refused for the findings above"),
        "{said}"
    );
    let files: Vec<String> = tree(&folder.path().join("fabric")).into_keys().collect();
    assert_eq!(files, ["/manifest.json"]);
}

#[test]
fn a_fabric_as_designed_is_clean() {
    let folder = folder();
    fs::write(folder.path().join("capture.txt"), capture(folder.path())).unwrap();
    let (code, said, errors) = fabric(folder.path(), "check capture.txt site.yaml");
    assert_eq!(
        (code, errors.as_str()),
        (0, "read 7 objects of ours: no findings\n"),
        "{said}"
    );
    assert!(
        said.ends_with(" cables are where they belong; 0 steps\n"),
        "{said}"
    );
}

/// Two HCAs of one node change their ports: one swap, in every form.
#[test]
fn a_swap_is_told_in_every_form() {
    let folder = folder();
    let text = capture(folder.path());
    let ports = ["\"[1](b83fd20300000000)", "\"[1](b83fd20300000001)"];
    let ids = [
        "\"H-b83fd20300000000\"[1](b83fd20300000000)",
        "\"H-b83fd20300000001\"[1](b83fd20300000001)",
    ];
    assert!(ids.iter().all(|id| text.contains(id)) && ports.iter().all(|port| text.contains(port)));
    // The lines of the leaves change; those of the HCAs go, since one end is enough.
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("[1](b83fd2030000000"));
    let swapped: String = lines
        .map(|line| {
            line.replace(ids[0], "@")
                .replace(ids[1], ids[0])
                .replace('@', ids[1])
                + "\n"
        })
        .collect();
    fs::write(folder.path().join("capture.txt"), swapped).unwrap();
    let (code, text, _) = fabric(folder.path(), "check capture.txt site.yaml");
    assert_eq!(code, 1);
    assert!(text.contains("  swap the cable ends at "), "{text}");
    assert!(text.ends_with("; 1 step\n"), "{text}");
    let (code, json, _) = fabric(folder.path(), "check capture.txt site.yaml --output json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, &json["formatVersion"], &json["fabric"]),
        (1, &1.into(), &"compute".into())
    );
    assert_eq!(json["steps"][0]["step"], "swap");
    let (code, markdown, _) = fabric(folder.path(), "check capture.txt site.yaml -o markdown");
    assert_eq!(code, 1);
    assert!(
        markdown.starts_with("| rack | what to do |\n|---|---|\n|"),
        "{markdown}"
    );
    assert!(markdown.contains("swap the cable ends at "), "{markdown}");
}

#[test]
fn broken_captures_are_told() {
    let folder = folder();
    let text = capture(folder.path());
    let check = |bytes: &[u8]| {
        fs::write(folder.path().join("capture.txt"), bytes).unwrap();
        fabric(folder.path(), "check capture.txt site.yaml")
    };
    let (code, _, said) = check(b"");
    assert_eq!(code, 2);
    assert!(said.contains("capture.txt: no device in it"), "{said}");
    let (code, said, _) = check(format!("{text}[99\n").as_bytes());
    assert_eq!(code, 1);
    assert!(said.contains("of the capture: "), "{said}");
    let hostile = b"switchguid=0x7\nSwitch\t64 \"S-7\"\t\t# \"\x1b[31m\xff\" base port 0 lid 0 lmc 0\n[1]\t\"H-b83fd20300000000\"[9]\n";
    let (code, said, _) = check(&[text.as_bytes(), hostile].concat());
    assert_eq!(code, 1);
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn wrong_words_are_usage_errors() {
    let folder = folder();
    fs::write(folder.path().join("capture.txt"), capture(folder.path())).unwrap();
    for (line, word) in [
        ("check nope.txt site.yaml", "no such file"),
        ("check - -", "standard input"),
        (
            "check capture.txt site.yaml --fabric comptue",
            "did you mean compute?",
        ),
        ("check capture.txt site.yaml --rail 1", "leave --rail out"),
        ("render site.yaml --out fabric --fabric nope", "no fabric nope"),
        (
            "render site.yaml --out fabric --switches site.yaml",
            "site.yaml: line 2",
        ),
        ("render site.yaml --out fabric --unit 2", "--unit 2: no fabric"),
        ("render site.yaml --out fabric --unit 0", "--unit 0: no fabric"),
        (
            "render site.yaml --out fabric --node nope",
            "--node nope: no fabric",
        ),
        ("render site.yaml --out .", "name"),
    ] {
        let (code, _, said) = fabric(folder.path(), line);
        assert_eq!(code, 2, "{line}: {said}");
        assert!(said.contains(word), "{line}: {said}");
        assert!(!folder.path().join("fabric").exists(), "{line}");
    }
}
