//! The end-to-end suite: the real binaries on a real API server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, reason = "figures, shown with --nocapture")]

mod changes;
mod conflicts;
mod conformance;
mod corpus;
mod crash;
mod crds;
mod deletion;
mod drift;
mod handover;
#[path = "../../crates/cli/tests/support/header.rs"]
#[allow(dead_code, reason = "the tests of the command line use what is left")]
mod header;
mod judges;
mod leader;
mod live;
mod member;
#[path = "../../crates/cli/tests/support/mutations/mod.rs"]
#[allow(dead_code, reason = "the tests of the command line use what is left")]
mod mutations;
mod rights;
mod storage;
mod superpod;
