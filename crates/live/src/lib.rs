//! Reads a Kubernetes API server, and cannot write to it.
//!
//! [`Cluster`] keeps its client to itself and has one way to ask: [`Cluster::read`], which lists [`Resource`]s. A resource is a
//! value of a closed set, its path comes from the types of the API, and the method is `GET`: no caller can name another path,
//! method or body.
//!
//! ```compile_fail
//! fn write(cluster: &rackwright_live::Cluster) {
//!     // The client is private, so that nobody can reach around.
//!     let _ = &cluster.client;
//! }
//! ```
//!
//! What is read is whole or an error: lists come in pages that all show one resource version, and a list whose history
//! the server has forgotten meanwhile begins anew. While a page is taken apart, the next one is on its way.
//!
//! An [`Object`] is what a client keeps: name, labels, annotations, spec and status. What the server adds to it
//! (`managedFields`, `uid`, `resourceVersion`, timestamps) and what programs leave in it (finalizers, kubectl's note of the
//! last applied configuration) is left out.
//!
//! What it never does: write, watch, guess at credentials (they come from the kubeconfig, as kubectl reads it, with the
//! programs that it names), wait longer than [`Patience`] for a server that is silent, or cache on disk.
//!
//! Where to start: [`Cluster::connect`], then `fetch`, which is the conversation.

mod access;
mod cluster;
mod error;
mod fetch;
mod object;
mod page;
mod resource;

pub use access::{Access, Patience};
pub use cluster::Cluster;
pub use error::LiveError;
pub use object::Object;
pub use resource::Resource;
