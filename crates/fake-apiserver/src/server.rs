//! The server: what tests hold, and the tower service that clients call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT, WARNING};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use serde_json::Value;
use tokio::sync::watch;
use tower::{BoxError, Layer as _, Service};

use crate::body::{ResponseBody, connection_reset};
use crate::call::{Call, Reply};
use crate::clock::Clock;
use crate::core::Core;
use crate::discovery;
use crate::error::{ApiError, Result};
use crate::fault::{Fault, FaultHook, Phase};
use crate::log::LoggedRequest;
use crate::object::Form;
use crate::request::{ObjectPath, Path, Query, RequestInfo, Verb, verb};
use crate::watch::{Watch, stream};

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where timestamps come from.
    pub clock: Clock,
    /// Changes that each resource remembers; a watch that needs older ones gets 410.
    pub history_limit: usize,
    /// Whether objects go when their owners are gone.
    pub garbage_collection: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            history_limit: 100_000,
            garbage_collection: true,
        }
    }
}

/// An in-memory Kubernetes API server. Clones share one state.
#[derive(Clone)]
pub struct FakeApiServer(Arc<Shared>);

/// What all clones and all open watches share.
pub(crate) struct Shared {
    core: Mutex<Core>,
    log: Mutex<Log>,
    faults: Mutex<Option<FaultHook>>,
    /// Counts calls of `drop_watches`.
    drops: watch::Sender<u64>,
}

#[derive(Default)]
struct Log {
    next: u64,
    entries: Vec<LoggedRequest>,
}

/// The state is consistent between two requests, and a panic inside one fails the test that made it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn with_core<T>(&self, act: impl FnOnce(&mut Core) -> T) -> T {
        act(&mut lock(&self.core))
    }

    pub(crate) fn fault(&self, info: &RequestInfo, phase: Phase) -> Fault {
        let hook = lock(&self.faults).clone();
        hook.map_or(Fault::None, |hook| hook(info, phase))
    }

    pub(crate) fn dropped_watches(&self) -> watch::Receiver<u64> {
        self.drops.subscribe()
    }

    fn record(&self, entry: LoggedRequest) {
        lock(&self.log).entries.push(entry);
    }
}

impl Default for FakeApiServer {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl FakeApiServer {
    /// A server with the built-in kinds and the namespaces `default` and `kube-*`.
    pub fn new(options: Options) -> Self {
        let core = Core::new(options.clock, options.history_limit, options.garbage_collection);
        Self(Arc::new(Shared {
            core: Mutex::new(core),
            log: Mutex::default(),
            faults: Mutex::default(),
            drops: watch::Sender::new(0),
        }))
    }

    /// A client of this server that sees every answer as it is. Has to be called within a tokio runtime.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.clone(), "default")
    }

    /// A client that repeats requests after 429, 503 and 504, as a client made from a kubeconfig does.
    pub fn client_with_retries(&self) -> kube::Client {
        let retries = tower::retry::RetryLayer::new(RetryPolicy::server_retry());
        kube::Client::new(retries.layer(self.clone()), "default")
    }

    /// All requests that were logged and not cleared.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.0.log).entries.clone()
    }

    /// The requests since a [`mark`](Self::mark).
    pub fn requests_since(&self, mark: u64) -> Vec<LoggedRequest> {
        let log = lock(&self.0.log);
        log.entries
            .iter()
            .filter(|entry| entry.request.index >= mark)
            .cloned()
            .collect()
    }

    /// Number of the next request: a place in the log for [`requests_since`](Self::requests_since).
    pub fn mark(&self) -> u64 {
        lock(&self.0.log).next
    }

    /// Empties the log; requests keep their numbers.
    pub fn clear_requests(&self) {
        lock(&self.0.log).entries.clear();
    }

    /// Sets the fault hook, or takes it away.
    pub fn set_fault(&self, hook: Option<FaultHook>) {
        *lock(&self.0.faults) = hook;
    }

    /// Ends all open watches, as a restart of the server does.
    pub fn drop_watches(&self) {
        self.0.drops.send_modify(|count| *count += 1);
    }

    /// Forgets history up to and including this resource version.
    pub fn compact(&self, resource_version: u64) {
        self.0.with_core(|core| core.store.compact(resource_version));
    }

    /// The resource version of the latest write.
    pub fn resource_version(&self) -> u64 {
        self.0.with_core(|core| core.store.rv)
    }

    /// Number of stored objects of a resource, named `plural.group` or, in the core group, `plural`.
    pub fn object_count(&self, resource: &str) -> usize {
        self.0.with_core(|core| core.store.count(resource))
    }
}

