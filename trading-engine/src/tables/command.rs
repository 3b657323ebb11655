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
        // As text: a tree of values holds no money, which may be larger than 64 bits. The tag comes first, so that
        // nothing is read into one on the way either.
        let quoted = serde_json::to_string(kind).map_err(unreadable)?;
        let order = format!(r#"{{"kind":{quoted},"document":{document}}}"#);
        let order: Order = serde_json::from_str(&order).map_err(unreadable)?;
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

#[cfg(test)]
mod tests {
    use goat::values::UnixMicros;

    use super::*;
    use crate::core::desk::Limits;
    use crate::core::money::Usd;

    #[test]
    fn a_command_with_money_is_read_back() {
        let file = r#"{"name": "x", "wallets": {"addresses": ["a"]}, "sizeUsd": 12.345678}"#;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        std::fs::write(&path, file).unwrap();
        let play = crate::plays::configured(&[path]).unwrap().remove(0);
        let huge = Limits { exposure_max: Usd::from_dollars(i32::MAX), ..Limits::default() };
        for order in [Order::SavePlay(Box::new(play)), Order::SetLimits(Box::new(huge))] {
            let command = Command { ordinal: 1, after_seq: Seq::new(2), time: UnixMicros::default(), order };
            let logged = Logged { log_id: "log".into(), request_id: None, command };
            let row = logged.values();
            assert_eq!(Logged::recorded(&Row::new(Logged::TABLE, &row)).unwrap(), logged);
        }
    }
}
