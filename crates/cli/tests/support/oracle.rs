//! Readers that others wrote: `oracle.py`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::run::root;

/// What is read.
#[derive(Clone, Copy, Default)]
pub struct Asked<'a> {
    /// Held against the schema.
    pub documents: &'a [PathBuf],
    /// Reports in JUnit XML.
    pub junit: &'a [PathBuf],
    /// Logs in SARIF.
    pub sarif: &'a [PathBuf],
}

/// Asks them.
pub fn ask(schema: &Path, asked: Asked<'_>) -> Value {
    let python = root().join("target/python/bin/python");
    assert!(
        python.exists(),
        "{} is missing: run e2e/python/venv.sh (make test does)",
        python.display()
    );
    let mut child = Command::new(python)
        .arg(root().join("crates/cli/tests/oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let Asked {
        documents,
        junit,
        sarif,
    } = asked;
    let request = json!({ "schema": schema, "documents": documents, "junit": junit, "sarif": sarif });
    child
        .stdin
        .take()
        .unwrap()
        .write_all(request.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "oracle.py failed; if a module is what it lacks, run e2e/python/venv.sh (make test does)"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}
