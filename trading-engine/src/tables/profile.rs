//! `wallet_profiles`: a wallet's buy in one cycle, and what following it would have brought.

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::gains::Direction;
use crate::core::profiles::Profile;

/// One row a buy and threshold. The names are those that plays' queries have always used; prices after the entry
/// are those of the time after it only, and nothing is here before it was known.
pub(super) const TABLE: Table = Table {
    name: "wallet_profiles",
    columns: &[
        required("id", Kind::Text),
        required("wallet_address", Kind::Text),
        required("threshold", Kind::Double),
        required("trade_id", Kind::BigInt),
        required("trade_signature", Kind::Text),
        required("trade_timestamp", Kind::Timestamp),
        required("price_cycle", Kind::Text),
        required("trade_entry_price_org", Kind::Double),
        required("stablecoin_amount", Kind::Double),
        required("trade_entry_price", Kind::Double),
        required("highest_price_reached", Kind::Double),
        required("lowest_price_reached", Kind::Double),
        required("cycle_end_price", Kind::Double),
        required("cycle_end_time", Kind::Timestamp),
        required("long_short", Kind::Text),
        required("gain_percent", Kind::Double),
        required("potential_gain_percent", Kind::Double),
        required("seconds_to_best", Kind::Double),
        optional("gain_after_5_s_percent", Kind::Double),
        optional("gain_after_30_s_percent", Kind::Double),
        required("wallet_sold", Kind::Boolean),
        required("known_at", Kind::Timestamp),
        required("known_seq", Kind::BigInt),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["id"],
    shown: Some(Shown::Hours { age: "trade_timestamp", hours: 72 }),
    kept: Some(Kept { per_log: true, carried: Carried::Never, since: 3 }),
};

impl Record for Profile {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        let delayed = self.delayed_gains_percent();
        vec![
            self.id.to_string().into(),
            self.wallet().into(),
            self.id.threshold.percent().into(),
            self.trade.seq.into(),
            self.id.trade.signature.as_str().into(),
            self.trade.time.into(),
            self.cycle.to_string().into(),
            self.trade.price.into(),
            self.trade.stablecoin_amount.into(),
            self.path.entry.price.into(),
            self.path.best(Direction::Long).price.into(),
            self.path.worst(Direction::Long).price.into(),
            self.end.price.into(),
            self.end.time.into(),
            match self.trade.perp {
                Some(Direction::Long) => "long",
                Some(Direction::Short) => "short",
                None => "none",
            }
            .into(),
            self.gain_percent().into(),
            self.potential_gain_percent().into(),
            self.seconds_to_best().into(),
            delayed[3].into(),
            delayed[5].into(),
            self.wallet_sold.is_some().into(),
            self.known_at.time.into(),
            self.known_at.seq.into(),
            super::value::document(self),
        ]
    }
}

impl Recorded for Profile {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        super::value::from_document(row)
    }
}
