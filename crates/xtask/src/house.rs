//! Rules of the house that no compiler checks.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::{root, say};

/// The workspace from bottom to top. An arrow (a dependency) points to a crate of an earlier row only.
const LAYERS: &[&[&str]] = &[
    &["hostset", "api", "manifest"],
    &["plan-check", "fabric"],
    &["planner"],
    &["render"],
    &["fake-apiserver", "live"],
    &["operator", "cli"],
    &["xtask", "e2e"],
];

/// Crates that look at nothing but their arguments.
const PURE: &[&str] = &[
    "hostset",
    "api",
    "manifest",
    "fabric",
    "planner",
    "plan-check",
    "render",
];

/// What a pure crate's tree must not hold: runtimes, clients, clocks, randomness, readers of the environment. `jiff` is
/// k8s-openapi's time type; its clock is kept out by the lint on `Timestamp::now` and its features.
const IMPURE: &[&str] = &[
    "tokio",
    "mio",
    "async-std",
    "smol",
    "hyper",
    "reqwest",
    "ureq",
    "axum",
    "tonic",
    "kube-client",
    "kube-runtime",
    "rustls",
    "socket2",
    "chrono",
    "time",
    "rand",
    "getrandom",
    "fastrand",
    "dirs",
    "home",
    "dotenvy",
    "envy",
    "clap",
    "notify",
    "rustix",
    "nix",
];

/// Impure crates that a pure tree may hold below one crate alone, and why.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    // CEL computes with timestamps; no function of kube-cel's environment reads the clock.
    ("chrono", &["cel", "kube-cel"]),
];

/// Lines that a source file may have.
const MAX_LINES: usize = 500;

/// Fails with every broken rule, not only the first.
pub fn run() -> anyhow::Result<()> {
    let mut broken = Vec::new();
    arrows(&mut broken)?;
    purity(&mut broken)?;
    sources(&root().join("crates"), &mut broken)?;
    sources(&root().join("e2e"), &mut broken)?;
    if broken.is_empty() {
        say("house: pure crates are pure, arrows point downwards, files are short");
        return Ok(());
    }
    bail!(
        "{} rules of the house are broken:\n  {}",
        broken.len(),
        broken.join("\n  ")
    )
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

/// Every dependency inside the workspace points to a lower layer. `plan-check` lies below `planner`, which calls it, so it
/// cannot borrow from it.
fn arrows(broken: &mut Vec<String>) -> anyhow::Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--locked"])
        .current_dir(root())
        .output()
        .context("running cargo metadata")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
    for package in metadata["packages"].as_array().context("packages")? {
        let name = short(package["name"].as_str().unwrap_or_default());
        let folder = Path::new(package["manifest_path"].as_str().unwrap_or_default()).parent();
        let folder = folder
            .and_then(Path::file_name)
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if folder != name {
            broken.push(format!("crate {name} lies in a folder named {folder}"));
        }
        let Some(from) = layer(name) else {
            broken.push(format!("crate {name} has no place in LAYERS"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let full = dependency["name"].as_str().unwrap_or_default();
            if !full.starts_with("rackwright-") || dependency["kind"] == "dev" {
                continue;
            }
            match layer(short(full)) {
                Some(to) if to < from => {}
                _ => broken.push(format!(
                    "{name} depends on {}, which is not below it",
                    short(full)
                )),
            }
        }
    }
    Ok(())
}

fn short(name: &str) -> &str {
    name.strip_prefix("rackwright-").unwrap_or(name)
}

fn purity(broken: &mut Vec<String>) -> anyhow::Result<()> {
    for name in PURE {
        let output = Command::new(env!("CARGO"))
            .args([
                "tree", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}", "-p",
            ])
            .arg(format!("rackwright-{name}"))
            .current_dir(root())
            .output()
            .context("running cargo tree")?;
        if !output.status.success() {
            bail!(
                "cargo tree -p rackwright-{name}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let tree = String::from_utf8(output.stdout)?;
        let crates: BTreeSet<&str> = tree
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        for impure in IMPURE.iter().filter(|impure| crates.contains(**impure)) {
            let excepted = EXCEPTIONS
                .iter()
                .find(|(excepted, _)| excepted == impure)
                .map_or(&[][..], |(_, below)| *below);
            let dependents = dependents(name, impure)?;
            if !dependents.is_empty()
                && dependents
                    .iter()
                    .all(|dependent| excepted.contains(&dependent.as_str()))
            {
                continue;
            }
            broken.push(format!(
                "pure crate {name} depends on {impure} (cargo tree -p rackwright-{name} -i {impure})"
            ));
        }
    }
    Ok(())
}

/// The crates that depend on `wanted` directly, in the tree of a crate of ours.
fn dependents(name: &str, wanted: &str) -> anyhow::Result<Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}", "--depth", "1",
        ])
        .args(["-p", &format!("rackwright-{name}"), "-i", wanted])
        .current_dir(root())
        .output()
        .context("running cargo tree")?;
    let tree = String::from_utf8(output.stdout)?;
    let names = tree
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}

fn sources(folder: &Path, broken: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, broken)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path)?;
            let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            source(&shown, &text, broken);
        }
    }
    Ok(())
}

fn source(shown: &str, text: &str, broken: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > MAX_LINES {
        broken.push(format!(
            "{shown} has {lines} lines; {MAX_LINES} is the most: one concept a file"
        ));
    }
    if !text.starts_with("//!") {
        broken.push(format!("{shown} does not begin with what it is about (`//!`)"));
    }
    for mark in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!(")] {
        if text.contains(mark) {
            broken.push(format!("{shown} holds a {mark}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The least that builds is written in three places; the pinned toolchain is no older.
    #[test]
    fn versions_of_rust_agree() {
        let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
        let field = |text: &str, key: &str| -> String {
            let line = text.lines().find(|line| line.starts_with(key)).unwrap();
            line.split('"').nth(1).unwrap().to_owned()
        };
        let least = field(&read("Cargo.toml"), "rust-version");
        let pinned = field(&read("rust-toolchain.toml"), "channel");
        let numbers =
            |version: &str| -> Vec<u32> { version.split('.').map(|one| one.parse().unwrap()).collect() };
        assert!(
            numbers(&pinned) >= numbers(&least),
            "{pinned} is older than {least}"
        );
        assert!(read("e2e/lib.sh").contains(&format!("!= {least}.0 ")));
        assert!(read("README.md").contains(&format!("Rust {least} or newer")));
    }

    #[test]
    fn a_source_file_is_judged() {
        let mut broken = Vec::new();
        source("good.rs", "//! Good.\n", &mut broken);
        assert_eq!(broken, Vec::<String>::new());
        source(
            "bad.rs",
            &format!("fn main() {{}} // {}\n{}", concat!("TO", "DO"), "\n".repeat(600)),
            &mut broken,
        );
        assert_eq!(broken.len(), 3, "{broken:?}");
    }

    #[test]
    fn every_pure_crate_is_below_the_io_line() {
        for name in PURE {
            assert!(layer(name).is_some_and(|layer| layer < 4), "{name}");
        }
    }
}
