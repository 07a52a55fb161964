//! From the paths of the command line to the files to read.

mod error;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use glob::MatchOptions;

use crate::git::{self, Blob};
use crate::inputs::Inputs;
use crate::live::{Clusters, is_live};
use crate::progress;
use crate::rendered;

pub use error::InputError;

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard input, written `-`.
    Stdin,
    /// A file, under the name that the user can find it by.
    File(PathBuf),
    /// A file of a git revision, what a tool rendered, or what a cluster holds.
    Blob(Blob),
}

impl Source {
    /// Its name, as the user can find it.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Stdin => "-".into(),
            Self::File(path) => path.to_string_lossy(),
            Self::Blob(blob) => (&*blob.name).into(),
        }
    }

    /// That it is being read; not of what somebody types, who sees it.
    pub fn reading(&self) -> Option<progress::Phase> {
        let typed = *self == Self::Stdin && io::stdin().is_terminal();
        (!typed).then(|| progress::phase(|| format!("reading {}", named(&self.shown()))))
    }

    /// Its text, from the start.
    pub fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) => Box::new(File::open(path)?),
            Self::Blob(blob) => Box::new(&*blob.bytes),
        })
    }
}

/// What the paths lead to.
#[derive(Debug, Default)]
pub struct Walk {
    /// The inputs, each once, in the order of the command line and sorted by name within a directory.
    pub sources: Vec<Source>,
    /// What belongs to other programs and not to the API server, by what it is.
    pub skipped: BTreeMap<&'static str, usize>,
    /// Paths that lead nowhere.
    pub errors: Vec<InputError>,
    seen: BTreeSet<PathBuf>,
    revisions: BTreeSet<String>,
    /// Files met, for the first time or again, and directories met again: what makes a directory not empty.
    met: usize,
}

