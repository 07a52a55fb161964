//! Watches.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, WatchEvent, WatchParams};
use serde_json::{Value, json};

use super::context::{Failure, METADATA, summary};
use super::{Context, Outcome, WIDGETS, ensure, expect};

/// The resource version of the collection now.
async fn now(cx: &Context) -> Outcome<String> {
    Ok(cx.get(&format!("{WIDGETS}?limit=1")).await?.with_code(200)?.rv())
}

fn selector(cx: &Context, label: &str) -> (String, String) {
    let value = cx.name(label);
    let query = format!("labelSelector=watch-group%3D{value}");
    (value, query)
}

pub(super) async fn changes_in_order(cx: Context) -> Outcome {
    let (value, mine) = selector(&cx, "order");
    let start = now(&cx).await?;
    let made = cx.create_labelled("wo-a", "watch-group", &value).await?;
    cx.merge(&cx.path("wo-a"), &json!({ "spec": { "size": 2 } }))
        .await?
        .with_code(200)?;
    cx.delete(&cx.path("wo-a"), None).await?.with_code(200)?;
    let events = cx.watch(&format!("{mine}&resourceVersion={start}"), "").await?;
    let name = cx.name("wo-a");
    expect(
        "events",
        summary(&events),
        [
            format!("ADDED {name}"),
            format!("MODIFIED {name}"),
            format!("DELETED {name}"),
        ],
    )?;
    expect("object", events[0]["object"].clone(), made.json)?;
    let rvs: Vec<u64> = events
        .iter()
        .filter_map(|event| {
            event["object"]["metadata"]["resourceVersion"]
                .as_str()?
                .parse()
                .ok()
        })
        .collect();
    ensure(rvs.len() == 3 && rvs.is_sorted_by(|a, b| a < b), || {
        format!("resource versions {rvs:?}")
    })?;
    let later = cx
        .watch(&format!("{mine}&resourceVersion={}", rvs[1]), "")
        .await?;
    expect(
        "events after the second",
        summary(&later),
        [format!("DELETED {name}")],
    )
}

pub(super) async fn initial_state(cx: Context) -> Outcome {
    let (value, mine) = selector(&cx, "initial");
    cx.create_labelled("wi-a", "watch-group", &value).await?;
    cx.create_labelled("wi-b", "watch-group", &value).await?;
    for query in [mine.clone(), format!("{mine}&resourceVersion=0")] {
        let events = cx.watch(&query, "").await?;
        let expected = [
            format!("ADDED {}", cx.name("wi-a")),
            format!("ADDED {}", cx.name("wi-b")),
        ];
        expect("events", summary(&events), expected)?;
    }
    Ok(())
}

pub(super) async fn selector_transitions(cx: Context) -> Outcome {
    let (value, mine) = selector(&cx, "transitions");
    cx.create_labelled("wt-a", "watch-group", "elsewhere").await?;
    let start = now(&cx).await?;
    let label = |value: &str| json!({ "metadata": { "labels": { "watch-group": value } } });
    cx.merge(&cx.path("wt-a"), &label(&value)).await?.with_code(200)?;
    cx.merge(&cx.path("wt-a"), &json!({ "spec": { "size": 7 } }))
        .await?
        .with_code(200)?;
    let left = cx
        .merge(&cx.path("wt-a"), &label("elsewhere"))
        .await?
        .with_code(200)?;
    let events = cx.watch(&format!("{mine}&resourceVersion={start}"), "").await?;
    let name = cx.name("wt-a");
    expect(
        "events",
        summary(&events),
        [
            format!("ADDED {name}"),
            format!("MODIFIED {name}"),
            format!("DELETED {name}"),
        ],
    )?;
    let last = &events[2]["object"]["metadata"];
    expect(
        "resource version",
        last["resourceVersion"].as_str().unwrap_or_default(),
        left.rv().as_str(),
    )?;
    expect(
        "label",
        last["labels"]["watch-group"].as_str().unwrap_or_default(),
        value.as_str(),
    )
}

