//! A cluster in memory with our CRDs, an operator in it, and what a person sees.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    reason = "helpers of tests"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use rackwright_api::labels;
use rackwright_fake_apiserver::{FakeApiServer, LoggedRequest, RequestInfo, Verb};
use rackwright_operator::{Handle, Options, start};
use serde_json::{Value, json};

pub struct Cluster {
    pub server: FakeApiServer,
    pub client: kube::Client,
}

pub fn resource(kind: &str) -> ApiResource {
    match kind {
        "CustomResourceDefinition" => {
            ApiResource::from_gvk(&GroupVersionKind::gvk("apiextensions.k8s.io", "v1", kind))
        }
        "Lease" => ApiResource::from_gvk(&GroupVersionKind::gvk("coordination.k8s.io", "v1", kind)),
        "Event" => ApiResource::from_gvk(&GroupVersionKind::gvk("events.k8s.io", "v1", kind)),
        "NodeInventory" => {
            let gvk = GroupVersionKind::gvk(labels::GROUP, labels::VERSION, kind);
            ApiResource::from_gvk_with_plural(&gvk, "nodeinventories")
        }
        _ => ApiResource::from_gvk(&GroupVersionKind::gvk(labels::GROUP, labels::VERSION, kind)),
    }
}

impl Cluster {
    pub async fn new() -> Self {
        let cluster = Self::bare();
        for crd in rackwright_api::crds::all() {
            cluster.create(crd).await;
        }
        cluster
    }

    /// Without CEL and patterns, which take most of the time of making a cluster, for tests that make hundreds.
    pub async fn without_rules() -> Self {
        fn strip(value: &mut Value) {
            match value {
                Value::Object(map) => {
                    map.remove("x-kubernetes-validations");
                    if map.get("pattern").is_some_and(Value::is_string) {
                        map.remove("pattern");
                    }
                    map.values_mut().for_each(strip);
                }
                Value::Array(items) => items.iter_mut().for_each(strip),
                _ => {}
            }
        }
        let cluster = Self::bare();
        for mut crd in rackwright_api::crds::all() {
            strip(&mut crd);
            cluster.create(crd).await;
        }
        cluster
    }

    pub fn bare() -> Self {
        let server = FakeApiServer::default();
        let client = server.client();
        Self { server, client }
    }

