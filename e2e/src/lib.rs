//! What the suite, the scale benchmark and the demo share: a cluster, the operator as a process, the audit log.
//!
//! It never mocks: the cluster is that of `KUBECONFIG`, the operator is the built binary with the rights of the chart's
//! ServiceAccount, the counts come from the API server's own audit log.
//!
//! Where to start: the scenarios in `suite/`.

pub mod audit;
pub mod cluster;
pub mod operator;

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// A variable that `e2e/run-suite` sets.
#[expect(
    clippy::disallowed_methods,
    reason = "the scripts hand paths over in the environment"
)]
pub fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).map_err(|_| anyhow::anyhow!("{name} is not set; run `make e2e`"))
}

/// A program that `e2e/run-suite` built.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    Ok(Path::new(&variable("RACKWRIGHT_BIN")?).join(name))
}
