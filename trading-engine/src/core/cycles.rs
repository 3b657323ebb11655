//! Price cycles: from a price to the first fall of a threshold under the running peak.

use std::fmt;

use goat::values::{Price, Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::Effect;
use super::micros;

/// A fall from the peak that ends a cycle, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Threshold(u32);

impl Threshold {
    /// The threshold of that many percent; none unless it is a whole number of hundredths above zero.
    #[must_use]
    pub fn from_percent(percent: f64) -> Option<Self> {
        let hundredths = (percent * 100.0).round();
        if !(1.0..=5000.0).contains(&hundredths) {
            return None;
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let threshold = Self(hundredths as u32);
        ((threshold.percent() - percent).abs() < 1e-9).then_some(threshold)
    }

    /// The threshold of that many hundredths of a percent.
    #[must_use]
    pub const fn from_hundredths(hundredths: u32) -> Self {
        Self(hundredths)
    }

    /// In percent.
    #[must_use]
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// In hundredths of a percent.
    #[must_use]
    pub fn hundredths(self) -> u32 {
        self.0
    }
}

/// Names a cycle: the threshold in hundredths of a percent, a dot, and the position of the first tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CycleId {
    /// The cycle's threshold.
    pub threshold: Threshold,
    /// The position of its first tick.
    pub start_seq: Seq,
}

impl fmt::Display for CycleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.threshold.0, self.start_seq)
    }
}

/// The tick that ended a cycle. It belongs to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// Its position.
    pub seq: Seq,
    /// When it was.
    #[serde(with = "micros")]
    pub time: UnixMicros,
}

/// A price tick at its place in the log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// Its position.
    pub seq: Seq,
    /// When it was.
    pub time: UnixMicros,
    /// USD for one token.
    pub price: Price,
}

/// From a price to the first fall of `id.threshold` under the running peak.
///
/// **Invariant:** `lowest_price ≤ start_price ≤ highest_price`; it is active exactly while `end` is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cycle {
    /// Its name.
    pub id: CycleId,
    /// When its first tick was.
    #[serde(with = "micros")]
    pub start_time: UnixMicros,
    /// The tick that ended it.
    pub end: Option<End>,
    /// The first price.
    pub start_price: f64,
    /// The running peak.
    pub highest_price: f64,
    /// The lowest price before the end.
    pub lowest_price: f64,
    /// Of the peak over the start.
    pub max_percent_increase: f64,
    /// The running maximum of the price over the lowest price before or at it.
    pub max_percent_increase_from_lowest: f64,
    /// The ticks that belong to it.
    pub data_points: u32,
    /// The longest stretch without a price between its start and its end.
    pub longest_gap_ms: i32,
}

impl Cycle {
    fn open(threshold: Threshold, tick: &Tick) -> Self {
        let price = tick.price.get();
        Self {
            id: CycleId { threshold, start_seq: tick.seq },
            start_time: tick.time,
            end: None,
            start_price: price,
            highest_price: price,
            lowest_price: price,
            max_percent_increase: 0.0,
            max_percent_increase_from_lowest: 0.0,
            data_points: 1,
            longest_gap_ms: 0,
        }
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.end.is_none()
    }

    /// The price that ends it when it falls to it: the peak less the threshold.
    #[must_use]
    pub fn reset_price(&self) -> f64 {
        self.highest_price * (1.0 - self.id.threshold.percent() / 100.0)
    }

    fn is_ended_by(&self, price: f64) -> bool {
        let peak = self.highest_price.max(price);
        percent_over(price, peak) <= -self.id.threshold.percent()
    }

    /// Grows by a price that does not end it.
    fn grow(&mut self, price: f64) {
        self.highest_price = self.highest_price.max(price);
        self.lowest_price = self.lowest_price.min(price);
        let increase = percent_over(self.highest_price, self.start_price);
        let increase_from_lowest = percent_over(price, self.lowest_price);
        self.max_percent_increase = self.max_percent_increase.max(increase);
        self.max_percent_increase_from_lowest =
            self.max_percent_increase_from_lowest.max(increase_from_lowest);
        self.data_points = self.data_points.saturating_add(1);
    }
}

