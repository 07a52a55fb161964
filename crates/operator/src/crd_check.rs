//! Are the CRDs there, and not older than this binary? Where they are not, nothing is reconciled: an older CRD would
//! drop the fields that it does not know, silently.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::api::{Api, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use rackwright_api::labels::{API_REVISION, API_REVISION_ANNOTATION};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::jitter::jittered;
use crate::kinds::Watched;

/// How often to look while all is well; CRDs change when somebody upgrades or downgrades.
const WELL: Duration = Duration::from_secs(3600);
/// How often to look while not.
const UNWELL: Duration = Duration::from_secs(10);

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
                    "{}. Upgrade them: `helm upgrade --install rackwright-crds …`, or `rackwright crds | kubectl apply \
                     --server-side -f -`",
                    wrong.join("; ")
                )
            }
        }
    }
}

/// Looks again and again until the token ends.
pub(crate) async fn run(client: kube::Client, state: watch::Sender<Crds>, stop: CancellationToken) {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
    ));
    let api: Api<DynamicObject> = Api::all_with(client, &resource);
    loop {
        let found = look(&api).await;
        let changed = *state.borrow() != found;
        if changed {
            match &found {
                Crds::Fit => tracing::info!("the CRDs are there and recent enough"),
                bad => tracing::error!(crds = bad.text(), "not reconciling"),
            }
        }
        let pause = if found == Crds::Fit {
            jittered(WELL)
        } else {
            UNWELL
        };
        state.send_if_modified(|old| std::mem::replace(old, found).ne(old));
        if stop
            .run_until_cancelled(tokio::time::sleep(pause))
            .await
            .is_none()
        {
            return;
        }
    }
}

async fn look(api: &Api<DynamicObject>) -> Crds {
    let mut wrong = BTreeMap::new();
    for kind in Watched::ALL {
        let name = kind.crd();
        match api.get_opt(&name).await {
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
    let established = conditions
        .into_iter()
        .flatten()
        .any(|c| c["type"] == "Established" && c["status"] == "True");
    (!established).then(|| "is not established".to_owned())
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
    }
}
