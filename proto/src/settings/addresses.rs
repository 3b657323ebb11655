//! Where the services listen, and what an address that others can reach needs.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use axum::http::Uri;
use axum::http::uri::Authority;
use serde::{Deserialize, Serialize};

use super::{Settings, SettingsError};

/// The data-engine's addresses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataEngine {
    /// gRPC.
    pub listen: SocketAddr,
    /// Metrics and health over HTTP.
    pub metrics_listen: SocketAddr,
}

impl Default for DataEngine {
    fn default() -> Self {
        Self { listen: loopback(5050), metrics_listen: loopback(9050) }
    }
}

/// The trading-engine's addresses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TradingEngine {
    /// gRPC.
    pub listen: SocketAddr,
    /// Metrics and health over HTTP.
    pub metrics_listen: SocketAddr,
    /// How far back a cold start fetches events, in hours of event time. A replay is always read whole.
    pub cold_hours: u32,
}

impl Default for TradingEngine {
    fn default() -> Self {
        Self { listen: loopback(5052), metrics_listen: loopback(9052), cold_hours: 2 }
    }
}

const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(2000).unwrap();
const REQUESTS_PER_SECOND_MAX: u32 = 1_000_000;

/// The gateway's addresses, from where browsers may ask it, and how often.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gateway {
    /// The website, REST and server-sent events.
    pub listen: SocketAddr,
    /// gRPC: posts and alerts.
    pub grpc_listen: SocketAddr,
    /// Metrics and health over HTTP.
    pub metrics_listen: SocketAddr,
    /// The names that it is asked by beside those of loopback, without scheme and port. Where there are no tokens, or
    /// when this names any, a request for another host is answered 421.
    pub hosts: Vec<String>,
    /// The origins of other websites that may ask, such as `https://charts.example`; without tokens they may do
    /// everything.
    pub cors_origins: Vec<String>,
    /// Requests of one address; more within a second are answered 429, with the time to wait. A stream is one request.
    /// All that comes through a proxy comes from its address.
    pub requests_per_second_max: NonZeroU32,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            listen: loopback(8000),
            grpc_listen: loopback(5054),
            metrics_listen: loopback(9000),
            hosts: Vec::new(),
            cors_origins: Vec::new(),
            requests_per_second_max: REQUESTS_PER_SECOND,
        }
    }
}

impl Gateway {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        if let Some(host) = self.hosts.iter().find(|host| !is_host(host)) {
            let problem = format!("holds {host:?}; it takes host names without scheme and port");
            return Err(SettingsError::Refused { key: "gateway.hosts", problem });
        }
        if let Some(origin) = self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            let problem = format!(
                "holds {origin:?}; it takes origins as browsers write them, such as https://charts.example or http://localhost:3000"
            );
            return Err(SettingsError::Refused { key: "gateway.cors_origins", problem });
        }
        let rate = self.requests_per_second_max;
        if rate.get() > REQUESTS_PER_SECOND_MAX {
            let problem = format!("is {rate}; it must be from 1 to {REQUESTS_PER_SECOND_MAX}");
            return Err(SettingsError::Refused { key: "gateway.requests_per_second_max", problem });
        }
        Ok(())
    }
}

fn is_host(text: &str) -> bool {
    Authority::try_from(text).is_ok_and(|authority| authority.host() == text && !text.contains('*'))
}

/// Scheme, host and port, in lower case, without a slash at the end and without the scheme's own port.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = Uri::try_from(text) else { return false };
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let own_port = if scheme == "http" { 80 } else { 443 };
    !text.contains(['*', '@'])
        && authority.port_u16() != Some(own_port)
        && text == format!("{scheme}://{authority}").to_ascii_lowercase()
}

impl TradingEngine {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let cold_hours = self.cold_hours;
        if !(1..=168).contains(&cold_hours) {
            let problem = format!("is {cold_hours}; it must be from 1 to 168");
            return Err(SettingsError::Refused { key: "trading_engine.cold_hours", problem });
        }
        Ok(())
    }
}

