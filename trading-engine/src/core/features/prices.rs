//! The prices of a token in a stretch of time.

use serde::{Deserialize, Serialize};

use super::seconds::Bucket;

/// The prices of a stretch; empty while `count` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(super) struct Prices {
    pub(super) count: u32,
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    pub(super) mean: f64,
    /// Σ (price − mean)²: squares of the prices themselves would leave no digit of a quiet minute.
    squared_deviations: f64,
}

impl Prices {
    /// Takes in a price that follows in time.
    pub(super) fn add(&mut self, price: f64) {
        self.merge(&Self::one(price));
    }

    /// The sample standard deviation; none with fewer than two prices.
    pub(super) fn standard_deviation(&self) -> Option<f64> {
        let freedom = self.count.checked_sub(1).filter(|&freedom| freedom > 0)?;
        Some((self.squared_deviations / f64::from(freedom)).sqrt())
    }

    fn one(price: f64) -> Self {
        Self {
            count: 1,
            open: price,
            high: price,
            low: price,
            close: price,
            mean: price,
            squared_deviations: 0.0,
        }
    }
}

impl Bucket for Prices {
    fn merge(&mut self, later: &Self) {
        if self.count == 0 {
            *self = *later;
            return;
        }
        if later.count == 0 {
            return;
        }
        let (mine, theirs) = (f64::from(self.count), f64::from(later.count));
        let apart = later.mean - self.mean;
        self.mean += apart * theirs / (mine + theirs);
        self.squared_deviations += later.squared_deviations + apart * apart * mine * theirs / (mine + theirs);
        self.count = self.count.saturating_add(later.count);
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
    }
}

/// As it is kept: most seconds have a single price, and nine bytes hold it.
#[derive(Serialize, Deserialize)]
enum Stored {
    One(f64),
    More { count: u32, ohlc: [f64; 4], mean: f64, squared_deviations: f64 },
}

impl From<Prices> for Stored {
    fn from(prices: Prices) -> Self {
        let Prices { count, open, high, low, close, mean, squared_deviations } = prices;
        if count == 1 {
            return Self::One(close);
        }
        Self::More { count, ohlc: [open, high, low, close], mean, squared_deviations }
    }
}

impl From<Stored> for Prices {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::One(price) => Self::one(price),
            Stored::More { count, ohlc: [open, high, low, close], mean, squared_deviations } => {
                Self { count, open, high, low, close, mean, squared_deviations }
            }
        }
    }
}
