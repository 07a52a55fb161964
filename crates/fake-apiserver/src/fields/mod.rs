//! Field ownership: what server-side apply needs.
//!
//! The algebra is that of `sigs.k8s.io/structured-merge-diff` v6: a set of field paths per manager, a comparison
//! that yields added, modified and removed paths, and a merge that keeps what other managers own.

mod apply;
mod compare;
mod managers;
mod merge;
mod set;
mod types;

pub(crate) use apply::{ApplyError, apply, track_update};
pub(crate) use managers::{Managers, Who};
pub(crate) use merge::merge;
pub(crate) use types::Type;
