//! The levels of one symbol.

use goat::event::Level;
use goat::values::{InvalidValue, Price, Quantity};

use super::fixed::Fixed;

/// Levels that are kept on each side.
pub const LEVELS_MAX: usize = 10_000;

/// Nearly all changes are among so many of the best levels, which fit the processor's nearest memory.
const NEAR_LEVELS: usize = 64;

/// One price with its total quantity, as the venue wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExactLevel {
    /// Greater than zero.
    pub price: Fixed,
    /// Zero takes the level out of the book.
    pub quantity: Fixed,
}

impl ExactLevel {
    /// Reads a level.
    ///
    /// # Errors
    ///
    /// When the price is not greater than zero, or one of the two is no decimal.
    pub fn parse(price: &str, quantity: &str) -> Result<Self, InvalidValue> {
        let level =
            Self { price: Fixed::parse("price", price)?, quantity: Fixed::parse("quantity", quantity)? };
        if level.price.is_zero() {
            return Err(InvalidValue::new("price", "greater than zero", price));
        }
        Ok(level)
    }

    fn to_level(self) -> Result<Level, InvalidValue> {
        Ok(Level {
            price: Price::new(self.price.to_f64())?,
            quantity: Quantity::new(self.quantity.to_f64())?,
        })
    }
}

/// All levels that are known of one symbol.
///
/// **Invariant:** prices are strictly sorted on each side, no quantity is zero, no side has more than
/// [`LEVELS_MAX`] levels, and every level up to a side's horizon is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBook {
    bids: Side,
    asks: Side,
}

/// One side, its best level last, where most changes are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Side {
    levels: Vec<ExactLevel>,
    /// Whether a higher price is the better one.
    is_bid: bool,
    /// The price behind which levels may be missing; none when all are known.
    horizon: Option<Fixed>,
}

impl Default for OrderBook {
    fn default() -> Self {
        let side = |is_bid| Side { levels: Vec::new(), is_bid, horizon: None };
        Self { bids: side(true), asks: side(false) }
    }
}

impl OrderBook {
    /// Replaces everything. A side with `limit` levels or more may have been cut there; `None` says that the
    /// venue itself keeps the book at its depth, and nothing is missing.
    pub fn replace(&mut self, bids: &[ExactLevel], asks: &[ExactLevel], limit: Option<usize>) {
        for (side, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            side.levels.clear();
            side.horizon = None;
            side.apply(levels);
            if limit.is_some_and(|limit| side.levels.len() >= limit) {
                side.horizon = side.levels.first().map(|level| level.price);
            }
        }
    }

    /// Sets the quantity of each level; zero deletes it.
    pub fn apply(&mut self, bids: &[ExactLevel], asks: &[ExactLevel]) {
        self.bids.apply(bids);
        self.asks.apply(asks);
    }

    /// Whether somebody would buy for more than somebody else asks, or for as much: in no book at rest.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        match (self.bids.levels.last(), self.asks.levels.last()) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            _ => false,
        }
    }

    /// Whether both sides have a level.
    #[must_use]
    pub fn has_both_sides(&self) -> bool {
        !self.bids.levels.is_empty() && !self.asks.levels.is_empty()
    }

    /// Whether a level may be missing among the `count` best of a side.
    #[must_use]
    pub fn is_shallow(&self, count: usize) -> bool {
        self.bids.is_shallow(count) || self.asks.is_shallow(count)
    }

    /// The best `count` levels of the bids and of the asks, best first.
    ///
    /// # Errors
    ///
    /// When a number cannot be a price or a quantity; those that were read as levels can.
    pub fn top(&self, count: usize) -> Result<(Vec<Level>, Vec<Level>), InvalidValue> {
        Ok((self.bids.top(count)?, self.asks.top(count)?))
    }

    /// The quantity of the `count` best levels of both sides.
    #[must_use]
    pub fn depth(&self, count: usize) -> f64 {
        let side = |side: &Side| -> f64 {
            side.levels.iter().rev().take(count).map(|level| level.quantity.to_f64()).sum()
        };
        side(&self.bids) + side(&self.asks)
    }
}

impl Side {
    fn apply(&mut self, levels: &[ExactLevel]) {
        for level in levels {
            self.set(*level);
        }
        if let Some(excess) = self.levels.len().checked_sub(LEVELS_MAX).filter(|excess| *excess > 0) {
            // Far from the price; should it ever come near, the horizon says that they are missing.
            self.levels.drain(..excess);
            self.horizon = self.levels.first().map(|level| level.price);
        }
    }

    fn set(&mut self, level: ExactLevel) {
        match self.find(level.price) {
            Ok(place) if level.quantity.is_zero() => {
                self.levels.remove(place);
            }
            Ok(place) => {
                if let Some(known) = self.levels.get_mut(place) {
                    *known = level;
                }
            }
            Err(_) if level.quantity.is_zero() => {}
            Err(place) => self.levels.insert(place, level),
        }
    }

    /// The place of the price, or where it would go.
    fn find(&self, price: Fixed) -> Result<usize, usize> {
        let order = |known: &ExactLevel| {
            let order = known.price.cmp(&price);
            if self.is_bid { order } else { order.reverse() }
        };
        let far = self.levels.len().saturating_sub(NEAR_LEVELS);
        let (further, near) = self.levels.split_at(far);
        if further.last().is_some_and(|nearest| order(nearest).is_ge()) {
            return further.binary_search_by(order);
        }
        near.binary_search_by(order).map(|place| far + place).map_err(|place| far + place)
    }

    fn top(&self, count: usize) -> Result<Vec<Level>, InvalidValue> {
        self.levels.iter().rev().take(count).map(|level| level.to_level()).collect()
    }

    fn is_shallow(&self, count: usize) -> bool {
        let Some(horizon) = self.horizon else { return false };
        let within = |price: Fixed| if self.is_bid { price >= horizon } else { price <= horizon };
        let worst_wanted = self.levels.len().checked_sub(count).and_then(|place| self.levels.get(place));
        worst_wanted.is_none_or(|level| !within(level.price))
    }
}

#[cfg(test)]
mod tests;
