//! Builds documents from the events of either parser: values, places, and the findings that need both.

mod anchor;
mod finish;
mod merge;
mod report;

use super::tree::{Node, hash};
use super::{Limits, Read};
use crate::diagnostic::Diagnostic;
use crate::rules;
use crate::source::{FileId, Span};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A byte range in the file being read.
pub(super) type Range = (u32, u32);

/// What stands in front of the next value of a map.
#[derive(Debug)]
pub(super) enum Key {
    Name(String, Range),
    /// `<<`
    Merge(Range),
    /// A key that was refused; its value is read and dropped.
    Refused(Range),
}

#[derive(Debug)]
enum Content {
    Map {
        map: Map<String, Value>,
        key: Option<Key>,
        merged: BTreeSet<String>,
    },
    List(Vec<Value>),
}

#[derive(Debug)]
struct Frame {
    content: Content,
    /// Index of this value's node.
    node: usize,
    /// Anchor on this value, 0 for none.
    anchor: usize,
    /// Levels below.
    height: usize,
    /// End of the last part seen.
    end: u32,
}

#[derive(Debug)]
struct Anchored {
    value: Value,
    nodes: Box<[Node]>,
    height: usize,
}

/// Why reading goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    /// Events are taken.
    No,
    /// The rest of the document is skipped.
    Document,
    /// The rest of the file is skipped.
    File,
}

pub(super) struct Builder<'a> {
    text: &'a str,
    file: FileId,
    limits: &'a Limits,
    read: Read,
    frames: Vec<Frame>,
    nodes: Vec<Node>,
    anchors: BTreeMap<usize, Anchored>,
    root: Option<Value>,
    /// Ranges of this document about which a finding was made.
    refused: Vec<Range>,
    /// Whether this document has anchors, aliases, merges or tags.
    indirect: bool,
    /// How many findings there were before this document.
    before: usize,
    nodes_in_file: usize,
    /// Values that aliases added to this document, and clones kept for aliases to come.
    expanded: usize,
    cloned: usize,
    stop: Stop,
}

impl<'a> Builder<'a> {
    pub(super) fn new(text: &'a str, file: FileId, limits: &'a Limits) -> Self {
        Self {
            text,
            file,
            limits,
            read: Read::default(),
            frames: Vec::new(),
            nodes: Vec::new(),
            anchors: BTreeMap::new(),
            root: None,
            refused: Vec::new(),
            indirect: false,
            before: 0,
            nodes_in_file: 0,
            expanded: 0,
            cloned: 0,
            stop: Stop::No,
        }
    }

    pub(super) fn finish(self) -> Read {
        self.read
    }

    pub(super) fn span(&self, range: Range) -> Span {
        Span::new(self.file, range.0, range.1)
    }

