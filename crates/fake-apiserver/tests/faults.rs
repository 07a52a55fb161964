//! The fault hook and the request log.

mod support;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use rackwright_fake_apiserver::{Fault, FaultHook, Phase, Verb};
use serde_json::json;
use support::{Thing, server, thing};

/// Strikes creates in one phase.
fn on_create(phase: Phase, fault: Fault) -> FaultHook {
    Arc::new(move |info, now| {
        if now == phase && info.verb == Verb::Create {
            fault.clone()
        } else {
            Fault::None
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_fault_before_the_call_has_no_effect_and_one_after_it_has() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    for (phase, name, stored) in [
        (Phase::Before, "before", false),
        (Phase::After, "after", true),
        (Phase::During, "during", true),
    ] {
        server.set_fault(Some(on_create(phase, Fault::ConnectionReset)));
        api.create(&PostParams::default(), &thing(name, 1))
            .await
            .unwrap_err();
        server.set_fault(None);
        assert_eq!(api.get_opt(name).await.unwrap().is_some(), stored, "{name}");
    }
    let creates: Vec<(u16, bool)> = server
        .requests()
        .iter()
        .filter(|request| request.request.verb == Verb::Create)
        .map(|request| (request.status, request.changed))
        .collect();
    assert_eq!(creates, [(0, false), (201, true), (201, true)]);
}

#[tokio::test(start_paused = true)]
async fn an_injected_429_carries_retry_after() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    server.set_fault(Some(on_create(
        Phase::Before,
        Fault::Status {
            code: 429,
            retry_after: Some(7),
        },
    )));
    let error = api
        .create(&PostParams::default(), &thing("a", 1))
        .await
        .unwrap_err();
    let kube::Error::Api(status) = error else {
        panic!("{error}")
    };
    assert_eq!((status.code, status.reason.as_str()), (429, "TooManyRequests"));
    assert_eq!(status.details.unwrap().retry_after_seconds, 7);
    assert_eq!(server.object_count("things.test.rackwright.dev"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_retrying_client_waits_out_a_429() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client_with_retries());
    let strikes = std::sync::atomic::AtomicU32::new(0);
    server.set_fault(Some(Arc::new(move |_, phase| {
        let first = phase == Phase::Before && strikes.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        if first {
            Fault::Status {
                code: 429,
                retry_after: Some(2),
            }
        } else {
            Fault::None
        }
    })));
    let start = tokio::time::Instant::now();
    api.create(&PostParams::default(), &thing("a", 1)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert_eq!(
        server
            .requests()
            .iter()
            .map(|request| request.status)
            .collect::<Vec<_>>(),
        [429, 201]
    );
}

#[tokio::test(start_paused = true)]
async fn a_delay_takes_that_long() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    server.set_fault(Some(on_create(
        Phase::Before,
        Fault::Delay(Duration::from_secs(9)),
    )));
    let start = tokio::time::Instant::now();
    api.create(&PostParams::default(), &thing("a", 1)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn a_watch_can_break_or_end_with_an_error_event() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    api.create(&PostParams::default(), &thing("a", 1)).await.unwrap();
    let gone: FaultHook = Arc::new(|_, phase| match phase {
        Phase::During => Fault::Status {
            code: 410,
            retry_after: None,
        },
        _ => Fault::None,
    });
    server.set_fault(Some(gone));
    let events: Vec<_> = api
        .watch(&WatchParams::default(), "0")
        .await
        .unwrap()
        .collect()
        .await;
    assert!(
        matches!(&events[..], [Ok(WatchEvent::Error(status))] if status.code == 410),
        "{events:?}"
    );
    let reset: FaultHook = Arc::new(|_, phase| match phase {
        Phase::During => Fault::ConnectionReset,
        _ => Fault::None,
    });
    server.set_fault(Some(reset));
    let events: Vec<_> = api
        .watch(&WatchParams::default(), "0")
        .await
        .unwrap()
        .collect()
        .await;
    assert!(matches!(&events[..], [Err(_)]), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_changes_from_calls() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    let apply = Patch::Apply(
        json!({ "apiVersion": "test.rackwright.dev/v1", "kind": "Thing", "spec": { "size": 1 } }),
    );
    let params = PatchParams::apply("me");
    let mark = server.mark();
    api.patch("a", &params, &apply).await.unwrap();
    api.patch("a", &params, &apply).await.unwrap();
    api.patch("a", &params.clone().dry_run(), &apply).await.unwrap();
    api.list(&ListParams::default()).await.unwrap();
    api.delete("a", &DeleteParams::default()).await.unwrap();
    let log = server.requests_since(mark);
    let seen: Vec<(Verb, bool, bool)> = log
        .iter()
        .map(|entry| (entry.request.verb, entry.is_mutating(), entry.changed))
        .collect();
    assert_eq!(
        seen,
        [
            (Verb::Apply, true, true),
            (Verb::Apply, true, false),
            (Verb::Apply, false, false),
            (Verb::List, false, false),
            (Verb::Delete, true, true),
        ]
    );
    assert_eq!(log[0].resource_version_after, log[0].resource_version_before + 1);
    assert_eq!(
        (log[0].request.resource.as_str(), log[0].request.name.as_str()),
        ("things", "a")
    );
    assert!(log[0].body_bytes > 0);
    server.clear_requests();
    assert!(server.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_expired_page_token_offers_to_go_on_without_the_snapshot() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    for name in ["a", "b", "c"] {
        api.create(&PostParams::default(), &thing(name, 1)).await.unwrap();
    }
    let first = api.list(&ListParams::default().limit(1)).await.unwrap();
    api.create(&PostParams::default(), &thing("d", 1)).await.unwrap();
    server.compact(server.resource_version());
    let token = first.metadata.continue_.unwrap();
    let error = api
        .list(&ListParams::default().limit(1).continue_token(&token))
        .await
        .unwrap_err();
    let kube::Error::Api(status) = error else {
        panic!("{error}")
    };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    let fresh = status.metadata.and_then(|metadata| metadata.continue_).unwrap();
    let rest = api
        .list(&ListParams::default().continue_token(&fresh))
        .await
        .unwrap();
    let names: Vec<String> = rest
        .items
        .into_iter()
        .filter_map(|one| one.metadata.name)
        .collect();
    assert_eq!(names, ["b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_list_newer_than_the_server_times_out() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    let params = ListParams {
        resource_version: Some("999999".to_owned()),
        ..ListParams::default()
    };
    let kube::Error::Api(status) = api.list(&params).await.unwrap_err() else {
        panic!("no status")
    };
    assert_eq!((status.code, status.reason.as_str()), (504, "Timeout"));
}

#[tokio::test(start_paused = true)]
async fn an_idle_watch_reports_its_resource_version() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    let start = server.resource_version().to_string();
    let mut events = api.watch(&WatchParams::default(), &start).await.unwrap().boxed();
    let maps: Api<k8s_openapi::api::core::v1::ConfigMap> = Api::namespaced(server.client(), "default");
    let map = serde_json::from_value(json!({ "metadata": { "name": "x" } })).unwrap();
    maps.create(&PostParams::default(), &map).await.unwrap();
    let Some(Ok(WatchEvent::Bookmark(bookmark))) = events.next().await else {
        panic!("no bookmark")
    };
    assert_eq!(
        bookmark.metadata.resource_version,
        server.resource_version().to_string()
    );
}
