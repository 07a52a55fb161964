//! One objection of the API server, and the finding that it becomes.

use super::suggest::same;
use crate::diagnostic::Diagnostic;
use crate::path::{Path, Step};
use crate::rule::Rule;
use crate::rules;
use crate::source::Sources;
use crate::yaml::{Document, is_plain_text};

/// Families of objections; each has a code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ViolationKind {
    /// A field that the schema does not have.
    UnknownField,
    /// A required field is missing.
    Required,
    /// Wrong JSON type.
    Type,
    /// Not one of the values of an enumeration.
    Enum,
    /// Regular expression not matched.
    Pattern,
    /// String too short or too long.
    Length,
    /// Number out of range, or not a multiple.
    Range,
    /// List too short or too long.
    Items,
    /// Map too small or too large.
    Properties,
    /// Duplicate item of a set, of a list map, or of a list with `uniqueItems`.
    Unique,
    /// CEL rule failed, or could not be evaluated.
    Cel,
    /// Format such as `date-time` not met.
    Format,
    /// Name, labels, annotations and other metadata.
    Metadata,
    /// `anyOf`, `oneOf`, `allOf`, `not`.
    Composition,
}

impl ViolationKind {
    /// The rule whose findings these are.
    pub fn rule(self) -> &'static Rule {
        match self {
            Self::UnknownField => &rules::UNKNOWN_FIELD,
            Self::Required => &rules::REQUIRED,
            Self::Type => &rules::TYPE,
            Self::Enum => &rules::ENUM,
            Self::Pattern => &rules::PATTERN,
            Self::Length => &rules::LENGTH,
            Self::Range => &rules::RANGE,
            Self::Items => &rules::ITEMS,
            Self::Properties => &rules::PROPERTIES,
            Self::Unique => &rules::UNIQUE,
            Self::Cel => &rules::CEL,
            Self::Format => &rules::FORMAT,
            Self::Metadata => &rules::METADATA,
            Self::Composition => &rules::COMPOSITION,
        }
    }
}

/// One objection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field.
    pub path: Path,
    /// What the API server says behind the field path and the colon.
    pub message: String,
    /// The family.
    pub kind: ViolationKind,
    /// What was most likely meant: the nearest field name or value. For an unknown field the name, for all others the
    /// value as JSON text.
    pub suggestion: Option<String>,
}

impl Violation {
    pub(super) fn new(kind: ViolationKind, path: Path, message: impl Into<String>) -> Self {
        Self {
            path,
            message: message.into(),
            kind,
            suggestion: None,
        }
    }

    /// Whether the API server runs no CEL rule on an object with this objection.
    pub fn blocks_cel(&self) -> bool {
        const BLOCKING: [&str; 4] = ["Required value", "Unsupported value", "Too long", "Too many"];
        matches!(self.kind, ViolationKind::Type | ViolationKind::Format)
            || BLOCKING.iter().any(|prefix| self.message.starts_with(prefix))
    }

    /// The objection as the API server prints it: `path: message`, with `<nil>` for the root.
    pub fn display(&self) -> String {
        if self.path.is_root() {
            format!("<nil>: {}", self.message)
        } else {
            format!("{}: {}", self.path, self.message)
        }
    }
}

/// What to write under the place.
fn label(violation: &Violation) -> String {
    match (violation.kind, violation.path.last()) {
        (ViolationKind::UnknownField, _) => "no such field".to_owned(),
        (ViolationKind::Required, Some(Step::Key(key))) => format!("`{key}` is missing"),
        _ => String::new(),
    }
}

/// The finding for an objection against a document, with the place in its file.
pub fn to_diagnostic(violation: &Violation, document: &Document, sources: &Sources) -> Diagnostic {
    let text = sources.text(document.file);
    let rule = violation.kind.rule();
    let on_key = violation.kind == ViolationKind::UnknownField;
    let key = document
        .has(&violation.path)
        .then(|| document.key_span(&violation.path))
        .flatten();
    let span = match key {
        Some(key) if on_key => key,
        _ => document.label_span(&violation.path, text),
    };
    let mut finding = Diagnostic::error(rule.code(), violation.message.clone())
        .label(span, label(violation))
        .path(&violation.path);
    finding.object = document.object();
    if violation.path.is_root() {
        finding.path = None;
    }
    if let Some(quoted) = quoted(violation, sources.slice(span)) {
        return finding
            .help("texts that look like numbers need quotes")
            .fix(span, quoted);
    }
    if let Some(suggestion) = &violation.suggestion {
        finding = finding.help(format!("did you mean `{suggestion}`?"));
        if on_key == key.is_some_and(|key| key == span) && document.has(&violation.path) {
            let written = sources.slice(span);
            let replacement = spelt_as(suggestion, written);
            // Names that differ in case or hyphens alone are the same to people.
            finding = if same(suggestion, written.trim_matches(['"', '\''])) {
                finding.fix(span, replacement)
            } else {
                finding.guess(span, replacement)
            };
        }
    }
    finding
}

/// A number or truth value that stands where a text must: the same with quotes around it.
fn quoted(violation: &Violation, written: &str) -> Option<String> {
    let scalar = ["\"integer\"", "\"number\"", "\"boolean\""];
    let is_scalar = violation.kind == ViolationKind::Type
        && violation.message.contains("must be of type string")
        && scalar.iter().any(|kind| violation.message.ends_with(kind));
    // A label or an annotation.
    let of_metadata = violation.message.ends_with(": must be a string") && written != "null";
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    ((is_scalar || of_metadata) && !written.is_empty() && written.bytes().all(plain))
        .then(|| format!("\"{written}\""))
}

/// A text as it can stand in the place of another: in quotes where that one is, and where it would be misread without.
fn spelt_as(text: &str, replaced: &str) -> String {
    let quoted = replaced.starts_with(['"', '\'']);
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/' | b'-'))
        && is_plain_text(text);
    if plain && !quoted {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_are_quoted_where_they_must_be() {
        assert_eq!(spelt_as("Open", "open"), "Open");
        assert_eq!(spelt_as("Open", "\"open\""), "\"Open\"");
        assert_eq!(spelt_as("Open", "'open'"), "\"Open\"");
        assert_eq!(spelt_as("on", "onn"), "\"on\"");
        assert_eq!(spelt_as("010", "01"), "\"010\"");
        assert_eq!(spelt_as("a: b", "a"), "\"a: b\"");
    }
}
