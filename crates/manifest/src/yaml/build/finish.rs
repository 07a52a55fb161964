//! The end of a document: it must be an object, and `List`s are taken apart.

use super::{Builder, Range};
use crate::diagnostic::Diagnostic;
use crate::path::Path;
use crate::rules;
use crate::yaml::document::Document;
use crate::yaml::tree::Tree;
use serde_json::Value;

impl Builder<'_> {
    /// Ends a document: checks that it is an object, takes `List`s apart.
    pub(in crate::yaml) fn end_document(&mut self) {
        if self.skipping() {
            return;
        }
        let Some(value) = self.root.take() else { return };
        // kubectl skips empty documents and `null`.
        if value.is_null() {
            return;
        }
        let nodes = std::mem::take(&mut self.nodes);
        let range = nodes.first().map_or((0, 0), |node| node.value);
        let refused = std::mem::take(&mut self.refused);
        self.flatten(
            Document::new(value, self.file, Tree::new(nodes), refused.into(), self.indirect),
            range,
        );
    }

    fn flatten(&mut self, document: Document, range: Range) {
        if !document.value.is_object() {
            return self.report(
                Diagnostic::error(
                    rules::NOT_AN_OBJECT.code(),
                    "a document must be a map with `apiVersion` and `kind`",
                )
                .label(document.label_span(&Path::root(), self.text), "not a map"),
            );
        }
        let is_list = document.kind().is_some_and(|kind| kind.ends_with("List"))
            && document.api_version().is_some()
            && document.value.get("items").is_some_and(Value::is_array);
        if !is_list {
            for field in ["apiVersion", "kind"] {
                if document
                    .value
                    .get(field)
                    .and_then(Value::as_str)
                    .is_none_or(str::is_empty)
                {
                    let place = document.label_span(&Path::root().child(field), self.text);
                    let place = if document.value.get(field).is_some() {
                        place
                    } else {
                        document.first_key()
                    };
                    let mut finding = Diagnostic::error(
                        rules::MISSING_KIND.code(),
                        format!("the document has no `{field}`"),
                    )
                    .label(place, "this document")
                    .path(field);
                    finding.object = document.object();
                    self.report(finding);
                }
            }
            return self.read.documents.push(document);
        }
        let (file, indirect) = (document.file, document.is_indirect());
        let (mut value, tree, refused) = document.into_parts();
        let Some(Value::Array(items)) = value.get_mut("items").map(Value::take) else {
            return;
        };
        let Some(list) = tree.key_child(0, "items") else {
            return;
        };
        let places: Vec<usize> = tree.children(list).collect();
        for (item, place) in items.into_iter().zip(places) {
            let subtree = tree.subtree(place);
            let range = subtree.root().map_or(range, |node| node.value);
            let within = refused
                .iter()
                .copied()
                .filter(|part| range.0 <= part.0 && part.1 <= range.1)
                .collect();
            self.flatten(Document::new(item, file, subtree, within, indirect), range);
        }
    }
}
