//! What is logged, and how.

use serde::{Deserialize, Serialize};

/// How a log line looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For a person.
    #[default]
    Text,
    /// For a machine, one object a line.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// text or json.
    pub format: LogFormat,
    /// Levels by module, such as `info` or `info,data_engine=debug`. The default leaves out what `rmcp` says of
    /// requests that it refuses: whoever asks is told, and could fill the log with it.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info,rmcp=error".to_owned() }
    }
}
