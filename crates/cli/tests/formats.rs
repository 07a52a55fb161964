//! Findings in the forms of other programs, with names and values that try to get out of them, and JSON against its schemas.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/hostile.rs"]
mod hostile;
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/run.rs"]
mod run;

use std::fs;
use std::process::Command;

use hostile::{HOSTILE, HOSTILE_FILE};
use oracle::{Asked, ask};
use run::{code, err, out, root, run_in};
use serde_json::{Value, json};

#[test]
fn an_annotation_is_one_command_whatever_it_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(HOSTILE_FILE), HOSTILE).unwrap();
    let output = run_in(folder.path(), &["validate", "-o", "github", HOSTILE_FILE], b"");
    let text = out(&output);
    let lines: Vec<&str> = text.split(['\n', '\r']).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 4, "{text}");
    for line in lines {
        let properties = "::error file=a%2Cb%3Ac%250A #[x](y)`|<b>.yaml,line=";
        assert!(line.starts_with(properties), "{line}");
        assert!(!line.contains("100%0A"), "{line}");
    }
    let output = run_in(
        folder.path(),
        &["validate", "-o", "github", "-"],
        HOSTILE.as_bytes(),
    );
    assert!(out(&output).starts_with("::error title=RW"), "{}", out(&output));
}

/// What is left of Markdown when its code blocks and code spans are taken out.
fn outside_code(markdown: &str) -> String {
    let mut left = String::new();
    let mut rest = markdown;
    while let Some(start) = rest.find('`') {
        left.push_str(&rest[..start]);
        let fence = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let mut at = start + fence;
        // A run of backticks closes where it is as long as the one that opened.
        loop {
            let open = at + rest[at..].find('`').expect("every fence is closed");
            let run = rest[open..].len() - rest[open..].trim_start_matches('`').len();
            at = open + run;
            if run == fence {
                break;
            }
        }
        rest = &rest[at..];
    }
    left + rest
}

#[test]
fn a_comment_keeps_what_others_wrote_in_code() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(HOSTILE_FILE), HOSTILE).unwrap();
    let text = out(&run_in(
        folder.path(),
        &["validate", "-o", "markdown", HOSTILE_FILE],
        b"",
    ));
    assert!(text.contains("@everyone"));
    let left = outside_code(&text);
    for hostile in ["@", "script", "[", "http", "title", "c%0A", "<b>"] {
        assert!(!left.contains(hostile), "{hostile} stands in the open: {left}");
    }
    assert_eq!(left.matches("- **error** RW").count(), 4, "{left}");
}

#[test]
fn a_comment_stays_below_githubs_limit() {
    let folder = tempfile::tempdir().unwrap();
    let wide = "ä`".repeat(300);
    let pool = |at: usize| {
        format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p{at} }}\nspec: {{ supercluster: lab, nodes: {{ racks: a1 }}, \"{wide}{at}\": 1 }}\n"
        )
    };
    fs::write(
        folder.path().join("a.yaml"),
        (0..500).map(pool).collect::<String>(),
    )
    .unwrap();
    let text = out(&run_in(
        folder.path(),
        &["validate", "-o", "markdown", "a.yaml"],
        b"",
    ));
    assert!(text.len() > 50_000 && text.len() < 65_536, "{}", text.len());
    assert!(text.contains("- … and 450 more\n"), "{text}");
    assert!(text.ends_with("more are not shown here; `rackwright validate` prints them.\n\n</details>\n"));
    outside_code(&text);
}

#[test]
fn several_forms_in_one_run_are_those_of_single_runs() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), HOSTILE).unwrap();
    let forms = ["json", "sarif", "junit", "markdown", "github"];
    let mut arguments = vec![
        "validate".to_owned(),
        "a.yaml".to_owned(),
        "--output=text".to_owned(),
    ];
    arguments.extend(forms.map(|form| format!("--output={form}={form}.out")));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let all = run_in(folder.path(), &arguments, b"");
    assert_eq!(code(&all), 1, "{}", err(&all));
    assert_eq!(
        all.stdout,
        run_in(folder.path(), &["validate", "a.yaml"], b"").stdout
    );
    for form in forms {
        let single = run_in(folder.path(), &["validate", "a.yaml", "-o", form], b"");
        assert_eq!(code(&single), 1);
        assert_eq!(
            fs::read(folder.path().join(format!("{form}.out"))).unwrap(),
            single.stdout,
            "{form}"
        );
    }
    let quiet = run_in(folder.path(), &["validate", "a.yaml", "-o", "json=only.out"], b"");
    assert_eq!((code(&quiet), out(&quiet)), (1, String::new()));
}

/// A limit on the size of files is a full disk that a test can have.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_report_that_was_there_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), HOSTILE).unwrap();
    fs::write(folder.path().join("out.sarif"), "old").unwrap();
    // Blocks of 512 bytes; with the signal ignored the write fails as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" validate a.yaml -o sarif=out.sarif";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_rackwright")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(
        err(&output).contains("out.sarif: cannot be written: "),
        "{}",
        err(&output)
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("out.sarif")).unwrap(),
        "old"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// The JSON of a diff is as its published schema says.