    pub fn api(&self, kind: &str) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &resource(kind))
    }

    pub async fn create(&self, object: Value) -> u64 {
        let kind = object["kind"].as_str().unwrap().to_owned();
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        version(
            &self
                .api(&kind)
                .create(&PostParams::default(), &object)
                .await
                .unwrap(),
        )
    }

    pub async fn patch(&self, kind: &str, name: &str, patch: Value) -> u64 {
        version(
            &self
                .api(kind)
                .patch(name, &PatchParams::default(), &Patch::Merge(patch))
                .await
                .unwrap(),
        )
    }

    pub async fn delete(&self, kind: &str, name: &str) -> u64 {
        self.api(kind)
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
        self.server.resource_version()
    }

    pub async fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let object = self.api(kind).get_opt(name).await.unwrap()?;
        Some(serde_json::to_value(object).unwrap())
    }

    pub async fn list(&self, kind: &str) -> Vec<Value> {
        let list = self.api(kind).list(&ListParams::default()).await.unwrap();
        list.items
            .into_iter()
            .map(|item| serde_json::to_value(item).unwrap())
            .collect()
    }

    pub async fn names(&self, kind: &str) -> Vec<String> {
        self.list(kind)
            .await
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    }

    pub async fn operator(&self) -> Handle {
        self.operator_with(Options::for_tests()).await
    }

    pub async fn operator_with(&self, options: Options) -> Handle {
        start(self.server.client(), options).await.unwrap()
    }

    /// The site, fabric, tier and pool of `examples/tiny`, four nodes.
    pub async fn tiny(&self) -> u64 {
        self.create(supercluster("lab", "r[1-2]")).await;
        self.create(fabric("lab-compute")).await;
        self.create(tier("lab-scratch")).await;
        self.create(pool("lab-train", json!({"racks": "r[1-2]"}))).await
    }

    /// What the operator asked to be changed since a mark, sorted; events and leases aside.
    pub fn writes(&self, mark: u64) -> Vec<String> {
        let mut writes: Vec<String> = self
            .logged(mark)
            .iter()
            .map(|entry| describe(&entry.request))
            .collect();
        writes.sort();
        writes
    }

    pub fn logged(&self, mark: u64) -> Vec<LoggedRequest> {
        let log = self.server.requests_since(mark);
        log.into_iter()
            .filter(|entry| is_operators(&entry.request))
            .collect()
    }

    /// All that matters of all objects: what must be the same however we got there.
    pub async fn state(&self) -> BTreeMap<String, Value> {
        let mut state = BTreeMap::new();
        for kind in [
            "Supercluster",
            "GPUPool",
            "InfiniBandFabric",
            "StorageTier",
            "NodeProfile",
            "NodeConfig",
        ] {
            for mut object in self.list(kind).await {
                let metadata = &object["metadata"];
                let name = format!("{kind}/{}", metadata["name"].as_str().unwrap());
                let kept = json!({"labels": metadata["labels"], "finalizers": metadata["finalizers"]});
                if let Some(conditions) = object["status"]["conditions"].as_array_mut() {
                    for condition in conditions {
                        condition.as_object_mut().unwrap().remove("lastTransitionTime");
                    }
                }
                state.insert(
                    name,
                    json!({"kept": kept, "spec": object["spec"], "status": object["status"]}),
                );
            }
        }
        state
    }

    /// `Ready`'s reason, and the abnormal condition beside it.
    pub async fn ready(&self, kind: &str, name: &str) -> (String, Option<String>) {
        let object = self.get(kind, name).await.unwrap();
        let conditions = object["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let ready = conditions
            .iter()
            .find(|c| c["type"] == "Ready")
            .map(|c| c["reason"].as_str().unwrap().to_owned());
        let abnormal: Vec<String> = conditions
            .iter()
            .filter(|c| c["type"] != "Ready" && c["status"] == "True")
            .map(|c| c["type"].as_str().unwrap().to_owned())
            .collect();
        assert!(
            abnormal.len() <= 1,
            "kstatus reads the first that is true: {abnormal:?}"
        );
        (ready.unwrap_or_default(), abnormal.into_iter().next())
    }

    pub async fn managements(&self) -> BTreeMap<String, String> {
        let all = self.list("NodeConfig").await;
        all.iter()
            .map(|node| (text(&node["metadata"]["name"]), text(&node["spec"]["management"])))
            .collect()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn version(object: &DynamicObject) -> u64 {
    object
        .metadata
        .resource_version
        .as_ref()
        .unwrap()
        .parse()
        .unwrap()
}

pub fn is_operators(request: &RequestInfo) -> bool {
    let by_name = request.query.contains("fieldManager=rackwright-operator");
    let profile = request.verb == Verb::Delete && request.resource == "nodeprofiles";
    request.is_mutating()
        && request.resource != "leases"
        && request.resource != "events"
        && (by_name || profile)
}

pub fn describe(request: &RequestInfo) -> String {
    let RequestInfo {
        verb,
        resource,
        name,
        subresource,
        ..
    } = request;
    [verb.to_string().as_str(), resource, name, subresource]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Waits, in virtual time, for the operator to have seen a version and to have nothing left to do.
pub async fn settle(operator: &Handle, kind: &str, version: u64) -> u64 {
    let settled = tokio::time::timeout(Duration::from_secs(3600), operator.settled(kind, version)).await;
    settled.expect("the operator settles").unwrap().compiled
}

fn object(kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "rackwright.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

pub fn supercluster(name: &str, racks: &str) -> Value {
    object(
        "Supercluster",
        name,
        json!({"racks": [{"names": racks, "nodes": "n[1-2]", "system": "dgx-b200"}]}),
    )
}

pub fn pool(name: &str, nodes: Value) -> Value {
    let spec = json!({
        "supercluster": "lab",
        "nodes": nodes,
        "host": {"sysctls": {"vm.swappiness": "1"}},
        "fabrics": [{"name": "lab-compute"}],
        "storage": [{"tier": "lab-scratch"}],
    });
    object("GPUPool", name, spec)
}

pub fn fabric(name: &str) -> Value {
    let spec = json!({
        "supercluster": "lab",
        "plane": "Compute",
        "topology": {"type": "FatTree", "rails": 2},
        "addressing": {"ipv4": "10.10.0.0/24"},
    });
    object("InfiniBandFabric", name, spec)
}

pub fn tier(name: &str) -> Value {
    let devices = json!({"model": "SAMSUNG MZ*", "count": 2});
    let spec = json!({
        "supercluster": "lab",
        "localNVMe": {"devices": devices, "raid": 0, "filesystem": "xfs", "wipe": "Never"},
        "mountPoint": "/scratch",
    });
    object("StorageTier", name, spec)
}

pub fn inventory(name: &str, labels: Value) -> Value {
    json!({
        "apiVersion": "rackwright.dev/v1alpha1", "kind": "NodeInventory",
        "metadata": {"name": name, "labels": labels}, "spec": {},
    })
}

pub fn swappiness(value: &str) -> Value {
    json!({"spec": {"host": {"sysctls": {"vm.swappiness": value}}}})
}

/// What an HTTP path of the operator answers: status code and text.
pub async fn get(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer[9..12].parse().unwrap(), answer)
}
