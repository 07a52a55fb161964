//! One document: its value, and where each part of it stands.

use super::tree::Tree;
use crate::path::Path;
use crate::source::{FileId, Span};
use serde_json::Value;

/// A document as read.
#[derive(Debug, Clone)]
pub struct Document {
    /// The value, exactly as kubectl would send it.
    pub value: Value,
    /// The file that it stands in.
    pub file: FileId,
    tree: Tree,
    /// Byte ranges of keys and values that the reader already made a finding about.
    refused: Box<[(u32, u32)]>,
    indirect: bool,
}

impl Document {
    pub(super) fn new(
        value: Value,
        file: FileId,
        tree: Tree,
        refused: Box<[(u32, u32)]>,
        indirect: bool,
    ) -> Self {
        Self {
            value,
            file,
            tree,
            refused,
            indirect,
        }
    }

    pub(super) fn into_parts(self) -> (Value, Tree, Box<[(u32, u32)]>) {
        (self.value, self.tree, self.refused)
    }

    /// Whether the document has anchors, aliases, merges or tags: a value may then come from elsewhere, or be something else
    /// than its text says.
    pub fn is_indirect(&self) -> bool {
        self.indirect
    }

    /// Whether the reader already made a finding about the value at this path or its key: what follows from it, such
    /// as a wrong type, needs no finding of its own.
    pub fn is_refused(&self, path: &Path) -> bool {
        !self.refused.is_empty()
            && self.tree.find(path).is_some_and(|(node, _)| {
                self.refused
                    .iter()
                    .any(|range| *range == node.value || *range == node.key)
            })
    }

    /// The first key of the document, to point at the document as a whole.
    pub fn first_key(&self) -> Span {
        let first = self
            .tree
            .children(0)
            .next()
            .and_then(|at| self.tree.nodes_at(at).first());
        let (start, end) = first.map_or((0, 0), |node| node.key);
        Span::new(self.file, start, end)
    }

    /// `apiVersion`, where it is a string.
    pub fn api_version(&self) -> Option<&str> {
        self.value.get("apiVersion")?.as_str()
    }

    /// `kind`, where it is a string.
    pub fn kind(&self) -> Option<&str> {
        self.value.get("kind")?.as_str()
    }

    /// `metadata.name`, where it is a string.
    pub fn name(&self) -> Option<&str> {
        self.value.get("metadata")?.get("name")?.as_str()
    }

    /// `Kind/name`, with what is missing left out: what findings call the object.
    pub fn object(&self) -> Option<String> {
        match (self.kind(), self.name()) {
            (Some(kind), Some(name)) => Some(format!("{kind}/{name}")),
            (Some(kind), None) => Some(kind.to_owned()),
            (None, name) => name.map(str::to_owned),
        }
    }

    /// Where the value at a path stands, or the nearest ancestor that exists.
    pub fn value_span(&self, path: &Path) -> Span {
        let (start, end) = self.tree.find(path).map_or((0, 0), |(node, _)| node.value);
        Span::new(self.file, start, end)
    }

    /// Where the key at a path stands, or that of the nearest ancestor with a key. None at the root, in a list at the
    /// root, and for the items of a list, whose ancestor's key is given instead.
    pub fn key_span(&self, path: &Path) -> Option<Span> {
        let mut path = path.clone();
        loop {
            let (node, _) = self.tree.find(&path)?;
            if node.key.0 < node.key.1 {
                return Some(Span::new(self.file, node.key.0, node.key.1));
            }
            path.pop()?;
        }
    }

    /// Whether something stands at exactly this path.
    pub fn has(&self, path: &Path) -> bool {
        self.tree
            .find(path)
            .is_some_and(|(_, depth)| depth == path.steps().len())
    }

    /// The place to point at for a finding about the value at a path: the value where it is short enough to show,
    /// else the key in front of it, else the first key of the document.
    pub fn label_span(&self, path: &Path, text: &str) -> Span {
        let one_line = |span: &Span| {
            span.start < span.end
                && text
                    .get(span.start as usize..span.end as usize)
                    .is_some_and(|text| !text.contains('\n'))
        };
        if self.has(path) {
            let value = self.value_span(path);
            if one_line(&value) {
                return value;
            }
            // An item of a list is better shown by its own first line than by the key of the list.
            if matches!(path.last(), Some(crate::path::Step::Index(_))) {
                return first_line(value, text);
            }
        }
        self.key_span(path)
            .unwrap_or_else(|| first_line(self.value_span(path), text))
    }

    /// The tree of places.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }
}

fn first_line(span: Span, text: &str) -> Span {
    let line = text.get(span.start as usize..span.end as usize).unwrap_or("");
    let length = line.find(['\n', '\r']).unwrap_or(line.len());
    Span::new(span.file, span.start, span.start + length as u32)
}
