//! `trading-engine verify-fill`: whether the fills of a position follow from the recorded events.
//!
//! The running trading-engine says what a fill claims, the data-engine has the event that priced it. From the event,
//! the order, the fee, the assumed slippage and what earlier fills had taken of each level, all as they are stored with
//! the fill, it is computed again; every figure that is served has to come out the same, to the last bit. No setting
//! is looked at.

mod stored;

use std::process::ExitCode;

use goat::event::{Observation, Payload, PositionSide, Side};
use goat::service::{Failure, Options, Reach};
use goat::settings::Settings;
use goat::values::{Seq, UnixMicros};
use goat::wire::market as market_wire;
use goat::wire::market::EventKind;
use goat::wire::market::subscribe_response::Message;
use goat::wire::trading as wire;
use tonic::Status;

use crate::backtest::{ended, say, trading};
use crate::core::fill::{Amount, Order, Purpose, Recorded, recompute};
use crate::core::money::Usd;
use crate::feed::{self, Start};

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
    follows(claimed, order, &observation)
        .map_err(|difference| Failure::Damage(format!("{name}: {difference}")))?;
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

/// Whether a served fill of this order follows from the recorded event; else the first figure that does not.
fn follows(claimed: &wire::Fill, order: &Order, observation: &Observation) -> Result<(), String> {
    let fill = stored::fill(claimed, order)?;
    if fill.order.amount != order.amount {
        return Err(format!("asked is {:?}, of the position {:?}", fill.order.amount, order.amount));
    }
    let (seq, time) = (Seq::new(claimed.seq), observation.received_time);
    let recorded = match &observation.payload {
        Payload::Book(book) => Recorded::Book { seq, time, book },
        Payload::Price(price) => Recorded::Price { seq, time, price: price.price },
        _ => return Err("the event is neither a book nor a price".to_owned()),
    };
    recompute(&fill, &recorded).map_err(|difference| difference.to_string())
}

#[cfg(test)]
mod tests;
