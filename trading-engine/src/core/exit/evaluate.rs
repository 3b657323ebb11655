//! One price against one position's stop.

use std::time::Duration;

use goat::event::PositionSide;
use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::rules::{Algorithm, ExitReason, ExitRules};
use super::stop::stop_price;
use crate::core::cycles::Tick;
use crate::core::micros;
use crate::core::quiet::Quiet;

/// Further from the stop than this part of its price, rounding cannot make the stop price and the formula differ.
const ROUNDING: f64 = 1e-12;

/// What a position's stop starts from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Long or short.
    pub side: PositionSide,
    /// The average price of the entry's fill, USD.
    pub price: f64,
}

impl Entry {
    /// What a price is worth to the position: a fraction of the entry price.
    #[must_use]
    pub fn gain(&self, price: f64) -> f64 {
        self.change(self.price, price)
    }

    /// The change from one price to another as a fraction of the first, positive when it is for the better.
    fn change(&self, from: f64, to: f64) -> f64 {
        match self.side {
            PositionSide::Long => (to - from) / from,
            PositionSide::Short => (from - to) / from,
        }
    }

    fn is_better(&self, price: f64, than: f64) -> bool {
        match self.side {
            PositionSide::Long => price > than,
            PositionSide::Short => price < than,
        }
    }
}

/// Where a position's stop stands.
///
/// **Invariant:** from tick to tick `best_price` only gets better, `tolerance` only smaller, and the stop price
/// only nearer to the best price: for a long it never falls, for a short it never rises.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StopState {
    /// The highest price since entry of a long, the lowest of a short; the entry price at first. USD.
    pub best_price: f64,
    /// The tolerance that is locked, a fraction; 1 before the first tick.
    pub tolerance: f64,
    /// A long is left strictly under it, a short strictly over it. USD.
    pub stop_price: f64,
}

impl StopState {
    /// The stop at entry.
    #[must_use]
    pub fn new(rules: &ExitRules, entry: &Entry) -> Self {
        let mut state = Self { best_price: entry.price, tolerance: 1.0, stop_price: 0.0 };
        state.stop_price = state.solve(rules, entry);
        state
    }

    /// How far the price may go before the stop is hit, in percent of the price; negative beyond the stop.
    #[must_use]
    pub fn distance_percent(&self, entry: &Entry, price: f64) -> f64 {
        match entry.side {
            PositionSide::Long => (price - self.stop_price) / price * 100.0,
            PositionSide::Short => (self.stop_price - price) / price * 100.0,
        }
    }

    fn solve(&self, rules: &ExitRules, entry: &Entry) -> f64 {
        stop_price(rules, entry.side, entry.price, self.best_price, self.tolerance)
    }

    /// What [`step`] makes nothing of, for a position that was opened at `since`: prices between the stop and the best
    /// price, where none can tighten the tolerance, before the end of the longest hold. At the stop itself rounding could
    /// make the two ways differ, so the nearest prices are left to the formula.
    pub(in crate::core) fn quiet(&self, rules: &ExitRules, entry: &Entry, since: UnixMicros) -> Quiet {
        let is_settled = match rules.algorithm() {
            Algorithm::DualCheck => self.tolerance < 1.0,
            Algorithm::Locked => self.tolerance <= rules.tightest(),
        };
        let prices = match entry.side {
            _ if !is_settled => Quiet::NEVER,
            PositionSide::Long => Quiet::between(self.stop_price * (1.0 + ROUNDING), self.best_price),
            PositionSide::Short => Quiet::between(self.best_price, self.stop_price * (1.0 - ROUNDING)),
        };
        let longest = rules.longest_hold().map_or(Quiet::ALWAYS, |hold| Quiet::before(since.plus(hold)));
        prices.and(longest)
    }

    /// Takes a price in and says which stop it hits.
    fn take(&mut self, rules: &ExitRules, entry: &Entry, price: f64) -> Option<ExitReason> {
        if entry.is_better(price, self.best_price) {
            self.best_price = price;
        }
        match rules.algorithm() {
            Algorithm::DualCheck => self.dual_check(rules, entry, price),
            Algorithm::Locked => self.locked(rules, entry, price),
        }
    }

    fn dual_check(&mut self, rules: &ExitRules, entry: &Entry, price: f64) -> Option<ExitReason> {
        let gain = entry.gain(price);
        let trailing = rules.increases().tolerance(entry.gain(self.best_price));
        self.tolerance = self.tolerance.min(trailing);
        if gain < -rules.decreases().tolerance(gain) {
            return Some(ExitReason::StopLoss);
        }
        let has_gained = entry.is_better(self.best_price, entry.price);
        let is_hit = has_gained && entry.change(self.best_price, price) < -self.tolerance;
        is_hit.then_some(ExitReason::TrailingStop)
    }

    fn locked(&mut self, rules: &ExitRules, entry: &Entry, price: f64) -> Option<ExitReason> {
        let gain = entry.gain(price);
        let gains = entry.is_better(price, entry.price);
        let tiers = if gains { rules.increases() } else { rules.decreases() };
        self.tolerance = self.tolerance.min(tiers.tolerance(gain));
        if gains {
            let is_hit = entry.change(self.best_price, price) < -self.tolerance;
            return is_hit.then_some(ExitReason::TrailingStop);
        }
        (gain < -self.tolerance).then_some(ExitReason::StopLoss)
    }
}

/// What a price means for a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It stays.
    Hold,
    /// It is left.
    Exit(ExitReason),
}

/// The stop came nearer to the best price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StopRaise {
    /// The tick that raised it.
    pub seq: Seq,
    /// When the tick was.
    #[serde(with = "micros")]
    pub time: UnixMicros,
    /// The tick's price, USD.
    pub price: f64,
    /// The best price since entry, USD: the highest of a long, the lowest of a short.
    pub best_price: f64,
    /// The tolerance that is locked, a fraction.
    pub tolerance: f64,
    /// Where the stop is now, USD.
    pub stop_price: f64,
}

/// One price evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopStep {
    /// What to do.
    pub decision: Decision,
    /// Whether the stop was raised.
    pub raised: Option<StopRaise>,
    /// Where the stop is now, USD.
    pub stop_price: f64,
    /// How far the price may go before the stop is hit, in percent of the price; negative beyond the stop.
    pub distance_percent: f64,
}

/// Evaluates one price for a position that was held for `held`.
///
/// A stop that is hit comes before the longest hold. While the shortest hold lasts, prices move the stop and
/// do not hit it.
pub fn step(
    rules: &ExitRules,
    state: &mut StopState,
    entry: &Entry,
    tick: &Tick,
    held: Duration,
) -> StopStep {
    let price = tick.price.get();
    let before = state.stop_price;
    let hit = state.take(rules, entry, price);
    state.stop_price = state.solve(rules, entry);

    let permitted = |reason: &ExitReason| rules.permit(*reason, held);
    let reason = hit.filter(permitted).or(Some(ExitReason::MaximumHold).filter(permitted));
    let is_raised = entry.is_better(state.stop_price, before);
    StopStep {
        decision: reason.map_or(Decision::Hold, Decision::Exit),
        raised: is_raised.then_some(StopRaise {
            seq: tick.seq,
            time: tick.time,
            price,
            best_price: state.best_price,
            tolerance: state.tolerance,
            stop_price: state.stop_price,
        }),
        stop_price: state.stop_price,
        distance_percent: state.distance_percent(entry, price),
    }
}
