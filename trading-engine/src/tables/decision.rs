//! `decisions`: what became of each input at each play.

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::decision::Decision;

/// One row an input and play. `failed_gate` is null where the candidate entered.
pub(super) const TABLE: Table = Table {
    name: "decisions",
    columns: &[
        required("id", Kind::Text),
        required("seq", Kind::BigInt),
        required("time", Kind::Timestamp),
        required("play_id", Kind::Text),
        required("play_version", Kind::BigInt),
        required("verdict", Kind::Text),
        optional("failed_gate", Kind::Text),
        optional("measured", Kind::Double),
        optional("threshold", Kind::Double),
        required("gates_passed", Kind::Integer),
        required("wallet_address", Kind::Text),
        required("trade_signature", Kind::Text),
        required("trade_time", Kind::Timestamp),
        required("trade_price", Kind::Double),
        required("trade_usd", Kind::Double),
        optional("cycle_id", Kind::Text),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["id"],
    shown: Some(Shown::Hours { age: "time", hours: 72 }),
    kept: Some(Kept { per_log: true, carried: Carried::Never, since: 3 }),
};

impl Record for Decision {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        let failed = self.failed();
        let passed = self.evaluations.iter().filter(|evaluation| evaluation.passed).count();
        vec![
            self.id.to_string().into(),
            self.id.seq.into(),
            self.time.into(),
            self.id.play.as_str().into(),
            self.play_version.into(),
            if self.enters() { "enter" } else { "reject" }.into(),
            failed.map(|evaluation| evaluation.gate.as_str()).into(),
            failed.and_then(|evaluation| evaluation.measured).into(),
            failed.and_then(|evaluation| evaluation.threshold).into(),
            i32::try_from(passed).unwrap_or(i32::MAX).into(),
            self.trade.wallet.as_str().into(),
            self.trade.signature.as_str().into(),
            self.trade.event_time.into(),
            self.trade.price.into(),
            self.trade.usd.into(),
            self.cycle.map(|cycle| cycle.to_string()).into(),
            super::value::document(self),
        ]
    }
}

impl Recorded for Decision {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        super::value::from_document(row)
    }
}
