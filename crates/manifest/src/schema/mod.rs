//! Judges objects as the API server judges custom resources: the verdicts, field paths and messages of Kubernetes 1.36.
//!
//! Three differences are wanted. A list where a string of some format belongs is refused; the server lets it pass. An objection to a combination of schemas (`anyOf` and the like) or to the range of a number
//! format carries its field path, where the server prints `<nil>`. Nothing is said about CEL rules that did not run,
//! where the server adds "some validation rules were not checked".

mod cel;
mod defaults;
mod format;
mod lists;
mod message;
mod meta;
mod node;
mod pattern;
mod place;
mod prune;
mod suggest;
mod violation;
mod walk;

pub use meta::is_label;
pub use violation::{Violation, ViolationKind, to_diagnostic};

use crate::path::{Path, Step};
use node::{Compiler, Node};
use place::Place;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use walk::Walk;

/// Why a set of `CustomResourceDefinition`s cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The value is not a `CustomResourceDefinition` of `apiextensions.k8s.io/v1`.
    #[error("not a CustomResourceDefinition of apiextensions.k8s.io/v1: {0}")]
    NotACrd(String),
    /// A schema uses something that the API server would refuse, or that cannot be judged offline.
    #[error("{crd}: {path}: {message}")]
    Schema {
        /// Name of the definition.
        crd: String,
        /// Where in the definition.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

/// The schemas of a set of kinds, compiled once. Shared between threads freely.
#[derive(Debug, Default)]
pub struct Schemas {
    by_kind: BTreeMap<String, BTreeMap<String, Schema>>,
    /// Group and kind of each definition, with what it serves.
    served: BTreeMap<(String, String), Vec<String>>,
}

/// The schema of one version of one kind.
#[derive(Debug)]
pub struct Schema {
    api_version: String,
    kind: String,
    root: Node,
    namespaced: bool,
    has_status_subresource: bool,
}

impl Schemas {
    /// Compiles every served version of every definition.
    pub fn from_crds(crds: impl IntoIterator<Item = Value>) -> Result<Self, SchemaError> {
        let mut schemas = Self::default();
        for crd in crds {
            schemas.add(&crd, true)?;
        }
        Ok(schemas)
    }

    /// The same of a definition that [`Self::from_crds`] is known to take: each pattern and each rule is compiled when a
    /// value first meets it. A wrong one would refuse that value.
    pub fn from_known_crd(crd: &Value) -> Result<Self, SchemaError> {
        let mut schemas = Self::default();
        schemas.add(crd, false)?;
        Ok(schemas)
    }

    fn add(&mut self, crd: &Value, eager: bool) -> Result<(), SchemaError> {
        let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let is_crd = text(crd, "/kind").as_deref() == Some("CustomResourceDefinition")
            && text(crd, "/apiVersion").as_deref() == Some("apiextensions.k8s.io/v1");
        let name = text(crd, "/metadata/name").unwrap_or_default();
        let (Some(group), Some(kind), Some(scope), true) = (
            text(crd, "/spec/group"),
            text(crd, "/spec/names/kind"),
            text(crd, "/spec/scope"),
            is_crd,
        ) else {
            return Err(SchemaError::NotACrd(name));
        };
        let compiler = Compiler::new(&name, eager);
        let mut served = Vec::new();
        let versions = crd.pointer("/spec/versions").and_then(Value::as_array);
        for (at, version) in versions.into_iter().flatten().enumerate() {
            if version.get("served").and_then(Value::as_bool) != Some(true) {
                continue;
            }
            let path = format!("spec.versions[{at}].schema.openAPIV3Schema");
            let (Some(version_name), Some(schema)) =
                (text(version, "/name"), version.pointer("/schema/openAPIV3Schema"))
            else {
                return Err(compiler.error(&path, "a version needs a name and a schema"));
            };
            let root = compiler.node(schema, &path, 0)?;
            let api_version = format!("{group}/{version_name}");
            let schema = Schema {
                api_version: api_version.clone(),
                kind: kind.clone(),
                root,
                namespaced: scope == "Namespaced",
                has_status_subresource: version.pointer("/subresources/status").is_some(),
            };
            served.push(api_version.clone());
            self.by_kind
                .entry(api_version)
                .or_default()
                .insert(kind.clone(), schema);
        }
        self.served.insert((group, kind), served);
        Ok(())
    }

    /// The schema of a kind, by `group/version` and kind.
    pub fn get(&self, api_version: &str, kind: &str) -> Option<&Schema> {
        self.by_kind.get(api_version)?.get(kind)
    }

    /// What the definition of a kind serves, as `group/version`; none without a definition.
    pub fn served(&self, group: &str, kind: &str) -> Option<Vec<&str>> {
        let served = self.served.get(&(group.to_owned(), kind.to_owned()))?;
        Some(served.iter().map(String::as_str).collect())
    }

    /// All kinds, as (`group/version`, kind), sorted.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_kind.iter().flat_map(|(api_version, kinds)| {
            kinds
                .keys()
                .map(move |kind| (api_version.as_str(), kind.as_str()))
        })
    }
}

