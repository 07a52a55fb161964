//! Built-in kinds.

use http::Method;
use serde_json::{Value, json};

use super::context::DEFINITIONS;
use super::{Context, Outcome, ensure, expect, wait_for_definition};

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const NODES: &str = "/api/v1/nodes";

fn config_map_of(cx: &Context, base: &str, data: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": cx.name(base) }, "data": data })
}

pub(super) async fn config_map(cx: Context) -> Outcome {
    let made = cx
        .post(CONFIG_MAPS, &config_map_of(&cx, "cm", &json!({ "a": "b" })))
        .await?
        .with_code(201)?;
    expect("namespace", made.text_at("/metadata/namespace"), "default")?;
    expect("generation", made.at("/metadata/generation"), Value::Null)?;
    expect(
        "fields",
        made.fields_of("conformance"),
        json!({ "f:data": { ".": {}, "f:a": {} } }),
    )?;
    let path = format!("{CONFIG_MAPS}/{}", cx.name("cm"));
    let patched = cx
        .merge(&path, &json!({ "data": { "c": "d" } }))
        .await?
        .with_code(200)?;
    expect("data", patched.at("/data"), json!({ "a": "b", "c": "d" }))?;
    let gone = cx.delete(&path, None).await?.with_code(200)?;
    let details = json!({ "name": cx.name("cm"), "kind": "configmaps", "uid": made.uid() });
    expect("details", gone.at("/details"), details)
}

pub(super) async fn namespace_has_to_exist(cx: Context) -> Outcome {
    let name = cx.name("nowhere");
    let path = format!("/api/v1/namespaces/{name}/configmaps");
    let refused = cx
        .post(&path, &config_map_of(&cx, "cm", &json!({})))
        .await?
        .refused(404, "NotFound")?;
    expect(
        "message",
        refused.text_at("/message"),
        format!("namespaces \"{name}\" not found").as_str(),
    )
}

pub(super) async fn namespace_mismatch(cx: Context) -> Outcome {
    let mut config = config_map_of(&cx, "mismatch", &json!({}));
    config["metadata"]["namespace"] = "kube-system".into();
    cx.post(CONFIG_MAPS, &config)
        .await?
        .refused(400, "BadRequest")
        .map(drop)
}

pub(super) async fn unconditional_update(cx: Context) -> Outcome {
    cx.post(CONFIG_MAPS, &config_map_of(&cx, "over", &json!({ "a": "1" })))
        .await?
        .with_code(201)?;
    let path = format!("{CONFIG_MAPS}/{}", cx.name("over"));
    let replaced = cx
        .put(&path, &config_map_of(&cx, "over", &json!({ "b": "2" })))
        .await?
        .with_code(200)?;
    expect("data", replaced.at("/data"), json!({ "b": "2" }))
}

pub(super) async fn lease_lock(cx: Context) -> Outcome {
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": cx.name("lease") },
        "spec": { "holderIdentity": "one", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z" }
    });
    let made = cx.post(LEASES, &lease).await?.with_code(201)?;
    let path = format!("{LEASES}/{}", cx.name("lease"));
    let mut held = made.json.clone();
    held["spec"]["renewTime"] = "2026-01-01T00:00:05.000000Z".into();
    cx.put(&path, &held).await?.with_code(200)?;
    held["spec"]["holderIdentity"] = "two".into();
    cx.put(&path, &held).await?.refused(409, "Conflict")?;
    let read = cx.get(&path).await?;
    expect("holder", read.text_at("/spec/holderIdentity"), "one")
}

pub(super) async fn namespace_takes_its_contents(cx: Context) -> Outcome {
    let name = cx.name("ns");
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    let made = cx.post("/api/v1/namespaces", &namespace).await?.with_code(201)?;
    expect("phase", made.text_at("/status/phase"), "Active")?;
    expect(
        "label",
        made.at("/metadata/labels"),
        json!({ "kubernetes.io/metadata.name": name }),
    )?;
    let inside = format!("/api/v1/namespaces/{name}/configmaps");
    cx.post(&inside, &config_map_of(&cx, "inside", &json!({})))
        .await?
        .with_code(201)?;
    let path = format!("/api/v1/namespaces/{name}");
    let marked = cx.delete(&path, None).await?.with_code(200)?;
    expect("phase", marked.text_at("/status/phase"), "Terminating")?;
    cx.eventually_gone(&path).await?;
    cx.get(&format!("{inside}/{}", cx.name("inside")))
        .await?
        .with_code(404)
        .map(drop)
}

pub(super) async fn field_of_the_wrong_type(cx: Context) -> Outcome {
    let refused = cx
        .post(CONFIG_MAPS, &config_map_of(&cx, "wrong", &json!({ "a": 1 })))
        .await?;
    refused.refused(400, "BadRequest").map(drop)
}