    pub(super) fn source(&self, range: Range) -> &'a str {
        self.text.get(range.0 as usize..range.1 as usize).unwrap_or("")
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop == Stop::File
    }

    pub(super) fn skipping(&self) -> bool {
        self.stop != Stop::No
    }

    /// Records a finding after which the rest of the document cannot be used.
    pub(super) fn abandon(&mut self, diagnostic: Diagnostic) {
        if self.stop == Stop::No {
            self.report(diagnostic);
            self.stop = self.stop.max(Stop::Document);
        }
    }

    /// Whether the next value is a key.
    pub(super) fn key_expected(&self) -> bool {
        matches!(
            self.frames.last(),
            Some(Frame {
                content: Content::Map { key: None, .. },
                ..
            })
        )
    }

    /// Notes that a value of this document is not just what its text says.
    pub(super) fn set_indirect(&mut self) {
        self.indirect = true;
    }

    /// Where the key of the next value stands.
    pub(super) fn pending_key(&self) -> Option<Range> {
        match &self.frames.last()?.content {
            Content::Map {
                key: Some(Key::Name(_, range) | Key::Merge(range) | Key::Refused(range)),
                ..
            } => Some(*range),
            _ => None,
        }
    }

    pub(super) fn start_document(&mut self) {
        self.frames.clear();
        self.nodes.clear();
        self.anchors.clear();
        self.refused.clear();
        self.indirect = false;
        self.before = self.read.diagnostics.len();
        self.root = None;
        self.expanded = 0;
        self.cloned = 0;
        if self.stop == Stop::Document {
            self.stop = Stop::No;
        }
    }

    pub(super) fn key(&mut self, next: Key) {
        if self.skipping() {
            return;
        }
        if let Some(frame) = self.frames.last_mut()
            && let Content::Map { key, .. } = &mut frame.content
        {
            let (Key::Name(_, range) | Key::Merge(range) | Key::Refused(range)) = &next;
            frame.end = frame.end.max(range.1);
            *key = Some(next);
        }
    }

    /// A key that is a list, a map or nothing.
    pub(super) fn complex_key(&mut self, range: Range) {
        self.refuse(
            range,
            Diagnostic::error(rules::COMPLEX_KEY.code(), "a key must be a string")
                .label(self.span(range), "not a string")
                .help("write the key as a word, in quotes if need be"),
        );
    }

    fn push_node(&mut self, range: Range) -> Option<usize> {
        self.nodes_in_file += 1;
        if self.nodes_in_file > self.limits.max_nodes {
            self.report(
                Diagnostic::error(
                    rules::TOO_MANY_NODES.code(),
                    format!("the file has more than {} values", self.limits.max_nodes),
                )
                .label(self.span(range), "not read from here on"),
            );
            self.stop = Stop::File;
            return None;
        }
        let (key, key_hash) = match self.frames.last().map(|frame| &frame.content) {
            Some(Content::Map {
                key: Some(Key::Name(name, range)),
                ..
            }) => (*range, hash(name)),
            Some(Content::Map {
                key: Some(Key::Merge(range)),
                ..
            }) => (*range, 0),
            _ => ((0, 0), 0),
        };
        self.nodes.push(Node {
            key,
            value: range,
            key_hash,
            size: 1,
        });
        Some(self.nodes.len() - 1)
    }

    /// A value without parts.
    pub(super) fn scalar(&mut self, value: Value, range: Range, anchor: usize) {
        if self.skipping() {
            return;
        }
        if let Some(node) = self.push_node(range) {
            self.complete(value, node, 0, anchor, range.1);
        }
    }

    fn begin(&mut self, content: Content, range: Range, anchor: usize) {
        if self.skipping() {
            return;
        }
        if self.frames.len() >= self.limits.max_depth {
            return self.too_deep(range);
        }
        if let Some(node) = self.push_node(range) {
            self.frames.push(Frame {
                content,
                node,
                anchor,
                height: 0,
                end: range.0,
            });
        }
    }

    pub(super) fn too_deep(&mut self, range: Range) {
        self.abandon(
            Diagnostic::error(
                rules::TOO_DEEP.code(),
                format!(
                    "maps and lists are nested more than {} deep",
                    self.limits.max_depth
                ),
            )
            .label(self.span(range), "too deep"),
        );
    }

    pub(super) fn begin_map(&mut self, range: Range, anchor: usize) {
        self.begin(
            Content::Map {
                map: Map::new(),
                key: None,
                merged: BTreeSet::new(),
            },
            range,
            anchor,
        );
    }

    pub(super) fn begin_list(&mut self, range: Range, anchor: usize) {
        self.begin(Content::List(Vec::new()), range, anchor);
    }

    /// Ends the innermost map or list; `end` is where its closing bracket ends, none for block style.
    pub(super) fn end(&mut self, end: Option<u32>) {
        if self.skipping() {
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        let end = end.unwrap_or(frame.end);
        let size = (self.nodes.len() - frame.node) as u32;
        if let Some(node) = self.nodes.get_mut(frame.node) {
            node.value.1 = end.max(node.value.0);
            node.size = size;
        }
        let value = match frame.content {
            Content::Map { map, .. } => Value::Object(map),
            Content::List(items) => Value::Array(items),
        };
        self.complete(value, frame.node, frame.height + 1, frame.anchor, end);
    }

    /// Repeats the value behind an anchor.
    pub(super) fn alias(&mut self, id: usize, range: Range) {
        if self.skipping() {
            return;
        }
        let Some(anchored) = self.anchors.get(&id) else {
            return self.abandon(
                Diagnostic::error(
                    rules::ALIAS_EXPANSION.code(),
                    "the value of an anchor contains itself",
                )
                .label(self.span(range), "refers to a value that is not finished here"),
            );
        };
        if self.key_expected() {
            let key = if let Value::String(text) = &anchored.value {
                Key::Name(text.clone(), range)
            } else {
                self.complex_key(range);
                Key::Refused(range)
            };
            return self.key(key);
        }
        let (height, count) = (anchored.height, anchored.nodes.len());
        self.expanded += count;
        let decoded = self.nodes.len() + count;
        // kubectl's rule for small documents: at most 99 of 100 values may come from aliases.
        let ratio = self.expanded > 100 && decoded > 1000 && self.expanded * 100 > decoded * 99;
        if self.expanded > self.limits.max_alias_expansion || ratio {
            return self.abandon(
                Diagnostic::error(
                    rules::ALIAS_EXPANSION.code(),
                    format!(
                        "aliases expand to {} values, far more than the document holds",
                        self.expanded
                    ),
                )
                .label(self.span(range), "one alias too many")
                .help("write the values out, or split the document"),
            );
        }
        if self.frames.len() + height > self.limits.max_depth {
            return self.too_deep(range);
        }
        let value = anchored.value.clone();
        if let Some(Content::Map {
            key: Some(Key::Merge(merge)),
            ..
        }) = self.frames.last().map(|frame| &frame.content)
            && value.is_array()
        {
            // Only a list that is written out may hold several maps.
            self.refuse_merge(*merge);
        }
        let Some(node) = self.push_node(range) else { return };
        if let Some(anchored) = self.anchors.get(&id) {
            self.nodes[node].size = anchored.nodes.len() as u32;
            self.nodes.extend(anchored.nodes.iter().skip(1));
        }
        self.nodes_in_file += count.saturating_sub(1);
        self.complete(value, node, height, 0, range.1);
    }

    /// Puts a finished value where it belongs.
    fn complete(&mut self, value: Value, node: usize, height: usize, anchor: usize, end: u32) {
        if anchor != 0 {
            self.remember(anchor, &value, node, height);
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(value);
            return;
        };
        frame.end = frame.end.max(end);
        frame.height = frame.height.max(height);
        let key = match &mut frame.content {
            Content::List(items) => return items.push(value),
            Content::Map { key, .. } => key.take(),
        };
        match key {
            Some(Key::Name(name, range)) => self.insert(name, range, value, node),
            Some(Key::Merge(range)) => self.merge(value, node, range),
            Some(Key::Refused(_)) => self.nodes.truncate(node),
            None => {
                // A list or a map in key position.
                let range = self.nodes.get(node).map_or((end, end), |node| node.value);
                self.nodes.truncate(node);
                self.complex_key(range);
                self.key(Key::Refused(range));
            }
        }
    }

    fn insert(&mut self, name: String, range: Range, value: Value, node: usize) {
        let Some(Frame {
            content: Content::Map { map, merged, .. },
            node: parent,
            ..
        }) = self.frames.last_mut()
        else {
            return;
        };
        let parent = *parent;
        let replaced = map.contains_key(&name) && !merged.remove(&name);
        if replaced {
            let first = self.child_key(parent, node, &name).unwrap_or(range);
            self.refuse_at(
                &self.path().child(&name),
                range,
                Diagnostic::error(
                    rules::DUPLICATE_KEY.code(),
                    format!("key `{name}` stands twice in one map"),
                )
                .label(self.span(range), "again here")
                .label(self.span(first), "first here")
                .help("kubectl takes the last one silently; keep one of them"),
            );
        }
        if let Some(Frame {
            content: Content::Map { map, .. },
            ..
        }) = self.frames.last_mut()
        {
            map.insert(name, value);
        }
    }

    /// Where a key of an unfinished map stands first; `before` bounds the search.
    fn child_key(&self, parent: usize, before: usize, name: &str) -> Option<Range> {
        let wanted = hash(name);
        let mut at = parent + 1;
        while at < before {
            let node = self.nodes.get(at)?;
            if node.key_hash == wanted {
                return Some(node.key);
            }
            at += node.size.max(1) as usize;
        }
        None
    }
}