impl Schema {
    /// `group/version`.
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether objects live in a namespace.
    pub fn is_namespaced(&self) -> bool {
        self.namespaced
    }

    /// Whether the status is a subresource: writes of the object leave it alone.
    pub fn has_status_subresource(&self) -> bool {
        self.has_status_subresource
    }

    /// What the API server would say when the object is created under strict field validation.
    ///
    /// Where the status is a subresource it is not judged, because the server drops it.
    pub fn validate(&self, object: &Value) -> Vec<Violation> {
        let mut violations = meta::type_meta(object, &self.api_version, &self.kind);
        if !violations.is_empty() {
            return violations;
        }
        violations = self.unknown(object);
        let object = self.prepare(object, !violations.is_empty(), None);
        violations.extend(meta::create(&object, self.namespaced));
        let object = meta::with_name(object);
        let mut walk = Walk::new(0);
        walk.value(&self.root, &object, None, &Place::Root);
        violations.extend(walk.finish());
        violations.extend(lists::duplicates(&self.root, &object));
        self.rules(&object, None, &mut violations);
        violations
    }

    /// What the API server would say when `old` is replaced by `new`: as [`Self::validate`], and transition rules. What
    /// did not change is not objected to, except unknown fields.
    ///
    /// `metadata.resourceVersion` is not demanded.
    pub fn validate_update(&self, new: &Value, old: &Value) -> Vec<Violation> {
        let mut violations = meta::type_meta(new, &self.api_version, &self.kind);
        if !violations.is_empty() {
            return violations;
        }
        violations = self.unknown(new);
        let old = self.stored(old);
        let new = self.prepare(new, !violations.is_empty(), Some(&old));
        violations.extend(meta::update(&new, &old));
        let mut walk = Walk::new(0);
        walk.value(&self.root, &new, Some(&old), &Place::Root);
        violations.extend(walk.finish());
        if lists::duplicates(&self.root, &old).is_empty() {
            violations.extend(lists::duplicates(&self.root, &new));
        }
        self.rules(&new, Some(&old), &mut violations);
        violations
    }

    /// What the API server would say when the status subresource of `old` is replaced by that of `new`. Nothing else of
    /// `new` counts, except that its unknown fields are objected to.
    pub fn validate_status(&self, new: &Value, old: &Value) -> Vec<Violation> {
        let mut violations = meta::type_meta(new, &self.api_version, &self.kind);
        if !violations.is_empty() {
            return violations;
        }
        violations = self.unknown(new);
        let old = self.stored(old);
        let mut merged = old.clone();
        if let Some(map) = merged.as_object_mut() {
            match new.get("status") {
                Some(status) => drop(map.insert("status".to_owned(), status.clone())),
                None => drop(map.remove("status")),
            }
        }
        prune::prune(&self.root, &mut merged);
        defaults::apply(&self.root, &mut merged);
        if let (Some(node), Some(status)) = (self.root.properties.get("status"), merged.get("status")) {
            // The server judges a status with a validator of its own, whose messages begin below it.
            let mut walk = Walk::new(1);
            walk.value(
                node,
                status,
                old.get("status"),
                &Place::Key(&Place::Root, "status"),
            );
            violations.extend(walk.finish());
        }
        if lists::duplicates(&self.root, &old).is_empty() {
            violations.extend(lists::duplicates(&self.root, &merged));
        }
        self.rules(&merged, Some(&old), &mut violations);
        violations
    }

