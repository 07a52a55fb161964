//! What changes are found, and in which order nodes may change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod classes;
mod nodes;
mod profiles;
mod table;
mod undo;
mod waves;
