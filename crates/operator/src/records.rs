//! What is kept of each object: as little as the compile and the comparison need.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{DynamicObject, ObjectMeta};
use rackwright_api::{
    GPUPoolSpec, Guid, InfiniBandFabricSpec, IntentStatus, Management, Name, NodeConfigSpec,
    NodeInventorySpec, NodeName, NodeProfileSpec, StorageTierSpec, SuperclusterSpec, labels,
};
use rackwright_planner::change::cap_of_profile;
use rackwright_planner::{Inventory, Kind, PreviousNode};
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::slim::Unreadable;

/// The first 128 bits of BLAKE3 over what the operator owns of a NodeConfig.
pub(crate) type Fingerprint = [u8; 16];

/// An intent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IntentRecord {
    pub uid: String,
    pub generation: i64,
    /// When somebody asked for its deletion.
    pub deletion: Option<Timestamp>,
    pub finalizers: Vec<String>,
    /// Warnings that its author knows.
    pub ignore: Option<Box<str>>,
    /// What the user wrote, or why it cannot be read.
    pub spec: Result<IntentSpec, String>,
    /// Absent too where it cannot be read: then it is written anew.
    pub status: Option<IntentStatus>,
}

/// The spec of an intent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum IntentSpec {
    Supercluster(Box<SuperclusterSpec>),
    Pool(Box<GPUPoolSpec>),
    Fabric(Box<InfiniBandFabricSpec>),
    Tier(Box<StorageTierSpec>),
}

impl IntentRecord {
    /// Reads an intent. Spec and status apart, so that neither hides the other.
    pub(crate) fn new(kind: Kind, object: DynamicObject) -> Self {
        fn spec<T: DeserializeOwned>(value: Value) -> Result<Box<T>, String> {
            serde_json::from_value(value)
                .map(Box::new)
                .map_err(|error| error.to_string())
        }
        let name = object.metadata.name.as_deref().unwrap_or_default();
        let named = Name::new(name).map_err(|error| error.to_string());
        let mut data = object.data;
        let mut take = |key: &str| data.get_mut(key).map_or(Value::Null, Value::take);
        let body = take("spec");
        let parsed = match kind {
            Kind::Supercluster => spec(body).map(IntentSpec::Supercluster),
            Kind::GPUPool => spec(body).map(IntentSpec::Pool),
            Kind::InfiniBandFabric => spec(body).map(IntentSpec::Fabric),
            Kind::StorageTier => spec(body).map(IntentSpec::Tier),
            Kind::NodeInventory => Err("not an intent".to_owned()),
        };
        Self {
            uid: object.metadata.uid.unwrap_or_default(),
            generation: object.metadata.generation.unwrap_or_default(),
            deletion: object.metadata.deletion_timestamp.map(|Time(at)| at),
            finalizers: object.metadata.finalizers.unwrap_or_default(),
            ignore: (object.metadata.annotations)
                .and_then(|mut annotations| annotations.remove(labels::IGNORE_ANNOTATION))
                .map(Into::into),
            spec: named.and(parsed),
            status: serde_json::from_value(take("status")).ok(),
        }
    }

    pub(crate) fn deleting(&self) -> bool {
        self.deletion.is_some()
    }

    pub(crate) fn held(&self) -> bool {
        self.finalizers
            .iter()
            .any(|finalizer| finalizer == labels::FINALIZER)
    }

    pub(crate) fn pool(&self) -> Option<&GPUPoolSpec> {
        match &self.spec {
            Ok(IntentSpec::Pool(spec)) => Some(spec),
            _ => None,
        }
    }
}

/// A NodeConfig. A spec that cannot be read has no fingerprint, and so is written anew if the plan holds the node; what it
/// takes from others, addresses and profile, is read all the same.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NodeRecord {
    pub pool: Option<Arc<str>>,
    pub profile: Option<Arc<str>>,
    pub management: Option<Management>,
    pub addresses: Box<[Ipv4Addr]>,
    /// By rail, as numbers.
    pub guids: Box<[(u8, u64)]>,
    /// Addresses that the host may still have.
    pub quarantined: Box<[Ipv4Addr]>,
    /// Whether the host has the profile in force, as far as anybody knows.
    pub in_force: bool,
    pub fingerprint: Option<Fingerprint>,
}

