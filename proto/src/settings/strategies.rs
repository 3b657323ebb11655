//! Which paper strategies run.

use serde::{Deserialize, Serialize};

use super::SettingsError;
use crate::event::Venue;

/// The instances, as `[[strategies]]` in the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Strategies(pub Vec<Strategy>);

impl Default for Strategies {
    fn default() -> Self {
        let on = |venue: &str| Strategy { venue: venue.to_owned(), ..Strategy::default() };
        Self(vec![on("binance"), on("bybit")])
    }
}

/// One strategy on one series of candles, with an account of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Strategy {
    /// `ma_rsi`, `ma_rsi_relaxed`, `professional` or `donchian`.
    pub strategy: String,
    /// `binance` or `bybit`.
    pub venue: String,
    /// The venue's name of the pair.
    pub symbol: String,
    /// Of the candles; one of those that are recorded (`feeds.candles`).
    pub interval_seconds: u32,
    /// What the account begins with, USD. A used account keeps what it began with.
    pub start_usd: f64,
    /// Of every fill, in basis points.
    pub taker_fee_bps: f64,
    /// Of every fill, against the price, in basis points.
    pub slippage_bps: f64,
}

impl Default for Strategy {
    fn default() -> Self {
        Self {
            strategy: "ma_rsi".to_owned(),
            venue: "binance".to_owned(),
            symbol: "BTCUSDT".to_owned(),
            interval_seconds: 300,
            start_usd: 10_000.0,
            taker_fee_bps: 10.0,
            slippage_bps: 3.0,
        }
    }
}

impl Strategy {
    /// Where it trades.
    #[must_use]
    pub fn venue(&self) -> Venue {
        if self.venue == "bybit" { Venue::Bybit } else { Venue::Binance }
    }
}

impl Strategies {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        for one in &self.0 {
            if !matches!(one.venue.as_str(), "binance" | "bybit") {
                return refuse(
                    "strategies.venue",
                    format!("is {:?}; it must be binance or bybit", one.venue),
                );
            }
            if !(60..=86_400).contains(&one.interval_seconds) {
                return refuse(
                    "strategies.interval_seconds",
                    format!("is {}; it must be from 60 to 86400", one.interval_seconds),
                );
            }
            if !(1.0..=1e12).contains(&one.start_usd) {
                return refuse(
                    "strategies.start_usd",
                    format!("is {}; it must be from 1 to 1000000000000", one.start_usd),
                );
            }
            for (key, bps) in [
                ("strategies.taker_fee_bps", one.taker_fee_bps),
                ("strategies.slippage_bps", one.slippage_bps),
            ] {
                if !(0.0..=1_000.0).contains(&bps) {
                    return refuse(key, format!("is {bps}; it must be from 0 to 1000"));
                }
            }
        }
        Ok(())
    }
}
