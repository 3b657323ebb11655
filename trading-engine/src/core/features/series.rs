//! The SOL price second by second.

use super::moment::MINUTES;
use super::prices::Prices;
use super::seconds::Seconds;

/// For how long a price is taken for the current one: as long as a gate would accept it.
pub(super) const PRICE_STALE_SECONDS: i64 = 5;

const SERIES_SECONDS: i64 = MINUTES as i64 * 60;

/// The price at each second of the fifteen minutes, oldest first: the last one known then, unless it was older than
/// [`PRICE_STALE_SECONDS`]. Such seconds are left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Series(Vec<f64>);

impl Series {
    /// The series that ends with the second before `end`.
    pub(super) fn before(end: i64, prices: &Seconds<Prices>) -> Self {
        let start = end - SERIES_SECONDS;
        let mut ticks = prices.between(start - PRICE_STALE_SECONDS, end).peekable();
        let mut known = None;
        let mut series = Vec::with_capacity(usize::try_from(SERIES_SECONDS).unwrap_or_default());
        for second in start..end {
            while let Some((of, price)) = ticks.next_if(|(of, _)| *of <= second) {
                known = Some((of, price.close));
            }
            series.extend(known.filter(|(of, _)| second - of <= PRICE_STALE_SECONDS).map(|(_, price)| price));
        }
        Self(series)
    }

    pub(super) fn points(&self) -> &[f64] {
        &self.0
    }

    pub(super) fn count(&self) -> Option<f64> {
        let seconds = u16::try_from(self.0.len()).ok()?;
        (seconds > 0).then_some(f64::from(seconds))
    }

    pub(super) fn first(&self) -> Option<f64> {
        self.0.first().copied()
    }

    pub(super) fn last(&self) -> Option<f64> {
        self.0.last().copied()
    }

    pub(super) fn max(&self) -> Option<f64> {
        highest(&self.0)
    }

    pub(super) fn min(&self) -> Option<f64> {
        lowest(&self.0)
    }

    pub(super) fn mean(&self) -> Option<f64> {
        Some(self.0.iter().sum::<f64>() / self.count()?)
    }

    /// The population's standard deviation.
    pub(super) fn standard_deviation(&self) -> Option<f64> {
        let mean = self.mean()?;
        let squares: f64 = self.0.iter().map(|price| (price - mean) * (price - mean)).sum();
        Some((squares / self.count()?).sqrt())
    }
}

pub(super) fn highest(points: &[f64]) -> Option<f64> {
    points.iter().copied().reduce(f64::max)
}

pub(super) fn lowest(points: &[f64]) -> Option<f64> {
    points.iter().copied().reduce(f64::min)
}
