//! kube's own watcher, reflector and controller on the in-memory server.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::{
    Api, DeleteParams, ListParams, ObjectMeta, PartialObjectMeta, Patch, PatchParams, PostParams,
};
use kube::runtime::controller::{self, Action, Controller};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{WatchStreamExt as _, predicates};
use rackwright_fake_apiserver::{FakeApiServer, Verb};
use serde_json::json;
use support::{Thing, ThingSpec, ThingStatus, server, thing};

#[derive(Debug, thiserror::Error)]
#[error("reconcile: {0}")]
struct Failed(#[from] kube::Error);

/// Writes the size into the status.
async fn reconcile(object: Arc<Thing>, client: Arc<kube::Client>) -> Result<Action, Failed> {
    let api: Api<Thing> = Api::all((*client).clone());
    let status = json!({
        "apiVersion": "test.rackwright.dev/v1", "kind": "Thing", "status": { "seen": object.spec.size }
    });
    let params = PatchParams::apply("controller").force();
    api.patch_status(
        object.metadata.name.as_deref().unwrap_or_default(),
        &params,
        &Patch::Apply(&status),
    )
    .await?;
    Ok(Action::await_change())
}

async fn converge(server: &FakeApiServer, objects: usize) {
    let client = server.client();
    let done = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&done);
    let things: Api<Thing> = Api::all(client.clone());
    let controller = Controller::new(things, watcher::Config::default())
        // kube polls every running reconcile on each wake: without a bound that, not the server, takes the time.
        .with_config(controller::Config::default().concurrency(32))
        .run(
            reconcile,
            |_, _: &Failed, _| Action::requeue(Duration::from_secs(1)),
            Arc::new(client),
        )
        .for_each(move |result| {
            let counter = Arc::clone(&counter);
            async move {
                assert!(result.is_ok(), "{result:?}");
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
    let enough = async {
        // Every object reconciles once for itself and once more for its own status patch.
        while done.load(Ordering::SeqCst) < 2 * objects {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = controller => panic!("the controller ended"),
        () = enough => {}
    }
}

#[tokio::test]
async fn a_controller_converges_over_five_thousand_objects_and_the_second_pass_writes_nothing() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    for number in 0..5000 {
        api.create(&PostParams::default(), &thing(&format!("t{number:04}"), 3))
            .await
            .unwrap();
    }
    let mark = server.mark();
    converge(&server, 5000).await;
    let requests = server.requests_since(mark);
    let changed = requests.iter().filter(|request| request.changed).count();
    assert_eq!(changed, 5000, "one status write for each object");
    let watches = requests
        .iter()
        .filter(|request| request.request.verb == Verb::Watch)
        .count();
    assert_eq!(watches, 1);
    let all = api.list(&ListParams::default()).await.unwrap();
    assert!(
        all.items
            .iter()
            .all(|one| one.status.as_ref().is_some_and(|status| status.seen == Some(3)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_watcher_survives_dropped_watches_and_compaction() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    api.create(&PostParams::default(), &thing("a", 1)).await.unwrap();
    let mut events = watcher(api.clone(), watcher::Config::default())
        .default_backoff()
        .boxed();
    loop {
        if matches!(events.try_next().await.unwrap().unwrap(), Event::InitDone) {
            break;
        }
    }
    server.drop_watches();
    api.create(&PostParams::default(), &thing("b", 1)).await.unwrap();
    loop {
        if let Some(Ok(Event::Apply(object))) = events.next().await {
            assert_eq!(object.metadata.name.as_deref(), Some("b"));
            break;
        }
    }
    // The watch is gone and so is the history it would go on from: a list, which shows what was missed.
    server.drop_watches();
    api.create(&PostParams::default(), &thing("c", 1)).await.unwrap();
    server.compact(server.resource_version());
    api.create(&PostParams::default(), &thing("d", 1)).await.unwrap();
    let mut names = Vec::new();
    loop {
        match events.next().await.unwrap() {
            Ok(Event::InitApply(object) | Event::Apply(object)) => {
                names.push(object.metadata.name.unwrap_or_default());
            }
            Ok(Event::InitDone) => break,
            _ => {}
        }
    }
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn streaming_lists_deliver_the_initial_state() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    for name in ["a", "b"] {
        api.create(&PostParams::default(), &thing(name, 1)).await.unwrap();
    }
    let config = watcher::Config::default().streaming_lists();
    let mut events = watcher(api.clone(), config).boxed();
    let mut names = Vec::new();
    loop {
        match events.try_next().await.unwrap().unwrap() {
            Event::InitApply(object) => names.push(object.metadata.name.unwrap_or_default()),
            Event::InitDone => break,
            _ => {}
        }
    }
    assert_eq!(names, ["a", "b"]);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.request.verb != Verb::List)
    );
    api.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(matches!(
        events.try_next().await.unwrap().unwrap(),
        Event::Delete(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn metadata_watches_and_pages_work_with_kube() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    for number in 0..25 {
        api.create(&PostParams::default(), &thing(&format!("t{number:02}"), 1))
            .await
            .unwrap();
    }
    let config = watcher::Config::default().page_size(10);
    let partial: Api<PartialObjectMeta<Thing>> = Api::all(server.client());
    let names: Vec<ObjectMeta> = watcher::watcher(partial, config)
        .applied_objects()
        .predicate_filter(
            predicates::resource_version,
            kube::runtime::PredicateConfig::default(),
        )
        .take(25)
        .map_ok(|object| object.metadata)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names.len(), 25);
    let lists = server
        .requests()
        .iter()
        .filter(|request| request.request.verb == Verb::List)
        .count();
    assert_eq!(lists, 3);
}

#[tokio::test(start_paused = true)]
async fn typed_objects_round_trip() {
    let server = server().await;
    let api: Api<Thing> = Api::all(server.client());
    let made = api.create(&PostParams::default(), &thing("a", 7)).await.unwrap();
    assert_eq!(made.spec, ThingSpec { size: 7 });
    let mut changed = made.clone();
    changed.status = Some(ThingStatus { seen: Some(7) });
    let replaced = api
        .replace_status("a", &PostParams::default(), &changed)
        .await
        .unwrap();
    assert_eq!(replaced.status.unwrap().seen, Some(7));
    let error = api.replace("a", &PostParams::default(), &made).await.unwrap_err();
    assert!(matches!(error, kube::Error::Api(status) if status.is_conflict()));
}
