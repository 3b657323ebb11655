//! A holding of the account.

use goat::event::{PositionSide, Side};
use goat::values::{InvalidValue, Symbol};
use serde::{Deserialize, Serialize};

use super::Refused;
use crate::core::fill::{Fill, floor_units, from_units};
use crate::core::money::Usd;

/// A position that is open, valued at its mark.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OpenPosition {
    token: Symbol,
    side: PositionSide,
    quantity: f64,
    entry_price: f64,
    cost: Usd,
    mark_price: f64,
    market_value: Usd,
}

/// What closing a position, or a part of it, brought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Base that was given back.
    pub quantity: f64,
    /// Base that is still held.
    pub left: f64,
    /// The entry's notional of what was given back.
    pub cost: Usd,
    /// Before fees.
    pub realized_pnl: Usd,
    /// Of the exit.
    pub fee: Usd,
}

impl OpenPosition {
    /// What an entry got; none when it is on the wrong side.
    pub(super) fn new(token: Symbol, side: PositionSide, fill: &Fill) -> Option<Self> {
        let position = Self {
            token,
            side,
            quantity: fill.quantity,
            entry_price: fill.average_price,
            cost: fill.notional,
            mark_price: fill.average_price,
            market_value: fill.notional,
        };
        (fill.order.side != position.exit_side()).then_some(position)
    }

    pub(super) fn mark(&mut self, price: f64) -> Result<(), InvalidValue> {
        self.market_value = Usd::from_f64(self.quantity * price)?;
        self.mark_price = price;
        Ok(())
    }

    /// What an exit brings, and what is still open after it.
    pub(super) fn close(&self, fill: &Fill) -> Result<(Closed, Option<Self>), Refused> {
        let (held, filled) = (floor_units(self.quantity), floor_units(fill.quantity));
        let left = held
            .checked_sub(filled)
            .ok_or(Refused::MoreThanHeld { filled: fill.quantity, held: self.quantity })?;
        let cost = if left == 0 {
            self.cost
        } else {
            Usd::from_f64(self.cost.to_f64() * fill.quantity / self.quantity)?
        };
        let closed = Closed {
            quantity: fill.quantity,
            left: from_units(left),
            cost,
            realized_pnl: self.pnl(cost, fill.notional),
            fee: fill.fee,
        };
        if left == 0 {
            return Ok((closed, None));
        }
        let mut rest = Self { quantity: from_units(left), cost: self.cost - cost, ..*self };
        rest.mark(self.mark_price)?;
        Ok((closed, Some(rest)))
    }

    fn pnl(&self, cost: Usd, worth: Usd) -> Usd {
        match self.side {
            PositionSide::Long => worth - cost,
            PositionSide::Short => cost - worth,
        }
    }

    /// The side of the order that closes it.
    #[must_use]
    pub fn exit_side(&self) -> Side {
        match self.side {
            PositionSide::Long => Side::Sell,
            PositionSide::Short => Side::Buy,
        }
    }

    /// What is held.
    #[must_use]
    pub fn token(&self) -> Symbol {
        self.token
    }

    /// Long or short.
    #[must_use]
    pub fn side(&self) -> PositionSide {
        self.side
    }

    /// Base, without a sign.
    #[must_use]
    pub fn quantity(&self) -> f64 {
        self.quantity
    }

    /// The average price of the entry, USD.
    #[must_use]
    pub fn entry_price(&self) -> f64 {
        self.entry_price
    }

    /// The entry's notional, before fees.
    #[must_use]
    pub fn cost(&self) -> Usd {
        self.cost
    }

    /// The price that it is valued at, USD.
    #[must_use]
    pub fn mark_price(&self) -> f64 {
        self.mark_price
    }

    /// Quantity × mark price.
    #[must_use]
    pub fn market_value(&self) -> Usd {
        self.market_value
    }

    /// What closing at the mark would bring, before fees.
    #[must_use]
    pub fn unrealized_pnl(&self) -> Usd {
        self.pnl(self.cost, self.market_value)
    }

    /// What it adds to equity: its cost and what it has gained.
    #[must_use]
    pub fn value(&self) -> Usd {
        self.cost + self.unrealized_pnl()
    }
}
