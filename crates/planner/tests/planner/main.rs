//! The planner through its public interface. One program, because a link for each file takes longer than the tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test fails by panicking, and its texts are short"
)]

mod catalogue;
mod change;
mod clusters;
mod compile;
mod dragonfly;
mod envelope;
mod fabric_rules;
mod gpudirect;
mod guids;
mod handover;
mod handover_gpu;
mod hardware;
mod host_files;
mod ignore;
mod incremental;
mod isolation;
mod limits;
mod mig;
mod numbers;
mod pools;
mod power;
mod power_waits;
mod power_words;
mod quarantine;
mod rules;
mod seats;
mod storage;
mod support;
mod versions;
