//! Lists: pages, selectors, resource versions, metadata only.

use serde_json::{Value, json};

use super::context::{METADATA, METADATA_LIST};
use super::{Context, Outcome, WIDGETS, ensure, expect};

/// Makes widgets with a label that is this case's own, and returns the selector for it.
async fn group(cx: &Context, label: &str, names: &[&str]) -> Outcome<String> {
    let value = cx.name(label);
    for name in names {
        cx.create_labelled(name, "list-group", &value).await?;
    }
    Ok(format!("labelSelector=list-group%3D{value}"))
}

pub(super) async fn items_are_sorted(cx: Context) -> Outcome {
    let selector = group(&cx, "sorted", &["so-b", "so-c", "so-a"]).await?;
    let list = cx.get(&format!("{WIDGETS}?{selector}")).await?.with_code(200)?;
    expect(
        "names",
        list.names(),
        [cx.name("so-a"), cx.name("so-b"), cx.name("so-c")],
    )?;
    expect("kind", list.text_at("/kind"), "WidgetList")?;
    expect(
        "version",
        list.text_at("/apiVersion"),
        "conformance.rackwright.dev/v1",
    )?;
    ensure(list.rv().parse::<u64>().is_ok(), || list.to_string())
}

pub(super) async fn pages_show_one_snapshot(cx: Context) -> Outcome {
    let selector = group(&cx, "pages", &["pg-a", "pg-b", "pg-d"]).await?;
    let path = format!("{WIDGETS}?{selector}&limit=2");
    let first = cx.get(&path).await?.with_code(200)?;
    expect("first page", first.names(), [cx.name("pg-a"), cx.name("pg-b")])?;
    let token = first.text_at("/metadata/continue").to_owned();
    ensure(!token.is_empty(), || "no continue token".to_owned())?;
    group(&cx, "pages", &["pg-c"]).await?;
    cx.merge(&cx.path("pg-d"), &json!({ "spec": { "size": 9 } }))
        .await?
        .with_code(200)?;
    let second = cx
        .get(&format!("{path}&continue={token}"))
        .await?
        .with_code(200)?;
    expect("second page", second.names(), [cx.name("pg-d")])?;
    expect("size", second.at("/items/0/spec/size"), json!(1))?;
    expect("resource version", second.rv(), first.rv())?;
    expect("continue", second.text_at("/metadata/continue"), "")?;
    cx.delete(&cx.path("pg-d"), None).await?.with_code(200)?;
    let again = cx
        .get(&format!("{path}&continue={token}"))
        .await?
        .with_code(200)?;
    expect("second page again", again.names(), [cx.name("pg-d")])
}

pub(super) async fn page_counts(cx: Context) -> Outcome {
    let selector = group(&cx, "counts", &["ct-a", "ct-b", "ct-c"]).await?;
    let all = cx.get(&format!("{WIDGETS}?limit=1")).await?.with_code(200)?;
    let rest = all.at("/metadata/remainingItemCount").as_u64();
    ensure(rest.is_some_and(|rest| rest >= 2), || all.to_string())?;
    let some = cx
        .get(&format!("{WIDGETS}?limit=1&{selector}"))
        .await?
        .with_code(200)?;
    expect(
        "count with a selector",
        some.at("/metadata/remainingItemCount"),
        Value::Null,
    )?;
    let exact = cx
        .get(&format!("{WIDGETS}?limit=3&{selector}"))
        .await?
        .with_code(200)?;
    expect("names", exact.names().len(), 3)
}

pub(super) async fn invalid_continue(cx: Context) -> Outcome {
    let refused = cx
        .get(&format!("{WIDGETS}?limit=1&continue=nonsense"))
        .await?
        .refused(400, "BadRequest")?;
    ensure(
        refused.text_at("/message").contains("continue key is not valid"),
        || refused.to_string(),
    )
}

