//! `decisions`: what became of each input at each play.

use std::sync::Arc;

use goat::values::Seq;

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::decision::{Decision, DecisionId, FollowedTrade};
use crate::core::gate::{Evaluation, Gate};
use crate::core::market::{BookMark, Quote};

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
        optional("price_seq", Kind::BigInt),
        optional("price_known_at", Kind::Timestamp),
        optional("price", Kind::Double),
        optional("book_seq", Kind::BigInt),
        optional("book_known_at", Kind::Timestamp),
        optional("book_mid_price", Kind::Double),
        required("evaluations", Kind::Json),
    ],
    key: &["id"],
    shown: Some(Shown::Hours { age: "time", hours: 72 }),
    kept: Some(Kept { per_log: true, carried: Carried::Never, since: 3, hours: Some(30 * 24) }),
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
            self.price.map(|quote| quote.seq).into(),
            self.price.map(|quote| quote.known_at).into(),
            self.price.map(|quote| quote.price).into(),
            self.book.map(|book| book.seq).into(),
            self.book.map(|book| book.known_at).into(),
            self.book.map(|book| book.mid_price).into(),
            evaluations(self),
        ]
    }
}

impl Recorded for Decision {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        let id = row.text("id")?;
        let time = |column: &str| row.given(column, row.time(column)?);
        let optional_double = |column: &str| match row.value(column)? {
            Value::Null => Ok(None),
            _ => row.double(column).map(Some),
        };
        let price = optional_double("price")?.map(|price| {
            let seq = Seq::new(row.given("price_seq", row.integer("price_seq")?)?);
            Ok(Quote { seq, known_at: time("price_known_at")?, price })
        });
        let book = optional_double("book_mid_price")?.map(|mid_price| {
            let seq = Seq::new(row.given("book_seq", row.integer("book_seq")?)?);
            Ok(BookMark { seq, known_at: time("book_known_at")?, mid_price })
        });
        let cycle = if row.value("cycle_id")? == &Value::Null {
            None
        } else {
            let text = row.text("cycle_id")?;
            Some(super::cycle_id(text).ok_or_else(|| row.invalid("cycle_id", text))?)
        };
        Ok(Self {
            id: DecisionId::parse(id).ok_or_else(|| row.invalid("id", id))?,
            time: time("time")?,
            play_version: row.given("play_version", row.integer("play_version")?)?,
            trade: Arc::new(FollowedTrade {
                wallet: row.text("wallet_address")?.to_owned(),
                signature: row.text("trade_signature")?.to_owned(),
                event_time: time("trade_time")?,
                price: row.double("trade_price")?,
                usd: row.double("trade_usd")?,
            }),
            evaluations: read_evaluations(row)?,
            price: price.transpose()?,
            book: book.transpose()?,
            cycle,
        })
    }
}

/// A gate's name, whether it passed, what was measured against what, and the note.
type Written = (String, bool, Option<f64>, Option<f64>, String);

fn evaluations(decision: &Decision) -> Value {
    let written = decision.evaluations.iter().map(|one| -> Written {
        (one.gate.as_str().to_owned(), one.passed, one.measured, one.threshold, one.note.to_string())
    });
    super::value::document(&written.collect::<Vec<_>>())
}

fn read_evaluations(row: &Row<'_>) -> Result<Vec<Evaluation>, InvalidRow> {
    let unreadable = |problem: &str| row.invalid("evaluations", problem);
    let written: Vec<Written> =
        serde_json::from_str(row.text("evaluations")?).map_err(|error| unreadable(&error.to_string()))?;
    let read = written.into_iter().map(|(name, passed, measured, threshold, note)| {
        let gate = Gate::named(&name).ok_or_else(|| unreadable(&name))?;
        Ok(Evaluation { gate, passed, measured, threshold, note: note.into() })
    });
    read.collect()
}
