//! Watches: a stream of events that reads the store's history, so that a slow client costs no memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::BoxError;

use crate::body::connection_reset;
use crate::call::Call;
use crate::core::Core;
use crate::error::{ApiError, Cause, Result};
use crate::fault::{Fault, Phase};
use crate::kind::Kind;
use crate::list::parse_rv;
use crate::object::{Form, Stored};
use crate::request::RequestInfo;
use crate::selector::Selector;
use crate::server::Shared;
use crate::store::{Change, Key};

/// How long a watch without `timeoutSeconds` lasts, as the shortest of the real server's (30 to 60 minutes).
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1800);

/// How often an idle watch reports its resource version, as the real server does.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// Events of one chunk at most: a client that reads slowly sees them in pieces.
const CHUNK: usize = 500;

/// An open watch.
pub(crate) struct Watch {
    kind: Arc<Kind>,
    namespace: String,
    selector: Selector,
    form: Form,
    bookmarks: bool,
    /// Everything up to here was sent.
    position: u64,
    /// Events that describe the state at the start.
    initial: Option<Vec<u8>>,
    /// The start was too old.
    too_old: bool,
    changed: watch::Receiver<u64>,
    deadline: Instant,
}

impl Core {
    /// Opens a watch; what is wrong with its parameters is refused here, what is wrong with its start comes as an event.
    pub(crate) fn watch(&mut self, call: &Call) -> Result<Watch> {
        let query = &call.query;
        let mut fields = query.text("fieldSelector").to_owned();
        if !call.name.is_empty() {
            fields = format!("metadata.name={}", call.name);
        }
        let selector = Selector::parse(query.text("labelSelector"), &fields)?;
        let rv = query.text("resourceVersion");
        let how = query.text("resourceVersionMatch");
        let from_now = matches!(rv, "" | "0");
        let refuse = |message: &str| {
            Err(ApiError::invalid_options(
                "ListOptions",
                &[Cause::field("resourceVersionMatch", message)],
            ))
        };
        let initial = match query.text("sendInitialEvents") {
            "" if !how.is_empty() => {
                return refuse(
                    "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
                );
            }
            "" => from_now,
            flag if how != "NotOlderThan" => {
                let _ = flag;
                return refuse(
                    "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                );
            }
            flag => matches!(flag, "true" | "1"),
        };
        let asked = if rv.is_empty() { 0 } else { parse_rv(rv)? };
        let bookmarks = query.flag("allowWatchBookmarks");
        let timeout = query.number("timeoutSeconds").filter(|seconds| *seconds > 0);
        let timeout = timeout.map_or(DEFAULT_TIMEOUT, Duration::from_secs);
        let current = self.store.rv;
        let table = self.store.table(&call.kind.table);
        let too_old = !from_now && !initial && asked < table.compacted.max(table.born);
        let mut watch = Watch {
            kind: Arc::clone(&call.kind),
            namespace: call.namespace.clone(),
            selector,
            form: call.form,
            bookmarks,
            position: if initial || from_now { current } else { asked },
            initial: None,
            too_old,
            changed: table.subscribe(),
            deadline: Instant::now() + timeout,
        };
        if initial {
            let mut out = Vec::new();
            for (key, stored) in &table.objects {
                if watch.sees(key, stored) {
                    watch.event("ADDED", stored, stored.rv, &mut out);
                }
            }
            if bookmarks {
                watch.bookmark(true, &mut out);
            }
            watch.initial = Some(out);
        }
        Ok(watch)
    }
}

/// What a look at the history gave.
enum Look {
    /// Nothing new.
    Idle,
    /// Events to send.
    Events(Vec<u8>),
    /// The history that the watch needs is gone.
    Gone(u64),
}

impl Watch {
    fn sees(&self, key: &Key, stored: &Stored) -> bool {
        (self.namespace.is_empty() || *key.namespace == *self.namespace) && self.selector.matches(key, stored)
    }

    fn event(&self, kind: &str, stored: &Stored, rv: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(format!(r#"{{"type":"{kind}","object":"#).as_bytes());
        stored.render(&self.kind, self.form, rv, out);
        out.extend_from_slice(b"}\n");
    }

    fn bookmark(&self, initial_events_end: bool, out: &mut Vec<u8>) {
        let mut metadata = json!({ "resourceVersion": self.position.to_string() });
        if initial_events_end {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let (api_version, kind) = match self.form {
            Form::Full => (self.kind.api_version(), self.kind.kind.as_str()),
            Form::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata"),
        };
        let object = json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata });
        out.extend_from_slice(
            json!({ "type": "BOOKMARK", "object": object })
                .to_string()
                .as_bytes(),
        );
        out.push(b'\n');
    }

    /// An object that starts or stops to match the selector is added or deleted for this client.
    fn change(&self, change: &Change, out: &mut Vec<u8>) {
        let before = change
            .before
            .as_ref()
            .filter(|stored| self.sees(&change.key, stored));
        let after = change
            .after
            .as_ref()
            .filter(|stored| self.sees(&change.key, stored));
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) => self.event("ADDED", after, change.rv, out),
            (Some(_), Some(after)) => self.event("MODIFIED", after, change.rv, out),
            (Some(before), None) => self.event("DELETED", before, change.rv, out),
        }
    }

