//! `--fix`: what has one right answer is written, and nothing else changes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/folder.rs"]
#[allow(dead_code, reason = "findings are read whole here")]
mod folder;
#[path = "support/header.rs"]
#[allow(dead_code, reason = "the files are what is needed here")]
mod header;
#[path = "support/repository.rs"]
mod repository;
#[path = "support/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use folder::{SITE, folder, pool};
use proptest::prelude::*;
use repository::Repository;
use run::{code, err, out, root, run_in};
use serde_json::Value;

fn findings(folder: &Path, file: &str) -> Vec<Value> {
    let output = run_in(folder, &["validate", "-o", "json", file], b"");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["findings"].as_array().unwrap().clone()
}

fn told(findings: &[Value]) -> BTreeSet<String> {
    let one = |finding: &Value| format!("{} {} {}", finding["code"], finding["path"], finding["message"]);
    findings.iter().map(one).collect()
}

/// Over every file with a mistake: fewer findings or the same file, no new ones, only lines with an answer change, and a
/// second run changes nothing.
#[test]
fn nothing_but_answers_changes_in_the_corpus() {
    let corpus = root().join("crates/cli/tests/corpus");
    let mut fixed = Vec::new();
    for path in header::files(&corpus).unwrap() {
        let Ok(before) = fs::read_to_string(&path) else {
            continue;
        };
        let name = path.file_name().unwrap().to_str().unwrap();
        let folder = folder(&[(name, &before)]);
        let found = findings(folder.path(), name);
        let output = run_in(folder.path(), &["validate", "--fix", "-o", "json", name], b"");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let after = fs::read_to_string(folder.path().join(name)).unwrap();
        if after == before {
            assert!(
                err(&output).contains("0 findings fixed in 0 files"),
                "{name}: {}",
                err(&output)
            );
            continue;
        }
        let left = report["findings"].as_array().unwrap();
        assert!(left.len() < found.len(), "{name}");
        assert!(told(left).is_subset(&told(&found)), "{name}");
        let answered: BTreeSet<u64> = found
            .iter()
            .filter_map(|finding| finding["fix"]["line"].as_u64())
            .collect();
        let pairs = before.lines().zip(after.lines()).zip(1..);
        let changed: BTreeSet<u64> = pairs.filter(|((a, b), _)| a != b).map(|(_, line)| line).collect();
        assert!(changed.is_subset(&answered), "{name}");
        assert_eq!(before.lines().count(), after.lines().count(), "{name}");
        run_in(folder.path(), &["validate", "--fix", name], b"");
        assert_eq!(
            fs::read_to_string(folder.path().join(name)).unwrap(),
            after,
            "{name}"
        );
        fixed.push(name.to_owned());
    }
    for expected in [
        "ambiguous-octal.yaml",
        "enum-lower-case.yaml",
        "version-as-number.yaml",
    ] {
        assert!(
            fixed.iter().any(|name| name == expected),
            "{expected} in {fixed:?}"
        );
    }
}

/// Where a name in camel case stands as a key, outside of comments.
fn keys(text: &str) -> Vec<(usize, usize)> {
    let mut keys = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap();
        for (colon, _) in code.match_indices(": ") {
            let from = code[..colon]
                .rfind(|c: char| !c.is_ascii_alphanumeric())
                .map_or(0, |at| at + 1);
            let word = &code[from..colon];
            if word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().any(|byte| byte.is_ascii_uppercase())
                && word != "apiVersion"
            {
                keys.push((start + from, start + colon));
            }
        }
        start += line.len();
    }
    keys
}

/// The same name as other tools spell it.
fn respelt(name: &str, style: u8) -> String {
    let separated = |separator: char| {
        let mut out = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() {
                out.push(separator);
            }
            out.push(c.to_ascii_lowercase());
        }
        out
    };
    match style {
        0 => separated('_'),
        1 => separated('-'),
        2 => name.to_lowercase(),
        _ => name[..1].to_uppercase() + &name[1..],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Keys of an example are spelt as other tools spell them, with comments and line ends of any kind: all come back,
    /// byte for byte.
    #[test]
    fn misspelt_keys_come_back_and_all_else_stays(
        example in prop::sample::select(vec![
            "superpod-b200/pools.yaml", "superpod-b200/fabrics.yaml", "superpod-b200/storage.yaml",
            "superpod-b200/supercluster.yaml", "tiny/lab.yaml",
        ]),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4), 1..5),
        carriage_returns in any::<bool>(),
        comment in "[ -~]{0,20}",
    ) {
        let example = fs::read_to_string(root().join("examples").join(example)).unwrap();
        let mut original = format!("# {comment}\n{example}# {comment}");
        if carriage_returns {
            original = original.replace('\n', "\r\n");
        }
        let keys = keys(&original);
        prop_assume!(!keys.is_empty());
        let mut chosen: Vec<((usize, usize), u8)> = picks.iter().map(|(at, style)| (*at.get(&keys), *style)).collect();
        chosen.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        chosen.dedup_by_key(|(place, _)| *place);
        let mut misspelt = original.clone();
        for ((from, to), style) in &chosen {
            misspelt.replace_range(from..to, &respelt(&original[*from..*to], *style));
        }
        let folder = folder(&[("a.yaml", &misspelt)]);
        let output = run_in(folder.path(), &["validate", "--fix", "a.yaml"], b"");
        let fixed = fs::read_to_string(folder.path().join("a.yaml")).unwrap();
        prop_assert_eq!(&fixed, &original, "{}{}", out(&output), err(&output));
        let again = run_in(folder.path(), &["validate", "--fix", "a.yaml"], b"");
        prop_assert!(err(&again).contains("0 findings fixed in 0 files"), "{}", err(&again));
    }
}

