//! HTTP/1.1: how a connection is served, and how it ends.
//!
//! HTTP/1.1 only. A server that listens for both versions first reads until it knows which one is spoken,
//! and that reading has no timeout.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::tls::Speaks;
use super::{Connection, Entrance, Stop};
use crate::settings::Limits;

/// How long requests that have begun may take to end once stopped; less than the whole service may take.
const DRAIN: Duration = Duration::from_secs(8);

/// Serves `router` until stopped; then finishes the requests that have begun, and cuts those that do not end.
/// Each request has its [`super::Visitor`] as an extension.
pub async fn serve_http(
    listener: TcpListener,
    entrance: &Entrance,
    server: &'static str,
    router: Router,
    stop: Stop,
) {
    let mut connections = entrance.open(listener, server, Speaks::Http, stop.clone());
    let refusing = Router::new().fallback(refuse_over_limit);
    let conversations = TaskTracker::new();
    while let Some(connection) = connections.next().await {
        let router = if connection.visitor().over_limit { &refusing } else { &router };
        conversations.spawn(converse(connection, entrance.limits.clone(), router.clone(), stop.clone()));
    }
    conversations.close();
    if tokio::time::timeout(DRAIN, conversations.wait()).await.is_err() {
        tracing::warn!(server, connections = conversations.len(), "connections that did not end are cut");
    }
}

/// On a connection for which there was no room, every request is told so.
async fn refuse_over_limit() -> Response {
    let code: i32 = tonic::Code::ResourceExhausted.into();
    let body = serde_json::json!({"code": code, "message": "too many connections are open; try again later", "details": []});
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], Json(body)).into_response()
}

async fn converse(connection: Connection, limits: Limits, router: Router, stop: Stop) {
    let visitor = connection.visitor();
    let router = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(visitor);
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout())
        .max_buf_size(limits.header_bytes_max as usize)
        .keep_alive(!visitor.over_limit)
        .serve_connection(TokioIo::new(connection), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