impl std::fmt::Debug for FakeApiServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeApiServer")
            .field("resource_version", &self.resource_version())
            .finish_non_exhaustive()
    }
}

impl Service<Request<Body>> for FakeApiServer {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, std::result::Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        serve(Arc::clone(&self.0), request).boxed()
    }
}

/// A request, taken apart.
struct Incoming {
    method: Method,
    path: Path,
    query: Query,
    headers: HeaderMap,
    body: bytes::Bytes,
}

impl Incoming {
    fn header(&self, name: http::header::HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// An answer before it becomes a response.
enum Answer {
    Reply(Reply),
    Watch(Box<Watch>),
}

async fn serve(
    shared: Arc<Shared>,
    request: Request<Body>,
) -> std::result::Result<Response<ResponseBody>, BoxError> {
    let (parts, body) = request.into_parts();
    let incoming = Incoming {
        path: Path::parse(parts.uri.path()),
        query: Query::parse(parts.uri.query().unwrap_or_default()),
        method: parts.method,
        headers: parts.headers,
        body: body.collect_bytes().await?,
    };
    let info = describe(&shared, &incoming, parts.uri.query().unwrap_or_default());
    let mut entry = LoggedRequest {
        request: info.clone(),
        body_bytes: incoming.body.len(),
        status: 0,
        resource_version_before: 0,
        resource_version_after: 0,
        changed: false,
    };

    let mut early = None;
    match shared.fault(&info, Phase::Before) {
        Fault::None => {}
        Fault::Delay(time) => tokio::time::sleep(time).await,
        Fault::ConnectionReset => {
            shared.record(entry);
            return Err(connection_reset());
        }
        Fault::Status { code, retry_after } => early = Some(ApiError::injected(code, retry_after)),
    }
    let answer = shared.with_core(|core| {
        entry.resource_version_before = core.store.rv;
        let answer = match early {
            Some(error) => Err(error),
            None => answer(core, &incoming, info.verb),
        };
        entry.resource_version_after = core.store.rv;
        answer.unwrap_or_else(|error| Answer::Reply(Reply::error(&error)))
    });
    entry.changed = entry.resource_version_before != entry.resource_version_after;
    entry.status = match &answer {
        Answer::Reply(reply) => reply.code,
        Answer::Watch(_) => 200,
    };
    shared.record(entry);

    let answer = match shared.fault(&info, Phase::After) {
        Fault::None => answer,
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            answer
        }
        Fault::ConnectionReset => return Err(connection_reset()),
        Fault::Status { code, retry_after } => {
            Answer::Reply(Reply::error(&ApiError::injected(code, retry_after)))
        }
    };
    match answer {
        Answer::Watch(watch) => {
            let body = ResponseBody::chunks(stream(*watch, shared, info));
            Ok(Response::builder()
                .header(CONTENT_TYPE, "application/json")
                .body(body)?)
        }
        Answer::Reply(reply) => {
            let fault = shared.fault(&info, Phase::During);
            if let Fault::Delay(time) = fault {
                tokio::time::sleep(time).await;
            }
            respond(reply, fault == Fault::ConnectionReset)
        }
    }
}

fn respond(reply: Reply, cut: bool) -> std::result::Result<Response<ResponseBody>, BoxError> {
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.code)?)
        .header(CONTENT_TYPE, reply.content_type);
    for warning in &reply.warnings {
        response = response.header(WARNING, format!("299 - {warning:?}"));
    }
    if let Some(seconds) = reply.retry_after {
        response = response.header(RETRY_AFTER, seconds.to_string());
    }
    let body = if cut {
        ResponseBody::cut(reply.body)
    } else {
        ResponseBody::whole(reply.body)
    };
    Ok(response.body(body)?)
}

fn describe(shared: &Shared, incoming: &Incoming, query: &str) -> RequestInfo {
    let index = {
        let mut log = lock(&shared.log);
        log.next += 1;
        log.next - 1
    };
    let (path, verb) = match &incoming.path {
        Path::Objects(path) => {
            let content_type = incoming.header(CONTENT_TYPE);
            let verb = verb(&incoming.method, path, &incoming.query, content_type);
            // A method that does not fit is refused; what it would have been does not matter then.
            (path.clone(), verb.unwrap_or(Verb::Discover))
        }
        _ => (ObjectPath::default(), Verb::Discover),
    };
    RequestInfo {
        index,
        verb,
        group: path.group,
        version: path.version,
        resource: path.resource,
        subresource: path.subresource,
        namespace: path.namespace,
        name: path.name,
        query: query.to_owned(),
        user_agent: incoming.header(USER_AGENT).to_owned(),
    }
}

