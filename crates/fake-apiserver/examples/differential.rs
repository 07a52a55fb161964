//! Runs random writes on the in-memory server and on the server of the current kubeconfig, and reports each answer that
//! differs. Arguments: number of sequences (default 20), first seed (default 1).

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::process::ExitCode;

use http::header::{CONTENT_TYPE, WARNING};
use http::{Method, Request};
use kube::Client;
use kube::client::Body;
use rackwright_fake_apiserver::FakeApiServer;
use rackwright_fake_apiserver::conformance::install;
use serde_json::{Map, Value, json};

/// What the writes are about.
struct Subject {
    collection: &'static str,
    api_version: &'static str,
    kind: &'static str,
    /// The field beside metadata.
    content: &'static str,
    has_status: bool,
    patches: &'static [&'static str],
}

const SUBJECTS: [Subject; 2] = [
    Subject {
        collection: "/apis/conformance.rackwright.dev/v1/widgets",
        api_version: "conformance.rackwright.dev/v1",
        kind: "Widget",
        content: "spec",
        has_status: true,
        patches: &["/spec/color", "/spec/plain/0", "/spec/size"],
    },
    Subject {
        collection: "/api/v1/namespaces/default/configmaps",
        api_version: "v1",
        kind: "ConfigMap",
        content: "data",
        has_status: false,
        patches: &["/data/x", "/data/y", "/metadata/labels/x"],
    },
];

/// Stands for the resource version that the server last gave.
const LATEST: &str = "latest";

/// Steps of one sequence.
const STEPS: u64 = 25;

type Failure = Box<dyn std::error::Error>;

/// Numbers from a seed (splitmix64): the same on each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
    }

    fn some_of(&mut self, list: &[&str]) -> Vec<String> {
        list.iter()
            .filter(|_| self.chance(2))
            .map(|one| (*one).to_owned())
            .collect()
    }

    /// The content of a subject.
    fn content(&mut self, subject: &Subject) -> Value {
        if subject.content == "spec" {
            return self.spec();
        }
        let keys = self.some_of(&["x", "y", "z"]);
        keys.into_iter()
            .map(|key| (key, self.below(2).to_string().into()))
            .collect::<Map<_, _>>()
            .into()
    }

    /// A spec with some of its fields; small domains, so that values meet.
    fn spec(&mut self) -> Value {
        let mut spec = json!({ "size": if self.chance(8) { 13 } else { self.below(3) } });
        if self.chance(12) {
            spec["zap"] = 1.into();
        }
        if self.chance(2) {
            spec["color"] = self.pick(&["red", "green", "red", "green", "blue"]).into();
        }
        if self.chance(3) {
            spec["level"] = self.below(4).into();
        }
        if self.chance(2) {
            spec["tags"] = self.some_of(&["p", "q", "r"]).into();
        }
        if self.chance(2) {
            spec["plain"] = self.some_of(&["a", "b"]).into();
        }
        if self.chance(2) {
            let labels = self.some_of(&["x", "y", "z"]);
            spec["labels"] = labels
                .into_iter()
                .map(|key| (key, self.below(2).to_string().into()))
                .collect::<Map<_, _>>()
                .into();
        }
        if self.chance(2) {
            let names = self.some_of(&["one", "two", "three"]);
            spec["ports"] = names.into_iter().map(|name| self.port(&name)).collect();
        }
        if self.chance(3) {
            spec["atom"] = json!({ self.pick(&["a", "b"]): self.below(2).to_string() });
        }
        spec
    }

    fn port(&mut self, name: &str) -> Value {
        let mut port = json!({ "name": name });
        if self.chance(2) {
            port["port"] = self.below(2).into();
        }
        if self.chance(3) {
            port["note"] = self.pick(&["n", "m"]).into();
        }
        port
    }

    /// Metadata without empty maps: those reach etcd as they are but are left out of the next encoding, so that the
    /// next write of a real server is not the no-op that it seems.
    fn metadata(&mut self, name: &str) -> Value {
        let mut metadata = json!({ "name": name });
        let labels = self.some_of(&["x", "y"]);
        if self.chance(3) && !labels.is_empty() {
            metadata["labels"] = labels
                .into_iter()
                .map(|key| (key, self.below(2).to_string().into()))
                .collect::<Map<_, _>>()
                .into();
        }
        let finalizers = self.some_of(&["c.io/one", "c.io/two"]);
        if self.chance(4) && !finalizers.is_empty() {
            metadata["finalizers"] = finalizers.into();
        }
        metadata
    }
}

