//! The status subresource.

use serde_json::{Value, json};

use super::{Context, Outcome, WIDGETS, expect};

fn status_path(cx: &Context, base: &str) -> String {
    format!("{}/status", cx.path(base))
}

pub(super) async fn create_drops_status(cx: Context) -> Outcome {
    let mut widget = cx.widget("drops", &json!({ "size": 1 }));
    widget["status"] = json!({ "phase": "Ready" });
    let made = cx.post(WIDGETS, &widget).await?.with_code(201)?;
    expect("status", made.at("/status"), Value::Null)
}

pub(super) async fn main_write_ignores_status(cx: Context) -> Outcome {
    let mut made = cx.create("main", json!({ "size": 1 })).await?.json;
    made["status"] = json!({ "phase": "Ready" });
    let replaced = cx.put(&cx.path("main"), &made).await?.with_code(200)?;
    expect("status after a replace", replaced.at("/status"), Value::Null)?;
    let patched = cx
        .merge(&cx.path("main"), &json!({ "status": { "phase": "Ready" } }))
        .await?
        .with_code(200)?;
    expect("status after a patch", patched.at("/status"), Value::Null)?;
    expect(
        "resource version",
        patched.rv(),
        made["metadata"]["resourceVersion"].as_str().unwrap_or_default(),
    )
}

pub(super) async fn status_write_changes_only_status(cx: Context) -> Outcome {
    let mut made = cx.create("only", json!({ "size": 1 })).await?.json;
    made["status"] = json!({ "phase": "Ready", "observedGeneration": 1 });
    made["spec"]["size"] = 2.into();
    made["metadata"]["labels"] = json!({ "a": "b" });
    let replaced = cx.put(&status_path(&cx, "only"), &made).await?.with_code(200)?;
    expect(
        "status",
        replaced.at("/status"),
        json!({ "phase": "Ready", "observedGeneration": 1 }),
    )?;
    expect("spec", replaced.at("/spec"), json!({ "size": 1 }))?;
    expect("labels", replaced.at("/metadata/labels"), Value::Null)?;
    let patch = json!({ "status": { "phase": "Busy" }, "spec": { "size": 3 } });
    let patched = cx
        .merge(&status_path(&cx, "only"), &patch)
        .await?
        .with_code(200)?;
    expect("status", patched.at("/status/phase"), json!("Busy"))?;
    expect("spec", patched.at("/spec"), json!({ "size": 1 }))
}

pub(super) async fn status_keeps_generation(cx: Context) -> Outcome {
    cx.create("status-generation", json!({ "size": 1 })).await?;
    let path = status_path(&cx, "status-generation");
    let patched = cx
        .merge(&path, &json!({ "status": { "phase": "Ready" } }))
        .await?
        .with_code(200)?;
    expect("generation", patched.generation(), 1)?;
    let again = cx
        .merge(&path, &json!({ "status": { "phase": "Ready" } }))
        .await?
        .with_code(200)?;
    expect("resource version of the same status", again.rv(), patched.rv())
}

pub(super) async fn status_conflict(cx: Context) -> Outcome {
    let mut made = cx.create("status-stale", json!({ "size": 1 })).await?.json;
    cx.merge(&cx.path("status-stale"), &json!({ "spec": { "size": 2 } }))
        .await?
        .with_code(200)?;
    made["status"] = json!({ "phase": "Ready" });
    cx.put(&status_path(&cx, "status-stale"), &made)
        .await?
        .refused(409, "Conflict")
        .map(drop)
}

pub(super) async fn status_of_missing(cx: Context) -> Outcome {
    let path = status_path(&cx, "status-missing");
    cx.merge(&path, &json!({ "status": {} }))
        .await?
        .refused(404, "NotFound")?;
    cx.get(&path).await?.refused(404, "NotFound").map(drop)
}

pub(super) async fn status_defaults(cx: Context) -> Outcome {
    cx.create("status-default", json!({ "size": 1 })).await?;
    let path = status_path(&cx, "status-default");
    let patched = cx
        .merge(&path, &json!({ "status": { "phase": "Ready" } }))
        .await?
        .with_code(200)?;
    expect(
        "status",
        patched.at("/status"),
        json!({ "phase": "Ready", "observedGeneration": -1 }),
    )
}

pub(super) async fn status_get(cx: Context) -> Outcome {
    let made = cx.create("status-get", json!({ "size": 1 })).await?;
    let read = cx.get(&status_path(&cx, "status-get")).await?.with_code(200)?;
    expect("object", read.json, made.json)
}
