//! One whale movement.

use goat::event::WhaleMovement;
use goat::values::{InvalidValue, Quantity, UnixMicros};
use serde_json::value::RawValue;

use super::item::{Item, compact};

/// Reads a movement with the time of its block.
pub(super) fn read(
    raw: &RawValue,
    received: UnixMicros,
) -> Result<(UnixMicros, WhaleMovement), InvalidValue> {
    let item = Item::open(raw)?;
    let text = |names| Ok::<_, InvalidValue>(item.text(names)?.unwrap_or_default());
    let named = direction(&text(&["direction", "side"])?)?;
    let (sol_change, abs_change) = change(&item, named)?;
    let balance =
        |names: &[&'static str]| Ok::<_, InvalidValue>(item.quantity(names)?.map_or(0.0, Quantity::get));
    let previous_balance = balance(&["previous_balance"])?;
    let percentage_moved = match item.number(&["percentage_moved", "pct_moved"])? {
        Some(percent) => percent,
        None if previous_balance > 0.0 => abs_change.get() / previous_balance * 100.0,
        None => 0.0,
    };
    let movement = WhaleMovement {
        signature: item.required_text(&["signature", "tx_signature", "transaction"])?,
        wallet: item.required_text(&["wallet_address", "wallet", "owner", "walletAddress"])?,
        whale_type: text(&["whale_type", "type"])?.to_ascii_uppercase(),
        direction: named.unwrap_or(if sol_change < 0.0 { "out" } else { "in" }).to_owned(),
        action: text(&["action"])?,
        significance: text(&["movement_significance", "significance"])?.to_ascii_uppercase(),
        sol_change,
        abs_change,
        percentage_moved,
        previous_balance,
        current_balance: balance(&["current_balance", "balance"])?,
        fee_paid: balance(&["fee_paid", "fee"])?,
        slot: item.count(&["slot"]),
        perp: item.perp(),
        raw_json: compact(raw),
    };
    let event_time = item.time(&["block_time", "timestamp", "trade_timestamp"], received)?;
    Ok((event_time, movement))
}

fn direction(text: &str) -> Result<Option<&'static str>, InvalidValue> {
    match text.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "in" | "receiving" | "received" | "receive" | "inbound" => Ok(Some("in")),
        "out" | "sending" | "sent" | "send" | "outbound" => Ok(Some("out")),
        _ => Err(InvalidValue::new("direction", "in or out", text)),
    }
}

/// The signed change and its size; either gives the other, with the direction for the sign.
fn change(item: &Item<'_>, direction: Option<&str>) -> Result<(f64, Quantity), InvalidValue> {
    let signed = item.number(&["sol_change", "delta_sol"])?;
    let size = item.quantity(&["abs_change", "abs_delta"])?.filter(|size| size.get() > 0.0);
    match (signed, size, direction) {
        (Some(signed), Some(size), _) => Ok((signed, size)),
        (Some(signed), None, _) => Ok((signed, Quantity::new(signed.abs())?)),
        (None, Some(size), Some(direction)) => {
            Ok((if direction == "out" { -size.get() } else { size.get() }, size))
        }
        (None, Some(_), None) => {
            Err(InvalidValue::new("direction", "present when sol_change is not", "nothing"))
        }
        (None, None, _) => Err(InvalidValue::new("sol_change", "present", "nothing")),
    }
}
