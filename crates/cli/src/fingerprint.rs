//! What makes a finding the same one after lines have moved.

use rackwright_manifest::{Diagnostic, Sources};

/// The name of the fingerprint in SARIF, with the version of what it is made from.
pub const NAME: &str = "rackwrightFinding/v1";

/// The fingerprint: from rule, object, field and message; where no object is known, from the file instead. Lines and
/// columns are no part of it.
pub fn of(finding: &Diagnostic, sources: &Sources) -> String {
    let file = || finding.primary().map_or("", |span| sources.name(span.file));
    let place = finding.object.as_deref().unwrap_or_else(file);
    let mut hasher = blake3::Hasher::new();
    for part in [
        finding.code.as_str(),
        place,
        finding.path.as_deref().unwrap_or_default(),
        &finding.message,
    ] {
        // The length keeps the parts apart.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hex = hasher.finalize().to_hex();
    hex.chars().take(32).collect()
}
