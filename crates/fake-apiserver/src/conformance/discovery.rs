//! Discovery.

use kube::Discovery;
use kube::discovery::{Scope, verbs};
use serde_json::{Value, json};

use super::context::Failure;
use super::{Context, Outcome, ensure, expect};

pub(super) async fn groups(cx: Context) -> Outcome {
    let list = cx.get("/apis").await?.with_code(200)?;
    expect("kind", list.text_at("/kind"), "APIGroupList")?;
    let groups = list.at("/groups");
    let ours = groups
        .as_array()
        .into_iter()
        .flatten()
        .find(|group| group["name"] == "conformance.rackwright.dev");
    let version = json!({ "groupVersion": "conformance.rackwright.dev/v1", "version": "v1" });
    expect(
        "preferred version",
        ours.map(|group| group["preferredVersion"].clone()),
        Some(version.clone()),
    )?;
    let group = cx.get("/apis/conformance.rackwright.dev").await?.with_code(200)?;
    expect("kind", group.text_at("/kind"), "APIGroup")?;
    expect("versions", group.at("/versions"), json!([version]))?;
    let core = cx.get("/api").await?.with_code(200)?;
    expect("core versions", core.at("/versions"), json!(["v1"]))
}

pub(super) async fn resources(cx: Context) -> Outcome {
    let list = cx
        .get("/apis/conformance.rackwright.dev/v1")
        .await?
        .with_code(200)?;
    expect("kind", list.text_at("/kind"), "APIResourceList")?;
    let resources = list.at("/resources");
    let find = |name: &str| {
        resources
            .as_array()
            .into_iter()
            .flatten()
            .find(|one| one["name"] == name)
            .cloned()
            .unwrap_or(Value::Null)
    };
    let main = find("widgets");
    expect("kind", main["kind"].clone(), json!("Widget"))?;
    expect("scope", main["namespaced"].clone(), json!(false))?;
    expect("short names", main["shortNames"].clone(), json!(["wdg"]))?;
    expect("categories", main["categories"].clone(), json!(["conformance"]))?;
    let mut verbs: Vec<&str> = main["verbs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    verbs.sort_unstable();
    let all = [
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    ];
    expect("verbs", verbs, all)?;
    expect(
        "kind of the status",
        find("widgets/status")["kind"].clone(),
        json!("Widget"),
    )?;
    let core = cx.get("/api/v1").await?.with_code(200)?;
    let nodes = core
        .at("/resources")
        .as_array()
        .is_some_and(|list| list.iter().any(|one| one["name"] == "nodes"));
    ensure(nodes, || "no nodes in /api/v1".to_owned())
}

pub(super) async fn version(cx: Context) -> Outcome {
    let version = cx.client().apiserver_version().await?;
    expect("major", version.major.as_str(), "1")?;
    ensure(version.git_version.starts_with("v1."), || {
        version.git_version.clone()
    })
}

pub(super) async fn aggregated(cx: Context) -> Outcome {
    for discovery in [
        Discovery::new(cx.client())
            .filter(&["conformance.rackwright.dev"])
            .run()
            .await?,
        Discovery::new(cx.client())
            .filter(&["conformance.rackwright.dev"])
            .run_aggregated()
            .await?,
    ] {
        let group = discovery
            .get("conformance.rackwright.dev")
            .ok_or_else(|| Failure::new("no such group"))?;
        let (resource, capabilities) = group
            .recommended_kind("Widget")
            .ok_or_else(|| Failure::new("no such kind"))?;
        expect("plural", resource.plural.as_str(), "widgets")?;
        ensure(capabilities.supports_operation(verbs::WATCH), || {
            format!("{capabilities:?}")
        })?;
        expect("scope", capabilities.scope, Scope::Cluster)?;
    }
    Ok(())
}
