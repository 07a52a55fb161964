//! Where the parser, which reads YAML 1.2, takes what kubectl's go-yaml refuses or reads otherwise.

use super::build::{Builder, Range};
use crate::diagnostic::Diagnostic;
use crate::rules;
use std::collections::BTreeSet;

/// What is remembered from event to event.
pub(super) struct Dialect {
    /// Starts of the open maps and lists; none for block style.
    open: Vec<Option<u32>>,
    /// Tabs in the indentation of lines that no scalar and no bracket has claimed yet.
    tabs: BTreeSet<u32>,
}

impl Dialect {
    pub(super) fn new(text: &str) -> Self {
        Self {
            open: Vec::new(),
            tabs: indenting_tabs(text),
        }
    }

    pub(super) fn start_document(&mut self) {
        self.open.clear();
    }

    pub(super) fn open(&mut self, flow: bool, range: Range) {
        self.open.push(flow.then_some(range.0));
    }

    pub(super) fn close(&mut self, end: u32) {
        if let Some(Some(start)) = self.open.pop() {
            self.claim((start, end));
        }
    }

    /// Tabs inside of a scalar or of brackets are no indentation.
    pub(super) fn claim(&mut self, range: Range) {
        if self.tabs.is_empty() {
            return;
        }
        let inside: Vec<u32> = self.tabs.range(range.0..range.1.max(range.0)).copied().collect();
        for tab in inside {
            self.tabs.remove(&tab);
        }
    }

    /// Behind a syntax error nobody knows what a tab belongs to.
    pub(super) fn forget_tabs(&mut self) {
        self.tabs.clear();
    }

    /// Reports the tabs that nothing claimed.
    pub(super) fn finish(self, builder: &mut Builder<'_>) {
        for tab in self.tabs {
            let finding = Diagnostic::error(
                rules::TAB_INDENTATION.code(),
                "a tab cannot be used as indentation",
            )
            .label(builder.span((tab, tab + 1)), "tab")
            .help("indent with spaces; kubectl refuses tabs on empty lines, too");
            builder.report(finding);
        }
    }

    /// Reports the one escape of JSON that go-yaml does not know, which is an error to it.
    pub(super) fn quoted_scalar(builder: &mut Builder<'_>, range: Range) {
        let Some(at) = escaped_slash(builder.source(range)) else {
            return;
        };
        let place = (range.0 + at as u32, range.0 + at as u32 + 2);
        let finding = Diagnostic::error(
            rules::YAML_SYNTAX.code(),
            "kubectl does not know the escape `\\/` in YAML",
        )
        .label(builder.span(place), "kubectl refuses this")
        .help("a slash needs no backslash")
        .fix(builder.span(place), "/");
        builder.refuse(range, finding);
    }

    /// Reports plain scalars in brackets that go-yaml ends earlier: at a question mark, and behind a colon that has no
    /// space.
    pub(super) fn plain_scalar(&self, builder: &mut Builder<'_>, text: &str, range: Range, is_key: bool) {
        if !matches!(self.open.last(), Some(Some(_))) {
            return;
        }
        let rest = builder.source((range.1, range.1.saturating_add(2)));
        let cramped = is_key && rest.starts_with(':') && rest[1..].starts_with([',', '[', ']', '{', '}']);
        let (rule, message) = if cramped {
            (
                &rules::AMBIGUOUS_KEY,
                format!("kubectl reads the key `{text}` with the colon behind it"),
            )
        } else if text.contains('?') {
            (
                &rules::AMBIGUOUS_SCALAR,
                "kubectl ends a plain text in brackets at a question mark".to_owned(),
            )
        } else {
            return;
        };
        let finding = Diagnostic::error(rule.code(), message)
            .label(builder.span(range), "needs quotes")
            .help("put it in quotes")
            .fix(builder.span(range), serde_json::Value::from(text).to_string());
        builder.refuse(range, finding);
    }
}

/// Where a text in double quotes has a backslash and a slash that belong together.
fn escaped_slash(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    while let Some(backslash) = bytes.get(at..)?.iter().position(|byte| *byte == b'\\') {
        at += backslash;
        if bytes.get(at + 1) == Some(&b'/') {
            return Some(at);
        }
        at += 2;
    }
    None
}

/// How many bytes of a line are indentation.
fn indentation(line: &str) -> usize {
    let mut rest = line.trim_start_matches([' ', '\t']);
    while let Some(inner) = rest
        .strip_prefix(['-', '?'])
        .filter(|inner| inner.starts_with([' ', '\t']))
    {
        rest = inner.trim_start_matches([' ', '\t']);
    }
    line.len() - rest.len()
}

/// The first tab of each line whose indentation holds one: its leading white space, and what stands behind the dashes of
/// lists and the question marks of keys.
fn indenting_tabs(text: &str) -> BTreeSet<u32> {
    let mut tabs = BTreeSet::new();
    if !text.contains('\t') {
        return tabs;
    }
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let blank = indentation(line);
        if let Some(tab) = line[..blank].find('\t') {
            tabs.insert((offset + tab) as u32);
        }
        offset += line.len();
    }
    tabs
}
