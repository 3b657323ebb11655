//! `sol_stablecoin_trades`: what wallets traded.

use goat::event::{Side, WalletTrade};

use super::raw::{EVENT_TIME, RECEIVED_TIME, SEQ, SOURCE, given, known, side_of_position};
use super::{Kind, Shown, Table, Value, optional, required};

pub(super) const TABLE: Table = Table {
    name: "sol_stablecoin_trades",
    columns: &[
        SEQ,
        EVENT_TIME,
        RECEIVED_TIME,
        SOURCE,
        required("signature", Kind::Text),
        required("wallet", Kind::Text),
        required("side", Kind::Text),
        optional("sol_amount", Kind::Double),
        optional("stablecoin", Kind::Text),
        optional("stablecoin_amount", Kind::Double),
        optional("price", Kind::Double),
        optional("slot", Kind::BigInt),
        optional("block_height", Kind::BigInt),
        optional("has_perp_position", Kind::Boolean),
        optional("perp_platform", Kind::Text),
        optional("perp_side", Kind::Text),
        optional("perp_size", Kind::Double),
        optional("perp_leverage", Kind::Double),
        optional("perp_entry_price", Kind::Double),
    ],
    key: &[],
    shown: Some(Shown::Hours { age: "event_time", hours: 72 }),
    kept: None,
};

pub(super) fn values(trade: &WalletTrade) -> Vec<Value> {
    let side = match trade.side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    };
    let perp = &trade.perp;
    vec![
        trade.signature.as_str().into(),
        trade.wallet.as_str().into(),
        side.into(),
        trade.sol_amount.get().into(),
        trade.stablecoin.as_str().into(),
        trade.stablecoin_amount.get().into(),
        trade.price.get().into(),
        known(trade.slot),
        known(trade.block_height),
        perp.has_position.into(),
        given(&perp.platform),
        side_of_position(perp.side),
        perp.size.into(),
        perp.leverage.into(),
        perp.entry_price.into(),
    ]
}
