//! `follow_the_goat_buyins`: the positions.

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::position::{Position, Stage};

/// One row a position, as it is now. Money is after rounding to the millionth of a dollar.
pub(super) const TABLE: Table = Table {
    name: "follow_the_goat_buyins",
    columns: &[
        required("id", Kind::Text),
        required("play_id", Kind::Text),
        required("play_version", Kind::BigInt),
        required("status", Kind::Text),
        required("direction", Kind::Text),
        required("wallet_address", Kind::Text),
        required("trade_signature", Kind::Text),
        required("price_cycle", Kind::Text),
        required("decided_seq", Kind::BigInt),
        required("decided_at", Kind::Timestamp),
        optional("opened_at", Kind::Timestamp),
        optional("closed_at", Kind::Timestamp),
        required("size_usd", Kind::Money),
        optional("entry_price", Kind::Double),
        optional("exit_price", Kind::Double),
        optional("exit_reason", Kind::Text),
        optional("profit_usd", Kind::Money),
        optional("profit_percent", Kind::Double),
        optional("fees_usd", Kind::Money),
        optional("best_percent", Kind::Double),
        optional("at_cycle_end_percent", Kind::Double),
        required("changed_seq", Kind::BigInt),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["id"],
    shown: Some(Shown::Always),
    kept: Some(Kept { per_log: true, carried: Carried::SameMarket, since: 3, hours: None }),
};

impl Record for Position {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        let reason = match &self.stage {
            Stage::Closing { reason, .. } | Stage::Closed { reason, .. } => Some(reason.as_str().to_owned()),
            Stage::Missed(why) => Some(why.clone()),
            Stage::Opening(_) | Stage::Open => None,
        };
        let exit_price = self.exit.as_ref().map(|fill| fill.average_price);
        let gains = self.outcome.as_ref().map(|outcome| outcome.gains(0.0));
        let at_end = gains.as_ref().and_then(|gains| gains.at_cycle_end);
        let profit = self.profit();
        let return_percent = profit
            .zip(self.entry.as_ref())
            .map(|(profit, entry)| profit.to_f64() / entry.notional.to_f64() * 100.0);
        vec![
            self.id.to_string().into(),
            self.id.play.as_str().into(),
            self.play_version.into(),
            self.stage.as_str().into(),
            super::value::direction(self.side).into(),
            self.wallet.as_str().into(),
            self.signature.as_str().into(),
            self.cycle.to_string().into(),
            self.id.seq.into(),
            self.decided_at.into(),
            self.opened_at().into(),
            self.closed_at().into(),
            self.size.into(),
            self.entry.as_ref().map(|fill| fill.average_price).into(),
            exit_price.into(),
            reason.into(),
            profit.into(),
            return_percent.into(),
            self.fees().into(),
            gains.as_ref().map(|gains| gains.best.percent).into(),
            at_end.map(|gain| gain.percent).into(),
            self.changed_seq.into(),
            super::value::document(self),
        ]
    }
}

impl Recorded for Position {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        super::value::from_document(row)
    }
}
