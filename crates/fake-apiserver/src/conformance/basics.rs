//! Create, read, replace; malformed requests.

use http::Method;
use serde_json::{Value, json};

use super::context::{APPLY, JSON};
use super::{Context, Outcome, WIDGETS, ensure, expect};

pub(super) async fn create_fills_in_server_fields(cx: Context) -> Outcome {
    let made = cx.create("fields", json!({ "size": 1 })).await?;
    expect("uid length", made.uid().len(), 36)?;
    expect("generation", made.generation(), 1)?;
    ensure(made.rv().parse::<u64>().is_ok_and(|rv| rv > 0), || {
        format!("resource version of {made}")
    })?;
    let created = made.text_at("/metadata/creationTimestamp");
    ensure(created.len() == 20 && created.ends_with('Z'), || {
        format!("creationTimestamp {created:?}")
    })?;
    let read = cx.get(&cx.path("fields")).await?.with_code(200)?;
    expect("what is read", read.json, made.json)
}

pub(super) async fn create_with_status_code_201(cx: Context) -> Outcome {
    let made = cx.create("code", json!({ "size": 1 })).await?;
    let replaced = cx.put(&cx.path("code"), &made.json).await?;
    expect("code of a replace", replaced.code, 200)
}

pub(super) async fn create_twice(cx: Context) -> Outcome {
    cx.create("twice", json!({ "size": 1 })).await?;
    let again = cx
        .post(WIDGETS, &cx.widget("twice", &json!({ "size": 1 })))
        .await?;
    let again = again.refused(409, "AlreadyExists")?;
    let name = cx.name("twice");
    let message = format!("widgets.conformance.rackwright.dev \"{name}\" already exists");
    expect("message", again.text_at("/message"), message.as_str())?;
    let details = json!({ "name": name, "group": "conformance.rackwright.dev", "kind": "widgets" });
    expect("details", again.at("/details"), details)
}

pub(super) async fn generate_name(cx: Context) -> Outcome {
    let base = format!("{}-", cx.name("generated"));
    let mut widget = cx.widget("x", &json!({ "size": 1 }));
    widget["metadata"] = json!({ "generateName": base });
    let one = cx.post(WIDGETS, &widget).await?.with_code(201)?;
    let two = cx.post(WIDGETS, &widget).await?.with_code(201)?;
    for made in [&one, &two] {
        let name = made.text_at("/metadata/name");
        ensure(name.starts_with(&base) && name.len() == base.len() + 5, || {
            format!("name {name:?}")
        })?;
    }
    ensure(
        one.text_at("/metadata/name") != two.text_at("/metadata/name"),
        || "equal names".to_owned(),
    )
}

pub(super) async fn name_is_required(cx: Context) -> Outcome {
    let mut widget = cx.widget("x", &json!({ "size": 1 }));
    widget["metadata"] = json!({});
    let refused = cx.post(WIDGETS, &widget).await?.refused(422, "Invalid")?;
    ensure(
        refused
            .causes()
            .contains(&"metadata.name FieldValueRequired".to_owned()),
        || refused.to_string(),
    )
}

pub(super) async fn create_with_resource_version(cx: Context) -> Outcome {
    let mut widget = cx.widget("with-rv", &json!({ "size": 1 }));
    widget["metadata"]["resourceVersion"] = "12".into();
    let refused = cx.post(WIDGETS, &widget).await?.with_code(500)?;
    expect(
        "message",
        refused.text_at("/message"),
        "resourceVersion should not be set on objects to be created",
    )
}

pub(super) async fn get_missing(cx: Context) -> Outcome {
    let missing = cx.get(&cx.path("missing")).await?.refused(404, "NotFound")?;
    let name = cx.name("missing");
    let message = format!("widgets.conformance.rackwright.dev \"{name}\" not found");
    expect("message", missing.text_at("/message"), message.as_str())?;
    let details = json!({ "name": name, "group": "conformance.rackwright.dev", "kind": "widgets" });
    expect("details", missing.at("/details"), details)
}

pub(super) async fn replace_without_resource_version(cx: Context) -> Outcome {
    cx.create("no-rv", json!({ "size": 1 })).await?;
    let refused = cx
        .put(&cx.path("no-rv"), &cx.widget("no-rv", &json!({ "size": 2 })))
        .await?;
    let refused = refused.refused(422, "Invalid")?;
    expect(
        "causes",
        refused.causes(),
        ["metadata.resourceVersion FieldValueInvalid"],
    )
}

