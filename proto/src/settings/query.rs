//! What a question in SQL may cost.

use serde::{Deserialize, Serialize};

use super::SettingsError;

/// Read-only SQL on the tables in memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// Rows of an answer; further ones are cut off, and the answer says so.
    pub rows_max: u32,
    /// Size of an answer in bytes, as JSON or as sent, whichever is larger; cut off in the same way.
    pub result_bytes_max: u32,
    /// A query that takes longer is stopped.
    pub timeout_ms: u32,
    /// A query for which the database takes more memory is stopped.
    pub memory_mb_max: u32,
    /// Queries that run at the same time.
    pub running_max: u32,
    /// Queries that wait for one of those to end; further ones are refused.
    pub waiting_max: u32,
    /// Length of a statement.
    pub text_bytes_max: u32,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            rows_max: 10_000,
            result_bytes_max: 4 * 1024 * 1024,
            timeout_ms: 2000,
            memory_mb_max: 256,
            running_max: 2,
            waiting_max: 8,
            text_bytes_max: 16 * 1024,
        }
    }
}

impl Query {
    /// Checks what the types leave open: only `waiting_max` may be zero, and an answer must fit into a message.
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let bounds = [
            ("query.rows_max", self.rows_max, 1_000_000),
            ("query.result_bytes_max", self.result_bytes_max, 15 * 1024 * 1024),
            ("query.timeout_ms", self.timeout_ms, 60_000),
            ("query.memory_mb_max", self.memory_mb_max, 1024 * 1024),
            ("query.running_max", self.running_max, 64),
            ("query.text_bytes_max", self.text_bytes_max, 64 * 1024),
        ];
        for (key, value, most) in bounds {
            if !(1..=most).contains(&value) {
                return Err(SettingsError::Refused {
                    key,
                    problem: format!("is {value}; it must be from 1 to {most}"),
                });
            }
        }
        Ok(())
    }
}
