//! Findings: what is wrong, where, why, and how to put it right.

use crate::source::{Sources, Span};
use serde::Serialize;
use std::fmt;

/// The stable code of a rule, such as `RW0005`. The first digit says the stage: 0 reading, 1 schema and CEL,
/// 2 references and membership, 3 allocation, 9 check of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Code(pub &'static str);

impl Code {
    /// The code as text.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is taken, and something about it deserves a look.
    Warning,
}

/// A place with a word about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The word; may be empty.
    pub text: String,
}

/// A replacement that puts the finding right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What to replace.
    pub span: Span,
    /// The text to put there.
    pub replacement: String,
    /// Whether it is only the likeliest of several answers, which a person has to choose from.
    pub guess: bool,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which rule found it.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence without a full stop.
    pub message: String,
    /// Places; the first is the primary one. May be empty when nothing in a file is to blame.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// A replacement, where one is known to be right.
    pub fix: Option<Fix>,
    /// The object, as `GPUPool/train`.
    pub object: Option<String>,
    /// The field path in the object.
    pub path: Option<String>,
}

impl Diagnostic {
    /// A finding that refuses the input.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A finding that lets the input pass.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            fix: None,
            object: None,
            path: None,
        }
    }

    /// Adds a place; the first one added is the primary one.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers a replacement that has no other.
    #[must_use]
    pub fn fix(self, span: Span, replacement: impl Into<String>) -> Self {
        self.replace(span, replacement.into(), false)
    }

    /// Offers the likeliest replacement.
    #[must_use]
    pub fn guess(self, span: Span, replacement: impl Into<String>) -> Self {
        self.replace(span, replacement.into(), true)
    }

    fn replace(mut self, span: Span, replacement: String, guess: bool) -> Self {
        self.fix = Some(Fix {
            span,
            replacement,
            guess,
        });
        self
    }

    /// Names the object, as `GPUPool/train`.
    #[must_use]
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// Names the field.
    #[must_use]
    pub fn path(mut self, path: impl fmt::Display) -> Self {
        self.path = Some(path.to_string());
        self
    }

    /// The primary place.
    pub fn primary(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}

/// Brings findings into the order in which people read them: by file, place, code, message; equal ones once.
pub fn sort(diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
    diagnostics.sort_by(|a, b| {
        let key = |diagnostic: &Diagnostic| {
            // A finding without a place comes first: it concerns the whole input.
            diagnostic
                .primary()
                .map(|span| (sources.name(span.file).to_owned(), span))
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| (a.code, &a.path, &a.message).cmp(&(b.code, &b.path, &b.message)))
    });
    diagnostics.dedup();
}
