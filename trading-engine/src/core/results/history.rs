//! What came of trades over a stretch of time, from the trades and the prices alone.
//!
//! Equity at any moment follows from them: what had ended by then, and what was open at the price of then. So every
//! window, subject and ledger has the same formula, and its figures can be computed again by whoever has the trades.

use goat::event::PositionSide;
use goat::values::{InvalidValue, UnixMicros};
use serde::{Deserialize, Serialize};

use super::{Before, EquityMark, Excursion, Holding, Period, Results, Trade, results};
use crate::core::micros;
use crate::core::money::Usd;
use crate::core::position::Position;
use crate::core::strategies::{ClosedTrade, Holding as Held};

/// A trade from its entry on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Entered {
    /// What it gains from.
    pub side: PositionSide,
    /// When its entry was filled.
    #[serde(with = "micros")]
    pub opened_at: UnixMicros,
    /// Base.
    pub quantity: f64,
    /// Of the entry, before fees.
    pub notional: Usd,
    /// Of the entry.
    pub entry_fee: Usd,
    /// How far the price went while it was open.
    pub excursion: Option<Excursion>,
    /// None while it is open.
    pub end: Option<End>,
}

/// The end of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When its exit was filled.
    #[serde(with = "micros")]
    pub closed_at: UnixMicros,
    /// Before fees.
    pub realized: Usd,
    /// Of the exit.
    pub exit_fee: Usd,
}

/// A price at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// When.
    #[serde(with = "micros")]
    pub time: UnixMicros,
    /// USD.
    pub price: f64,
}

impl Entered {
    /// A position; none before its entry.
    #[must_use]
    pub fn of(position: &Position) -> Option<Self> {
        let entry = position.entry.as_ref()?;
        let end = position.closed.as_ref().zip(position.closed_at());
        Some(Self {
            side: position.side,
            opened_at: entry.filled_time,
            quantity: entry.quantity,
            notional: entry.notional,
            entry_fee: entry.fee,
            excursion: position.excursion,
            end: end.map(|(closed, closed_at)| End {
                closed_at,
                realized: closed.realized_pnl,
                exit_fee: closed.fee,
            }),
        })
    }

    /// A trade of a paper strategy.
    #[must_use]
    pub fn of_trade(trade: &ClosedTrade) -> Self {
        let excursion = Excursion {
            worst_percent: trade.worst_percent.min(0.0),
            best_percent: trade.best_percent.max(0.0),
        };
        Self {
            side: trade.side,
            opened_at: trade.opened_at(),
            quantity: trade.entry.quantity,
            notional: trade.entry.notional,
            entry_fee: trade.entry.fee,
            excursion: Some(excursion),
            end: Some(End {
                closed_at: trade.closed_at(),
                realized: trade.gross_profit,
                exit_fee: trade.exit.fee,
            }),
        }
    }

    /// What a paper strategy holds.
    #[must_use]
    pub fn of_holding(holding: &Held) -> Self {
        Self {
            side: holding.entry.side,
            opened_at: holding.opened_at,
            quantity: holding.fill.quantity,
            notional: holding.fill.notional,
            entry_fee: holding.fill.fee,
            excursion: None,
            end: None,
        }
    }

    fn is_open_at(&self, time: UnixMicros) -> bool {
        self.opened_at <= time && self.end.is_none_or(|end| end.closed_at > time)
    }

    /// Before fees.
    fn unrealized(&self, price: f64) -> Result<Usd, InvalidValue> {
        let worth = Usd::from_f64(self.quantity * price)?;
        Ok(match self.side {
            PositionSide::Long => worth - self.notional,
            PositionSide::Short => self.notional - worth,
        })
    }

    /// Of a trade that is over: before fees, and the fees of both sides.
    fn result(&self) -> Option<(Usd, Usd)> {
        self.end.map(|end| (end.realized, self.entry_fee + end.exit_fee))
    }

    fn trade(&self) -> Option<Trade> {
        let (realized, fees) = self.result()?;
        Some(Trade {
            opened_at: self.opened_at,
            closed_at: self.end?.closed_at,
            notional: self.notional,
            realized,
            fees,
            excursion: self.excursion,
        })
    }
}

/// A position's document as far as results follow from it; the rest of it is not built. None before its entry.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "Document")]
pub struct Outline(pub Option<Entered>);

#[derive(Deserialize)]
struct Document {
    side: PositionSide,
    entry: Option<Filled>,
    exit: Option<Filled>,
    closed: Option<Closed>,
    #[serde(default)]
    excursion: Option<Excursion>,
}

#[derive(Deserialize)]
struct Filled {
    quantity: f64,
    notional: Usd,
    fee: Usd,
    #[serde(rename = "filled_time", with = "micros")]
    time: UnixMicros,
}

#[derive(Deserialize)]
struct Closed {
    realized_pnl: Usd,
    fee: Usd,
}

impl From<Document> for Outline {
    fn from(document: Document) -> Self {
        let Document { side, entry, exit, closed, excursion } = document;
        Self(entry.map(|entry| Entered {
            side,
            opened_at: entry.time,
            quantity: entry.quantity,
            notional: entry.notional,
            entry_fee: entry.fee,
            excursion,
            end: closed.zip(exit).map(|(closed, exit)| End {
                closed_at: exit.time,
                realized: closed.realized_pnl,
                exit_fee: closed.fee,
            }),
        }))
    }
}

/// A stretch of time up to the end of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// 24 hours.
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
    /// From the first price on.
    All,
}

