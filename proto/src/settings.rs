//! What can be configured: defaults < `goat.toml` < `GOAT_…` environment, with `__` for nesting
//! (`GOAT_FEEDS__MODE=replay`). One file serves the three services; an unknown key is refused by name.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

mod archive;
mod feeds;
mod ledger;
mod query;
mod secret;
mod strategies;
mod trading;

pub use archive::Archive;
pub use feeds::{Binance, Books, Bybit, Candles, Feeds, Jupiter, Replay, Simulated, Webhook};
pub use ledger::Ledger;
pub use query::Query;
pub use secret::Secret;
pub use strategies::{Strategies, Strategy};
pub use trading::Trading;

/// Environment variables that start like settings and are none.
const NOT_SETTINGS: [&str; 2] = ["recordings", "bench_events"];

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A key is unknown or a value has the wrong type; says which, and where it stands.
    #[error("{0}")]
    Unreadable(Box<figment::Error>),
    /// The file named on the command line is not there.
    #[error("the settings file {0} does not exist")]
    NoFile(PathBuf),
    /// A value is of the right type and still cannot be.
    #[error("{key} {problem}")]
    Refused {
        /// The key, dotted.
        key: &'static str,
        /// What is wrong with its value, with the value.
        problem: String,
    },
}

/// All settings, each with its default.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where everything that an instance writes lies. Default: `data/<mode>`.
    pub data_dir: Option<PathBuf>,
    /// Where the events come from.
    pub feeds: Feeds,
    /// The log.
    pub journal: Journal,
    /// The archive in `PostgreSQL`.
    pub archive: Archive,
    /// The in-memory tables.
    pub hot: Hot,
    /// Read-only SQL on them.
    pub query: Query,
    /// Price cycles.
    pub cycles: Cycles,
    /// What must survive of the trading-engine.
    pub ledger: Ledger,
    /// How paper is traded.
    pub trading: Trading,
    /// Which paper strategies run.
    pub strategies: Strategies,
    /// The data-engine's addresses.
    pub data_engine: DataEngine,
    /// The trading-engine's addresses.
    pub trading_engine: TradingEngine,
    /// The gateway's addresses.
    pub gateway: Gateway,
    /// What is logged, and how.
    pub log: Log,
}

/// Which world the instance records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A seeded generator.
    #[default]
    Simulated,
    /// Recordings.
    Replay,
    /// The venues.
    Live,
}

impl Mode {
    /// The mode as it is written in settings and paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Replay => "replay",
            Self::Live => "live",
        }
    }
}

/// When the log calls an event durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// When the disk has it: survives power loss.
    #[default]
    Always,
    /// When the operating system has it: survives the death of the process, not of the machine.
    Os,
}

/// The log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// When an event counts as durable.
    pub sync: Sync,
    /// A new file is begun at this size.
    pub segment_bytes: u64,
    /// A file that is archived, or need not be, goes when its newest event is this much older than the log's.
    pub retention_hours: u32,
    /// All files together never take more. What is not archived yet is not deleted for it: recording stops.
    pub disk_bytes_max: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            sync: Sync::Always,
            segment_bytes: 64 * 1024 * 1024,
            retention_hours: 72,
            disk_bytes_max: 20 * 1024 * 1024 * 1024,
        }
    }
}

/// The in-memory tables.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hot {
    /// Rows older than this against the newest are dropped.
    pub hours: u32,
    /// The same, for wallet trades.
    pub trade_hours: u32,
    /// What the tables may take together.
    pub memory_mb_max: u32,
}

impl Default for Hot {
    fn default() -> Self {
        Self { hours: 24, trade_hours: 72, memory_mb_max: 4096 }
    }
}

/// Price cycles.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cycles {
    /// The token whose price makes the cycles.
    pub token: String,
    /// The falls from the peak that end a cycle.
    pub thresholds_percent: Vec<f64>,
}

impl Default for Cycles {
    fn default() -> Self {
        Self { token: "SOL".to_owned(), thresholds_percent: vec![0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50] }
    }
}

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

