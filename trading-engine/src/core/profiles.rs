//! Wallet profiles: what following a wallet's buys would have brought, one row for each buy and threshold.
//!
//! A trade is placed by when it happened at its source against the tick clock: the time of the newest tick, never
//! falling in the order of the log. It belongs to the cycle with `start ≤ t < end`; its entry is the first price
//! strictly after it. A trade that comes late, when its entry or even the end of its cycle has passed, gets the same
//! row as one that came at once: the ticks of [`Limits::late_seconds`] are kept for it.
//!
//! A row is out once, at the first moment when its cycle has ended and its wallet has at least [`BUYS_MIN`] buys in
//! the window that is kept, whichever is later. What is out never changes.
//!
//! ```text
//! buy → waits for its entry → followed until its cycles end → row, or held until the wallet has bought often enough
//! ```

mod buyers;
mod followed;
mod recent;
mod row;
pub mod statistics;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use goat::event::{Side, WalletTrade};
use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

pub use self::buyers::BUYS_MIN;
use self::buyers::Buyers;
use self::followed::Followed;
use self::recent::{Place, Recent};
pub use self::row::{COPY_DELAYS, COPY_DELAYS_SECONDS, Moment, Profile, ProfileId, Purchase, TradeKey};
use super::cycles::{Cycle, Threshold, Tick};
use super::gains::{Direction, Mark};

/// A trade that claims to be further ahead of our clock is refused.
const AHEAD_SECONDS_MAX: u64 = 600;

/// What is out of the window is forgotten this often.
const SWEEP_SECONDS: u64 = 60;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// A wallet's buys count, and its rows are waited for, this long.
    pub window_seconds: u32,
    /// A trade may come this much after it happened.
    pub late_seconds: u32,
    /// Ticks that are kept for late trades.
    pub ticks_max: u32,
    /// Trades whose cycles go on.
    pub followed_max: u32,
    /// Trades that wait for more buys of their wallets.
    pub held_max: u32,
    /// Wallets that bought in the window.
    pub wallets_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window_seconds: 72 * 3600,
            late_seconds: 1800,
            ticks_max: 4096,
            followed_max: 50_000,
            held_max: 20_000,
            wallets_max: 50_000,
        }
    }
}

/// What became of the buys, since the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Followed.
    pub followed: u64,
    /// Known already.
    pub duplicate: u64,
    /// Before the oldest tick: came too late, or happened before the first tick.
    pub uncovered: u64,
    /// Further ahead of our clock than is believed.
    pub ahead: u64,
    /// Not followed, because [`Limits::followed_max`] or [`Limits::wallets_max`] was reached.
    pub refused: u64,
    /// Followed and then dropped, because [`Limits::held_max`] was reached.
    pub dropped: u64,
    /// Left the window before their wallets had bought often enough, or before their cycles ended.
    pub expired: u64,
    /// Rows that are out.
    pub rows: u64,
}

/// The trades on their way to a row.
///
/// **Invariant:** `trades` rise by when they happened, so those that have an entry come first, and of two the earlier
/// has seen at least the prices that the later has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profiles {
    limits: Limits,
    recent: Recent,
    trades: VecDeque<Followed>,
    /// The trades that can come again, with when they happened in microseconds.
    seen: BTreeMap<TradeKey, i64>,
    buyers: Buyers,
    counts: Counts,
    swept_micros: Option<i64>,
}

impl Profiles {
    /// Nothing yet.
    #[must_use]
    pub fn new(thresholds: &[Threshold], limits: Limits) -> Self {
        Self {
            limits,
            recent: Recent::new(thresholds),
            trades: VecDeque::new(),
            seen: BTreeMap::new(),
            buyers: Buyers::default(),
            counts: Counts::default(),
            swept_micros: None,
        }
    }