impl Window {
    /// Every window, the shortest first.
    pub const EVERY: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::All];

    /// As it is written in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::All => "all",
        }
    }

    /// How long it is; none for everything.
    #[must_use]
    pub fn hours(self) -> Option<u32> {
        match self {
            Self::Day => Some(24),
            Self::Week => Some(7 * 24),
            Self::Month => Some(30 * 24),
            Self::All => None,
        }
    }
}

/// Trades with the prices that value them.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// What the account began with.
    pub start: Usd,
    /// In any order.
    pub trades: &'a [Entered],
    /// Of what is traded, oldest first.
    pub quotes: &'a [Quote],
    /// The newest moment and its price; none before the first.
    pub newest: Option<Quote>,
}

impl History<'_> {
    /// The figures from `from` to the newest moment, both included; everything, where it begins later.
    ///
    /// # Errors
    ///
    /// When a value is beyond what an amount can be.
    pub fn results(&self, from: UnixMicros) -> Result<(Period, Results), InvalidValue> {
        let until = self.newest.map_or(from, |newest| newest.time);
        let first = self.quotes.first().or(self.newest.as_ref()).map_or(until, |quote| quote.time);
        let from = from.max(first).min(until);
        let at_beginning = self.price_at(from);
        let (mut start, mut before) = (self.start, Before::default());
        for trade in self.trades.iter().filter(|trade| trade.opened_at < from) {
            if trade.end.is_none_or(|end| end.closed_at >= from) {
                before.fees += trade.entry_fee;
                if let Some(price) = at_beginning {
                    before.unrealized += trade.unrealized(price)?;
                }
            } else if let Some((realized, fees)) = trade.result() {
                start += realized - fees;
            }
        }
        let start = start + before.unrealized - before.fees;
        let ended = |trade: &Trade| trade.closed_at >= from && trade.closed_at <= until;
        let trades: Vec<Trade> = self.trades.iter().filter_map(Entered::trade).filter(ended).collect();
        let open = self.open_at(until)?;
        let prices = at_beginning.zip(self.newest.map(|newest| newest.price));
        let period = Period { from, until, prices, before };
        let curve = self.curve(from, until)?;
        let results = results(start, &trades, &open, &curve, &period);
        Ok((period, results))
    }

    /// Equity at `from`, at every price after it, and at the end.
    ///
    /// # Errors
    ///
    /// When a value is beyond what an amount can be.
    pub fn curve(&self, from: UnixMicros, until: UnixMicros) -> Result<Vec<EquityMark>, InvalidValue> {
        let mut changes: Vec<Change> = self.trades.iter().flat_map(changes).collect();
        changes.sort_by_key(|change| change.time);
        let mut changes = changes.into_iter().peekable();
        let mut sum = Sum { paid: self.start, ..Sum::default() };
        let beginning = self.price_at(from).map(|price| Quote { time: from, price });
        let within = self.quotes.iter().filter(|quote| quote.time > from && quote.time < until).copied();
        let mut curve = Vec::new();
        for quote in beginning.into_iter().chain(within).chain(self.newest) {
            // What happens at the very beginning is in the window, so it is not in its first mark.
            let counts =
                |change: &Change| change.time < quote.time || quote.time > from && change.time == quote.time;
            while let Some(change) = changes.next_if(counts) {
                sum.add(&change);
            }
            curve.push(EquityMark { time: quote.time, equity: sum.equity(quote.price)? });
        }
        Ok(curve)
    }

    /// The newest price that was known then, or the first there is.
    fn price_at(&self, time: UnixMicros) -> Option<f64> {
        let later = self.quotes.partition_point(|quote| quote.time <= time);
        let known = later.checked_sub(1).and_then(|at| self.quotes.get(at));
        known.or(self.quotes.first()).or(self.newest.as_ref()).map(|quote| quote.price)
    }

    fn open_at(&self, until: UnixMicros) -> Result<Vec<Holding>, InvalidValue> {
        let Some(newest) = self.newest else { return Ok(Vec::new()) };
        let open = self.trades.iter().filter(|trade| trade.is_open_at(until));
        open.map(|trade| {
            let unrealized = trade.unrealized(newest.price)?;
            Ok(Holding { opened_at: trade.opened_at, fees: trade.entry_fee, unrealized })
        })
        .collect()
    }
}

/// What an entry or an exit changes.
struct Change {
    time: UnixMicros,
    /// Of the account, once and for all.
    paid: Usd,
    /// Of what is open: how many, base with its sign, and what was paid for it with its sign.
    open: i32,
    quantity: f64,
    cost: Usd,
}

fn changes(trade: &Entered) -> impl Iterator<Item = Change> + use<> {
    let (quantity, cost) = match trade.side {
        PositionSide::Long => (trade.quantity, trade.notional),
        PositionSide::Short => (-trade.quantity, -trade.notional),
    };
    let entry = Change { time: trade.opened_at, paid: -trade.entry_fee, open: 1, quantity, cost };
    let exit = trade.end.map(|end| Change {
        time: end.closed_at,
        paid: end.realized - end.exit_fee,
        open: -1,
        quantity: -quantity,
        cost: -cost,
    });
    std::iter::once(entry).chain(exit)
}

#[derive(Default)]
struct Sum {
    paid: Usd,
    open: i32,
    quantity: f64,
    cost: Usd,
}

impl Sum {
    fn add(&mut self, change: &Change) {
        self.paid += change.paid;
        self.open += change.open;
        self.cost += change.cost;
        // Nothing is left of what was rounded when nothing is open.
        self.quantity = if self.open == 0 { 0.0 } else { self.quantity + change.quantity };
    }

    fn equity(&self, price: f64) -> Result<Usd, InvalidValue> {
        Ok(self.paid + Usd::from_f64(self.quantity * price)? - self.cost)
    }
}

#[cfg(test)]
mod tests;
