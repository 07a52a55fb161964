//! The check, on a plan built by hand.

#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but sees only functions that are marked so"
)]

mod becomes;
mod imex;
mod invariants;
mod isolation;
mod numbers;
mod properties;
mod units;
mod waves;
mod world;
