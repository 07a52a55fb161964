//! Are the CRDs there, not older than this binary, and not on their way out? Where they are not, nothing is reconciled:
//! an older CRD would drop the fields that it does not know, silently, and one that is being deleted has all its objects
//! marked for deletion without anybody having asked for that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Api, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use rackwright_api::labels::{API_REVISION, API_REVISION_ANNOTATION};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::jitter::jittered;
use crate::kinds::Watched;

/// How often to look while all is well; CRDs change when somebody upgrades or downgrades.
const WELL: Duration = Duration::from_secs(60);
/// How often to look while not.
const UNWELL: Duration = Duration::from_secs(10);
/// The least time between two looks, however many doubts there are.
const LEAST: Duration = Duration::from_secs(1);

/// What the last look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Crds {
    /// Not looked yet, or the API server does not answer.
    Unknown(String),
    /// All there.
    Fit,
    /// What is wrong, by CRD.
    Unfit(BTreeMap<String, String>),
}

impl Crds {
    /// What to tell people.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Fit => "ok".to_owned(),
            Self::Unknown(why) => why.clone(),
            Self::Unfit(wrong) => {
                let wrong: Vec<String> = wrong.iter().map(|(name, why)| format!("{name} {why}")).collect();
                format!(
                    "{}. Install or upgrade them: `helm upgrade --install rackwright-crds …`, or `rackwright crds | kubectl apply \
                     --server-side -f -`",
                    wrong.join("; ")
                )
            }
        }
    }
}

/// Asks for a look soon: an answer of the API server reads as if a CRD had changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doubt(Arc<Notify>);

impl Doubt {
    pub(crate) fn raise(&self) {
        self.0.notify_one();
    }
}

/// Why a deletion is not taken for an order.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoOrder {
    /// The CRD does not answer for its objects.
    #[error("{name} {why}: that its objects are being deleted is no order")]
    Unfit { name: String, why: String },
    /// The CRD was made after the objects were deleted: what the cache shows of them is of an earlier CRD.
    #[error("{0} is newer than the deletion of its objects: waiting for a new list of them")]
    Replaced(String),
    /// It cannot be known.
    #[error("cannot read {name}: {source}")]
    Unknown { name: String, source: kube::Error },
}

/// Looks at the CRDs.
#[derive(Debug)]
pub(crate) struct Checker {
    api: Api<DynamicObject>,
    state: watch::Sender<Crds>,
    doubt: Doubt,
}

impl Checker {
    pub(crate) fn new(client: kube::Client, doubt: Doubt) -> Self {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
        ));
        Self {
            api: Api::all_with(client, &resource),
            state: watch::Sender::new(Crds::Unknown("not looked at yet".to_owned())),
            doubt,
        }
    }

    /// What the last look showed, and will show.
    pub(crate) fn state(&self) -> watch::Receiver<Crds> {
        self.state.subscribe()
    }

    /// Looks again and again until the token ends.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        let looks = async {
            loop {
                let found = self.look().await;
                let pause = if found == Crds::Fit {
                    jittered(WELL)
                } else {
                    UNWELL
                };
                self.found(found);
                tokio::time::sleep(LEAST).await;
                // Late is as good as doubted: either way it is time for a look.
                let _ = tokio::time::timeout(pause, self.doubt.0.notified()).await;
            }
        };
        stop.run_until_cancelled(looks).await;
    }

    fn found(&self, found: Crds) {
        self.state.send_if_modified(|old| {
            if *old == found {
                return false;
            }
            match &found {
                Crds::Fit => tracing::info!("the CRDs are there and recent enough"),
                bad => tracing::error!(crds = bad.text(), "not reconciling"),
            }
            *old = found;
            true
        });
    }

    async fn look(&self) -> Crds {
        let mut wrong = BTreeMap::new();
        for kind in Watched::ALL {
            let name = kind.crd();
            match self.api.get_opt(&name).await {
                Ok(found) => {
                    if let Some(why) = judge(found.as_ref()) {
                        wrong.insert(name, why);
                    }
                }
                Err(error) => return Crds::Unknown(format!("cannot read {name}: {error}")),
            }
        }
        if wrong.is_empty() {
            Crds::Fit
        } else {
            Crds::Unfit(wrong)
        }
    }

    /// Whether deletions, by kind with the time of the first of them, are orders of somebody and not what follows from the
    /// deletion of a CRD. To be asked after the deletions were seen: the API server marks the CRD before its objects.
    pub(crate) async fn are_orders(&self, deletions: &BTreeMap<Watched, Timestamp>) -> Result<(), NoOrder> {
        for (kind, deleted) in deletions {
            let name = kind.crd();
            let found = match self.api.get_opt(&name).await {
                Ok(found) => found,
                Err(source) => return Err(NoOrder::Unknown { name, source }),
            };
            if let Some(why) = judge(found.as_ref()) {
                self.found(Crds::Unfit(BTreeMap::from([(name.clone(), why.clone())])));
                // The look tells of the others too, and goes on until all is well.
                self.doubt.raise();
                return Err(NoOrder::Unfit { name, why });
            }
            let made = found.and_then(|crd| crd.metadata.creation_timestamp);
            if made.is_some_and(|Time(made)| made > *deleted) {
                return Err(NoOrder::Replaced(name));
            }
        }
        Ok(())
    }
}

