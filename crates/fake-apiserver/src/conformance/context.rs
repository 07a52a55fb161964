//! What a case works with: plain HTTP calls through a `kube::Client`.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT, WARNING};
use http::{Method, Request};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// Collection of the kind that the cases use.
pub(super) const WIDGETS: &str = "/apis/conformance.rackwright.dev/v1/widgets";
/// Collection of the definitions.
pub(super) const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

pub(super) const JSON: &str = "application/json";
pub(super) const MERGE: &str = "application/merge-patch+json";
pub(super) const JSON_PATCH: &str = "application/json-patch+json";
pub(super) const APPLY: &str = "application/apply-patch+yaml";
pub(super) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
pub(super) const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Why a case failed.
#[derive(Debug)]
pub(super) struct Failure(String);

impl Failure {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// The outcome of a step of a case.
pub(super) type Outcome<T = ()> = Result<T, Failure>;

/// Fails with `what` unless `holds`.
pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Failure(what())) }
}

/// Fails unless two values are equal.
#[allow(
    clippy::needless_pass_by_value,
    reason = "reads as an assertion: both sides are made in place"
)]
pub(super) fn expect<A: PartialEq<B> + fmt::Debug, B: fmt::Debug>(
    what: &str,
    actual: A,
    expected: B,
) -> Outcome {
    ensure(actual == expected, || {
        format!("{what}: expected {expected:?}, saw {actual:?}")
    })
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// The body, or null if it is no JSON.
    pub(super) json: Value,
    pub(super) warnings: Vec<String>,
    text: String,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

impl Reply {
    /// The reply if it has this status code.
    pub(super) fn with_code(self, code: u16) -> Outcome<Self> {
        ensure(self.code == code, || format!("expected {code}, saw {self}"))?;
        Ok(self)
    }

    /// The reply if it is a `Status` with this code and reason.
    pub(super) fn refused(self, code: u16, reason: &str) -> Outcome<Self> {
        let reply = self.with_code(code)?;
        expect("kind", reply.text_at("/kind"), "Status")?;
        expect("status", reply.text_at("/status"), "Failure")?;
        expect("code", reply.json["code"].as_u64(), Some(u64::from(code)))?;
        expect("reason", reply.text_at("/reason"), reason)?;
        Ok(reply)
    }

    /// The text at a JSON pointer, empty if there is none.
    pub(super) fn text_at(&self, pointer: &str) -> &str {
        self.json
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The value at a JSON pointer, null if there is none.
    pub(super) fn at(&self, pointer: &str) -> Value {
        self.json.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    pub(super) fn rv(&self) -> String {
        self.text_at("/metadata/resourceVersion").to_owned()
    }

    pub(super) fn uid(&self) -> String {
        self.text_at("/metadata/uid").to_owned()
    }

    pub(super) fn generation(&self) -> i64 {
        self.at("/metadata/generation").as_i64().unwrap_or(-1)
    }

    /// Names of a list's items.
    pub(super) fn names(&self) -> Vec<String> {
        let items = self.json["items"].as_array().into_iter().flatten();
        items
            .filter_map(|item| item["metadata"]["name"].as_str())
            .map(str::to_owned)
            .collect()
    }

    /// `field reason` of each cause.
    pub(super) fn causes(&self) -> Vec<String> {
        let causes = self.json["details"]["causes"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        causes
            .map(|cause| format!("{} {}", text(&cause["field"]), text(&cause["reason"])))
            .collect()
    }

    /// The managers of an object as `manager operation subresource`.
    pub(super) fn managers(&self) -> Vec<String> {
        let entries = self.json["metadata"]["managedFields"]
            .as_array()
            .into_iter()
            .flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        entries
            .map(|entry| {
                let all = [
                    text(&entry["manager"]),
                    text(&entry["operation"]),
                    text(&entry["subresource"]),
                ];
                all.join(" ").trim_end().to_owned()
            })
            .collect()
    }

    /// `fieldsV1` of one manager.
    pub(super) fn fields_of(&self, manager: &str) -> Value {
        let mut entries = self.json["metadata"]["managedFields"]
            .as_array()
            .into_iter()
            .flatten();
        entries
            .find(|entry| entry["manager"] == manager)
            .map_or(Value::Null, |entry| entry["fieldsV1"].clone())
    }
}

/// What a case gets: a client and a suffix that makes its names its own.
#[derive(Clone)]
pub struct Context {
    client: Client,
    suffix: String,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("suffix", &self.suffix)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// `suffix` has to be a DNS label, and new for each run against one server.
    pub fn new(client: Client, suffix: impl Into<String>) -> Self {
        Self {
            client,
            suffix: suffix.into(),
        }
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// A name of this run.
    pub(super) fn name(&self, base: &str) -> String {
        format!("{base}-{}", self.suffix)
    }

    /// A widget of this run.
    pub(super) fn widget(&self, base: &str, spec: &Value) -> Value {
        json!({
            "apiVersion": "conformance.rackwright.dev/v1", "kind": "Widget",
            "metadata": { "name": self.name(base) }, "spec": spec
        })
    }

    /// The path of a widget of this run.
    pub(super) fn path(&self, base: &str) -> String {
        format!("{WIDGETS}/{}", self.name(base))
    }

    /// Creates a widget, which has to succeed.
    pub(super) async fn create(&self, base: &str, spec: Value) -> Outcome<Reply> {
        self.post(WIDGETS, &self.widget(base, &spec))
            .await?
            .with_code(201)
    }

    /// Creates a widget with a label.
    pub(super) async fn create_labelled(&self, base: &str, key: &str, value: &str) -> Outcome<Reply> {
        let mut widget = self.widget(base, &json!({ "size": 1 }));
        widget["metadata"]["labels"] = json!({ key: value });
        self.post(WIDGETS, &widget).await?.with_code(201)
    }

    /// Applies a widget.
    pub(super) async fn apply(&self, base: &str, query: &str, spec: Value) -> Outcome<Reply> {
        let path = format!("{}?{query}", self.path(base));
        self.send(Method::PATCH, &path, APPLY, Some(&self.widget(base, &spec)))
            .await
    }

    pub(super) async fn get(&self, path: &str) -> Outcome<Reply> {
        self.send(Method::GET, path, "", None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Outcome<Reply> {
        self.send(Method::POST, path, JSON, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Outcome<Reply> {
        self.send(Method::PUT, path, JSON, Some(body)).await
    }

    pub(super) async fn merge(&self, path: &str, body: &Value) -> Outcome<Reply> {
        self.send(Method::PATCH, path, MERGE, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str, body: Option<&Value>) -> Outcome<Reply> {
        self.send(Method::DELETE, path, JSON, body).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Option<&Value>,
    ) -> Outcome<Reply> {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.raw(method, path, content_type, "", body).await
    }

    /// The metadata of what is at a path.
    pub(super) async fn get_as(&self, path: &str, accept: &str) -> Outcome<Reply> {
        self.raw(Method::GET, path, "", accept, String::new()).await
    }

    pub(super) async fn raw(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        accept: &str,
        body: String,
    ) -> Outcome<Reply> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(USER_AGENT, "conformance/1");
        if !content_type.is_empty() {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if !accept.is_empty() {
            request = request.header(ACCEPT, accept);
        }
        let response = self
            .client
            .send(request.body(Body::from(body.into_bytes()))?)
            .await?;
        let code = response.status().as_u16();
        let warnings = response.headers().get_all(WARNING).iter();
        let warnings = warnings
            .filter_map(|value| value.to_str().ok())
            .map(str::to_owned)
            .collect();
        let bytes = response.into_body().collect_bytes().await?;
        Ok(Reply {
            code,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            warnings,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    /// The events of a watch that lasts `timeoutSeconds=1`.
    pub(super) async fn watch(&self, query: &str, accept: &str) -> Outcome<Vec<Value>> {
        let path = format!("{WIDGETS}?watch=true&timeoutSeconds=1&{query}");
        let reply = self
            .raw(Method::GET, &path, "", accept, String::new())
            .await?
            .with_code(200)?;
        let lines = reply.text.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| serde_json::from_str(line).map_err(Failure::from))
            .collect()
    }

    /// Waits for something that a real server's controllers do later.
    pub(super) async fn eventually<F, O>(&self, what: &str, check: F) -> Outcome
    where
        F: Fn() -> O,
        O: Future<Output = Outcome<bool>>,
    {
        for _ in 0..300 {
            if check().await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Failure(format!("waited 30 s for {what}")))
    }

    /// Waits until a path answers 404.
    pub(super) async fn eventually_gone(&self, path: &str) -> Outcome {
        self.eventually(&format!("{path} to go"), || async {
            Ok(self.get(path).await?.code == 404)
        })
        .await
    }
}

/// `TYPE name` of each event, with bookmarks as their type alone.
pub(super) fn summary(events: &[Value]) -> Vec<String> {
    events
        .iter()
        .map(|event| {
            let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
            format!("{} {name}", event["type"].as_str().unwrap_or_default())
                .trim_end()
                .to_owned()
        })
        .collect()
}