/// One request.
#[derive(Debug)]
struct Step {
    method: Method,
    path: String,
    content_type: &'static str,
    body: Value,
}

fn step(random: &mut Random, subject: &Subject, name: &str) -> Step {
    let object = format!("{}/{name}", subject.collection);
    let widget = |random: &mut Random| {
        json!({
            "apiVersion": subject.api_version, "kind": subject.kind,
            "metadata": random.metadata(name), subject.content: random.content(subject)
        })
    };
    let mut manager = random.pick(&["one", "two", "three"]).to_owned();
    if random.chance(8) {
        manager.push_str("&dryRun=All");
    }
    if random.chance(8) {
        manager.push_str(random.pick(&["&fieldValidation=Strict", "&fieldValidation=Ignore"]));
    }
    match random.below(14) {
        0 => Step {
            method: Method::POST,
            path: format!("{}?fieldManager={manager}", subject.collection),
            content_type: "application/json",
            body: widget(random),
        },
        1..=5 => Step {
            method: Method::PATCH,
            path: format!("{object}?fieldManager={manager}&force={}", random.chance(2)),
            content_type: "application/apply-patch+yaml",
            body: widget(random),
        },
        6 | 7 => {
            let mut body = json!({ subject.content: random.content(subject) });
            if random.chance(3) {
                body["metadata"] = random.metadata(name);
            }
            if random.chance(3) {
                body["spec"][random.pick(&["color", "tags", "ports", "labels", "atom", "plain"])] =
                    Value::Null;
            }
            Step {
                method: Method::PATCH,
                path: format!("{object}?fieldManager={manager}"),
                content_type: "application/merge-patch+json",
                body,
            }
        }
        8 | 9 if subject.has_status => {
            let mut body = widget(random);
            body["status"] = json!({ "phase": random.pick(&["A", "B"]) });
            let apply = random.chance(2);
            Step {
                method: Method::PATCH,
                path: format!("{object}/status?fieldManager={manager}"),
                content_type: if apply {
                    "application/apply-patch+yaml"
                } else {
                    "application/merge-patch+json"
                },
                body: if apply {
                    body
                } else {
                    json!({ "status": body["status"] })
                },
            }
        }
        10 | 11 => {
            let mut body = widget(random);
            if subject.has_status {
                body["status"] = json!({ "phase": random.pick(&["A", "B"]) });
            }
            let parts: &[&str] = if subject.has_status {
                &["", "", "/status"]
            } else {
                &[""]
            };
            if !random.chance(4) {
                body["metadata"]["resourceVersion"] = LATEST.into();
            }
            Step {
                method: Method::PUT,
                path: format!("{object}{}?fieldManager={manager}", random.pick(parts)),
                content_type: "application/json",
                body,
            }
        }
        12 => Step {
            method: Method::PATCH,
            path: format!("{object}?fieldManager={manager}"),
            content_type: "application/json-patch+json",
            body: json!([
                { "op": random.pick(&["replace", "add", "remove"]), "path": random.pick(subject.patches),
                  "value": random.pick(&["red", "a"]) }
            ]),
        },
        _ => Step {
            method: Method::DELETE,
            path: object,
            content_type: "application/json",
            body: json!({}),
        },
    }
}

