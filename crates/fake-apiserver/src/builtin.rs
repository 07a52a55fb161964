//! Built-in kinds, described in the form of custom resource definitions: the fields that an operator meets.
//!
//! Node, Event and the definitions themselves are open beneath `spec` and `status`; the server's own validation of
//! those parts is not modelled.

use serde_json::{Value, json};

use crate::kind::{Kind, kinds_of_crd};
use crate::manifest::admission_of;

/// Group that stands for the core group where the schema checks need a name.
pub(crate) const CORE_GROUP: &str = "core.builtin";

/// Table of the custom resource definitions.
pub(crate) const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// Table of the namespaces.
pub(crate) const NAMESPACES: &str = "namespaces";

/// Finalizer that holds a definition until its objects are gone.
pub(crate) const CRD_FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

/// All built-in kinds.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut out = Vec::new();
    for definition in definitions() {
        let mut stand_in = definition.clone();
        if stand_in["spec"]["group"] == "" {
            stand_in["spec"]["group"] = CORE_GROUP.into();
        }
        for mut kind in kinds_of_crd(&definition, |version| admission_of(&stand_in, version)) {
            kind.custom = false;
            kind.has_generation = &*kind.table == CRDS;
            kind.unconditional_update = !matches!(&*kind.table, CRDS | "leases.coordination.k8s.io");
            kind.create_on_update = matches!(&*kind.table, "leases.coordination.k8s.io" | "events");
            out.push(kind);
        }
    }
    out
}

fn definition(
    group: &str,
    plural: &str,
    kind: &str,
    short: &[&str],
    namespaced: bool,
    fields: &Value,
) -> Value {
    let has_status = fields.get("status").is_some();
    let subresources = if has_status {
        json!({ "status": {} })
    } else {
        json!({})
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group,
            "scope": if namespaced { "Namespaced" } else { "Cluster" },
            "names": { "plural": plural, "kind": kind, "shortNames": short },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": subresources,
                "schema": { "openAPIV3Schema": { "type": "object", "properties": fields } }
            }]
        }
    })
}

fn definitions() -> Vec<Value> {
    let text = json!({ "type": "string" });
    let flag = json!({ "type": "boolean" });
    let int = json!({ "type": "integer", "format": "int32" });
    let texts = json!({ "type": "object", "additionalProperties": text });
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let opens = json!({ "type": "array", "items": open });
    let by = |key: &str| {
        json!({
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key],
            "items": {
                "type": "object", "required": [key], "properties": { key: text },
                "x-kubernetes-preserve-unknown-fields": true
            }
        })
    };
    let open_with = |fields: Value| json!({ "type": "object", "properties": fields, "x-kubernetes-preserve-unknown-fields": true });
    let namespace = json!({
        "spec": { "type": "object", "properties": { "finalizers": { "type": "array", "items": text } } },
        "status": { "type": "object", "properties": { "phase": text, "conditions": by("type") } }
    });
    let node = json!({
        "spec": open_with(json!({
            "podCIDR": text, "providerID": text, "unschedulable": flag,
            "podCIDRs": { "type": "array", "x-kubernetes-list-type": "set", "items": text },
            "taints": { "type": "array", "items": {
                "type": "object", "required": ["key", "effect"],
                "properties": { "key": text, "value": text, "effect": text, "timeAdded": text }
            } }
        })),
        "status": open_with(json!({ "conditions": by("type"), "addresses": by("type") }))
    });
    let secret = json!({
        "type": { "type": "string", "default": "Opaque" }, "data": texts, "stringData": texts, "immutable": flag
    });
    let event = json!({
        "action": text, "count": int, "eventTime": { "type": "string", "nullable": true },
        "firstTimestamp": { "type": "string", "nullable": true }, "lastTimestamp": { "type": "string", "nullable": true },
        "involvedObject": open, "message": text, "reason": text, "related": open, "reportingComponent": text,
        "reportingInstance": text, "series": open, "source": open, "type": text
    });
    let new_event = json!({
        "action": text, "deprecatedCount": int, "deprecatedFirstTimestamp": text, "deprecatedLastTimestamp": text,
        "deprecatedSource": open, "eventTime": text, "note": text, "reason": text, "regarding": open,
        "related": open, "reportingController": text, "reportingInstance": text, "series": open, "type": text
    });
    let account =
        json!({ "secrets": opens, "imagePullSecrets": opens, "automountServiceAccountToken": flag });
    let lease = json!({
        "spec": { "type": "object", "properties": {
            "acquireTime": text, "holderIdentity": text, "leaseTransitions": int, "preferredHolder": text,
            "leaseDurationSeconds": { "type": "integer", "format": "int32", "minimum": 1 },
            "renewTime": text, "strategy": text
        } }
    });
    let crd = json!({
        "spec": open,
        "status": open_with(json!({ "conditions": by("type"), "storedVersions": { "type": "array", "items": text } }))
    });
    let config = json!({ "data": texts, "binaryData": texts, "immutable": flag });
    vec![
        definition("", "namespaces", "Namespace", &["ns"], false, &namespace),
        definition("", "nodes", "Node", &["no"], false, &node),
        definition("", "configmaps", "ConfigMap", &["cm"], true, &config),
        definition("", "secrets", "Secret", &[], true, &secret),
        definition("", "events", "Event", &["ev"], true, &event),
        definition("", "serviceaccounts", "ServiceAccount", &["sa"], true, &account),
        definition("events.k8s.io", "events", "Event", &["ev"], true, &new_event),
        definition("coordination.k8s.io", "leases", "Lease", &[], true, &lease),
        definition(
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "CustomResourceDefinition",
            &["crd", "crds"],
            false,
            &crd,
        ),
    ]
}
