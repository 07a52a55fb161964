//! Deletion: preconditions, finalizers, garbage collection.

use serde_json::{Value, json};

use super::{Context, Outcome, Reply, WIDGETS, ensure, expect};

const HOLD: &str = "conformance.rackwright.dev/hold";

pub(super) async fn delete_answers_success(cx: Context) -> Outcome {
    let made = cx.create("success", json!({ "size": 1 })).await?;
    let gone = cx.delete(&cx.path("success"), None).await?.with_code(200)?;
    expect("kind", gone.text_at("/kind"), "Status")?;
    expect("status", gone.text_at("/status"), "Success")?;
    let details = json!({
        "name": cx.name("success"), "group": "conformance.rackwright.dev", "kind": "widgets", "uid": made.uid()
    });
    expect("details", gone.at("/details"), details)?;
    cx.get(&cx.path("success"))
        .await?
        .refused(404, "NotFound")
        .map(drop)
}

pub(super) async fn delete_missing(cx: Context) -> Outcome {
    cx.delete(&cx.path("delete-missing"), None)
        .await?
        .refused(404, "NotFound")
        .map(drop)
}

pub(super) async fn delete_preconditions(cx: Context) -> Outcome {
    let made = cx.create("precondition", json!({ "size": 1 })).await?;
    let path = cx.path("precondition");
    let uid = json!({ "preconditions": { "uid": "another" } });
    let refused = cx.delete(&path, Some(&uid)).await?.refused(409, "Conflict")?;
    let message = refused.text_at("/message");
    ensure(
        message.contains("the UID in the precondition (another) does not match"),
        || message.to_owned(),
    )?;
    let rv = json!({ "preconditions": { "resourceVersion": "1" } });
    let refused = cx.delete(&path, Some(&rv)).await?.refused(409, "Conflict")?;
    let message = refused.text_at("/message");
    ensure(
        message.contains("the ResourceVersion in the precondition (1) does not match"),
        || message.to_owned(),
    )?;
    let both = json!({ "preconditions": { "uid": made.uid(), "resourceVersion": made.rv() } });
    cx.delete(&path, Some(&both)).await?.with_code(200).map(drop)
}

async fn held(cx: &Context, base: &str) -> Outcome<Reply> {
    let mut widget = cx.widget(base, &json!({ "size": 1 }));
    widget["metadata"]["finalizers"] = json!([HOLD]);
    cx.post(WIDGETS, &widget).await?.with_code(201)
}

pub(super) async fn finalizers_hold(cx: Context) -> Outcome {
    held(&cx, "held").await?;
    let path = cx.path("held");
    let marked = cx.delete(&path, None).await?.with_code(200)?;
    expect("kind", marked.text_at("/kind"), "Widget")?;
    ensure(!marked.text_at("/metadata/deletionTimestamp").is_empty(), || {
        marked.to_string()
    })?;
    expect(
        "grace period",
        marked.at("/metadata/deletionGracePeriodSeconds"),
        json!(0),
    )?;
    expect("generation", marked.generation(), 2)?;
    let again = cx.delete(&path, None).await?.with_code(200)?;
    expect("a second delete", again.rv(), marked.rv())?;
    let changed = cx
        .merge(&path, &json!({ "spec": { "size": 2 } }))
        .await?
        .with_code(200)?;
    expect("size", changed.at("/spec/size"), json!(2))?;
    let last = cx
        .merge(&path, &json!({ "metadata": { "finalizers": null } }))
        .await?
        .with_code(200)?;
    expect("kind of the last answer", last.text_at("/kind"), "Widget")?;
    cx.get(&path).await?.refused(404, "NotFound").map(drop)
}

pub(super) async fn no_new_finalizers_while_deleting(cx: Context) -> Outcome {
    held(&cx, "no-new").await?;
    let path = cx.path("no-new");
    cx.delete(&path, None).await?.with_code(200)?;
    let body = json!({ "metadata": { "finalizers": [HOLD, "conformance.rackwright.dev/more"] } });
    let refused = cx.merge(&path, &body).await?.refused(422, "Invalid")?;
    expect(
        "causes",
        refused.causes()[0].as_str(),
        "metadata.finalizers FieldValueForbidden",
    )?;
    cx.merge(&path, &json!({ "metadata": { "finalizers": [] } }))
        .await?
        .with_code(200)?;
    cx.get(&path).await?.refused(404, "NotFound").map(drop)
}

pub(super) async fn delete_collection(cx: Context) -> Outcome {
    let group = cx.name("collection");
    for base in ["coll-a", "coll-b"] {
        cx.create_labelled(base, "group", &group).await?;
    }
    cx.create_labelled("coll-c", "group", "other").await?;
    let gone = cx
        .delete(&format!("{WIDGETS}?labelSelector=group%3D{group}"), None)
        .await?
        .with_code(200)?;
    expect("kind", gone.text_at("/kind"), "WidgetList")?;
    expect("names", gone.names(), [cx.name("coll-a"), cx.name("coll-b")])?;
    cx.get(&cx.path("coll-a")).await?.with_code(404)?;
    cx.get(&cx.path("coll-c")).await?.with_code(200).map(drop)
}

