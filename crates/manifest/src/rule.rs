//! What a code means: name, summary and the documentation that `rackwright explain CODE` prints.

use crate::diagnostic::{Code, Severity};

/// One rule. Rules are data: the rule pages and `explain` are made from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable code, `RWnnnn`.
    pub code: &'static str,
    /// Name in kebab-case, for people.
    pub name: &'static str,
    /// Severity of its findings.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
    /// Markdown with the sections `## What it does`, `## Why`, `## Example`, `## Fix`.
    pub doc: &'static str,
}

impl Rule {
    /// The code as the findings carry it.
    pub const fn code(&self) -> Code {
        Code(self.code)
    }
}

pub use crate::rules::RULES;
