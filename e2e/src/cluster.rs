//! The cluster that the suite runs on.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use tokio::process::Command;

/// The kinds that people write.
pub const INTENTS: [&str; 4] = ["Supercluster", "GPUPool", "InfiniBandFabric", "StorageTier"];
/// The kinds that we write.
pub const RESULTS: [&str; 3] = ["NodeProfile", "NodeConfig", "NodeInventory"];

/// Label of the chart's namespace in clusters whose objects are the suite's own.
const CLAIM: &str = "rackwright.dev/e2e";

/// The namespace of the operator's chart.
pub const NAMESPACE: &str = "rackwright-system";

/// A cluster with our CRDs and charts installed.
#[derive(Clone)]
pub struct Cluster {
    /// A client with the rights of an administrator.
    pub client: Client,
}

impl Cluster {
    /// Connects to the cluster of `KUBECONFIG`, installs the charts if they are not there, and removes every object of
    /// ours.
    pub async fn fresh() -> anyhow::Result<Self> {
        let cluster = Self {
            client: Client::try_default()
                .await
                .context("connecting to the cluster of KUBECONFIG")?,
        };
        cluster.install().await?;
        cluster.reset().await?;
        Ok(cluster)
    }

    /// The suite removes every object of ours, so it takes no cluster that somebody else works with.
    async fn claim(&self) -> anyhow::Result<()> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let namespace = namespaces.get_opt(NAMESPACE).await?;
        if namespace.is_some_and(|namespace| namespace.labels().contains_key(CLAIM)) {
            return Ok(());
        }
        for kind in INTENTS.into_iter().chain(RESULTS) {
            let held = match self.api(kind).list(&ListParams::default().limit(1)).await {
                Ok(objects) => !objects.items.is_empty(),
                Err(error) if is_not_found(&error) => false,
                Err(error) => return Err(error.into()),
            };
            ensure!(
                !held,
                "this cluster holds a {kind} that the suite did not make and would delete"
            );
        }
        Ok(())
    }

    async fn install(&self) -> anyhow::Result<()> {
        self.claim().await?;
        let charts = crate::root().join("charts");
        helm(&[
            "upgrade",
            "--install",
            "rackwright-crds",
            &path(&charts.join("rackwright-crds")),
        ])
        .await?;
        helm(&[
            "upgrade",
            "--install",
            "rackwright",
            &path(&charts.join("rackwright")),
            "--namespace",
            NAMESPACE,
            "--create-namespace",
        ])
        .await?;
        let claim = format!("{CLAIM}=");
        kubectl(&["label", "--overwrite", "namespace", NAMESPACE, &claim], "").await?;
        kubectl(
            &[
                "wait",
                "--for=condition=Established",
                "--timeout=60s",
                "crd",
                "--all",
            ],
            "",
        )
        .await?;
        Ok(())
    }

    /// Removes every object of ours, finalizers included.
    pub async fn reset(&self) -> anyhow::Result<()> {
        for kind in INTENTS.into_iter().chain(RESULTS) {
            let api = self.api(kind);
            for object in api.list(&ListParams::default()).await? {
                if !object.finalizers().is_empty() {
                    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
                    let patched = api
                        .patch(&object.name_any(), &PatchParams::default(), &free)
                        .await;
                    ensure!(
                        patched.as_ref().err().is_none_or(is_not_found),
                        "removing finalizers: {patched:?}"
                    );
                }
            }
            api.delete_collection(&DeleteParams::default(), &ListParams::default())
                .await?;
            self.until(&format!("no {kind} is left"), async || {
                Ok(self
                    .api(kind)
                    .list(&ListParams::default())
                    .await?
                    .items
                    .is_empty())
            })
            .await?;
        }
        Ok(())
    }

    /// Objects of one of our kinds, untyped.
    pub fn api(&self, kind: &str) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &resource(kind))
    }

    /// One object as JSON.
    pub async fn get(&self, kind: &str, name: &str) -> anyhow::Result<Value> {
        let object = self
            .api(kind)
            .get(name)
            .await
            .with_context(|| format!("reading {kind}/{name}"))?;
        Ok(serde_json::to_value(object)?)
    }

    /// All objects of a kind, by name.
    pub async fn list(&self, kind: &str) -> anyhow::Result<BTreeMap<String, Value>> {
        let objects = self.api(kind).list(&ListParams::default()).await?;
        objects
            .into_iter()
            .map(|object| Ok((object.name_any(), serde_json::to_value(object)?)))
            .collect()
    }

    /// The specs of all objects of a kind, by name, with their pool label.
    pub async fn specs(&self, kind: &str) -> anyhow::Result<BTreeMap<String, (Value, Value)>> {
        let objects = self.list(kind).await?;
        let of = |object: &Value| {
            (
                object["spec"].clone(),
                object["metadata"]["labels"]["rackwright.dev/pool"].clone(),
            )
        };
        Ok(objects
            .iter()
            .map(|(name, object)| (name.clone(), of(object)))
            .collect())
    }

    /// Server-side applies a file, a folder or a text, as a pipeline would.
    pub async fn apply(&self, source: Source<'_>) -> anyhow::Result<()> {
        let common = [
            "apply",
            "--server-side",
            "--field-manager=team",
            "--force-conflicts",
            "-f",
        ];
        match source {
            Source::Path(file) => kubectl(&[&common[..], &[&path(file), "--recursive"]].concat(), "").await?,
            Source::Text(text) => kubectl(&[&common[..], &["-"]].concat(), text).await?,
        };
        Ok(())
    }

    /// Deletes one object without waiting for its finalizers.
    pub async fn delete(&self, kind: &str, name: &str) -> anyhow::Result<()> {
        self.api(kind).delete(name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Waits until a condition holds.
    pub async fn until(
        &self,
        what: &str,
        mut holds: impl AsyncFnMut() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let wait = async {
            loop {
                if holds().await? {
                    return anyhow::Ok(());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(120), wait).await {
            Ok(result) => result.with_context(|| format!("waiting until {what}")),
            Err(_) => bail!("after two minutes it is still not so that {what}"),
        }
    }

    /// Waits until every intent has a verdict of its newest generation: ready, or refused.
    pub async fn settled(&self) -> anyhow::Result<()> {
        self.until("every intent has a verdict", async || {
            for kind in INTENTS {
                for object in self.list(kind).await?.values() {
                    if !has_verdict(object) {
                        return Ok(false);
                    }
                }
            }
            Ok(true)
        })
        .await
    }

    /// One condition of an object: status and reason.
    pub async fn condition(
        &self,
        kind: &str,
        name: &str,
        type_: &str,
    ) -> anyhow::Result<Option<(String, String)>> {
        Ok(condition(&self.get(kind, name).await?, type_))
    }

    /// Many objects at once, in parallel.
    pub async fn create_all(&self, kind: &str, objects: Vec<Value>, parallel: usize) -> anyhow::Result<()> {
        let api = self.api(kind);
        let mut results = futures::stream::iter(objects.into_iter().map(|object| {
            let api = api.clone();
            async move {
                let object: DynamicObject = serde_json::from_value(object)?;
                api.create(&kube::api::PostParams::default(), &object).await?;
                anyhow::Ok(())
            }
        }))
        .buffer_unordered(parallel);
        while let Some(result) = results.next().await {
            result?;
        }
        Ok(())
    }
}

/// What to apply.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// A file or folder.
    Path(&'a Path),
    /// YAML.
    Text(&'a str),
}

fn is_not_found(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

fn has_verdict(object: &Value) -> bool {
    let generation = &object["metadata"]["generation"];
    let ready = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["type"] == "Ready");
    object["status"]["observedGeneration"] == *generation
        && ready.is_some_and(|ready| {
            ready["observedGeneration"] == *generation
                && (ready["status"] == "True" || ready["reason"] == "Refused" || ready["reason"] == "InUse")
        })
}

/// One condition of an object: status and reason.
pub fn condition(object: &Value, type_: &str) -> Option<(String, String)> {
    let found = object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|one| one["type"] == type_)?;
    Some((
        found["status"].as_str()?.to_owned(),
        found["reason"].as_str()?.to_owned(),
    ))
}

/// How a kind is served.
pub fn resource(kind: &str) -> ApiResource {
    let crd = rackwright_api::crds::all()
        .into_iter()
        .find(|crd| crd["spec"]["names"]["kind"] == kind);
    let plural = crd
        .and_then(|crd| crd["spec"]["names"]["plural"].as_str().map(str::to_owned))
        .unwrap_or_default();
    ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("rackwright.dev", "v1alpha1", kind),
        &plural,
    )
}

/// A path as an argument.
pub fn path(path: &Path) -> String {
    path.display().to_string()
}

/// Runs kubectl; fails with what it printed.
pub async fn kubectl(arguments: &[&str], input: &str) -> anyhow::Result<Output> {
    checked(
        "kubectl",
        &crate::variable("RACKWRIGHT_KUBECTL")?,
        arguments,
        input,
    )
    .await
}

/// Runs helm; fails with what it printed.
pub async fn helm(arguments: &[&str]) -> anyhow::Result<Output> {
    checked("helm", &crate::variable("RACKWRIGHT_HELM")?, arguments, "").await
}

async fn checked(name: &str, program: &str, arguments: &[&str], input: &str) -> anyhow::Result<Output> {
    let output = run(program, arguments, input).await?;
    if !output.status.success() {
        bail!(
            "{name} {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output)
}

/// Runs a program with an input, whatever its result.
pub async fn run(program: &str, arguments: &[&str], input: &str) -> anyhow::Result<Output> {
    use std::process::Stdio;
    use tokio::io::AsyncWriteExt;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {program}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    Ok(child.wait_with_output().await?)
}
