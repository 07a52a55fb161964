//! The Kubernetes objects of a plan, as the operator writes them.

use rackwright_api::labels::{API_VERSION, POOL};
use rackwright_api::{NodeConfigSpec, NodeProfileSpec};
use rackwright_planner::{PlannedNode, PoolPlan};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// One object. Fields are declared in the order of canonical JSON, as those of its spec are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanObject<'a, S> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: S,
}

#[derive(Serialize)]
struct Metadata<'a> {
    labels: PoolLabel<'a>,
    name: &'a str,
}

struct PoolLabel<'a>(&'a str);

impl Serialize for PoolLabel<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(POOL, self.0)?;
        map.end()
    }
}

/// The NodeProfile of a pool.
pub fn profile(pool: &PoolPlan) -> PlanObject<'_, &NodeProfileSpec> {
    PlanObject {
        api_version: API_VERSION,
        kind: "NodeProfile",
        metadata: Metadata {
            labels: PoolLabel(pool.name.as_str()),
            name: &pool.profile_name,
        },
        spec: &pool.profile,
    }
}

/// The NodeConfig of a node.
pub fn node(node: PlannedNode<'_>) -> PlanObject<'_, NodeConfigSpec> {
    PlanObject {
        api_version: API_VERSION,
        kind: "NodeConfig",
        metadata: Metadata {
            labels: PoolLabel(node.pool().name.as_str()),
            name: node.name(),
        },
        spec: node.spec(),
    }
}

/// Writes [`node`] as canonical JSON. By hand, as [`PlannedNode::write_spec`] is, and for the same reason.
pub fn write_node(node: PlannedNode<'_>, out: &mut Vec<u8>) {
    let mut text = |text: &str| out.extend_from_slice(text.as_bytes());
    text("{\"apiVersion\":\"");
    text(API_VERSION);
    text("\",\"kind\":\"NodeConfig\",\"metadata\":{\"labels\":{\"");
    text(POOL);
    text("\":\"");
    text(node.pool().name.as_str());
    text("\"},\"name\":\"");
    text(node.name());
    text("\"},\"spec\":");
    node.write_spec(out);
    out.push(b'}');
}
