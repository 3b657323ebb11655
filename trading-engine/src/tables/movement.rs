//! `whale_movements`: what large wallets moved.

use goat::event::WhaleMovement;

use super::raw::{EVENT_TIME, RECEIVED_TIME, SEQ, SOURCE, given, known, side_of_position};
use super::{Kind, Shown, Table, Value, optional, required};

pub(super) const TABLE: Table = Table {
    name: "whale_movements",
    columns: &[
        SEQ,
        EVENT_TIME,
        RECEIVED_TIME,
        SOURCE,
        required("signature", Kind::Text),
        required("wallet", Kind::Text),
        optional("whale_type", Kind::Text),
        optional("direction", Kind::Text),
        optional("action", Kind::Text),
        optional("significance", Kind::Text),
        optional("sol_change", Kind::Double),
        optional("abs_change", Kind::Double),
        optional("percentage_moved", Kind::Double),
        optional("previous_balance", Kind::Double),
        optional("current_balance", Kind::Double),
        optional("fee_paid", Kind::Double),
        optional("slot", Kind::BigInt),
        optional("has_perp_position", Kind::Boolean),
        optional("perp_platform", Kind::Text),
        optional("perp_side", Kind::Text),
    ],
    key: &[],
    shown: Some(Shown::Hours { age: "event_time", hours: 24 }),
    kept: None,
};

pub(super) fn values(whale: &WhaleMovement) -> Vec<Value> {
    vec![
        whale.signature.as_str().into(),
        whale.wallet.as_str().into(),
        given(&whale.whale_type),
        given(&whale.direction),
        given(&whale.action),
        given(&whale.significance),
        whale.sol_change.into(),
        whale.abs_change.get().into(),
        whale.percentage_moved.into(),
        whale.previous_balance.into(),
        whale.current_balance.into(),
        whale.fee_paid.into(),
        known(whale.slot),
        whale.perp.has_position.into(),
        given(&whale.perp.platform),
        side_of_position(whale.perp.side),
    ]
}
