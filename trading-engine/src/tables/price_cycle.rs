//! `price_cycles`: one row a cycle, from its beginning to its end.

use goat::values::Seq;

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::cycles::{Cycle, CycleId, End, Threshold};

/// Cycles are referred to by what is traded in them, so they stay longer than prices.
pub(super) const TABLE: Table = Table {
    name: "price_cycles",
    columns: &[
        required("id", Kind::Text),
        required("threshold_percent", Kind::Double),
        required("start_time", Kind::Timestamp),
        optional("end_time", Kind::Timestamp),
        required("start_seq", Kind::BigInt),
        optional("end_seq", Kind::BigInt),
        required("start_price", Kind::Double),
        required("highest_price", Kind::Double),
        required("lowest_price", Kind::Double),
        required("max_percent_increase", Kind::Double),
        required("max_percent_increase_from_lowest", Kind::Double),
        required("data_points", Kind::BigInt),
        required("longest_gap_ms", Kind::Integer),
        required("active", Kind::Boolean),
    ],
    key: &["id"],
    shown: Some(Shown::Hours { age: "end_time", hours: 72 }),
    kept: Some(Kept { per_log: true, carried: Carried::Never, since: 2, hours: None }),
};

impl Record for Cycle {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        vec![
            self.id.to_string().into(),
            self.id.threshold.percent().into(),
            self.start_time.into(),
            self.end.map(|end| end.time).into(),
            self.id.start_seq.into(),
            self.end.map(|end| end.seq).into(),
            self.start_price.into(),
            self.highest_price.into(),
            self.lowest_price.into(),
            self.max_percent_increase.into(),
            self.max_percent_increase_from_lowest.into(),
            self.data_points.into(),
            self.longest_gap_ms.into(),
            self.is_active().into(),
        ]
    }
}

impl Recorded for Cycle {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        let id = row.text("id")?;
        let end_seq = row.integer("end_seq")?.map(Seq::new);
        Ok(Self {
            id: cycle_id(id).ok_or_else(|| row.invalid("id", id))?,
            start_time: row.given("start_time", row.time("start_time")?)?,
            end: end_seq.zip(row.time("end_time")?).map(|(seq, time)| End { seq, time }),
            start_price: row.double("start_price")?,
            highest_price: row.double("highest_price")?,
            lowest_price: row.double("lowest_price")?,
            max_percent_increase: row.double("max_percent_increase")?,
            max_percent_increase_from_lowest: row.double("max_percent_increase_from_lowest")?,
            data_points: row.given("data_points", row.integer("data_points")?)?,
            longest_gap_ms: row.given("longest_gap_ms", row.integer("longest_gap_ms")?)?,
        })
    }
}

/// Reads the name of a cycle back; none when it is none.
pub(crate) fn cycle_id(text: &str) -> Option<CycleId> {
    let (hundredths, start_seq) = text.split_once('.')?;
    let threshold = Threshold::from_hundredths(hundredths.parse().ok()?);
    Some(CycleId { threshold, start_seq: Seq::new(start_seq.parse().ok()?) })
}
