//! The cluster as an input of the command line: after every example the offline plan is what the operator wrote, `diff live:` has
//! nothing to say with the operator running and stopped, and an edit by hand is that edit and nothing else.

use std::fs;
use std::path::Path;
use std::process::Output;

use kube::api::ListParams;
use rackwright_e2e::audit::{Audit, Entry};
use rackwright_e2e::cluster::{Cluster, Source, kubectl, path, run};
use rackwright_e2e::operator::Operator;
use rackwright_e2e::{program, root};
use serde_json::{Value, json};

use crate::superpod::{planned, written};

/// Every example that is a site, and the member cluster whose operator runs here, where the whole is too large for one. Hyperion
/// has 41,472 nodes in each of its members, which says nothing that Prometheus does not.
const EXAMPLES: [(&str, Option<&str>); 5] = [
    ("gb200-unit", None),
    ("superpod-b200", None),
    ("superpod-b300-xdr", None),
    ("tiny", None),
    ("prometheus", Some("prom-01")),
];

/// A new example belongs into the list.
fn all_are_listed() {
    let folders = fs::read_dir(root().join("examples")).unwrap();
    let mut found: Vec<String> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !["ci", "gitops", "hyperion"].contains(&name.as_str()))
        .collect();
    found.sort();
    let mut listed = EXAMPLES.map(|(name, _)| name);
    listed.sort_unstable();
    assert_eq!(found, listed);
}

async fn rackwright(arguments: &[&str]) -> (i32, String, String) {
    let cli = path(&program("rackwright").unwrap());
    let Output {
        status,
        stdout,
        stderr,
    } = run(&cli, arguments, "").await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Nothing differs, from either side.
async fn same(example: &str, when: &str) {
    for sides in [["live:", example], [example, "live:"]] {
        let (exit, out, err) = rackwright(&["diff", sides[0], sides[1], "--output", "json"]).await;
        assert_eq!(exit, 0, "{sides:?} {when}: {out}{err}");
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["verdict"], "Same", "{sides:?} {when}: {out}");
        assert_eq!(report["otherEdits"], json!([]), "{sides:?} {when}");
    }
}

#[tokio::test]
async fn every_example_is_in_the_cluster_as_it_was_planned_and_differs_from_nothing() {
    all_are_listed();
    for (name, member) in EXAMPLES {
        let cluster = Cluster::fresh().await.unwrap();
        let example = path(&root().join("examples").join(name));
        let of_member = member.map_or_else(Vec::new, |member| vec!["--cluster", member]);
        cluster.apply(Source::Path(example.as_ref())).await.unwrap();
        let operator = Operator::start(&of_member).await.unwrap();
        let plan = planned(&[&of_member[..], &[&example]].concat()).await;
        let nodes = plan.keys().filter(|(kind, _)| kind == "NodeConfig").count();
        cluster
            .until("every NodeConfig is there", async || {
                let only_one = ListParams::default().limit(1);
                let answer = cluster.api("NodeConfig").list_metadata(&only_one).await?;
                let rest = usize::try_from(answer.metadata.remaining_item_count.unwrap_or_default())?;
                Ok(answer.items.len() + rest == nodes)
            })
            .await
            .unwrap();
        cluster.settled().await.unwrap();
        assert_eq!(written(&cluster).await, plan, "{example}: byte for byte");
        let live = planned(&[&of_member[..], &["live:"]].concat()).await;
        assert_eq!(live, plan, "{example}: the plan of what is in the cluster");
        same(&example, "with the operator running").await;
        operator.stop().await.unwrap();
        same(&example, "with the operator stopped").await;
        println!("{name}: {nodes} nodes, no difference");
    }
}

