//! Findings in the forms of other programs, read by other programs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[allow(dead_code, reason = "each test file takes what it needs")]
#[path = "support/folder.rs"]
mod folder;
#[path = "support/hostile.rs"]
mod hostile;
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/run.rs"]
mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use folder::SITE;
use hostile::{HOSTILE, HOSTILE_FILE};
use oracle::{Asked, ask};
use run::{code, err, out, root, run_in};
use serde_json::{Value, json};
use serde_sarif::sarif::{self, Sarif};

/// The schema that serde-sarif makes its types from is the one that OASIS published.
fn schema() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.with_file_name("src").join("schema.json")
}

/// Inputs with findings of all kinds, with none, and with what cannot be read.
fn inputs(folder: &Path) -> Vec<Vec<String>> {
    fs::write(folder.join(HOSTILE_FILE), HOSTILE).unwrap();
    fs::write(folder.join("folder.yaml"), "kind: [").unwrap();
    // What is shown has quotes, what would be replaced stands between them.
    let quoted = SITE.replace("dgx-b200", "\"dgx-b20\"");
    fs::write(folder.join("quoted.yaml"), quoted).unwrap();
    let corpus = root().join("crates/cli/tests/corpus");
    let shown = |path: PathBuf| path.to_str().unwrap().to_owned();
    vec![
        vec![HOSTILE_FILE.to_owned()],
        vec![shown(root().join("examples/tiny"))],
        vec![shown(corpus.join("yaml"))],
        vec![shown(corpus.join("schema"))],
        vec![shown(corpus.join("rules"))],
        vec!["-".to_owned()],
        vec!["nope {0} [x](y).yaml".to_owned(), "folder.yaml".to_owned()],
        vec![shown(corpus.join("rules/empty-pool.yaml"))],
        suppressed(folder),
        vec!["quoted.yaml".to_owned()],
    ]
}

/// A pool without a node and a reason for it, one that is in the baseline, and one that is neither.
fn suppressed(folder: &Path) -> Vec<String> {
    let pool = |name: &str, annotations: &str| {
        format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name}{annotations} }}\nspec: {{ supercluster: lab, nodes: {{ selector: {{ matchLabels: {{ team: {name} }} }} }} }}\n"
        )
    };
    let reason = ", annotations: { rackwright.dev/ignore: \"RW2010: in May\" }";
    let known = format!("{SITE}{}", pool("known", ""));
    fs::write(folder.join("some.yaml"), &known).unwrap();
    let arguments = ["validate", "some.yaml", "--write-baseline", "known.json"];
    let written = run_in(folder, &arguments, b"");
    assert_eq!(code(&written), 0, "{}", err(&written));
    let all = format!("{known}{}{}", pool("ignored", reason), pool("neither", ""));
    fs::write(folder.join("some.yaml"), all).unwrap();
    ["--baseline", "known.json", "some.yaml"]
        .map(str::to_owned)
        .to_vec()
}

/// What a reader of a log must find of a finding: level, rule, file and line, and the rule that it points to.
fn told(finding: &Value) -> Value {
    let (severity, rule, place) = (&finding["severity"], &finding["code"], &finding["locations"][0]);
    json!([severity, rule, place["file"], place["line"], rule, severity])
}

/// Lines and columns.
type Range = [Option<i64>; 4];

/// Those of all its places and of what its fix replaces, in a log.
fn regions(result: &sarif::Result) -> Vec<Range> {
    let places = result.locations.iter().chain(&result.related_locations).flatten();
    let places = places.filter_map(|place| place.physical_location.as_ref()?.region.as_ref());
    let changes = result
        .fixes
        .iter()
        .flatten()
        .flat_map(|fix| &fix.artifact_changes);
    let replaced = changes.flat_map(|change| &change.replacements);
    places
        .chain(replaced.map(|replacement| &replacement.deleted_region))
        .map(|at| [at.start_line, at.start_column, at.end_line, at.end_column])
        .collect()
}

/// The same in JSON.
fn ranges(finding: &Value) -> Vec<Range> {
    let places = finding["locations"].as_array().unwrap().iter();
    places
        .chain(finding.get("fix"))
        .map(|at| ["line", "column", "endLine", "endColumn"].map(|key| at[key].as_i64()))
        .collect()
}

