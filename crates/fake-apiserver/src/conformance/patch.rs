//! Merge patches and JSON patches.

use http::Method;
use serde_json::{Value, json};

use super::context::{JSON_PATCH, MERGE};
use super::{Context, Outcome, expect};

pub(super) async fn merge_patch(cx: Context) -> Outcome {
    cx.create(
        "merge",
        json!({ "size": 1, "color": "red", "plain": ["a", "b"], "labels": { "x": "1", "y": "2" } }),
    )
    .await?;
    let patch = json!({ "spec": { "color": null, "plain": ["c"], "labels": { "x": null, "z": "3" } } });
    let patched = cx.merge(&cx.path("merge"), &patch).await?.with_code(200)?;
    expect(
        "spec",
        patched.at("/spec"),
        json!({ "size": 1, "plain": ["c"], "labels": { "y": "2", "z": "3" } }),
    )
}

pub(super) async fn json_patch(cx: Context) -> Outcome {
    cx.create("json-patch", json!({ "size": 1, "plain": ["a", "b"] }))
        .await?;
    let patch = json!([
        { "op": "test", "path": "/spec/size", "value": 1 },
        { "op": "replace", "path": "/spec/size", "value": 2 },
        { "op": "add", "path": "/spec/plain/1", "value": "x" },
        { "op": "remove", "path": "/spec/plain/0" },
    ]);
    let patched = cx
        .send(Method::PATCH, &cx.path("json-patch"), JSON_PATCH, Some(&patch))
        .await?
        .with_code(200)?;
    expect(
        "spec",
        patched.at("/spec"),
        json!({ "size": 2, "plain": ["x", "b"] }),
    )
}

pub(super) async fn json_patch_that_fails(cx: Context) -> Outcome {
    let made = cx.create("json-test", json!({ "size": 1 })).await?;
    for patch in [
        json!([{ "op": "replace", "path": "/spec/size", "value": 5 }, { "op": "test", "path": "/spec/size", "value": 2 }]),
        json!([{ "op": "replace", "path": "/spec/none/deeper", "value": 2 }]),
    ] {
        cx.send(Method::PATCH, &cx.path("json-test"), JSON_PATCH, Some(&patch))
            .await?
            .refused(422, "Invalid")?;
    }
    let read = cx.get(&cx.path("json-test")).await?;
    expect("object", read.json, made.json)
}

pub(super) async fn undecodable_patches(cx: Context) -> Outcome {
    cx.create("undecodable", json!({ "size": 1 })).await?;
    let path = cx.path("undecodable");
    cx.send(Method::PATCH, &path, JSON_PATCH, Some(&json!({ "a": 1 })))
        .await?
        .refused(400, "BadRequest")?;
    cx.send(Method::PATCH, &path, MERGE, Some(&json!([1])))
        .await?
        .refused(400, "BadRequest")?;
    cx.raw(Method::PATCH, &path, MERGE, "", "{nope".to_owned())
        .await?
        .refused(400, "BadRequest")
        .map(drop)
}

pub(super) async fn patch_missing(cx: Context) -> Outcome {
    cx.merge(&cx.path("patch-missing"), &json!({}))
        .await?
        .refused(404, "NotFound")
        .map(drop)
}

pub(super) async fn patch_with_stale_resource_version(cx: Context) -> Outcome {
    let made = cx.create("patch-stale", json!({ "size": 1 })).await?;
    let path = cx.path("patch-stale");
    cx.merge(&path, &json!({ "spec": { "size": 2 } }))
        .await?
        .with_code(200)?;
    let body = json!({ "metadata": { "resourceVersion": made.rv() }, "spec": { "size": 3 } });
    cx.merge(&path, &body).await?.refused(409, "Conflict")?;
    let fresh = cx.get(&path).await?.rv();
    let body = json!({ "metadata": { "resourceVersion": fresh }, "spec": { "size": 3 } });
    cx.merge(&path, &body).await?.with_code(200).map(drop)
}

pub(super) async fn patch_cannot_rename(cx: Context) -> Outcome {
    cx.create("rename", json!({ "size": 1 })).await?;
    let path = cx.path("rename");
    cx.merge(&path, &json!({ "metadata": { "name": "other" } }))
        .await?
        .refused(400, "BadRequest")?;
    let read = cx.get(&path).await?.with_code(200)?;
    expect("labels", read.at("/metadata/labels"), Value::Null)
}

pub(super) async fn strategic_patch_of_custom_resource(cx: Context) -> Outcome {
    cx.create("strategic", json!({ "size": 1 })).await?;
    let media = "application/strategic-merge-patch+json";
    let reply = cx
        .send(Method::PATCH, &cx.path("strategic"), media, Some(&json!({})))
        .await?;
    reply.refused(415, "UnsupportedMediaType").map(drop)
}