    /// Fills in the schema's defaults and drops nulls where none are allowed, as the API server does before it validates.
    pub fn apply_defaults(&self, object: &mut Value) {
        defaults::apply(&self.root, object);
    }

    /// The object as the API server takes it where a field is `null` that must not be: without that field.
    pub fn without_nulls<'a>(&self, object: &'a Value) -> Cow<'a, Value> {
        if !defaults::has_null(object) {
            return Cow::Borrowed(object);
        }
        let mut object = object.clone();
        defaults::drop_nulls(&self.root, &mut object);
        Cow::Owned(object)
    }

    /// Removes what the schema does not have, as the API server does without strict validation, and says where it was.
    pub fn prune(&self, object: &mut Value) -> Vec<Path> {
        prune::prune(&self.root, object)
    }

    /// The objections of strict validation.
    fn unknown(&self, object: &Value) -> Vec<Violation> {
        let objection = |path: Path| {
            let suggestion = self.nearest_field(&path, object);
            Violation {
                suggestion,
                ..meta::unknown_field(path)
            }
        };
        prune::unknown_fields(&self.root, object)
            .into_iter()
            .map(objection)
            .collect()
    }

    /// The field that an unknown one is most likely meant to be; one that is not there yet.
    fn nearest_field(&self, path: &Path, object: &Value) -> Option<String> {
        let (Step::Key(name), parents) = path.steps().split_last()? else {
            return None;
        };
        let mut node = &self.root;
        let mut value = Some(object);
        for step in parents {
            (node, value) = match step {
                Step::Key(key) => (node.field(key)?, value.and_then(|value| value.get(key))),
                Step::Index(index) => (node.items.as_deref()?, value.and_then(|value| value.get(index))),
            };
        }
        let absent = |key: &&str| value.and_then(|value| value.get(key)).is_none();
        suggest::nearest(name, node.properties.keys().map(String::as_str).filter(absent))
    }

    /// The object as the server validates it: without unknown fields, with defaults, with the status that is stored.
    fn prepare<'a>(&self, object: &'a Value, has_unknown: bool, old: Option<&Value>) -> Cow<'a, Value> {
        let keeps_status = !self.has_status_subresource
            || (object.get("status").is_none() && old.and_then(|old| old.get("status")).is_none());
        if !has_unknown && keeps_status && !defaults::would_change(&self.root, object) {
            return Cow::Borrowed(object);
        }
        let mut object = object.clone();
        if !keeps_status && let Some(map) = object.as_object_mut() {
            match old.and_then(|old| old.get("status")) {
                Some(status) => drop(map.insert("status".to_owned(), status.clone())),
                None => drop(map.remove("status")),
            }
        }
        prune::prune(&self.root, &mut object);
        defaults::apply(&self.root, &mut object);
        Cow::Owned(object)
    }

    /// An object as the server reads it from its store.
    fn stored(&self, object: &Value) -> Value {
        let mut object = object.clone();
        prune::prune(&self.root, &mut object);
        defaults::apply(&self.root, &mut object);
        object
    }

    fn rules(&self, object: &Value, old: Option<&Value>, violations: &mut Vec<Violation>) {
        let blocked = violations
            .iter()
            .any(|violation| violation.kind != ViolationKind::UnknownField && violation.blocks_cel());
        if !blocked {
            violations.extend(cel::validate(&self.root, object, old));
        }
    }
}