/// Quotes are an answer for a text, and none for what must be true or false: that stays, and is told.
#[test]
fn what_would_be_wrong_elsewhere_is_left_alone() {
    let text = SITE.to_owned()
        + &pool("train", "nodes: { racks: a1 }, rollout: { paused: yes }")
            .replace("name: train", "name: train, labels: { a: no, b: 010 }");
    let folder = folder(&[("a.yaml", &text)]);
    let output = run_in(folder.path(), &["validate", "--fix", "a.yaml"], b"");
    assert_eq!(code(&output), 1);
    assert!(
        err(&output).contains("2 findings fixed in 1 file\n"),
        "{}",
        err(&output)
    );
    let fixed = fs::read_to_string(folder.path().join("a.yaml")).unwrap();
    assert_eq!(fixed, text.replace("a: no, b: 010", "a: \"no\", b: \"010\""));
}

/// Names inside of names: the inner ones are met only once the outer ones are right.
#[test]
fn names_in_other_spelling_come_back_all_at_once() {
    for example in [
        "superpod-b200/fabrics.yaml",
        "superpod-b200/pools.yaml",
        "superpod-b200/storage.yaml",
    ] {
        let original = fs::read_to_string(root().join("examples").join(example)).unwrap();
        let mut respelled = original.clone();
        for (from, to) in keys(&original).into_iter().rev() {
            respelled.replace_range(from..to, &respelt(&original[from..to], 0));
        }
        assert!(keys(&original).len() > 1, "{example}");
        let folder = folder(&[("a.yaml", &respelled)]);
        run_in(folder.path(), &["validate", "--fix", "a.yaml"], b"");
        assert_eq!(
            fs::read_to_string(folder.path().join("a.yaml")).unwrap(),
            original,
            "{example}"
        );
    }
}

/// Two spellings of one field are two fields to nobody.
#[test]
fn a_field_that_stands_twice_is_named_once() {
    let fabric = |rails: &str, disjoint: &str| {
        SITE.to_owned()
            + &format!(
                "---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: n1 }}\nspec: {{ hcas: [ {{ rail: 0, {rails}: \"0000:1b:00.0\", {disjoint}: x }} ] }}\n"
            )
    };
    let folder = folder(&[("a.yaml", &fabric("pci_address", "pciaddress"))]);
    let output = run_in(folder.path(), &["validate", "--fix", "a.yaml"], b"");
    // The second of two fields with one name is not made the same.
    assert!(
        err(&output).contains("1 finding fixed in 1 file"),
        "{}{}",
        out(&output),
        err(&output)
    );
    let fixed = fs::read_to_string(folder.path().join("a.yaml")).unwrap();
    assert_eq!(fixed, fabric("pciAddress", "pciaddress"));
}

/// A name that is merely near is a guess.
#[test]
fn guesses_are_left_to_people() {
    let text = SITE.replace("racks:", "rakcs:");
    let folder = folder(&[("a.yaml", &text)]);
    let output = run_in(folder.path(), &["validate", "--fix", "a.yaml"], b"");
    assert!(out(&output).contains("did you mean `racks`?"), "{}", out(&output));
    assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).unwrap(), text);
}

#[test]
fn a_line_of_json_is_put_right_among_others() {
    let line = |name: &str, label: &str| {
        format!(
            "{{\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeInventory\",\"metadata\":{{\"name\":\"{name}\",\"labels\":{{\"a\":{label}}}}},\"spec\":{{}}}}\n"
        )
    };
    let text = line("n1", "\"1\"") + &line("n2", "2") + "\n" + &line("n3", "\"3\"");
    let folder = folder(&[("a.jsonl", &text)]);
    let output = run_in(folder.path(), &["validate", "--fix", "a.jsonl"], b"");
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    let fixed = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    assert_eq!(fixed, text.replace(":2}", ":\"2\"}"));
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let text = SITE.replace("name: lab", "name: lab, labels: { a: 010 }") + "# end";
    let folder = folder(&[("a.yaml", &text)]);
    let output = run_in(folder.path(), &["validate", "--fix", "--dry-run", "a.yaml"], b"");
    assert_eq!(code(&output), 1);
    assert_eq!(
        out(&output),
        "--- a.yaml\n+++ a.yaml\n@@ -1,5 +1,5 @@\n apiVersion: rackwright.dev/v1alpha1\n kind: Supercluster\n\
         -metadata: { name: lab, labels: { a: 010 } }\n+metadata: { name: lab, labels: { a: \"010\" } }\n \
         spec: { racks: [ { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 } ] }\n # end\n\\ No newline at end of file\n"
    );
    assert!(
        err(&output).contains("1 finding would be fixed in 1 file\n"),
        "{}",
        err(&output)
    );
    assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).unwrap(), text);
}

/// Standard input and git revisions are no files.
#[test]
fn what_is_no_file_is_not_written_and_said() {
    let text = SITE.replace("name: lab", "name: lab, labels: { a: 010 }");
    let repository = Repository::new();
    repository.write("a.yaml", &text);
    repository.commit();
    let state = repository.state();
    for path in ["-", "HEAD:a.yaml"] {
        let output = run_in(repository.root(), &["validate", "--fix", path], text.as_bytes());
        assert_eq!(code(&output), 1);
        let said = "0 findings fixed in 0 files\n1 finding not fixed: what stands in standard input, a git revision, rendered text or a cluster is no file to write to\n";
        assert!(err(&output).contains(said), "{}", err(&output));
    }
    assert_eq!(repository.state(), state);
}