pub(super) async fn across_namespaces(cx: Context) -> Outcome {
    let mut config = config_map_of(&cx, "across", &json!({}));
    config["metadata"]["labels"] = json!({ "across": cx.name("x") });
    for namespace in ["default", "kube-public"] {
        cx.post(&format!("/api/v1/namespaces/{namespace}/configmaps"), &config)
            .await?
            .with_code(201)?;
    }
    let query = format!("labelSelector=across%3D{}", cx.name("x"));
    let all = cx
        .get(&format!("/api/v1/configmaps?{query}"))
        .await?
        .with_code(200)?;
    expect("everywhere", all.names().len(), 2)?;
    let one = cx.get(&format!("{CONFIG_MAPS}?{query}")).await?.with_code(200)?;
    expect("in one namespace", one.names().len(), 1)?;
    cx.post("/api/v1/configmaps", &config)
        .await?
        .refused(405, "MethodNotAllowed")
        .map(drop)
}

pub(super) async fn strategic_patch(cx: Context) -> Outcome {
    cx.post(
        CONFIG_MAPS,
        &config_map_of(&cx, "smp", &json!({ "a": "1", "b": "2" })),
    )
    .await?
    .with_code(201)?;
    let path = format!("{CONFIG_MAPS}/{}", cx.name("smp"));
    let media = "application/strategic-merge-patch+json";
    let body = json!({ "data": { "a": null, "c": "3" }, "metadata": { "labels": { "x": "y" } } });
    let patched = cx
        .send(Method::PATCH, &path, media, Some(&body))
        .await?
        .with_code(200)?;
    expect("data", patched.at("/data"), json!({ "b": "2", "c": "3" }))?;
    expect("labels", patched.at("/metadata/labels"), json!({ "x": "y" }))
}

pub(super) async fn node_status(cx: Context) -> Outcome {
    let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": cx.name("node") } });
    cx.post(NODES, &node).await?.with_code(201)?;
    let path = format!("{NODES}/{}", cx.name("node"));
    let spec = cx
        .merge(&path, &json!({ "spec": { "unschedulable": true } }))
        .await?
        .with_code(200)?;
    expect("unschedulable", spec.at("/spec/unschedulable"), json!(true))?;
    let condition = json!({ "type": "Ready", "status": "True", "reason": "Test", "message": "m" });
    let body = json!({ "status": { "conditions": [condition] }, "spec": { "unschedulable": false } });
    let patched = cx.merge(&format!("{path}/status"), &body).await?.with_code(200)?;
    expect("condition", patched.text_at("/status/conditions/0/type"), "Ready")?;
    let main = cx
        .merge(&path, &json!({ "status": { "conditions": null } }))
        .await?
        .with_code(200)?;
    expect(
        "condition after a main write",
        main.text_at("/status/conditions/0/type"),
        "Ready",
    )?;
    cx.delete(&path, None).await?.with_code(200).map(drop)
}

pub(super) async fn events(cx: Context) -> Outcome {
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event",
        "metadata": { "generateName": format!("{}-", cx.name("event")) },
        "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "rackwright.dev/conformance",
        "reportingInstance": "x", "action": "Testing", "reason": "Test", "type": "Normal", "note": "text",
        "regarding": { "apiVersion": "v1", "kind": "Node", "name": "n" }
    });
    let path = "/apis/events.k8s.io/v1/namespaces/default/events";
    let made = cx.post(path, &event).await?.with_code(201)?;
    let name = made.text_at("/metadata/name");
    expect(
        "note",
        cx.get(&format!("{path}/{name}"))
            .await?
            .with_code(200)?
            .text_at("/note"),
        "text",
    )
}

pub(super) async fn definition_lifecycle(cx: Context) -> Outcome {
    let plural = cx.name("gizmo").replace('-', "");
    let kind = format!("K{plural}");
    let name = format!("{plural}.conformance.rackwright.dev");
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": name },
        "spec": {
            "group": "conformance.rackwright.dev", "scope": "Namespaced",
            "names": { "plural": plural, "singular": plural, "kind": kind, "listKind": format!("{kind}List") },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": {
                    "type": "object", "properties": { "a": { "type": "string" } }
                } } } }
            }]
        }
    });
    let collection = format!("/apis/conformance.rackwright.dev/v1/namespaces/default/{plural}");
    cx.get(&collection).await?.with_code(404)?;
    wait_for_definition(&cx, &definition, &collection).await?;
    let stored = cx.get(&format!("{DEFINITIONS}/{name}")).await?.with_code(200)?;
    let conditions = stored.at("/status/conditions");
    let established = conditions.as_array().is_some_and(|list| {
        list.iter()
            .any(|one| one["type"] == "Established" && one["status"] == "True")
    });
    ensure(established, || conditions.to_string())?;
    expect(
        "stored versions",
        stored.at("/status/storedVersions"),
        json!(["v1"]),
    )?;
    let object = json!({
        "apiVersion": "conformance.rackwright.dev/v1", "kind": kind, "metadata": { "name": "one" },
        "spec": { "a": "b" }, "status": { "x": "y" }
    });
    let made = cx.post(&collection, &object).await?.with_code(201)?;
    expect("namespace", made.text_at("/metadata/namespace"), "default")?;
    cx.delete(&format!("{DEFINITIONS}/{name}"), None)
        .await?
        .with_code(200)?;
    cx.eventually_gone(&format!("{DEFINITIONS}/{name}")).await?;
    cx.eventually_gone(&collection).await
}
