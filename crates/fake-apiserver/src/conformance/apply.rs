//! Server-side apply and field ownership.

use http::Method;
use serde_json::{Value, json};

use super::context::APPLY;
use super::{Context, Outcome, ensure, expect};

pub(super) async fn apply_creates(cx: Context) -> Outcome {
    let spec =
        json!({ "size": 1, "tags": ["a"], "ports": [{ "name": "x", "port": 1 }], "atom": { "a": "1" } });
    let made = cx
        .apply("apply", "fieldManager=one", spec.clone())
        .await?
        .with_code(201)?;
    expect("spec", made.at("/spec"), spec)?;
    expect("generation", made.generation(), 1)?;
    expect("managers", made.managers(), ["one Apply"])?;
    let fields = json!({ "f:spec": {
        "f:size": {}, "f:atom": {}, "f:tags": { "v:\"a\"": {} },
        "f:ports": { "k:{\"name\":\"x\"}": { ".": {}, "f:name": {}, "f:port": {} } }
    } });
    expect("fields", made.fields_of("one"), fields)
}

pub(super) async fn apply_again_keeps_the_resource_version(cx: Context) -> Outcome {
    let spec = json!({ "size": 1, "plain": ["a"], "ports": [{ "name": "x", "port": 1 }] });
    let made = cx
        .apply("again", "fieldManager=one", spec.clone())
        .await?
        .with_code(201)?;
    let again = cx
        .apply("again", "fieldManager=one", spec)
        .await?
        .with_code(200)?;
    expect("object", again.json, made.json)
}

pub(super) async fn apply_conflict(cx: Context) -> Outcome {
    let spec = json!({ "size": 1, "plain": ["a"], "ports": [{ "name": "x", "port": 1 }] });
    cx.apply("conflict", "fieldManager=one", spec)
        .await?
        .with_code(201)?;
    let other = json!({ "size": 2, "plain": ["b"], "ports": [{ "name": "x", "port": 2 }] });
    let refused = cx
        .apply("conflict", "fieldManager=two", other)
        .await?
        .refused(409, "Conflict")?;
    let message = "Apply failed with 3 conflicts: conflicts with \"one\":\n- .spec.plain\n- .spec.size\n\
                   - .spec.ports[name=\"x\"].port";
    expect("message", refused.text_at("/message"), message)?;
    expect(
        "causes",
        refused.causes(),
        [
            ".spec.plain FieldManagerConflict",
            ".spec.size FieldManagerConflict",
            ".spec.ports[name=\"x\"].port FieldManagerConflict",
        ],
    )?;
    let one = cx
        .apply("conflict", "fieldManager=two", json!({ "size": 2 }))
        .await?
        .refused(409, "Conflict")?;
    expect(
        "message",
        one.text_at("/message"),
        "Apply failed with 1 conflict: conflict with \"one\": .spec.size",
    )
}

pub(super) async fn apply_by_force(cx: Context) -> Outcome {
    cx.apply("force", "fieldManager=one", json!({ "size": 1 }))
        .await?
        .with_code(201)?;
    let forced = cx
        .apply("force", "fieldManager=two&force=true", json!({ "size": 2 }))
        .await?
        .with_code(200)?;
    expect("size", forced.at("/spec/size"), json!(2))?;
    expect("managers", forced.managers(), ["two Apply"])?;
    cx.apply("force", "fieldManager=one", json!({ "size": 1 }))
        .await?
        .refused(409, "Conflict")
        .map(drop)
}

pub(super) async fn apply_removes_what_it_no_longer_names(cx: Context) -> Outcome {
    let spec = json!({ "size": 1, "color": "red", "labels": { "x": "1", "y": "2" }, "tags": ["a", "b"], "atom": { "a": "1" } });
    cx.apply("remove", "fieldManager=one", spec)
        .await?
        .with_code(201)?;
    let spec = json!({ "size": 1, "labels": { "y": "2" }, "tags": ["b"] });
    let applied = cx
        .apply("remove", "fieldManager=one", spec.clone())
        .await?
        .with_code(200)?;
    expect("spec", applied.at("/spec"), spec)?;
    expect("generation", applied.generation(), 2)
}

pub(super) async fn shared_fields_stay(cx: Context) -> Outcome {
    cx.apply("shared", "fieldManager=one", json!({ "size": 1, "color": "red" }))
        .await?
        .with_code(201)?;
    let both = cx
        .apply("shared", "fieldManager=two", json!({ "size": 1, "color": "red" }))
        .await?
        .with_code(200)?;
    let mut managers = both.managers();
    managers.sort();
    expect("managers", managers, ["one Apply", "two Apply"])?;
    let two = both.at("/metadata/managedFields/0");
    expect(
        "first manager: one that changed nothing has no time",
        two["manager"].clone(),
        json!("two"),
    )?;
    expect("its time", two.get("time"), None)?;
    let left = cx
        .apply("shared", "fieldManager=one", json!({ "size": 1 }))
        .await?
        .with_code(200)?;
    expect("color", left.at("/spec/color"), json!("red"))?;
    let left = cx
        .apply("shared", "fieldManager=two", json!({ "size": 1 }))
        .await?
        .with_code(200)?;
    expect("color", left.at("/spec/color"), Value::Null)
}

