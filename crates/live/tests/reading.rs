//! What is read, over HTTP: pages, lists that begin anew, and everything that can go wrong on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/server.rs"]
mod server;

use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::api::PostParams;
use rackwright_fake_apiserver::{FakeApiServer, Fault, Phase};
use rackwright_live::{Access, Cluster, LiveError, Patience, Resource};
use serde_json::{Value, json};
use server::{Answer, Server, kubeconfig};

const POOLS: &str = "/apis/rackwright.dev/v1alpha1/gpupools";

fn access(kubeconfig: &Path) -> Access {
    Access {
        kubeconfig: Some(kubeconfig.to_owned()),
        context: None,
        patience: Patience {
            connect: Duration::from_secs(5),
            silence: Duration::from_millis(300),
        },
    }
}

fn cluster(address: &str) -> Cluster {
    let folder = tempfile::tempdir().unwrap();
    let path = kubeconfig(address, folder.path(), "test");
    Cluster::connect(&access(&path)).unwrap().by_pages_of(2)
}

/// One list after the other.
fn names(cluster: &Cluster, resources: &[Resource]) -> Result<Vec<Vec<String>>, LiveError> {
    let rounds: Vec<&[Resource]> = resources.chunks(1).collect();
    read(cluster, &rounds)
}

fn read(cluster: &Cluster, rounds: &[&[Resource]]) -> Result<Vec<Vec<String>>, LiveError> {
    cluster.read(rounds, |_, names: &mut Vec<String>, object| {
        names.push(object.name().to_owned());
    })
}

fn pool(name: &str) -> Value {
    json!({"metadata": {"name": name, "managedFields": [{"manager": "x"}]}, "spec": {"metadata": {"a": 1}}})
}

/// Three pages, or one that a test puts in place of the second, the first time that it is asked for.
fn pages(second: impl Fn() -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |path, before| match path.strip_prefix(POOLS) {
        Some("?limit=2") => Answer::page(&[pool("a"), pool("b")], "7", "t=1"),
        Some("?limit=2&continue=t%3D1") if before < 2 => second(),
        Some("?limit=2&continue=t%3D1") => Answer::page(&[pool("c"), pool("d")], "7", "t2"),
        Some("?limit=2&continue=t2") => Answer::page(&[pool("e")], "7", ""),
        Some("") => Answer::page(&[pool("a"), pool("new")], "9", ""),
        _ => Answer::refusal(400, path),
    })
}

fn second() -> Answer {
    Answer::page(&[pool("c"), pool("d")], "7", "t2")
}

#[test]
fn a_list_comes_in_pages_by_get_alone() {
    let server = pages(second);
    let read = names(&cluster(&server.address), &[Resource::GPUPool]).unwrap();
    assert_eq!(read, [["a", "b", "c", "d", "e"]]);
    let asked = ["?limit=2", "?limit=2&continue=t%3D1", "?limit=2&continue=t2"];
    assert_eq!(server.asked(), asked.map(|query| format!("GET {POOLS}{query}")));
}

#[test]
fn a_list_whose_state_is_forgotten_begins_anew_without_pages() {
    let other_state = || Answer::page(&[pool("c"), pool("d")], "8", "t2");
    let expired = || Answer::refusal(410, "too old");
    let answers: [fn() -> Answer; 2] = [expired, other_state];
    for answer in answers {
        let server = pages(answer);
        let read = names(&cluster(&server.address), &[Resource::GPUPool]).unwrap();
        assert_eq!(read, [["a", "new"]], "nothing of the first attempt");
        assert_eq!(server.asked().last().unwrap(), &format!("GET {POOLS}"));
    }
}

/// Each of two lists is answered only when both were asked for; the third only after them.
#[test]
fn lists_of_a_round_are_fetched_at_the_same_time() {
    let met = Barrier::new(2);
    let server = Server::start(move |path, before| {
        if path.contains("gpupools") {
            return if before < 2 {
                Answer::refusal(400, "too early")
            } else {
                Answer::page(&[pool("c")], "9", "")
            };
        }
        met.wait();
        let name = if path.contains("nodeconfigs") { "a" } else { "b" };
        Answer::page(&[pool(name)], "7", "")
    });
    let rounds: [&[Resource]; 2] = [
        &[Resource::NodeConfig, Resource::NodeInventory],
        &[Resource::GPUPool],
    ];
    let read = read(&cluster(&server.address), &rounds).unwrap();
    assert_eq!(
        read,
        [["a"], ["b"], ["c"]],
        "in the order in which they were named"
    );
}

#[test]
fn of_two_errors_that_of_the_first_list_is_told() {
    let server = Server::start(|path, _| {
        if path.contains("nodeconfigs") {
            std::thread::sleep(Duration::from_millis(100));
            return Answer::refusal(403, "the first");
        }
        Answer::refusal(403, "the second")
    });
    let round: &[Resource] = &[Resource::NodeConfig, Resource::NodeInventory];
    let told = read(&cluster(&server.address), &[round]).unwrap_err().to_string();
    assert!(told.contains("the first"), "{told}");
}

