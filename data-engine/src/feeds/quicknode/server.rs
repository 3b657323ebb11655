//! Receiving posts over HTTP. An answer of success means: the items are durable.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use goat::service::{Failure, ServerTls, Speaks, Stop};
use goat::settings::Webhook;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::post;
use crate::feeds::board::Board;
use crate::ingest::Ingest;

/// What one server takes on at a time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A larger body, before or after decompression, is answered 413.
    pub body_bytes_max: usize,
    /// More posts at a time are answered 503.
    pub posts_max: usize,
    /// More connections wait to be accepted.
    pub connections_max: usize,
    /// A connection that has not sent a whole head by then is closed.
    pub head_timeout: Duration,
    /// A body that is not whole by then is answered 408.
    pub body_timeout: Duration,
}

impl Limits {
    /// The limits in force, with the body's from the settings.
    #[must_use]
    pub fn new(body_bytes_max: usize) -> Self {
        Self {
            body_bytes_max,
            posts_max: 64,
            connections_max: 256,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
        }
    }
}

/// How long posts under way may take when the server is stopped.
const DRAIN: Duration = Duration::from_secs(5);
/// Before accepting again, when the system had no room for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The paths of the receiver.
pub fn router(limits: Limits, ingest: Ingest, board: Board) -> Router {
    post::router(limits, ingest, board)
}

/// Receives posts until stopped. What the board says of the two feeds is the caller's: posts are taken in every mode.
///
/// # Errors
///
/// None at present: a connection that fails is only itself lost.
pub async fn serve(
    (listener, tls): (TcpListener, Option<ServerTls>),
    settings: &Webhook,
    ingest: Ingest,
    board: Board,
    stop: Stop,
) -> Result<(), Failure> {
    let limits = Limits::new(settings.body_bytes_max);
    serve_within(limits, (listener, tls), router(limits, ingest, board), stop).await
}

async fn serve_within(
    limits: Limits,
    (listener, tls): (TcpListener, Option<ServerTls>),
    router: Router,
    stop: Stop,
) -> Result<(), Failure> {
    let room = Arc::new(Semaphore::new(limits.connections_max));
    let connections = TaskTracker::new();
    while let Some((stream, place)) = next_connection(&listener, &room, &stop).await {
        let (router, tls, stop) = (router.clone(), tls.clone(), stop.clone());
        connections.spawn(async move {
            let Some(tls) = tls else { return serve_connection(limits, stream, place, router, stop).await };
            match tokio::time::timeout(limits.head_timeout, tls.accept(stream, Speaks::Http)).await {
                Ok(Ok(stream)) => serve_connection(limits, stream, place, router, stop).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake with the webhook failed"),
                Err(_) => tracing::debug!("a TLS handshake with the webhook took too long"),
            }
        });
    }
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "posts were under way when the webhook stopped");
    }
    Ok(())
}

async fn next_connection(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    stop: &Stop,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accepted = async {
        let place = Arc::clone(room).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return Some((stream, place)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => None,
        accepted = accepted => accepted,
    }
}

async fn serve_connection(
    limits: Limits,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    place: OwnedSemaphorePermit,
    router: Router,
    stop: Stop,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection to the webhook ended");
    }
    drop(place);
}

#[cfg(test)]
mod tests;
