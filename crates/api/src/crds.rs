//! The CRDs, from the types and the few things that a type cannot say.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use crate::labels::{API_REVISION, API_REVISION_ANNOTATION};
use crate::{
    GPUPool, InfiniBandFabric, Name, NodeConfig, NodeInventory, NodeProfile, StorageTier, Supercluster,
};

/// Formats that the API server knows (k8s.io/apiextensions-apiserver, supported formats); it warns of any other.
const KNOWN_FORMATS: &[&str] = &["int32", "int64", "float", "double", "byte", "date", "date-time"];

/// All CRDs, intents first.
pub fn all() -> Vec<Value> {
    [
        Supercluster::crd(),
        GPUPool::crd(),
        InfiniBandFabric::crd(),
        StorageTier::crd(),
        NodeProfile::crd(),
        NodeConfig::crd(),
        NodeInventory::crd(),
    ]
    .into_iter()
    .map(finish)
    .collect()
}

/// The CRDs as `cargo xtask generate` wrote them: reading one takes a fraction of the time of making it from its types,
/// which is most of what a program does before it looks at its input.
const GENERATED: [(&str, &str); 7] = [
    ("Supercluster", include_str!("../crds/Supercluster.json")),
    ("GPUPool", include_str!("../crds/GPUPool.json")),
    ("InfiniBandFabric", include_str!("../crds/InfiniBandFabric.json")),
    ("StorageTier", include_str!("../crds/StorageTier.json")),
    ("NodeProfile", include_str!("../crds/NodeProfile.json")),
    ("NodeConfig", include_str!("../crds/NodeConfig.json")),
    ("NodeInventory", include_str!("../crds/NodeInventory.json")),
];

/// The kinds, intents first.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    GENERATED.into_iter().map(|(kind, _)| kind)
}

/// All generated CRDs, intents first.
pub fn shipped() -> Vec<Value> {
    kinds().map(generated).collect()
}

/// The generated CRD of a kind; null where it cannot be read. A test compares it with [`all`].
pub fn generated(kind: &str) -> Value {
    let found = GENERATED.iter().find(|(name, _)| *name == kind);
    found
        .and_then(|(_, json)| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

fn finish(crd: CustomResourceDefinition) -> Value {
    let mut crd = serde_json::to_value(crd).unwrap_or_else(|_| unreachable!("a CRD is plain data"));
    crd["metadata"]["annotations"] = json!({ API_REVISION_ANNOTATION: API_REVISION.to_string() });
    let kind = crd["spec"]["names"]["kind"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let root = &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    clean(root);
    if let Some(rule) = name_rule(&kind) {
        root["x-kubernetes-validations"] = json!([rule]);
    }
    if let Some(status) = root.pointer_mut("/properties/status") {
        // The one default that we ship: an object that nobody looked at yet must not read as current (kstatus).
        status["default"] = json!({ "observedGeneration": -1 });
    }
    crd
}

/// What an intent's name must be: a label value, and a pool's also leaves room for its profiles' hash. The other kinds
/// are named after nodes and pools; a rule on each of their many writes would only cost.
fn name_rule(kind: &str) -> Option<Value> {
    let max = match kind {
        "NodeProfile" | "NodeConfig" | "NodeInventory" => return None,
        "GPUPool" => Name::MAX_POOL,
        _ => Name::MAX,
    };
    Some(json!({
        "rule": format!("self.metadata.name.size() <= {max} && !self.metadata.name.contains('.')"),
        "message": format!("the name must have at most {max} characters and no dots"),
    }))
}

/// Drops what the API server warns of (`uint32`) and what would let `null` stand for an absent field,
/// and every default: nothing rewrites what the user wrote.
fn clean(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    if map
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| !KNOWN_FORMATS.contains(&format))
    {
        map.remove("format");
    }
    map.remove("nullable");
    map.remove("default");
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(clean);
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = map.get_mut(inner) {
            clean(inner);
        }
    }
    integers(map);
}

/// schemars writes the bounds of unsigned integers as floating-point numbers.
fn integers(map: &mut Map<String, Value>) {
    if map.get("type").and_then(Value::as_str) != Some("integer") {
        return;
    }
    for bound in ["minimum", "maximum"] {
        if let Some(number) = map.get(bound).and_then(Value::as_f64) {
            map.insert(bound.to_owned(), json!(number as i64));
        }
    }
}
