//! `pattern_analysis`: every look for automatic filters, what was tried, what it was worth, and what followed.

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::filters::automatic::FilterAnalysis;
use crate::core::filters::{Contrast, Suggestion};

const KEPT_HOURS: u32 = 30 * 24;

/// One row a look at a play's entries. Gains are means in percent after costs: `learned_…` of the cycles that were
/// searched, always too good; `judged_…` of those that took no part, with the lower bounds of their 95 % intervals;
/// `…_difference_…` above entering at random.
pub(super) const TABLE: Table = Table {
    name: "pattern_analysis",
    columns: &[
        required("play_id", Kind::Text),
        required("asked_seq", Kind::BigInt),
        required("searched_at", Kind::Timestamp),
        required("consequence", Kind::Text),
        required("reason", Kind::Text),
        optional("entries", Kind::BigInt),
        optional("random_entries", Kind::BigInt),
        optional("fresh_cycles", Kind::BigInt),
        optional("tried", Kind::BigInt),
        optional("filters", Kind::BigInt),
        optional("learned_percent", Kind::Double),
        optional("walk_forward_percent", Kind::Double),
        optional("judged_percent", Kind::Double),
        optional("judged_low_percent", Kind::Double),
        optional("judged_difference_percent", Kind::Double),
        optional("judged_difference_low_percent", Kind::Double),
        optional("judged_cycles", Kind::BigInt),
        optional("project_id", Kind::Text),
        optional("project_version", Kind::BigInt),
        optional("play_version", Kind::BigInt),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["play_id", "asked_seq"],
    shown: Some(Shown::Hours { age: "searched_at", hours: KEPT_HOURS }),
    kept: Some(Kept { per_log: true, carried: Carried::Never, since: 5, hours: Some(KEPT_HOURS) }),
};

impl Record for FilterAnalysis {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        let found = self.found.as_ref().ok();
        let suggestion = found.and_then(|found| found.suggestion.as_ref());
        let part = |part: fn(&Suggestion) -> Option<&Contrast>| suggestion.and_then(part);
        let judged = part(|suggestion| suggestion.judged.as_ref());
        let mean = |contrast: Option<&Contrast>| contrast.map(|contrast| contrast.gain.mean);
        vec![
            self.question.play.as_str().into(),
            self.question.asked_seq.into(),
            self.question.asked_at.into(),
            self.consequence.as_str().into(),
            self.reason.as_str().into(),
            found.map(|found| found.entries).into(),
            found.map(|found| found.random_entries).into(),
            found.map(|found| found.fresh_cycles).into(),
            suggestion.map(|suggestion| suggestion.tried).into(),
            suggestion.map(|one| u32::try_from(one.ranges.len()).unwrap_or(u32::MAX)).into(),
            mean(part(|suggestion| suggestion.learned.as_ref())).into(),
            mean(part(|suggestion| suggestion.walk_forward.as_ref())).into(),
            mean(judged).into(),
            judged.and_then(|judged| judged.gain.low).into(),
            judged.map(|judged| judged.difference.mean).into(),
            judged.and_then(|judged| judged.difference.low).into(),
            judged.map(|judged| judged.cycles).into(),
            self.applied.as_ref().map(|applied| applied.project_id.as_str()).into(),
            self.applied.as_ref().map(|applied| applied.project_version).into(),
            self.applied.as_ref().map(|applied| applied.play_version).into(),
            super::value::document(self),
        ]
    }
}

impl Recorded for FilterAnalysis {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        super::value::from_document(row)
    }
}
