//! What can be configured: defaults < `goat.toml` < `GOAT_…` environment, with `__` for nesting
//! (`GOAT_FEEDS__MODE=replay`). One file serves the three services; an unknown key is refused by name.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

mod access;
mod addresses;
mod alerts;
mod archive;
mod cycles;
mod feeds;
mod journal;
mod ledger;
mod limits;
mod log;
mod publish;
mod publisher;
mod query;
mod secret;
mod strategies;
mod tls;
mod trading;
mod webhook;

pub use access::{Access, Scope, Token};
pub use addresses::{DataEngine, Gateway, TradingEngine};
pub use alerts::{Alerts, IncomingWebhook, Mail, SignedWebhook, Telegram};
pub use archive::Archive;
pub use cycles::Cycles;
pub use feeds::{Binance, Books, Bybit, Candles, Feeds, Jupiter, Replay, Simulated};
pub use journal::{Journal, Sync};
pub use ledger::Ledger;
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub use publish::Publish;
pub use publisher::{Posts, Publisher, QuietHours, Wording, X};
pub use query::Query;
pub use secret::Secret;
pub use strategies::{Strategies, Strategy};
pub use tls::Tls;
pub use trading::Trading;
pub use webhook::Webhook;

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
    /// The same, in a table whose keys are the user's own.
    #[error("{key} {problem}")]
    RefusedEntry {
        /// The key, dotted.
        key: String,
        /// What is wrong with its value.
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
    /// Events of the operator's own feeds.
    pub publish: Publish,
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
    /// The gateway's addresses, and from where browsers may ask it.
    pub gateway: Gateway,
    /// Posts to X.
    pub publisher: Publisher,
    /// Who is told when something happens or is wrong.
    pub alerts: Alerts,
    /// Who may ask.
    pub access: Access,
    /// Encryption.
    pub tls: Tls,
    /// How much at once, how large, how long.
    pub limits: Limits,
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
        self.access.validate()?;
        self.tls.validate()?;
        self.limits.validate()?;
        addresses::refuse_open(self)?;
        self.gateway.validate()?;
        self.feeds.validate()?;
        self.trading_engine.validate()?;
        self.journal.validate()?;
        self.query.validate()?;
        self.archive.validate()?;
        self.trading.validate()?;
        self.strategies.validate()?;
        self.ledger.validate()?;
        self.publisher.validate()?;
        self.alerts.validate()?;
        self.cycles.validate()
    }
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