    /// What became of the buys.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many trades are followed and how many are held.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.trades.len(), self.buyers.held() as usize)
    }

    /// Folds a tick and the cycles that it ended; adds the rows that are known now.
    ///
    /// `now` is the core's clock.
    pub fn fold_tick(&mut self, tick: &Tick, now: UnixMicros, closed: &[Cycle], rows: &mut Vec<Profile>) {
        let mark = self.recent.mark(tick);
        let active = self.recent.active();
        let entered = self.trades.partition_point(|trade| trade.path.is_some());
        self.follow(&mark, entered);
        let due = self.trades.partition_point(|trade| trade.trade.time < mark.time);
        for trade in self.trades.range_mut(entered..due.max(entered)) {
            trade.enter(mark, active.clone());
        }
        let is_unfinished = |trade: &&mut Followed| !trade.has_all_delays();
        for trade in self.trades.range_mut(..due).rev().take_while(is_unfinished) {
            trade.note_delays(&mark);
        }
        self.recent.push(mark, closed, &self.limits);
        if !closed.is_empty() {
            self.finish(&mark, Moment { seq: tick.seq, time: now }, rows);
        }
        self.sweep(now);
    }

    /// Folds a trade that happened at `event_time`; adds the rows that are known now.
    ///
    /// `now` is the core's clock.
    pub fn fold_trade(
        &mut self,
        seq: Seq,
        now: UnixMicros,
        event_time: UnixMicros,
        trade: &WalletTrade,
        rows: &mut Vec<Profile>,
    ) {
        match trade.side {
            Side::Sell => self.note_sale(&trade.wallet, Moment { seq, time: event_time }),
            Side::Buy => self.note_buy(Moment { seq, time: now }, event_time, trade, rows),
        }
        self.sweep(now);
    }

    fn window(&self) -> Duration {
        Duration::from_secs(self.limits.window_seconds.into())
    }

    /// An earlier trade has seen every price that a later one has: where the later is not exceeded, it is not either.
    fn follow(&mut self, mark: &Mark, entered: usize) {
        for trade in self.trades.range_mut(..entered).rev() {
            if !trade.rise_to(mark) {
                break;
            }
        }
        for trade in self.trades.range_mut(..entered).rev() {
            if !trade.fall_to(mark) {
                break;
            }
        }
    }

    /// Whether what a trade has finished can be out: it lies in the window, and its wallet has bought often enough.
    fn is_due(&self, trade: &Followed, now: UnixMicros) -> bool {
        trade.is_within(now, self.window()) && self.buyers.has_enough(&trade.key.wallet, now, self.window())
    }

    /// Finishes the trades in the cycles that the newest tick ended.
    fn finish(&mut self, end: &Mark, known_at: Moment, rows: &mut Vec<Profile>) {
        let ended: Vec<_> = self.recent.ended_at(end.seq).collect();
        let before = rows.len();
        let window = self.window();
        let mut is_any_over = false;
        for trade in &mut self.trades {
            let finished = ended.iter().filter(|&&(place, cycle)| trade.finish(place, cycle, end)).count();
            let in_window = finished > 0 && trade.is_within(known_at.time, window);
            if in_window && self.buyers.has_enough(&trade.key.wallet, known_at.time, window) {
                trade.report(known_at, rows);
            }
            is_any_over |= trade.is_over();
        }
        self.counts.rows += (rows.len() - before) as u64;
        if is_any_over {
            self.remove_over();
        }
    }

    /// Takes out the trades that are over; what they have finished and not reported is held.
    fn remove_over(&mut self) {
        for trade in std::mem::take(&mut self.trades) {
            if trade.is_over() {
                self.hold(trade);
            } else {
                self.trades.push_back(trade);
            }
        }
    }

    fn hold(&mut self, trade: Followed) {
        if trade.has_finished() && !self.buyers.hold(trade, self.limits.held_max) {
            self.counts.dropped += 1;
        }
    }

    fn note_sale(&mut self, wallet: &str, sale: Moment) {
        for trade in self.trades.iter_mut().filter(|trade| trade.key.wallet == wallet) {
            trade.note_sale(sale);
        }
    }

    /// Counts a buy of its wallet and begins to follow it, where the log and the limits allow it.
    fn note_buy(&mut self, at: Moment, event_time: UnixMicros, trade: &WalletTrade, rows: &mut Vec<Profile>) {
        let key = TradeKey {
            signature: trade.signature.clone(),
            wallet: trade.wallet.clone(),
            stablecoin: trade.stablecoin.clone(),
        };
        let place = self.recent.place(event_time);
        if let Some(refusal) = self.refusal(&key, at.time, event_time, &place) {
            *refusal += 1;
            return;
        }
        self.counts.followed += 1;
        self.buyers.bought(&key.wallet, event_time);
        self.seen.insert(key.clone(), event_time.get());
        let purchase = Purchase {
            seq: at.seq,
            time: event_time,
            price: trade.price.get(),
            stablecoin_amount: trade.stablecoin_amount.get(),
            perp: trade.perp.side.map(Direction::from),
        };
        let mut followed = Followed::new(key, purchase);
        if let Place::Entered(entry) = place {
            self.catch_up(&mut followed, entry);
        }
        self.release(&trade.wallet, at, rows);
        if self.is_due(&followed, at.time) {
            let before = rows.len();
            followed.report(at, rows);
            self.counts.rows += (rows.len() - before) as u64;
        }
        if followed.is_over() {
            self.hold(followed);
        } else {
            let place = self.trades.partition_point(|earlier| earlier.trade.time <= event_time);
            self.trades.insert(place, followed);
        }
    }

    /// The count of those that a buy is not followed with; none when it is followed.
    fn refusal(
        &mut self,
        key: &TradeKey,
        now: UnixMicros,
        event_time: UnixMicros,
        place: &Place,
    ) -> Option<&mut u64> {
        let followed_max = self.limits.followed_max as usize;
        let is_new = !self.buyers.knows(&key.wallet);
        let is_full = self.trades.len() >= followed_max
            || self.seen.len() >= followed_max
            || (is_new && self.buyers.len() >= self.limits.wallets_max as usize);
        if self.seen.contains_key(key) {
            Some(&mut self.counts.duplicate)
        } else if event_time > now.plus(Duration::from_secs(AHEAD_SECONDS_MAX)) {
            Some(&mut self.counts.ahead)
        } else if matches!(place, Place::Uncovered) {
            Some(&mut self.counts.uncovered)
        } else if is_full {
            Some(&mut self.counts.refused)
        } else {
            None
        }
    }

    /// Lets a trade see the ticks since its entry, which came before it.
    fn catch_up(&self, trade: &mut Followed, entry: usize) {
        let mut cycles = Some(self.recent.cycles_at(trade.trade.time));
        for mark in self.recent.ticks_from(entry) {
            if let Some(cycles) = cycles.take() {
                trade.enter(*mark, cycles);
            }
            trade.rise_to(mark);
            trade.fall_to(mark);
            trade.note_delays(mark);
            for (place, cycle) in self.recent.ended_at(mark.seq) {
                trade.finish(place, cycle, mark);
            }
            if trade.is_over() {
                return;
            }
        }
    }

    /// Hands out what waited for a wallet to have bought often enough, if it has.
    fn release(&mut self, wallet: &str, known_at: Moment, rows: &mut Vec<Profile>) {
        let window = self.window();
        if !self.buyers.has_enough(wallet, known_at.time, window) {
            return;
        }
        let before = rows.len();
        let mut held = self.buyers.release(wallet);
        let followed = self.trades.iter_mut().filter(|trade| trade.key.wallet == wallet);
        for trade in held.iter_mut().chain(followed).filter(|trade| trade.has_finished()) {
            if trade.is_within(known_at.time, window) {
                trade.report(known_at, rows);
            }
        }
        self.counts.expired += held.iter().filter(|trade| trade.has_finished()).count() as u64;
        self.counts.rows += (rows.len() - before) as u64;
    }

    /// Forgets what nothing can come of any more.
    fn sweep(&mut self, now: UnixMicros) {
        let every = Duration::from_secs(SWEEP_SECONDS);
        let swept = self.swept_micros.and_then(|micros| UnixMicros::new(micros).ok());
        if swept.is_some_and(|swept| now.since(swept) < every) {
            return;
        }
        self.swept_micros = Some(now.get());
        if let Some(oldest) = self.recent.oldest() {
            self.seen.retain(|_, time| *time >= oldest.get());
        }
        let window = self.window();
        let before = self.trades.len();
        self.trades.retain(|trade| trade.is_within(now, window));
        let expired = before - self.trades.len();
        self.counts.expired += expired as u64 + u64::from(self.buyers.sweep(now, window));
    }
}

#[cfg(test)]
mod tests;