pub(super) async fn label_selectors(cx: Context) -> Outcome {
    let mine = group(&cx, "labels", &["lb-a", "lb-b", "lb-c"]).await?;
    for (base, tier) in [("lb-a", "gold"), ("lb-b", "iron")] {
        let patch = json!({ "metadata": { "labels": { "tier": tier } } });
        cx.merge(&cx.path(base), &patch).await?.with_code(200)?;
    }
    for (selector, names) in [
        ("tier%3Dgold", vec!["lb-a"]),
        ("tier%3D%3Dgold", vec!["lb-a"]),
        ("tier%21%3Dgold", vec!["lb-b", "lb-c"]),
        ("tier", vec!["lb-a", "lb-b"]),
        ("%21tier", vec!["lb-c"]),
        ("tier%20in%20%28gold%2Ciron%29", vec!["lb-a", "lb-b"]),
        ("tier%20notin%20%28gold%29", vec!["lb-b", "lb-c"]),
        ("tier%2Ctier%21%3Diron", vec!["lb-a"]),
    ] {
        let list = cx
            .get(&format!("{WIDGETS}?{mine}%2C{selector}"))
            .await?
            .with_code(200)?;
        let names: Vec<String> = names.into_iter().map(|name| cx.name(name)).collect();
        expect(selector, list.names(), names)?;
    }
    Ok(())
}

pub(super) async fn bad_label_selector(cx: Context) -> Outcome {
    for selector in ["a%20in%20%28b", "a%20b"] {
        cx.get(&format!("{WIDGETS}?labelSelector={selector}"))
            .await?
            .refused(400, "BadRequest")?;
    }
    Ok(())
}

pub(super) async fn field_selectors(cx: Context) -> Outcome {
    let mine = group(&cx, "fields", &["fd-a", "fd-b"]).await?;
    let name = cx.name("fd-a");
    let one = cx
        .get(&format!("{WIDGETS}?fieldSelector=metadata.name%3D{name}"))
        .await?
        .with_code(200)?;
    expect("names", one.names(), [name.clone()])?;
    let other = cx
        .get(&format!(
            "{WIDGETS}?{mine}&fieldSelector=metadata.name%21%3D{name}"
        ))
        .await?
        .with_code(200)?;
    expect("names", other.names(), [cx.name("fd-b")])
}

pub(super) async fn unsupported_field(cx: Context) -> Outcome {
    let refused = cx
        .get(&format!("{WIDGETS}?fieldSelector=spec.size%3D1"))
        .await?
        .refused(400, "BadRequest")?;
    expect(
        "message",
        refused.text_at("/message"),
        "field label not supported: spec.size",
    )
}

pub(super) async fn match_without_resource_version(cx: Context) -> Outcome {
    let refused = cx
        .get(&format!("{WIDGETS}?resourceVersionMatch=Exact"))
        .await?
        .refused(422, "Invalid")?;
    expect(
        "causes",
        refused.causes(),
        ["resourceVersionMatch FieldValueForbidden"],
    )
}

pub(super) async fn exact_resource_version(cx: Context) -> Outcome {
    let mine = group(&cx, "exact", &["ex-a"]).await?;
    let before = cx.get(&format!("{WIDGETS}?{mine}")).await?.rv();
    group(&cx, "exact", &["ex-b"]).await?;
    let exact = format!("{WIDGETS}?{mine}&resourceVersion={before}&resourceVersionMatch=Exact");
    let old = cx.get(&exact).await?.with_code(200)?;
    expect("names", old.names(), [cx.name("ex-a")])?;
    expect("resource version", old.rv(), before.clone())?;
    let newer = format!("{WIDGETS}?{mine}&resourceVersion={before}&resourceVersionMatch=NotOlderThan");
    expect(
        "names now",
        cx.get(&newer).await?.with_code(200)?.names().len(),
        2,
    )
}

pub(super) async fn metadata_of_one(cx: Context) -> Outcome {
    let made = cx.create_labelled("meta-one", "a", "b").await?;
    let read = cx.get_as(&cx.path("meta-one"), METADATA).await?.with_code(200)?;
    expect("kind", read.text_at("/kind"), "PartialObjectMetadata")?;
    expect("version", read.text_at("/apiVersion"), "meta.k8s.io/v1")?;
    expect("metadata", read.at("/metadata"), made.at("/metadata"))?;
    expect("spec", read.at("/spec"), Value::Null)
}

pub(super) async fn metadata_of_many(cx: Context) -> Outcome {
    let mine = group(&cx, "meta", &["mt-a", "mt-b"]).await?;
    let list = cx
        .get_as(&format!("{WIDGETS}?{mine}"), METADATA_LIST)
        .await?
        .with_code(200)?;
    expect("kind", list.text_at("/kind"), "PartialObjectMetadataList")?;
    expect("names", list.names(), [cx.name("mt-a"), cx.name("mt-b")])?;
    expect(
        "kind of an item",
        list.text_at("/items/0/kind"),
        "PartialObjectMetadata",
    )?;
    expect("spec of an item", list.at("/items/0/spec"), Value::Null)
}
