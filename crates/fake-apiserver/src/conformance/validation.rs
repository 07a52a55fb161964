//! Schema, CEL and metadata validation; unknown fields.

use serde_json::json;

use super::{Context, Outcome, WIDGETS, ensure, expect};

pub(super) async fn schema_violations_are_causes(cx: Context) -> Outcome {
    let widget = cx.widget("bad", &json!({ "size": 101, "color": "blue" }));
    let refused = cx.post(WIDGETS, &widget).await?.refused(422, "Invalid")?;
    let causes = refused.causes();
    for expected in ["spec.size FieldValueInvalid", "spec.color FieldValueNotSupported"] {
        ensure(causes.contains(&expected.to_owned()), || {
            format!("{expected} is not in {causes:?}")
        })?;
    }
    let message = refused.text_at("/message");
    let size = "spec.size: Invalid value: 101: spec.size in body should be less than or equal to 100";
    ensure(message.contains(size), || message.to_owned())?;
    let color = "spec.color: Unsupported value: \"blue\": supported values: \"red\", \"green\"";
    ensure(message.contains(color), || message.to_owned())?;
    let name = cx.name("bad");
    let head = format!("Widget.conformance.rackwright.dev \"{name}\" is invalid: [");
    ensure(message.starts_with(&head), || message.to_owned())?;
    expect("kind in details", refused.text_at("/details/kind"), "Widget")?;
    cx.get(&cx.path("bad")).await?.with_code(404).map(drop)
}

pub(super) async fn required_field(cx: Context) -> Outcome {
    let refused = cx
        .post(WIDGETS, &cx.widget("required", &json!({})))
        .await?
        .refused(422, "Invalid")?;
    ensure(
        refused
            .causes()
            .contains(&"spec.size FieldValueRequired".to_owned()),
        || refused.to_string(),
    )
}

pub(super) async fn cel_rule(cx: Context) -> Outcome {
    let refused = cx
        .post(WIDGETS, &cx.widget("cel", &json!({ "size": 13 })))
        .await?
        .refused(422, "Invalid")?;
    expect("causes", refused.causes(), ["spec FieldValueInvalid"])?;
    let message = refused.text_at("/message");
    ensure(message.ends_with("size must not be 13"), || message.to_owned())
}

pub(super) async fn transition_rule(cx: Context) -> Outcome {
    cx.create("transition", json!({ "size": 1, "level": 5 })).await?;
    let path = cx.path("transition");
    cx.merge(&path, &json!({ "spec": { "level": 6 } }))
        .await?
        .with_code(200)?;
    let refused = cx
        .merge(&path, &json!({ "spec": { "level": 4 } }))
        .await?
        .refused(422, "Invalid")?;
    let message = refused.text_at("/message");
    ensure(message.contains("level must not fall"), || message.to_owned())
}

pub(super) async fn invalid_names_and_labels(cx: Context) -> Outcome {
    let mut widget = cx.widget("x", &json!({ "size": 1 }));
    widget["metadata"]["name"] = "Not_A_Name".into();
    widget["metadata"]["labels"] = json!({ "a b": "c d" });
    let refused = cx.post(WIDGETS, &widget).await?.refused(422, "Invalid")?;
    let causes = refused.causes();
    for expected in [
        "metadata.name FieldValueInvalid",
        "metadata.labels FieldValueInvalid",
    ] {
        ensure(causes.contains(&expected.to_owned()), || {
            format!("{expected} is not in {causes:?}")
        })?;
    }
    Ok(())
}

pub(super) async fn metadata_of_the_wrong_type(cx: Context) -> Outcome {
    let mut widget = cx.widget("type", &json!({ "size": 1 }));
    widget["metadata"]["labels"] = json!({ "a": 1 });
    cx.post(WIDGETS, &widget)
        .await?
        .refused(400, "BadRequest")
        .map(drop)
}

pub(super) async fn duplicate_list_map_keys(cx: Context) -> Outcome {
    let spec = json!({ "size": 1, "ports": [{ "name": "a" }, { "name": "a" }] });
    let refused = cx
        .post(WIDGETS, &cx.widget("duplicate", &spec))
        .await?
        .refused(422, "Invalid")?;
    expect("causes", refused.causes(), ["spec.ports[1] FieldValueDuplicate"])
}

pub(super) async fn duplicate_set_items(cx: Context) -> Outcome {
    let spec = json!({ "size": 1, "tags": ["a", "b", "a"] });
    let refused = cx
        .post(WIDGETS, &cx.widget("duplicates", &spec))
        .await?
        .refused(422, "Invalid")?;
    expect("causes", refused.causes(), ["spec.tags[2] FieldValueDuplicate"])
}

