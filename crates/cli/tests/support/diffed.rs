//! `rackwright diff`, as programs read it.

use std::path::Path;

use serde_json::Value;

use crate::run::{code, err, out, run_in};

/// The JSON of a diff, and its exit code.
pub fn report(folder: &Path, arguments: &[&str]) -> (Value, i32) {
    let output = run_in(folder, &[&["diff", "-o", "json"], arguments].concat(), b"");
    let report = serde_json::from_str(&out(&output));
    (
        report.unwrap_or_else(|_| panic!("{}", err(&output))),
        code(&output),
    )
}
