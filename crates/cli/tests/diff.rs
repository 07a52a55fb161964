//! `rackwright diff` on sides of all sorts, and what its forms promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/diffed.rs"]
mod diffed;
#[path = "support/repository.rs"]
mod repository;
#[path = "support/run.rs"]
mod run;

use std::fs;
use std::path::Path;

use diffed::report;
use repository::Repository;
use run::{code, err, out, root, run_in};
use serde_json::Value;

fn tiny() -> String {
    fs::read_to_string(root().join("examples/tiny/lab.yaml")).unwrap()
}

fn tamed() -> String {
    tiny().replace("vm.swappiness: \"1\"", "vm.swappiness: \"10\"")
}

/// Where the first edit of the first cause stands.
fn place(report: &Value) -> String {
    let edit = &report["causes"][0]["edits"][0];
    format!("{}:{}", edit["file"].as_str().unwrap(), edit["line"])
}

/// The first pull request of a site: what its target has is no mistake. Another spelling may be a slip, and stays one.
#[test]
fn what_a_revision_does_not_have_yet_is_new() {
    let repository = Repository::new();
    repository.write("README.md", "# A site to come\n");
    repository.commit();
    repository.write("deploy/lab.yaml", &tiny());
    let below = repository.root().join("deploy");
    let sides: [(&Path, &[&str]); 5] = [
        (repository.root(), &["main:deploy/", "deploy/"]),
        (repository.root(), &["main:deploy", "./deploy/"]),
        (repository.root(), &["deploy/"]),
        (&below, &["main:deploy/lab.yaml", "lab.yaml"]),
        (&below, &["main:./lab.yaml", "lab.yaml"]),
    ];
    for (at, sides) in sides {
        let (found, exit) = report(at, sides);
        assert_eq!(
            (&found["changes"]["added"], exit),
            (&Value::from(4), 1),
            "{sides:?}"
        );
        assert_eq!(found["causes"][0]["nodes"], 4, "{sides:?}");
        assert_eq!(found["cables"].get("commands"), None, "{sides:?}");
    }
    let slips: [&[&str]; 3] = [
        &["main:deplyo/", "deploy/"],
        &["mian:deploy/", "deploy/"],
        &["main:deploy/lab.yml", "deploy/"],
    ];
    for sides in slips {
        let output = run_in(repository.root(), &[&["diff"], sides].concat(), b"");
        assert_eq!(code(&output), 2, "{sides:?}: {}", err(&output));
    }
    repository.commit();
    let (found, exit) = report(repository.root(), &["HEAD~1:deploy/", "HEAD:deploy/"]);
    assert_eq!((&found["changes"]["added"], exit), (&Value::from(4), 1));
}

#[test]
fn revisions_and_the_worktree_are_sides() {
    let repository = Repository::new();
    repository.write("deploy/lab.yaml", &tiny());
    repository.commit();
    repository.write("deploy/lab.yaml", &tamed());
    let line = tamed()
        .lines()
        .position(|line| line.contains("swappiness"))
        .unwrap()
        + 1;
    let before = repository.state();
    let at = |arguments: &[&str]| report(repository.root(), arguments);
    let (two, exit) = at(&["main:deploy/", "deploy/"]);
    assert_eq!((place(&two), exit), (format!("deploy/lab.yaml:{line}"), 1));
    // One side alone is compared with what HEAD has of it, also from below.
    let (one, exit) = at(&["deploy"]);
    assert_eq!(
        (&one["nodes"], &one["digest"], exit),
        (&two["nodes"], &two["digest"], 1)
    );
    assert_eq!(one["sides"][0]["name"], "HEAD:./deploy");
    let (below, _) = report(&repository.root().join("deploy"), &["lab.yaml"]);
    assert_eq!(below["digest"], two["digest"]);
    assert_eq!(
        repository.state(),
        before,
        "neither worktree nor index is touched"
    );
    repository.commit();
    let (committed, exit) = at(&["HEAD~1:deploy", "HEAD:deploy"]);
    assert_eq!(
        (place(&committed), exit),
        (format!("HEAD:deploy/lab.yaml:{line}"), 1)
    );
    let (same, exit) = at(&["deploy"]);
    assert_eq!((&same["verdict"], exit), (&Value::from("Same"), 0));
}

