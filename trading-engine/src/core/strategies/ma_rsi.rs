//! `ma_rsi`: a short average crosses a long one upwards while the market is not overbought.

use goat::event::PositionSide;

use super::indicators::{average_close, before, relative_strength};
use super::{Bar, Bounds, Decision, Entry, Signal, Situation, Strategy};

const SHORT: usize = 7;
const LONG: usize = 25;
const RSI: usize = 14;
const OVERBOUGHT: f64 = 70.0;
const OVERSOLD: f64 = 35.0;
/// Of the short average over the long one, from which the relaxed entry needs no crossing.
const SPREAD_PERCENT: f64 = 0.5;

const ENTRY: Entry = Entry {
    side: PositionSide::Long,
    fraction: 0.30,
    stop_percent: 2.0,
    target_percent: Some(6.0),
    trail: None,
};

/// Long only. The exit is the state after a crossing, not the moment of it: one that falls into a gap is not missed.
#[derive(Debug)]
pub(super) struct MaRsi {
    /// Enters without a crossing too, where the averages are far apart or the market is oversold.
    pub(super) relaxed: bool,
}

impl Strategy for MaRsi {
    fn name(&self) -> &'static str {
        if self.relaxed { "ma_rsi_relaxed" } else { "ma_rsi" }
    }

    fn about(&self) -> &'static str {
        if self.relaxed {
            "As ma_rsi; enters without a crossing too when SMA 7 is 0.5 % above SMA 25 or RSI 14 is below 35."
        } else {
            "Long when SMA 7 crosses above SMA 25 with RSI 14 below 70; stop 2 %, target 6 %, 30 % of equity."
        }
    }

    fn candles(&self) -> usize {
        LONG + 1
    }

    fn bounds(&self) -> Bounds {
        Bounds { losses_max: 3, daily_loss_percent: 5.0, drawdown_percent: None, ..Bounds::default() }
    }

    fn decide(&self, bars: &[Bar], situation: &Situation<'_>) -> Decision {
        let averages = |bars| average_close(bars, SHORT).zip(average_close(bars, LONG));
        let (Some((short, long)), Some((short_before, long_before)), Some(rsi)) =
            (averages(bars), averages(before(bars)), relative_strength(bars, RSI))
        else {
            return Decision::new(Signal::Nothing, "too few candles", &[]);
        };
        let seen = [("sma_7", short), ("sma_25", long), ("rsi_14", rsi)];
        if situation.holding.is_some() {
            let (signal, reason) = if short < long {
                (Signal::Leave("SIGNAL".into()), "SMA 7 is below SMA 25")
            } else {
                (Signal::Nothing, "held while SMA 7 is not below SMA 25")
            };
            return Decision::new(signal, reason, &seen);
        }
        if short <= long {
            return Decision::new(Signal::Nothing, "SMA 7 is not above SMA 25", &seen);
        }
        if rsi >= OVERBOUGHT {
            return Decision::new(Signal::Nothing, "RSI 14 is 70 or more", &seen);
        }
        let enter = |reason| Decision::new(Signal::Enter(ENTRY), reason, &seen);
        if short_before <= long_before {
            return enter("SMA 7 crossed above SMA 25");
        }
        if self.relaxed && (short - long) / long * 100.0 > SPREAD_PERCENT {
            return enter("SMA 7 is more than 0.5 % above SMA 25");
        }
        if self.relaxed && rsi < OVERSOLD {
            return enter("RSI 14 is below 35 with SMA 7 above SMA 25");
        }
        Decision::new(Signal::Nothing, "SMA 7 was above SMA 25 before", &seen)
    }
}
