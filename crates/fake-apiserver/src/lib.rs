//! An in-memory Kubernetes API server as a tower service, for tests and the demo.
//!
//! [`FakeApiServer::client`] gives a `kube::Client` whose `Api`, `watcher` and `Controller` run unmodified: discovery,
//! create, update, patches, server-side apply, delete, list, watch, status, finalizers, garbage collection, schema and
//! CEL checks (by the `manifest` crate) answer as kube-apiserver 1.36 does. The list in [`conformance`] runs on both.
//!
//! What it adds for tests: a log of all requests ([`FakeApiServer::requests`]), faults before, during and after each
//! call ([`FakeApiServer::set_fault`]), watches that break and history that goes.
//!
//! ```
//! use k8s_openapi::api::core::v1::ConfigMap;
//! use kube::api::{Api, ObjectMeta, PostParams};
//! use rackwright_fake_apiserver::FakeApiServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), kube::Error> {
//! let server = FakeApiServer::default();
//! let maps: Api<ConfigMap> = Api::default_namespaced(server.client());
//! let map = ConfigMap {
//!     metadata: ObjectMeta { name: Some("a".to_owned()), ..ObjectMeta::default() },
//!     ..ConfigMap::default()
//! };
//! let mark = server.mark();
//! maps.create(&PostParams::default(), &map).await?;
//! assert!(maps.create(&PostParams::default(), &map).await.is_err());
//! assert_eq!(server.requests_since(mark).iter().filter(|request| request.changed).count(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! What it never does: listen on a port, authenticate or authorise, keep anything on disk, run admission webhooks or
//! policies, convert between versions by webhook, read YAML or protobuf, or do anything later: garbage collection and
//! the end of a namespace happen inside the request that causes them.
//!
//! Known gaps in what it does: the two event APIs are two resources here and one in the real server; a new node gets no
//! taint; `stringData` of a secret is kept as it is; built-in kinds are checked for the types of the fields that an
//! operator meets, not for their values; field selectors know `metadata.name` and `metadata.namespace` only; scale and
//! other subresources than `status` do not exist; a strategic merge patch knows no `$patch` directives.
//!
//! `examples/conformance.rs` runs the list on the server of the current kubeconfig; `examples/differential.rs` sends
//! random writes to both and compares the answers.
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
