//! `price_marks`: the traded token's price a minute: what open positions are valued at in results of the past.

use super::{Carried, Kept, Kind, Record, Shown, Table, Value, required};
use crate::core::results::Quote;

const HOURS: u32 = 24 * 366;

/// One row a minute with a price: its first.
pub(super) const TABLE: Table = Table {
    name: "price_marks",
    columns: &[required("time", Kind::Timestamp), required("price", Kind::Double)],
    key: &["time"],
    shown: Some(Shown::Hours { age: "time", hours: HOURS }),
    kept: Some(Kept { per_log: true, carried: Carried::SameLog, since: 5, hours: Some(HOURS) }),
};

impl Record for Quote {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        vec![self.time.into(), self.price.into()]
    }
}
