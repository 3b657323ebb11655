//! What is held, and the orders that protect it.
//!
//! Stop and target rest at the venue from the entry on, so a price that touches one is what fills it: the stop at the
//! price that was seen, the target never above its own. A bar that touches both stopped out.

use std::borrow::Cow;

use goat::event::{PositionSide, Side};
use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::{Bar, Entry};
use crate::core::account::PositionKey;
use crate::core::fill::Fill;
use crate::core::micros;
use crate::core::money::Usd;

/// Names of exits.
pub mod exit_reason {
    /// The stop of the entry was touched.
    pub const STOP_LOSS: &str = "STOP_LOSS";
    /// The stop was touched after it had followed the price.
    pub const TRAILING_STOP: &str = "TRAILING_STOP";
    /// The target was touched.
    pub const TAKE_PROFIT: &str = "TAKE_PROFIT";
}

/// An open position with its protection. Prices in USD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// Its name in the account.
    pub key: PositionKey,
    /// How it was entered.
    pub entry: Entry,
    /// Why, in the strategy's words.
    pub entry_reason: Cow<'static, str>,
    /// What the entry got.
    pub fill: Fill,
    /// What the account was worth before it.
    pub equity_before: Usd,
    /// When it was filled, by the core's clock.
    #[serde(with = "micros")]
    pub opened_at: UnixMicros,
    /// The moment of the price that filled it: a bar that began earlier says nothing about it.
    #[serde(with = "micros")]
    pub priced_at: UnixMicros,
    /// Where it is stopped out now.
    pub stop_price: f64,
    /// Where it was stopped out when the present bar began.
    pub stop_price_of_bar: f64,
    /// Where it has made enough.
    pub target_price: Option<f64>,
    /// The best price since the entry.
    pub best_price: f64,
    /// The worst price since the entry.
    pub worst_price: f64,
}

/// What takes a position out, and at which price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Touch {
    pub(super) reason: &'static str,
    pub(super) price: f64,
}

impl Holding {
    pub(super) fn new(
        key: PositionKey,
        entry: Entry,
        entry_reason: Cow<'static, str>,
        fill: Fill,
        equity_before: Usd,
        priced_at: UnixMicros,
    ) -> Self {
        let paid = fill.average_price;
        let gained = |percent: f64| paid * (1.0 + sign(entry.side) * percent / 100.0);
        let stop_price = gained(-entry.stop_percent);
        Self {
            key,
            entry,
            entry_reason,
            opened_at: fill.filled_time,
            fill,
            equity_before,
            priced_at,
            stop_price,
            stop_price_of_bar: stop_price,
            target_price: entry.target_percent.map(gained),
            best_price: paid,
            worst_price: paid,
        }
    }

    /// The side of the order that leaves it.
    #[must_use]
    pub fn exit_side(&self) -> Side {
        match self.entry.side {
            PositionSide::Long => Side::Sell,
            PositionSide::Short => Side::Buy,
        }
    }

    /// What a price does to it.
    pub(super) fn touched(&self, price: f64) -> Option<Touch> {
        if !self.is_better(price, self.stop_price) {
            return Some(Touch { reason: self.stop_reason(self.stop_price), price });
        }
        let target = self.target_price.filter(|&target| !self.is_better(target, price))?;
        Some(Touch { reason: exit_reason::TAKE_PROFIT, price: target })
    }

    /// What a bar does to it that began after the entry. The stop is the one that the bar began with: whether it was
    /// raised before or after the bar's worst price nobody knows.
    pub(super) fn touched_by(&self, bar: &Bar) -> Option<Touch> {
        let (best, worst) = self.extremes(bar);
        let stop = self.stop_price_of_bar;
        if !self.is_better(worst, stop) {
            let price = if self.is_better(bar.open, stop) { stop } else { bar.open };
            return Some(Touch { reason: self.stop_reason(stop), price });
        }
        let target = self.target_price.filter(|&target| !self.is_better(target, best))?;
        Some(Touch { reason: exit_reason::TAKE_PROFIT, price: target })
    }

    /// Takes note of a price, and lets the stop follow.
    pub(super) fn note(&mut self, price: f64) {
        if self.is_better(self.worst_price, price) {
            self.worst_price = price;
        }
        if !self.is_better(price, self.best_price) {
            return;
        }
        self.best_price = price;
        let Some(trail) = self.entry.trail else { return };
        let paid = self.fill.average_price;
        let gained_percent = sign(self.entry.side) * (price - paid) / paid * 100.0;
        let stop = price * (1.0 - sign(self.entry.side) * trail.distance_percent / 100.0);
        if gained_percent > trail.after_percent && self.is_better(stop, self.stop_price) {
            self.stop_price = stop;
        }
    }

    /// Takes note of a bar that began after the entry.
    pub(super) fn note_bar(&mut self, bar: &Bar) {
        let (best, worst) = self.extremes(bar);
        self.note(worst);
        self.note(best);
    }

    /// The next bar begins.
    pub(super) fn begin_bar(&mut self) {
        self.stop_price_of_bar = self.stop_price;
    }

    /// The gain at a price over what was paid, in percent, before fees.
    pub(super) fn gain_percent(&self, price: f64) -> f64 {
        let paid = self.fill.average_price;
        sign(self.entry.side) * (price - paid) / paid * 100.0
    }

    fn stop_reason(&self, stop: f64) -> &'static str {
        let first = self.fill.average_price * (1.0 - sign(self.entry.side) * self.entry.stop_percent / 100.0);
        if self.is_better(stop, first) { exit_reason::TRAILING_STOP } else { exit_reason::STOP_LOSS }
    }

    fn extremes(&self, bar: &Bar) -> (f64, f64) {
        match self.entry.side {
            PositionSide::Long => (bar.high, bar.low),
            PositionSide::Short => (bar.low, bar.high),
        }
    }

    fn is_better(&self, price: f64, than: f64) -> bool {
        sign(self.entry.side) * (price - than) > 0.0
    }
}

fn sign(side: PositionSide) -> f64 {
    match side {
        PositionSide::Long => 1.0,
        PositionSide::Short => -1.0,
    }
}
