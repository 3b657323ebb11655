//! `professional`: trend following in both directions, for candles of 15 minutes.

use std::time::Duration;

use goat::event::PositionSide;

use super::indicators::{average_close, average_volume, before, height_percent, relative_strength};
use super::{Bar, Bounds, Decision, Entry, Signal, Situation, Strategy, Trail};

const FAST: usize = 9;
const SLOW: usize = 21;
const TREND: usize = 50;
const RSI: usize = 14;
const VOLUME: usize = 20;
const HEIGHT: usize = 14;
/// Of the mean volume, from which the newest confirms.
const VOLUME_FACTOR: f64 = 1.2;
/// Structure, RSI, volume, and the crossing or the trend.
const CONFIRMATIONS: u32 = 3;
const HELD_MAX: Duration = Duration::from_hours(6);
/// From a trade's end to the next entry.
const COOLDOWN: Duration = Duration::from_mins(30);
const ENTRIES_A_DAY: u32 = 4;

/// Long and short.
#[derive(Debug)]
pub(super) struct Professional;

/// What the newest bars show.
struct Seen {
    price: f64,
    fast: f64,
    slow: f64,
    trend: f64,
    fast_before: f64,
    slow_before: f64,
    rsi: f64,
    volume_confirms: bool,
    height_percent: f64,
}

impl Seen {
    fn of(bars: &[Bar]) -> Option<Self> {
        let newest = bars.last()?;
        Some(Self {
            price: newest.close,
            fast: average_close(bars, FAST)?,
            slow: average_close(bars, SLOW)?,
            trend: average_close(bars, TREND)?,
            fast_before: average_close(before(bars), FAST)?,
            slow_before: average_close(before(bars), SLOW)?,
            rsi: relative_strength(bars, RSI)?,
            volume_confirms: newest.volume > VOLUME_FACTOR * average_volume(bars, VOLUME)?,
            height_percent: height_percent(bars, HEIGHT)?,
        })
    }

    /// The reason to enter on that side; none when there is none.
    fn reason(&self, side: PositionSide) -> Option<&'static str> {
        // A short is a long in the mirror.
        let sign = if side == PositionSide::Long { 1.0 } else { -1.0 };
        let above = |a: f64, b: f64| sign * (a - b) > 0.0;
        if !(above(self.fast, self.slow) && above(self.price, self.trend)) {
            return None;
        }
        let rsi_confirms = match side {
            PositionSide::Long => self.rsi > 45.0 && self.rsi < 70.0,
            PositionSide::Short => self.rsi > 30.0 && self.rsi < 55.0,
        };
        let score = 1 + u32::from(rsi_confirms) + u32::from(self.volume_confirms);
        if score + 1 < CONFIRMATIONS {
            return None;
        }
        let crossed = !above(self.fast_before, self.slow_before);
        let strong = above(self.slow, self.trend);
        match (side, crossed) {
            (PositionSide::Long, true) => Some("GOLDEN_CROSS"),
            (PositionSide::Short, true) => Some("DEATH_CROSS"),
            (PositionSide::Long, false) => strong.then_some("TREND_CONTINUATION"),
            (PositionSide::Short, false) => strong.then_some("DOWNTREND_CONTINUATION"),
        }
    }

    fn entry(&self, side: PositionSide) -> Entry {
        let fraction = if self.height_percent > 3.0 {
            0.20 * 0.75
        } else if self.height_percent < 1.5 {
            0.20 * 1.1
        } else {
            0.20
        };
        let trail = Some(Trail { after_percent: 1.2, distance_percent: 1.2 });
        Entry { side, fraction, stop_percent: 1.5, target_percent: Some(3.0), trail }
    }
}

impl Strategy for Professional {
    fn name(&self) -> &'static str {
        "professional"
    }

    fn about(&self) -> &'static str {
        "With the trend of SMA 9, 21 and 50, long and short, confirmed by RSI 14 or volume; stop 1.5 % that follows, \
         target 3 %, six hours at most."
    }

    fn candles(&self) -> usize {
        TREND
    }

    fn bounds(&self) -> Bounds {
        Bounds { losses_max: 2, daily_loss_percent: 3.0, drawdown_percent: Some(10.0), ..Bounds::default() }
    }

    fn decide(&self, bars: &[Bar], situation: &Situation<'_>) -> Decision {
        let Some(seen) = Seen::of(bars) else {
            return Decision::new(Signal::Nothing, "too few candles", &[]);
        };
        let (signal, reason) = decide(&seen, situation);
        let shown = [
            ("sma_9", seen.fast),
            ("sma_21", seen.slow),
            ("sma_50", seen.trend),
            ("rsi_14", seen.rsi),
            ("height_percent", seen.height_percent),
        ];
        Decision::new(signal, reason, &shown)
    }
}

fn decide(seen: &Seen, situation: &Situation<'_>) -> (Signal, &'static str) {
    if let Some(holding) = situation.holding {
        if situation.time.since(holding.opened_at) > HELD_MAX {
            return (Signal::Leave("TIME_EXIT".into()), "held for more than six hours");
        }
        return (Signal::Nothing, "held");
    }
    if situation.closed_at.is_some_and(|closed| situation.time.since(closed) < COOLDOWN) {
        return (Signal::Nothing, "less than 30 minutes since the last trade");
    }
    if situation.opened_today >= ENTRIES_A_DAY {
        return (Signal::Nothing, "four entries on this day");
    }
    for side in [PositionSide::Long, PositionSide::Short] {
        if let Some(reason) = seen.reason(side) {
            return (Signal::Enter(seen.entry(side)), reason);
        }
    }
    (Signal::Nothing, "fewer than three confirmations")
}
