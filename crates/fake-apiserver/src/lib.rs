//! An in-memory Kubernetes API server as a tower service, for tests and the demo.
//!
//! [`FakeApiServer::client`] gives a `kube::Client` whose `Api`, `watcher` and `Controller` run unmodified: discovery,
//! create, update, patches, server-side apply, delete, list, watch, status, finalizers, garbage collection, schema and
//! CEL checks (by the `manifest` crate) answer as kube-apiserver 1.36 does. The list in [`conformance`] runs on both.
//!
//! What it adds for tests: a log of all requests ([`FakeApiServer::requests`]), faults before, during and after each
//! call ([`FakeApiServer::set_fault`]), watches that break and history that goes.
//!
//! What it never does: listen on a port, authenticate or authorise, keep anything on disk, run admission webhooks or
//! policies, convert between versions by webhook, read YAML or protobuf, or do anything later: garbage collection and
//! the end of a namespace happen inside the request that causes them.
//!
//! Start at `server` (the service), then `core` (the state), `write` and `watch`.

mod admission;
mod body;
mod builtin;
mod call;
mod clock;
pub mod conformance;
mod core;
mod discovery;
mod error;
mod fault;
mod fields;
mod gc;
mod kind;
mod list;
mod log;
mod manifest;
mod object;
mod request;
mod selector;
mod server;
mod store;
mod watch;
mod write;

pub use body::ResponseBody;
pub use clock::Clock;
pub use fault::{Fault, FaultHook, Phase};
pub use log::LoggedRequest;
pub use request::{RequestInfo, Verb};
pub use server::{FakeApiServer, Options};