fn answer(core: &mut Core, incoming: &Incoming, verb: Verb) -> Result<Answer> {
    let accept = incoming.header(ACCEPT);
    let form = accepted_form(accept)?;
    let document = |json: Option<Value>| {
        json.map(|json| Answer::Reply(Reply::json(200, &json)))
            .ok_or_else(ApiError::page_not_found)
    };
    let aggregated = accept.contains("as=APIGroupDiscoveryList");
    let objects = match &incoming.path {
        Path::Objects(path) => path,
        _ if incoming.method != Method::GET => return Err(ApiError::method_not_allowed()),
        Path::Version => return document(Some(discovery::version())),
        Path::Health => {
            let reply = Reply {
                content_type: "text/plain; charset=utf-8",
                ..Reply::bytes(200, b"ok".to_vec())
            };
            return Ok(Answer::Reply(reply));
        }
        Path::Core if aggregated => return document(Some(discovery::aggregated(&core.registry, true))),
        Path::Core => return document(Some(discovery::core_versions())),
        Path::Groups if aggregated => return document(Some(discovery::aggregated(&core.registry, false))),
        Path::Groups => return document(Some(discovery::groups(&core.registry))),
        Path::Group(group) => return document(discovery::group(&core.registry, group)),
        Path::Resources { group, version } => {
            return document(discovery::resources(&core.registry, group, version));
        }
        Path::Unknown => return Err(ApiError::page_not_found()),
    };
    let call = understand(core, incoming, objects, verb, form)?;
    Ok(match verb {
        Verb::Get => Answer::Reply(core.get(&call)?),
        Verb::List => Answer::Reply(core.list(&call)?),
        Verb::Watch => Answer::Watch(Box::new(core.watch(&call)?)),
        Verb::Discover => return Err(ApiError::method_not_allowed()),
        _ => Answer::Reply(core.write(&call)),
    })
}

/// Finds the kind and refuses what the path, the method or the media type do not allow.
fn understand(core: &Core, incoming: &Incoming, path: &ObjectPath, verb: Verb, form: Form) -> Result<Call> {
    let kind = core
        .registry
        .get(&path.group, &path.version, &path.resource)
        .ok_or_else(ApiError::page_not_found)?;
    let whole_kind = path.namespace.is_empty() && path.name.is_empty();
    let scope_fits = kind.namespaced != path.namespace.is_empty();
    let across_namespaces = kind.namespaced && whole_kind && matches!(verb, Verb::List | Verb::Watch);
    if !scope_fits && !across_namespaces {
        return Err(if kind.namespaced && whole_kind {
            ApiError::method_not_allowed()
        } else {
            ApiError::no_such_resource()
        });
    }
    match path.subresource.as_str() {
        "" => {}
        "status" if kind.has_status => {
            if !matches!(verb, Verb::Get | Verb::Update | Verb::Patch | Verb::Apply) {
                return Err(ApiError::method_not_allowed());
            }
        }
        _ => return Err(ApiError::page_not_found()),
    }
    if verb == Verb::Discover {
        return Err(if incoming.method == Method::PUT && kind.custom {
            ApiError::bad_request("name must be provided")
        } else {
            ApiError::method_not_allowed()
        });
    }
    let content_type = incoming.header(CONTENT_TYPE);
    let media = content_type.split(';').next().unwrap_or_default().trim();
    if matches!(verb, Verb::Create | Verb::Update) && !matches!(media, "" | "application/json") {
        return Err(ApiError::unsupported_media_type(
            "application/json, application/yaml, application/vnd.kubernetes.protobuf",
        ));
    }
    Ok(Call {
        verb,
        kind,
        namespace: path.namespace.clone(),
        name: path.name.clone(),
        subresource: path.subresource.clone(),
        query: incoming.query.clone(),
        form,
        content_type: content_type.to_owned(),
        user_agent: incoming.header(USER_AGENT).to_owned(),
        body: incoming.body.clone(),
    })
}

/// Content negotiation: JSON, whole or metadata only.
fn accepted_form(accept: &str) -> Result<Form> {
    if accept.contains("as=PartialObjectMetadata") {
        return Ok(Form::Metadata);
    }
    let json = ["", "*/*", "application/*", "application/json"];
    let ranges = accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim());
    if ranges.into_iter().any(|range| json.contains(&range)) {
        Ok(Form::Full)
    } else {
        Err(ApiError::not_acceptable())
    }
}