#[test]
fn a_saved_plan_is_a_side_and_gives_the_digest_of_its_documents() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), tiny()).unwrap();
    fs::write(folder.path().join("b.yaml"), tamed()).unwrap();
    for (form, file) in [("jsonl", "plan.jsonl"), ("json", "plan.json")] {
        let plan = run_in(folder.path(), &["plan", "a.yaml", "-o", form], b"");
        fs::write(folder.path().join(file), out(&plan)).unwrap();
        let (saved, exit) = report(folder.path(), &[file, "b.yaml"]);
        let (documents, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
        assert_eq!((&saved["digest"], exit), (&documents["digest"], 1));
        assert_eq!(saved["sides"][0]["source"], "Plan");
        assert_eq!(
            (saved.get("causes"), &saved["reach"]),
            (None, &documents["reach"])
        );
        let (same, exit) = report(folder.path(), &[file, "a.yaml"]);
        assert_eq!((&same["verdict"], exit), (&Value::from("Same"), 0));
        let (reverse, exit) = report(folder.path(), &["b.yaml", file]);
        assert_eq!((reverse["nodes"].as_array().unwrap().len(), exit), (4, 1));
        // Lines and one value, in any order of the two, say the same.
        let one = tamed().replace("racks: \"r[1-2]\" }", "names: r1-n1 }");
        fs::write(folder.path().join("one.yaml"), one).unwrap();
        let later = run_in(
            folder.path(),
            &["plan", "one.yaml", "--previous", file, "-o", "jsonl"],
            b"",
        );
        fs::write(folder.path().join("later.jsonl"), out(&later)).unwrap();
        let (two, exit) = report(folder.path(), &[file, "later.jsonl"]);
        let counts = ["changed", "removed", "unchanged"].map(|key| two["changes"][key].as_u64().unwrap());
        assert_eq!((counts, exit), ([1, 3, 0], 1), "{two}");
    }
}

/// Order, comments, quotes and line breaks are no difference, and neither is a file that is split.
#[test]
fn what_is_only_written_in_another_way_is_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), tiny()).unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    let text = tiny();
    let mut parts: Vec<&str> = text.split("---\n").collect();
    parts.reverse();
    for (at, part) in parts.iter().enumerate() {
        let value: Value = serde_yaml::from_str(part).unwrap();
        let text = format!("# part {at}\n{}", serde_json::to_string_pretty(&value).unwrap());
        fs::write(folder.path().join(format!("b/{at}.yaml")), text).unwrap();
    }
    let (same, exit) = report(folder.path(), &["a.yaml", "b"]);
    assert_eq!((&same["verdict"], exit), (&Value::from("Same"), 0));
}

#[test]
fn an_approval_holds_until_the_change_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), tiny()).unwrap();
    fs::write(folder.path().join("b.yaml"), tamed()).unwrap();
    let (first, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    let digest = first["digest"].as_str().unwrap();
    let approved = |exit_zero: &[&str]| {
        let flags = [&["a.yaml", "b.yaml", "--require-approval-of", digest], exit_zero].concat();
        let (report, exit) = report(folder.path(), &flags);
        (report["verdict"].as_str().unwrap().to_owned(), exit)
    };
    assert_eq!(approved(&[]), ("Different".to_owned(), 1));
    assert_eq!(approved(&["--exit-zero"]), ("Different".to_owned(), 0));
    fs::write(folder.path().join("b.yaml"), tamed().replace("\"10\"", "\"11\"")).unwrap();
    assert_eq!(approved(&["--exit-zero"]), ("Refused".to_owned(), 1));
    // Another order of the same change is another change.
    let slow = tamed().replace(
        "  fabrics:",
        "  rollout: { maxUnavailable: { nodes: 2 } }\n  fabrics:",
    );
    let fast = tamed().replace(
        "  fabrics:",
        "  rollout: { canary: { nodes: 1, soak: 1h } }\n  fabrics:",
    );
    for (text, verdict) in [(slow, "Different"), (fast, "Refused")] {
        fs::write(folder.path().join("b.yaml"), text).unwrap();
        assert_eq!(approved(&["--exit-zero"]).0, verdict);
    }
}

