//! Where each value of a document came from.
//!
//! The values themselves are in `Document::value`; this is the parallel table of their places, one flat array in
//! pre-order, 24 bytes a node, so that a plan of 100,000 documents keeps its positions.

use crate::path::{Path, Step};
use std::ops::Range;

/// The places of one value, and of the key that it stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// Byte range of the key; empty for list items and the root.
    pub key: (u32, u32),
    /// Byte range of the value.
    pub value: (u32, u32),
    /// [`hash`] of the key. Keys that collide within one map would swap places in a finding, nothing more.
    pub key_hash: u32,
    /// Number of nodes in this subtree, this one included.
    pub size: u32,
}

/// The places of a document's values.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: Box<[Node]>,
}

/// FNV-1a. The same on every machine, which the standard library's hash is not.
pub(super) fn hash(key: &str) -> u32 {
    key.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// A value of a document: where it stands, and what stands in it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    tree: &'a Tree,
    at: usize,
}

impl<'a> Place<'a> {
    fn node(self) -> Node {
        self.tree.nodes.get(self.at).copied().unwrap_or(Node {
            key: (0, 0),
            value: (0, 0),
            key_hash: 0,
            size: 1,
        })
    }

    /// The bytes of the value; those of its key where the key has none.
    pub fn value(self) -> Range<usize> {
        let (start, end) = self.node().value;
        start as usize..end as usize
    }

    /// The bytes of the key that it stands behind; empty for items of lists and the root.
    pub fn key(self) -> Range<usize> {
        let (start, end) = self.node().key;
        start as usize..end as usize
    }

    /// What stands in it, in the order of the text.
    pub fn children(self) -> impl Iterator<Item = Self> + use<'a> {
        let tree = self.tree;
        tree.children(self.at).map(move |at| Self { tree, at })
    }
}

impl Tree {
    /// The value of the whole document.
    pub fn place(&self) -> Place<'_> {
        Place { tree: self, at: 0 }
    }

    pub(super) fn new(nodes: Vec<Node>) -> Self {
        Self {
            nodes: nodes.into_boxed_slice(),
        }
    }

    pub(super) fn root(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// Number of values in the document.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node at a path, or at the nearest ancestor that exists, with the number of steps that were followed.
    pub(super) fn find(&self, path: &Path) -> Option<(&Node, usize)> {
        let mut at = 0;
        for (depth, step) in path.steps().iter().enumerate() {
            match self.child(at, step) {
                Some(child) => at = child,
                None => return self.nodes.get(at).map(|node| (node, depth)),
            }
        }
        self.nodes.get(at).map(|node| (node, path.steps().len()))
    }

    fn child(&self, parent: usize, step: &Step) -> Option<usize> {
        match step {
            Step::Index(index) => self.children(parent).nth(*index),
            Step::Key(key) => {
                let wanted = hash(key);
                // Of keys that stand twice the last one counts, as for kubectl.
                self.children(parent)
                    .filter(|at| self.nodes[*at].key_hash == wanted)
                    .last()
            }
        }
    }

    /// Indices of the children of a node.
    pub(super) fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        let end = self
            .nodes
            .get(parent)
            .map_or(0, |node| parent + node.size as usize);
        let mut next = parent + 1;
        std::iter::from_fn(move || {
            let at = next;
            if at >= end {
                return None;
            }
            next += self.nodes[at].size.max(1) as usize;
            Some(at)
        })
    }

    /// The nodes of the subtree at an index.
    pub(super) fn nodes_at(&self, at: usize) -> &[Node] {
        let size = self.nodes.get(at).map_or(0, |node| node.size as usize);
        self.nodes.get(at..at + size).unwrap_or(&[])
    }

    /// The subtree at an index as a tree of its own.
    pub(super) fn subtree(&self, at: usize) -> Self {
        Self {
            nodes: self.nodes_at(at).into(),
        }
    }

    /// The index of the child behind a key.
    pub(super) fn key_child(&self, parent: usize, key: &str) -> Option<usize> {
        self.child(parent, &Step::Key(key.to_owned()))
    }
}
