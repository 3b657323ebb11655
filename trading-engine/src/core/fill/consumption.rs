//! What we ourselves took from displayed levels.

use std::collections::BTreeMap;

use goat::event::{BookSnapshot, Level, Side, Venue};
use goat::values::Symbol;
use serde::{Deserialize, Serialize};

/// What our fills took from the levels of all books, across plays.
///
/// The venue does not know of our fills and goes on showing what we took. So it is remembered for as long as the
/// level shows the same quantity at the same price. It is forgotten when the level shows another quantity, for
/// then it is another display, or when the level is not visible any more, be it empty or out of sight.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Consumption {
    books: BTreeMap<(Venue, Symbol), Vec<Consumed>>,
}

/// One level that we took from. The side is that of our orders: buys take from the asks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Consumed {
    side: Side,
    price: f64,
    displayed: f64,
    units: u64,
}

impl Consumed {
    fn is_of(&self, side: Side, level: &Level) -> bool {
        let same = |one: f64, other: f64| one.total_cmp(&other).is_eq();
        self.side == side && same(self.price, level.price.get()) && same(self.displayed, level.quantity.get())
    }
}

impl Consumption {
    /// Forgets what the book does not show any more. To be told of every book before it fills an order.
    pub fn observe(&mut self, book: &BookSnapshot) {
        let key = (book.venue, book.symbol);
        let Some(levels) = self.books.get_mut(&key) else { return };
        levels.retain(|consumed| {
            let shown = levels_to_take(book, consumed.side);
            shown.iter().any(|level| consumed.is_of(consumed.side, level))
        });
        if levels.is_empty() {
            self.books.remove(&key);
        }
    }

    /// How many levels are remembered: at most those that the books show.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.books.values().map(Vec::len).sum()
    }

    /// The units taken from a level as it is displayed.
    pub(super) fn units(&self, book: &BookSnapshot, side: Side, level: &Level) -> u64 {
        let levels = self.books.get(&(book.venue, book.symbol)).into_iter().flatten();
        levels.filter(|consumed| consumed.is_of(side, level)).map(|consumed| consumed.units).sum()
    }

    /// Remembers units taken from a level as it is displayed.
    pub(super) fn take(&mut self, book: &BookSnapshot, side: Side, level: &Level, units: u64) {
        if units == 0 {
            return;
        }
        let levels = self.books.entry((book.venue, book.symbol)).or_default();
        if let Some(consumed) = levels.iter_mut().find(|consumed| consumed.is_of(side, level)) {
            consumed.units = consumed.units.saturating_add(units);
            return;
        }
        levels.push(Consumed { side, price: level.price.get(), displayed: level.quantity.get(), units });
    }
}

/// The levels that an order of this side takes from, best price first.
pub(super) fn levels_to_take(book: &BookSnapshot, side: Side) -> &[Level] {
    match side {
        Side::Buy => &book.asks,
        Side::Sell => &book.bids,
    }
}
