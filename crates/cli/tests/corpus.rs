//! The corpus of bad input: each file holds one mistake and must give exactly the findings of its first line. The
//! format of that line is described in `support/header.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/header.rs"]
mod header;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use header::{Expected, Server};
use rackwright_cli::pipeline;

fn corpus() -> Vec<PathBuf> {
    header::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")).unwrap()
}

fn found(path: &Path) -> Vec<Expected> {
    let outcome = pipeline::run(&[path.to_owned()], Vec::new()).unwrap();
    assert!(
        outcome.errors.is_empty(),
        "{}: {:?}",
        path.display(),
        outcome.errors
    );
    assert!(
        outcome.violations.is_empty(),
        "{}: {:?}",
        path.display(),
        outcome.violations
    );
    let findings = outcome.diagnostics.iter();
    findings
        .map(|finding| Expected {
            code: finding.code.to_string(),
            places: finding
                .labels
                .iter()
                .map(|label| outcome.sources.position(label.span))
                .map(|position| (position.line, position.column))
                .collect(),
        })
        .collect()
}

#[test]
fn every_file_gives_exactly_the_findings_of_its_first_line() {
    let mut wrong = Vec::new();
    for path in corpus() {
        let expected = header::parse(&std::fs::read(&path).unwrap()).map(|header| header.expect);
        let found = Ok(found(&path));
        if expected != found {
            wrong.push(format!(
                "{}\n  expected {expected:?}\n  found    {found:?}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

/// A mistake of YAML has no verdict of a server, one of schema or CEL is refused (but for what the server cannot say),
/// and what only several objects together get wrong is accepted.
#[test]
fn groups_and_verdicts_agree() {
    for path in corpus() {
        let header = header::parse(&std::fs::read(&path).unwrap()).unwrap();
        let group = path
            .parent()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        for finding in &header.expect {
            let agree = match finding.code.as_bytes()[2..4] {
                [b'0', b'0'] => group == "yaml" && header.server == Server::NotApplicable,
                [b'0', b'1'] => group != "rules",
                [b'1', _] => group == "schema" && header.server == Server::Refuse,
                [b'2'..=b'5', _] => group == "rules" && header.server == Server::Accept,
                _ => false,
            };
            assert!(
                agree,
                "{}: {} in {group}, {:?}",
                path.display(),
                finding.code,
                header.server
            );
        }
    }
}

/// Rules that no single file can break are named here with the reason; all others have a file.
#[test]
fn every_rule_has_a_file() {
    let exempt = [
        "RW0011", // a file over the limit has 64 MiB: tests/verbs.rs makes one
        "RW0012", // ten million values need more than that
        "RW0020", // a thousand findings: tests/verbs.rs makes them
        "RW1012", // no field of a spec has a format
        "RW1014", // no schema of ours is composed
        "RW2029", // about an earlier state: tests/chains.rs
        "RW2030", // about an earlier state, and one member cluster's part: tests/chains.rs
        "RW2051", // about an earlier state: quarantine.rs of the planner's tests
    ];
    let mut covered: BTreeSet<String> = exempt.iter().map(ToString::to_string).collect();
    for path in corpus() {
        let header = header::parse(&std::fs::read(&path).unwrap()).unwrap();
        covered.extend(header.expect.into_iter().map(|finding| finding.code));
    }
    let rules = rackwright_cli::all_rules();
    let missing: Vec<&str> = rules
        .iter()
        .map(|rule| rule.code)
        .filter(|code| !code.starts_with("RW9") && !covered.contains(*code))
        .collect();
    assert!(missing.is_empty(), "no file in the corpus for {missing:?}");
}

#[test]
fn there_are_enough_of_them() {
    assert!(corpus().len() >= 60);
}

#[test]
fn a_header_that_says_nothing_is_refused() {
    for bad in [
        "",
        "# expect: ",
        "# expect: RW1001; server: accept",
        "# expect: RW1001 1:2; server: maybe",
        "expect: RW1001 1:2",
    ] {
        assert!(header::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}
