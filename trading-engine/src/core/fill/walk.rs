//! An order against the displayed levels, best price first.

use goat::event::{Level, Side};

use super::grid::{floor_units, from_units};
use super::{Amount, Beyond, TakenLevel};

/// What is still to be taken.
#[derive(Debug, Clone, Copy)]
enum Rest {
    Usd(f64),
    Units(u64),
}

impl Rest {
    fn of(amount: Amount) -> Self {
        match amount {
            Amount::Notional(usd) => Self::Usd(usd.to_f64().max(0.0)),
            Amount::Quantity(quantity) => Self::Units(floor_units(quantity)),
        }
    }

    /// The units that it is for at a price.
    fn units_at(self, price: f64) -> u64 {
        match self {
            Self::Usd(usd) => floor_units(usd / price),
            Self::Units(units) => units,
        }
    }

    fn less(self, units: u64, price: f64) -> Self {
        match self {
            Self::Usd(usd) => Self::Usd((usd - from_units(units) * price).max(0.0)),
            Self::Units(rest) => Self::Units(rest.saturating_sub(units)),
        }
    }
}

/// An order's way through one side of a book.
#[derive(Debug, Clone)]
pub(super) struct BookWalk {
    side: Side,
    rest: Rest,
    /// The levels it came to.
    pub(super) levels: Vec<TakenLevel>,
    /// What it took where nothing is displayed.
    pub(super) beyond: Option<Beyond>,
    is_filled: bool,
    units: u64,
    value: f64,
    worst_price: f64,
}

impl BookWalk {
    /// Walks until the order is filled or nothing more is displayed.
    ///
    /// Each level comes with the units that earlier fills of ours took from it.
    pub(super) fn new(side: Side, amount: Amount, levels: impl Iterator<Item = (Level, u64)>) -> Self {
        let mut walk = Self {
            side,
            rest: Rest::of(amount),
            levels: Vec::new(),
            beyond: None,
            is_filled: false,
            units: 0,
            value: 0.0,
            worst_price: 0.0,
        };
        for (level, consumed) in levels {
            walk.worst_price = level.price.get();
            if !walk.is_filled {
                walk.visit(level, consumed);
            }
        }
        walk
    }

    fn visit(&mut self, level: Level, consumed: u64) {
        let price = level.price.get();
        let available = floor_units(level.quantity.get()).saturating_sub(consumed);
        let wanted = self.rest.units_at(price);
        let taken = available.min(wanted);
        self.is_filled = wanted <= available;
        self.levels.push(TakenLevel {
            price,
            displayed: level.quantity.get(),
            consumed_before: from_units(consumed),
            taken: from_units(taken),
            left: from_units(available.saturating_sub(taken)),
        });
        self.add(taken, price);
    }

    /// Takes what is left of the order at the worst visible price and a slippage.
    pub(super) fn go_beyond(&mut self, slippage_bps: f64) {
        let price = worse(self.side, self.worst_price, slippage_bps);
        let units = self.rest.units_at(price);
        self.beyond = Some(Beyond { quantity: from_units(units), price, slippage_bps });
        self.is_filled = true;
        self.add(units, price);
    }

    fn add(&mut self, units: u64, price: f64) {
        self.rest = self.rest.less(units, price);
        self.units = self.units.saturating_add(units);
        self.value += from_units(units) * price;
    }

    /// Whether more was asked for than was taken. Less than a unit is not asked for.
    pub(super) fn is_short(&self) -> bool {
        !self.is_filled
    }

    /// What is still to be taken of an order for `amount`, in its unit.
    pub(super) fn unfilled(&self) -> f64 {
        match self.rest {
            Rest::Usd(usd) => usd,
            Rest::Units(units) => from_units(units),
        }
    }

    /// The whole units that were taken.
    pub(super) fn units(&self) -> u64 {
        self.units
    }

    /// Price × quantity over all that was taken, USD.
    pub(super) fn value(&self) -> f64 {
        self.value
    }
}

/// A price that is so many basis points worse for who buys or sells.
pub(in crate::core) fn worse(side: Side, price: f64, slippage_bps: f64) -> f64 {
    match side {
        Side::Buy => price * (1.0 + slippage_bps / 10_000.0),
        Side::Sell => price * (1.0 - slippage_bps / 10_000.0),
    }
}
