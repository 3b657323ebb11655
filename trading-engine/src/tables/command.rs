//! `commands`: what users wanted, each at its place among the events.

use goat::values::Seq;

use super::{Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Table, Value, optional, required};
use crate::core::command::{Command, Order};
use crate::ledger::Logged;

pub(super) const TABLE: Table = Table {
    name: "commands",
    columns: &[
        required("ordinal", Kind::BigInt),
        required("log_id", Kind::Text),
        required("after_seq", Kind::BigInt),
        required("time", Kind::Timestamp),
        optional("request_id", Kind::Text),
        required("kind", Kind::Text),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["ordinal"],
    shown: None,
    kept: Some(Kept { per_log: false, carried: Carried::Never, since: 2, hours: None }),
};

impl Record for Logged {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        let Command { ordinal, after_seq, time, order } = &self.command;
        let order = serde_json::to_value(order).unwrap_or_default();
        let part = |name: &str| order.get(name).cloned().unwrap_or_default();
        vec![
            (*ordinal).into(),
            self.log_id.as_str().into(),
            (*after_seq).into(),
            (*time).into(),
            self.request_id.as_deref().into(),
            part("kind").as_str().into(),
            Value::Json(part("document").to_string()),
        ]
    }
}

impl Recorded for Logged {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        let (kind, document) = (row.text("kind")?, row.text(Table::DOCUMENT)?);
        let unreadable = |error: serde_json::Error| {
            row.invalid(Table::DOCUMENT, &format!("no {kind} that this version knows: {error}"))
        };
        let document: serde_json::Value = serde_json::from_str(document).map_err(unreadable)?;
        let order = serde_json::json!({ "kind": kind, "document": document });
        let order: Order = serde_json::from_value(order).map_err(unreadable)?;
        let ordinal = row.given("ordinal", row.integer("ordinal")?)?;
        let after_seq = Seq::new(row.given("after_seq", row.integer("after_seq")?)?);
        let time = row.given("time", row.time("time")?)?;
        let request_id = match row.value("request_id")? {
            Value::Null => None,
            _ => Some(row.text("request_id")?.to_owned()),
        };
        let command = Command { ordinal, after_seq, time, order };
        Ok(Self { log_id: row.text("log_id")?.to_owned(), request_id, command })
    }
}
