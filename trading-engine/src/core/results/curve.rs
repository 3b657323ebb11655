//! Equity over time: how deep it fell, and how unevenly it grew.

use std::time::Duration;

use goat::values::UnixMicros;

use crate::core::money::Usd;

/// Daily returns below which no ratio of them is told.
pub(super) const DAYS_MINIMUM: usize = 20;

const DAY_MICROS: i64 = 86_400_000_000;
const DAYS_OF_A_YEAR: f64 = 365.0;

/// The equity at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EquityMark {
    /// When.
    pub time: UnixMicros,
    /// USD.
    pub equity: Usd,
}

/// A fall of equity under a peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// From the peak to the lowest mark after it.
    pub usd: Usd,
    /// The same in percent of the peak.
    pub percent: f64,
    /// When the peak was.
    pub from: UnixMicros,
    /// When equity was back at the peak; the curve's end when it never was.
    pub until: UnixMicros,
    /// Whether it came back.
    pub recovered: bool,
}

impl Drawdown {
    /// From the peak until it was reached again.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.until.since(self.from)
    }
}

/// The drawdown that was the largest in percent of its peak.
pub(super) fn largest_drawdown(start: Usd, curve: &[EquityMark]) -> Option<Drawdown> {
    let first = curve.first()?;
    let mut peak = EquityMark { time: first.time, equity: start };
    let mut lowest = start;
    let mut largest: Option<Drawdown> = None;
    let mut end = |peak: EquityMark, lowest: Usd, until: UnixMicros, recovered: bool| {
        let usd = peak.equity - lowest;
        if !usd.is_positive() || !peak.equity.is_positive() {
            return;
        }
        let percent = usd.to_f64() / peak.equity.to_f64() * 100.0;
        if largest.is_none_or(|largest| percent > largest.percent) {
            largest = Some(Drawdown { usd, percent, from: peak.time, until, recovered });
        }
    };
    for mark in curve {
        if mark.equity >= peak.equity {
            end(peak, lowest, mark.time, true);
            (peak, lowest) = (*mark, mark.equity);
        } else {
            lowest = lowest.min(mark.equity);
        }
    }
    end(peak, lowest, curve.last()?.time, false);
    largest
}

/// Sharpe and Sortino of the daily returns, without a rate that is free of risk.
pub(super) fn ratios(start: Usd, curve: &[EquityMark]) -> (Option<f64>, Option<f64>) {
    let returns = daily_returns(start, curve);
    if returns.len() < DAYS_MINIMUM {
        return (None, None);
    }
    let number = f64::from(u32::try_from(returns.len()).unwrap_or(u32::MAX));
    let mean = returns.iter().sum::<f64>() / number;
    let deviation = (returns.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (number - 1.0)).sqrt();
    let downside = (returns.iter().map(|one| one.min(0.0).powi(2)).sum::<f64>() / number).sqrt();
    let scaled = |deviation: f64| (deviation > 0.0).then(|| mean / deviation * DAYS_OF_A_YEAR.sqrt());
    (scaled(deviation), scaled(downside))
}

/// The gain of each whole day of UTC over the end of the day before. The last day is not whole.
fn daily_returns(start: Usd, curve: &[EquityMark]) -> Vec<f64> {
    let day = |mark: &EquityMark| mark.time.get().div_euclid(DAY_MICROS);
    let mut before = start.to_f64();
    let mut returns = Vec::new();
    for pair in curve.windows(2) {
        let [mark, next] = pair else { continue };
        if day(next) <= day(mark) || before <= 0.0 {
            continue;
        }
        let equity = mark.equity.to_f64();
        returns.push(equity / before - 1.0);
        before = equity;
        // A day without a mark had no change.
        let without = day(next) - day(mark) - 1;
        returns.extend((0..without).map(|_| 0.0));
    }
    returns
}
