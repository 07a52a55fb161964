//! A cluster as `kubectl get -o json` saves it, made from what `rackwright plan` prints.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::run::{err, out, run_in};

/// A time that statuses say.
pub const WHEN: &str = "2026-01-01T00:00:00Z";

/// An object as a person writes it.
pub fn object(kind: &str, name: &str, spec: impl Into<Value>) -> Value {
    let spec: Value = spec.into();
    json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// A condition of the first generation.
pub fn condition(type_: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"lastTransitionTime": WHEN, "message": message, "observedGeneration": 1, "reason": reason, "status": status, "type": type_})
}

/// Objects as one file.
pub fn documents(objects: &[Value]) -> String {
    let documents: Vec<String> = objects.iter().map(Value::to_string).collect();
    documents.join("\n---\n")
}

/// What a cluster holds: all of it compiled, written, applied and seen.
#[derive(Debug, Clone)]
pub struct Saved {
    items: Vec<Value>,
    /// What was compiled from an older state of the intents.
    older: Vec<Value>,
}

fn plan(folder: &Path, intents: &[Value]) -> Vec<Value> {
    fs::write(folder.join("intents.yaml"), documents(intents)).unwrap();
    let output = run_in(folder, &["plan", "intents.yaml", "-o", "jsonl"], b"");
    let lines = out(&output);
    assert!(!lines.is_empty(), "{}", err(&output));
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn stored(mut object: Value) -> Value {
    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.insert("creationTimestamp".to_owned(), json!(WHEN));
    metadata.insert("generation".to_owned(), json!(1));
    metadata.insert("resourceVersion".to_owned(), json!("7"));
    metadata.insert("uid".to_owned(), json!(format!("uid-of-{name}")));
    match object["kind"].as_str().unwrap() {
        "NodeProfile" | "NodeInventory" => {}
        "NodeConfig" => {
            let seen = json!({"at": WHEN, "hash": object["spec"]["hash"]});
            object["status"] =
                json!({"applied": seen, "observed": seen, "observedGeneration": 1, "phase": "Applied"});
        }
        _ => {
            let ready = condition(
                "Ready",
                "True",
                "Compiled",
                "compiled; all node configurations are written",
            );
            object["status"] =
                json!({"conditions": [ready], "findingCount": 0, "nodes": 1, "observedGeneration": 1});
        }
    }
    object
}

impl Saved {
    /// A cluster with these intents, which had others before.
    pub fn of(folder: &Path, intents: &[Value], older: &[Value]) -> Self {
        let written = plan(folder, intents);
        Self {
            items: intents.iter().cloned().chain(written).map(stored).collect(),
            older: plan(folder, older),
        }
    }

    /// The names of a kind.
    pub fn of_kind(&self, kind: &str) -> Vec<String> {
        let items = self.items.iter().filter(|object| object["kind"] == kind);
        items
            .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The names of the NodeConfigs.
    pub fn configs(&self) -> impl Iterator<Item = String> + use<> {
        self.of_kind("NodeConfig").into_iter()
    }

    /// One object.
    pub fn object(&mut self, kind: &str, name: &str) -> &mut Value {
        let mut items = self.items.iter_mut();
        items
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
            .unwrap()
    }

    /// One NodeConfig.
    pub fn config(&mut self, name: &str) -> &mut Value {
        self.object("NodeConfig", name)
    }

    /// Takes an object away.
    pub fn remove(&mut self, kind: &str, name: &str) {
        self.items
            .retain(|object| object["kind"] != kind || object["metadata"]["name"] != name);
    }

    /// A node with the NodeConfig of another one.
    pub fn copy(&mut self, of: &str, name: &str) {
        let mut copy = self.config(of).clone();
        copy["metadata"]["name"] = json!(name);
        self.items.push(copy);
    }

    /// Gives a node back the configuration of the older intents, with its profile.
    pub fn older(&mut self, name: &str) {
        let find = |kind: &str, name: &Value| {
            let mut older = self.older.iter();
            older
                .find(|object| object["kind"] == kind && object["metadata"]["name"] == *name)
                .unwrap()
                .clone()
        };
        let spec = find("NodeConfig", &json!(name))["spec"].clone();
        let profile = stored(find("NodeProfile", &spec["profile"]));
        let config = self.config(name);
        config["spec"] = spec;
        config["metadata"]["generation"] = json!(2);
        if !self.items.contains(&profile) {
            self.items.push(profile);
        }
    }

    /// Writes it as kubectl prints it.
    pub fn write(&self, file: &Path) {
        let list = json!({"apiVersion": "v1", "items": self.items, "kind": "List", "metadata": {"resourceVersion": ""}});
        let mut text = Vec::new();
        let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        serde::Serialize::serialize(
            &list,
            &mut serde_json::Serializer::with_formatter(&mut text, indent),
        )
        .unwrap();
        fs::write(file, text).unwrap();
    }
}
