//! A cluster after documents were applied, and a server that answers as the API server does.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::run::{code, err, out, root};
use crate::server::{Answer, Server};

/// What a cluster holds, by plural and name.
#[derive(Default, Clone)]
pub struct Held(pub BTreeMap<String, BTreeMap<String, Value>>);

impl Held {
    /// What the operator leaves after these documents were applied: with all that the API server and others add.
    pub fn after(documents: &str) -> Self {
        let mut held = Self::default();
        let yaml = rackwright(&["validate", documents, "--output", "json"], None);
        assert_eq!(code(&yaml), 0, "{}", err(&yaml));
        for file in ["supercluster", "fabrics", "pools", "storage", "site"] {
            let path = root().join(documents).join(format!("{file}.yaml"));
            let Ok(text) = fs::read_to_string(path) else {
                continue;
            };
            for document in text.split("\n---\n") {
                held.add(serde_yaml::from_str(document).unwrap());
            }
        }
        let plan = rackwright(&["plan", documents, "--output", "jsonl"], None);
        for line in out(&plan).lines() {
            held.add(serde_json::from_str(line).unwrap());
        }
        held
    }

    /// Adds an object, with what the API server adds to it.
    pub fn add(&mut self, mut object: Value) {
        let plural = match object["kind"].as_str().unwrap() {
            "NodeInventory" => "nodeinventories".to_owned(),
            kind => kind.to_lowercase() + "s",
        };
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let metadata = object["metadata"].as_object_mut().unwrap();
        let added = json!({
            "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1, "resourceVersion": "5", "uid": "0-1",
            "managedFields": [{"fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:gpu": {}}}, "manager": "kubectl"}],
        });
        metadata.extend(added.as_object().unwrap().clone());
        if !plural.starts_with("node") {
            metadata.insert("finalizers".to_owned(), json!(["rackwright.dev/detach"]));
            let applied = json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"spec\":{}}"});
            metadata.insert("annotations".to_owned(), applied);
            object["status"] = json!({"observedGeneration": 1, "conditions": []});
        }
        self.0.entry(plural).or_default().insert(name, object);
    }

    /// Edits an object.
    pub fn edit(&mut self, plural: &str, name: &str, edit: impl FnOnce(&mut Value)) {
        edit(self.0.get_mut(plural).unwrap().get_mut(name).unwrap());
    }

    /// Serves it by pages.
    pub fn serve(self) -> Server {
        Server::start(move |path, _| {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let plural = path.rsplit('/').next().unwrap();
            let number = |key: &str| {
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs
                    .find(|(found, _)| *found == key)
                    .and_then(|(_, value)| value.parse().ok())
            };
            let objects: Vec<Value> = self
                .0
                .get(plural)
                .into_iter()
                .flat_map(BTreeMap::values)
                .cloned()
                .collect();
            let (from, limit) = (
                number("continue").unwrap_or(0),
                number("limit").unwrap_or(usize::MAX).min(50),
            );
            let to = from.saturating_add(limit).min(objects.len());
            let token = if to < objects.len() {
                to.to_string()
            } else {
                String::new()
            };
            Answer::page(&objects[from..to], "7", &token)
        })
    }
}

/// Runs the program; `KUBECONFIG` is set or absent.
pub fn rackwright(arguments: &[&str], kubeconfig: Option<&OsStr>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rackwright"));
    command
        .args(arguments)
        .current_dir(root())
        .env("TERM", "dumb")
        .env("HOME", "/nonexistent");
    match kubeconfig {
        Some(path) => command.env("KUBECONFIG", path),
        None => command.env_remove("KUBECONFIG"),
    };
    command.output().unwrap()
}
