//! `rackwright diff` of plans that `plan --out` saved.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/unit.rs"]
mod unit;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use run::{code, err, out, root, run_in};
use serde_json::{Value, json};
use unit::{folder_of, half, report, unit};

/// `plan --out` after an earlier saved plan, as a pipeline keeps them.
fn save(folder: &Path, documents: &str, previous: Option<&str>, file: &str) {
    let mut arguments = vec!["plan", documents, "--out", file];
    arguments.extend(previous.iter().flat_map(|previous| ["--previous", previous]));
    let saved = run_in(folder, &arguments, b"");
    assert_eq!(code(&saved), 0, "{}", err(&saved));
}

/// Nodes of pools before and after; how many GPUs that are a saved plan does not say.
fn nodes(report: &Value) -> Vec<[&Value; 3]> {
    let pools = report["capacity"].as_array().unwrap().iter();
    pools
        .map(|pool| ["pool", "nodesBefore", "nodesAfter"].map(|key| &pool[key]))
        .collect()
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
    // Budgets at all levels, with what is taken off them.
    let budgets = |percent: u8| {
        let power = format!(
            "power: {{ budget: 1800kW, deratingPercent: {percent}, reserve: 20kW, pue: \"1.15\" }}\n"
        );
        let levels = format!("powerBudget: 1600kW, powerDeratingPercent: {percent}, powerReserve: 10kW");
        let (head, rest) = gb200.split_once("  power:\n").unwrap();
        let (_, rest) = rest.split_once("  racks:").unwrap();
        format!(
            "{head}  {power}  phases: [ {{ name: one, by: \"2027-01-01\", {levels} }} ]\n  locations: [ {{ name: hall, {levels} }} ]\n  racks:{rest}"
        )
        .replace("system: gb200-nvl72,", "system: gb200-nvl72, phase: one, location: hall,")
    };
    for (name, a, b) in [
        (
            "budgets",
            budgets(5),
            budgets(6).replace("580.95.05", "580.105.08"),
        ),
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
            assert_eq!(nodes(&saved), nodes(&documents), "{name} {sides:?}");
            assert_eq!(
                saved["cables"]["fabrics"], documents["cables"]["fabrics"],
                "{name} {sides:?}"
            );
            // The edits are the same too, with their lines; nobody tried them.
            let spelt = |edit: &Value| {
                format!(
                    "{} {} {} {}",
                    edit["object"], edit["path"], edit["file"], edit["line"]
                )
            };
            let causes = documents["causes"].as_array().unwrap().iter();
            let tried = causes.flat_map(|cause| cause["edits"].as_array().unwrap());
            let tried: BTreeSet<String> = tried
                .chain(documents["otherEdits"].as_array().unwrap())
                .map(spelt)
                .collect();
            let untried = saved["untriedEdits"].as_array().unwrap().iter();
            assert_eq!(
                untried.map(spelt).collect::<BTreeSet<_>>(),
                tried,
                "{name} {sides:?}"
            );
            assert_eq!(saved.get("causes"), None);
        }
        // What another program laid out on one line says the same.
        let text = fs::read_to_string(path.join("b.json")).unwrap();
        fs::write(path.join("line.json"), text.replace('\n', "")).unwrap();
        let (line, _) = report(path, &["a.json", "line.json"]);
        assert_eq!(line["digest"], documents["digest"], "{name}");
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
    let (others, _) = text
        .split_once("---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool")
        .unwrap();
    let lines = others
        .lines()
        .filter(|line| !line.contains("pool: train") && !line.contains("partitions:"));
    let without = lines.collect::<Vec<&str>>().join("\n") + "\n";
    let folder = folder_of(&[("a.yaml", &text), ("b.yaml", &without)]);
    save(folder.path(), "a.yaml", None, "a.json");
    let (found, exit) = report(folder.path(), &["a.json", "b.yaml"]);
    assert_eq!(
        (&found["changes"]["removed"], &found["changes"]["kept"], exit),
        (&json!(144), &json!(0), 1)
    );
}

