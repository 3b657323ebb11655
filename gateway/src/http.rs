//! Connections: how many, for how long, and how they end.
//!
//! HTTP/1.1 only. A server that listens for both versions first reads until it knows which one is spoken,
//! and that reading has no timeout; without TLS no browser speaks HTTP/2 anyway.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use goat::service::{Failure, Stop};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics::gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use crate::measure::OPEN_CONNECTIONS;

/// More wait in the listener's queue until one ends.
const CONNECTIONS_MAX: usize = 1024;
/// A request whose head has not come by then is not waited for; nor is the next one on an idle connection.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How long requests that have begun may take to end once stopped; less than the whole service may take.
const DRAIN: Duration = Duration::from_secs(8);
/// After a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until stopped; then finishes the requests that have begun, and cuts those that do not end.
///
/// # Errors
///
/// None at present: a failed accept is logged and tried again.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: Stop) -> Result<(), Failure> {
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let conversations = TaskTracker::new();
    while let Some((stream, permit)) = next_connection(&listener, &free, &stop).await {
        conversations.spawn(converse(stream, router.clone(), stop.clone(), permit));
    }
    drop(listener);
    conversations.close();
    if tokio::time::timeout(DRAIN, conversations.wait()).await.is_err() {
        tracing::warn!(connections = conversations.len(), "connections that did not end are cut");
    }
    Ok(())
}

/// The next connection with its place among those allowed; none once stopped.
async fn next_connection(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
    stop: &Stop,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accepted = async {
        let permit = Arc::clone(free).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return Some((stream, permit)),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        accepted = accepted => accepted,
        () = stop.cancelled() => None,
    }
}

async fn converse(stream: TcpStream, router: Router, stop: Stop, permit: OwnedSemaphorePermit) {
    gauge!(OPEN_CONNECTIONS).increment(1);
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps Nagle's delay");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
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
    gauge!(OPEN_CONNECTIONS).decrement(1);
    drop(permit);
}
