//! The rules of this crate, with their documentation.

mod limits;
mod reading;
mod schema;

pub use limits::*;
pub use reading::*;
pub use schema::*;

use crate::rule::Rule;

/// All rules of this crate, by code.
pub static RULES: &[&Rule] = &[
    &YAML_SYNTAX,
    &INVALID_UTF8,
    &CONTROL_CHARACTER,
    &TAB_INDENTATION,
    &DUPLICATE_KEY,
    &AMBIGUOUS_KEY,
    &AMBIGUOUS_SCALAR,
    &UNKNOWN_ANCHOR,
    &ALIAS_EXPANSION,
    &TOO_DEEP,
    &FILE_TOO_LARGE,
    &TOO_MANY_NODES,
    &UNSUPPORTED_TAG,
    &NOT_JSON,
    &NUMBER_OUT_OF_RANGE,
    &COMPLEX_KEY,
    &BAD_MERGE,
    &NOT_AN_OBJECT,
    &MISSING_KIND,
    &TOO_MANY_FINDINGS,
    &UNKNOWN_FIELD,
    &REQUIRED,
    &TYPE,
    &ENUM,
    &PATTERN,
    &LENGTH,
    &RANGE,
    &ITEMS,
    &PROPERTIES,
    &CEL,
    &UNIQUE,
    &FORMAT,
    &METADATA,
    &COMPOSITION,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_sorted_and_documented() {
        assert!(RULES.is_sorted_by(|a, b| a.code < b.code));
        for rule in RULES {
            assert!(
                rule.code.len() == 6 && rule.code.starts_with("RW"),
                "{}",
                rule.code
            );
            assert!(
                rule.name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'8')
            );
            for section in ["## What it does", "## Why", "## Example", "## Fix"] {
                assert!(rule.doc.contains(section), "{} lacks {section}", rule.code);
            }
        }
    }
}