    fn look(&mut self, core: &mut Core) -> Look {
        let table = core.store.table(&self.kind.table);
        if self.position < table.compacted {
            return Look::Gone(table.compacted);
        }
        let mut out = Vec::new();
        for change in table.since(self.position).take(CHUNK) {
            self.position = change.rv;
            self.change(change, &mut out);
        }
        if out.is_empty() {
            Look::Idle
        } else {
            Look::Events(out)
        }
    }

    fn behind(&self, core: &mut Core) -> bool {
        core.store.table(&self.kind.table).changed_since(self.position)
    }
}

fn error_event(error: &ApiError) -> Vec<u8> {
    let mut out = json!({ "type": "ERROR", "object": error.to_json() })
        .to_string()
        .into_bytes();
    out.push(b'\n');
    out
}

/// The body of a watch.
pub(crate) fn stream(
    watch: Watch,
    shared: Arc<Shared>,
    info: RequestInfo,
) -> impl Stream<Item = std::result::Result<Bytes, BoxError>> + Send {
    let dropped = shared.dropped_watches();
    let state = Running {
        watch,
        shared,
        info,
        dropped,
        ended: false,
    };
    futures::stream::unfold(state, |mut state| async move {
        let item = state.next().await?;
        Some((item, state))
    })
}

struct Running {
    watch: Watch,
    shared: Arc<Shared>,
    info: RequestInfo,
    dropped: watch::Receiver<u64>,
    ended: bool,
}

impl Running {
    async fn next(&mut self) -> Option<std::result::Result<Bytes, BoxError>> {
        if self.ended {
            return None;
        }
        let events = self.events().await?;
        match self.shared.fault(&self.info, Phase::During) {
            Fault::None => {}
            Fault::Delay(time) => tokio::time::sleep(time).await,
            Fault::ConnectionReset => {
                self.ended = true;
                return Some(Err(connection_reset()));
            }
            Fault::Status { code, retry_after } => {
                self.ended = true;
                return Some(Ok(error_event(&ApiError::injected(code, retry_after)).into()));
            }
        }
        Some(Ok(events.into()))
    }

    /// The next events; none when the watch ends.
    async fn events(&mut self) -> Option<Vec<u8>> {
        if self.watch.too_old {
            self.ended = true;
            let asked = self.watch.position;
            let compacted = self.shared.with_core(|core| {
                let table = core.store.table(&self.watch.kind.table);
                table.compacted.max(table.born)
            });
            return Some(error_event(&too_old(asked, compacted)));
        }
        if let Some(initial) = self.watch.initial.take()
            && !initial.is_empty()
        {
            return Some(initial);
        }
        loop {
            self.watch.changed.mark_unchanged();
            let watch = &mut self.watch;
            match self.shared.with_core(|core| watch.look(core)) {
                Look::Events(events) => return Some(events),
                Look::Gone(compacted) => {
                    self.ended = true;
                    return Some(error_event(&too_old(self.watch.position, compacted)));
                }
                Look::Idle => {}
            }
            let watch = &self.watch;
            if self.shared.with_core(|core| watch.behind(core)) {
                continue;
            }
            tokio::select! {
                biased;
                _ = self.dropped.changed() => return None,
                changed = self.watch.changed.changed() => {
                    if changed.is_err() {
                        return None;
                    }
                }
                () = tokio::time::sleep_until(self.watch.deadline) => return None,
                () = tokio::time::sleep(BOOKMARK_INTERVAL), if self.watch.bookmarks => {
                    self.watch.position = self.shared.with_core(|core| {
                        let behind = self.watch.behind(core);
                        if behind { self.watch.position } else { core.store.rv.max(self.watch.position) }
                    });
                    let mut out = Vec::new();
                    self.watch.bookmark(false, &mut out);
                    return Some(out);
                }
            }
        }
    }
}

fn too_old(asked: u64, compacted: u64) -> ApiError {
    ApiError::expired(format!("too old resource version: {asked} ({compacted})"))
}
