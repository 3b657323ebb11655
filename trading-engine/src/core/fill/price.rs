//! From a walk or a price to a fill.

use goat::event::{BookSnapshot, Side};
use goat::values::{Price, Seq, UnixMicros};

use super::consumption::{Consumption, levels_to_take};
use super::grid::{floor_units, from_units};
use super::walk::{BookWalk, worse};
use super::{Amount, Costs, Fill, FillSource, Order, Purpose, Refusal};
use crate::core::money::Usd;

/// A book at its place in the log.
#[derive(Debug, Clone, Copy)]
pub struct SeenBook<'a> {
    /// Its position.
    pub seq: Seq,
    /// When it reached us, by the core's clock.
    pub time: UnixMicros,
    /// What it shows. Only a LIVE book may price a fill; whoever asks sees to that.
    pub book: &'a BookSnapshot,
}

/// A feed's price at its place in the log.
#[derive(Debug, Clone, Copy)]
pub struct SeenPrice {
    /// Its position.
    pub seq: Seq,
    /// When it reached us, by the core's clock.
    pub time: UnixMicros,
    /// USD.
    pub price: Price,
}

/// Fills an order from a displayed book, and remembers what was taken.
///
/// # Errors
///
/// When the order is not due, too small, or an entry gets too little. Nothing is taken then.
pub fn fill_from_book(
    order: &Order,
    seen: &SeenBook<'_>,
    costs: &Costs,
    consumption: &mut Consumption,
) -> Result<Fill, Refusal> {
    consumption.observe(seen.book);
    let (walk, fill) = {
        let taken = &*consumption;
        let levels = levels_to_take(seen.book, order.side).iter();
        let consumed = levels.map(|level| (*level, taken.units(seen.book, order.side, level)));
        let walk = walk(order, consumed, costs.get().slippage_bps);
        let fill = priced_from_book(order, seen, &walk, costs.get().taker_fee_bps)?;
        (walk, fill)
    };
    let fraction = filled_fraction(&fill);
    let minimum_fraction = costs.get().minimum_fraction;
    if order.purpose == Purpose::Entry && fraction < minimum_fraction {
        return Err(Refusal::TooThin { available_fraction: fraction, minimum_fraction });
    }
    for (level, taken) in levels_to_take(seen.book, order.side).iter().zip(&walk.levels) {
        consumption.take(seen.book, order.side, level, floor_units(taken.taken));
    }
    Ok(fill)
}

/// Fills an order at a feed's price, which the slippage makes worse: for where no book is.
///
/// # Errors
///
/// When the order is not due or too small.
pub fn fill_from_price(order: &Order, seen: &SeenPrice, costs: &Costs) -> Result<Fill, Refusal> {
    priced_from_price(order, seen, costs.get().slippage_bps, costs.get().taker_fee_bps)
}

/// Walks a book for an order; an exit goes on where nothing is displayed.
pub(super) fn walk(
    order: &Order,
    levels: impl Iterator<Item = (goat::event::Level, u64)>,
    slippage_bps: f64,
) -> BookWalk {
    let mut walk = BookWalk::new(order.side, order.amount, levels);
    if order.purpose == Purpose::Exit && walk.is_short() {
        walk.go_beyond(slippage_bps);
    }
    walk
}

/// The fill that follows from a walk.
pub(super) fn priced_from_book(
    order: &Order,
    seen: &SeenBook<'_>,
    walk: &BookWalk,
    taker_fee_bps: f64,
) -> Result<Fill, Refusal> {
    let is_cut = walk.is_short();
    if levels_to_take(seen.book, order.side).is_empty() || (is_cut && walk.units() == 0) {
        return Err(Refusal::EmptyBook);
    }
    let unfilled = match order.amount {
        _ if !is_cut => None,
        Amount::Notional(_) => Some(Amount::Notional(Usd::from_f64(walk.unfilled())?)),
        Amount::Quantity(_) => Some(Amount::Quantity(walk.unfilled())),
    };
    let source = FillSource::Book {
        seq: seen.seq,
        venue: seen.book.venue,
        symbol: seen.book.symbol,
        update_id: seen.book.update_id,
        levels: walk.levels.clone(),
        beyond: walk.beyond,
    };
    let taken = Taken { units: walk.units(), value: walk.value(), mid_price: mid_price(seen.book), unfilled };
    taken.into_fill(order, source, seen.time, taker_fee_bps)
}

/// The fill that follows from a price.
pub(super) fn priced_from_price(
    order: &Order,
    seen: &SeenPrice,
    slippage_bps: f64,
    taker_fee_bps: f64,
) -> Result<Fill, Refusal> {
    let price = worse(order.side, seen.price.get(), slippage_bps);
    let units = match order.amount {
        Amount::Notional(usd) => floor_units(usd.to_f64() / price),
        Amount::Quantity(quantity) => floor_units(quantity),
    };
    let source = FillSource::Price { seq: seen.seq, price: seen.price.get(), slippage_bps };
    let value = from_units(units) * price;
    let taken = Taken { units, value, mid_price: Some(seen.price.get()), unfilled: None };
    taken.into_fill(order, source, seen.time, taker_fee_bps)
}

/// What an order got, before it is written down.
struct Taken {
    units: u64,
    value: f64,
    mid_price: Option<f64>,
    unfilled: Option<Amount>,
}

impl Taken {
    fn into_fill(
        self,
        order: &Order,
        source: FillSource,
        seen_time: UnixMicros,
        taker_fee_bps: f64,
    ) -> Result<Fill, Refusal> {
        let due_time = order.due_time();
        if seen_time <= due_time {
            return Err(Refusal::NotDue { due_time, seen_time });
        }
        let notional = Usd::from_f64(self.value)?;
        if self.units == 0 || !notional.is_positive() {
            return Err(Refusal::TooSmall);
        }
        let quantity = from_units(self.units);
        let average_price = self.value / quantity;
        let slippage_bps = self.mid_price.map(|mid| match order.side {
            Side::Buy => (average_price - mid) / mid * 10_000.0,
            Side::Sell => (mid - average_price) / mid * 10_000.0,
        });
        Ok(Fill {
            order: *order,
            source,
            quantity,
            average_price,
            notional,
            taker_fee_bps,
            fee: notional.basis_points(taker_fee_bps)?,
            mid_price: self.mid_price,
            slippage_bps,
            unfilled: self.unfilled,
            due_time,
            filled_time: seen_time,
        })
    }
}

fn mid_price(book: &BookSnapshot) -> Option<f64> {
    let (bid, ask) = (book.bids.first()?, book.asks.first()?);
    Some(f64::midpoint(bid.price.get(), ask.price.get()))
}

/// The part of its order that a fill is.
fn filled_fraction(fill: &Fill) -> f64 {
    match (fill.order.amount, fill.unfilled) {
        (Amount::Notional(asked), Some(_)) => fill.notional.to_f64() / asked.to_f64(),
        (Amount::Quantity(asked), Some(_)) => fill.quantity / asked,
        (_, None) => 1.0,
    }
}