pub(super) async fn replace_stale(cx: Context) -> Outcome {
    let mut made = cx.create("stale", json!({ "size": 1 })).await?.json;
    cx.merge(&cx.path("stale"), &json!({ "spec": { "size": 2 } }))
        .await?
        .with_code(200)?;
    made["spec"]["size"] = 3.into();
    let refused = cx.put(&cx.path("stale"), &made).await?.refused(409, "Conflict")?;
    let name = cx.name("stale");
    let message = format!(
        "Operation cannot be fulfilled on widgets.conformance.rackwright.dev \"{name}\": the object has been modified; \
         please apply your changes to the latest version and try again"
    );
    expect("message", refused.text_at("/message"), message.as_str())?;
    expect("kind in details", refused.text_at("/details/kind"), "widgets")?;
    let read = cx.get(&cx.path("stale")).await?;
    expect("size", read.at("/spec/size"), json!(2))
}

pub(super) async fn replace_missing(cx: Context) -> Outcome {
    let mut widget = cx.widget("absent", &json!({ "size": 1 }));
    widget["metadata"]["resourceVersion"] = "1".into();
    cx.put(&cx.path("absent"), &widget)
        .await?
        .refused(404, "NotFound")
        .map(drop)
}

pub(super) async fn replace_under_another_name(cx: Context) -> Outcome {
    let mut made = cx.create("here", json!({ "size": 1 })).await?.json;
    made["metadata"]["name"] = cx.name("there").into();
    cx.put(&cx.path("here"), &made)
        .await?
        .refused(400, "BadRequest")
        .map(drop)
}

pub(super) async fn replace_with_another_uid(cx: Context) -> Outcome {
    let mut made = cx.create("uid", json!({ "size": 1 })).await?.json;
    made["metadata"]["uid"] = "11111111-1111-4111-8111-111111111111".into();
    cx.put(&cx.path("uid"), &made)
        .await?
        .refused(409, "Conflict")
        .map(drop)
}

pub(super) async fn generation_counts_spec_changes(cx: Context) -> Outcome {
    cx.create("generation", json!({ "size": 1 })).await?;
    let path = cx.path("generation");
    let labelled = cx
        .merge(&path, &json!({ "metadata": { "labels": { "a": "b" } } }))
        .await?
        .with_code(200)?;
    expect("after a label", labelled.generation(), 1)?;
    let changed = cx
        .merge(&path, &json!({ "spec": { "size": 2 } }))
        .await?
        .with_code(200)?;
    expect("after a spec change", changed.generation(), 2)?;
    let rv = |reply: &super::Reply| reply.rv().parse::<u64>().unwrap_or(0);
    ensure(rv(&changed) > rv(&labelled), || {
        "the resource version did not grow".to_owned()
    })
}

pub(super) async fn unchanged_writes_keep_the_resource_version(cx: Context) -> Outcome {
    let made = cx.create("unchanged", json!({ "size": 1 })).await?;
    let path = cx.path("unchanged");
    let replaced = cx.put(&path, &made.json).await?.with_code(200)?;
    expect("after a replace", replaced.rv(), made.rv())?;
    let patched = cx
        .merge(&path, &json!({ "spec": { "size": 1 } }))
        .await?
        .with_code(200)?;
    expect("after a patch", patched.rv(), made.rv())?;
    let empty = cx.merge(&path, &json!({})).await?.with_code(200)?;
    expect("after an empty patch", empty.rv(), made.rv())
}

pub(super) async fn server_fields_ignore_the_client(cx: Context) -> Outcome {
    let made = cx.create("fixed", json!({ "size": 1 })).await?;
    let patch = json!({ "metadata": {
        "creationTimestamp": "2001-01-01T00:00:00Z", "generation": 77, "selfLink": "/x"
    } });
    let patched = cx.merge(&cx.path("fixed"), &patch).await?.with_code(200)?;
    for field in [
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "resourceVersion",
    ] {
        let pointer = format!("/metadata/{field}");
        expect(field, patched.at(&pointer), made.at(&pointer))?;
    }
    for (field, value) in [("uid", "1"), ("deletionTimestamp", "2001-01-01T00:00:00Z")] {
        let refused = cx
            .merge(&cx.path("fixed"), &json!({ "metadata": { field: value } }))
            .await?;
        let refused = refused.refused(422, "Invalid")?;
        ensure(
            refused
                .causes()
                .contains(&format!("metadata.{field} FieldValueInvalid")),
            || refused.to_string(),
        )?;
    }
    Ok(())
}