/// Who takes a pool out of the repository deletes it: its nodes are let go, and what it referred to may go with it.
#[test]
fn a_pool_that_is_taken_out_lets_its_nodes_go() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), tiny()).unwrap();
    let text = tiny();
    let site = text.split("---\n").next().unwrap();
    fs::write(folder.path().join("b.yaml"), site).unwrap();
    let output = run_in(folder.path(), &["diff", "a.yaml", "b.yaml"], b"");
    assert_eq!(code(&output), 1);
    assert_eq!(err(&output), "read 1 object of ours: no findings\n");
    assert!(out(&output).contains("let go       4 nodes"), "{}", out(&output));
    let (found, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    let edits = found["causes"][0]["edits"].as_array().unwrap();
    let objects: Vec<&str> = edits
        .iter()
        .map(|edit| edit["object"].as_str().unwrap())
        .collect();
    let with = [
        "GPUPool/lab-train",
        "InfiniBandFabric/lab-compute",
        "StorageTier/lab-scratch",
    ];
    assert_eq!(
        objects, with,
        "the pool cannot come back without what it refers to"
    );
    // A saved plan does not say which pools there were on purpose.
    let plan = run_in(folder.path(), &["plan", "a.yaml", "-o", "jsonl"], b"");
    fs::write(folder.path().join("plan.jsonl"), out(&plan)).unwrap();
    let (kept, exit) = report(folder.path(), &["plan.jsonl", "b.yaml"]);
    assert_eq!((&kept["changes"]["kept"], exit), (&Value::from(4), 0));
}

#[test]
fn an_inventory_is_a_cause_and_what_both_sides_share_is_read_for_both() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = |guid: &str| {
        format!(
            "{{\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeInventory\",\"metadata\":{{\"name\":\"r1-n2\"}},\"spec\":{{\"hcas\":[{{\"guid\":\"{guid}\",\"rail\":0}}]}}}}\n"
        )
    };
    fs::write(folder.path().join("lab.yaml"), tiny()).unwrap();
    fs::write(folder.path().join("a.jsonl"), inventory("0xa088c20300000001")).unwrap();
    fs::write(folder.path().join("b.jsonl"), inventory("0xa088c20300000002")).unwrap();
    let (found, exit) = report(folder.path(), &["a.jsonl", "b.jsonl", "--with", "lab.yaml"]);
    assert_eq!(exit, 1);
    assert_eq!(found["causes"][0]["edits"][0]["object"], "NodeInventory/r1-n2");
    assert_eq!(found["causes"][0]["names"], "r1-n2");
    assert_eq!(found["causes"].as_array().unwrap().len(), 1);
}

/// A reader that goes away has read what it wanted, and an interrupted file is none.
#[test]
fn forms_go_to_files_whole() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), tiny()).unwrap();
    let forms = [
        "-o",
        "json=d.json",
        "-o",
        "html=d.html",
        "-o",
        "markdown=d.md",
        "-o",
        "text",
    ];
    let output = run_in(
        folder.path(),
        &[&["diff", "a.yaml", "a.yaml"], &forms[..]].concat(),
        b"",
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).starts_with("a.yaml -> a.yaml: no difference"));
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(
        fs::read_to_string(folder.path().join("d.html"))
            .unwrap()
            .ends_with("</html>\n")
    );
}

/// A saved plan says what it was made of and what came of it; the order of documents is neither.
#[test]
fn a_saved_plan_has_digests_and_is_a_side() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, text: &str| {
        let (documents, file) = (format!("{name}.yaml"), format!("{name}.json"));
        fs::write(folder.path().join(&documents), text).unwrap();
        let saved = run_in(
            folder.path(),
            &["plan", &documents, "--out", &file, "-o", "jsonl"],
            b"",
        );
        assert_eq!(code(&saved), 0, "{}", err(&saved));
        let text = fs::read_to_string(folder.path().join(&file)).unwrap();
        let digest = serde_json::from_str::<Value>(&text).unwrap()["digest"].clone();
        assert_eq!(digest["output"], blake3::hash(&saved.stdout).to_hex().as_str());
        digest
    };
    let (text, mut parts) = (tiny(), Vec::new());
    parts.extend(text.split("---\n"));
    parts.reverse();
    let (first, turned) = (save("a", &text), save("turned", &parts.join("\n---\n")));
    assert_eq!(first, turned);
    let (other, idle) = (
        save("b", &tamed()),
        save(
            "idle",
            &text.replace("  fabrics:", "  rollout: { paused: true }\n  fabrics:"),
        ),
    );
    assert_ne!(other["inputs"], first["inputs"]);
    assert_ne!(other["output"], first["output"]);
    assert_ne!(idle["inputs"], first["inputs"]);
    assert_eq!(idle["output"], first["output"], "what is paused becomes the same");
    let (saved, exit) = report(folder.path(), &["a.json", "b.json"]);
    assert_eq!((saved["changes"]["changed"].as_u64(), exit), (Some(4), 1));
    let output = run_in(folder.path(), &["plan", "a.yaml", "--out", "nope/a.json"], b"");
    assert_eq!(code(&output), 3, "{}", err(&output));
}
