//! Words to go on with at a place: fields, values, and names of objects that are there.

use std::collections::BTreeSet;
use std::iter;

use lsp_types::{CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, Range, TextEdit};
use rackwright_api::labels::{API_VERSION, GROUP};
use rackwright_manifest::{Path, Step};
use rackwright_planner::{Kind, ObjectRef, catalogue};

use super::cursor::{At, Cursor};
use crate::field::{self, Field};
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
pub fn words(objects: &BTreeSet<ObjectRef>, cursor: &Cursor, range: Range) -> Vec<CompletionItem> {
    match &cursor.at {
        At::Key(_) => keys(cursor, range),
        At::Value(_) => values(objects, cursor, range),
    }
}

/// The field of a place, where it is one of ours.
pub fn field(cursor: &Cursor, path: &Path) -> Option<Field> {
    let kind = cursor.kind.as_deref().filter(|_| is_ours(cursor))?;
    let keys = iter::once(kind).chain(names(path)).collect::<Vec<_>>();
    field::find(&keys.join(".")).ok().flatten()
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

fn keys(cursor: &Cursor, range: Range) -> Vec<CompletionItem> {
    let Some(parent) = field(cursor, &cursor.path) else {
        let missing = |name: &&str| cursor.path.is_root() && !cursor.beside.contains(*name);
        return ["apiVersion", "kind", "metadata", "spec"]
            .into_iter()
            .filter(missing)
            .map(|name| item(name, CompletionItemKind::FIELD, format!("{name}:"), range))
            .collect();
    };
    let entries = field::words::entries(&parent).into_iter();
    entries
        .filter(|entry| !cursor.beside.contains(&entry.name))
        .map(|entry| {
            let end = if entry.opens { ":" } else { ": " };
            let insert = format!("{}{end}", entry.name);
            let required = if entry.required { ", required" } else { "" };
            CompletionItem {
                detail: Some(format!("{}{required}", entry.kind)),
                documentation: Some(Documentation::String(entry.description)),
                // What must be there comes first.
                sort_text: Some(format!("{}{}", u8::from(!entry.required), entry.name)),
                ..item(&entry.name, CompletionItemKind::FIELD, insert, range)
            }
        })
        .collect()
}

fn values(objects: &BTreeSet<ObjectRef>, cursor: &Cursor, range: Range) -> Vec<CompletionItem> {
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
    let reference = (REFERENCES.iter()).find(|(from, path, _)| *from == kind && *path == names);
    if let Some((_, _, to)) = reference {
        return objects
            .iter()
            .filter(|object| object.kind == *to)
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
        _ => field(cursor, &cursor.path)
            .map(|field| field::words::values(&field))
            .unwrap_or_default()
            .iter()
            .map(|text| value(text))
            .collect(),
    }
}

/// The keys of a path, without the numbers of items.
fn names(path: &Path) -> impl Iterator<Item = &str> {
    path.steps().iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    })
}
