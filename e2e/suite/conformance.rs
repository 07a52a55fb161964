//! The list that keeps the in-memory API server honest, on the real one.

use rackwright_e2e::cluster::Cluster;
use rackwright_fake_apiserver::conformance::{Context, KNOWN_DIFFERENCES, cases, install};

#[tokio::test]
async fn the_real_server_gives_the_same_verdicts() {
    let cluster = Cluster::fresh().await.unwrap();
    install(cluster.client.clone()).await.unwrap();
    let suffix = format!("e{}", std::process::id());
    let mut failures = Vec::new();
    for case in cases() {
        let known = KNOWN_DIFFERENCES.iter().find(|(name, _)| *name == case.name);
        match (
            (case.run)(Context::new(cluster.client.clone(), suffix.as_str())).await,
            known,
        ) {
            (Ok(()), None) => {}
            (Err(what), None) => failures.push(format!("{}: {what}", case.name)),
            (Err(what), Some((_, reason))) => println!("known difference {}: {what} ({reason})", case.name),
            (Ok(()), Some(_)) => failures.push(format!(
                "{}: no difference any more; take it off the list",
                case.name
            )),
        }
    }
    println!(
        "{} cases on the real server, {} known differences",
        cases().len(),
        KNOWN_DIFFERENCES.len()
    );
    assert_eq!(failures, Vec::<String>::new());
}
