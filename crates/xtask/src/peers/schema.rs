//! Our CRDs as the JSON schemas that kubeconform reads.

use std::path::{Path, PathBuf};

use anyhow::Context;
use rackwright_api::json_schema;

/// Writes `<kind>.json` for each kind; returns the folder.
pub fn write(folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for crd in rackwright_api::crds::all() {
        let kind = crd["spec"]["names"]["kind"]
            .as_str()
            .context("a CRD without kind")?;
        let file = folder.join(kind.to_lowercase()).with_extension("json");
        std::fs::write(file, json_schema::of_kind(kind).to_string())?;
    }
    Ok(folder.to_owned())
}