/// What is wrong with a CRD.
fn judge(crd: Option<&DynamicObject>) -> Option<String> {
    let Some(crd) = crd else {
        return Some("is not installed".to_owned());
    };
    let annotations = crd.metadata.annotations.as_ref();
    let revision = annotations
        .and_then(|all| all.get(API_REVISION_ANNOTATION))
        .and_then(|text| text.parse::<u32>().ok());
    match revision {
        Some(found) if found >= API_REVISION => {}
        Some(found) => {
            return Some(format!(
                "has revision {found}, this operator needs {API_REVISION}"
            ));
        }
        None => {
            return Some(format!(
                "carries no {API_REVISION_ANNOTATION}, this operator needs {API_REVISION}"
            ));
        }
    }
    let conditions = crd
        .data
        .pointer("/status/conditions")
        .and_then(serde_json::Value::as_array);
    let holds = |condition: &str| {
        let mut all = conditions.into_iter().flatten();
        all.any(|c| c["type"] == condition && c["status"] == "True")
    };
    if crd.metadata.deletion_timestamp.is_some() || holds("Terminating") {
        return Some("is being deleted".to_owned());
    }
    (!holds("Established")).then(|| "is not established".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn crd(revision: Option<&str>, established: &str) -> DynamicObject {
        let annotations = revision.map(|text| json!({API_REVISION_ANNOTATION: text}));
        serde_json::from_value(json!({
            "metadata": {"name": "x", "annotations": annotations},
            "status": {"conditions": [{"type": "Established", "status": established}]},
        }))
        .unwrap()
    }

    #[test]
    fn missing_old_and_unestablished_crds_are_unfit() {
        let current = API_REVISION.to_string();
        assert_eq!(judge(Some(&crd(Some(&current), "True"))), None);
        assert_eq!(
            judge(Some(&crd(Some("99"), "True"))),
            None,
            "newer CRDs are served too"
        );
        assert_eq!(judge(None).unwrap(), "is not installed");
        assert!(
            judge(Some(&crd(Some("0"), "True")))
                .unwrap()
                .contains("revision 0")
        );
        assert!(judge(Some(&crd(None, "True"))).unwrap().contains("carries no"));
        assert!(
            judge(Some(&crd(Some(&current), "False")))
                .unwrap()
                .contains("not established")
        );
        let mut leaving = crd(Some(&current), "True");
        leaving.data["status"]["conditions"]
            .as_array_mut()
            .unwrap()
            .push(json!({"type": "Terminating", "status": "True"}));
        assert_eq!(judge(Some(&leaving)).unwrap(), "is being deleted");
        let mut leaving = crd(Some(&current), "True");
        leaving.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
        assert_eq!(judge(Some(&leaving)).unwrap(), "is being deleted");
    }

    /// The watch of a kind is slow to come back after its CRD was replaced; its cache still shows objects that the
    /// deletion of the old CRD marked.
    #[tokio::test(start_paused = true)]
    async fn a_deletion_under_an_earlier_crd_is_no_order() {
        let server = rackwright_fake_apiserver::FakeApiServer::default();
        let checker = Checker::new(server.client(), Doubt::default());
        for crd in rackwright_api::crds::all() {
            let crd = serde_json::from_value(crd).unwrap();
            checker
                .api
                .create(&kube::api::PostParams::default(), &crd)
                .await
                .unwrap();
        }
        let made = checker.api.get(&Watched::GPUPool.crd()).await.unwrap();
        let Time(made) = made.metadata.creation_timestamp.unwrap();
        let ask = async |deleted| {
            checker
                .are_orders(&BTreeMap::from([(Watched::GPUPool, deleted)]))
                .await
        };
        let second = jiff::SignedDuration::from_secs(1);
        assert!(ask(made).await.is_ok());
        assert!(ask(made + second).await.is_ok());
        assert!(matches!(ask(made - second).await, Err(NoOrder::Replaced(_))));
    }
}
