//! The conformance list on the in-memory server.

use rackwright_fake_apiserver::FakeApiServer;
use rackwright_fake_apiserver::conformance::{Context, KNOWN_DIFFERENCES, cases, install};

#[tokio::test(start_paused = true)]
async fn every_case_passes() {
    let server = FakeApiServer::default();
    install(server.client()).await.unwrap();
    let mut failures = Vec::new();
    for case in cases() {
        if let Err(what) = (case.run)(Context::new(server.client(), "t")).await {
            failures.push(format!("{}: {what}", case.name));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} failed:\n{}",
        failures.len(),
        cases().len(),
        failures.join("\n")
    );
}

#[test]
fn the_list_is_long_enough_and_names_are_unique() {
    let names: std::collections::BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len());
    assert!(names.len() >= 40);
    for (name, reason) in KNOWN_DIFFERENCES {
        assert!(names.contains(name), "{name} is no case");
        assert!(!reason.is_empty());
    }
}
