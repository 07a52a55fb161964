//! A file that is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::unfinished::Unfinished;

/// Writes a file beside its place and moves it there when it is whole: who reads it never meets half of it, and a full
/// disk leaves what was there before.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (place, permissions) = match fs::metadata(path) {
        // A pipe or a device is written to, not replaced; a folder refuses that in its own words.
        Ok(metadata) if !metadata.is_file() => {
            return OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        // What a link leads to is replaced, not the link.
        Ok(metadata) => (fs::canonicalize(path)?, Some(metadata.permissions())),
        Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error),
    };
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let new = place.with_file_name(format!(".{name}.new-{}", std::process::id()));
    // What a killed run of the same process number left.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let unfinished = Unfinished::begin(&new);
    let mut file = File::create_new(&new)?;
    let written = file
        .write_all(bytes)
        // Some file systems say only here that the disk is full.
        .and_then(|()| file.sync_all())
        .and_then(|()| permissions.map_or(Ok(()), |bits| fs::set_permissions(&new, bits)))
        .and_then(|()| unfinished.finish(|| fs::rename(&new, &place)));
    if written.is_err() {
        // The first error is the one that tells.
        fs::remove_file(&new).unwrap_or(());
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write(&path, b"first").unwrap();
        write(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_place_that_cannot_be_written_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write(&folder.path().join("no/out"), b"x").is_err());
        fs::create_dir(folder.path().join("out")).unwrap();
        assert!(write(&folder.path().join("out"), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
