//! Regular expressions of a schema.

use regex::Regex;
use std::sync::OnceLock;

/// A regular expression, compiled when a text first meets it: that takes longer than reading a small manifest, and most
/// fields of a schema are left out of most objects.
#[derive(Debug)]
pub(super) struct Pattern {
    pub source: String,
    regex: OnceLock<Result<Regex, String>>,
}

impl Pattern {
    pub(super) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            regex: OnceLock::new(),
        }
    }

    /// The expression; or why it is none.
    pub(super) fn compiled(&self) -> Result<&Regex, &String> {
        let compile = || Regex::new(&ascii_classes(&self.source)).map_err(|error| error.to_string());
        self.regex.get_or_init(compile).as_ref()
    }

    /// Whether a text matches. None matches what is no expression.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.compiled().is_ok_and(|regex| regex.is_match(text))
    }
}

/// Go's `\d`, `\w`, `\s` and `\b` know ASCII only; the `regex` crate's know Unicode.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match (chars.next(), in_class) {
                (Some('d'), true) => out.push_str("0-9"),
                (Some('d'), false) => out.push_str("[0-9]"),
                (Some('D'), false) => out.push_str("[^0-9]"),
                (Some('w'), true) => out.push_str("0-9A-Za-z_"),
                (Some('w'), false) => out.push_str("[0-9A-Za-z_]"),
                (Some('W'), false) => out.push_str("[^0-9A-Za-z_]"),
                (Some('s'), true) => out.push_str("\\t\\n\\f\\r "),
                (Some('s'), false) => out.push_str("[\\t\\n\\f\\r ]"),
                (Some('S'), false) => out.push_str("[^\\t\\n\\f\\r ]"),
                (Some('b'), false) => out.push_str("(?-u:\\b)"),
                (Some(other), _) => {
                    out.push('\\');
                    out.push(other);
                }
                (None, _) => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push(c);
            }
            ']' if in_class => {
                in_class = false;
                out.push(c);
            }
            // Nested classes and set operations are of the `regex` crate only; to Go these are plain characters.
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_know_ascii_only_as_in_go() {
        let matches = |pattern: &str, text: &str| Regex::new(&ascii_classes(pattern)).unwrap().is_match(text);
        assert!(matches(r"^\d+$", "12"));
        assert!(!matches(r"^\d+$", "\u{0661}"), "an Arabic digit");
        assert!(!matches(r"^[\w.]+$", "ä"));
        assert!(matches(r"^[\w.]+$", "a_.1"));
        assert!(matches(r"^[[&~]+$", "[&~"));
        assert!(matches(r"^\S+\s$", "ä\t"));
    }
}
