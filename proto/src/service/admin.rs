//! Metrics and health over HTTP, beside each service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use super::measure::{Metric, collect};
use super::{Entrance, Failure, Stop, Visitor, serve_http};
use crate::access::CHALLENGE;
use crate::error::http_status;

/// Whether the service does what it is there for. Starts as not ready.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// From now on `/readyz` answers 200, or 503.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }

    /// What `/readyz` answers.
    #[must_use]
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Between two times at which collected numbers are summed up, also when nobody asks for them.
const SUM_UP_EVERY: Duration = Duration::from_secs(5);

/// Serves `/metrics`, with everything in `table`, `/healthz` and `/readyz` until stopped. Metrics need a token, where
/// there are tokens.
///
/// # Errors
///
/// When metrics cannot be collected.
pub async fn serve_admin(
    listener: TcpListener,
    table: &'static [Metric],
    entrance: &Entrance,
    readiness: Readiness,
    stop: Stop,
) -> Result<(), Failure> {
    let metrics = collect(table).map_err(|error| Failure::Internal(format!("metrics: {error}")))?;
    tokio::spawn(sum_up(metrics.clone(), stop.clone()));
    let ready = move || async move {
        if readiness.get() {
            (StatusCode::OK, "ready\n")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    };
    let guarded = entrance.clone();
    let measured = move |request: Request| async move {
        refusal(&guarded, &request).unwrap_or_else(|| metrics.render().into_response())
    };
    let router = Router::new()
        .route("/metrics", get(measured))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready));
    serve_http(listener, entrance, "admin", router, stop).await;
    Ok(())
}

/// What is answered to who may not read the metrics.
fn refusal(entrance: &Entrance, request: &Request) -> Option<Response> {
    let refusal = entrance.guard.authenticate(request.headers(), Visitor::address_of(request)).err()?;
    let status = StatusCode::from_u16(http_status(refusal.code())).unwrap_or(StatusCode::UNAUTHORIZED);
    let message = format!("{}\n", refusal.message());
    Some((status, [(WWW_AUTHENTICATE, CHALLENGE)], message).into_response())
}

/// Otherwise what is measured would pile up until somebody asks.
async fn sum_up(metrics: PrometheusHandle, stop: Stop) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(SUM_UP_EVERY) => metrics.run_upkeep(),
        }
    }
}
