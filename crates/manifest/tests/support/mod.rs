//! Reading a text in one call.
#![allow(
    dead_code,
    clippy::expect_used,
    reason = "each test file takes what it needs, and fails by panicking"
)]

use rackwright_manifest::{Diagnostic, Limits, Position, Read, Sources, read};

pub fn read_with(text: impl Into<Vec<u8>>, limits: &Limits) -> (Sources, Read) {
    let mut sources = Sources::new();
    let read = read(&mut sources, "f.yaml", text.into(), limits);
    (sources, read)
}

pub fn read_text(text: impl Into<Vec<u8>>) -> (Sources, Read) {
    read_with(text, &Limits::default())
}

/// Code, line and column of each finding.
pub fn findings(sources: &Sources, read: &Read) -> Vec<(&'static str, u32, u32)> {
    let place = |finding: &Diagnostic| {
        let Position { line, column } = sources.position(finding.primary().expect("a place"));
        (finding.code.as_str(), line, column)
    };
    read.diagnostics.iter().map(place).collect()
}