pub(super) async fn list_map_items_merge(cx: Context) -> Outcome {
    let ports = |list: Value| json!({ "size": 1, "ports": list });
    cx.apply(
        "items",
        "fieldManager=one",
        ports(json!([{ "name": "x", "port": 1 }])),
    )
    .await?
    .with_code(201)?;
    let two = ports(json!([{ "name": "x", "note": "n" }, { "name": "y", "port": 2 }]));
    let merged = cx.apply("items", "fieldManager=two", two).await?.with_code(200)?;
    let expected = json!([{ "name": "x", "port": 1, "note": "n" }, { "name": "y", "port": 2 }]);
    expect("ports", merged.at("/spec/ports"), expected)?;
    let left = cx
        .apply("items", "fieldManager=one", json!({ "size": 1 }))
        .await?
        .with_code(200)?;
    let expected = json!([{ "name": "x", "note": "n" }, { "name": "y", "port": 2 }]);
    expect("ports", left.at("/spec/ports"), expected)?;
    let left = cx
        .apply(
            "items",
            "fieldManager=two",
            ports(json!([{ "name": "y", "port": 2 }])),
        )
        .await?
        .with_code(200)?;
    expect(
        "ports",
        left.at("/spec/ports"),
        json!([{ "name": "y", "port": 2 }]),
    )
}

pub(super) async fn set_items_merge(cx: Context) -> Outcome {
    cx.apply(
        "set",
        "fieldManager=one",
        json!({ "size": 1, "tags": ["p", "q"] }),
    )
    .await?
    .with_code(201)?;
    let merged = cx
        .apply(
            "set",
            "fieldManager=two",
            json!({ "size": 1, "tags": ["q", "r"] }),
        )
        .await?
        .with_code(200)?;
    expect("tags", merged.at("/spec/tags"), json!(["p", "q", "r"]))?;
    let left = cx
        .apply("set", "fieldManager=one", json!({ "size": 1 }))
        .await?
        .with_code(200)?;
    expect("tags", left.at("/spec/tags"), json!(["q", "r"]))
}

pub(super) async fn atomic_fields_conflict_as_a_whole(cx: Context) -> Outcome {
    cx.apply(
        "atom",
        "fieldManager=one",
        json!({ "size": 1, "atom": { "a": "1" } }),
    )
    .await?
    .with_code(201)?;
    let spec = json!({ "size": 1, "atom": { "b": "1" } });
    let refused = cx
        .apply("atom", "fieldManager=two", spec.clone())
        .await?
        .refused(409, "Conflict")?;
    expect("causes", refused.causes(), [".spec.atom FieldManagerConflict"])?;
    let forced = cx
        .apply("atom", "fieldManager=two&force=true", spec)
        .await?
        .with_code(200)?;
    expect("atom", forced.at("/spec/atom"), json!({ "b": "1" }))
}

pub(super) async fn apply_status_conflicts_with_update(cx: Context) -> Outcome {
    cx.create("apply-status", json!({ "size": 1 })).await?;
    let path = format!("{}/status", cx.path("apply-status"));
    let update = format!("{path}?fieldManager=plain");
    cx.merge(&update, &json!({ "status": { "phase": "Ready" } }))
        .await?
        .with_code(200)?;
    let mut config = cx.widget("apply-status", &json!({ "size": 50 }));
    config["status"] = json!({ "phase": "Busy" });
    let apply = format!("{path}?fieldManager=one");
    let refused = cx
        .send(Method::PATCH, &apply, APPLY, Some(&config))
        .await?
        .refused(409, "Conflict")?;
    let message = "Apply failed with 1 conflict: conflict with \"plain\" with subresource \"status\" using \
                   conformance.rackwright.dev/v1: .status.phase";
    expect("message", refused.text_at("/message"), message)?;
    let forced = cx
        .send(
            Method::PATCH,
            &format!("{apply}&force=true"),
            APPLY,
            Some(&config),
        )
        .await?
        .with_code(200)?;
    expect("status", forced.at("/status/phase"), json!("Busy"))?;
    expect("spec", forced.at("/spec"), json!({ "size": 1 }))?;
    expect(
        "fields",
        forced.fields_of("one"),
        json!({ "f:status": { "f:phase": {} } }),
    )?;
    ensure(forced.managers().contains(&"one Apply status".to_owned()), || {
        format!("{:?}", forced.managers())
    })
}

pub(super) async fn apply_status_of_missing(cx: Context) -> Outcome {
    let path = format!("{}/status?fieldManager=one", cx.path("apply-absent"));
    let config = cx.widget("apply-absent", &json!({ "size": 1 }));
    cx.send(Method::PATCH, &path, APPLY, Some(&config))
        .await?
        .refused(404, "NotFound")
        .map(drop)
}

