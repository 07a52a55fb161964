//! The examples, as the values of their documents.

use std::path::{Path, PathBuf};

use rackwright_manifest::{Limits, Sources, read};
use serde_json::Value;

/// All objects of an example.
pub struct Example {
    pub name: &'static str,
    pub objects: Vec<Value>,
}

/// Reads an example below `root`, the repository: a folder of plain YAML. What an overlay makes of a base is Kustomize's
/// work.
pub fn load(root: &Path, name: &'static str) -> Example {
    let folder = root.join("examples").join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    let mut sources = Sources::new();
    let mut objects = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let read = read(
            &mut sources,
            &file.display().to_string(),
            bytes,
            &Limits::default(),
        );
        assert_eq!(read.diagnostics, []);
        objects.extend(read.documents.into_iter().map(|document| document.value));
    }
    objects.retain(|object| {
        object["apiVersion"]
            .as_str()
            .is_some_and(|version| version.starts_with("rackwright.dev/"))
    });
    assert!(!objects.is_empty(), "{}", folder.display());
    Example { name, objects }
}
