//! Receiving posts over HTTP. An answer of success means: the items are durable.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use goat::service::{Failure, ServerTls, Speaks, Stop};
use goat::settings::{Settings, Webhook};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::guard::Guard;
use super::post;
use crate::feeds::board::Board;
use crate::ingest::Ingest;

/// More whole posts at a time are answered 503.
const POSTS_MAX: usize = 64;

/// What one server takes on at a time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A larger body, before or after decompression, is answered 413.
    pub body_bytes_max: usize,
    /// More whole posts at a time are answered 503, and so are more bytes than those can have.
    pub posts_max: usize,
    /// More connections wait to be accepted.
    pub connections_max: usize,
    /// More posts a second, for longer than a burst, are answered 429.
    pub posts_per_second_max: NonZeroU32,
    /// So many posts may come at once.
    pub burst_posts_max: NonZeroU32,
    /// A connection that has not sent a whole head by then is closed.
    pub head_timeout: Duration,
    /// A body that is not whole by then is answered 408.
    pub body_timeout: Duration,
}

impl Limits {
    /// The limits that the settings name.
    #[must_use]
    pub fn of(settings: &Webhook) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            body_bytes_max: settings.body_bytes_max,
            posts_max: POSTS_MAX,
            connections_max: settings.connections_max,
            posts_per_second_max: at_least_one(settings.posts_per_second_max),
            burst_posts_max: at_least_one(settings.burst_posts_max),
            head_timeout: Duration::from_millis(settings.head_timeout_ms),
            body_timeout: Duration::from_millis(settings.body_timeout_ms),
        }
    }
}

/// How long posts under way may take when the server is stopped.
const DRAIN: Duration = Duration::from_secs(5);
/// Before accepting again, when the system had no room for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The paths of the receiver. With a guard, only what passes it is recorded.
pub fn router(limits: Limits, guard: Option<Guard>, ingest: Ingest, board: Board) -> Router {
    post::router(limits, guard, ingest, board)
}

/// Receives posts until stopped. What the board says of the two feeds is the caller's: posts are taken in every mode.
///
/// # Errors
///
/// When the used nonces cannot be read, or can no longer be trusted to have been written. A connection that fails is
/// only itself lost.
pub async fn serve(
    entrance: (TcpListener, Option<ServerTls>),
    settings: &Settings,
    ingest: Ingest,
    board: Board,
    stop: Stop,
) -> Result<(), Failure> {
    let limits = Limits::of(&settings.feeds.webhook);
    let Some((guard, nonces)) = Guard::open(settings)? else {
        tracing::info!("posts need no signature: feeds.webhook.tokens is empty");
        return serve_within(limits, entrance, router(limits, None, ingest, board), stop).await;
    };
    let writing = tokio::task::spawn_blocking(move || nonces.run());
    let serving = serve_within(limits, entrance, router(limits, Some(guard), ingest, board), stop);
    tokio::select! {
        served = serving => served,
        ended = writing => match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::Io(format!("the used nonces: {error}"))),
            Err(error) => Err(Failure::Internal(format!("the writer of nonces ended: {error}"))),
        },
    }
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
        let connection = begin(limits, tls.clone(), stream, place, router.clone(), stop.clone());
        connections.spawn(connection);
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

/// Serves one connection, after its handshake where there is TLS.
async fn begin(
    limits: Limits,
    tls: Option<ServerTls>,
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    router: Router,
    stop: Stop,
) {
    let Some(tls) = tls else { return serve_connection(limits, stream, place, router, stop).await };
    let handshake = tokio::time::timeout(limits.head_timeout, tls.accept(stream, Speaks::Http));
    match stop.run_until_cancelled(handshake).await {
        Some(Ok(Ok(stream))) => serve_connection(limits, stream, place, router, stop).await,
        Some(Ok(Err(error))) => tracing::debug!(%error, "a TLS handshake with the webhook failed"),
        Some(Err(_)) => tracing::debug!("a TLS handshake with the webhook took too long"),
        None => {}
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
