//! Reads YAML and JSON as kubectl does, keeps the place of every key and value, and refuses what cannot be read one
//! way only.

mod build;
mod dialect;
mod document;
mod events;
mod json;
mod scalar;
mod text;
mod tree;

pub use document::Document;
pub use tree::{Place, Tree};

use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use build::Builder;

/// What one file may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of a file in bytes.
    pub max_bytes: usize,
    /// Maps and lists inside each other.
    pub max_depth: usize,
    /// Keys and values in a file, after expansion of aliases.
    pub max_nodes: usize,
    /// Values that aliases may add to one document. kubectl's own limit lies at about 400,000.
    pub max_alias_expansion: usize,
    /// Findings in a file; reading stops there.
    pub max_diagnostics: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_depth: 64,
            max_nodes: 10_000_000,
            max_alias_expansion: 400_000,
            max_diagnostics: 1_000,
        }
    }
}

/// What a file held.
#[derive(Debug, Default)]
pub struct Read {
    /// The documents, `List`s taken apart, in the order of the file. A document with a finding about one of its scalars
    /// or keys is here with what kubectl would read; one that could not be read to its end is not.
    pub documents: Vec<Document>,
    /// What is wrong, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads one file and adds it to the table of sources under `name`.
pub fn read(sources: &mut Sources, name: &str, bytes: Vec<u8>, limits: &Limits) -> Read {
    let (file, refused) = text::admit(sources, name, bytes, limits);
    if !refused.is_empty() {
        return Read {
            documents: Vec::new(),
            diagnostics: refused,
        };
    }
    let text = sources.text(file);
    if json::looks_like_json(text) {
        let mut builder = Builder::new(text, file, limits);
        if json::parse(text, &mut builder) {
            return builder.finish();
        }
    }
    let mut builder = Builder::new(text, file, limits);
    events::parse(text, &mut builder);
    builder.finish()
}

/// Whether a text written without quotes is the text itself to every reader, as far as its meaning goes; its characters
/// are another matter.
pub fn is_plain_text(text: &str) -> bool {
    scalar::read(text) == scalar::Reading::Text
}
