//! Diffs of one scalable unit.

use std::fs;

#[path = "diffed.rs"]
mod diffed;

use crate::run::root;

pub use diffed::report;

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

/// Half of the racks, placed in the same unit.
pub fn half(text: &str) -> String {
    text.replace("a[1-8]", "a[1-4]")
}
