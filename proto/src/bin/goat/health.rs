//! `goat health`: whether a service answers, for whoever starts and watches it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use goat::service::Reach;
use goat::settings::Settings;
use goat::tonic::Request;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const ANSWER_WITHIN: Duration = Duration::from_secs(3);
const BETWEEN: Duration = Duration::from_millis(200);

/// Asks until the service says that it serves, for `wait` at most, and at least once. No token is needed.
///
/// # Errors
///
/// When it does not, or there is no such service.
pub(crate) async fn health(settings: &Settings, service: &str, wait: Duration) -> Result<String, String> {
    let address = address(settings, service)?;
    let channel = Reach::of(settings).map_err(|error| error.to_string())?.channel(address);
    let (mut client, began) = (HealthClient::new(channel), Instant::now());
    loop {
        let mut request = Request::new(HealthCheckRequest { service: service.to_owned() });
        request.set_timeout(ANSWER_WITHIN);
        let trouble = match client.check(request).await {
            Ok(answer) if answer.get_ref().status == ServingStatus::Serving as i32 => {
                return Ok(format!("{service} serves at {address}"));
            }
            Ok(_) => "it does not serve".to_owned(),
            Err(status) => format!("{:?}: {}", status.code(), status.message()),
        };
        if began.elapsed() >= wait {
            return Err(format!("{service} at {address}: {trouble}"));
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

fn address(settings: &Settings, service: &str) -> Result<SocketAddr, String> {
    match service {
        "data-engine" => Ok(settings.data_engine.listen),
        "trading-engine" => Ok(settings.trading_engine.listen),
        "gateway" => Ok(settings.gateway.grpc_listen),
        other => Err(format!("there is no service {other:?}; there are {}", crate::NAMES.join(", "))),
    }
}
