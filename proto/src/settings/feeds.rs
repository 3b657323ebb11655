//! Where the events come from, and how each source is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Mode, Secret, SettingsError, Webhook};

/// Where the events come from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Feeds {
    /// simulated, replay or live.
    pub mode: Mode,
    /// The generator.
    pub simulated: Simulated,
    /// The recordings.
    pub replay: Replay,
    /// The price API.
    pub jupiter: Jupiter,
    /// The receiver of wallet trades and whale movements.
    pub webhook: Webhook,
    /// Binance spot: order books and candles.
    pub binance: Binance,
    /// Bybit v5 spot: order books and candles.
    pub bybit: Bybit,
    /// Order books, of every venue.
    pub books: Books,
    /// Candles, of every venue.
    pub candles: Candles,
}

impl Feeds {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        if self.mode == Mode::Replay && self.replay.path.is_empty() {
            return refuse(
                "feeds.replay.path",
                "is empty; name the folder or the files to replay".to_owned(),
            );
        }
        let speed = self.replay.speed;
        if !speed.is_finite() || speed < 0.0 {
            return refuse("feeds.replay.speed", format!("is {speed}; it must be zero or more"));
        }
        if self.simulated.speed == 0 {
            return refuse("feeds.simulated.speed", "is 0; it must be at least 1".to_owned());
        }
        let snapshot_interval_ms = self.books.snapshot_interval_ms;
        if !(10..=60_000).contains(&snapshot_interval_ms) {
            return refuse(
                "feeds.books.snapshot_interval_ms",
                format!("is {snapshot_interval_ms}; it must be from 10 to 60000"),
            );
        }
        if self.candles.history > 5_000 {
            return refuse(
                "feeds.candles.history",
                format!("is {}; it must be at most 5000", self.candles.history),
            );
        }
        self.webhook.validate()
    }
}

/// The generator of a market that never was.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Simulated {
    /// Same seed, same events.
    pub seed: u64,
    /// How much of the past it tells at the first start, in hours.
    pub history_hours: u32,
    /// Simulated seconds a second.
    pub speed: u32,
}

impl Default for Simulated {
    fn default() -> Self {
        Self { seed: 7, history_hours: 2, speed: 1 }
    }
}

/// Recordings, told again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replay {
    /// A folder or a file; several separated by commas.
    pub path: String,
    /// Recorded seconds a second; 0 for as fast as possible.
    pub speed: f64,
}

impl Default for Replay {
    fn default() -> Self {
        Self { path: String::new(), speed: 1.0 }
    }
}

/// Jupiter's price API, version 3.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jupiter {
    /// False switches the feed off in live mode.
    pub enabled: bool,
    /// The base address.
    pub url: String,
    /// Without a key, one request every two seconds is allowed.
    pub api_key: Option<Secret>,
    /// Between two requests; default 1020 with a key (60 requests a minute and a little air), 2000 without.
    pub interval_ms: Option<u64>,
    /// A jump above this waits for the next tick to confirm it.
    pub max_jump_percent: f64,
    /// Token to mint.
    pub mints: BTreeMap<String, String>,
    /// True lets the mid price of an exchange's live book stand in for a token's price while Jupiter is silent or down.
    pub fallback: bool,
    /// Token to the symbol of that book; it must be among those of binance or bybit. Other tokens have no stand-in.
    pub fallback_symbols: BTreeMap<String, String>,
}

impl Default for Jupiter {
    fn default() -> Self {
        let mints = [
            ("SOL", "So11111111111111111111111111111111111111112"),
            ("BTC", "3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh"),
            ("ETH", "7vfCXTUXx5WJV5JADk17DUJ4ksgau7utNKj4b963voxs"),
        ];
        Self {
            enabled: true,
            url: "https://api.jup.ag".to_owned(),
            api_key: None,
            interval_ms: None,
            max_jump_percent: 10.0,
            mints: mints.map(|(token, mint)| (token.to_owned(), mint.to_owned())).into(),
            fallback: true,
            fallback_symbols: [("SOL", "SOLUSDT"), ("BTC", "BTCUSDT")]
                .map(|(token, symbol)| (token.to_owned(), symbol.to_owned()))
                .into(),
        }
    }
}

/// Binance spot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Binance {
    /// False switches the venue off in live mode.
    pub enabled: bool,
    /// Where its streams are.
    pub websocket_url: String,
    /// Where snapshots and history are asked for.
    pub rest_url: String,
    /// The order books.
    pub symbols: Vec<String>,
}

impl Default for Binance {
    fn default() -> Self {
        Self {
            enabled: true,
            websocket_url: "wss://data-stream.binance.vision".to_owned(),
            rest_url: "https://data-api.binance.vision".to_owned(),
            symbols: owned(["SOLUSDT", "BTCUSDT"]),
        }
    }
}

/// Bybit v5 spot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bybit {
    /// False switches the venue off in live mode.
    pub enabled: bool,
    /// Where its topics are.
    pub websocket_url: String,
    /// Where history is asked for.
    pub rest_url: String,
    /// The order books.
    pub symbols: Vec<String>,
}

impl Default for Bybit {
    fn default() -> Self {
        Self {
            enabled: true,
            websocket_url: "wss://stream.bybit.com/v5/public/spot".to_owned(),
            rest_url: "https://api.bybit.com".to_owned(),
            symbols: owned(["SOLUSDT", "BTCUSDT"]),
        }
    }
}

/// Order books, of every venue.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Books {
    /// Between two published snapshots of a book.
    pub snapshot_interval_ms: u64,
}

impl Default for Books {
    fn default() -> Self {
        Self { snapshot_interval_ms: 100 }
    }
}

/// Candles, of every venue.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Candles {
    /// What is followed.
    pub symbols: Vec<String>,
    /// Lengths: 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h or 1d.
    pub intervals: Vec<String>,
    /// Closed candles of each that are fetched when there are none yet.
    pub history: u32,
}

impl Default for Candles {
    fn default() -> Self {
        Self { symbols: owned(["BTCUSDT"]), intervals: owned(["5m", "15m"]), history: 500 }
    }
}

fn owned<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}
