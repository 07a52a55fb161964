//! What a hostile text may cost.

/// The most bytes in one name: that of a full domain name (RFC 1035, 253 without the final dot). With
/// [`Limits::max_names`] it bounds the memory of an expansion.
pub const MAX_NAME_LEN: usize = 253;

/// Bounds on a text, checked before anything is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most names that a text may stand for, repeated ones counted each time.
    pub max_names: u32,
    /// The most bytes of text.
    pub max_text: usize,
}

impl Default for Limits {
    /// A million names, and the text that a million names of 15 bytes and their commas need.
    fn default() -> Self {
        Self {
            max_names: 1_000_000,
            max_text: 16 << 20,
        }
    }
}