impl Walk {
    /// Follows the paths.
    pub fn new<'a>(inputs: impl Into<Inputs<'a>>) -> Self {
        let Inputs { paths, clusters } = inputs.into();
        let mut walk = Self::default();
        for path in paths {
            if let Some(clusters) = clusters.filter(|_| is_live(path)) {
                walk.live(clusters, path);
                continue;
            }
            if path.as_os_str() == "-" {
                if !walk.sources.contains(&Source::Stdin) {
                    walk.sources.push(Source::Stdin);
                }
                continue;
            }
            match fs::metadata(path) {
                Err(error) => walk.named(path, error),
                Ok(metadata) if metadata.is_dir() => walk.top_directory(path),
                Ok(metadata) if metadata.is_file() => walk.file(path),
                Ok(_) => walk.errors.push(InputError::Special(path.display().to_string())),
            }
        }
        walk
    }

    /// Follows the paths that lead to files: nothing is rendered, and no revision is read.
    pub fn of_files(paths: &[PathBuf]) -> Self {
        let is_file = |path: &&PathBuf| {
            path.exists()
                || path
                    .to_str()
                    .is_some_and(|name| !rendered::is_asked(name) && git::parts(name).is_none())
        };
        let files: Vec<PathBuf> = paths.iter().filter(is_file).cloned().collect();
        Self::new(files.as_slice())
    }

    /// Follows what is no file: what a tool renders, a git revision, a pattern.
    fn named(&mut self, path: &Path, error: io::Error) {
        let name = path.to_str().filter(|_| error.kind() == io::ErrorKind::NotFound);
        let _phase = progress::phase(|| format!("reading {}", path.display()));
        if let Some(rendered) = name.and_then(rendered::render) {
            match rendered {
                Ok(texts) => self.sources.extend(texts.into_iter().map(Source::Blob)),
                Err(error) => self.errors.push(error.into()),
            }
        } else if let Some(name) = name.filter(|name| git::parts(name).is_some()) {
            self.revision(name);
        } else if let Some(pattern) = name.filter(|name| name.contains(['*', '?', '['])) {
            self.pattern(pattern);
        } else {
            self.errors.push(InputError::io(path, error));
        }
    }

    /// Reads what a cluster holds, once however often it is named.
    fn live(&mut self, clusters: &Clusters, path: &Path) {
        if !self.revisions.insert(path.to_string_lossy().into_owned()) {
            return;
        }
        match clusters.documents(path) {
            Ok(documents) => self.sources.extend(documents.into_iter().map(Source::Blob)),
            Err(error) => self.errors.push(error),
        }
    }

    /// Reads the files of a pattern, whatever they are called.
    fn pattern(&mut self, pattern: &str) {
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let found = match glob::glob_with(pattern, options) {
            Ok(found) => found,
            Err(error) => {
                let pattern = pattern.to_owned();
                return self.errors.push(InputError::Pattern { pattern, error });
            }
        };
        let before = (self.met, self.errors.len());
        for path in found {
            match path {
                Ok(path) if path.is_file() => self.file(&path),
                // What lies in it is met by itself, where the pattern says so.
                Ok(_) => {}
                Err(error) => {
                    let path = error.path().to_owned();
                    self.errors.push(InputError::io(&path, error.into()));
                }
            }
        }
        if before == (self.met, self.errors.len()) {
            self.errors.push(InputError::NoMatch(pattern.to_owned()));
        }
    }

    fn top_directory(&mut self, path: &Path) {
        let before = (self.met, self.errors.len());
        self.directory(path);
        if before == (self.met, self.errors.len()) {
            self.errors
                .push(InputError::EmptyDirectory(path.display().to_string()));
        }
    }

    /// Reads a directory. Each directory counts once by its real path, so links cannot lead in circles.
    fn directory(&mut self, path: &Path) {
        match self.first_visit(path) {
            Ok(true) => {}
            Ok(false) => {
                self.met += 1;
                return;
            }
            Err(error) => return self.errors.push(error),
        }
        let entries = fs::read_dir(path).and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect::<io::Result<BTreeSet<_>>>()
        });
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.errors.push(InputError::io(path, error)),
        };
        if entries.contains(OsStr::new(CHART)) {
            // Its templates are no YAML before Helm has rendered them.
            self.met += 1;
            return self.skip("Helm chart");
        }
        for name in entries {
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let entry = path.join(&name);
            let metadata = match fs::metadata(&entry) {
                Ok(metadata) => metadata,
                // A link to nothing matters only where its name says that it should have been read.
                Err(_) if !is_manifest(&entry) => continue,
                Err(error) => {
                    self.errors.push(InputError::io(&entry, error));
                    continue;
                }
            };
            if metadata.is_dir() {
                self.directory(&entry);
            } else if metadata.is_file() && is_manifest(&entry) {
                self.file(&entry);
            }
        }
    }

    fn file(&mut self, path: &Path) {
        self.met += 1;
        match self.first_visit(path) {
            Ok(true) if is_kustomization(path) => self.skip("Kustomization"),
            Ok(true) => self.sources.push(Source::File(path.to_owned())),
            Ok(false) => {}
            Err(error) => self.errors.push(error),
        }
    }

    /// Reads the files of a git revision, by the rules of directories.
    fn revision(&mut self, name: &str) {
        let blobs = match git::files(name, is_manifest) {
            Ok(blobs) => blobs,
            Err(error) => return self.errors.push(error.into()),
        };
        if blobs.is_empty() {
            self.errors.push(InputError::EmptyDirectory(name.to_owned()));
        }
        let chart = |blob: &Blob| {
            blob.name
                .strip_suffix(CHART)
                .filter(|folder| folder.ends_with(['/', ':']))
                .map(str::to_owned)
        };
        let charts: BTreeSet<String> = blobs.iter().filter_map(chart).collect();
        for blob in blobs {
            if charts.iter().any(|folder| blob.name.starts_with(folder)) {
                if charts
                    .iter()
                    .any(|folder| blob.name.strip_prefix(folder) == Some(CHART))
                {
                    self.skip("Helm chart");
                }
                continue;
            }
            if !self.revisions.insert(blob.name.clone()) {
                continue;
            }
            if is_kustomization(Path::new(&blob.name)) {
                self.skip("Kustomization");
            } else {
                self.sources.push(Source::Blob(blob));
            }
        }
    }

    fn skip(&mut self, what: &'static str) {
        *self.skipped.entry(what).or_default() += 1;
    }

    fn first_visit(&mut self, path: &Path) -> Result<bool, InputError> {
        let real = fs::canonicalize(path).map_err(|error| InputError::io(path, error))?;
        Ok(self.seen.insert(real))
    }
}

