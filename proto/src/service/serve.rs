//! Listening and serving gRPC, with health and reflection on.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;

use super::admission::Admission;
use super::tls::Speaks;
use super::{Entrance, Failure, Stop};
use crate::wire::DESCRIPTORS;

/// Calls that a client opened and took back, and that were not answered yet; more end the connection.
const TAKEN_BACK_MAX: usize = 64;
const KEEPALIVE: Duration = Duration::from_secs(20);

/// Takes a port before any other work is done.
///
/// # Errors
///
/// When it is in use or not ours to take; the sentence names the setting.
pub async fn bind(setting: &'static str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::Unavailable(format!("cannot listen on {address} ({setting}): {error}")))
}

/// Serves `service` with health and reflection until stopped. Everything but health needs a token, where
/// there are tokens.
///
/// # Errors
///
/// When the server ends by itself.
pub async fn serve_grpc<S>(
    listener: TcpListener,
    entrance: &Entrance,
    service: S,
    name: &'static str,
    stop: Stop,
) -> Result<(), Failure>
where
    S: tonic::codegen::Service<
            axum::http::Request<tonic::body::Body>,
            Response = axum::http::Response<tonic::body::Body>,
            Error = std::convert::Infallible,
        > + tonic::server::NamedService
        + Clone
        + Send
        + std::marker::Sync
        + 'static,
    S::Future: Send + 'static,
{
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(name, tonic_health::ServingStatus::Serving).await;
    health.set_serving::<S>().await;
    let reflection = |error| Failure::Internal(format!("reflection: {error}"));
    let routes = Routes::new(service)
        .add_service(health_service)
        .add_service(
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .build_v1()
                .map_err(reflection)?,
        )
        .add_service(
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .build_v1alpha()
                .map_err(reflection)?,
        );

    let connections = entrance.open(listener, name, Speaks::Grpc, stop.clone());
    Server::builder()
        .max_concurrent_streams(entrance.limits.calls_per_connection_max)
        .http2_max_header_list_size(entrance.limits.header_bytes_max)
        .http2_max_pending_accept_reset_streams(Some(TAKEN_BACK_MAX))
        .http2_keepalive_interval(Some(KEEPALIVE))
        .layer(Admission::new(entrance)?)
        .add_routes(routes)
        .serve_with_incoming_shutdown(connections, stop.cancelled_owned())
        .await
        .map_err(|error| Failure::Internal(format!("the gRPC server ended: {error}")))
}
