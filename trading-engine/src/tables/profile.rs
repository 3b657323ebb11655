//! `wallet_profiles`: a wallet's buy in one cycle, and what following it would have brought.

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::cycles::Threshold;
use crate::core::gains::{Direction, Mark, Path};
use crate::core::profiles::{COPY_DELAYS, Moment, Profile, ProfileId, Purchase, TradeKey};

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
        required("stablecoin", Kind::Text),
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
    kept: Some(Kept { per_log: true, carried: Carried::Never, since: 3, hours: Some(72) }),
};

impl Record for Profile {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        let delayed = self.delayed_gains_percent();
        vec![
            format!("{}.{}", self.id.threshold.hundredths(), self.trade.seq).into(),
            self.wallet().into(),
            self.id.threshold.percent().into(),
            self.trade.seq.into(),
            self.id.trade.signature.as_str().into(),
            self.id.trade.stablecoin.as_str().into(),
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
            super::value::document(&Places::of(self)),
        ]
    }
}

impl Recorded for Profile {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        let places: Places = super::value::from_document(row)?;
        let double = |column| row.double(column);
        let seq = |column: &str| Ok(Seq::new(row.given(column, row.integer(column)?)?));
        let time = |column: &str| row.given(column, row.time(column)?);
        let mark = |(seq, micros): Place, price: f64| {
            let time = UnixMicros::new(micros)
                .map_err(|_| row.invalid(Table::DOCUMENT, &format!("the time {micros}")))?;
            Ok(Mark { seq: Seq::new(seq), time, price })
        };
        let percent = double("threshold")?;
        let threshold =
            Threshold::from_percent(percent).ok_or_else(|| row.invalid("threshold", &percent.to_string()))?;
        let cycle = row.text("price_cycle")?;
        let trade = TradeKey {
            signature: row.text("trade_signature")?.to_owned(),
            wallet: row.text("wallet_address")?.to_owned(),
            stablecoin: row.text("stablecoin")?.to_owned(),
        };
        let end_seq = places.end_seq;
        Ok(Self {
            id: ProfileId { threshold, trade },
            trade: Purchase {
                seq: seq("trade_id")?,
                time: time("trade_timestamp")?,
                price: double("trade_entry_price_org")?,
                stablecoin_amount: double("stablecoin_amount")?,
                perp: match row.text("long_short")? {
                    "long" => Some(Direction::Long),
                    "short" => Some(Direction::Short),
                    _ => None,
                },
            },
            cycle: super::cycle_id(cycle).ok_or_else(|| row.invalid("price_cycle", cycle))?,
            path: Path {
                entry: mark(places.entry, double("trade_entry_price")?)?,
                highest: mark(places.highest, double("highest_price_reached")?)?,
                lowest: mark(places.lowest, double("lowest_price_reached")?)?,
            },
            end: Mark {
                seq: Seq::new(end_seq),
                time: time("cycle_end_time")?,
                price: double("cycle_end_price")?,
            },
            delayed_prices: places.delayed_prices,
            wallet_sold: places
                .sold
                .map(|place| mark(place, 0.0).map(|mark| Moment { seq: mark.seq, time: mark.time }))
                .transpose()?,
            known_at: Moment { seq: seq("known_seq")?, time: time("known_at")? },
        })
    }
}

/// A position in the log with its microseconds.
type Place = (u64, i64);

/// What the columns do not say: where the prices stand, and what copiers would have entered at.
#[derive(Debug, Serialize, Deserialize)]
struct Places {
    entry: Place,
    highest: Place,
    lowest: Place,
    end_seq: u64,
    delayed_prices: [Option<f64>; COPY_DELAYS],
    sold: Option<Place>,
}

impl Places {
    fn of(profile: &Profile) -> Self {
        let place = |mark: &Mark| (mark.seq.get(), mark.time.get());
        Self {
            entry: place(&profile.path.entry),
            highest: place(&profile.path.highest),
            lowest: place(&profile.path.lowest),
            end_seq: profile.end.seq.get(),
            delayed_prices: profile.delayed_prices,
            sold: profile.wallet_sold.map(|sold| (sold.seq.get(), sold.time.get())),
        }
    }
}
