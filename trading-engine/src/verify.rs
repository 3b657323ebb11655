//! `trading-engine verify-fill`: whether the fills of a position follow from the recorded events.
//!
//! The running trading-engine says what a fill claims, the data-engine has the event that priced it. From the event,
//! the order, the fee, and what earlier fills had taken of each level the fill is computed again; every figure that is
//! served has to come out the same, to the last bit.

use std::process::ExitCode;

use goat::event::{Observation, Payload, PositionSide, Side, Venue};
use goat::service::{Failure, Options, Reach};
use goat::settings::Settings;
use goat::values::{Seq, Symbol, UnixMicros};
use goat::wire::market as market_wire;
use goat::wire::market::EventKind;
use goat::wire::market::subscribe_response::Message;
use goat::wire::trading as wire;
use tonic::Status;

use crate::backtest::{ended, say, trading};
use crate::core::fill::{Amount, Beyond, Fill, FillSource, Order, Purpose, Recorded, TakenLevel, refill};
use crate::core::money::Usd;
use crate::feed::{self, Start};
use crate::serve::fill_message;

/// Which position.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its id, such as 4711.play
    position: String,
}

/// Verifies, says what came of it, and returns the exit code: 65 when a figure differs.
#[must_use]
pub fn run(options: &Options, arguments: &Arguments) -> ExitCode {
    ended(options, async |settings| verify(&settings, &arguments.position).await)
}

