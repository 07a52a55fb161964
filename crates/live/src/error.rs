//! Why a cluster cannot be read.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use kube::config::KubeconfigError;

use crate::resource::Resource;

/// What stops the reading of a cluster. Nothing is known of what the cluster holds then.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// No file says where the cluster is.
    #[error("no kubeconfig: {} not there, and this is no pod of a cluster; name a file with --kubeconfig", are(.0))]
    NoKubeconfig(Vec<PathBuf>),
    /// A file cannot be read.
    #[error("{}: not a kubeconfig: {error}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        error: KubeconfigError,
    },
    /// Files that contradict one another, or a context that leads nowhere.
    #[error("the kubeconfig is at fault: {0}")]
    Context(KubeconfigError),
    /// There is no such context.
    #[error("no context `{name}` in the kubeconfig; {}", known(contexts))]
    NoContext {
        /// What was asked for.
        name: String,
        /// Those that there are.
        contexts: Vec<String>,
    },
    /// No context is the current one.
    #[error("the kubeconfig has no current context: write `live:CONTEXT`; {}", known(.0))]
    NoCurrentContext(Vec<String>),
    /// The program itself cannot start to ask.
    #[error("cannot begin to ask: {0}")]
    Start(std::io::Error),
    /// Credentials or TLS cannot be set up.
    #[error("{server}: no connection can be made with these credentials: {why}")]
    Credentials {
        /// Its address.
        server: String,
        /// Why.
        why: String,
    },
    /// Nobody answers.
    #[error(
        "{server}: cannot be reached: {why}; is the cluster up, and the context the right one (`kubectl config current-context`)?"
    )]
    Unreachable {
        /// Its address.
        server: String,
        /// Why.
        why: String,
    },
    /// It was silent for too long.
    #[error("{server}: says nothing for {} s, and was asked for {resource}; is it overloaded?", .after.as_secs_f32())]
    Silent {
        /// Its address.
        server: String,
        /// What was asked for.
        resource: Resource,
        /// How long it was waited for.
        after: Duration,
    },
    /// It does not know who asks.
    #[error(
        "{server}: does not accept these credentials (401); log in again, or see whether `kubectl auth whoami` works"
    )]
    Unauthorized {
        /// Its address.
        server: String,
    },
    /// Who asks may not read it.
    #[error("{server}: may not list {resource} (403): {message}; {}", allow(*.resource))]
    Forbidden {
        /// Its address.
        server: String,
        /// What was asked for.
        resource: Resource,
        /// What it says.
        message: String,
    },
    /// It does not have such objects.
    #[error("{server}: does not know {resource} (404): {}", install(*.resource))]
    Absent {
        /// Its address.
        server: String,
        /// What was asked for.
        resource: Resource,
    },
    /// It refuses for another reason.
    #[error("{server}: refuses to list {resource} ({code}): {message}")]
    Refused {
        /// Its address.
        server: String,
        /// What was asked for.
        resource: Resource,
        /// The HTTP status.
        code: u16,
        /// What it says.
        message: String,
    },
    /// What it answers is no list.
    #[error("{server}: what it answers is no list of {resource}: {why}; is that the API server?")]
    Garbage {
        /// Its address.
        server: String,
        /// What was asked for.
        resource: Resource,
        /// Why.
        why: String,
    },
}

impl LiveError {
    /// Whether the way to the cluster was not given rightly; otherwise the cluster is at fault, or what lies between.
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::NoKubeconfig(_)
            | Self::Kubeconfig { .. }
            | Self::Context(_)
            | Self::NoContext { .. }
            | Self::NoCurrentContext(_) => true,
            Self::Start(_)
            | Self::Credentials { .. }
            | Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::Absent { .. }
            | Self::Refused { .. }
            | Self::Garbage { .. } => false,
        }
    }
}

fn are(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    match paths.len() {
        0 => "$KUBECONFIG and $HOME are".to_owned(),
        1 => format!("{} is", paths[0]),
        _ => format!("{} are", paths.join(", ")),
    }
}

fn known(contexts: &[String]) -> String {
    if contexts.is_empty() {
        return "it has none".to_owned();
    }
    format!("it has {}", contexts.join(", "))
}

/// How an administrator allows it: by the role of our chart, or by one for the purpose.
fn allow(resource: Resource) -> &'static str {
    match resource {
        Resource::Node => {
            "who runs the cluster allows it with `kubectl create clusterrole read-nodes --verb=list --resource=nodes` and \
             `kubectl create clusterrolebinding NAME --clusterrole=read-nodes --user=USER`"
        }
        _ => {
            "who runs the cluster allows it with `kubectl create clusterrolebinding NAME --clusterrole=rackwright-read \
             --user=USER`"
        }
    }
}

fn install(resource: Resource) -> &'static str {
    match resource {
        Resource::Node => "is that a Kubernetes API server?",
        _ => "`rackwright crds | kubectl apply --server-side -f -` installs the definitions",
    }
}

/// An error with what is behind it, each said once: the outer ones mostly say only that something failed.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut at = Some(error);
    while let Some(error) = at {
        let text = error.to_string();
        // Some print what is behind them too.
        said.retain(|outer| !outer.contains(&text));
        said.push(text);
        at = error.source();
    }
    said.join(": ")
}
