//! What came of an entry: the best, the worst and the last price after it.
//!
//! A gain is in percent of the entry price: `(exit − entry) / entry · 100` for a long entry and the negative of
//! it for a short one. Costs are those of the whole round trip, in basis points of the entry:
//! `gain after costs = gain − cost_bps / 100`.
//!
//! Only prices at or after the entry count, in the order of the log. Every best comes with the moment at which it
//! was reached first.

use goat::event::PositionSide;
use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::cycles::{Cycle, CycleId, Tick};
use super::micros;
use super::quiet::Quiet;

/// Which way an entry gains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Direction {
    /// When the price rises.
    Long,
    /// When the price falls.
    Short,
}

impl Direction {
    /// The gain of entering at `entry` and leaving at `exit`, in percent, before costs.
    #[must_use]
    pub fn gain_percent(self, entry: f64, exit: f64) -> f64 {
        let rise = (exit - entry) / entry * 100.0;
        match self {
            Self::Long => rise,
            Self::Short => -rise,
        }
    }
}

impl From<PositionSide> for Direction {
    fn from(side: PositionSide) -> Self {
        match side {
            PositionSide::Long => Self::Long,
            PositionSide::Short => Self::Short,
        }
    }
}

/// A price at its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The position of the event that it is from.
    pub seq: Seq,
    /// When it was.
    #[serde(with = "micros")]
    pub time: UnixMicros,
    /// USD for one token.
    pub price: f64,
}

/// The price after an entry: where it began, and how far it went each way.
///
/// **Invariant:** `lowest.price ≤ entry.price ≤ highest.price`, and neither extreme is earlier than the entry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// The entry itself.
    pub entry: Mark,
    /// The highest price from the entry on, where it was reached first.
    pub highest: Mark,
    /// The lowest price from the entry on, where it was reached first.
    pub lowest: Mark,
}

impl Path {
    /// The path that begins, and so far ends, at `entry`.
    #[must_use]
    pub fn new(entry: Mark) -> Self {
        Self { entry, highest: entry, lowest: entry }
    }

    /// Goes on to `mark`.
    pub fn fold(&mut self, mark: &Mark) {
        self.rise_to(mark);
        self.fall_to(mark);
    }

    /// Takes `mark` as the highest price if it is, and says so.
    pub(super) fn rise_to(&mut self, mark: &Mark) -> bool {
        let is_higher = mark.price > self.highest.price;
        if is_higher {
            self.highest = *mark;
        }
        is_higher
    }

    /// Takes `mark` as the lowest price if it is, and says so.
    pub(super) fn fall_to(&mut self, mark: &Mark) -> bool {
        let is_lower = mark.price < self.lowest.price;
        if is_lower {
            self.lowest = *mark;
        }
        is_lower
    }

    /// The best price for an entry in that direction; the entry itself when it never got better.
    #[must_use]
    pub fn best(&self, direction: Direction) -> &Mark {
        match direction {
            Direction::Long => &self.highest,
            Direction::Short => &self.lowest,
        }
    }

    /// The worst price for an entry in that direction; the entry itself when it never got worse.
    #[must_use]
    pub fn worst(&self, direction: Direction) -> &Mark {
        match direction {
            Direction::Long => &self.lowest,
            Direction::Short => &self.highest,
        }
    }
}

/// What leaving at one price would have brought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// The price, and when it was.
    pub exit: Mark,
    /// Before costs.
    pub percent: f64,
    /// After the costs of the round trip.
    pub after_costs_percent: f64,
}

/// What an entry could have brought, and what it did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gains {
    /// At the best price until the cycle ended; so far, while it goes on. Nobody knows it beforehand.
    pub best: Gain,
    /// At the worst price until the cycle ended; so far, while it goes on.
    pub worst: Gain,
    /// At the price that ended the cycle; none while it goes on. Needs no hindsight.
    pub at_cycle_end: Option<Gain>,
    /// Where the exit rule left; none while it has not.
    pub by_exit_rule: Option<Gain>,
}

/// Follows the price after one entry, until its cycle has ended and its exit rule has left.
///
/// **Invariant:** after the end of the cycle the path changes no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which way the entry gains.
    pub direction: Direction,
    /// The cycle whose end is waited for.
    pub cycle: CycleId,
    /// From the entry to the tick that ended the cycle, both included.
    pub path: Path,
    /// The tick that ended the cycle.
    pub cycle_end: Option<Mark>,
    /// Where the exit rule left.
    pub exit: Option<Mark>,
}

impl Outcome {
    /// Begins with an entry.
    ///
    /// `cycle` is the cycle that is active after the event of the entry: an entry at the tick that ended a cycle
    /// belongs to the next one.
    #[must_use]
    pub fn new(direction: Direction, entry: Mark, cycle: CycleId) -> Self {
        Self { direction, cycle, path: Path::new(entry), cycle_end: None, exit: None }
    }

    /// Folds a tick and the cycles that it ended.
    ///
    /// A tick that is not after the entry in the log changes nothing. A tick whose time is before the entry's counts
    /// at the entry's time.
    pub fn fold_tick(&mut self, tick: &Tick, closed: &[Cycle]) {
        if self.cycle_end.is_some() || tick.seq <= self.path.entry.seq {
            return;
        }
        let time = tick.time.max(self.path.entry.time);
        let mark = Mark { seq: tick.seq, time, price: tick.price.get() };
        self.path.fold(&mark);
        if closed.iter().any(|cycle| cycle.id == self.cycle) {
            self.cycle_end = Some(mark);
        }
    }

    /// What changes nothing as long as no cycle ends: the prices that the path has passed.
    pub(super) fn quiet(&self) -> Quiet {
        match self.cycle_end {
            Some(_) => Quiet::ALWAYS,
            None => Quiet::between(self.path.lowest.price, self.path.highest.price),
        }
    }

    /// Notes where the exit rule left. The first exit stands.
    pub fn left(&mut self, exit: Mark) {
        self.exit.get_or_insert(exit);
    }

    /// Whether nothing can change it any more.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.cycle_end.is_some() && self.exit.is_some()
    }

    /// The gains, with the costs of the round trip in basis points of the entry.
    #[must_use]
    pub fn gains(&self, cost_bps: f64) -> Gains {
        let gain = |exit: &Mark| {
            let percent = self.direction.gain_percent(self.path.entry.price, exit.price);
            Gain { exit: *exit, percent, after_costs_percent: after_costs(percent, cost_bps) }
        };
        Gains {
            best: gain(self.path.best(self.direction)),
            worst: gain(self.path.worst(self.direction)),
            at_cycle_end: self.cycle_end.as_ref().map(gain),
            by_exit_rule: self.exit.as_ref().map(gain),
        }
    }
}

/// What is left of a gain in percent after the costs of a round trip.
#[must_use]
pub fn after_costs(gain_percent: f64, cost_bps: f64) -> f64 {
    gain_percent - cost_bps / 100.0
}

#[cfg(test)]
mod tests;
