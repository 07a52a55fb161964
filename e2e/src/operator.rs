//! The operator as a process of its own, outside of the cluster, with exactly the rights of its chart.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::cluster::{Cluster, NAMESPACE, kubectl};

/// The operator's user, as the audit log names it.
pub const USER: &str = "system:serviceaccount:rackwright-system:rackwright";
const SERVICE_ACCOUNT: &str = "rackwright";

/// A running operator. Dropping it kills it (SIGKILL).
pub struct Operator {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Operator {
    /// Starts an operator with the chart's ServiceAccount.
    pub async fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let kubeconfig = service_account_config(folder.path()).await?;
        let port = free_port()?;
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log_path()?)?;
        let child = Command::new(crate::program("rackwright-operator")?)
            .env("KUBECONFIG", kubeconfig)
            .args([
                "--lease-namespace",
                NAMESPACE,
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--debounce",
                "100ms",
            ])
            .args(arguments)
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()
            .context("starting the operator")?;
        Ok(Self {
            child,
            port,
            _folder: folder,
        })
    }

    /// Its process.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// SIGKILL.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// SIGTERM, and waits for a clean end.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("the operator has ended already")?;
        ensure!(
            Command::new("kill").arg(id.to_string()).status().await?.success(),
            "sending SIGTERM"
        );
        let status = self.child.wait().await?;
        ensure!(status.success(), "the operator ended with {status}");
        Ok(())
    }

    /// What an HTTP path answers: status code and text.
    pub async fn http(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream
            .write_all(
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes(),
            )
            .await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let code = answer
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .context("no HTTP status")?;
        Ok((
            code,
            answer
                .split_once("\r\n\r\n")
                .map(|(_, body)| body.to_owned())
                .unwrap_or_default(),
        ))
    }

    /// Waits until `/readyz` says so.
    pub async fn ready(&self, cluster: &Cluster) -> anyhow::Result<()> {
        cluster
            .until("the operator is ready", async || {
                Ok(self.http("/readyz").await.is_ok_and(|(code, _)| code == 200))
            })
            .await
    }
}

fn log_path() -> anyhow::Result<PathBuf> {
    let folder = crate::root().join("target/e2e");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join("operator.log"))
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A kubeconfig like the administrator's, but with a token of the operator's ServiceAccount.
async fn service_account_config(folder: &Path) -> anyhow::Result<PathBuf> {
    let token = kubectl(
        &[
            "create",
            "token",
            SERVICE_ACCOUNT,
            "--namespace",
            NAMESPACE,
            "--duration=1h",
        ],
        "",
    )
    .await?;
    let token = String::from_utf8(token.stdout)?.trim().to_owned();
    let config = kubectl(
        &["config", "view", "--raw", "--flatten", "--minify", "-o", "json"],
        "",
    )
    .await?;
    let mut config: serde_json::Value = serde_json::from_slice(&config.stdout)?;
    config["users"][0]["user"] = serde_json::json!({ "token": token });
    let path = folder.join("kubeconfig");
    std::fs::write(&path, serde_json::to_vec(&config)?)?;
    Ok(path)
}
