//! Any network, with any names: every file of it holds, and the netlist is read back as it was.
#![no_main]
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a fuzz target fails by panicking"
)]

#[path = "../../crates/fabric/tests/fabric/networks.rs"]
mod networks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| networks::every_file_holds(&networks::network(bytes)));
