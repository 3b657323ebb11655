//! Where the trading-engine's ledger is kept.

use serde::{Deserialize, Serialize};

use super::{Secret, SettingsError};

/// The ledger: what must survive of the trading-engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ledger {
    /// Such as `postgres://user:password@host/database`. Without it the ledger is a file under `data_dir`.
    pub url: Option<Secret>,
    /// Reaching the server may take this long.
    pub connect_timeout_ms: u64,
    /// A statement, and a whole commit, may take this long.
    pub statement_timeout_ms: u64,
    /// A silent connection is probed after so many seconds.
    pub keepalive_seconds: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { url: None, connect_timeout_ms: 5000, statement_timeout_ms: 30_000, keepalive_seconds: 30 }
    }
}

impl Ledger {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let spans = [
            ("ledger.connect_timeout_ms", self.connect_timeout_ms, 100, 60_000),
            ("ledger.statement_timeout_ms", self.statement_timeout_ms, 1000, 3_600_000),
            ("ledger.keepalive_seconds", self.keepalive_seconds, 1, 7200),
        ];
        for (key, value, least, most) in spans {
            if !(least..=most).contains(&value) {
                let problem = format!("is {value}; it must be from {least} to {most}");
                return Err(SettingsError::Refused { key, problem });
            }
        }
        Ok(())
    }
}
