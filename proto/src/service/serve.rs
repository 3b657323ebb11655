//! Listening and serving gRPC, with health and reflection on.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::{Failure, Stop};
use crate::wire::DESCRIPTORS;

/// The streams that one connection may have open.
const STREAMS_PER_CONNECTION_MAX: u32 = 256;
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

/// Serves `routes` with health and reflection until stopped.
///
/// # Errors
///
/// When the server ends by itself.
pub async fn serve_grpc<S>(listener: TcpListener, service: S, name: &str, stop: Stop) -> Result<(), Failure>
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

    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await
        .map_err(|error| Failure::Internal(format!("the gRPC server ended: {error}")))
}
