//! Folders that this program writes: a whole one or none, and never over somebody else's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::unfinished::Unfinished;

/// The file that says that a folder is ours.
pub const MANIFEST: &str = "manifest.json";

/// What the manifest names as its author.
pub const GENERATOR: &str = "rackwright";

/// A folder that must not be written to.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It holds what we did not write.
    #[error("{0}: is not empty and was not written by `rackwright render`; name a new or an empty folder")]
    NotOurs(String),
    /// It is no folder.
    #[error("{0}: is not a folder; name a new or an empty one")]
    NotAFolder(String),
    /// It has no name that another could take its place under.
    #[error("{0}: has no name of its own to be replaced under; name a folder inside it")]
    Nameless(String),
}

/// What lies at a path.
#[derive(Debug)]
pub enum Content {
    /// A file with its permission bits.
    File(String, u32),
    /// A link to `/dev/null`: a masked unit.
    Null,
}

/// Something in the folder, by its path below it.
#[derive(Debug)]
pub struct Entry {
    /// Relative, with slashes.
    pub path: String,
    /// What lies there.
    pub content: Content,
}

/// What is known of a manifest.
#[derive(Deserialize)]
struct Header {
    generator: String,
}

/// Looks whether the folder may be written, before any work is done for it.
pub fn check(folder: &Path) -> Result<(), super::verbs::VerbError> {
    let shown = || folder.display().to_string();
    if folder.file_name().is_none() {
        return Err(FolderError::Nameless(shown()).into());
    }
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(metadata) if !metadata.is_dir() => return Err(FolderError::NotAFolder(shown()).into()),
        Ok(_) => {}
    }
    if fs::read_dir(folder)?.next().is_none() {
        return Ok(());
    }
    let ours = fs::read(folder.join(MANIFEST))
        .ok()
        .and_then(|text| serde_json::from_slice::<Header>(&text).ok())
        .is_some_and(|header| header.generator == GENERATOR);
    if ours {
        Ok(())
    } else {
        Err(FolderError::NotOurs(shown()).into())
    }
}

/// The hash of a file for a manifest, as `b3sum` prints it.
pub fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Writes these entries as the whole content of the folder.
pub fn replace(folder: &Path, entries: &[Entry]) -> Result<(), super::verbs::VerbError> {
    fill(folder, |new| Ok(write(new, entries)?))
}

/// Fills a new folder beside the place and moves it there when it is whole. What it replaces goes only then.
pub fn fill<T>(
    folder: &Path,
    write: impl FnOnce(&Path) -> Result<T, super::verbs::VerbError>,
) -> Result<T, super::verbs::VerbError> {
    check(folder)?;
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&parent)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    // The process number keeps two runs apart; a name with a dot is no manifest to anybody.
    let beside = |what: &str| parent.join(format!(".{name}.{what}-{}", std::process::id()));
    let (new, old) = (beside("new"), beside("old"));
    let unfinished = Unfinished::begin(&new);
    fs::create_dir(&new)?;
    let written = write(&new).and_then(|written| {
        unfinished.finish(|| exchange(folder, &new, &old))?;
        Ok(written)
    });
    if written.is_err() && new.exists() {
        fs::remove_dir_all(&new)?;
    }
    written
}

fn exchange(folder: &Path, new: &Path, old: &Path) -> io::Result<()> {
    let replaces = folder.exists();
    if replaces {
        fs::rename(folder, old)?;
    }
    if let Err(error) = fs::rename(new, folder) {
        if replaces {
            fs::rename(old, folder)?;
        }
        return Err(error);
    }
    if replaces { fs::remove_dir_all(old) } else { Ok(()) }
}

/// Makes the folder that a file shall lie in.
pub fn make_room(place: &Path) -> io::Result<()> {
    Unfinished::go_on();
    place.parent().map_or(Ok(()), fs::create_dir_all)
}

fn write(folder: &Path, entries: &[Entry]) -> io::Result<()> {
    for entry in entries {
        let path = folder.join(&entry.path);
        make_room(&path)?;
        match &entry.content {
            Content::File(text, mode) => {
                fs::write(&path, text)?;
                permissions(&path, *mode)?;
            }
            Content::Null => link_to_null(&path)?,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn permissions(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(unix)]
fn link_to_null(path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink("/dev/null", path)
}

/// Elsewhere files have no such bits; the manifest holds them.
#[cfg(not(unix))]
fn permissions(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// systemd takes an empty unit file for a masked unit as well.
#[cfg(not(unix))]
fn link_to_null(path: &Path) -> io::Result<()> {
    fs::write(path, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, text: &str) -> Entry {
        Entry {
            path: path.to_owned(),
            content: Content::File(text.to_owned(), 0o600),
        }
    }

    fn manifest() -> Entry {
        entry(MANIFEST, &format!("{{\"generator\":\"{GENERATOR}\"}}"))
    }

    #[test]
    fn a_folder_is_replaced_as_a_whole() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("new/node");
        replace(&folder, &[manifest(), entry("etc/a/b", "1")]).unwrap();
        replace(&folder, &[manifest(), entry("etc/c", "2")]).unwrap();
        assert!(!folder.join("etc/a").exists());
        assert_eq!(fs::read_to_string(folder.join("etc/c")).unwrap(), "2");
        assert_eq!(
            fs::read_dir(root.path().join("new")).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("precious"), "x").unwrap();
        let error = replace(root.path(), &[manifest()]).unwrap_err();
        assert!(error.to_string().contains("not written by"), "{error}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
        fs::write(root.path().join(MANIFEST), r#"{"generator":"other"}"#).unwrap();
        assert!(replace(root.path(), &[manifest()]).is_err());
        assert!(
            replace(&root.path().join("precious"), &[manifest()]).is_err(),
            "a file is no folder"
        );
    }

    #[test]
    fn a_write_that_fails_leaves_what_was_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("node");
        replace(&folder, &[manifest(), entry("a", "1")]).unwrap();
        // A path below a file cannot be made.
        let broken = [manifest(), entry("a", "2"), entry("a/b", "3")];
        assert!(replace(&folder, &broken).is_err());
        assert_eq!(fs::read_to_string(folder.join("a")).unwrap(), "1");
        assert_eq!(
            fs::read_dir(root.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }
}
