//! Kinds: how the API server knows a resource.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::admission::Admission;
use crate::fields::Type;

/// One version of one resource.
#[allow(
    clippy::struct_excessive_bools,
    reason = "facts about a kind that vary on their own"
)]
#[allow(
    clippy::struct_field_names,
    reason = "the words of the API: kind and list kind"
)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    /// Whether `status` is a subresource.
    pub(crate) has_status: bool,
    /// Comes from a `CustomResourceDefinition`.
    pub(crate) custom: bool,
    /// Keeps `metadata.generation`.
    pub(crate) has_generation: bool,
    /// An update without a resource version overwrites.
    pub(crate) unconditional_update: bool,
    /// An update of a missing object creates it.
    pub(crate) create_on_update: bool,
    /// `plural.group`: names the table that all versions share.
    pub(crate) table: Arc<str>,
    /// Merge rules.
    pub(crate) fields: Arc<Type>,
    /// Defaults, pruning, validation.
    pub(crate) admission: Option<Arc<dyn Admission>>,
}

impl Kind {
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `Kind.group`, as messages name it.
    pub(crate) fn qualified_kind(&self) -> String {
        if self.group.is_empty() {
            self.kind.clone()
        } else {
            format!("{}.{}", self.kind, self.group)
        }
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.api_version(), self.plural)
    }
}

/// All kinds that are served.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    /// By group, version, plural.
    kinds: BTreeMap<(String, String, String), Arc<Kind>>,
}

impl Registry {
    pub(crate) fn add(&mut self, kind: Kind) {
        let key = (kind.group.clone(), kind.version.clone(), kind.plural.clone());
        self.kinds.insert(key, Arc::new(kind));
    }

    pub(crate) fn get(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        self.kinds
            .get(&(group.to_owned(), version.to_owned(), plural.to_owned()))
            .cloned()
    }

    /// Any version of a table.
    pub(crate) fn of_table(&self, table: &str) -> Option<Arc<Kind>> {
        self.kinds.values().find(|kind| *kind.table == *table).cloned()
    }

    /// Stops serving every version of a table.
    pub(crate) fn remove_table(&mut self, table: &str) {
        self.kinds.retain(|_, kind| *kind.table != *table);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.kinds.values()
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn texts(value: &Value, pointer: &str) -> Vec<String> {
    let list = value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The kinds that a `CustomResourceDefinition` defines, one for each version that it serves.
/// `admission` makes the schema checks of one version.
pub(crate) fn kinds_of_crd(crd: &Value, admission: impl Fn(&str) -> Option<Arc<dyn Admission>>) -> Vec<Kind> {
    let group = text(crd, "/spec/group");
    let plural = text(crd, "/spec/names/plural");
    let kind = text(crd, "/spec/names/kind");
    let table: Arc<str> = if group.is_empty() {
        plural.as_str().into()
    } else {
        format!("{plural}.{group}").into()
    };
    let or = |value: String, other: String| if value.is_empty() { other } else { value };
    let versions = crd
        .pointer("/spec/versions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    versions
        .filter(|version| version.get("served").and_then(Value::as_bool).unwrap_or(false))
        .map(|version| {
            let name = text(version, "/name");
            let schema = version.pointer("/schema/openAPIV3Schema").unwrap_or(&Value::Null);
            Kind {
                singular: or(text(crd, "/spec/names/singular"), kind.to_lowercase()),
                list_kind: or(text(crd, "/spec/names/listKind"), format!("{kind}List")),
                short_names: texts(crd, "/spec/names/shortNames"),
                categories: texts(crd, "/spec/names/categories"),
                namespaced: text(crd, "/spec/scope") == "Namespaced",
                has_status: version.pointer("/subresources/status").is_some(),
                custom: true,
                has_generation: true,
                unconditional_update: false,
                create_on_update: false,
                fields: Arc::new(Type::of_object(schema)),
                admission: admission(&name),
                group: group.clone(),
                plural: plural.clone(),
                kind: kind.clone(),
                table: Arc::clone(&table),
                version: name,
            }
        })
        .collect()
}