/// Refuses what others can reach unless it is encrypted and knows who asks: calls by their tokens, posts by their
/// signatures.
pub(super) fn refuse_open(settings: &Settings) -> Result<(), SettingsError> {
    let is_encrypted = settings.tls.files().is_some();
    let webhook = &settings.feeds.webhook;
    if webhook.enabled {
        let way_to_encrypt =
            "tls.certificate and tls.key (or feeds.webhook.behind_proxy = true where a proxy encrypts)";
        let needs = Needs {
            encryption: (is_encrypted || webhook.behind_proxy, way_to_encrypt),
            token: (!webhook.tokens.is_empty(), "a token in feeds.webhook.tokens"),
        };
        needs.or_loopback("feeds.webhook.listen", webhook.listen)?;
    }
    let addresses = [
        ("data_engine.listen", settings.data_engine.listen),
        ("data_engine.metrics_listen", settings.data_engine.metrics_listen),
        ("trading_engine.listen", settings.trading_engine.listen),
        ("trading_engine.metrics_listen", settings.trading_engine.metrics_listen),
        ("gateway.listen", settings.gateway.listen),
        ("gateway.grpc_listen", settings.gateway.grpc_listen),
        ("gateway.metrics_listen", settings.gateway.metrics_listen),
    ];
    let needs = Needs {
        encryption: (is_encrypted, "tls.certificate and tls.key"),
        token: (!settings.access.tokens.is_empty(), "a token in access.tokens"),
    };
    addresses.into_iter().try_for_each(|(key, address)| needs.or_loopback(key, address))
}

/// What an address that others can reach needs: whether it has it, and how it gets it.
struct Needs {
    encryption: (bool, &'static str),
    token: (bool, &'static str),
}

impl Needs {
    fn or_loopback(&self, key: &'static str, address: SocketAddr) -> Result<(), SettingsError> {
        if address.ip().is_loopback() {
            return Ok(());
        }
        let missing: Vec<&str> = [self.encryption, self.token]
            .into_iter()
            .filter_map(|(is_there, what)| (!is_there).then_some(what))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let problem = format!("is {address}, which others can reach; it needs {}", missing.join(" and "));
        Err(SettingsError::Refused { key, problem })
    }
}

/// An address of this machine that only it can reach.
pub(super) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(hosts: &[&str], cors_origins: &[&str]) -> String {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let gateway =
            Gateway { hosts: texts(hosts), cors_origins: texts(cors_origins), ..Gateway::default() };
        gateway.validate().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_rate_that_cannot_be_counted_is_refused_by_its_key() {
        let gateway =
            Gateway { requests_per_second_max: NonZeroU32::new(1_000_001).unwrap(), ..Gateway::default() };

        assert_eq!(
            gateway.validate().unwrap_err().to_string(),
            "gateway.requests_per_second_max is 1000001; it must be from 1 to 1000000"
        );
    }

    #[test]
    fn hosts_and_origins_are_taken_as_browsers_write_them() {
        assert_eq!(
            refusal(&["goat.example", "[::1]", "192.0.2.1"], &["https://a.example", "http://b:3000"]),
            ""
        );
        for host in ["https://goat.example", "goat.example:8000", "*", "me@goat.example", "", "a b"] {
            let refused = refusal(&[host], &[]);
            assert!(refused.starts_with(&format!("gateway.hosts holds {host:?}; ")), "{host}: {refused}");
        }
        let origins =
            ["*", "a.example", "https://a.example/", "ftp://a", "https://A.example", "https://a:443", "null"];
        for origin in origins {
            let refused = refusal(&[], &[origin]);
            assert!(
                refused.starts_with(&format!("gateway.cors_origins holds {origin:?}; ")),
                "{origin}: {refused}"
            );
        }
    }
}