pub(super) async fn wrong_kind(cx: Context) -> Outcome {
    let mut widget = cx.widget("kind", &json!({ "size": 1 }));
    widget["kind"] = "Gadget".into();
    let refused = cx.post(WIDGETS, &widget).await?.refused(422, "Invalid")?;
    expect("causes", refused.causes(), ["kind FieldValueInvalid"])?;
    let name = cx.name("kind");
    let message = format!(
        "Gadget.conformance.rackwright.dev \"{name}\" is invalid: kind: Invalid value: \"Gadget\": must be Widget"
    );
    expect("message", refused.text_at("/message"), message.as_str())
}

pub(super) async fn wrong_api_version(cx: Context) -> Outcome {
    let mut widget = cx.widget("version", &json!({ "size": 1 }));
    widget["apiVersion"] = "v1".into();
    let refused = cx.post(WIDGETS, &widget).await?.refused(400, "BadRequest")?;
    let message = "the API version in the data (v1) does not match the expected API version \
                   (conformance.rackwright.dev/v1)";
    expect("message", refused.text_at("/message"), message)
}

pub(super) async fn malformed_json(cx: Context) -> Outcome {
    let reply = cx
        .raw(Method::POST, WIDGETS, JSON, "", "{not json".to_owned())
        .await?;
    reply.refused(400, "BadRequest")?;
    let reply = cx
        .raw(Method::POST, WIDGETS, JSON, "", r#"{"spec":{}}"#.to_owned())
        .await?;
    reply.refused(400, "BadRequest").map(drop)
}

pub(super) async fn unsupported_media_type(cx: Context) -> Outcome {
    let widget = cx.widget("media", &json!({ "size": 1 }));
    cx.send(Method::POST, WIDGETS, "text/plain", Some(&widget))
        .await?
        .refused(415, "UnsupportedMediaType")?;
    let patch = cx
        .send(Method::PATCH, &cx.path("media"), JSON, Some(&json!({})))
        .await?;
    patch.refused(415, "UnsupportedMediaType").map(drop)
}

pub(super) async fn not_acceptable(cx: Context) -> Outcome {
    let reply = cx.get_as(WIDGETS, "text/html").await?;
    reply.refused(406, "NotAcceptable").map(drop)
}

pub(super) async fn unknown_paths(cx: Context) -> Outcome {
    for path in [
        "/apis/nothing.rackwright.dev/v1/things",
        "/apis/conformance.rackwright.dev/v1/things",
        "/apis/conformance.rackwright.dev/v9",
        "/nowhere",
    ] {
        cx.get(path).await?.with_code(404)?;
    }
    cx.create("paths", json!({ "size": 1 })).await?;
    cx.get(&format!("{}/scale", cx.path("paths")))
        .await?
        .with_code(404)
        .map(drop)
}

pub(super) async fn wrong_methods(cx: Context) -> Outcome {
    cx.create("methods", json!({ "size": 1 })).await?;
    let status = format!("{}/status", cx.path("methods"));
    cx.send(Method::DELETE, &status, JSON, None)
        .await?
        .refused(405, "MethodNotAllowed")?;
    cx.put(WIDGETS, &json!({}))
        .await?
        .refused(400, "BadRequest")
        .map(drop)
}

pub(super) async fn dry_run_stores_nothing(cx: Context) -> Outcome {
    let collection = format!("{WIDGETS}?dryRun=All");
    let widget = cx.widget("dry", &json!({ "size": 1 }));
    let made = cx.post(&collection, &widget).await?.with_code(201)?;
    expect(
        "resource version",
        made.at("/metadata/resourceVersion"),
        Value::Null,
    )?;
    expect("uid length", made.uid().len(), 36)?;
    cx.get(&cx.path("dry")).await?.with_code(404)?;
    let refused = cx
        .post(&collection, &cx.widget("dry", &json!({ "size": 101 })))
        .await?;
    refused.refused(422, "Invalid")?;

    let stored = cx.post(WIDGETS, &widget).await?.with_code(201)?;
    let path = format!("{}?dryRun=All", cx.path("dry"));
    let patched = cx
        .merge(&path, &json!({ "spec": { "size": 9 } }))
        .await?
        .with_code(200)?;
    expect("size in the answer", patched.at("/spec/size"), json!(9))?;
    let mut body = cx.widget("dry", &json!({ "size": 8 }));
    body["metadata"]["resourceVersion"] = stored.rv().into();
    cx.put(&path, &body).await?.with_code(200)?;
    let applied = format!("{path}&fieldManager=dry&force=true");
    cx.send(
        Method::PATCH,
        &applied,
        APPLY,
        Some(&cx.widget("dry", &json!({ "size": 7 }))),
    )
    .await?
    .with_code(200)?;
    let read = cx.get(&cx.path("dry")).await?;
    expect("what is stored", read.json, stored.json)
}
