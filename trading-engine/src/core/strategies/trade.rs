//! What is written down of an instance.

use std::borrow::Cow;

use goat::event::{PositionSide, Venue};
use goat::values::{Seq, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::Decision;
use crate::core::fill::Fill;
use crate::core::micros;
use crate::core::money::Usd;

/// A trade that is over, with everything it was computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClosedTrade {
    /// The instance.
    pub instance: String,
    /// The instance's trades are numbered from 1.
    pub number: u32,
    /// What it traded with.
    pub strategy: String,
    /// Where.
    pub venue: Venue,
    /// What.
    pub symbol: Symbol,
    /// Long or short.
    pub side: PositionSide,
    /// Why it was entered.
    pub entry_reason: Cow<'static, str>,
    /// Why it was left.
    pub exit_reason: Cow<'static, str>,
    /// What the entry got.
    pub entry: Fill,
    /// What the exit got.
    pub exit: Fill,
    /// The event that filled the entry.
    pub opened_seq: Seq,
    /// The event that filled the exit.
    pub closed_seq: Seq,
    /// Where it was stopped out at the end.
    pub stop_price: f64,
    /// Where it would have made enough.
    pub target_price: Option<f64>,
    /// Before fees.
    pub gross_profit: Usd,
    /// Of both sides.
    pub fees: Usd,
    /// After fees.
    pub profit: Usd,
    /// After fees, of what was paid.
    pub profit_percent: f64,
    /// The best gain while it was held, before costs.
    pub best_percent: f64,
    /// The worst.
    pub worst_percent: f64,
    /// What the account was worth before the entry.
    pub equity_before: Usd,
    /// And after the exit.
    pub equity_after: Usd,
}

impl ClosedTrade {
    /// When the entry was filled.
    #[must_use]
    pub fn opened_at(&self) -> UnixMicros {
        self.entry.filled_time
    }

    /// When the exit was filled.
    #[must_use]
    pub fn closed_at(&self) -> UnixMicros {
        self.exit.filled_time
    }
}

/// An instance after one candle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandleMark {
    /// The instance.
    pub instance: String,
    /// When the candle closed.
    #[serde(with = "micros")]
    pub time: UnixMicros,
    /// The event that brought it.
    pub seq: Seq,
    /// Its last price, USD.
    pub close: f64,
    /// Cash and what is held, at that price.
    pub equity: Usd,
    /// Cash.
    pub cash: Usd,
    /// Of what is held, before fees.
    pub unrealized: Usd,
    /// What the strategy said; none when it was not asked.
    pub decision: Option<Decision>,
    /// Why it was not asked, or why nothing came of what it said; none when it counted.
    pub withheld: Option<Cow<'static, str>>,
}

/// Trades, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All of them.
    pub trades: u32,
    /// That made something after fees.
    pub wins: u32,
    /// That lost something after fees.
    pub losses: u32,
    /// Wins in a row; negative: losses in a row. Break-even leaves it as it is.
    pub streak: i32,
}

impl Tally {
    pub(super) fn count(&mut self, profit: Usd) {
        self.trades += 1;
        if profit.is_positive() {
            self.wins += 1;
            self.streak = self.streak.max(0) + 1;
        } else if profit.is_negative() {
            self.losses += 1;
            self.streak = self.streak.min(0) - 1;
        }
    }
}
