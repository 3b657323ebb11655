//! `controls`: the operator's switches, one row.

use super::{Carried, Kept, Kind, Record, Shown, Table, Value, optional, required};
use crate::core::controls::Controls;

pub(super) const TABLE: Table = Table {
    name: "controls",
    columns: &[
        required("name", Kind::Text),
        required("paused", Kind::Boolean),
        optional("since", Kind::Timestamp),
        optional("requested_by", Kind::Text),
        optional("reason", Kind::Text),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["name"],
    shown: Some(Shown::Always),
    kept: Some(Kept { per_log: false, carried: Carried::Always, since: 2, hours: None }),
};

impl Record for Controls {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        let pause = self.pause.as_ref();
        vec![
            "trading".into(),
            pause.is_some().into(),
            pause.map(|pause| pause.since).into(),
            pause.map(|pause| pause.requested_by.as_str()).into(),
            pause.map(|pause| pause.reason.as_str()).into(),
            super::value::document(self),
        ]
    }
}
