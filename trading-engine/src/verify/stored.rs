//! A served fill as the core had it.

use goat::event::Venue;
use goat::prost_types::Timestamp;
use goat::values::{Seq, Symbol, UnixMicros};
use goat::wire::market as market_wire;
use goat::wire::trading as wire;

use crate::core::fill::{Amount, Beyond, Fill, FillSource, Order, TakenLevel};
use crate::core::money::Usd;

/// The fill that a message tells, of an order on that side and for that purpose.
pub(super) fn fill(claimed: &wire::Fill, order: &Order) -> Result<Fill, String> {
    let (decided_time, due_time) = (time("decided_at", claimed.decided_at)?, time("due_at", claimed.due_at)?);
    let latency_ms = u32::try_from(due_time.millis_since(decided_time))
        .map_err(|_| format!("due_at is {due_time}, before decided_at {decided_time}"))?;
    let amount = match claimed.asked {
        Some(wire::fill::Asked::AskedUsd(dollars)) => Amount::Notional(usd("asked_usd", dollars)?),
        Some(wire::fill::Asked::AskedQuantity(quantity)) => Amount::Quantity(quantity),
        None => return Err("asked is missing".to_owned()),
    };
    let unfilled = match (claimed.unfilled, amount) {
        (None, _) => None,
        (Some(rest), Amount::Notional(_)) => Some(Amount::Notional(usd("unfilled", rest)?)),
        (Some(rest), Amount::Quantity(_)) => Some(Amount::Quantity(rest)),
    };
    Ok(Fill {
        order: Order { amount, decided_time, latency_ms, ..*order },
        source: source(claimed)?,
        quantity: claimed.quantity,
        average_price: claimed.average_price,
        notional: usd("notional_usd", claimed.notional_usd)?,
        taker_fee_bps: claimed.fee_bps,
        fee: usd("fee_usd", claimed.fee_usd)?,
        mid_price: claimed.mid_price,
        slippage_bps: claimed.mid_price.map(|_| claimed.slippage_bps),
        unfilled,
        due_time,
        filled_time: time("filled_at", claimed.filled_at)?,
    })
}

fn source(claimed: &wire::Fill) -> Result<FillSource, String> {
    let seq = Seq::new(claimed.seq);
    let missing = |name: &str| format!("{name} is missing");
    if !claimed.from_book {
        return Ok(FillSource::Price {
            seq,
            price: claimed.mid_price.ok_or_else(|| missing("mid_price"))?,
            slippage_bps: claimed.assumed_slippage_bps.ok_or_else(|| missing("assumed_slippage_bps"))?,
        });
    }
    let beyond = match (claimed.beyond_book_price, claimed.assumed_slippage_bps) {
        (Some(price), Some(slippage_bps)) => {
            Some(Beyond { quantity: claimed.beyond_book_quantity, price, slippage_bps })
        }
        (None, None) if claimed.beyond_book_quantity == 0.0 => None,
        _ => return Err(missing("beyond_book_price or assumed_slippage_bps")),
    };
    let venue = match claimed.venue() {
        market_wire::Venue::Binance => Venue::Binance,
        market_wire::Venue::Bybit => Venue::Bybit,
        market_wire::Venue::Unspecified => return Err(missing("venue")),
    };
    Ok(FillSource::Book {
        seq,
        venue,
        symbol: Symbol::parse(&claimed.symbol).map_err(|error| error.to_string())?,
        update_id: claimed.update_id,
        levels: claimed.levels.iter().map(level).collect(),
        beyond,
    })
}

fn level(level: &wire::FillLevel) -> TakenLevel {
    TakenLevel {
        price: level.price,
        displayed: level.displayed,
        consumed_before: level.consumed_before,
        taken: level.taken,
        left: level.left,
    }
}

fn time(name: &str, time: Option<Timestamp>) -> Result<UnixMicros, String> {
    time.and_then(|time| UnixMicros::try_from(time).ok()).ok_or_else(|| format!("{name} is missing"))
}

fn usd(name: &str, dollars: f64) -> Result<Usd, String> {
    Usd::from_f64(dollars).map_err(|error| format!("{name}: {error}"))
}
