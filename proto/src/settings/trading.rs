//! How paper is traded.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::SettingsError;
use crate::event::Venue;

/// The paper account, its costs and its bounds. The same for all plays.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trading {
    /// What the account begins with, USD. A used account keeps what it began with.
    pub start_usd: f64,
    /// The book that prices fills: `binance:SOLUSDT` or `bybit:SOLUSDT`. The features of books are those of this one.
    pub book: String,
    /// From a decision to the market: what was there before fills nothing.
    pub latency_ms: u32,
    /// Of every fill, in basis points.
    pub taker_fee_bps: f64,
    /// Assumed where no book is live, in basis points.
    pub slippage_bps: f64,
    /// Without a live book there is no entry.
    pub book_required: bool,
    /// An older trade is not followed.
    pub trade_age_seconds_max: u32,
    /// Positions at a time.
    pub open_max: u32,
    /// USD in positions at a time.
    pub exposure_usd_max: f64,
    /// Loss of a UTC day from which on nothing is entered, USD.
    pub daily_loss_usd_max: f64,
    /// Of a play, from one entry to its next.
    pub cooldown_seconds: u32,
    /// Files with a play each, `.json` or `.toml`, as REST takes them. A play that there never was is saved at the start;
    /// one that is there, or was deleted, stays as it is.
    pub plays: Vec<PathBuf>,
    /// Where `binance_trading_stats.json` and `bybit_trading_stats.json` are written for readers of the original's
    /// files; they are not when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats_folder: Option<PathBuf>,
}

impl Default for Trading {
    fn default() -> Self {
        Self {
            start_usd: 10_000.0,
            book: "binance:SOLUSDT".to_owned(),
            latency_ms: 250,
            taker_fee_bps: 10.0,
            slippage_bps: 5.0,
            book_required: false,
            trade_age_seconds_max: 300,
            open_max: 100,
            exposure_usd_max: 10_000.0,
            daily_loss_usd_max: 500.0,
            cooldown_seconds: 0,
            plays: Vec::new(),
            stats_folder: None,
        }
    }
}

impl Trading {
    /// The venue and its name of the pair.
    #[must_use]
    pub fn book(&self) -> (Venue, &str) {
        match self.book.split_once(':') {
            Some(("bybit", symbol)) => (Venue::Bybit, symbol),
            Some((_, symbol)) => (Venue::Binance, symbol),
            None => (Venue::Binance, &self.book),
        }
    }

    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        if !matches!(self.book.split_once(':'), Some(("binance" | "bybit", symbol)) if !symbol.is_empty()) {
            return refuse("trading.book", format!("is {:?}; it must be like binance:SOLUSDT", self.book));
        }
        let amounts = [
            ("trading.start_usd", self.start_usd),
            ("trading.exposure_usd_max", self.exposure_usd_max),
            ("trading.daily_loss_usd_max", self.daily_loss_usd_max),
        ];
        for (key, usd) in amounts {
            if !(1.0..=1e12).contains(&usd) {
                return refuse(key, format!("is {usd}; it must be from 1 to 1000000000000"));
            }
        }
        for (key, bps) in
            [("trading.taker_fee_bps", self.taker_fee_bps), ("trading.slippage_bps", self.slippage_bps)]
        {
            if !(0.0..=1_000.0).contains(&bps) {
                return refuse(key, format!("is {bps}; it must be from 0 to 1000"));
            }
        }
        if self.latency_ms > 60_000 {
            return refuse("trading.latency_ms", format!("is {}; it must be at most 60000", self.latency_ms));
        }
        Ok(())
    }
}
