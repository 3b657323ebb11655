//! The paper account: what it holds, what it is worth, and where that came from.
//!
//! ```text
//! equity          = cash + Σ value of the open positions
//! value           = cost + unrealized
//! unrealized long = market value − cost            short: cost − market value
//! equity − start  = realized + unrealized − fees
//! ```
//!
//! The last line holds always and exactly, to the millionth of a dollar: cost and market value are rounded once each,
//! when they come from a fill or a price, and all else is their sums. Realized and unrealized P&L are before fees;
//! fees are counted apart.
//!
//! A short sells what it does not have. Its proceeds are held back, and as much cash again is set aside as
//! collateral: an entry of 1000 USD takes 1000 USD of cash either way, and 0 is lost at an unchanged price. There is no
//! other leverage. A short that loses more than its collateral takes the rest out of cash when it is closed, which
//! is the one way for cash to become negative; then nothing can be entered.

mod position;

use std::collections::BTreeMap;
use std::fmt;

use goat::event::PositionSide;
use goat::values::{InvalidValue, Price, Seq, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::fill::Fill;
use super::money::Usd;
use super::quiet::Derived;

pub use position::{Closed, OpenPosition};

/// Names a position: the event whose handling opened it, and which of those that it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PositionKey {
    /// The event's position in the log.
    pub seq: Seq,
    /// 0 for the first, as one event may open positions of several plays.
    pub ordinal: u32,
}

impl fmt::Display for PositionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.seq, self.ordinal)
    }
}

/// Why an operation was refused. The account is as it was.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// An entry costs more than there is.
    Cash {
        /// The fill's notional and its fee.
        needed: Usd,
        /// What there is.
        cash: Usd,
    },
    /// A position of that name is open.
    AlreadyOpen(PositionKey),
    /// No position of that name is open.
    NotOpen(PositionKey),
    /// The fill buys where it has to sell, or the reverse.
    WrongSide(PositionKey),
    /// The fill is for more than the position holds.
    MoreThanHeld {
        /// What was filled, base.
        filled: f64,
        /// What is held, base.
        held: f64,
    },
    /// A figure is beyond what an amount can be.
    OutOfRange(InvalidValue),
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cash { needed, cash } => {
                write!(formatter, "the entry takes {needed} USD with its fee, cash is {cash} USD")
            }
            Self::AlreadyOpen(key) => write!(formatter, "position {key} is already open"),
            Self::NotOpen(key) => write!(formatter, "position {key} is not open"),
            Self::WrongSide(key) => write!(formatter, "the fill is on the wrong side for position {key}"),
            Self::MoreThanHeld { filled, held } => {
                write!(formatter, "the fill is for {filled} of base, the position holds {held}")
            }
            Self::OutOfRange(invalid) => fmt::Display::fmt(invalid, formatter),
        }
    }
}

impl std::error::Error for Refused {}

impl From<InvalidValue> for Refused {
    fn from(invalid: InvalidValue) -> Self {
        Self::OutOfRange(invalid)
    }
}

/// What was realized on one day of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Day {
    /// Days since 1970.
    number: i64,
    realized_pnl: Usd,
    fees: Usd,
}

impl Day {
    fn number_of(time: UnixMicros) -> i64 {
        time.get().div_euclid(86_400_000_000)
    }

    /// The day that `time` lies in; a time of an earlier day counts to this one.
    fn at(&mut self, time: UnixMicros) -> &mut Self {
        let number = Self::number_of(time);
        if number > self.number {
            *self = Self { number, ..Self::default() };
        }
        self
    }
}

/// A paper account.
///
/// **Invariant:** [`Account::imbalance`] is zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    start: Usd,
    cash: Usd,
    realized_pnl: Usd,
    fees: Usd,
    day: Day,
    #[serde(with = "pairs")]
    open: BTreeMap<PositionKey, OpenPosition>,
    /// The token and the price, as its bits, that everything open in it was valued at last.
    #[serde(skip)]
    marked: Derived<Option<(Symbol, u64)>>,
}

/// A map as its pairs: the keys of a document's maps are texts.
mod pairs {
    use super::{BTreeMap, Deserialize, OpenPosition, PositionKey};

