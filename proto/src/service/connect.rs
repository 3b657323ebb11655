//! Connecting to a service of ours.

use std::net::SocketAddr;
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEPALIVE: Duration = Duration::from_secs(5);

/// h2 closes a connection whose unread small frames exceed half the connection window, so a reader of
/// streams that must survive a pause of its own needs a large one.
const CONNECTION_WINDOW_BYTES: u32 = 64 * 1024 * 1024;
const STREAM_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
const FRAME_BYTES_MAX: u32 = 256 * 1024;

/// A channel to the service at `address`. Connects at the first call and again after every loss.
#[must_use]
pub fn channel(address: SocketAddr) -> Channel {
    endpoint(address).connect_lazy()
}

/// A channel for one long stream, with windows that let the server run ahead.
#[must_use]
pub fn subscriber_channel(address: SocketAddr) -> Channel {
    endpoint(address)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .connect_lazy()
}

fn endpoint(address: SocketAddr) -> Endpoint {
    let uri = axum::http::Uri::builder()
        .scheme("http")
        .authority(address.to_string())
        .path_and_query("/")
        .build()
        // A socket address is always an authority.
        .unwrap_or_default();
    Endpoint::from(uri)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .keep_alive_while_idle(true)
}
