//! Per-node objects on their way into a cache. Of metadata only what is kept is read: `managedFields` alone is a third of a
//! NodeConfig, and a page of a list holds hundreds of objects at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use kube::Resource;
use kube::api::ObjectMeta;
use kube::core::object::HasSpec;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An object of kind `K` without most of its metadata, its status as it stands there. A spec that cannot be read does not hide
/// the object, nor the others of its list.
#[derive(Debug, Clone)]
pub(crate) struct Slim<K: HasSpec> {
    pub metadata: ObjectMeta,
    pub spec: Result<K::Spec, Unreadable>,
    pub status: Value,
    kind: PhantomData<fn() -> K>,
}

/// A spec that does not fit our types.
#[derive(Debug, Clone)]
pub(crate) struct Unreadable {
    pub error: String,
    /// What it is, so that what can be read of it is.
    pub raw: Value,
}

#[derive(Deserialize)]
struct Body {
    metadata: Metadata,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<Bookmark>,
}

/// The one annotation that the watcher reads, on the bookmark that ends an initial list.
#[derive(Deserialize)]
struct Bookmark {
    #[serde(rename = "k8s.io/initial-events-end")]
    initial_events_end: Option<String>,
}

impl<'de, K> Deserialize<'de> for Slim<K>
where
    K: HasSpec,
    K::Spec: serde::de::DeserializeOwned,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Body {
            metadata,
            spec,
            status,
        } = Body::deserialize(deserializer)?;
        let end = metadata
            .annotations
            .and_then(|annotations| annotations.initial_events_end);
        let metadata = ObjectMeta {
            name: metadata.name,
            uid: metadata.uid,
            resource_version: metadata.resource_version,
            generation: metadata.generation,
            labels: metadata.labels,
            annotations: end.map(|end| BTreeMap::from([("k8s.io/initial-events-end".to_owned(), end)])),
            ..ObjectMeta::default()
        };
        let spec = K::Spec::deserialize(&spec).map_err(|error| Unreadable {
            error: error.to_string(),
            raw: spec,
        });
        Ok(Self {
            metadata,
            spec,
            status,
            kind: PhantomData,
        })
    }
}

impl<K: HasSpec + Resource<DynamicType = ()>> Resource for Slim<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind(dynamic: &()) -> Cow<'_, str> {
        K::kind(dynamic)
    }

    fn group(dynamic: &()) -> Cow<'_, str> {
        K::group(dynamic)
    }

    fn version(dynamic: &()) -> Cow<'_, str> {
        K::version(dynamic)
    }

    fn plural(dynamic: &()) -> Cow<'_, str> {
        K::plural(dynamic)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rackwright_api::NodeConfig;
    use serde_json::json;

    #[test]
    fn a_broken_spec_hides_neither_its_object_nor_another() {
        let good = json!({
            "facts": {}, "hash": "0".repeat(32), "management": "Managed", "profile": "p",
        });
        let list = json!([
            {"metadata": {"name": "a", "resourceVersion": "7", "managedFields": [{"x": 1}]}, "spec": good},
            {"metadata": {"name": "b", "labels": {"k": "v"}}, "spec": {"hash": 1}},
            {"metadata": {"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}}},
        ]);
        let list: Vec<Slim<NodeConfig>> = serde_json::from_value(list).unwrap();
        assert!(list[0].spec.is_ok() && list[0].metadata.managed_fields.is_none());
        assert_eq!(list[0].metadata.resource_version.as_deref(), Some("7"));
        assert!(list[1].spec.is_err());
        assert_eq!(list[1].metadata.labels.as_ref().unwrap()["k"], "v");
        assert!(list[2].metadata.annotations.is_some(), "the watcher needs it");
    }

    #[test]
    fn it_is_served_where_its_kind_is() {
        assert_eq!(
            Slim::<NodeConfig>::url_path(&(), None),
            NodeConfig::url_path(&(), None)
        );
    }
}
