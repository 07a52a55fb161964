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

/// The first tab of each line whose leading white space holds one.
fn indenting_tabs(text: &str) -> BTreeSet<u32> {
    let mut tabs = BTreeSet::new();
    if !text.contains('\t') {
        return tabs;
    }
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..blank].find('\t') {
            tabs.insert((offset + tab) as u32);
        }
        offset += line.len();
    }
    tabs
}
