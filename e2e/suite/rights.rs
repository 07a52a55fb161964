//! What the operator's ServiceAccount may not do. That it may do all it needs is shown by every other scenario, which run
//! with its token.

use kube::Api;
use kube::api::{DynamicObject, ListParams};
use kube::core::{ApiResource, GroupVersionKind};
use rackwright_e2e::cluster::{Cluster, NAMESPACE, run};
use rackwright_e2e::operator::USER;
use rackwright_e2e::variable;

#[tokio::test]
async fn the_service_account_has_no_right_to_spare() {
    Cluster::fresh().await.unwrap();
    let kubectl = variable("RACKWRIGHT_KUBECTL").unwrap();
    for (verb, resource) in [
        ("get", "secrets"),
        ("list", "secrets"),
        ("list", "nodes"),
        ("patch", "nodes"),
        ("create", "pods"),
        ("create", "pods --subresource=exec"),
        ("delete", "nodeconfigs.rackwright.dev"),
        ("deletecollection", "nodeconfigs.rackwright.dev"),
        ("patch", "nodeconfigs.rackwright.dev --subresource=status"),
        ("patch", "nodeprofiles.rackwright.dev"),
        ("create", "nodeinventories.rackwright.dev"),
        ("create", "gpupools.rackwright.dev"),
        ("update", "gpupools.rackwright.dev"),
        ("delete", "gpupools.rackwright.dev"),
        ("patch", "customresourcedefinitions.apiextensions.k8s.io"),
        ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
        ("impersonate", "users"),
    ] {
        let output = run(
            &kubectl,
            &["auth", "can-i", verb, resource, "--all-namespaces", "--as", USER],
            "",
        )
        .await
        .unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        assert_eq!(answer.trim(), "no", "{verb} {resource:?}");
    }
}

/// The chart as a user installs it: two replicas are asked for. Without nodes to run on they stay pending.
#[tokio::test]
async fn the_chart_asks_for_two_replicas() {
    let cluster = Cluster::fresh().await.unwrap();
    let pods: Api<DynamicObject> = Api::namespaced_with(
        cluster.client.clone(),
        NAMESPACE,
        &ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Pod")),
    );
    cluster
        .until("two pods are pending", async || {
            let pods = pods
                .list(&ListParams::default().labels("app.kubernetes.io/component=operator"))
                .await?;
            Ok(pods.items.len() == 2 && pods.iter().all(|pod| pod.data["status"]["phase"] == "Pending"))
        })
        .await
        .unwrap();
}
