//! What an order of ours would have got: from the displayed book, with fees and with what we took before.
//!
//! An order is filled at the first book strictly after it is due, level by level from the best price on. Of each
//! level there is what is displayed less what our own fills already took of the same display ([`Consumption`]).
//! Where there is no book the feed's price stands in, with a slippage. A [`Fill`] stores what it used, so that
//! [`recompute`] can come to the same figures from the recorded book, or say which one differs.
//!
//! Quantities are whole hundred-millionths of base, rounded down, so that no order gets more than it asked for
//! and no level gives more than it shows. Beyond 22 million of base a level
//! or an order is not counted on.

mod consumption;
mod grid;
mod price;
mod recompute;
mod walk;

use std::fmt;
use std::time::Duration;

use goat::event::{Side, Venue};
use goat::values::{InvalidValue, Seq, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::micros;
use super::money::Usd;

pub use consumption::Consumption;
pub(in crate::core) use grid::{floor_units, from_units};
pub use price::{SeenBook, SeenPrice, fill_from_book, fill_from_price};
pub use recompute::{Difference, Recorded, recompute};
pub(super) use walk::worse;

/// What fills cost, and how many they may miss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedCosts", into = "UncheckedCosts")]
pub struct Costs(UncheckedCosts);

/// Costs as somebody wrote them down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UncheckedCosts {
    /// Of the notional.
    pub taker_fee_bps: f64,
    /// Against the price where nothing is displayed.
    pub slippage_bps: f64,
    /// The part of an entry that must be displayed, a fraction; with less there is no entry.
    pub minimum_fraction: f64,
}

impl Default for UncheckedCosts {
    fn default() -> Self {
        Self { taker_fee_bps: 10.0, slippage_bps: 5.0, minimum_fraction: 0.5 }
    }
}

impl Costs {
    /// Checks costs.
    ///
    /// # Errors
    ///
    /// When a fee or slippage is not within 0 and 1000 basis points, or the fraction not within 0 and 1.
    pub fn new(costs: UncheckedCosts) -> Result<Self, InvalidValue> {
        for (field, bps) in [("taker_fee_bps", costs.taker_fee_bps), ("slippage_bps", costs.slippage_bps)] {
            if !(0.0..=1000.0).contains(&bps) {
                return Err(InvalidValue::new(field, "between 0 and 1000 basis points", bps));
            }
        }
        if !(0.0..=1.0).contains(&costs.minimum_fraction) {
            return Err(InvalidValue::new("minimum_fraction", "between 0 and 1", costs.minimum_fraction));
        }
        Ok(Self(costs))
    }

    /// Ten basis points of fee, five of slippage, half of an entry.
    #[must_use]
    pub fn standard() -> Self {
        Self(UncheckedCosts::default())
    }

    /// The costs as they were written down.
    #[must_use]
    pub fn get(&self) -> &UncheckedCosts {
        &self.0
    }
}

impl TryFrom<UncheckedCosts> for Costs {
    type Error = InvalidValue;

    fn try_from(costs: UncheckedCosts) -> Result<Self, InvalidValue> {
        Self::new(costs)
    }
}

impl From<Costs> for UncheckedCosts {
    fn from(costs: Costs) -> Self {
        costs.0
    }
}

/// How much an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Amount {
    /// As much base as this buys or brings, before fees.
    Notional(Usd),
    /// This much base.
    Quantity(f64),
}

/// What an order is for, which decides what happens where the book is too thin for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// It is cut to what is displayed, or refused below [`UncheckedCosts::minimum_fraction`].
    Entry,
    /// It is filled whole: what is not displayed at the worst visible price and the slippage.
    Exit,
}

/// An instruction of ours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Buy: base is bought.
    pub side: Side,
    /// What it is for.
    pub purpose: Purpose,
    /// How much.
    pub amount: Amount,
    /// When it was decided, by the core's clock.
    #[serde(with = "micros")]
    pub decided_time: UnixMicros,
    /// How long it takes to the venue.
    pub latency_ms: u32,
}

