//! A trade on its way: from the moment it came until its last row is out.

use std::time::Duration;

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::row::{COPY_DELAYS, COPY_DELAYS_SECONDS, Moment, Profile, ProfileId, Purchase, TradeKey};
use crate::core::cycles::CycleId;
use crate::core::gains::{Mark, Path};

/// What one cycle made of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Finished {
    cycle: CycleId,
    highest: Mark,
    lowest: Mark,
    end: Mark,
    delays_known: u8,
    sold: Option<Moment>,
}

/// **Invariant:** it has a path exactly when a tick after the trade has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Followed {
    pub(super) key: TradeKey,
    pub(super) trade: Purchase,
    pub(super) path: Option<Path>,
    /// The cycles whose end is waited for, by their first ticks, in the order of the thresholds.
    cycles: Vec<Option<Seq>>,
    /// The entries of the copiers, as far as they are known.
    delayed_prices: [f64; COPY_DELAYS],
    delays_known: u8,
    sold: Option<Moment>,
    /// Waits until the wallet has bought often enough.
    finished: Vec<Finished>,
}

impl Followed {
    pub(super) fn new(key: TradeKey, trade: Purchase) -> Self {
        Self {
            key,
            trade,
            path: None,
            cycles: Vec::new(),
            delayed_prices: [0.0; COPY_DELAYS],
            delays_known: 0,
            sold: None,
            finished: Vec::new(),
        }
    }

    /// The first tick after the trade has come; these are the cycles that the trade lies in.
    pub(super) fn enter(&mut self, entry: Mark, cycles: Vec<Option<Seq>>) {
        self.path = Some(Path::new(entry));
        self.cycles = cycles;
    }

    /// Whether a higher price than all since the entry came.
    pub(super) fn rise_to(&mut self, mark: &Mark) -> bool {
        self.path.as_mut().is_some_and(|path| path.rise_to(mark))
    }

    /// Whether a lower price than all since the entry came.
    pub(super) fn fall_to(&mut self, mark: &Mark) -> bool {
        self.path.as_mut().is_some_and(|path| path.fall_to(mark))
    }

    /// Whether all copiers have entered.
    pub(super) fn has_all_delays(&self) -> bool {
        usize::from(self.delays_known) == COPY_DELAYS
    }

    /// Lets the copiers enter whose time has come.
    pub(super) fn note_delays(&mut self, mark: &Mark) {
        let waiting = COPY_DELAYS_SECONDS.iter().zip(&mut self.delayed_prices).skip(self.delays_known.into());
        for (&seconds, price) in waiting {
            if mark.time <= self.trade.time.plus(Duration::from_secs(seconds.into())) {
                return;
            }
            *price = mark.price;
            self.delays_known += 1;
        }
    }

    /// Notes a sell of the wallet.
    pub(super) fn note_sale(&mut self, sale: Moment) {
        let is_first = self.sold.is_none_or(|sold| sale.time < sold.time);
        if sale.time > self.trade.time && is_first {
            self.sold = Some(sale);
        }
    }

    /// Finishes with a cycle that ended, if the trade lies in it. `place` is that of its threshold among all.
    pub(super) fn finish(&mut self, place: usize, cycle: CycleId, end: &Mark) -> bool {
        let Some(path) = self.path else { return false };
        let Some(waited) = self.cycles.get_mut(place).filter(|waited| **waited == Some(cycle.start_seq))
        else {
            return false;
        };
        *waited = None;
        self.finished.push(Finished {
            cycle,
            highest: path.highest,
            lowest: path.lowest,
            end: *end,
            delays_known: self.delays_known,
            sold: self.sold.filter(|sold| sold.time < end.time),
        });
        true
    }

    /// Whether it lies in no cycle that goes on.
    pub(super) fn is_over(&self) -> bool {
        self.path.is_some() && self.cycles.iter().all(Option::is_none)
    }

    /// Whether anything waits until the wallet has bought often enough.
    pub(super) fn has_finished(&self) -> bool {
        !self.finished.is_empty()
    }

    /// Whether the trade lies within the window before `now`.
    pub(super) fn is_within(&self, now: UnixMicros, window: Duration) -> bool {
        self.trade.time > now.minus(window)
    }

    /// Hands out what waited.
    pub(super) fn report(&mut self, known_at: Moment, rows: &mut Vec<Profile>) {
        let Some(path) = self.path else { return };
        for finished in std::mem::take(&mut self.finished) {
            let known = |(place, price): (usize, &f64)| {
                (place < usize::from(finished.delays_known)).then_some(*price)
            };
            let mut delayed = self.delayed_prices.iter().enumerate().map(known);
            rows.push(Profile {
                id: ProfileId { threshold: finished.cycle.threshold, trade: self.key.clone() },
                trade: self.trade,
                cycle: finished.cycle,
                path: Path { entry: path.entry, highest: finished.highest, lowest: finished.lowest },
                end: finished.end,
                delayed_prices: std::array::from_fn(|_| delayed.next().flatten()),
                wallet_sold: finished.sold,
                known_at,
            });
        }
    }
}