/// Status and body of an answer, and the resource version in it.
async fn send(client: &Client, step: &Step, rv: &str) -> Result<(u16, Value, Vec<String>), Failure> {
    let mut body = step.body.clone();
    if body["metadata"]["resourceVersion"] == LATEST {
        body["metadata"]["resourceVersion"] = rv.into();
    }
    let request = Request::builder()
        .method(step.method.clone())
        .uri(&step.path)
        .header(CONTENT_TYPE, step.content_type)
        .body(Body::from(body.to_string().into_bytes()))?;
    let response = client.send(request).await?;
    let code = response.status().as_u16();
    let warnings = response.headers().get_all(WARNING).iter();
    let mut warnings: Vec<String> = warnings
        .filter_map(|value| value.to_str().ok())
        .map(str::to_owned)
        .collect();
    warnings.sort();
    let bytes = response.into_body().collect_bytes().await?;
    Ok((code, serde_json::from_slice(&bytes)?, warnings))
}

/// An answer without what may differ: times, uids, and the resource version but for whether it moved.
fn comparable(code: u16, mut body: Value, warnings: Vec<String>, last_rv: &mut String) -> Value {
    let rv = body["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let moved = !rv.is_empty() && rv != *last_rv;
    if !rv.is_empty() {
        *last_rv = rv;
    }
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in ["resourceVersion", "uid", "creationTimestamp"] {
            metadata.remove(name);
        }
        if let Some(time) = metadata.get_mut("deletionTimestamp") {
            *time = "some time".into();
        }
        for entry in metadata
            .get_mut("managedFields")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Some(entry) = entry.as_object_mut() {
                entry.remove("time");
            }
        }
        // Their order is by time first.
        if let Some(list) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
            list.sort_by_key(|entry| {
                format!(
                    "{}{}{}",
                    entry["operation"], entry["manager"], entry["subresource"]
                )
            });
        }
    }
    if let Some(details) = body.get_mut("details").and_then(Value::as_object_mut) {
        details.remove("uid");
        // The server says which rules it did not run; we say nothing about them.
        if let Some(causes) = details.get_mut("causes").and_then(Value::as_array_mut) {
            causes.retain(|cause| cause["field"] != "<nil>");
            // A refused patch carries the whole object, with its times and uid.
            for cause in causes.iter_mut().filter(|cause| cause["field"] == "patch") {
                cause["message"] = Value::Null;
            }
            // The server lists the managers of a conflict in random order.
            causes.sort_by_key(Value::to_string);
        }
    }
    if body["reason"] == "Invalid" || body["reason"] == "BadRequest" {
        body["message"] = Value::Null;
    }
    // The server also warns about a patch of an object that is not there.
    let warnings = if code == 404 { Vec::new() } else { warnings };
    json!({ "code": code, "moved": moved, "warnings": warnings, "body": body })
}

async fn run(real: &Client, sequences: u64, first: u64) -> Result<u64, Failure> {
    let mut differences = 0;
    let run = jiff::Timestamp::now().as_second();
    for seed in first..first + sequences {
        let server = FakeApiServer::default();
        let fake = server.client();
        install(fake.clone()).await?;
        let name = format!("d{run:x}-{seed}");
        let subject = &SUBJECTS[usize::try_from(seed % 2)?];
        let mut random = Random(seed);
        let (mut fake_rv, mut real_rv) = (String::new(), String::new());
        let mut history = Vec::new();
        for number in 0..STEPS {
            let step = step(&mut random, subject, &name);
            let (code, body, warnings) = send(&fake, &step, &fake_rv).await?;
            let ours = comparable(code, body, warnings, &mut fake_rv);
            let (code, body, warnings) = send(real, &step, &real_rv).await?;
            let theirs = comparable(code, body, warnings, &mut real_rv);
            history.push(format!("{} {} {} -> {}", step.method, step.path, step.body, ours));
            if ours != theirs {
                println!("{}", history.join("\n"));
                differences += 1;
                println!(
                    "seed {seed} step {number}: {} {} {}\n  here  {ours}\n  there {theirs}",
                    step.method, step.path, step.body
                );
                break;
            }
        }
    }
    Ok(differences)
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let (sequences, first) = (numbers.next().unwrap_or(20), numbers.next().unwrap_or(1));
    let outcome = async {
        let real = Client::try_default().await?;
        install(real.clone()).await?;
        run(&real, sequences, first).await
    };
    match outcome.await {
        Ok(differences) => {
            println!("{sequences} sequences, {differences} with a difference");
            if differences == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
