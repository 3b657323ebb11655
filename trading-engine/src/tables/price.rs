//! `prices`: every price of every token.

use super::raw::{EVENT_TIME, RECEIVED_TIME, SEQ, SOURCE};
use super::{Kind, Shown, Table, optional, required};

pub(super) const TABLE: Table = Table {
    name: "prices",
    columns: &[
        SEQ,
        EVENT_TIME,
        RECEIVED_TIME,
        SOURCE,
        required("token", Kind::Text),
        required("price", Kind::Double),
        optional("block_id", Kind::BigInt),
    ],
    key: &[],
    shown: Some(Shown::Hours { age: "event_time", hours: 24 }),
    kept: None,
};
