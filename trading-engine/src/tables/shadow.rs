//! `shadows`: what would have come of entries that were not made; and `shadow_features`, what the market looked like
//! when they were decided.

use std::collections::BTreeMap;

use goat::values::{Seq, UnixMicros};

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::Engine;
use crate::core::features::FeatureSet;
use crate::core::gains::Direction;
use crate::core::gate::Gate;
use crate::core::shadows::Shadow;

const COMPUTED: Option<Kept> =
    Some(Kept { per_log: true, carried: Carried::Never, since: 4, hours: Some(72) });

/// One row a shadow that is complete. Gains are in percent of the entry price, slippage included; `seq` is the event
/// that completed it.
pub(super) const TABLE: Table = Table {
    name: "shadows",
    columns: &[
        required("id", Kind::Text),
        required("seq", Kind::BigInt),
        required("play_id", Kind::Text),
        required("play_version", Kind::BigInt),
        required("kind", Kind::Text),
        optional("gate", Kind::Text),
        required("direction", Kind::Text),
        required("cycle_id", Kind::Text),
        required("decided_seq", Kind::BigInt),
        required("decided_at", Kind::Timestamp),
        optional("features_seq", Kind::BigInt),
        required("entry_price", Kind::Double),
        required("entered_at", Kind::Timestamp),
        optional("exit_price", Kind::Double),
        optional("left_at", Kind::Timestamp),
        required("exit_reason", Kind::Text),
        optional("gain_percent", Kind::Double),
        optional("gain_after_costs_percent", Kind::Double),
        required("best_percent", Kind::Double),
        optional("at_cycle_end_percent", Kind::Double),
        required("completed_at", Kind::Timestamp),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["id"],
    shown: Some(Shown::Hours { age: "completed_at", hours: 72 }),
    kept: COMPUTED,
};

/// One row a second in which shadows began: the features that were computable, each as the list of its minutes, newest
/// first, rounded to 32 bits.
pub(super) const MOMENTS: Table = Table {
    name: "shadow_features",
    columns: &[
        required("seq", Kind::BigInt),
        required("time", Kind::Timestamp),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["seq"],
    shown: Some(Shown::Hours { age: "time", hours: 72 }),
    kept: COMPUTED,
};

impl Record for Shadow {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        let gains = self.outcome.gains(self.cost_bps);
        let direction = match self.outcome.direction {
            Direction::Long => "long",
            Direction::Short => "short",
        };
        let entry = &self.outcome.path.entry;
        vec![
            self.id.to_string().into(),
            self.completed_seq.into(),
            self.id.play.as_str().into(),
            self.play_version.into(),
            self.kind.as_str().into(),
            self.kind.gate().map(Gate::as_str).into(),
            direction.into(),
            self.outcome.cycle.to_string().into(),
            self.id.seq.into(),
            self.decided_at.into(),
            self.features_seq.into(),
            entry.price.into(),
            entry.time.into(),
            self.outcome.exit.map(|exit| exit.price).into(),
            self.outcome.exit.map(|exit| exit.time).into(),
            self.reason.as_str().into(),
            gains.by_exit_rule.map(|gain| gain.percent).into(),
            gains.by_exit_rule.map(|gain| gain.after_costs_percent).into(),
            gains.best.percent.into(),
            gains.at_cycle_end.map(|gain| gain.percent).into(),
            self.completed_at.into(),
            super::value::document(self),
        ]
    }
}

impl Recorded for Shadow {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        super::value::from_document(row)
    }
}

/// The features of a second in which shadows began.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentRow {
    /// Of the event at which they began.
    pub seq: Seq,
    /// By the core's clock.
    pub time: UnixMicros,
    /// The features.
    pub features: FeatureSet,
}

impl MomentRow {
    /// The features of an engine that has just folded the event at which shadows began.
    #[must_use]
    pub fn of(seq: Seq, engine: &Engine) -> Self {
        Self { seq, time: engine.now(), features: engine.features_now() }
    }
}

impl Record for MomentRow {
    const TABLE: &'static Table = &MOMENTS;

    fn values(&self) -> Vec<Value> {
        let mut minutes: BTreeMap<&str, Vec<Option<f32>>> = BTreeMap::new();
        for row in self.features.rows() {
            // A filter's bounds are quantiles: the 32 bits hold more than they mean.
            #[allow(clippy::cast_possible_truncation)]
            let value = row.value.map(|value| value as f32).filter(|value| value.is_finite());
            minutes.entry(row.feature.feature().name).or_default().push(value);
        }
        minutes.retain(|_, values| values.iter().any(Option::is_some));
        vec![self.seq.into(), self.time.into(), super::value::document(&minutes)]
    }
}