async fn verify(settings: &Settings, id: &str) -> Result<ExitCode, Failure> {
    let failed = |status: Status| {
        let address = settings.trading_engine.listen;
        Failure::Unavailable(format!("the trading-engine at {address}: {}", status.message()))
    };
    let mut client = trading(settings);
    let log_id = client.get_status(wire::GetStatusRequest {}).await.map_err(failed)?.into_inner().log_id;
    let request = wire::GetPositionRequest { id: id.to_owned() };
    let position = client.get_position(request).await.map_err(failed)?.into_inner().position;
    let position = position.ok_or_else(|| Failure::Unavailable(format!("there is no position {id:?}")))?;
    let Some(entry) = &position.entry else {
        return Err(Failure::Usage(format!("position {id} has no fill yet")));
    };
    let asked = Usd::from_f64(position.size_usd).map_err(|error| Failure::Damage(error.to_string()))?;
    let short = position.direction() == market_wire::PositionSide::Short;
    let side = if short { PositionSide::Short } else { PositionSide::Long };
    check(settings, &log_id, "entry", entry, &order(side, Purpose::Entry, Amount::Notional(asked))).await?;
    if let Some(exit) = &position.exit {
        let held = Amount::Quantity(entry.quantity);
        check(settings, &log_id, "exit", exit, &order(side, Purpose::Exit, held)).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The order without its times, which are the fill's.
fn order(side: PositionSide, purpose: Purpose, amount: Amount) -> Order {
    let buys = (side == PositionSide::Long) == (purpose == Purpose::Entry);
    let side = if buys { Side::Buy } else { Side::Sell };
    Order { side, purpose, amount, decided_time: UnixMicros::default(), latency_ms: 0 }
}

async fn check(
    settings: &Settings,
    log_id: &str,
    name: &str,
    claimed: &wire::Fill,
    order: &Order,
) -> Result<(), Failure> {
    let observation = recorded_event(settings, log_id, claimed).await?;
    let again = again(claimed, order, &observation, settings.trading.slippage_bps)
        .map_err(|difference| Failure::Damage(format!("{name}: {difference}")))?;
    if let Some(difference) = first_difference(claimed, &again) {
        return Err(Failure::Damage(format!("{name}: {difference}")));
    }
    say(&format!(
        "{name}: OK, {} at {} from event {} of log {log_id}\n",
        claimed.quantity, claimed.average_price, claimed.seq
    ))
}

/// The event that a fill names, from the data-engine's log.
async fn recorded_event(
    settings: &Settings,
    log_id: &str,
    claimed: &wire::Fill,
) -> Result<Observation, Failure> {
    let address = settings.data_engine.listen;
    let failed = |reason: &str| Failure::Unavailable(format!("the data-engine at {address}: {reason}"));
    let lost = |status: Status| failed(status.message());
    let kind = if claimed.from_book { EventKind::Book } else { EventKind::Price };
    let request = feed::subscribe_request(Start::After(claimed.seq.saturating_sub(1)), &[kind], false);
    let channel = Reach::of(settings)?.service_channel(address);
    let mut stream = feed::client(channel).subscribe(request).await.map_err(lost)?.into_inner();
    while let Some(frame) = stream.message().await.map_err(lost)? {
        match frame.parse().map_err(|error| failed(&error.to_string()))? {
            Message::Hello(hello) if hello.log_id != log_id => {
                let problem = format!("its log is {}, the position is of log {log_id}", hello.log_id);
                return Err(failed(&problem));
            }
            Message::Batch(batch) => {
                let covered = batch.covers_to >= claimed.seq;
                let found = batch.events.into_iter().find(|event| event.seq == claimed.seq);
                if let Some(event) = found {
                    return Observation::try_from(event).map_err(|error| Failure::Damage(error.to_string()));
                }
                if covered {
                    break;
                }
            }
            Message::CaughtUp(_) => break,
            Message::Hello(_) | Message::Heartbeat(_) => {}
        }
    }
    Err(Failure::Damage(format!("event {} of log {log_id} is not a {}", claimed.seq, kind.as_str_name())))
}

/// The fill computed again, as it would be served.
fn again(
    claimed: &wire::Fill,
    order: &Order,
    observation: &Observation,
    slippage_bps: f64,
) -> Result<wire::Fill, String> {
    let (seq, time) = (Seq::new(claimed.seq), observation.received_time);
    let recorded = match &observation.payload {
        Payload::Book(book) => Recorded::Book { seq, time, book },
        Payload::Price(price) => Recorded::Price { seq, time, price: price.price },
        _ => return Err("the event is neither a book nor a price".to_owned()),
    };
    let given = given(claimed, order, slippage_bps)?;
    refill(&given, &recorded).map(|fill| fill_message(&fill)).map_err(|difference| difference.to_string())
}

/// What a fill stores as given; the rest is left to be computed.
fn given(claimed: &wire::Fill, order: &Order, slippage_bps: f64) -> Result<Fill, String> {
    let time = |name: &str, time: Option<goat::prost_types::Timestamp>| {
        let found = time.and_then(|time| UnixMicros::try_from(time).ok());
        found.ok_or_else(|| format!("{name} is missing"))
    };
    let (decided_time, due_time) = (time("decided_at", claimed.decided_at)?, time("due_at", claimed.due_at)?);
    let latency_ms = u32::try_from(due_time.millis_since(decided_time)).unwrap_or(0);
    let level = |level: &wire::FillLevel| TakenLevel {
        price: level.price,
        displayed: level.displayed,
        consumed_before: level.consumed_before,
        taken: level.taken,
        left: 0.0,
    };
    let source = if claimed.from_book {
        FillSource::Book {
            seq: Seq::new(claimed.seq),
            venue: match claimed.venue() {
                market_wire::Venue::Bybit => Venue::Bybit,
                market_wire::Venue::Unspecified | market_wire::Venue::Binance => Venue::Binance,
            },
            symbol: Symbol::parse("ANY").map_err(|error| error.to_string())?,
            update_id: claimed.update_id,
            levels: claimed.levels.iter().map(level).collect(),
            beyond: Some(Beyond { quantity: 0.0, price: 0.0, slippage_bps }),
        }
    } else {
        // The price with its slippage is served; from it the assumption is a round figure again.
        let assumed = (claimed.slippage_bps * 1e6).round() / 1e6;
        FillSource::Price { seq: Seq::new(claimed.seq), price: 0.0, slippage_bps: assumed }
    };
    Ok(Fill {
        order: Order { decided_time, latency_ms, ..*order },
        source,
        quantity: claimed.quantity,
        average_price: claimed.average_price,
        notional: Usd::from_f64(claimed.notional_usd).map_err(|error| error.to_string())?,
        taker_fee_bps: claimed.fee_bps,
        fee: Usd::from_f64(claimed.fee_usd).map_err(|error| error.to_string())?,
        mid_price: None,
        slippage_bps: None,
        unfilled: None,
        due_time,
        filled_time: due_time,
    })
}

/// The first figure that is not what it was computed to be.
fn first_difference(claimed: &wire::Fill, again: &wire::Fill) -> Option<String> {
    let says = |field: &str, claimed: &dyn std::fmt::Debug, again: &dyn std::fmt::Debug| {
        let (claimed, again) = (format!("{claimed:?}"), format!("{again:?}"));
        (claimed != again).then(|| format!("{field} is {claimed}, recomputed {again}"))
    };
    says("seq", &claimed.seq, &again.seq)
        .or_else(|| says("venue", &claimed.venue, &again.venue))
        .or_else(|| says("update_id", &claimed.update_id, &again.update_id))
        .or_else(|| says("levels", &claimed.levels, &again.levels))
        .or_else(|| says("beyond_book_quantity", &claimed.beyond_book_quantity, &again.beyond_book_quantity))
        .or_else(|| says("quantity", &claimed.quantity, &again.quantity))
        .or_else(|| says("average_price", &claimed.average_price, &again.average_price))
        .or_else(|| says("notional_usd", &claimed.notional_usd, &again.notional_usd))
        .or_else(|| says("fee_usd", &claimed.fee_usd, &again.fee_usd))
        .or_else(|| says("slippage_bps", &claimed.slippage_bps, &again.slippage_bps))
        .or_else(|| says("due_at", &claimed.due_at, &again.due_at))
        .or_else(|| says("filled_at", &claimed.filled_at, &again.filled_at))
}

#[cfg(test)]
mod tests {
    use goat::event::{Source, TokenPrice};
    use goat::values::Price;

    use super::*;
    use crate::core::fill::{Costs, SeenPrice, fill_from_price};

    fn at(millis: i64) -> UnixMicros {
        UnixMicros::new(1_767_000_000_000_000 + millis * 1000).unwrap()
    }

    #[test]
    fn a_served_fill_is_found_again_in_its_event_and_a_changed_one_is_named() {
        let entry = order(PositionSide::Long, Purpose::Entry, Amount::Notional(Usd::from_dollars(250)));
        let whole = Order { decided_time: at(0), latency_ms: 250, ..entry };
        let price = Price::new(123.456_789).unwrap();
        let seen = SeenPrice { seq: Seq::new(9), time: at(300), price };
        let served = fill_message(&fill_from_price(&whole, &seen, &Costs::standard()).unwrap());
        let token = Symbol::parse("SOL").unwrap();
        let observation = Observation {
            event_time: at(299),
            received_time: at(300),
            source: Source::Simulated,
            source_position: 0,
            payload: Payload::Price(TokenPrice { token, price, block_id: 0 }),
        };

        let found = again(&served, &entry, &observation, 5.0).unwrap();
        assert_eq!(first_difference(&served, &found), None);

        let changed = wire::Fill { fee_usd: served.fee_usd + 0.01, ..served.clone() };
        let found = again(&changed, &entry, &observation, 5.0).unwrap();
        assert!(first_difference(&changed, &found).unwrap().starts_with("fee_usd is "));
        let late = Observation { received_time: at(250), ..observation };
        assert!(
            again(&served, &entry, &late, 5.0).is_err(),
            "an event that came before the order could be filled"
        );
    }
}
