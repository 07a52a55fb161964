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
mod leader;
mod live;
mod member;
mod mutations;
mod rights;
mod storage;
mod superpod;
