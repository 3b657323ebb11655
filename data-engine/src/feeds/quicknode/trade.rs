//! One wallet trade.

use goat::event::{Side, WalletTrade};
use goat::values::{InvalidValue, Price, UnixMicros};
use serde_json::value::RawValue;

use super::item::{Item, compact};

const STABLECOIN_AMOUNT: [&str; 3] = ["stablecoin_amount", "usdc_amount", "amount_usdc"];
const SOL_AMOUNT: [&str; 3] = ["sol_amount", "amount_sol", "sol"];

/// Reads a trade with the time of its block.
pub(super) fn read(raw: &RawValue, received: UnixMicros) -> Result<(UnixMicros, WalletTrade), InvalidValue> {
    let item = Item::open(raw)?;
    let signature = item.required_text(&["signature", "tx_signature", "transaction"])?;
    let wallet = item.required_text(&["wallet_address", "wallet", "owner", "walletAddress"])?;
    let side = side(&item.required_text(&["direction", "side", "action"])?)?;
    let sol_amount = item.required_quantity(&SOL_AMOUNT)?;
    let stablecoin_amount = item.required_quantity(&STABLECOIN_AMOUNT)?;
    let price = match item.number(&["price", "mark_price", "avg_price"])? {
        Some(price) => Price::new(price)?,
        None => Price::new(stablecoin_amount.get() / sol_amount.get())?,
    };
    let event_time = item.time(&["trade_timestamp", "block_time", "timestamp"], received)?;
    let trade = WalletTrade {
        signature,
        wallet,
        side,
        sol_amount,
        stablecoin: stablecoin(&item)?,
        stablecoin_amount,
        price,
        slot: item.count(&["slot"]),
        block_height: item.count(&["block_height", "blockHeight"]),
        perp: item.perp(),
        raw_json: compact(raw),
    };
    Ok((event_time, trade))
}

fn side(text: &str) -> Result<Side, InvalidValue> {
    match text.to_ascii_lowercase().as_str() {
        "buy" | "bought" => Ok(Side::Buy),
        "sell" | "sold" => Ok(Side::Sell),
        _ => Err(InvalidValue::new("direction", "buy or sell", text)),
    }
}

/// The coin's name; an amount that calls itself USDC names it too.
fn stablecoin(item: &Item<'_>) -> Result<String, InvalidValue> {
    if let Some(name) = item.text(&["stablecoin"])? {
        return Ok(name.to_ascii_uppercase());
    }
    let unnamed = item.number(&["stablecoin_amount"])?.is_some();
    Ok(if unnamed { String::new() } else { "USDC".to_owned() })
}