/// A pool on its way out lets its nodes go, and lays no cables.
#[test]
fn a_saved_plan_knows_who_leaves() {
    let text = unit().replace("    placement: [ { unit: 1, racks: \"a[1-8]\" } ]\n", "");
    let leaving = text.replace(
        "  name: train\nspec:",
        "  name: train\n  deletionTimestamp: \"2026-01-01T00:00:00Z\"\nspec:",
    );
    assert_ne!(leaving, text);
    let folder = folder_of(&[("a.yaml", &text), ("b.yaml", &leaving)]);
    save(folder.path(), "a.yaml", None, "a.json");
    save(folder.path(), "b.yaml", Some("a.json"), "b.json");
    let (documents, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    assert_eq!(documents["changes"]["removed"], 144, "{documents}");
    for sides in [["a.json", "b.json"], ["a.yaml", "b.json"], ["a.json", "b.yaml"]] {
        let (saved, _) = report(folder.path(), &sides);
        for key in ["digest", "reach", "changes", "power"] {
            assert_eq!(saved[key], documents[key], "{sides:?}: {key}");
        }
        assert_eq!(nodes(&saved), nodes(&documents), "{sides:?}");
        assert_eq!(
            saved["cables"]["fabrics"], documents["cables"]["fabrics"],
            "{sides:?}"
        );
    }
}

/// What was refused is not designed: nobody can say what becomes of its cables, also where a saved plan says so.
#[test]
fn a_saved_plan_knows_what_it_refused() {
    let refused = unit().replace("rails: 4", "rails: 400");
    let folder = folder_of(&[("a.yaml", &unit()), ("b.yaml", &refused)]);
    save(folder.path(), "a.yaml", None, "a.json");
    let saved = run_in(
        folder.path(),
        &["plan", "b.yaml", "--previous", "a.json", "--out", "b.json"],
        b"",
    );
    assert_eq!(code(&saved), 1, "{}", err(&saved));
    let (found, _) = report(folder.path(), &["a.json", "b.json"]);
    let unknown = &found["cables"]["unknown"][0];
    assert_eq!(
        (&unknown["side"], &unknown["why"]),
        (&json!("b.json"), &json!("it is refused")),
        "{found}"
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
        (
            "{\"formatVersion\":1,",
            "{\"formatVersion\":2,",
            "format version 2 is not known",
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

/// What is allocated already is an input of a plan.
#[test]
fn the_digest_of_inputs_has_the_earlier_state_in_it() {
    let folder = folder_of(&[("a.yaml", &unit()), ("b.yaml", &half(&unit()))]);
    let digest = |file: &str, previous: Option<&str>| {
        save(folder.path(), "a.yaml", previous, file);
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["digest"].clone()
    };
    save(folder.path(), "b.yaml", None, "half.json");
    let (fresh, again) = (digest("one.json", None), digest("two.json", None));
    let (after_half, after_all) = (
        digest("three.json", Some("half.json")),
        digest("four.json", Some("one.json")),
    );
    assert_eq!(fresh, again);
    // The plan comes out the same, from something else.
    assert_eq!(fresh["output"], after_all["output"]);
    assert_ne!(fresh["inputs"], after_all["inputs"]);
    assert_ne!(after_half["inputs"], after_all["inputs"]);
}

/// A saved plan is there whole or as it was.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_plan_that_was_saved() {
    let folder = folder_of(&[("a.yaml", &unit()), ("plan.json", "old")]);
    // Blocks of 512 bytes; with the signal ignored the write fails as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 20; exec \"$0\" plan a.yaml --out plan.json";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_rackwright")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(
        err(&output).contains("plan.json: cannot be written: "),
        "{}",
        err(&output)
    );
    let left = fs::read_to_string(folder.path().join("plan.json")).unwrap();
    assert_eq!((&*left, fs::read_dir(folder.path()).unwrap().count()), ("old", 2));
}
