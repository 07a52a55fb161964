//! Kinds with several versions, and history that is limited.

use futures::StreamExt as _;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, PostParams, WatchEvent, WatchParams};
use rackwright_fake_apiserver::{FakeApiServer, Options};
use serde_json::{Value, json};

fn definition() -> Value {
    let schema = json!({ "openAPIV3Schema": {
        "type": "object",
        "properties": { "spec": { "type": "object", "properties": { "a": { "type": "string" } } } }
    } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "parts.test.rackwright.dev" },
        "spec": {
            "group": "test.rackwright.dev", "scope": "Cluster", "names": { "plural": "parts", "kind": "Part" },
            "versions": [
                { "name": "v1", "served": true, "storage": true, "schema": schema },
                { "name": "v1beta1", "served": true, "storage": false, "schema": schema },
                { "name": "v1alpha1", "served": false, "storage": false, "schema": schema }
            ]
        }
    })
}

fn api(server: &FakeApiServer, version: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("test.rackwright.dev", version, "Part");
    Api::all_with(server.client(), &ApiResource::from_gvk(&kind))
}

fn part(server_version: &str, name: &str) -> DynamicObject {
    let kind = GroupVersionKind::gvk("test.rackwright.dev", server_version, "Part");
    DynamicObject::new(name, &ApiResource::from_gvk(&kind)).data(json!({ "spec": { "a": "b" } }))
}

async fn with_parts(options: Options) -> FakeApiServer {
    let server = FakeApiServer::new(options);
    let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let definitions: Api<DynamicObject> = Api::all_with(server.client(), &ApiResource::from_gvk(&kind));
    let definition = DynamicObject::new("parts.test.rackwright.dev", &ApiResource::from_gvk(&kind))
        .data(json!({ "spec": definition()["spec"] }));
    let created = definitions.create(&PostParams::default(), &definition).await;
    assert!(created.is_ok(), "{created:?}");
    server
}

#[tokio::test(start_paused = true)]
async fn versions_share_objects_and_only_served_ones_exist() {
    let server = with_parts(Options::default()).await;
    let made = api(&server, "v1beta1")
        .create(&PostParams::default(), &part("v1beta1", "a"))
        .await
        .unwrap();
    let read = api(&server, "v1").get("a").await.unwrap();
    assert_eq!(read.types.unwrap().api_version, "test.rackwright.dev/v1");
    assert_eq!(read.metadata.uid, made.metadata.uid);
    assert_eq!(read.data["spec"], made.data["spec"]);
    assert!(api(&server, "v1alpha1").get("a").await.is_err());
    assert_eq!(server.object_count("parts.test.rackwright.dev"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_falls_behind_the_history_is_told_so() {
    let server = with_parts(Options {
        history_limit: 3,
        ..Options::default()
    })
    .await;
    let parts = api(&server, "v1");
    let start = server.resource_version().to_string();
    let mut events = parts
        .watch(&WatchParams::default(), &start)
        .await
        .unwrap()
        .boxed();
    for number in 0..5 {
        parts
            .create(&PostParams::default(), &part("v1", &format!("p{number}")))
            .await
            .unwrap();
    }
    let Some(Ok(WatchEvent::Error(status))) = events.next().await else {
        panic!("no error event")
    };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    assert!(events.next().await.is_none());
}
