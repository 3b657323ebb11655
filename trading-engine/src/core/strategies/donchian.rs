//! `donchian`: a breakout, and how a strategy is written.
//!
//! 1. A type without fields, or with the ones that tell its variants apart.
//! 2. [`Strategy`] for it: what it is called, how many bars it looks at, when it is paused, and what it decides.
//! 3. A line in [`super::STRATEGIES`], and its table of tests.
//!
//! Decide on what the bars show and on nothing else. The last bar has just closed, so its own high and low are known;
//! a breakout is measured against the bars before it. Orders, fills, stops, costs, pauses and results come by
//! themselves.

use goat::event::PositionSide;

use super::indicators::{before, highest, last, lowest};
use super::{Bar, Bounds, Decision, Entry, Signal, Situation, Strategy};

/// Bars whose highest high is broken through.
const ENTRY_BARS: usize = 20;
/// Bars whose lowest low ends the trade.
const EXIT_BARS: usize = 10;

/// Long above the channel of 20 bars, out below that of 10.
#[derive(Debug)]
pub(super) struct Donchian;

impl Strategy for Donchian {
    fn name(&self) -> &'static str {
        "donchian"
    }

    fn about(&self) -> &'static str {
        "Long when a candle closes above the highest of the 20 before it; out below the lowest of 10, or at 2 %."
    }

    fn candles(&self) -> usize {
        ENTRY_BARS + 1
    }

    fn bounds(&self) -> Bounds {
        Bounds::default()
    }

    fn decide(&self, bars: &[Bar], situation: &Situation<'_>) -> Decision {
        let earlier = before(bars);
        let (Some(newest), Some(upper), Some(lower)) = (
            bars.last(),
            last(earlier, ENTRY_BARS).and_then(highest),
            last(earlier, EXIT_BARS).and_then(lowest),
        ) else {
            return Decision::new(Signal::Nothing, "too few candles", &[]);
        };
        let seen = [("highest_20", upper), ("lowest_10", lower)];
        let (signal, reason) = match situation.holding {
            Some(_) if newest.close < lower => {
                (Signal::Leave("SIGNAL".into()), "closed below the lowest of 10 candles")
            }
            Some(_) => (Signal::Nothing, "held while above the lowest of 10 candles"),
            None if newest.close > upper => {
                let entry = Entry {
                    side: PositionSide::Long,
                    fraction: 0.25,
                    stop_percent: 2.0,
                    target_percent: None,
                    trail: None,
                };
                (Signal::Enter(entry), "closed above the highest of 20 candles")
            }
            None => (Signal::Nothing, "inside the channel"),
        };
        Decision::new(signal, reason, &seen)
    }
}
