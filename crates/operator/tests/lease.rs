//! At most one leads, whatever happens to whom.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use kube::client::Body;
use rackwright_fake_apiserver::{FakeApiServer, Fault, Phase, RequestInfo};
use rackwright_operator::Options;
use rackwright_operator::lease::{Candidate, Claim, Timing, run};
use support::{Cluster, settle, swappiness};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

struct Process {
    claim: watch::Receiver<Claim>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// A client whose requests the fault hook can tell from another's.
fn client(server: &FakeApiServer, name: &'static str) -> kube::Client {
    let server = server.clone();
    let service = tower::service_fn(move |mut request: http::Request<Body>| {
        request
            .headers_mut()
            .insert("user-agent", http::HeaderValue::from_static(name));
        server.clone().oneshot(request)
    });
    kube::Client::new(service, "default")
}

fn process(server: &FakeApiServer, name: &'static str) -> Process {
    let candidate = Candidate {
        namespace: "default".to_owned(),
        name: "lease".to_owned(),
        identity: name.to_owned(),
        timing: Timing::default(),
    };
    let (sender, claim) = watch::channel(Claim::None);
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(client(server, name), candidate, sender, stop.clone()));
    Process { claim, stop, task }
}

impl Process {
    fn leads(&self) -> bool {
        self.claim.borrow().holds()
    }

    async fn wins(&self, within: Duration) -> Duration {
        let start = Instant::now();
        let mut claim = self.claim.clone();
        timeout(within, claim.wait_for(|claim| claim.holds()))
            .await
            .unwrap()
            .unwrap();
        start.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_leader_is_followed_after_its_lease_and_not_before() {
    let server = FakeApiServer::default();
    let first = process(&server, "first");
    first.wins(Duration::from_secs(1)).await;
    let second = process(&server, "second");
    sleep(Duration::from_secs(60)).await;
    assert!(first.leads() && !second.leads());
    first.task.abort();
    let waited = second.wins(Duration::from_secs(30)).await;
    // Its last renewal may be 5 s old when it dies; who waits looks every 2.5 s.
    assert!(
        waited >= Duration::from_secs(10) && waited <= Duration::from_secs(18),
        "{waited:?}"
    );
    assert!(!first.leads(), "its claim ran out by itself");
}

#[tokio::test(start_paused = true)]
async fn a_released_lease_is_taken_soon() {
    let server = FakeApiServer::default();
    let first = process(&server, "first");
    first.wins(Duration::from_secs(1)).await;
    let second = process(&server, "second");
    sleep(Duration::from_secs(30)).await;
    first.stop.cancel();
    first.task.await.unwrap();
    let waited = second.wins(Duration::from_secs(5)).await;
    assert!(waited < Duration::from_secs(4), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_cannot_renew_stops_before_anybody_follows() {
    let server = FakeApiServer::default();
    let first = process(&server, "first");
    first.wins(Duration::from_secs(1)).await;
    let second = process(&server, "second");
    sleep(Duration::from_secs(20)).await;
    server.set_fault(Some(Arc::new(|request: &RequestInfo, phase| match phase {
        Phase::Before if request.user_agent == "first" => Fault::ConnectionReset,
        _ => Fault::None,
    })));
    let start = Instant::now();
    let mut claim = first.claim.clone();
    timeout(
        Duration::from_secs(12),
        claim.wait_for(|claim| *claim == Claim::None),
    )
    .await
    .unwrap()
    .unwrap();
    let stopped = start.elapsed();
    assert!(stopped <= Duration::from_secs(10), "{stopped:?}");
    second.wins(Duration::from_secs(20)).await;
    assert!(start.elapsed() > stopped);
    assert!(!first.leads());
}

/// Hours of resets, lost answers, errors and pauses of each of three processes.
#[tokio::test(start_paused = true)]
async fn never_two_leaders() {
    let server = FakeApiServer::default();
    let processes = ["a", "b", "c"].map(|name| process(&server, name));
    let seed = Arc::new(AtomicU64::new(0x9e37_79b9_7f4a_7c15));
    let calm = Arc::new(AtomicBool::new(false));
    let (random, quiet) = (Arc::clone(&seed), Arc::clone(&calm));
    server.set_fault(Some(Arc::new(move |_: &RequestInfo, phase| {
        if quiet.load(Ordering::SeqCst) || phase == Phase::During {
            return Fault::None;
        }
        match next(&random) % 12 {
            0 => Fault::ConnectionReset,
            1 => Fault::Status {
                code: 500,
                retry_after: None,
            },
            2 => Fault::Delay(Duration::from_millis(next(&random) % 30_000)),
            _ => Fault::None,
        }
    })));
    let (mut led, mut changes, mut last) = (0_u32, 0_u32, None);
    for _ in 0..200_000 {
        sleep(Duration::from_millis(50)).await;
        let leaders: Vec<usize> = (0..processes.len()).filter(|&at| processes[at].leads()).collect();
        assert!(leaders.len() <= 1, "{leaders:?} lead");
        if let [leader] = leaders[..] {
            led += 1;
            changes += u32::from(last.replace(leader) != Some(leader));
        }
    }
    assert!(
        changes > 20 && led > 50_000,
        "the test is worth it: {changes} changes, {led} of 200000 moments led"
    );
    calm.store(true, Ordering::SeqCst);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(
        processes.iter().filter(|process| process.leads()).count(),
        1,
        "it comes to rest"
    );
}

/// xorshift: repeatable, which is what matters.
fn next(seed: &AtomicU64) -> u64 {
    let mut x = seed.load(Ordering::SeqCst);
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    seed.store(x, Ordering::SeqCst);
    x
}

#[tokio::test(start_paused = true)]
async fn a_standby_takes_over_and_the_work_goes_on() {
    let cluster = Cluster::new().await;
    let version = cluster.tiny().await;
    let options = |identity: &str| Options {
        identity: Some(identity.to_owned()),
        lease_namespace: "default".to_owned(),
        no_leader_election: false,
        ..Options::for_tests()
    };
    let first = cluster.operator_with(options("first")).await;
    settle(&first, "GPUPool", version).await;
    let second = cluster.operator_with(options("second")).await;
    sleep(Duration::from_secs(30)).await;
    assert_eq!(second.synced.borrow().compiled, 0, "a standby does nothing");
    first.stop().await.unwrap();
    let mark = cluster.server.mark();
    let version = cluster.patch("GPUPool", "lab-train", swappiness("5")).await;
    settle(&second, "GPUPool", version).await;
    let writes = cluster.writes(mark);
    assert_eq!(
        writes
            .iter()
            .filter(|write| write.starts_with("patch nodeconfigs"))
            .count(),
        4,
        "{writes:?}"
    );
    second.stop().await.unwrap();
}
