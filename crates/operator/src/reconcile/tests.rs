//! When rounds are made, and what those do that fail.

use rackwright_fake_apiserver::FakeApiServer;

use super::*;
use crate::crd_check::Doubt;

#[tokio::test(start_paused = true)]
async fn a_round_waits_for_quiet_but_not_for_ever() {
    let (sender, mut receiver) = watch::channel(0_u64);
    let start = Instant::now();
    quiet(&mut receiver, Duration::from_millis(500)).await;
    assert_eq!(start.elapsed(), Duration::from_millis(500));

    let busy = tokio::spawn(async move {
        loop {
            sender.send_modify(|count| *count += 1);
            sleep(Duration::from_millis(100)).await;
        }
    });
    let start = Instant::now();
    quiet(&mut receiver, Duration::from_millis(500)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    busy.abort();
}

fn reconciler(client: &kube::Client) -> Reconciler {
    let (_claim, claim) = watch::channel(crate::lease::Claim::Always);
    let (_crds, crds) = watch::channel(Crds::Fit);
    let options = crate::Options::for_tests();
    Reconciler {
        applier: Applier {
            client: client.clone(),
            store: Arc::default(),
            writer: crate::writer::Writer::new(4),
            metrics: Arc::default(),
            gate: crate::writer::Gate {
                claim,
                stop: tokio_util::sync::CancellationToken::new(),
            },
            doubt: Doubt::default(),
        },
        events: Events::new(client.clone(), "test"),
        crds,
        checker: Arc::new(Checker::new(client.clone(), Doubt::default())),
        synced: watch::Sender::new(Synced::default()),
        cluster: None,
        debounce: options.debounce,
        resync: options.resync,
    }
}

/// The value of a metric without labels.
fn metric(reconciler: &Reconciler, name: &str) -> f64 {
    let text = reconciler.applier.metrics.text().unwrap();
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (_, value) = lines.find(|(found, _)| *found == name).unwrap();
    value.parse().unwrap()
}

#[tokio::test]
async fn a_round_that_stops_early_shows_in_the_metrics() {
    let reconciler = reconciler(&FakeApiServer::default().client());
    assert!(reconciler.round().await.is_err(), "the caches are empty");
    assert!(reconciler.round().await.is_err());
    assert!((metric(&reconciler, "rackwright_rounds_failed_total") - 2.0).abs() < 0.1);
    assert!(metric(&reconciler, "rackwright_round_failing") > 0.5);
    let success = metric(&reconciler, "rackwright_last_success_timestamp_seconds");
    assert!(success < 1.0);
    reconciler.applier.metrics.round_failed(false);
    assert!(metric(&reconciler, "rackwright_round_failing") < 0.5);
    assert!((metric(&reconciler, "rackwright_rounds_failed_total") - 2.0).abs() < 0.1);
}

/// A plan that the checker rejects: nothing but statuses is written.
#[tokio::test(start_paused = true)]
async fn a_rejected_plan_writes_nothing_but_says_so() {
    use kube::api::{Api, ListParams, PostParams};
    use rackwright_api::{NodeConfig, Supercluster, SuperclusterSpec, labels, status::reasons};
    use rackwright_planner::{Kind, ObjectRef};

    let server = FakeApiServer::default();
    let client = server.client();
    let crds: Api<kube::api::DynamicObject> = Api::all_with(
        client.clone(),
        &kube::core::ApiResource::from_gvk(&kube::core::GroupVersionKind::gvk(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
        )),
    );
    for crd in rackwright_api::crds::all() {
        crds.create(&PostParams::default(), &serde_json::from_value(crd).unwrap())
            .await
            .unwrap();
    }
    let spec: SuperclusterSpec = serde_json::from_value(serde_json::json!({
        "racks": [{"names": "r1", "nodes": "n1", "system": "dgx-b200"}],
    }))
    .unwrap();
    let sites: Api<Supercluster> = Api::all(client.clone());
    sites
        .create(&PostParams::default(), &Supercluster::new("lab", spec))
        .await
        .unwrap();

    let reconciler = reconciler(&client);
    let store = Arc::clone(&reconciler.applier.store);
    let stop = reconciler.applier.gate.stop.clone();
    let metrics = Arc::clone(&reconciler.applier.metrics);
    let options = crate::Options::for_tests();
    observe::watch_all(&client, &store, &metrics, &Doubt::default(), &options, &stop);
    let mut changes = store.changes();
    while !store.missing().is_empty() {
        changes.changed().await.unwrap();
    }
    let observed = snapshot(&store).unwrap();
    let (mut validated, mut work) = think(&observed, None).unwrap();
    validated.violations.push(rackwright_plan_check::Violation {
        code: "RW9001",
        nodes: Vec::new(),
        objects: Vec::new(),
        message: "wrong".to_owned(),
        count: 1,
    });
    validated
        .rejected
        .insert(ObjectRef::new(Kind::Supercluster, "lab"));
    work.nodes.push(plan::NodeWrite {
        name: "n".into(),
        pool: "p".into(),
        action: plan::NodeAction::Create,
    });
    let mark = server.mark();
    let outcome = reconciler.act(&observed, &validated, &work).await;
    assert!(!outcome.clean());

    let writes = server.requests_since(mark);
    let written: Vec<_> = writes
        .iter()
        .filter(|entry| entry.is_mutating())
        .map(|entry| {
            (
                entry.request.resource.as_str(),
                entry.request.subresource.as_str(),
            )
        })
        .collect();
    assert_eq!(written, [("superclusters", "status"), ("events", "")]);
    let lab = sites.get("lab").await.unwrap();
    assert_eq!(lab.status.unwrap().conditions[0].reason, reasons::PLAN_REJECTED);
    assert!(
        !lab.metadata
            .finalizers
            .unwrap_or_default()
            .contains(&labels::FINALIZER.to_owned())
    );
    assert!(
        Api::<NodeConfig>::all(client)
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );

    // Not a success either where the plan would not have changed a node.
    work.nodes.clear();
    let outcome = reconciler.act(&observed, &validated, &work).await;
    reconciler.report(&observed, &work, &outcome, Duration::ZERO);
    assert!(!outcome.clean());
    let success = metric(&reconciler, "rackwright_last_success_timestamp_seconds");
    assert!(success < 1.0, "{success}");
    assert!(
        reconciler
            .applier
            .metrics
            .text()
            .unwrap()
            .contains("rackwright_plans_rejected_total 2")
    );
    stop.cancel();
}

/// The list began before the NodeConfig was made and ended after it: the cache does not show it until the watch does.
#[tokio::test]
async fn a_profile_is_not_collected_for_want_of_a_node_that_a_list_was_too_early_for() {
    let reconciler = reconciler(&FakeApiServer::default().client());
    let store = &reconciler.applier.store;
    let metadata = kube::api::ObjectMeta {
        labels: Some([(rackwright_api::labels::POOL.to_owned(), "p".to_owned())].into()),
        resource_version: Some("5".to_owned()),
        ..Default::default()
    };
    for name in ["p-used", "p-unused"] {
        let mut profile = rackwright_api::NodeProfile::new(
            name,
            serde_json::from_value(serde_json::json!({"schema": 1})).unwrap(),
        );
        profile.metadata = metadata.clone();
        store.wrote_profile(&name.into(), &profile);
    }
    store.lock().nodes.list_begins();
    let node = rackwright_api::NodeConfig {
        metadata,
        spec: rackwright_api::NodeConfigSpec {
            facts: rackwright_api::Facts::default(),
            grant: None,
            hash: rackwright_api::Hash::new("0".repeat(32)).unwrap(),
            management: rackwright_api::Management::Managed,
            profile: "p-used".to_owned(),
            quarantined: Vec::new(),
        },
        status: None,
    };
    store.wrote_node(&"n1".into(), &node);
    store.lock().nodes.list_ends();
    assert_eq!(store.lock().nodes.iter().count(), 0);
    let unused = reconciler.applier.unused_profiles();
    let unused: Vec<&str> = unused.iter().map(|(name, ..)| &**name).collect();
    assert_eq!(unused, ["p-unused"]);
}