impl Order {
    /// Only what is seen strictly after it can fill the order.
    #[must_use]
    pub fn due_time(&self) -> UnixMicros {
        self.decided_time.plus(Duration::from_millis(self.latency_ms.into()))
    }
}

/// A level that an order came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TakenLevel {
    /// USD.
    pub price: f64,
    /// Base, as the venue showed it.
    pub displayed: f64,
    /// Base that earlier fills of ours took of this display.
    pub consumed_before: f64,
    /// Base that this fill took.
    pub taken: f64,
    /// Base that this fill left.
    pub left: f64,
}

/// The part of an exit for which nothing was displayed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Beyond {
    /// Base.
    pub quantity: f64,
    /// The worst visible price and the slippage, USD.
    pub price: f64,
    /// The slippage that was assumed.
    pub slippage_bps: f64,
}

/// What a fill was priced from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FillSource {
    /// A displayed book.
    Book {
        /// Its position in the log.
        seq: Seq,
        /// Where it was shown.
        venue: Venue,
        /// The venue's name for it.
        symbol: Symbol,
        /// The venue's number.
        update_id: u64,
        /// Best price first; of those that our earlier fills had emptied `taken` is 0.
        levels: Vec<TakenLevel>,
        /// What was not displayed.
        beyond: Option<Beyond>,
    },
    /// A price without a book.
    Price {
        /// Its position in the log.
        seq: Seq,
        /// As the feed had it, USD.
        price: f64,
        /// The slippage that was assumed.
        slippage_bps: f64,
    },
}

/// One execution of an order of ours, with what it was computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// The order.
    pub order: Order,
    /// What it was priced from.
    pub source: FillSource,
    /// Base.
    pub quantity: f64,
    /// USD for one of base, weighted by what was taken at each price.
    pub average_price: f64,
    /// Price × quantity over all that was taken.
    pub notional: Usd,
    /// Of the notional.
    pub taker_fee_bps: f64,
    /// What the venue would have kept, on top of the notional.
    pub fee: Usd,
    /// Between the best bid and the best ask; the feed's price where there was no book; none if a side was empty.
    pub mid_price: Option<f64>,
    /// How much worse the average price is than the mid; none without a mid.
    pub slippage_bps: Option<f64>,
    /// The part of the order that an entry did not get, in the order's own unit.
    pub unfilled: Option<Amount>,
    /// After it, strictly, the order could be filled.
    #[serde(with = "micros")]
    pub due_time: UnixMicros,
    /// When the book or price that filled it reached us.
    #[serde(with = "micros")]
    pub filled_time: UnixMicros,
}

/// Why an order was not filled. Nothing was taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The book or price was there before the order could be.
    NotDue {
        /// The order's.
        due_time: UnixMicros,
        /// When the book or price reached us.
        seen_time: UnixMicros,
    },
    /// The side to take from shows nothing, or nothing that our earlier fills left.
    EmptyBook,
    /// Less is displayed for an entry than it must get.
    TooThin {
        /// The part that is displayed and not yet taken by us, a fraction of the order.
        available_fraction: f64,
        /// The part that must be.
        minimum_fraction: f64,
    },
    /// The order is for less than a hundred-millionth of base, or for no amount at all.
    TooSmall,
    /// A figure is beyond what an amount can be.
    OutOfRange(InvalidValue),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDue { due_time, seen_time } => {
                write!(formatter, "seen at {seen_time}, which is not after the order is due, {due_time}")
            }
            Self::EmptyBook => formatter.write_str("the book shows nothing to take"),
            Self::TooThin { available_fraction, minimum_fraction } => write!(
                formatter,
                "{available_fraction:.4} of the order is displayed, it must be {minimum_fraction:.4}"
            ),
            Self::TooSmall => formatter.write_str("the order is for less than 0.00000001 of base"),
            Self::OutOfRange(invalid) => fmt::Display::fmt(invalid, formatter),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<InvalidValue> for Refusal {
    fn from(invalid: InvalidValue) -> Self {
        Self::OutOfRange(invalid)
    }
}

#[cfg(test)]
mod tests;
