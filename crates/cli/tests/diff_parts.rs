//! What `rackwright diff` tells beside nodes and their causes: cables, the part of one member cluster.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use run::{code, err, out, root, run_in};
use serde_json::{Value, json};

/// One NVL72 unit with a placed fabric and a member cluster.
fn unit() -> String {
    fs::read_to_string(root().join("examples/gb200-unit/site.yaml")).unwrap()
}

fn folder_of(documents: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in documents {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn report(folder: &Path, arguments: &[&str]) -> (Value, i32) {
    let output = run_in(folder, &[&["diff", "-o", "json"], arguments].concat(), b"");
    let report = serde_json::from_str(&out(&output));
    (
        report.unwrap_or_else(|_| panic!("{}", err(&output))),
        code(&output),
    )
}

/// Half of the racks, placed in the same unit.
fn half(text: &str) -> String {
    text.replace("a[1-8]", "a[1-4]")
}

/// The commands that a diff names, run as they stand.
fn compared(folder: &Path, commands: &Value) -> Value {
    let mut last = Vec::new();
    for command in commands.as_array().unwrap() {
        let words: Vec<&str> = command.as_str().unwrap().split(' ').skip(1).collect();
        let json = if words[1] == "compare" {
            &["-o", "json"][..]
        } else {
            &[]
        };
        let output = run_in(folder, &[&words[..], json].concat(), b"");
        assert!(code(&output) <= 1, "{command}: {}", err(&output));
        last = output.stdout;
    }
    serde_json::from_slice(&last).unwrap()
}

/// What is told of cables is what `fabric compare` finds, by the commands that are told with it.
#[test]
fn cables_are_those_of_fabric_compare() {
    let text = unit();
    let turned = text.replace(
        "{ unit: 1, racks: \"a[1-8]\" }",
        "{ unit: 1, racks: \"a[2-8],a1\" }",
    );
    let racked = text.replace(
        "    placement:",
        "    switchRacks: [ { level: Leaf, racks: \"s[1-8]\", perRack: 5 } ]\n    placement:",
    );
    for (name, b, a) in [
        ("grown", &text, &half(&text)),
        ("shrunk", &half(&text), &text),
        ("turned", &turned, &text),
        ("racked", &racked, &racked.replace("s[1-8]", "t[1-8]")),
        ("rails", &text.replace("rails: 4", "rails: 2"), &text),
    ] {
        let folder = folder_of(&[("a.yaml", a), ("b.yaml", b)]);
        let (found, exit) = report(folder.path(), &["a.yaml", "b.yaml"]);
        assert_eq!((exit, &found["verdict"]), (1, &json!("Different")), "{name}");
        let told = &found["cables"]["fabrics"][0];
        let whole = compared(folder.path(), &found["cables"]["commands"]);
        let subnets = whole["subnets"].as_array().unwrap();
        for key in ["stay", "moved", "gone", "new"] {
            let sum: u64 = subnets.iter().map(|subnet| subnet[key].as_u64().unwrap()).sum();
            assert_eq!(told[key], sum, "{name}: {key}");
        }
        let relocated: usize = subnets
            .iter()
            .map(|subnet| subnet["relocated"].as_array().unwrap().len())
            .sum();
        assert_eq!(told["relocated"], relocated, "{name}");
        let changes: u64 = ["moved", "gone", "new"]
            .iter()
            .map(|key| told[key].as_u64().unwrap())
            .sum();
        assert!(changes + relocated as u64 > 0, "{name}: {told}");
        // Nothing of it is hidden: what is listed, and how much is not.
        let work = ["moved", "gone"]
            .iter()
            .map(|key| told[key].as_u64().unwrap())
            .sum::<u64>();
        let listed = told["first"].as_array().unwrap().len() as u64 + told["more"].as_u64().unwrap();
        assert!(listed <= work + relocated as u64, "{name}: {told}");
        for (flag, line) in [
            ("text", "fabric compute: "),
            ("markdown", "- cables: `fabric compute: "),
            ("html", "Cables to move (1)"),
        ] {
            let form = run_in(folder.path(), &["diff", "a.yaml", "b.yaml", "-o", flag], b"");
            assert!(out(&form).contains(line), "{name} {flag}: {}", out(&form));
        }
    }
}

/// A switch that is added is told as one, and a fabric that no edit reaches is not told.
#[test]
fn switches_come_and_what_no_cable_follows_from_is_silent() {
    let text = unit().replace("nodesPerUnit: 144", "nodesPerUnit: 72").replace(
        "{ unit: 1, racks: \"a[1-8]\" }",
        "{ unit: 1, racks: \"a[1-8]\", racksPerUnit: 4 }",
    );
    let folder = folder_of(&[("a.yaml", &half(&text)), ("b.yaml", &text)]);
    let (found, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    let fabric = &found["cables"]["fabrics"][0];
    assert!(fabric["switchesAdded"].as_u64().unwrap() > 0, "{fabric}");
    assert_eq!(fabric["switchesRemoved"], 0, "{fabric}");
    let (turned, _) = report(folder.path(), &["b.yaml", "a.yaml"]);
    let back = &turned["cables"]["fabrics"][0];
    assert_eq!(
        [&back["switchesRemoved"], &back["gone"]],
        [&fabric["switchesAdded"], &fabric["new"]]
    );
    for (from, to) in [
        ("580.95.05", "580.105.08"),
        ("10.64.0.0/20", "10.65.0.0/20"),
        ("pkey: \"0x0011\"", "pkey: \"0x0012\""),
        ("nodes: \"sm[1-2]\"", "nodes: \"sm[1-3]\""),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        fs::write(folder.path().join("c.yaml"), changed).unwrap();
        let (found, _) = report(folder.path(), &["b.yaml", "c.yaml"]);
        assert_eq!(found["cables"], json!({"fabrics": [], "unknown": []}), "{from}");
    }
}

/// Without a placement pools say who is plugged in.
#[test]
fn a_pool_that_grows_lays_cables() {
    let text = unit().replace("    placement: [ { unit: 1, racks: \"a[1-8]\" } ]\n", "");
    let fewer = text.replace("nodes: { racks: \"a[1-8]\" }", "nodes: { racks: \"a[1-6]\" }");
    assert_ne!(fewer, text);
    let folder = folder_of(&[("a.yaml", &fewer), ("b.yaml", &text)]);
    let (found, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    let fabric = &found["cables"]["fabrics"][0];
    assert!(fabric["new"].as_u64().unwrap() >= 36 * 4, "{found}");
}

/// Where one side has no design nobody can say what moves, and that is said.
#[test]
fn what_is_not_known_of_cables_is_told() {
    let text = unit();
    let no_switch = text.replace("    switch: qm9700\n", "");
    let refused = text.replace("rails: 4", "rails: 400");
    let broken = format!("{}---\nkind: [\n", text.split("---\n").next().unwrap());
    let site = text.split("---\n").next().unwrap();
    let folder = folder_of(&[
        ("a.yaml", &text),
        ("no-switch.yaml", &no_switch),
        ("refused.yaml", &refused),
        ("broken.yaml", &broken),
        ("site.yaml", site),
    ]);
    for (a, b, side, why) in [
        ("a.yaml", "no-switch.yaml", "no-switch.yaml", "names no switch"),
        ("no-switch.yaml", "a.yaml", "no-switch.yaml", "names no switch"),
        ("a.yaml", "refused.yaml", "refused.yaml", "it is refused"),
        (
            "a.yaml",
            "broken.yaml",
            "broken.yaml",
            "cannot be read to its end",
        ),
    ] {
        let (found, exit) = report(folder.path(), &[a, b]);
        let unknown = &found["cables"]["unknown"][0];
        assert_eq!((&unknown["side"], exit), (&json!(side), 1), "{a} {b}: {found}");
        assert!(unknown["why"].as_str().unwrap().contains(why), "{unknown}");
        assert_eq!(found["cables"]["fabrics"], json!([]), "{a} {b}");
        let text = run_in(folder.path(), &["diff", a, b], b"");
        assert!(
            out(&text).contains("fabric compute: not known, since "),
            "{}",
            out(&text)
        );
    }
    // What is taken out on purpose is known.
    let (found, _) = report(folder.path(), &["a.yaml", "site.yaml"]);
    assert_eq!(found["cables"]["fabrics"][0]["stay"], 0);
    assert!(found["cables"]["fabrics"][0]["gone"].as_u64().unwrap() > 1000);
    let (none, exit) = report(folder.path(), &["no-switch.yaml", "no-switch.yaml"]);
    assert_eq!((&none["cables"]["unknown"], exit), (&json!([]), 0));
}

/// Two member clusters: the unit cut in two.
fn members(text: &str) -> String {
    text.replace(
        "  - { name: unit, racks: \"a[1-8]\" }",
        "  - { name: one, racks: \"a[1-4]\" }\n  - { name: two, racks: \"a[5-8]\" }",
    )
    .replace(
        "addressing: { ipv4: 10.64.0.0/20, mtu: 4096 }",
        "addressing: { ipv4: 10.64.0.0/20, mtu: 4096, ranges: [ { cluster: one, first: 1, last: 500 }, { cluster: two, first: 501, last: 1000 } ] }",
    )
}

fn names(report: &Value) -> BTreeSet<String> {
    let nodes = report["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| node["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The parts of all member clusters are the whole, and each is what `plan --cluster` says of it.
#[test]
fn a_part_is_what_the_member_cluster_gets() {
    let a = members(&unit());
    let b = a.replace("580.95.05", "580.105.08");
    let folder = folder_of(&[("a.yaml", &a), ("b.yaml", &b)]);
    let (whole, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    let mut parts = BTreeSet::new();
    for (cluster, first) in [("one", "a1-n01"), ("two", "a5-n01")] {
        let (part, exit) = report(folder.path(), &["a.yaml", "b.yaml", "--cluster", cluster]);
        let part_of = names(&part);
        assert_eq!((part_of.len(), part_of.contains(first), exit), (72, true, 1));
        assert_eq!(part["causes"][0]["nodes"], 72);
        assert_eq!(part["causes"][0]["edits"][0]["path"], "spec.gpu.driver.version");
        assert_eq!(part["reach"]["nodes"], 72);
        // The live cluster has its own nodes only.
        let saved = run_in(
            folder.path(),
            &["plan", "a.yaml", "--cluster", cluster, "-o", "jsonl"],
            b"",
        );
        fs::write(folder.path().join("part.jsonl"), &saved.stdout).unwrap();
        let (live, _) = report(folder.path(), &["part.jsonl", "b.yaml", "--cluster", cluster]);
        assert_eq!(
            (&live["digest"], &live["reach"]),
            (&part["digest"], &part["reach"])
        );
        let (same, exit) = report(folder.path(), &["part.jsonl", "a.yaml", "--cluster", cluster]);
        assert_eq!((&same["verdict"], exit), (&json!("Same"), 0));
        parts.extend(part_of);
    }
    assert_eq!(parts, names(&whole));
}

/// A member cluster that comes has no node before, and one that goes none after; one that nobody knows is a mistake.
#[test]
fn a_member_cluster_comes_and_goes() {
    let (one, two) = (
        unit().replace("name: unit, racks: \"a[1-8]\"", "name: one, racks: \"a[1-4]\""),
        members(&unit()),
    );
    let one = one.replace("nodes: { racks: \"a[1-8]\" }", "nodes: { racks: \"a[1-4]\" }");
    let folder = folder_of(&[("one.yaml", &one), ("two.yaml", &two)]);
    let (comes, exit) = report(folder.path(), &["one.yaml", "two.yaml", "--cluster", "two"]);
    assert_eq!((&comes["changes"]["added"], exit), (&json!(72), 1));
    let fields = comes["causes"].as_array().unwrap();
    assert!(
        !fields.is_empty() && fields.iter().all(|cause| cause["nodes"] == 72),
        "{fields:?}"
    );
    let (goes, _) = report(folder.path(), &["two.yaml", "one.yaml", "--cluster", "two"]);
    assert_eq!(goes["changes"]["changed"], 0, "{}", goes["changes"]);
    for (arguments, said) in [
        (
            &["one.yaml", "two.yaml", "--cluster", "tow"][..],
            "no Supercluster has a member cluster tow; did you mean two?",
        ),
        (
            &["part.jsonl", "part.jsonl", "--cluster", "two"],
            "--cluster needs documents on one side",
        ),
    ] {
        let saved = run_in(folder.path(), &["plan", "two.yaml", "-o", "jsonl"], b"");
        fs::write(folder.path().join("part.jsonl"), &saved.stdout).unwrap();
        let output = run_in(folder.path(), &[&["diff"], arguments].concat(), b"");
        assert_eq!(
            (code(&output), err(&output).contains(said)),
            (2, true),
            "{}",
            err(&output)
        );
    }
}

/// `plan --out` after an earlier saved plan, as a pipeline keeps them.
fn save(folder: &Path, documents: &str, previous: Option<&str>, file: &str) {
    let mut arguments = vec!["plan", documents, "--out", file];
    arguments.extend(previous.iter().flat_map(|previous| ["--previous", previous]));
    let saved = run_in(folder, &arguments, b"");
    assert_eq!(code(&saved), 0, "{}", err(&saved));
}

/// What is told of saved plans is what is told of their documents, but for causes: digest, waves, domains, power, cables.
#[test]
fn saved_plans_say_what_their_documents_say() {
    let changes = root().join("crates/cli/tests/changes");
    let read = |name: &str| fs::read_to_string(changes.join(name)).unwrap();
    let gb200 = unit();
    let capped = |watts: &str| {
        unit()
            .replace("    driver:", &format!("    powerLimit: {watts}W\n    driver:"))
            .replace("1350kW", "1300kW")
    };
    for (name, a, b) in [
        ("changes", read("old.yaml"), read("new.yaml")),
        (
            "units",
            gb200.clone(),
            gb200
                .replace("580.95.05", "580.105.08")
                .replace("budget: 1350kW", "budget: 1340kW"),
        ),
        ("racks", half(&gb200), gb200.clone()),
        ("caps", capped("1000"), capped("900")),
        ("raised", capped("900"), capped("1000")),
        (
            "paused",
            gb200.clone(),
            gb200
                .replace("580.95.05", "580.105.08")
                .replace("  rollout:", "  rollout:\n    paused: true"),
        ),
        (
            "scalable",
            gb200.clone(),
            gb200.replace("580.95.05", "580.105.08").replace(
                "nodes: 18, domains: 1, domain: NVLinkDomain",
                "domains: 1, domain: ScalableUnit",
            ),
        ),
    ] {
        let folder = folder_of(&[("a.yaml", &a), ("b.yaml", &b)]);
        let path = folder.path();
        save(path, "a.yaml", None, "a.json");
        save(path, "b.yaml", Some("a.json"), "b.json");
        let (documents, exit) = report(path, &["a.yaml", "b.yaml"]);
        for sides in [["a.json", "b.json"], ["a.yaml", "b.json"], ["a.json", "b.yaml"]] {
            let (saved, of_saved) = report(path, &sides);
            assert_eq!(of_saved, exit, "{name}");
            for key in ["digest", "reach", "changes", "addresses", "power"] {
                assert_eq!(saved[key], documents[key], "{name} {sides:?}: {key}");
            }
            assert_eq!(
                saved["cables"]["fabrics"], documents["cables"]["fabrics"],
                "{name} {sides:?}"
            );
            // The edits are the same too, with their lines; nobody tried them.
            let edit = |edit: &Value| {
                format!(
                    "{} {} {} {}",
                    edit["object"], edit["path"], edit["file"], edit["line"]
                )
            };
            let causes = documents["causes"].as_array().unwrap().iter();
            let tried = causes.flat_map(|cause| cause["edits"].as_array().unwrap());
            let tried: BTreeSet<String> = tried
                .chain(documents["otherEdits"].as_array().unwrap())
                .map(edit)
                .collect();
            let untried = saved["untriedEdits"].as_array().unwrap().iter();
            assert_eq!(
                untried.map(edit).collect::<BTreeSet<_>>(),
                tried,
                "{name} {sides:?}"
            );
            assert_eq!(saved.get("causes"), None);
        }
        // What was laid out by another program says the same.
        let value: Value = serde_json::from_slice(&fs::read(path.join("b.json")).unwrap()).unwrap();
        fs::write(
            path.join("pretty.json"),
            format!(
                "{{\"formatVersion\":1,{}",
                &serde_json::to_string(&value).unwrap()[1..].replace("\"formatVersion\":1,", "")
            ),
        )
        .unwrap();
        let (pretty, _) = report(path, &["a.json", "pretty.json"]);
        assert_eq!(pretty["digest"], documents["digest"], "{name}");
        // JSON lines hold no budgets, and that is said.
        let lines = run_in(
            path,
            &["plan", "b.yaml", "--previous", "a.json", "-o", "jsonl"],
            b"",
        );
        fs::write(path.join("b.jsonl"), &lines.stdout).unwrap();
        let text = run_in(path, &["diff", "a.json", "b.jsonl"], b"");
        assert!(
            out(&text).contains("waves are not known: the new side holds no budgets"),
            "{name}: {}",
            out(&text)
        );
        assert!(!out(&run_in(path, &["diff", "a.json", "b.json"], b"")).contains("not known"));
    }
}

/// Who takes a pool out deletes it, also where a saved plan says that it was there.
#[test]
fn a_saved_plan_knows_its_pools() {
    let text = unit();
    let (site, fabric) = text
        .split_once("---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool")
        .unwrap()
        .0
        .split_at(0);
    let without = format!("{site}{fabric}").replace("  partitions:\n  - { name: train, pkey: \"0x0011\", members: [ { pool: train, membership: Full } ] }\n", "");
    let folder = folder_of(&[("a.yaml", &text), ("b.yaml", &without)]);
    save(folder.path(), "a.yaml", None, "a.json");
    let (found, exit) = report(folder.path(), &["a.json", "b.yaml"]);
    assert_eq!(
        (&found["changes"]["removed"], &found["changes"]["kept"], exit),
        (&json!(144), &json!(0), 1)
    );
}

/// What a saved plan says of its intents is read as strictly as an intent.
#[test]
fn a_saved_plan_that_lies_is_refused() {
    let folder = folder_of(&[("a.yaml", &unit())]);
    save(folder.path(), "a.yaml", None, "a.json");
    let text = fs::read_to_string(folder.path().join("a.json")).unwrap();
    for (from, to, said) in [
        (
            "\"kind\":\"GPUPool\",\"name\":\"train\",\"file\"",
            "\"kind\":\"Pod\",\"name\":\"train\",\"file\"",
            "an intent of kind Pod",
        ),
        (
            "\"kind\":\"GPUPool\",\"name\":\"train\",\"file\"",
            "\"kind\":\"GPUPool\",\"name\":\"Train\",\"file\"",
            "GPUPool Train: ",
        ),
        (
            "\"rails\":4,\"switch\"",
            "\"rails\":\"four\",\"switch\"",
            "InfiniBandFabric compute: ",
        ),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        fs::write(folder.path().join("b.json"), wrong).unwrap();
        let output = run_in(folder.path(), &["diff", "a.json", "b.json"], b"");
        assert_eq!(
            (code(&output), err(&output).contains(said)),
            (2, true),
            "{}",
            err(&output)
        );
        assert!(err(&output).contains("b.json: line 1"), "{}", err(&output));
    }
}

/// Names that do not fold: none of what is told of them may fill a comment, and none of it may vanish.
#[test]
fn a_comment_holds_whatever_names_there_are() {
    let site = |value: &str| {
        let mut text =
            "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec: {}\n"
                .to_owned();
        let mut random = 1_u64;
        for pool in 0..6 {
            let names = (0..300).map(|_| {
                let letter = |_| {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    char::from(b'a' + (random >> 60) as u8)
                };
                (0..50).map(letter).collect::<String>()
            });
            let names: Vec<String> = names.collect();
            text += &format!(
                "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p{pool} }}\nspec:\n  supercluster: lab\n  nodes: {{ names: \"{}\" }}\n  host: {{ sysctls: {{ vm.swappiness: \"{value}\" }} }}\n",
                names.join(",")
            );
        }
        text
    };
    let folder = folder_of(&[("a.yaml", &site("1")), ("b.yaml", &site("10"))]);
    let refused = [
        "--max-nodes",
        "1",
        "--max-domains",
        "1",
        "--forbid",
        "reload,reboot",
        "--require-approval-of",
        "0",
    ];
    let output = run_in(
        folder.path(),
        &[&["diff", "a.yaml", "b.yaml", "-o", "markdown"], &refused[..]].concat(),
        b"",
    );
    let comment = out(&output);
    assert!(comment.len() < 60_000, "{}", comment.len());
    for part in [
        "--max-nodes",
        "--max-domains",
        "--forbid",
        "--require-approval-of",
        "What changes them (6)",
        "spec.host.sysctls[vm.swappiness]: 1 -> 10",
    ] {
        assert!(comment.contains(part), "{part}");
    }
    assert!(comment.matches("b.yaml:").count() >= 6, "each cause is there");
}
