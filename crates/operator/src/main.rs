//! The operator's process.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use clap::Parser as _;
use rackwright_operator::Options;
use rackwright_operator::options::LogFormat;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let filter = EnvFilter::try_from_env("RACKWRIGHT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal() && !no_colour)
        .with_writer(std::io::stderr);
    match options.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    let mut config = kube::Config::infer().await.context("finding the API server")?;
    // The writer repeats by itself, and must know when the API server is overloaded.
    config.default_retry = false;
    let client = kube::Client::try_from(config).context("connecting to the API server")?;
    let shutdown = CancellationToken::new();
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    let [terminate, interrupt] = signals.map(|signal| signal.context("listening for signals"));
    tokio::spawn(stop_on_signal(terminate?, interrupt?, shutdown.clone()));
    rackwright_operator::run(client, options, shutdown).await
}

/// The first signal asks for a graceful stop, the second ends the process at once.
async fn stop_on_signal(mut terminate: Signal, mut interrupt: Signal, shutdown: CancellationToken) {
    for _ in 0..2 {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if shutdown.is_cancelled() {
            #[expect(clippy::exit, reason = "the second signal means: at once")]
            std::process::exit(130);
        }
        shutdown.cancel();
    }
}
