//! How much at once, how large, how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Scope, SettingsError};

/// How much at once, how large, how long. What exceeds is refused with a status that says so.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Open connections of one server; on one more, requests are answered `RESOURCE_EXHAUSTED` or 503.
    pub connections_max: u32,
    /// Calls under way on one gRPC connection; more wait.
    pub calls_per_connection_max: u32,
    /// Streams that one engine sends; one more is answered `RESOURCE_EXHAUSTED`.
    pub subscriptions_max: u32,
    /// Streams that the gateway sends; one more is answered 429.
    pub gateway_streams_max: u32,
    /// The longest gRPC request, and the longest body of a REST request that changes something.
    pub request_bytes_max: u32,
    /// The longest gRPC answer.
    pub response_bytes_max: u32,
    /// The longest body of a REST request that only looks. A longer one is answered 413.
    pub body_bytes_max: u32,
    /// All headers of a request together; more are answered 431 over HTTP.
    pub header_bytes_max: u32,
    /// A connection that has not sent the head of its request by then is closed.
    pub header_timeout_ms: u32,
    /// A call whose answer has not begun by then is answered `DEADLINE_EXCEEDED`.
    pub call_timeout_ms: u32,
    /// Failed authentications of one address; more within a second are answered 429.
    pub authentication_failures_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            calls_per_connection_max: 256,
            subscriptions_max: 512,
            gateway_streams_max: 2048,
            request_bytes_max: 4 * 1024 * 1024,
            response_bytes_max: 16 * 1024 * 1024,
            body_bytes_max: 64 * 1024,
            header_bytes_max: 16 * 1024,
            header_timeout_ms: 5000,
            call_timeout_ms: 10_000,
            authentication_failures_per_second: 10,
        }
    }
}

impl Limits {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let mebibyte = 1024 * 1024;
        let spans = [
            ("limits.connections_max", self.connections_max, 1, 65_536),
            ("limits.calls_per_connection_max", self.calls_per_connection_max, 1, 65_536),
            ("limits.subscriptions_max", self.subscriptions_max, 1, 65_536),
            ("limits.gateway_streams_max", self.gateway_streams_max, 1, 65_536),
            ("limits.request_bytes_max", self.request_bytes_max, 1024, 4 * mebibyte),
            ("limits.response_bytes_max", self.response_bytes_max, mebibyte, 256 * mebibyte),
            ("limits.body_bytes_max", self.body_bytes_max, 1024, 4 * mebibyte),
            // Less than 8 KiB no HTTP server of ours can be told.
            ("limits.header_bytes_max", self.header_bytes_max, 8 * 1024, mebibyte),
            ("limits.header_timeout_ms", self.header_timeout_ms, 100, 60_000),
            ("limits.call_timeout_ms", self.call_timeout_ms, 100, 600_000),
            ("limits.authentication_failures_per_second", self.authentication_failures_per_second, 1, 1000),
        ];
        for (key, value, least, most) in spans {
            if !(least..=most).contains(&value) {
                let problem = format!("is {value}; it must be from {least} to {most}");
                return Err(SettingsError::Refused { key, problem });
            }
        }
        Ok(())
    }

    /// The longest body of a REST request to an RPC of this scope. Who may change something was let in before the
    /// body is read, and may send as much as over gRPC.
    #[must_use]
    pub fn body_bytes_max_of(&self, scope: Scope) -> u32 {
        match scope {
            Scope::Read => self.body_bytes_max,
            Scope::Admin => self.request_bytes_max,
        }
    }

    /// How long the head of a request may take.
    #[must_use]
    pub fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms.into())
    }

    /// How long an answer may take to begin.
    #[must_use]
    pub fn call_timeout(&self) -> Duration {
        Duration::from_millis(self.call_timeout_ms.into())
    }
}