/// One tick seen from one threshold's cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceAnalysis {
    /// The tick's position.
    pub seq: Seq,
    /// When the tick was.
    pub event_time: UnixMicros,
    /// The cycle that it belongs to: the new one, when it ended another.
    pub cycle: CycleId,
    /// The tick's price.
    pub current_price: f64,
    /// The running peak.
    pub highest_price: f64,
    /// The lowest price so far.
    pub lowest_price: f64,
    /// Of the peak over the start.
    pub percent_increase: f64,
    /// Zero at the peak, negative under it.
    pub percent_from_highest: f64,
    /// Of the price over the lowest.
    pub percent_increase_from_lowest: f64,
}

impl PriceAnalysis {
    fn of(tick: &Tick, cycle: &Cycle) -> Self {
        let price = tick.price.get();
        Self {
            seq: tick.seq,
            event_time: tick.time,
            cycle: cycle.id,
            current_price: price,
            highest_price: cycle.highest_price,
            lowest_price: cycle.lowest_price,
            percent_increase: percent_over(cycle.highest_price, cycle.start_price),
            percent_from_highest: percent_over(price, cycle.highest_price),
            percent_increase_from_lowest: percent_over(price, cycle.lowest_price),
        }
    }
}

/// The cycles of one threshold: the active one, and how many it has closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Their threshold.
    pub threshold: Threshold,
    /// None before the first tick only.
    pub active: Option<Cycle>,
    /// How many have ended.
    pub closed: u32,
}

/// The cycles of every threshold.
///
/// **Invariant:** after the first tick exactly one cycle of each threshold is active, and the cycles of one
/// threshold tile: each begins at the tick that ended the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cycles {
    last_tick_micros: Option<i64>,
    tracks: Vec<Track>,
}

impl Cycles {
    pub(super) fn new(thresholds: &[Threshold]) -> Self {
        let track = |&threshold| Track { threshold, active: None, closed: 0 };
        Self { last_tick_micros: None, tracks: thresholds.iter().map(track).collect() }
    }

    /// In the order of the thresholds.
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The active cycles in the order of the thresholds.
    pub fn active(&self) -> impl Iterator<Item = &Cycle> {
        self.tracks.iter().filter_map(|track| track.active.as_ref())
    }

    /// Folds one tick in. A tick with an earlier time than the one before counts where the log has it.
    pub(super) fn fold(&mut self, tick: &Tick, effects: &mut Vec<Effect>) {
        let gap_ms = self.gap_before_ms(tick.time);
        self.last_tick_micros = Some(tick.time.get());
        for track in &mut self.tracks {
            track.fold(tick, gap_ms, effects);
        }
    }

    fn gap_before_ms(&self, time: UnixMicros) -> i32 {
        let micros = self.last_tick_micros.map_or(0, |last| time.get().saturating_sub(last).max(0));
        i32::try_from(micros / 1000).unwrap_or(i32::MAX)
    }
}

impl Track {
    fn fold(&mut self, tick: &Tick, gap_ms: i32, effects: &mut Vec<Effect>) {
        let price = tick.price.get();
        let cycle = match self.active.take() {
            Some(mut cycle) if !cycle.is_ended_by(price) => {
                cycle.longest_gap_ms = cycle.longest_gap_ms.max(gap_ms);
                cycle.grow(price);
                effects.push(Effect::CycleChanged(cycle));
                cycle
            }
            ended => {
                if let Some(mut cycle) = ended {
                    cycle.longest_gap_ms = cycle.longest_gap_ms.max(gap_ms);
                    cycle.end = Some(End { seq: tick.seq, time: tick.time });
                    self.closed = self.closed.saturating_add(1);
                    effects.push(Effect::CycleClosed(cycle));
                }
                let cycle = Cycle::open(self.threshold, tick);
                effects.push(Effect::CycleOpened(cycle));
                cycle
            }
        };
        effects.push(Effect::PriceAnalyzed(PriceAnalysis::of(tick, &cycle)));
        self.active = Some(cycle);
    }
}

fn percent_over(price: f64, base: f64) -> f64 {
    (price - base) / base * 100.0
}