#[test]
fn a_list_of_a_round_begins_anew_alone() {
    let server = Server::start(|path, _| {
        let of_pools = path.strip_prefix(POOLS);
        match of_pools {
            Some("?limit=2") => Answer::page(&[pool("a"), pool("b")], "7", "t=1"),
            Some("") => Answer::page(&[pool("new")], "9", ""),
            Some(_) => Answer::refusal(410, "too old"),
            None => Answer::page(&[pool("other")], "8", ""),
        }
    });
    let round: &[Resource] = &[Resource::NodeConfig, Resource::GPUPool];
    let read = read(&cluster(&server.address), &[round]).unwrap();
    assert_eq!(read, [["other"], ["new"]]);
    assert_eq!(server.asked().len(), 4);
}

/// The answer to the second page, and what is told of it.
type Case = (fn() -> Answer, &'static str);

#[test]
fn what_a_server_says_is_told_with_what_to_do() {
    let cases: [Case; 8] = [
        (
            || Answer::refusal(401, "who"),
            "does not accept these credentials (401)",
        ),
        (
            || Answer::refusal(403, "gpupools is forbidden: User \"x\""),
            "may not list gpupools.rackwright.dev (403): gpupools is forbidden: User \"x\"; who runs the cluster allows it with \
             `kubectl create clusterrolebinding NAME --clusterrole=rackwright-read --user=USER`",
        ),
        (
            || Answer::refusal(404, "the server could not find the requested resource"),
            "does not know gpupools.rackwright.dev (404): `rackwright crds | kubectl apply --server-side -f -` installs",
        ),
        (
            || Answer::refusal(500, "etcd"),
            "refuses to list gpupools.rackwright.dev (500): etcd",
        ),
        (
            || Answer::Body(200, "<html>".to_owned()),
            "what it answers is no list of gpupools.rackwright.dev: ",
        ),
        (|| Answer::page(&[], "7", "t=1"), "a page leads to itself"),
        (|| Answer::Cut("x".repeat(4_000)), "cannot be reached: "),
        (
            || Answer::Silence,
            "says nothing for 0.3 s, and was asked for gpupools.rackwright.dev",
        ),
    ];
    for (second, said) in cases {
        let server = pages(second);
        let error = names(&cluster(&server.address), &[Resource::GPUPool]).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(said), "{told}");
        assert!(told.starts_with(&server.address) && !error.is_usage(), "{told}");
    }
}

/// After a moment it answers as if nothing had been.
#[test]
fn a_server_that_is_overloaded_is_asked_again() {
    let server = pages(|| Answer::refusal(429, "busy"));
    let read = names(&cluster(&server.address), &[Resource::GPUPool]).unwrap();
    assert_eq!(read, [["a", "b", "c", "d", "e"]]);
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn a_closed_port_is_told_at_once() {
    let error = names(&cluster("http://127.0.0.1:1"), &[Resource::GPUPool]).unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("http://127.0.0.1:1: cannot be reached: ") && told.contains("refused"),
        "{told}"
    );
}

#[test]
fn a_kubeconfig_that_leads_nowhere_is_the_users_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let path = kubeconfig("http://127.0.0.1:1", folder.path(), "lab");
    let other = Access {
        context: Some("prod".to_owned()),
        ..access(&path)
    };
    let broken = folder.path().join("broken");
    std::fs::write(&broken, "clusters: 7").unwrap();
    let none = folder.path().join("none");
    for (access, said) in [
        (other, "no context `prod` in the kubeconfig; it has lab"),
        (access(&broken), "broken: not a kubeconfig: "),
        (access(&none), "none: not a kubeconfig: "),
    ] {
        let error = Cluster::connect(&access).unwrap_err();
        assert!(error.is_usage() && error.to_string().contains(said), "{error}");
    }
}

/// The request log of the in-memory server, whose lists and history are those of the real one.
#[test]
fn nothing_is_written_and_history_that_goes_is_survived() {
    let server = FakeApiServer::default();
    for name in ["a", "b", "c", "d", "e"] {
        create(&server, name);
    }
    let mark = server.mark();
    let client = server.clone();
    let cluster = Cluster::over("http://fake", 2, move || client.client()).unwrap();
    let all = ["a", "b", "c", "d", "e"];
    assert_eq!(
        names(&cluster, &[Resource::Node, Resource::Node]).unwrap(),
        [all, all]
    );
    let log = server.requests_since(mark);
    assert_eq!(log.len(), 6);
    assert!(
        log.iter()
            .all(|request| !request.is_mutating() && !request.changed)
    );

    // Something is written and history goes between the first page and the second.
    let other = server.clone();
    server.set_fault(Some(Arc::new(move |request, phase| {
        if request.query.contains("continue") && phase == Phase::Before {
            let busy = other.clone();
            std::thread::spawn(move || create(&busy, "f")).join().unwrap();
            other.compact(other.resource_version());
        }
        Fault::None
    })));
    let mark = server.mark();
    let whole = ["a", "b", "c", "d", "e", "f"];
    assert_eq!(names(&cluster, &[Resource::Node]).unwrap(), [whole]);
    let (lists, writes): (Vec<_>, Vec<_>) = server
        .requests_since(mark)
        .into_iter()
        .partition(|request| !request.is_mutating());
    assert_eq!(writes.len(), 1, "the one of this test");
    let statuses: Vec<u16> = lists.iter().map(|request| request.status).collect();
    assert_eq!(statuses, [200, 410, 200]);
}

fn create(server: &FakeApiServer, name: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let nodes: kube::Api<Node> = kube::Api::all(server.client());
        let node = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
        nodes.create(&PostParams::default(), &node).await.unwrap();
    });
}
