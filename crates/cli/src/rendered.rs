//! What Kustomize and Helm make of a directory, through the programs that are installed.
//!
//! They are named with `kustomize:` and `helm:` and never found by themselves: both may fetch what their files name, and
//! whoever checks a change has not read it yet.

use std::io::{self, ErrorKind};
use std::process::{Command, Stdio};

use rackwright_manifest::render::printable;

use crate::git::Blob;

/// Characters of what a program says that are quoted.
const QUOTED: usize = 2_000;

/// A program that did not render.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// None of the programs is there.
    #[error("{name}: needs {programs}, which is not installed")]
    Missing {
        /// What was asked for.
        name: String,
        /// Programs, one of which is needed.
        programs: &'static str,
    },
    /// It cannot be run.
    #[error("{name}: {program} cannot be run: {error}")]
    Run {
        /// What was asked for.
        name: String,
        /// The program.
        program: &'static str,
        /// Why.
        error: io::Error,
    },
    /// It failed.
    #[error("{name}: {program} fails: {said}")]
    Failed {
        /// What was asked for.
        name: String,
        /// The program.
        program: &'static str,
        /// What it says.
        said: String,
    },
}

/// Whether a name asks for a program.
pub fn is_asked(name: &str) -> bool {
    ["kustomize:", "helm:"].iter().any(|word| name.starts_with(word))
}

/// Renders `kustomize:DIR` or `helm:CHART[,VALUES...]`; none for what names neither.
pub fn render(name: &str) -> Option<Result<Vec<Blob>, ToolError>> {
    if let Some(folder) = name.strip_prefix("kustomize:") {
        let programs: [(&str, &[&str]); 2] = [
            ("kustomize", &["build", "--", folder]),
            ("kubectl", &["kustomize", "--", folder]),
        ];
        let output = first(name, &programs, "`kustomize` or `kubectl`");
        let blob = |bytes| Blob {
            name: name.to_owned(),
            bytes,
        };
        return Some(output.map(|bytes| vec![blob(bytes)]));
    }
    let mut words = name.strip_prefix("helm:")?.split(',');
    let chart = words.next().unwrap_or_default();
    let values = words.flat_map(|file| ["--values", file]);
    let arguments: Vec<&str> = ["template"]
        .into_iter()
        .chain(values)
        .chain(["--", chart])
        .collect();
    let output = first(name, &[("helm", &arguments)], "`helm`");
    Some(output.map(|bytes| by_template(chart, &bytes)))
}

/// What the first program says that is there.
fn first(
    name: &str,
    programs: &[(&'static str, &[&str])],
    needed: &'static str,
) -> Result<Vec<u8>, ToolError> {
    for (program, arguments) in programs {
        let output = Command::new(program)
            .args(*arguments)
            .stdin(Stdio::null())
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(ToolError::Run {
                    name: name.to_owned(),
                    program,
                    error,
                });
            }
        };
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = printable(said.trim()).chars().take(QUOTED).collect();
        return Err(ToolError::Failed {
            name: name.to_owned(),
            program,
            said: if said.is_empty() {
                format!("{}, and says nothing", output.status)
            } else {
                said
            },
        });
    }
    Err(ToolError::Missing {
        name: name.to_owned(),
        programs: needed,
    })
}

/// A text for each template, as `helm template --show-only` prints it: documents begin with a line that names theirs.
fn by_template(chart: &str, bytes: &[u8]) -> Vec<Blob> {
    const BEGIN: &[u8] = b"---\n# Source: ";
    let mut blobs: Vec<Blob> = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let next = memchr::memmem::find_iter(rest, BEGIN).find(|&at| at > 0 && rest[at - 1] == b'\n');
        let (document, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        let name = template(chart, document, BEGIN);
        match blobs.last_mut() {
            Some(last) if last.name == name => last.bytes.extend_from_slice(document),
            _ => blobs.push(Blob {
                name,
                bytes: document.to_vec(),
            }),
        }
    }
    blobs
}

/// `helm:` and the path of the template, which Helm names by the chart and the path in it.
fn template(chart: &str, document: &[u8], begin: &[u8]) -> String {
    let source = document.strip_prefix(begin).and_then(|rest| {
        let line = rest.split(|&byte| byte == b'\n').next()?;
        let (_, path) = std::str::from_utf8(line).ok()?.trim_end().split_once('/')?;
        Some(path)
    });
    let chart = chart.trim_end_matches('/');
    match source {
        Some(path) => format!("helm:{chart}/{path}"),
        None => format!("helm:{chart}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_template_of_helm_is_a_text_of_its_own() {
        let text = "---\n# Source: site/templates/a.yaml\na: 1\n---\n# Source: site/templates/a.yaml\nb: |\n  ---\n  # Source: x/y\n---\n# Source: site/charts/sub/templates/b.yaml\nc: 1\n---\nd: 1\n";
        let blobs = by_template("charts/site/", text.as_bytes());
        let names: Vec<&str> = blobs.iter().map(|blob| &*blob.name).collect();
        assert_eq!(
            names,
            [
                "helm:charts/site/templates/a.yaml",
                "helm:charts/site/charts/sub/templates/b.yaml"
            ]
        );
        let whole: Vec<u8> = blobs.iter().flat_map(|blob| blob.bytes.clone()).collect();
        assert_eq!(whole, text.as_bytes());
        assert_eq!(by_template("site", b"a: 1\n")[0].name, "helm:site");
        assert_eq!(by_template("site", b""), []);
    }

    #[test]
    fn other_names_are_not_rendered() {
        for name in ["kustomize", "helm", "main:deploy", "a/helm:b"] {
            assert!(render(name).is_none(), "{name}");
        }
    }
}
