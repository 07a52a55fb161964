//! Diffs of one scalable unit.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{code, err, out, root, run_in};

/// One NVL72 unit with a placed fabric and a member cluster.
pub fn unit() -> String {
    fs::read_to_string(root().join("examples/gb200-unit/site.yaml")).unwrap()
}

/// A folder with these files.
pub fn folder_of(documents: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in documents {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The JSON of a diff, and its exit code.
pub fn report(folder: &Path, arguments: &[&str]) -> (Value, i32) {
    let output = run_in(folder, &[&["diff", "-o", "json"], arguments].concat(), b"");
    let report = serde_json::from_str(&out(&output));
    (
        report.unwrap_or_else(|_| panic!("{}", err(&output))),
        code(&output),
    )
}

/// Half of the racks, placed in the same unit.
pub fn half(text: &str) -> String {
    text.replace("a[1-8]", "a[1-4]")
}
