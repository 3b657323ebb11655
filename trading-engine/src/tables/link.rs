//! `result_chain`: what was decided and what came of it, each record with a hash over it and the one before.

use std::time::Duration;

use goat::values::Seq;
use serde_json::value::RawValue;

use super::{Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, required};
use crate::chain::Link;

const SHOWN_HOURS: u32 = 8 * 24;

/// One row a link. It belongs to the ledger, not to a log: it goes on over cold starts.
pub(super) const TABLE: Table = Table {
    name: "result_chain",
    columns: &[
        required("number", Kind::BigInt),
        required("seq", Kind::BigInt),
        required("time", Kind::Timestamp),
        required("previous", Kind::Text),
        required("hash", Kind::Text),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["number"],
    shown: Some(Shown::Hours { age: "time", hours: SHOWN_HOURS }),
    kept: Some(Kept { per_log: false, carried: Carried::Never, since: 5, hours: None }),
};

impl Link {
    /// How far back the workspace has the chain.
    pub(crate) const SHOWN: Duration = Duration::from_hours(SHOWN_HOURS as u64);
}

impl Record for Link {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        vec![
            Value::BigInt(i64::try_from(self.number).unwrap_or(i64::MAX)),
            self.seq.into(),
            self.time.into(),
            self.previous.as_str().into(),
            self.hash.as_str().into(),
            Value::Json(self.entry.get().to_owned()),
        ]
    }
}

impl Recorded for Link {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        let document = row.text(Table::DOCUMENT)?.to_owned();
        let entry = RawValue::from_string(document)
            .map_err(|error| row.invalid(Table::DOCUMENT, &format!("no JSON: {error}")))?;
        Ok(Self {
            number: row.given("number", row.integer("number")?)?,
            seq: Seq::new(row.given("seq", row.integer("seq")?)?),
            time: row.given("time", row.time("time")?)?,
            entry,
            previous: row.text("previous")?.to_owned(),
            hash: row.text("hash")?.to_owned(),
        })
    }
}