pub(super) async fn apply_needs_a_field_manager(cx: Context) -> Outcome {
    let refused = cx
        .apply("nobody", "", json!({ "size": 1 }))
        .await?
        .refused(422, "Invalid")?;
    expect("causes", refused.causes(), ["fieldManager FieldValueRequired"])
}

pub(super) async fn apply_undeclared_field(cx: Context) -> Outcome {
    let refused = cx
        .apply("undeclared", "fieldManager=one", json!({ "size": 1, "zap": 1 }))
        .await?
        .with_code(500)?;
    let message = refused.text_at("/message");
    ensure(
        message.ends_with(".spec.zap: field not declared in schema"),
        || message.to_owned(),
    )
}

pub(super) async fn apply_with_managed_fields(cx: Context) -> Outcome {
    let mut config = cx.widget("managed", &json!({ "size": 1 }));
    config["metadata"]["managedFields"] = json!([{ "manager": "x", "operation": "Apply" }]);
    let path = format!("{}?fieldManager=one", cx.path("managed"));
    let refused = cx
        .send(Method::PATCH, &path, APPLY, Some(&config))
        .await?
        .refused(400, "BadRequest")?;
    expect(
        "message",
        refused.text_at("/message"),
        "metadata.managedFields must be nil",
    )
}

pub(super) async fn apply_wrong_name(cx: Context) -> Outcome {
    let config = cx.widget("wrong-b", &json!({ "size": 1 }));
    let path = format!("{}?fieldManager=one", cx.path("wrong-a"));
    cx.send(Method::PATCH, &path, APPLY, Some(&config))
        .await?
        .refused(400, "BadRequest")
        .map(drop)
}

pub(super) async fn plain_writes_take_ownership(cx: Context) -> Outcome {
    cx.apply("taken", "fieldManager=one", json!({ "size": 1, "color": "red" }))
        .await?
        .with_code(201)?;
    let path = format!("{}?fieldManager=plain", cx.path("taken"));
    let patched = cx
        .merge(&path, &json!({ "spec": { "size": 2 } }))
        .await?
        .with_code(200)?;
    expect("managers", patched.managers(), ["one Apply", "plain Update"])?;
    expect(
        "fields of the applier",
        patched.fields_of("one"),
        json!({ "f:spec": { "f:color": {} } }),
    )?;
    expect(
        "fields of the writer",
        patched.fields_of("plain"),
        json!({ "f:spec": { "f:size": {} } }),
    )?;
    let spec = json!({ "size": 1, "color": "red" });
    let refused = cx
        .apply("taken", "fieldManager=one", spec)
        .await?
        .refused(409, "Conflict")?;
    let message = "Apply failed with 1 conflict: conflict with \"plain\" using conformance.rackwright.dev/v1: .spec.size";
    expect("message", refused.text_at("/message"), message)
}

pub(super) async fn managed_fields_of_a_create(cx: Context) -> Outcome {
    let mut widget = cx.widget(
        "wire",
        &json!({ "size": 1, "tags": ["a"], "ports": [{ "name": "x" }], "labels": {} }),
    );
    widget["metadata"]["labels"] = json!({ "a": "b" });
    let made = cx.post(super::WIDGETS, &widget).await?.with_code(201)?;
    expect("managers", made.managers(), ["conformance Update"])?;
    let fields = json!({
        "f:metadata": { "f:labels": { ".": {}, "f:a": {} } },
        "f:spec": {
            ".": {}, "f:size": {}, "f:labels": {}, "f:tags": { ".": {}, "v:\"a\"": {} },
            "f:ports": { ".": {}, "k:{\"name\":\"x\"}": { ".": {}, "f:name": {} } }
        }
    });
    expect("fields", made.fields_of("conformance"), fields)
}

pub(super) async fn apply_metadata(cx: Context) -> Outcome {
    let mut config = cx.widget("meta", &json!({ "size": 1 }));
    config["metadata"]["labels"] = json!({ "a": "b" });
    config["metadata"]["finalizers"] = json!(["conformance.rackwright.dev/hold"]);
    let path = format!("{}?fieldManager=one", cx.path("meta"));
    let made = cx
        .send(Method::PATCH, &path, APPLY, Some(&config))
        .await?
        .with_code(201)?;
    let fields = json!({
        "f:labels": { "f:a": {} }, "f:finalizers": { "v:\"conformance.rackwright.dev/hold\"": {} }
    });
    expect("fields", made.fields_of("one")["f:metadata"].clone(), fields)?;
    let config = cx.widget("meta", &json!({ "size": 1 }));
    let applied = cx
        .send(Method::PATCH, &path, APPLY, Some(&config))
        .await?
        .with_code(200)?;
    expect("finalizers", applied.at("/metadata/finalizers"), Value::Null)?;
    expect("generation", applied.generation(), 1)
}

pub(super) async fn apply_dry_run(cx: Context) -> Outcome {
    let made = cx
        .apply("apply-dry", "fieldManager=one&dryRun=All", json!({ "size": 1 }))
        .await?
        .with_code(201)?;
    expect("size", made.at("/spec/size"), json!(1))?;
    cx.get(&cx.path("apply-dry")).await?.with_code(404).map(drop)
}