/// An input in words.
pub fn named(shown: &str) -> &str {
    if shown == "-" { "standard input" } else { shown }
}

/// The file that makes a directory a Helm chart.
const CHART: &str = "Chart.yaml";

fn extension(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// Whether a directory's file is read.
pub fn is_manifest(path: &Path) -> bool {
    is_kustomization(path) || matches!(extension(path), Some("yaml" | "yml" | "json" | "jsonl"))
}

/// Whether a file holds one object a line.
pub fn is_json_lines(path: &Path) -> bool {
    extension(path) == Some("jsonl")
}

/// Whether a file is JSON, one object or one a line.
pub fn is_json(path: &Path) -> bool {
    is_json_lines(path) || extension(path) == Some("json")
}

/// The names that kustomize looks for.
fn is_kustomization(path: &Path) -> bool {
    matches!(
        path.file_name().and_then(|name| name.to_str()),
        Some("kustomization.yaml" | "kustomization.yml" | "Kustomization")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(walk: &Walk, root: &Path) -> Vec<String> {
        walk.sources
            .iter()
            .map(|source| match source {
                Source::Stdin => "-".to_owned(),
                Source::File(path) => path.strip_prefix(root).unwrap().display().to_string(),
                Source::Blob(blob) => blob.name.clone(),
            })
            .collect()
    }

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        root
    }

    #[test]
    fn directories_are_sorted_and_hidden_and_foreign_files_skipped() {
        let root = tree(&[
            "b.yml",
            "a/z.json",
            "a/.hidden.yaml",
            ".git/x.yaml",
            "c.jsonl",
            "README.md",
            "a/kustomization.yaml",
        ]);
        let walk = Walk::new(&[root.path().to_owned()]);
        assert_eq!(shown(&walk, root.path()), ["a/z.json", "b.yml", "c.jsonl"]);
        assert_eq!(walk.skipped, BTreeMap::from([("Kustomization", 1)]));
        assert!(walk.errors.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_end_and_a_file_counts_once() {
        let root = tree(&["a/one.yaml"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink(root.path().join("a/one.yaml"), root.path().join("b.yaml")).unwrap();
        let walk = Walk::new(&[root.path().to_owned(), root.path().join("b.yaml")]);
        assert_eq!(shown(&walk, root.path()), ["a/one.yaml"]);
        assert!(walk.errors.is_empty(), "{:?}", walk.errors);
    }

    #[cfg(unix)]
    #[test]
    fn a_manifest_that_is_a_link_to_nothing_is_an_error() {
        let root = tree(&["a.yaml"]);
        std::os::unix::fs::symlink("gone", root.path().join("b.yaml")).unwrap();
        std::os::unix::fs::symlink("gone", root.path().join("notes.md")).unwrap();
        let walk = Walk::new(&[root.path().to_owned()]);
        assert_eq!(walk.errors.len(), 1);
        assert!(walk.errors[0].to_string().contains("b.yaml"));
    }

    #[test]
    fn an_empty_directory_and_a_missing_path_are_errors() {
        let root = tree(&["README.md"]);
        let walk = Walk::new(&[
            root.path().to_owned(),
            root.path().join("no"),
            "-".into(),
            "-".into(),
        ]);
        let errors: Vec<String> = walk.errors.iter().map(ToString::to_string).collect();
        assert!(errors[0].contains("holds no file named"), "{errors:?}");
        assert!(errors[1].contains("no such file"), "{errors:?}");
        assert_eq!(walk.sources, [Source::Stdin]);
    }
}