impl NodeRecord {
    pub(crate) fn new(
        metadata: &ObjectMeta,
        spec: Result<&NodeConfigSpec, &Unreadable>,
        status: &Value,
        names: &Names,
    ) -> Self {
        let spec = spec.map(|spec| without_what_is_free(spec, metadata.generation, status));
        let pool = label(metadata).map(|pool| names.intern(pool));
        let previous = |spec| {
            let name = NodeName::new(metadata.name.clone().unwrap_or_default()).ok()?;
            let PreviousNode {
                name: _,
                addresses,
                guids,
                quarantined,
                in_force: _,
            } = PreviousNode::new(name, spec);
            Some((addresses, guids, quarantined))
        };
        match spec {
            Ok(spec) => {
                let (addresses, guids, quarantined) = previous(&spec).unwrap_or_default();
                Self {
                    fingerprint: fingerprint(&spec, pool.as_deref()).ok(),
                    profile: Some(names.intern(&spec.profile)),
                    management: Some(spec.management),
                    in_force: spec.is_in_force(status),
                    addresses,
                    guids,
                    quarantined,
                    pool,
                }
            }
            Err(Unreadable { error, raw }) => {
                tracing::warn!(node = metadata.name, error, "unreadable NodeConfig");
                let management = raw.get("management").map(Management::deserialize);
                Self {
                    pool,
                    profile: raw
                        .get("profile")
                        .and_then(Value::as_str)
                        .map(|profile| names.intern(profile)),
                    management: management.and_then(Result::ok),
                    in_force: false,
                    addresses: addresses(raw),
                    guids: guids(raw),
                    quarantined: quarantined(raw),
                    fingerprint: None,
                }
            }
        }
    }
}

/// A spec as the compiler would write it again: what its host was seen to have let go is in quarantine no more. It goes
/// from the object with the next write, and is no reason for one.
fn without_what_is_free<'a>(
    spec: &'a NodeConfigSpec,
    generation: Option<i64>,
    status: &Value,
) -> Cow<'a, NodeConfigSpec> {
    if spec.quarantined.is_empty() || !spec.is_applied(generation, status) {
        return Cow::Borrowed(spec);
    }
    Cow::Owned(NodeConfigSpec {
        quarantined: Vec::new(),
        ..spec.clone()
    })
}

/// The quarantine of a spec that does not fit our types.
fn quarantined(spec: &Value) -> Box<[Ipv4Addr]> {
    let listed = spec.get("quarantined").and_then(Value::as_array);
    let addresses = listed.into_iter().flatten();
    addresses
        .filter_map(|address| address.as_str()?.parse().ok())
        .collect()
}

/// The GUIDs of a spec that does not fit our types.
fn guids(spec: &Value) -> Box<[(u8, u64)]> {
    let rails = spec.pointer("/facts/rails").and_then(Value::as_array);
    let known = rails.into_iter().flatten().filter_map(|rail| {
        let guid = Guid::new(rail.get("guid")?.as_str()?).ok()?;
        Some((u8::try_from(rail.get("rail")?.as_u64()?).ok()?, guid.value()))
    });
    known.collect()
}

/// The addresses of a spec that does not fit our types: they stay taken.
fn addresses(spec: &Value) -> Box<[Ipv4Addr]> {
    let rails = spec.pointer("/facts/rails").and_then(Value::as_array);
    rails
        .into_iter()
        .flatten()
        .filter_map(|rail| {
            let text = rail.get("ipv4")?.as_str()?;
            let address = text.split_once('/').map_or(text, |(address, _)| address);
            address.parse().ok()
        })
        .collect()
}

/// What the operator owns of a NodeConfig: the spec without the grant, and the pool's label.
pub(crate) fn fingerprint(
    spec: &NodeConfigSpec,
    pool: Option<&str>,
) -> Result<Fingerprint, serde_json::Error> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(pool.unwrap_or_default().as_bytes());
    hasher.update(b"\n");
    if spec.grant.is_none() {
        hasher.update(&serde_json::to_vec(spec)?);
    } else {
        hasher.update(&serde_json::to_vec(&NodeConfigSpec {
            grant: None,
            ..spec.clone()
        })?);
    }
    let mut short = Fingerprint::default();
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Ok(short)
}