pub(super) async fn watch_list(cx: Context) -> Outcome {
    let (value, mine) = selector(&cx, "list");
    cx.create_labelled("wl-a", "watch-group", &value).await?;
    let start = now(&cx).await?;
    let query =
        format!("{mine}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    let events = cx.watch(&query, "").await?;
    expect(
        "events",
        summary(&events)[..2].to_vec(),
        vec![format!("ADDED {}", cx.name("wl-a")), "BOOKMARK".to_owned()],
    )?;
    let bookmark = &events[1]["object"];
    expect(
        "annotation",
        bookmark["metadata"]["annotations"]["k8s.io/initial-events-end"].clone(),
        json!("true"),
    )?;
    expect("kind", bookmark["kind"].clone(), json!("Widget"))?;
    let rv = bookmark["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .parse::<u64>()
        .unwrap_or(0);
    ensure(start.parse::<u64>().is_ok_and(|start| rv >= start), || {
        format!("bookmark at {rv}, list at {start}")
    })
}

pub(super) async fn watch_list_needs_match(cx: Context) -> Outcome {
    let path = format!("{WIDGETS}?watch=true&timeoutSeconds=1&sendInitialEvents=true");
    let refused = cx.get(&path).await?.refused(422, "Invalid")?;
    ensure(
        refused
            .causes()
            .contains(&"resourceVersionMatch FieldValueForbidden".to_owned()),
        || refused.to_string(),
    )
}

pub(super) async fn too_old(cx: Context) -> Outcome {
    let events = cx.watch("resourceVersion=1", "").await?;
    expect("events", summary(&events), ["ERROR"])?;
    let status = &events[0]["object"];
    expect("kind", status["kind"].clone(), json!("Status"))?;
    expect("code", status["code"].clone(), json!(410))?;
    expect("reason", status["reason"].clone(), json!("Expired"))?;
    let message = status["message"].as_str().unwrap_or_default();
    ensure(message.starts_with("too old resource version: 1 ("), || {
        message.to_owned()
    })
}

pub(super) async fn ends_at_timeout(cx: Context) -> Outcome {
    let (_, mine) = selector(&cx, "timeout");
    let start = now(&cx).await?;
    let query = format!("{mine}&resourceVersion={start}");
    let events = tokio::time::timeout(Duration::from_secs(20), cx.watch(&query, "")).await;
    let events = events.map_err(|_| Failure::new("the watch did not end"))??;
    expect("events", events.len(), 0)
}

pub(super) async fn metadata_only(cx: Context) -> Outcome {
    let (value, mine) = selector(&cx, "metadata");
    let start = now(&cx).await?;
    let made = cx.create_labelled("wm-a", "watch-group", &value).await?;
    let events = cx
        .watch(&format!("{mine}&resourceVersion={start}"), METADATA)
        .await?;
    expect("events", summary(&events), [format!("ADDED {}", cx.name("wm-a"))])?;
    let object = &events[0]["object"];
    expect("kind", object["kind"].clone(), json!("PartialObjectMetadata"))?;
    expect("metadata", object["metadata"].clone(), made.at("/metadata"))?;
    expect("spec", object.get("spec"), None::<&Value>)
}

pub(super) async fn one_object(cx: Context) -> Outcome {
    let start = now(&cx).await?;
    cx.create("w1-a", json!({ "size": 1 })).await?;
    cx.create("w1-b", json!({ "size": 1 })).await?;
    let name = cx.name("w1-b");
    let query = format!("fieldSelector=metadata.name%3D{name}&resourceVersion={start}");
    expect(
        "events",
        summary(&cx.watch(&query, "").await?),
        [format!("ADDED {name}")],
    )
}

pub(super) async fn bad_resource_version(cx: Context) -> Outcome {
    let path = format!("{WIDGETS}?watch=true&timeoutSeconds=1&resourceVersion=abc");
    cx.get(&path).await?.with_code(500).map(drop)
}

pub(super) async fn live_events(cx: Context) -> Outcome {
    let (value, _) = selector(&cx, "live");
    let kind = GroupVersionKind::gvk("conformance.rackwright.dev", "v1", "Widget");
    let api: Api<DynamicObject> = Api::all_with(cx.client(), &ApiResource::from_gvk(&kind));
    let start = now(&cx).await?;
    let params = WatchParams::default()
        .labels(&format!("watch-group={value}"))
        .timeout(30);
    let mut events = api.watch(&params, &start).await?.boxed();
    cx.create_labelled("wv-a", "watch-group", &value).await?;
    let first = events.try_next().await?;
    ensure(matches!(&first, Some(WatchEvent::Added(_))), || {
        format!("{first:?}")
    })?;
    cx.merge(&cx.path("wv-a"), &json!({ "spec": { "size": 3 } }))
        .await?
        .with_code(200)?;
    let second = events.try_next().await?;
    match second {
        Some(WatchEvent::Modified(object)) => expect("size", object.data["spec"]["size"].clone(), json!(3)),
        other => Err(Failure::new(format!("{other:?}"))),
    }
}
