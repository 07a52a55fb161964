//! `rackwright version`.

use std::io::Write;

use rackwright_api::labels::{API_REVISION, API_VERSION};
use serde_json::json;

use super::VerbError;
use crate::args::{TextOrJson, Version};
use crate::exit::Exit;
use crate::output::{Out, forgive_broken_pipe};

/// Prints the version.
pub fn run(args: &Version, out: &mut Out) -> Result<Exit, VerbError> {
    let version = env!("CARGO_PKG_VERSION");
    let text = match args.output {
        TextOrJson::Text => format!("rackwright {version}\nAPI {API_VERSION} revision {API_REVISION}"),
        TextOrJson::Json => json!({
            "formatVersion": 1, "version": version, "apiVersion": API_VERSION, "apiRevision": API_REVISION,
        })
        .to_string(),
    };
    forgive_broken_pipe(writeln!(out, "{text}"))?;
    Ok(Exit::Clean)
}
