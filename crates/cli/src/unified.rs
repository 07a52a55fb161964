//! Differences of texts as `diff -u` writes them.

use similar::TextDiff;

/// What makes the second text of the first, both of one name. Nothing where they are the same.
pub fn diff(name: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .unified_diff()
        .header(name, name)
        .to_string()
}
