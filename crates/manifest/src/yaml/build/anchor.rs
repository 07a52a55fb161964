//! What anchors stand on, kept for their aliases.

use super::{Anchored, Builder, Node, Range};
use crate::diagnostic::Diagnostic;
use crate::rules;
use serde_json::Value;

impl Builder<'_> {
    /// Keeps a finished value for the aliases of its anchor.
    pub(super) fn remember(&mut self, anchor: usize, value: &Value, node: usize, height: usize) {
        let nodes = self.nodes.get(node..).unwrap_or(&[]);
        self.cloned += nodes.len();
        if self.cloned > self.limits.max_alias_expansion {
            let range = nodes.first().map_or((0, 0), |node| node.value);
            return self.abandon(
                Diagnostic::error(
                    rules::ALIAS_EXPANSION.code(),
                    format!(
                        "the values behind anchors have more than {} parts",
                        self.limits.max_alias_expansion
                    ),
                )
                .label(self.span(range), "one anchor too many"),
            );
        }
        self.anchors.insert(
            anchor,
            Anchored {
                value: value.clone(),
                nodes: nodes.into(),
                height,
            },
        );
    }

    /// Keeps a key for the aliases of its anchor, which repeat it as a value.
    pub(in crate::yaml) fn remember_key(&mut self, anchor: usize, value: Value, range: Range) {
        let node = Node {
            key: (0, 0),
            value: range,
            key_hash: 0,
            size: 1,
        };
        let anchored = Anchored {
            value,
            nodes: Box::new([node]),
            height: 0,
        };
        self.anchors.insert(anchor, anchored);
    }
}
