//! `<<`: one map's keys taken into another.

use super::{Builder, Content, Frame, Range};
use crate::diagnostic::Diagnostic;
use crate::rules;
use crate::yaml::tree::Tree;
use serde_json::{Map, Value};

impl Builder<'_> {
    /// Merges as go-yaml v2 does: in the order of the text, so that a merge overrides the keys written before it.
    /// That is against the rule of YAML's merge type, and reported.
    pub(super) fn merge(&mut self, value: Value, node: usize, range: Range) {
        let subtree = Tree::new(self.nodes.split_off(node));
        let sources: Vec<(Map<String, Value>, usize)> = match value {
            Value::Object(map) => vec![(map, 0)],
            // The first map of a list wins, hence the reverse order.
            Value::Array(items) if items.iter().all(Value::is_object) => {
                let places: Vec<usize> = subtree.children(0).collect();
                let maps = items.into_iter().filter_map(|item| match item {
                    Value::Object(map) => Some(map),
                    _ => None,
                });
                let mut pairs: Vec<_> = maps.zip(places).collect();
                pairs.reverse();
                pairs
            }
            _ => {
                return self.refuse_merge(range);
            }
        };
        let parent = self.frames.last().map_or(0, |frame| frame.node);
        for (map, place) in sources {
            for (name, value) in map {
                if let Some(child) = subtree.key_child(place, &name) {
                    self.nodes.extend_from_slice(subtree.nodes_at(child));
                }
                let Some(Frame {
                    content: Content::Map { map, merged, .. },
                    ..
                }) = self.frames.last_mut()
                else {
                    return;
                };
                let overridden = map.contains_key(&name) && !merged.contains(&name);
                if overridden {
                    let first = self.child_key(parent, node, &name).unwrap_or(range);
                    self.refuse(
                        range,
                        Diagnostic::error(
                            rules::BAD_MERGE.code(),
                            format!("`<<` overrides the key `{name}` that is written before it"),
                        )
                        .label(self.span(range), "kubectl takes the merged value")
                        .label(self.span(first), "YAML's merge rule takes this one")
                        .help("put `<<` in front of all other keys"),
                    );
                }
                if let Some(Frame {
                    content: Content::Map { map, merged, .. },
                    ..
                }) = self.frames.last_mut()
                {
                    merged.insert(name.clone());
                    map.insert(name, value);
                }
            }
        }
    }

    pub(super) fn refuse_merge(&mut self, range: Range) {
        self.refuse(
            range,
            Diagnostic::error(rules::BAD_MERGE.code(), "`<<` takes a map or a list of maps")
                .label(self.span(range), "merged here"),
        );
    }
}
