//! Names of files, as editors write them and as the file system does.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;
use url::Url;

/// The file that an editor names; none for a text that is in no file.
pub fn file(uri: &Uri) -> Option<PathBuf> {
    let path = Url::parse(uri.as_str()).ok()?.to_file_path().ok()?;
    // The real path, so that a file met in a folder is the one that is open. A new file has none yet.
    Some(path.canonicalize().unwrap_or(path))
}

/// The name of a file for an editor; none for a path that is not absolute.
pub fn of_file(path: &Path) -> Option<Uri> {
    let url = Url::from_file_path(path).ok()?;
    Uri::from_str(url.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_umlauts_comes_back() {
        let path = Path::new("/no such/prüf#1%.yaml");
        let uri = of_file(path).unwrap();
        assert_eq!(uri.as_str(), "file:///no%20such/pr%C3%BCf%231%25.yaml");
        assert_eq!(file(&uri).as_deref(), Some(path));
        assert_eq!(of_file(Path::new("relative.yaml")), None);
        assert_eq!(file(&Uri::from_str("untitled:1").unwrap()), None);
    }
}
