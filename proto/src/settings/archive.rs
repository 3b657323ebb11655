//! The archive in `PostgreSQL`.

use serde::{Deserialize, Serialize};

use super::{Secret, SettingsError};

/// The archive in `PostgreSQL`: every event, for as long as there is room.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Archive {
    /// Such as `postgres://user:password@host/database`. Without it nothing is archived.
    pub url: Option<Secret>,
    /// True archives every snapshot of an order book, false one a second of each book.
    pub all_books: bool,
    /// The most rows in one transaction.
    pub batch_rows: u32,
    /// A transaction is begun at the latest this long after an event.
    pub batch_interval_ms: u64,
    /// Reaching the server may take this long.
    pub connect_timeout_ms: u64,
    /// A statement, and a whole batch, may take this long.
    pub statement_timeout_ms: u64,
    /// A silent connection is probed after so many seconds.
    pub keepalive_seconds: u64,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            url: None,
            all_books: false,
            batch_rows: 5000,
            batch_interval_ms: 1000,
            connect_timeout_ms: 5000,
            statement_timeout_ms: 30_000,
            keepalive_seconds: 30,
        }
    }
}

impl Archive {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let spans = [
            ("archive.batch_interval_ms", self.batch_interval_ms, 10, 60_000),
            ("archive.connect_timeout_ms", self.connect_timeout_ms, 100, 60_000),
            ("archive.statement_timeout_ms", self.statement_timeout_ms, 1000, 3_600_000),
            ("archive.keepalive_seconds", self.keepalive_seconds, 1, 7200),
            ("archive.batch_rows", u64::from(self.batch_rows), 256, 100_000),
        ];
        for (key, value, least, most) in spans {
            if !(least..=most).contains(&value) {
                return Err(SettingsError::Refused {
                    key,
                    problem: format!("is {value}; it must be from {least} to {most}"),
                });
            }
        }
        Ok(())
    }
}