pub(super) async fn delete_dry_run(cx: Context) -> Outcome {
    cx.create("delete-dry", json!({ "size": 1 })).await?;
    let path = cx.path("delete-dry");
    cx.delete(&path, Some(&json!({ "dryRun": ["All"] })))
        .await?
        .with_code(200)?;
    cx.delete(&format!("{path}?dryRun=All"), None)
        .await?
        .with_code(200)?;
    cx.get(&path).await?.with_code(200).map(drop)
}

pub(super) async fn unknown_propagation_policy(cx: Context) -> Outcome {
    cx.create("policy", json!({ "size": 1 })).await?;
    let refused = cx
        .delete(
            &cx.path("policy"),
            Some(&json!({ "propagationPolicy": "Sideways" })),
        )
        .await?;
    let refused = refused.refused(422, "Invalid")?;
    expect(
        "causes",
        refused.causes(),
        ["propagationPolicy FieldValueNotSupported"],
    )
}

fn owner(of: &Reply, blocks: bool) -> Value {
    json!({
        "apiVersion": "conformance.rackwright.dev/v1", "kind": "Widget", "name": of.text_at("/metadata/name"),
        "uid": of.uid(), "blockOwnerDeletion": blocks
    })
}

async fn owned(cx: &Context, base: &str, owners: &[Value], finalizers: &[&str]) -> Outcome<Reply> {
    let mut widget = cx.widget(base, &json!({ "size": 1 }));
    widget["metadata"]["ownerReferences"] = owners.into();
    if !finalizers.is_empty() {
        widget["metadata"]["finalizers"] = finalizers.into();
    }
    cx.post(WIDGETS, &widget).await?.with_code(201)
}

fn policy(name: &str) -> Value {
    json!({ "propagationPolicy": name })
}

pub(super) async fn background_collects_dependents(cx: Context) -> Outcome {
    let top = cx.create("bg-top", json!({ "size": 1 })).await?;
    let child = owned(&cx, "bg-child", &[owner(&top, false)], &[]).await?;
    owned(&cx, "bg-grandchild", &[owner(&child, false)], &[]).await?;
    cx.delete(&cx.path("bg-top"), Some(&policy("Background")))
        .await?
        .with_code(200)?;
    cx.get(&cx.path("bg-top")).await?.with_code(404)?;
    cx.eventually_gone(&cx.path("bg-child")).await?;
    cx.eventually_gone(&cx.path("bg-grandchild")).await
}

pub(super) async fn orphan_leaves_dependents(cx: Context) -> Outcome {
    let top = cx.create("or-top", json!({ "size": 1 })).await?;
    owned(&cx, "or-child", &[owner(&top, false)], &[]).await?;
    cx.delete(&cx.path("or-top"), Some(&policy("Orphan")))
        .await?
        .with_code(200)?;
    cx.eventually_gone(&cx.path("or-top")).await?;
    let child = cx.get(&cx.path("or-child")).await?.with_code(200)?;
    expect("owners", child.at("/metadata/ownerReferences"), Value::Null)
}

pub(super) async fn foreground_waits_for_dependents(cx: Context) -> Outcome {
    let top = cx.create("fg-top", json!({ "size": 1 })).await?;
    owned(&cx, "fg-child", &[owner(&top, true)], &[HOLD]).await?;
    let marked = cx
        .delete(&cx.path("fg-top"), Some(&policy("Foreground")))
        .await?
        .with_code(200)?;
    expect(
        "finalizers",
        marked.at("/metadata/finalizers"),
        json!(["foregroundDeletion"]),
    )?;
    let child = cx.path("fg-child");
    cx.eventually("the child to be marked", || async {
        Ok(!cx
            .get(&child)
            .await?
            .text_at("/metadata/deletionTimestamp")
            .is_empty())
    })
    .await?;
    cx.get(&cx.path("fg-top")).await?.with_code(200)?;
    cx.merge(&child, &json!({ "metadata": { "finalizers": null } }))
        .await?
        .with_code(200)?;
    cx.eventually_gone(&child).await?;
    cx.eventually_gone(&cx.path("fg-top")).await
}

pub(super) async fn a_second_owner_keeps_a_dependent(cx: Context) -> Outcome {
    let one = cx.create("two-one", json!({ "size": 1 })).await?;
    let two = cx.create("two-two", json!({ "size": 1 })).await?;
    owned(&cx, "two-child", &[owner(&one, false), owner(&two, false)], &[]).await?;
    cx.delete(&cx.path("two-one"), Some(&policy("Background")))
        .await?
        .with_code(200)?;
    let child = cx.path("two-child");
    cx.eventually("the reference to go", || async {
        Ok(cx
            .get(&child)
            .await?
            .with_code(200)?
            .at("/metadata/ownerReferences")
            .as_array()
            .map_or(0, Vec::len)
            == 1)
    })
    .await?;
    cx.delete(&cx.path("two-two"), Some(&policy("Background")))
        .await?
        .with_code(200)?;
    cx.eventually_gone(&child).await
}

pub(super) async fn an_absent_owner_collects(cx: Context) -> Outcome {
    let top = cx.create("absent-top", json!({ "size": 1 })).await?;
    let reference = owner(&top, false);
    cx.delete(&cx.path("absent-top"), Some(&policy("Background")))
        .await?
        .with_code(200)?;
    owned(&cx, "absent-child", &[reference], &[]).await?;
    cx.eventually_gone(&cx.path("absent-child")).await
}