/// A NodeProfile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProfileRecord {
    pub uid: String,
    /// Ours if it carries the pool's label.
    pub pool: Option<Arc<str>>,
    /// The power cap that it sets; none where it cannot be read.
    pub cap: Option<u64>,
}

impl ProfileRecord {
    pub(crate) fn new(metadata: &ObjectMeta, spec: Option<&NodeProfileSpec>, names: &Names) -> Self {
        Self {
            uid: metadata.uid.clone().unwrap_or_default(),
            pool: label(metadata).map(|pool| names.intern(pool)),
            cap: spec.map(cap_of_profile),
        }
    }
}

/// What a compile needs of a NodeInventory; nothing where it cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InventoryRecord(pub Option<Inventory>);

impl InventoryRecord {
    pub(crate) fn new(metadata: &ObjectMeta, spec: Result<NodeInventorySpec, Unreadable>) -> Self {
        let name = NodeName::new(metadata.name.clone().unwrap_or_default());
        match spec {
            Ok(spec) => {
                let labels = metadata.labels.clone().unwrap_or_default();
                Self(name.ok().map(|name| Inventory::new(name, labels, &spec)))
            }
            Err(Unreadable { error, .. }) => {
                tracing::warn!(node = metadata.name, error, "unreadable NodeInventory");
                Self(None)
            }
        }
    }
}

fn label(metadata: &ObjectMeta) -> Option<&str> {
    metadata.labels.as_ref()?.get(labels::POOL).map(String::as_str)
}

/// The resource version as a number: the API server orders versions so (KEP-5504). Zero where it is none, which every
/// other version replaces and no write matches.
pub(crate) fn version(metadata: &ObjectMeta) -> u64 {
    metadata
        .resource_version
        .as_deref()
        .and_then(|version| version.parse().ok())
        .unwrap_or_default()
}

/// Names that thousands of records share, kept once.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<BTreeSet<Arc<str>>>);

