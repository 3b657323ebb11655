//! What the wire's types leave open.

use std::time::Duration;

use goat::event::{BookSnapshot, Candle, Level, Payload, Perp, WalletTrade, WhaleMovement};
use goat::values::{InvalidValue, UnixMicros};

/// The longest text that is believed.
const TEXT_BYTES_MAX: usize = 128;
/// The longest item as it was posted.
const RAW_BYTES_MAX: usize = 16 * 1024;
/// Levels of one side of a book.
const LEVELS_MAX: usize = 200;
/// The largest number that is believed.
const LARGEST: f64 = 1e15;
const INTERVAL_SECONDS_MAX: u32 = 31 * 24 * 3600;
const SECOND_MICROS: i64 = 1_000_000;

type Checked = Result<(), InvalidValue>;

/// Checks what a payload says.
pub(super) fn payload(payload: &Payload) -> Checked {
    match payload {
        Payload::Book(found) => book(found),
        Payload::Trade(found) => trade(found),
        Payload::Whale(found) => whale(found),
        Payload::Candle(found) => candle(found),
        Payload::Price(_) | Payload::User(_) | Payload::Feed(_) | Payload::DeadLetter(_) => Ok(()),
    }
}

/// When a candle is closed.
pub(super) fn end_of(candle: &Candle) -> UnixMicros {
    candle.open_time.plus(Duration::from_secs(u64::from(candle.interval_seconds)))
}

fn book(book: &BookSnapshot) -> Checked {
    side("bids", &book.bids, |better, worse| better > worse)?;
    side("asks", &book.asks, |better, worse| better < worse)?;
    match (book.bids.first(), book.asks.first()) {
        (Some(bid), Some(ask)) if bid.price >= ask.price => {
            Err(InvalidValue::new("asks", "above the best bid", ask.price.get()))
        }
        _ => Ok(()),
    }
}

fn side(field: &'static str, levels: &[Level], in_order: fn(f64, f64) -> bool) -> Checked {
    if !(1..=LEVELS_MAX).contains(&levels.len()) {
        return Err(InvalidValue::new(field, "1 to 200 levels", levels.len()));
    }
    if let Some(empty) = levels.iter().find(|level| level.quantity.get() <= 0.0) {
        return Err(InvalidValue::new(field, "levels with a quantity above zero", empty.quantity.get()));
    }
    for pair in levels.windows(2) {
        if let [better, worse] = pair
            && !in_order(better.price.get(), worse.price.get())
        {
            return Err(InvalidValue::new(field, "best first, each price once", worse.price.get()));
        }
    }
    Ok(())
}

fn trade(trade: &WalletTrade) -> Checked {
    required("signature", &trade.signature)?;
    required("wallet", &trade.wallet)?;
    required("stablecoin", &trade.stablecoin)?;
    raw(&trade.raw_json)?;
    perp(&trade.perp)
}

fn whale(whale: &WhaleMovement) -> Checked {
    required("signature", &whale.signature)?;
    required("wallet", &whale.wallet)?;
    text("whale_type", &whale.whale_type)?;
    text("action", &whale.action)?;
    text("significance", &whale.significance)?;
    if !matches!(whale.direction.as_str(), "" | "in" | "out") {
        return Err(InvalidValue::new("direction", "in, out or empty", whale.direction.escape_debug()));
    }
    for (field, value) in [
        ("sol_change", whale.sol_change),
        ("percentage_moved", whale.percentage_moved),
        ("previous_balance", whale.previous_balance),
        ("current_balance", whale.current_balance),
        ("fee_paid", whale.fee_paid),
    ] {
        number(field, value)?;
    }
    raw(&whale.raw_json)?;
    perp(&whale.perp)
}

fn candle(candle: &Candle) -> Checked {
    let Candle { interval_seconds, open_time, open, high, low, close, .. } = *candle;
    if !(1..=INTERVAL_SECONDS_MAX).contains(&interval_seconds) {
        return Err(InvalidValue::new("interval_seconds", "from 1 to 2678400", interval_seconds));
    }
    // A candle is told from another by the second in which it begins.
    if open_time.get().rem_euclid(SECOND_MICROS) != 0 {
        return Err(InvalidValue::new("open_time", "a whole second", open_time));
    }
    if high < open || high < close || high < low {
        return Err(InvalidValue::new("high", "the highest of the four prices", high.get()));
    }
    if low > open || low > close {
        return Err(InvalidValue::new("low", "the lowest of the four prices", low.get()));
    }
    Ok(())
}

fn perp(perp: &Perp) -> Checked {
    text("perp_platform", &perp.platform)?;
    let numbers =
        [("perp_size", perp.size), ("perp_leverage", perp.leverage), ("perp_entry_price", perp.entry_price)];
    numbers.into_iter().try_for_each(|(field, value)| value.map_or(Ok(()), |value| number(field, value)))
}

fn number(field: &'static str, value: f64) -> Checked {
    if value.abs() <= LARGEST {
        return Ok(());
    }
    Err(InvalidValue::new(field, "a number of at most 1e15", value))
}

fn required(field: &'static str, value: &str) -> Checked {
    if value.is_empty() {
        return Err(InvalidValue::new(field, "present", "nothing"));
    }
    text(field, value)
}

fn text(field: &'static str, value: &str) -> Checked {
    if value.len() > TEXT_BYTES_MAX || value.chars().any(char::is_control) {
        let rule = "at most 128 bytes without control characters";
        return Err(InvalidValue::new(field, rule, value.escape_debug()));
    }
    Ok(())
}

fn raw(value: &str) -> Checked {
    if value.len() > RAW_BYTES_MAX {
        let found = format!("{} bytes", value.len());
        return Err(InvalidValue::new("raw_json", "at most 16384 bytes", found));
    }
    Ok(())
}
