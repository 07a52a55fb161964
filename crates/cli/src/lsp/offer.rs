//! Words to go on with at a place: fields, values, and names of objects that are there.

use std::collections::BTreeSet;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, MarkupContent, MarkupKind, Range,
    TextEdit,
};
use rackwright_api::labels::{API_VERSION, GROUP};
use rackwright_manifest::{Path, Step};
use rackwright_planner::{Kind, ObjectRef, catalogue};

use super::cursor::{At, Cursor};
use super::schema::{Field, Fields};
use crate::object::ObjectKind;

/// Fields that name an object: kind, path without numbers, and the kind of what is named (rule RW2001).
const REFERENCES: [(&str, &[&str], Kind); 7] = [
    ("GPUPool", &["spec", "supercluster"], Kind::Supercluster),
    ("GPUPool", &["spec", "fabrics", "name"], Kind::InfiniBandFabric),
    ("GPUPool", &["spec", "storage", "tier"], Kind::StorageTier),
    ("InfiniBandFabric", &["spec", "supercluster"], Kind::Supercluster),
    (
        "InfiniBandFabric",
        &["spec", "partitions", "members", "pool"],
        Kind::GPUPool,
    ),
    ("StorageTier", &["spec", "supercluster"], Kind::Supercluster),
    ("StorageTier", &["spec", "fabric"], Kind::InfiniBandFabric),
];

/// The words for a place; `range` is what is typed of one already.
pub fn words(
    fields: &Fields,
    objects: &BTreeSet<ObjectRef>,
    cursor: &Cursor,
    range: Range,
) -> Vec<CompletionItem> {
    match &cursor.at {
        At::Key(_) => keys(fields, cursor, range),
        At::Value(_) => values(fields, objects, cursor, range),
    }
}

fn item(label: &str, kind: CompletionItemKind, insert: String, range: Range) -> CompletionItem {
    CompletionItem {
        label: label.to_owned(),
        kind: Some(kind),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
            range,
            new_text: insert,
        })),
        ..CompletionItem::default()
    }
}

fn is_ours(cursor: &Cursor) -> bool {
    let group = cursor
        .api_version
        .as_deref()
        .and_then(|version| version.split('/').next());
    group == Some(GROUP)
}

fn keys(fields: &Fields, cursor: &Cursor, range: Range) -> Vec<CompletionItem> {
    let key = |name: &str, field: Option<Field<'_>>, required: bool| {
        let insert = match field.and_then(Field::opens) {
            Some(_) => format!("{name}:"),
            None => format!("{name}: "),
        };
        let mut word = item(name, CompletionItemKind::FIELD, insert, range);
        if let Some(field) = field {
            word.detail = Some(match required {
                true => format!("{}, required", field.kind()),
                false => field.kind(),
            });
            word.documentation = Some(Documentation::MarkupContent(MarkupContent {
                kind: MarkupKind::Markdown,
                value: field.markdown(&cursor.path.child(name)),
            }));
        }
        // What must be there comes first.
        word.sort_text = Some(format!("{}{name}", u8::from(!required)));
        word
    };
    let root = cursor.path.is_root();
    let Some(kind) = cursor.kind.as_deref().filter(|_| is_ours(cursor)) else {
        let missing = |name: &&str| root && !cursor.beside.contains(*name);
        let names = ["apiVersion", "kind", "metadata", "spec"];
        return names
            .into_iter()
            .filter(missing)
            .map(|name| key(name, None, true))
            .collect();
    };
    let Some(parent) = fields.get(kind, &cursor.path) else {
        return Vec::new();
    };
    parent
        .properties()
        .filter(|(name, _)| !cursor.beside.contains(*name) && !(root && *name == "status"))
        .map(|(name, field)| key(name, Some(field), parent.requires(name)))
        .collect()
}

fn values(
    fields: &Fields,
    objects: &BTreeSet<ObjectRef>,
    cursor: &Cursor,
    range: Range,
) -> Vec<CompletionItem> {
    let value = |text: &str| item(text, CompletionItemKind::VALUE, text.to_owned(), range);
    let names: Vec<&str> = names(&cursor.path).collect();
    match *names {
        ["apiVersion"] => return vec![value(API_VERSION)],
        ["kind"] if is_ours(cursor) || cursor.api_version.is_none() => {
            return ObjectKind::names().map(value).collect();
        }
        _ => {}
    }
    let Some(kind) = cursor.kind.as_deref().filter(|_| is_ours(cursor)) else {
        return Vec::new();
    };
    let reference = REFERENCES
        .iter()
        .find(|(from, path, _)| *from == kind && *path == names);
    if let Some((_, _, to)) = reference {
        let named = objects.iter().filter(|object| object.kind == *to);
        return named
            .map(|object| {
                item(
                    &object.name,
                    CompletionItemKind::REFERENCE,
                    object.name.clone(),
                    range,
                )
            })
            .collect();
    }
    match (kind, &*names) {
        ("Supercluster", ["spec", "racks", "system"]) => {
            catalogue::systems().keys().map(|name| value(name)).collect()
        }
        ("InfiniBandFabric", ["spec", "topology", "switch"]) => {
            catalogue::switches().keys().map(|name| value(name)).collect()
        }
        _ => {
            let values = fields
                .get(kind, &cursor.path)
                .map(Field::values)
                .unwrap_or_default();
            values.iter().map(|text| value(text)).collect()
        }
    }
}

/// The keys of a path, without the numbers of items.
fn names(path: &Path) -> impl Iterator<Item = &str> {
    path.steps().iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    })
}