/// With kubectl, as people do it, and with an annotation that kubectl adds.
#[tokio::test]
async fn an_edit_by_hand_is_that_edit_and_nothing_else() {
    let cluster = Cluster::fresh().await.unwrap();
    let example = path(&root().join("examples/superpod-b200"));
    kubectl(&["apply", "-f", &example], "").await.unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster.settled().await.unwrap();
    same(&example, "after a client-side apply").await;
    let who = kubectl(
        &["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"],
        "",
    )
    .await
    .unwrap();
    let who = String::from_utf8(who.stdout).unwrap();
    let audit = Audit::from_now().unwrap();
    let patch = r#"{"spec":{"gpu":{"powerLimit":"900W"}}}"#;
    kubectl(&["patch", "gpupool", "research", "--type=merge", "-p", patch], "")
        .await
        .unwrap();
    cluster.settled().await.unwrap();
    let (exit, out, err) = rackwright(&["diff", "live:", &example, "--output", "json"]).await;
    assert_eq!(exit, 1, "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let causes = report["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{out}");
    let edits = causes[0]["edits"].as_array().unwrap();
    assert_eq!(edits.len(), 1, "{out}");
    let told = ["object", "path", "old", "new"].map(|key| edits[0][key].as_str().unwrap());
    assert_eq!(told, ["GPUPool/research", "spec.gpu.powerLimit", "900W", "1000W"]);
    assert_eq!(report["otherEdits"], json!([]));
    assert_eq!(report["changes"]["changed"], 32);
    // What the reader asked for is in the audit log of the server, and none of it was a write.
    let by_reader = audit.writes(&who).unwrap();
    let ours: Vec<String> = by_reader.iter().map(Entry::resource).collect();
    assert_eq!(ours, ["gpupools"], "kubectl's patch alone: {by_reader:?}");
    operator.stop().await.unwrap();
}

/// A kubeconfig of somebody else: the administrator may act as anybody.
async fn acting_as(folder: &Path, user: &str) -> String {
    let view = ["config", "view", "--raw", "--flatten", "--minify", "-o", "json"];
    let config = kubectl(&view, "").await.unwrap();
    let mut config: Value = serde_json::from_slice(&config.stdout).unwrap();
    config["users"][0]["user"]["as"] = json!(user);
    let file = folder.join(user);
    fs::write(&file, config.to_string()).unwrap();
    path(&file)
}

#[tokio::test]
async fn a_reader_with_the_role_of_the_chart_may_read_and_nobody_else() {
    let cluster = Cluster::fresh().await.unwrap();
    let example = root().join("examples/tiny");
    cluster.apply(Source::Path(&example)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = acting_as(folder.path(), "reader").await;
    let read = [
        "diff",
        "live:",
        &path(&example),
        "--exit-zero",
        "--kubeconfig",
        &kubeconfig,
    ];
    let (exit, out, err) = rackwright(&read).await;
    assert_eq!((exit, out.as_str()), (3, ""), "{err}");
    assert!(
        err.contains("may not list nodeconfigs.rackwright.dev (403)"),
        "{err}"
    );
    assert!(err.contains("--clusterrole=rackwright-read --user=USER"), "{err}");

    let bind = [
        "create",
        "clusterrolebinding",
        "e2e-reader",
        "--clusterrole=rackwright-read",
        "--user=reader",
    ];
    kubectl(&bind, "").await.unwrap();
    let (exit, out, err) = rackwright(&read).await;
    kubectl(&["delete", "clusterrolebinding", "e2e-reader"], "")
        .await
        .unwrap();
    assert_eq!(exit, 0, "{out}{err}");
    // Rights of the role reach no further.
    let write = ["auth", "can-i", "--list", "--as=reader"];
    let rights = String::from_utf8(kubectl(&write, "").await.unwrap().stdout).unwrap();
    assert!(!rights.contains("rackwright.dev"), "{rights}");
}

/// A node that was let go keeps its addresses, whatever is compared.
#[tokio::test]
async fn what_is_detached_in_the_cluster_stays_taken() {
    let cluster = Cluster::fresh().await.unwrap();
    let example = root().join("examples/superpod-b200");
    cluster.apply(Source::Path(&example)).await.unwrap();
    let operator = Operator::start(&[]).await.unwrap();
    cluster.settled().await.unwrap();
    cluster.delete("GPUPool", "research").await.unwrap();
    cluster
        .until("the pool is gone", async || {
            Ok(!cluster.list("GPUPool").await?.contains_key("research"))
        })
        .await
        .unwrap();
    let before = cluster.specs("NodeConfig").await.unwrap();
    let example = path(&example);
    let (exit, out, err) = rackwright(&["diff", "live:", &example, "--output", "json"]).await;
    assert_eq!(exit, 1, "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["addresses"], json!([]), "{out}");
    // They are taken up again, and nothing happens to their hosts.
    assert_eq!(report["changes"]["changed"], 32, "{out}");
    assert_eq!(report["reach"]["nodes"], 0, "{out}");
    cluster.apply(Source::Path(example.as_ref())).await.unwrap();
    cluster.settled().await.unwrap();
    let after = cluster.specs("NodeConfig").await.unwrap();
    for (name, (spec, _)) in &before {
        assert_eq!(spec["facts"], after[name].0["facts"], "{name}");
    }
    same(&example, "when it is back").await;
    operator.stop().await.unwrap();
}