fn with_typos(cx: &Context, base: &str) -> serde_json::Value {
    let mut widget = cx.widget(base, &json!({ "size": 1, "zap": 1 }));
    widget["spec"]["ports"] = json!([{ "name": "a", "prot": 1 }]);
    widget["metadata"]["zip"] = 1.into();
    widget
}

pub(super) async fn unknown_fields_warn(cx: Context) -> Outcome {
    let made = cx.post(WIDGETS, &with_typos(&cx, "warn")).await?.with_code(201)?;
    expect(
        "spec",
        made.at("/spec"),
        json!({ "size": 1, "ports": [{ "name": "a" }] }),
    )?;
    let mut warnings = made.warnings;
    warnings.sort();
    expect(
        "warnings",
        warnings,
        [
            r#"299 - "unknown field \"metadata.zip\"""#,
            r#"299 - "unknown field \"spec.ports[0].prot\"""#,
            r#"299 - "unknown field \"spec.zap\"""#,
        ],
    )
}

pub(super) async fn unknown_fields_strict(cx: Context) -> Outcome {
    let path = format!("{WIDGETS}?fieldValidation=Strict");
    let refused = cx
        .post(&path, &with_typos(&cx, "strict"))
        .await?
        .refused(400, "BadRequest")?;
    let message = refused.text_at("/message");
    for field in ["metadata.zip", "spec.zap", "spec.ports[0].prot"] {
        ensure(message.contains(&format!("unknown field \"{field}\"")), || {
            message.to_owned()
        })?;
    }
    ensure(message.contains("strict decoding error: "), || message.to_owned())?;
    cx.create("strict", json!({ "size": 1 })).await?;
    let path = format!("{}?fieldValidation=Strict", cx.path("strict"));
    cx.merge(&path, &json!({ "spec": { "zap": 1 } }))
        .await?
        .with_code(422)
        .map(drop)
}

pub(super) async fn unknown_fields_ignored(cx: Context) -> Outcome {
    let path = format!("{WIDGETS}?fieldValidation=Ignore");
    let made = cx.post(&path, &with_typos(&cx, "ignore")).await?.with_code(201)?;
    expect("warnings", made.warnings.len(), 0)?;
    expect("field", made.at("/spec/zap"), serde_json::Value::Null)
}

pub(super) async fn unknown_option_values(cx: Context) -> Outcome {
    let widget = cx.widget("options", &json!({ "size": 1 }));
    for (query, field) in [
        ("dryRun=Some", "dryRun"),
        ("fieldValidation=Some", "fieldValidation"),
    ] {
        let refused = cx
            .post(&format!("{WIDGETS}?{query}"), &widget)
            .await?
            .refused(422, "Invalid")?;
        expect(
            "causes",
            refused.causes(),
            [format!("{field} FieldValueNotSupported")],
        )?;
    }
    Ok(())
}

pub(super) async fn updates_are_validated(cx: Context) -> Outcome {
    let mut made = cx.create("update", json!({ "size": 1 })).await?.json;
    made["spec"]["size"] = (-1).into();
    let refused = cx.put(&cx.path("update"), &made).await?.refused(422, "Invalid")?;
    ensure(
        refused
            .causes()
            .contains(&"spec.size FieldValueInvalid".to_owned()),
        || refused.to_string(),
    )
}

pub(super) async fn patches_are_validated(cx: Context) -> Outcome {
    cx.create("patched", json!({ "size": 1 })).await?;
    let path = cx.path("patched");
    cx.merge(&path, &json!({ "spec": { "size": 13 } }))
        .await?
        .refused(422, "Invalid")?;
    cx.merge(&path, &json!({ "spec": { "size": "big" } }))
        .await?
        .refused(422, "Invalid")?;
    cx.apply("patched", "fieldManager=m&force=true", json!({ "size": 13 }))
        .await?
        .refused(422, "Invalid")
        .map(drop)
}

pub(super) async fn status_is_validated(cx: Context) -> Outcome {
    cx.create("status-type", json!({ "size": 1 })).await?;
    let path = format!("{}/status", cx.path("status-type"));
    let refused = cx
        .merge(&path, &json!({ "status": { "observedGeneration": "one" } }))
        .await?;
    let refused = refused.refused(422, "Invalid")?;
    ensure(
        refused.causes()[0].starts_with("status.observedGeneration "),
        || refused.to_string(),
    )
}
