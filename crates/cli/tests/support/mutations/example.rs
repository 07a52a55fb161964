//! The examples, as the values of their documents.

use std::path::{Path, PathBuf};

use rackwright_manifest::{Limits, Sources, read};
use serde_json::Value;

/// All objects of an example.
pub struct Example {
    pub name: &'static str,
    pub objects: Vec<Value>,
}

impl Example {
    /// A site of many equal halls in small: some of its halls, of each the first racks, and of each rack the first nodes.
    /// Prefixes and topologies stay as they are.
    pub fn cut(mut self, halls: &[usize], racks: usize, nodes: usize) -> Self {
        let stays = |name: &Value| hall(name).is_none_or(|hall| halls.contains(&hall));
        self.objects.retain(|object| stays(&object["metadata"]["name"]));
        for object in &mut self.objects {
            for (list, named) in [("/spec/racks", "names"), ("/spec/clusters", "name")] {
                if let Some(list) = object.pointer_mut(list).and_then(Value::as_array_mut) {
                    list.retain(|item| stays(&item[named]));
                }
            }
            shorten(object, racks, nodes);
        }
        self
    }
}

/// The hall of `train-07`, `compute-07` or `h07r[001-288]`.
fn hall(name: &Value) -> Option<usize> {
    let name = name.as_str()?;
    let number = match name.strip_prefix('h').and_then(|rest| rest.split_once('r')) {
        Some((number, _)) => number,
        None => name.rsplit_once('-')?.1,
    };
    number.parse().ok()
}

/// Cuts the hostlists of racks (`h07r[001-288]`) and of nodes (`n[01-18]`).
fn shorten(value: &mut Value, racks: usize, nodes: usize) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| shorten(value, racks, nodes)),
        Value::Array(list) => list.iter_mut().for_each(|value| shorten(value, racks, nodes)),
        Value::String(text) => {
            let Some((head, range)) = text.split_once('[') else {
                return;
            };
            let last = match head {
                "n" => nodes,
                rack if rack.starts_with('h') && rack.ends_with('r') => racks,
                _ => return,
            };
            let first = range.split_once('-').unwrap().0;
            *text = format!("{head}[{first}-{last:0width$}]", width = first.len());
        }
        _ => {}
    }
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
