//! Our CRDs as the JSON schemas that kubeconform reads.

use std::path::{Path, PathBuf};

use rackwright_api::{crds, json_schema};

/// Writes `<kind>.json` for each kind; returns the folder.
pub fn write(folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for kind in crds::kinds() {
        let file = folder.join(kind.to_lowercase()).with_extension("json");
        std::fs::write(file, json_schema::of_kind(kind).to_string())?;
    }
    Ok(folder.to_owned())
}
