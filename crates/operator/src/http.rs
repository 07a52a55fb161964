//! `/healthz`, `/readyz` and `/metrics`.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::crd_check::Crds;
use crate::kinds::Watched;
use crate::lease::Claim;
use crate::metrics::Metrics;
use crate::store::Store;

/// What the answers are made of.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    pub store: Arc<Store>,
    pub metrics: Arc<Metrics>,
    pub claim: watch::Receiver<Claim>,
    pub crds: watch::Receiver<Crds>,
}

impl Health {
    /// Whether this process could act, and its state line by line. A standby is ready too.
    fn ready(&self) -> (bool, String) {
        let crds = self.crds.borrow().clone();
        let missing = self.store.missing();
        let stores = Watched::ALL.map(|kind| {
            let state = if missing.contains(&kind) {
                "waiting for the first list"
            } else {
                "ok"
            };
            format!("store {}: {state}\n", kind.as_str())
        });
        let leads = if self.claim.borrow().holds() {
            "yes"
        } else {
            "no, standing by"
        };
        let text = format!("crds: {}\n{}leader: {leads}\n", crds.text(), stores.concat());
        (crds == Crds::Fit && missing.is_empty(), text)
    }
}

/// Serves until the token ends.
pub(crate) async fn serve(
    listener: TcpListener,
    health: Health,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health);
    axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

async fn readyz(State(health): State<Health>) -> Response {
    let (ready, text) = health.ready();
    let code = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, text).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    health.metrics.leader(health.claim.borrow().holds());
    match health.metrics.text() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