#[test]
fn diffs_hold_against_their_schema() {
    let folder = tempfile::tempdir().unwrap();
    let changes = root().join("crates/cli/tests/changes");
    let side = |name: &str| changes.join(name).to_str().unwrap().to_owned();
    let pairs = [
        ("old.yaml", "new.yaml"),
        ("new.yaml", "old.yaml"),
        ("old.yaml", "old.yaml"),
        ("old.jsonl", "new.yaml"),
        ("old.jsonl", "old.json"),
    ];
    let mut documents = Vec::new();
    for (at, (a, b)) in pairs.into_iter().enumerate() {
        let file = folder.path().join(format!("{at}.json"));
        let output = format!("json={}", file.display());
        let arguments = [
            "diff",
            &side(a),
            &side(b),
            "--max-nodes",
            "1",
            "--forbid",
            "drain",
            "-o",
            &output,
        ];
        run_in(folder.path(), &arguments, b"");
        documents.push(file);
    }
    // What the schema does not know does not pass.
    let mut other: Value = serde_json::from_slice(&fs::read(&documents[0]).unwrap()).unwrap();
    other["nodes"][0]["what"] = json!("Vanished");
    let wrong = folder.path().join("wrong.json");
    fs::write(&wrong, other.to_string()).unwrap();
    documents.push(wrong);
    let answer = ask(
        &root().join("docs/diff.schema.json"),
        Asked {
            documents: &documents,
            ..Asked::default()
        },
    );
    for at in 0..pairs.len() {
        assert_eq!(answer["documents"][at], json!([]), "{:?}", pairs[at]);
    }
    assert_ne!(answer["documents"][pairs.len()], json!([]));
}

/// A plan is as its published schema says, printed, after an earlier one, of one node, and without refused pools.
#[test]
fn plans_hold_against_their_schema() {
    let folder = tempfile::tempdir().unwrap();
    let written = |name: &str, text: &[u8]| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let plan = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        run_in(&root(), &[&["plan", "-o", "json"], &arguments[..]].concat(), b"").stdout
    };
    let changes = "crates/cli/tests/changes";
    let mut documents = vec![
        written(
            "0",
            &plan(&format!("{changes}/new.yaml --previous {changes}/old.json")),
        ),
        written("1", &plan("examples/tiny --node r1-n1")),
        written("2", &plan("crates/cli/tests/corpus/rules/missing-fabric.yaml")),
    ];
    let wrong = fs::read_to_string(&documents[0])
        .unwrap()
        .replace("\"intents\":[{\"kind\"", "\"intents\":[{\"kin\"");
    documents.push(written("3", wrong.as_bytes()));
    let answer = ask(
        &root().join("docs/plan.schema.json"),
        Asked {
            documents: &documents,
            ..Asked::default()
        },
    );
    let fine: Vec<bool> = (0..4).map(|at| answer["documents"][at] == json!([])).collect();
    assert_eq!(fine, [true, true, true, false], "{answer}");
}

/// For editors that read no CRDs: what the CRDs accept it accepts, and what it can see it refuses.
#[test]
fn the_json_schema_judges_as_the_crds_do() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    let output = run_in(&root(), &["crds", "--output", "json-schema"], b"");
    fs::write(&schema, &output.stdout).unwrap();

    let written = |name: String, object: &Value| {
        let file = folder.path().join(name);
        fs::write(&file, object.to_string()).unwrap();
        file
    };
    let mut files = Vec::new();
    for example in ["tiny", "superpod-b200", "gb200-unit"] {
        for file in fs::read_dir(root().join("examples").join(example)).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "yaml") {
                let text = fs::read_to_string(&file).unwrap();
                let objects: Vec<Value> = serde_yaml::from_multiple(&text).unwrap();
                for object in &objects {
                    files.push(written(format!("{}.json", files.len()), object));
                }
            }
        }
    }
    let fine = files.len();
    assert!(fine >= 10, "{fine}");
    let head =
        json!({ "apiVersion": "rackwright.dev/v1alpha1", "kind": "GPUPool", "metadata": { "name": "a" } });
    let mistakes = [
        json!({ "supercluster": "lab", "nodez": {} }),
        json!({ "supercluster": "lab", "nodes": { "racks": 1 } }),
        json!({ "supercluster": "lab", "nodes": { "racks": "a1" }, "onDelete": "Wipe" }),
        json!({ "nodes": { "racks": "a1" } }),
    ];
    for spec in &mistakes {
        let mut object = head.clone();
        object["spec"] = spec.clone();
        files.push(written(format!("{}.json", files.len()), &object));
    }
    let foreign = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": 1 });
    files.push(written("foreign.json".to_owned(), &foreign));

    let answer = ask(
        &schema,
        Asked {
            documents: &files,
            ..Asked::default()
        },
    );
    let judged: Vec<bool> = answer["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mistakes| mistakes.as_array().unwrap().is_empty())
        .collect();
    let mut expected = vec![true; fine];
    expected.extend([false; 4]);
    expected.push(true);
    assert_eq!(judged, expected, "{}", answer["documents"]);
}
