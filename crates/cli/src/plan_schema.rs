//! The published JSON Schema of `plan --output json` and of what `plan --out` saves.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::changes::Changes;
use crate::digests::Digests;
use crate::saved::SavedIntent;
use crate::summary::Summary;

/// A plan. It is written as a stream, object by object, so this type is never filled.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Plan {
    /// The form of this text: another number when a reader of this one would misread it.
    format_version: u32,
    /// Where the plan is saved: of what it was made, and of its objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digests>,
    /// The plan in numbers.
    summary: Summary,
    /// Where there is an earlier state: what changes against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
    /// Where it is the whole plan: the intents that it was compiled from, by kind and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    intents: Option<Vec<SavedIntent>>,
    /// The NodeProfiles, as Kubernetes objects.
    profiles: Vec<Object>,
    /// The NodeConfigs, as Kubernetes objects.
    nodes: Vec<Object>,
}

/// A Kubernetes object, which its CRD describes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Object {
    /// Its group and version.
    api_version: String,
    /// Its kind.
    kind: String,
    /// Its name and labels.
    metadata: Value,
    /// What it says.
    spec: Value,
}

/// The schema, from which `docs/plan.schema.json` is made.
pub fn plan_schema() -> String {
    // As it is written, not as it could be read: what is left out is not required.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Plan>();
    format!("{:#}\n", schema.as_value())
}