    pub(super) fn serialize<S: serde::Serializer>(
        open: &BTreeMap<PositionKey, OpenPosition>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(open)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<PositionKey, OpenPosition>, D::Error> {
        Ok(Vec::<(PositionKey, OpenPosition)>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl Account {
    /// An account with nothing but `start` in cash.
    #[must_use]
    pub fn new(start: Usd) -> Self {
        let day = Day { number: i64::MIN, ..Day::default() };
        Self {
            start,
            cash: start,
            realized_pnl: Usd::ZERO,
            fees: Usd::ZERO,
            day,
            open: BTreeMap::new(),
            marked: Derived::default(),
        }
    }

    /// Opens a position with what an entry got. It is marked at the fill's own price until [`Account::mark`].
    ///
    /// # Errors
    ///
    /// When the position is open, the fill on the wrong side, or cash does not cover notional and fee.
    pub fn open(
        &mut self,
        key: PositionKey,
        token: Symbol,
        side: PositionSide,
        fill: &Fill,
    ) -> Result<(), Refused> {
        if self.open.contains_key(&key) {
            return Err(Refused::AlreadyOpen(key));
        }
        let position = OpenPosition::new(token, side, fill).ok_or(Refused::WrongSide(key))?;
        let needed = fill.notional + fill.fee;
        if needed > self.cash {
            return Err(Refused::Cash { needed, cash: self.cash });
        }
        self.cash -= needed;
        self.pay(fill);
        self.open.insert(key, position);
        self.marked = Derived::default();
        self.check();
        Ok(())
    }

    /// Closes a position, or the part of it that the fill is for, at what an exit got.
    ///
    /// # Errors
    ///
    /// When the position is not open, the fill on the wrong side, or for more than is held.
    pub fn close(&mut self, key: PositionKey, fill: &Fill) -> Result<Closed, Refused> {
        let position = self.open.get(&key).ok_or(Refused::NotOpen(key))?;
        if fill.order.side != position.exit_side() {
            return Err(Refused::WrongSide(key));
        }
        let (closed, rest) = position.close(fill)?;
        match rest {
            Some(rest) => self.open.insert(key, rest),
            None => self.open.remove(&key),
        };
        self.cash += closed.cost + closed.realized_pnl - closed.fee;
        self.realized_pnl += closed.realized_pnl;
        self.day.at(fill.filled_time).realized_pnl += closed.realized_pnl;
        self.pay(fill);
        self.check();
        Ok(closed)
    }

    /// Values the positions in a token at its price.
    ///
    /// # Errors
    ///
    /// When a position would be worth more than an amount can be; those before it, by name, are valued.
    pub fn mark(&mut self, token: Symbol, price: Price) -> Result<(), Refused> {
        let mark = Some((token, price.get().to_bits()));
        if self.marked.0 == mark {
            return Ok(());
        }
        for position in self.open.values_mut().filter(|position| position.token() == token) {
            position.mark(price.get())?;
        }
        self.marked = Derived(mark);
        self.check();
        Ok(())
    }

    fn pay(&mut self, fill: &Fill) {
        self.fees += fill.fee;
        self.day.at(fill.filled_time).fees += fill.fee;
    }

    fn check(&self) {
        debug_assert_eq!(self.imbalance(), Usd::ZERO);
    }

    /// Whether nothing was ever entered with it.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        let nothing = Usd::ZERO;
        self.open.is_empty() && (self.fees, self.realized_pnl, self.cash) == (nothing, nothing, self.start)
    }

    /// What it began with.
    #[must_use]
    pub fn start(&self) -> Usd {
        self.start
    }

    /// What can be entered with. Collateral and proceeds of shorts are not in it.
    #[must_use]
    pub fn cash(&self) -> Usd {
        self.cash
    }

    /// Of what was closed, before fees.
    #[must_use]
    pub fn realized_pnl(&self) -> Usd {
        self.realized_pnl
    }

    /// Of what is open at its marks, before fees.
    #[must_use]
    pub fn unrealized_pnl(&self) -> Usd {
        self.open.values().map(OpenPosition::unrealized_pnl).sum()
    }

    /// Paid for entries and exits.
    #[must_use]
    pub fn fees(&self) -> Usd {
        self.fees
    }

    /// Cash and what the open positions are worth at their marks.
    #[must_use]
    pub fn equity(&self) -> Usd {
        self.cash + self.open.values().map(OpenPosition::value).sum()
    }

    /// The market value of the open positions, longs and shorts added up.
    #[must_use]
    pub fn exposure(&self) -> Usd {
        self.open.values().map(OpenPosition::market_value).sum()
    }

    /// The open positions by name.
    #[must_use]
    pub fn positions(&self) -> &BTreeMap<PositionKey, OpenPosition> {
        &self.open
    }

    /// What was realized on the day of UTC that `now` lies in, after all fees of that day.
    #[must_use]
    pub fn realized_on_day(&self, now: UnixMicros) -> Usd {
        if Day::number_of(now) > self.day.number {
            return Usd::ZERO;
        }
        self.day.realized_pnl - self.day.fees
    }

    /// What the books do not explain: equity − start − (realized + unrealized − fees). Always zero.
    #[must_use]
    pub fn imbalance(&self) -> Usd {
        self.equity() - self.start - (self.realized_pnl + self.unrealized_pnl() - self.fees)
    }
}

#[cfg(test)]
mod tests;
