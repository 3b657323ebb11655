//! One row: a wallet's buy, seen from the cycle of one threshold.

use std::fmt;

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use crate::core::cycles::{CycleId, Threshold};
use crate::core::gains::{Direction, Mark, Path};
use crate::core::micros;

/// How many entries of copiers are noted for each trade.
pub const COPY_DELAYS: usize = 7;

/// How long after the trade, by the source's clock, each of the copiers enters. Rising, from zero.
pub const COPY_DELAYS_SECONDS: [u32; COPY_DELAYS] = [0, 1, 2, 5, 10, 30, 60];

/// A place in the log with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The position.
    pub seq: Seq,
    /// When.
    #[serde(with = "micros")]
    pub time: UnixMicros,
}

/// Names a trade: what the data-engine tells duplicates by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TradeKey {
    /// The transaction.
    pub signature: String,
    /// Who traded.
    pub wallet: String,
    /// USDC, USDT, …
    pub stablecoin: String,
}

/// Names a row: the threshold in hundredths of a percent and the trade, with dots between.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProfileId {
    /// The threshold of the cycle.
    pub threshold: Threshold,
    /// The trade.
    pub trade: TradeKey,
}

impl fmt::Display for ProfileId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TradeKey { signature, wallet, stablecoin } = &self.trade;
        write!(formatter, "{}.{signature}.{wallet}.{stablecoin}", self.threshold.hundredths())
    }
}

/// What the wallet did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Purchase {
    /// Where the log has it.
    pub seq: Seq,
    /// When it happened at its source.
    #[serde(with = "micros")]
    pub time: UnixMicros,
    /// Stablecoin for one SOL.
    pub price: f64,
    /// Stablecoin paid.
    pub stablecoin_amount: f64,
    /// The direction of the wallet's perpetual position; none when it has none or the source does not say.
    pub perp: Option<Direction>,
}

/// A wallet's buy within one cycle that has ended, and what following it would have brought.
///
/// Times of prices are those of the tick clock: the time of the tick, never before that of an earlier one in the log.
/// A trade belongs to the cycle with `start ≤ time of the trade < end` on that clock, hence to exactly one of each
/// threshold. The entry is the first price strictly after the trade, so nothing here was known before the trade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name: the same trade and threshold have the same one, whenever they are computed.
    pub id: ProfileId,
    /// What the wallet did.
    pub trade: Purchase,
    /// The cycle that it belongs to.
    pub cycle: CycleId,
    /// From the first price strictly after the trade to the one that ended the cycle, both included.
    pub path: Path,
    /// The price that ended the cycle.
    pub end: Mark,
    /// The first price strictly after the trade and each of [`COPY_DELAYS_SECONDS`]; none when the cycle had
    /// ended before.
    pub delayed_prices: [Option<f64>; COPY_DELAYS],
    /// The wallet's first sell after the trade and before the end, of those that stand in the log after the trade
    /// and before its cycle's end was known.
    pub wallet_sold: Option<Moment>,
    /// When all of this was known: the cycle had ended, the trade had come, and the wallet had bought often enough.
    /// The time is when it reached us.
    pub known_at: Moment,
}

impl Profile {
    /// Who traded.
    #[must_use]
    pub fn wallet(&self) -> &str {
        &self.id.trade.wallet
    }

    /// Short when the wallet holds a short perpetual position, otherwise long.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.trade.perp.unwrap_or(Direction::Long)
    }

    /// At the price that ended the cycle, which needs no hindsight; in percent, before costs.
    #[must_use]
    pub fn gain_percent(&self) -> f64 {
        self.gain_at(self.end.price)
    }

    /// At the best price from the entry to the end, which nobody knows beforehand; in percent, before costs, never
    /// negative.
    #[must_use]
    pub fn potential_gain_percent(&self) -> f64 {
        self.gain_at(self.path.best(self.direction()).price)
    }

    /// At the worst price from the entry to the end; in percent, before costs, never positive.
    #[must_use]
    pub fn worst_gain_percent(&self) -> f64 {
        self.gain_at(self.path.worst(self.direction()).price)
    }

    /// At the price that ended the cycle, had the entry been one of [`COPY_DELAYS_SECONDS`] after the trade; in
    /// percent, before costs.
    #[must_use]
    pub fn delayed_gains_percent(&self) -> [Option<f64>; COPY_DELAYS] {
        let gain = |entry| self.direction().gain_percent(entry, self.end.price);
        self.delayed_prices.map(|entry| entry.map(gain))
    }

    /// How long after the entry the best price was reached first.
    #[must_use]
    pub fn seconds_to_best(&self) -> f64 {
        let best = self.path.best(self.direction());
        best.time.since(self.path.entry.time).as_secs_f64()
    }

    /// How much worse the entry is than the wallet's own price, in basis points of it; negative when better.
    #[must_use]
    pub fn entry_slippage_bps(&self) -> f64 {
        self.direction().gain_percent(self.trade.price, self.path.entry.price) * 100.0
    }

    fn gain_at(&self, price: f64) -> f64 {
        self.direction().gain_percent(self.path.entry.price, price)
    }
}
