//! kubeconform and kubectl-validate on the same files, each with our CRDs in the form that it reads.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rackwright_api::{crds, json_schema};
use rackwright_e2e::root;
use serde_json::Value;

use super::said::Said;

/// A validator that people use without ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Kubeconform,
    KubectlValidate,
}

impl Peer {
    pub const ALL: [Self; 2] = [Self::Kubeconform, Self::KubectlValidate];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kubeconform => "kubeconform",
            Self::KubectlValidate => "kubectl-validate",
        }
    }

    /// The version that `e2e/peers/install` installed.
    pub fn version(self) -> String {
        let file = installed(self.name()).with_extension("version");
        let text =
            std::fs::read_to_string(file).unwrap_or_else(|_| panic!("{} is not installed", self.name()));
        text.trim().to_owned()
    }

    /// What it says of the files below a folder that it refuses, by the name of the file without its extension.
    pub fn judge(self, folder: &Path) -> BTreeMap<String, Said> {
        let program = root().join("target/peers/bin").join(self.name());
        let mut command = Command::new(program);
        let schemas = tempfile::tempdir().unwrap();
        match self {
            Self::Kubeconform => {
                for kind in crds::kinds() {
                    let file = schemas.path().join(kind.to_lowercase()).with_extension("json");
                    std::fs::write(file, json_schema::of_kind(kind).to_string()).unwrap();
                }
                command.args(["-strict", "-output", "json", "-schema-location"]);
                command.arg(schemas.path().join("{{.ResourceKind}}.json"));
            }
            Self::KubectlValidate => {
                command
                    .args(["--output", "json", "--local-crds"])
                    .arg(root().join("crds"));
                // The cluster of the suite would give it the schemas instead.
                command.env_remove("KUBECONFIG");
            }
        }
        let output = command.arg(folder).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}: {}",
            self.name(),
            String::from_utf8_lossy(&output.stderr)
        );
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        match self {
            Self::Kubeconform => kubeconform(&report),
            Self::KubectlValidate => kubectl_validate(&report),
        }
    }
}

fn installed(name: &str) -> std::path::PathBuf {
    root().join("target/peers").join(name)
}

fn stem(file: &str) -> String {
    Path::new(file).file_stem().unwrap().display().to_string()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// `{ resources: [{ filename, status, msg, validationErrors: [{ path, msg }] }] }`, of what is not valid alone.
fn kubeconform(report: &Value) -> BTreeMap<String, Said> {
    let mut found: BTreeMap<String, Said> = BTreeMap::new();
    for resource in report["resources"].as_array().into_iter().flatten() {
        let said = found.entry(stem(text(resource, "filename"))).or_default();
        said.add("", text(resource, "msg"));
        for error in resource["validationErrors"].as_array().into_iter().flatten() {
            said.add(&text(error, "path").replace('/', "."), text(error, "msg"));
        }
    }
    found
}

/// `{ FILE: [Status] }`, one for each document.
fn kubectl_validate(report: &Value) -> BTreeMap<String, Said> {
    let mut found: BTreeMap<String, Said> = BTreeMap::new();
    for (file, statuses) in report.as_object().unwrap() {
        for status in statuses.as_array().into_iter().flatten() {
            if text(status, "status") == "Success" {
                continue;
            }
            let said = found.entry(stem(file)).or_default();
            said.add("", text(status, "message"));
            for cause in status["details"]["causes"].as_array().into_iter().flatten() {
                said.add(text(cause, "field"), text(cause, "message"));
            }
        }
    }
    found
}