impl Names {
    pub(crate) fn intern(&self, name: &str) -> Arc<str> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        names.insert(Arc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rackwright_api::{Facts, Grant, Hash, Ipv4Address};

    fn spec() -> NodeConfigSpec {
        NodeConfigSpec {
            facts: Facts::default(),
            grant: None,
            hash: Hash::new("0".repeat(32)).unwrap(),
            management: Management::Managed,
            profile: "p-0".to_owned(),
            quarantined: Vec::new(),
        }
    }

    #[test]
    fn the_fingerprint_covers_all_but_the_grant() {
        let base = fingerprint(&spec(), Some("p")).unwrap();
        let grant = Some(Grant {
            hash: spec().hash,
            wave: 1,
        });
        assert_eq!(
            fingerprint(&NodeConfigSpec { grant, ..spec() }, Some("p")).unwrap(),
            base
        );
        assert_ne!(fingerprint(&spec(), Some("q")).unwrap(), base);
        assert_ne!(fingerprint(&spec(), None).unwrap(), base);
        let detached = NodeConfigSpec {
            management: Management::Detached,
            ..spec()
        };
        assert_ne!(fingerprint(&detached, Some("p")).unwrap(), base);
        let other = NodeConfigSpec {
            profile: "p-1".to_owned(),
            ..spec()
        };
        assert_ne!(fingerprint(&other, Some("p")).unwrap(), base);
        let hash = NodeConfigSpec {
            hash: Hash::new("1".repeat(32)).unwrap(),
            ..spec()
        };
        assert_ne!(fingerprint(&hash, Some("p")).unwrap(), base);
    }

    #[test]
    fn a_broken_spec_hides_neither_metadata_nor_status() {
        let object: DynamicObject = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "p", "generation": 3, "deletionTimestamp": "2026-01-01T00:00:00Z",
                         "finalizers": [labels::FINALIZER]},
            "spec": {"nodes": 7},
            "status": {"observedGeneration": 2},
        }))
        .unwrap();
        let record = IntentRecord::new(Kind::GPUPool, object);
        assert!(record.spec.is_err());
        assert!(record.deleting() && record.held());
        assert_eq!(record.generation, 3);
        assert_eq!(record.status.unwrap().observed_generation, 2);
    }

    /// Or it would be left out of the compile and yet look well.
    #[test]
    fn an_intent_whose_name_we_cannot_use_is_unreadable() {
        let object: DynamicObject = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "a.b"}, "spec": {"supercluster": "lab", "nodes": {"racks": "r1"}},
        }))
        .unwrap();
        assert!(
            IntentRecord::new(Kind::GPUPool, object)
                .spec
                .unwrap_err()
                .contains("a.b")
        );
    }

    /// A record that differs is what starts a round, so an edit of the annotation alone starts one.
    #[test]
    fn what_an_intent_ignores_is_part_of_its_record() {
        let record = |annotations: Value| {
            let object = serde_json::json!({
                "metadata": {"name": "p", "annotations": annotations},
                "spec": {"supercluster": "lab", "nodes": {"racks": "r1"}},
            });
            IntentRecord::new(Kind::GPUPool, serde_json::from_value(object).unwrap())
        };
        let ignores = record(serde_json::json!({labels::IGNORE_ANNOTATION: "RW2010: in May", "a": "b"}));
        assert_eq!(ignores.ignore.as_deref(), Some("RW2010: in May"));
        let other = record(serde_json::json!({"a": "b"}));
        assert_eq!(other.ignore, None);
        assert_ne!(ignores, other);
    }

    /// Or its addresses would be given to another node, and its profile deleted.
    #[test]
    fn an_unreadable_node_config_keeps_what_it_holds() {
        let object: crate::slim::Slim<rackwright_api::NodeConfig> =
            serde_json::from_value(serde_json::json!({
                "metadata": {"name": "n1", "labels": {labels::POOL: "p"}},
                "spec": {
                    "facts": {"rails": [
                        {"ipv4": "10.10.0.1/25", "guid": {"new": true}}, 7, {"ipv4": 8}, {"ipv4": "x/9"},
                        {"ipv4": "10.10.0.129/25"},
                    ]},
                    "hash": "short", "management": "Detached", "profile": "p-0",
                    "quarantined": ["10.10.0.9", 7, "x"],
                },
            }))
            .unwrap();
        let record = NodeRecord::new(
            &object.metadata,
            object.spec.as_ref(),
            &object.status,
            &Names::default(),
        );
        assert_eq!(*record.quarantined, [Ipv4Addr::new(10, 10, 0, 9)]);
        assert_eq!(
            *record.addresses,
            [Ipv4Addr::new(10, 10, 0, 1), Ipv4Addr::new(10, 10, 0, 129)]
        );
        assert_eq!(record.profile.as_deref(), Some("p-0"));
        assert_eq!(record.management, Some(Management::Detached));
        assert_eq!(record.fingerprint, None);
    }

    /// The status speaks of what is stored, and shows its hash: then the quarantine is over, and no reason to write.
    #[test]
    fn quarantine_ends_with_the_hosts_word() {
        let metadata = ObjectMeta {
            name: Some("n1".to_owned()),
            generation: Some(3),
            ..ObjectMeta::default()
        };
        let stored = NodeConfigSpec {
            quarantined: vec![Ipv4Address::new("10.10.0.9").unwrap()],
            ..spec()
        };
        let record = |status: Value| NodeRecord::new(&metadata, Ok(&stored), &status, &Names::default());
        let applied = |generation: i64, digit: &str| serde_json::json!({"observedGeneration": generation, "applied": {"hash": digit.repeat(32)}});
        for silent in [
            Value::Null,
            applied(2, "0"),
            applied(3, "1"),
            serde_json::json!({"observedGeneration": 3}),
        ] {
            let record = record(silent);
            assert_eq!(*record.quarantined, [Ipv4Addr::new(10, 10, 0, 9)]);
            assert_eq!(record.fingerprint, fingerprint(&stored, None).ok());
        }
        let free = record(applied(3, "0"));
        assert!(free.quarantined.is_empty());
        assert_eq!(free.fingerprint, fingerprint(&spec(), None).ok());
    }

    #[test]
    fn names_are_kept_once() {
        let names = Names::default();
        assert!(Arc::ptr_eq(&names.intern("a"), &names.intern("a")));
    }
}
