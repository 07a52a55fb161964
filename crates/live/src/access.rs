//! Where the cluster is and who asks, as kubectl finds it.

use std::env;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use crate::error::LiveError;

/// Which cluster, and how long it may take.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The kubeconfig; without it the files of `$KUBECONFIG`, or `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// The context; without it the current one, and in a pod without a kubeconfig the pod's own cluster.
    pub context: Option<String>,
    /// How long a server may be silent.
    pub patience: Patience,
}

/// How long a server may be silent before it counts as dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until there is a connection.
    pub connect: Duration,
    /// Between two pieces of an answer, the first one included.
    pub silence: Duration,
}

impl Default for Patience {
    /// A far cluster has a connection in a fraction of a second, and begins to answer once it has encoded the first
    /// objects; a busy one may let a list wait for as long as its queues hold (15 s by default).
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(20),
        }
    }
}

/// Whether the environment's proxy is for this server: not for this machine, and not for what `$NO_PROXY` names.
fn is_proxied(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    !here && Matcher::from_env().intercept(server).is_some()
}

impl Access {
    /// The configuration of a client.
    pub(crate) async fn config(&self) -> Result<Config, LiveError> {
        let mut config = match self.files()? {
            Some(files) => self.of_files(files).await?,
            None => match Config::incluster() {
                Ok(config) if self.context.is_none() => config,
                _ => return Err(LiveError::NoKubeconfig(self.looked_at())),
            },
        };
        config.connect_timeout = Some(self.patience.connect);
        config.read_timeout = Some(self.patience.silence);
        config.reset_reader_on_write = true;
        // The one of kube goes on for minutes; see `Cluster::connect`.
        config.default_retry = false;
        Ok(config)
    }

    async fn of_files(&self, files: Kubeconfig) -> Result<Config, LiveError> {
        let mut contexts: Vec<String> = files.contexts.iter().map(|known| known.name.clone()).collect();
        contexts.sort();
        let options = KubeConfigOptions {
            context: self.context.clone(),
            ..KubeConfigOptions::default()
        };
        let proxy = self.proxy_of(&files);
        let config = Config::from_custom_kubeconfig(files, &options).await;
        let mut config = config.map_err(|error| match error {
            KubeconfigError::LoadContext(name) => LiveError::NoContext { name, contexts },
            KubeconfigError::CurrentContextNotSet => LiveError::NoCurrentContext(contexts),
            other => LiveError::Context(other),
        })?;
        // kube takes $HTTPS_PROXY for every server.
        if !proxy && !is_proxied(&config.cluster_url) {
            config.proxy_url = None;
        }
        Ok(config)
    }

    /// Whether the kubeconfig itself names a proxy for the cluster.
    fn proxy_of(&self, files: &Kubeconfig) -> bool {
        let name = self.context.as_ref().or(files.current_context.as_ref());
        let context = files.contexts.iter().find(|known| Some(&known.name) == name);
        let context = context.and_then(|known| known.context.as_ref());
        let cluster = files
            .clusters
            .iter()
            .find(|known| context.is_some_and(|context| context.cluster == known.name));
        let cluster = cluster.and_then(|known| known.cluster.as_ref());
        cluster.is_some_and(|cluster| cluster.proxy_url.as_ref().is_some_and(|url| !url.is_empty()))
    }

    /// What the files say together, of two the first one; none where there is no file. A file of `$KUBECONFIG` may be
    /// missing, one that was named may not.
    fn files(&self) -> Result<Option<Kubeconfig>, LiveError> {
        let mut merged: Option<Kubeconfig> = None;
        for path in self.looked_at() {
            if self.kubeconfig.is_none() && !path.exists() {
                continue;
            }
            let read = match Kubeconfig::read_from(&path) {
                Ok(read) => read,
                Err(error) => return Err(LiveError::Kubeconfig { path, error }),
            };
            merged = Some(match merged {
                None => read,
                Some(before) => before.merge(read).map_err(LiveError::Context)?,
            });
        }
        Ok(merged)
    }

    /// The files that are asked.
    fn looked_at(&self) -> Vec<PathBuf> {
        if let Some(path) = &self.kubeconfig {
            return vec![path.clone()];
        }
        let listed = env::var_os("KUBECONFIG").unwrap_or_default();
        let listed: Vec<PathBuf> = env::split_paths(&listed)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        if !listed.is_empty() {
            return listed;
        }
        let home = env::home_dir().map(|home| home.join(".kube").join("config"));
        home.into_iter().collect()
    }
}