#[test]
fn sarif_and_junit_are_read_by_others_and_hold_every_finding() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = inputs(folder.path());
    let (mut logs, mut junit, mut reports) = (Vec::new(), Vec::new(), Vec::new());
    for (at, paths) in inputs.iter().enumerate() {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let forms = [format!("sarif={at}.sarif"), format!("junit={at}.xml")];
        let forms = ["validate", "-o", &forms[0], "-o", &forms[1], "-o", "json"];
        let output = run_in(
            folder.path(),
            &[&forms[..], &paths[..]].concat(),
            HOSTILE.as_bytes(),
        );
        reports.push(serde_json::from_slice::<Value>(&output.stdout).unwrap());
        logs.push(folder.path().join(format!("{at}.sarif")));
        junit.push(folder.path().join(format!("{at}.xml")));
    }
    let asked = Asked {
        documents: &logs,
        junit: &junit,
        sarif: &logs,
    };
    let answer = ask(&schema(), asked);
    let mut total = 0;
    for (at, report) in reports.iter().enumerate() {
        let findings = report["findings"].as_array().unwrap();
        total += findings.len();
        assert_eq!(answer["documents"][at], json!([]), "{:?}", inputs[at]);
        let log: Sarif = serde_json::from_slice(&fs::read(&logs[at]).unwrap()).unwrap();
        let results = log.runs[0].results.as_ref().unwrap();
        let regions: Vec<_> = results.iter().map(regions).collect();
        assert_eq!(regions, findings.iter().map(ranges).collect::<Vec<_>>());
        let read = &answer["sarif"][at];
        assert_eq!(read["tools"], json!(["rackwright"]));
        let expected: Vec<Value> = findings.iter().map(told).collect();
        assert_eq!(read["results"], json!(expected), "{:?}", inputs[at]);
        let cases = answer["junit"][at].as_array().unwrap();
        let of = |result: &str| cases.iter().filter(|case| case[2] == result).count();
        let errors = findings
            .iter()
            .filter(|finding| finding["severity"] == "error")
            .count();
        assert_eq!(
            (of("Failure"), of("Skipped")),
            (errors, findings.len() - errors),
            "{:?}",
            inputs[at]
        );
        assert_eq!(of("Success"), 1, "what was read");
        let levels = json!({ "error": errors, "warning": findings.len() - errors, "note": 0 });
        assert_eq!(read["levels"], levels, "{:?}", inputs[at]);
    }
    assert!(total > 100, "{total} findings are too few to show anything");
    assert_eq!(
        reports[1]["findings"],
        json!([]),
        "one of them is without findings"
    );
    assert_eq!(
        reports[7]["findings"][0]["severity"], "warning",
        "one has a warning alone"
    );
    let [known, ignored, left] = ["known", "ignored", "findings"].map(|key| &reports[8][key]);
    assert_eq!(
        (known, &ignored[0]["object"], &left[0]["object"]),
        (&json!(1), &json!("GPUPool/ignored"), &json!("GPUPool/neither")),
        "one has a finding beside those that are suppressed"
    );
    let quoted = &reports[9]["findings"][0];
    assert_ne!(
        quoted["fix"]["column"], quoted["locations"][0]["column"],
        "one has a fix in a part of its place"
    );
    let failed = |case: &&Value| case[2] == "Error";
    assert_eq!(
        answer["junit"][6]
            .as_array()
            .unwrap()
            .iter()
            .filter(failed)
            .count(),
        1
    );
}

#[test]
fn sarif_names_files_as_uris_and_takes_nothing_for_a_placeholder_or_a_link() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(HOSTILE_FILE), HOSTILE).unwrap();
    let log: Value = serde_json::from_slice(
        &run_in(folder.path(), &["validate", "-o", "sarif", HOSTILE_FILE], b"").stdout,
    )
    .unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    for result in results {
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(
            place["uri"],
            "a%2Cb%3Ac%250A%20%23%5Bx%5D%28y%29%60%7C%3Cb%3E.yaml"
        );
        let text = result["message"]["text"].as_str().unwrap();
        assert!(
            !text.contains("](") && !text.replace("{{", "").contains('{'),
            "{text}"
        );
        assert!(
            !text.contains(char::is_control) && !text.contains('\u{202e}'),
            "{text}"
        );
    }
    let absolute = folder.path().join(HOSTILE_FILE);
    let output = run_in(
        folder.path(),
        &["validate", "-o", "sarif", absolute.to_str().unwrap()],
        b"",
    );
    assert!(out(&output).contains("\"uri\": \"file:///"), "{}", out(&output));
}

#[test]
fn fingerprints_outlive_lines() {
    let folder = tempfile::tempdir().unwrap();
    let prints = |text: &str| {
        fs::write(folder.path().join("a.yaml"), text).unwrap();
        let output = run_in(folder.path(), &["validate", "-o", "sarif", "a.yaml"], b"");
        let log: Value = serde_json::from_slice(&output.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let print = |result: &Value| result["partialFingerprints"]["rackwrightFinding/v1"].clone();
        results.iter().map(print).collect::<Vec<Value>>()
    };
    let before = prints(HOSTILE);
    assert_eq!(before.len(), 4);
    assert_eq!(prints(&format!("# one more line\n{HOSTILE}")), before);
    assert_ne!(prints(&HOSTILE.replace("name: lab", "name: other")), before);
}
