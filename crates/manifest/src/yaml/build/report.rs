//! Findings on their way out, with the field that is being read.

use super::{Builder, Content, Key, Range, Stop};
use crate::diagnostic::Diagnostic;
use crate::path::Path;
use crate::rules;

impl Builder<'_> {
    /// Records a finding; too many end the reading.
    pub(in crate::yaml) fn report(&mut self, diagnostic: Diagnostic) {
        if self.stop == Stop::File {
            return;
        }
        if self.read.diagnostics.len() >= self.limits.max_diagnostics {
            self.stop = Stop::File;
            let span = diagnostic.primary().unwrap_or(self.span((0, 0)));
            self.read.diagnostics.push(
                Diagnostic::error(
                    rules::TOO_MANY_FINDINGS.code(),
                    format!(
                        "stopped reading after {} findings in this file",
                        self.limits.max_diagnostics
                    ),
                )
                .label(span, "not read from here on"),
            );
            return;
        }
        self.read.diagnostics.push(diagnostic);
    }

    /// Records a finding about a value of this document that is kept nevertheless, with the field that is being read.
    pub(in crate::yaml) fn refuse(&mut self, range: Range, diagnostic: Diagnostic) {
        self.refuse_at(&self.path(), range, diagnostic);
    }

    pub(super) fn refuse_at(&mut self, path: &Path, range: Range, diagnostic: Diagnostic) {
        self.refused.push(range);
        self.report(if path.is_root() {
            diagnostic
        } else {
            diagnostic.path(path)
        });
    }

    /// The field that is being read; in front of a key, the map that the key belongs to.
    pub(super) fn path(&self) -> Path {
        let mut path = Path::root();
        for frame in &self.frames {
            path = match &frame.content {
                Content::Map {
                    key: Some(Key::Name(name, _)),
                    ..
                } => path.child(name),
                Content::List(items) => path.index(items.len()),
                // What a merge brings in has no field of its own yet.
                Content::Map { .. } => return path,
            };
        }
        path
    }
}
