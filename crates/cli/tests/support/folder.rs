//! Small inputs in a folder of their own.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::run_in;

pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Codes with the positions of all their places.
pub fn findings(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = run_in(folder, &[&["validate", "-o", "json"], arguments].concat(), b"");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = |finding: &Value| {
        let places = finding["locations"].as_array().unwrap().iter();
        let places: Vec<String> = places
            .map(|at| format!("{}:{}:{}", at["file"].as_str().unwrap(), at["line"], at["column"]))
            .collect();
        format!("{} {}", finding["code"].as_str().unwrap(), places.join(" "))
    };
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(finding)
        .collect()
}

pub const SITE: &str = "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec: { racks: [ { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 } ] }
";

pub fn pool(name: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: lab, {rest} }}\n"
    )
}
