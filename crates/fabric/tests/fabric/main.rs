//! Fabrics through the public interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::needless_for_each,
    reason = "a test fails by panicking"
)]

mod cables;
mod check;
mod compare;
mod dragonfly;
mod hostile;
mod netlist;
mod networks;
mod opensm;
mod picture;
mod schedulers;
#[path = "../support/steps.rs"]
mod steps;
mod tree;