/// The gateway's addresses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gateway {
    /// The website, REST and server-sent events.
    pub listen: SocketAddr,
    /// Metrics and health over HTTP.
    pub metrics_listen: SocketAddr,
}

impl Default for Gateway {
    fn default() -> Self {
        Self { listen: loopback(8000), metrics_listen: loopback(9000) }
    }
}

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
    /// Levels by module, such as `info` or `info,data_engine=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

impl Settings {
    /// Reads the settings: `file` when given, `goat.toml` when it is there, and the environment.
    ///
    /// # Errors
    ///
    /// When a key is unknown, a value has the wrong type or cannot be used: each named.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        let path = file.unwrap_or(Path::new("goat.toml"));
        let environment = Env::prefixed("GOAT_").ignore(&NOT_SETTINGS).split("__");
        let mut layers = Figment::from(Serialized::defaults(Self::default()));
        if path.is_file() {
            layers = layers.merge(Toml::file_exact(path));
        } else if file.is_some() {
            return Err(SettingsError::NoFile(path.to_owned()));
        }
        let settings: Self = layers
            .merge(environment)
            .extract()
            .map_err(|error| SettingsError::Unreadable(Box::new(error)))?;
        settings.validate()?;
        Ok(settings)
    }

    /// Where everything that this instance writes lies.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| Path::new("data").join(self.feeds.mode.as_str()))
    }

    /// The settings as `goat.toml` would hold them, secrets masked.
    ///
    /// # Errors
    ///
    /// When a value cannot be written as TOML.
    pub fn dump(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        for (key, address) in self.addresses() {
            if !address.ip().is_loopback() {
                return refuse(
                    key,
                    format!("is {address}; without TLS and a token only loopback addresses are served"),
                );
            }
        }
        self.feeds.validate()?;
        let cold_hours = self.trading_engine.cold_hours;
        if !(1..=168).contains(&cold_hours) {
            return refuse("trading_engine.cold_hours", format!("is {cold_hours}; it must be from 1 to 168"));
        }
        if self.journal.segment_bytes < 1024 {
            return refuse(
                "journal.segment_bytes",
                format!("is {}; it must be at least 1024", self.journal.segment_bytes),
            );
        }
        self.query.validate()?;
        self.archive.validate()?;
        self.trading.validate()?;
        self.strategies.validate()?;
        self.ledger.validate()?;
        // One file is written to, the one before it stays whatever happens, and the next needs its room.
        if self.journal.disk_bytes_max / 4 < self.journal.segment_bytes {
            return refuse(
                "journal.disk_bytes_max",
                format!(
                    "is {}; it must be at least four times journal.segment_bytes, {}",
                    self.journal.disk_bytes_max, self.journal.segment_bytes
                ),
            );
        }
        let thresholds = &self.cycles.thresholds_percent;
        if thresholds.is_empty() || thresholds.iter().any(|percent| !(0.01..=50.0).contains(percent)) {
            return refuse(
                "cycles.thresholds_percent",
                format!("is {thresholds:?}; it needs values from 0.01 to 50"),
            );
        }
        if !thresholds.windows(2).all(|pair| matches!(pair, [a, b] if a < b)) {
            return refuse(
                "cycles.thresholds_percent",
                format!("is {thresholds:?}; it must rise without repeating"),
            );
        }
        Ok(())
    }

    fn addresses(&self) -> [(&'static str, SocketAddr); 7] {
        [
            ("feeds.webhook.listen", self.feeds.webhook.listen),
            ("data_engine.listen", self.data_engine.listen),
            ("data_engine.metrics_listen", self.data_engine.metrics_listen),
            ("trading_engine.listen", self.trading_engine.listen),
            ("trading_engine.metrics_listen", self.trading_engine.metrics_listen),
            ("gateway.listen", self.gateway.listen),
            ("gateway.metrics_listen", self.gateway.metrics_listen),
        ]
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[cfg(test)]
mod tests;
