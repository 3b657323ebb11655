//! Whether a stored fill is what its evidence says.

use std::fmt;

use goat::event::BookSnapshot;
use goat::values::{Price, Seq, UnixMicros};

use super::consumption::levels_to_take;
use super::grid::floor_units;
use super::price::{SeenBook, SeenPrice, priced_from_book, priced_from_price, walk};
use super::{Fill, FillSource};

/// What the log has at the position that a fill names.
#[derive(Debug, Clone, Copy)]
pub enum Recorded<'a> {
    /// A book.
    Book {
        /// Its position.
        seq: Seq,
        /// When it reached us, by the core's clock.
        time: UnixMicros,
        /// What it shows.
        book: &'a BookSnapshot,
    },
    /// A feed's price.
    Price {
        /// Its position.
        seq: Seq,
        /// When it reached us, by the core's clock.
        time: UnixMicros,
        /// USD.
        price: Price,
    },
}

/// The first figure of a fill that does not follow from its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub field: &'static str,
    /// What the fill says.
    pub stored: String,
    /// What follows from the evidence.
    pub recomputed: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is {}, recomputed {}", self.field, self.stored, self.recomputed)
    }
}

impl std::error::Error for Difference {}

/// Computes a fill again, to the last bit, from the recorded book or price and what the fill stores as given: the
/// order, the fee and the slippage, and what our earlier fills had taken of each level.
///
/// # Errors
///
/// When a figure differs; the first that does is named.
pub fn recompute(fill: &Fill, recorded: &Recorded<'_>) -> Result<(), Difference> {
    let again = refill(fill, recorded)?;
    compare_sources(&fill.source, &again.source)?;
    same("quantity", &fill.quantity, &again.quantity)?;
    same("average_price", &fill.average_price, &again.average_price)?;
    same("notional", &fill.notional, &again.notional)?;
    same("fee", &fill.fee, &again.fee)?;
    same("mid_price", &fill.mid_price, &again.mid_price)?;
    same("slippage_bps", &fill.slippage_bps, &again.slippage_bps)?;
    same("unfilled", &fill.unfilled, &again.unfilled)?;
    same("due_time", &fill.due_time, &again.due_time)?;
    same("filled_time", &fill.filled_time, &again.filled_time)
}

/// The fill that follows from the recorded book or price and from what `fill` stores as given. No other figure of
/// `fill` is looked at.
fn refill(fill: &Fill, recorded: &Recorded<'_>) -> Result<Fill, Difference> {
    match (&fill.source, recorded) {
        (FillSource::Book { .. }, Recorded::Book { seq, time, book }) => {
            from_book(fill, &SeenBook { seq: *seq, time: *time, book })
        }
        (FillSource::Price { slippage_bps, .. }, Recorded::Price { seq, time, price }) => {
            let seen = SeenPrice { seq: *seq, time: *time, price: *price };
            priced_from_price(&fill.order, &seen, *slippage_bps, fill.taker_fee_bps)
                .map_err(|refusal| unfillable(fill, &refusal))
        }
        (FillSource::Book { .. }, Recorded::Price { .. }) => differ("source", &"a book", &"a price"),
        (FillSource::Price { .. }, Recorded::Book { .. }) => differ("source", &"a price", &"a book"),
    }
}

fn from_book(fill: &Fill, seen: &SeenBook<'_>) -> Result<Fill, Difference> {
    let FillSource::Book { levels, beyond, .. } = &fill.source else {
        return differ("source", &"a price", &"a book");
    };
    let shown = levels_to_take(seen.book, fill.order.side);
    // A level that the order did not come to has no evidence and needs none.
    let consumed = levels.iter().map(|level| floor_units(level.consumed_before)).chain(std::iter::repeat(0));
    let slippage_bps = beyond.map_or(0.0, |beyond| beyond.slippage_bps);
    let walked = walk(&fill.order, shown.iter().copied().zip(consumed), slippage_bps);
    priced_from_book(&fill.order, seen, &walked, fill.taker_fee_bps)
        .map_err(|refusal| unfillable(fill, &refusal))
}

fn compare_sources(stored: &FillSource, again: &FillSource) -> Result<(), Difference> {
    match (stored, again) {
        (
            FillSource::Book { seq, venue, symbol, update_id, levels, beyond },
            FillSource::Book {
                seq: other_seq,
                venue: other_venue,
                symbol: other_symbol,
                update_id: other_update_id,
                levels: other_levels,
                beyond: other_beyond,
            },
        ) => {
            same("seq", seq, other_seq)?;
            same("venue", venue, other_venue)?;
            same("symbol", symbol, other_symbol)?;
            same("update_id", update_id, other_update_id)?;
            same("levels", levels, other_levels)?;
            same("beyond", beyond, other_beyond)
        }
        (
            FillSource::Price { seq, price, slippage_bps },
            FillSource::Price { seq: other_seq, price: other_price, slippage_bps: other_slippage_bps },
        ) => {
            same("seq", seq, other_seq)?;
            same("price", price, other_price)?;
            same("slippage_bps", slippage_bps, other_slippage_bps)
        }
        _ => differ("source", stored, again),
    }
}

fn unfillable(fill: &Fill, refusal: &super::Refusal) -> Difference {
    Difference { field: "fill", stored: fill.notional.to_string(), recomputed: refusal.to_string() }
}

fn same<T: PartialEq + fmt::Debug>(
    field: &'static str,
    stored: &T,
    recomputed: &T,
) -> Result<(), Difference> {
    if stored == recomputed {
        return Ok(());
    }
    differ(field, stored, recomputed)
}

fn differ<T>(
    field: &'static str,
    stored: &dyn fmt::Debug,
    recomputed: &dyn fmt::Debug,
) -> Result<T, Difference> {
    Err(Difference { field, stored: format!("{stored:?}"), recomputed: format!("{recomputed:?}") })
}
