//! `decided_late`: what was decided after its time, because the engine was not running or could not keep up.

use super::stop::COMPUTED;
use super::{Kind, Record, Shown, Table, Value, optional, required};
use crate::core::decision::DecisionId;

/// One row a decision, and one an exit. `late_ms` is null where the log's time is not the clock's.
pub(super) const TABLE: Table = Table {
    name: "decided_late",
    columns: &[
        required("id", Kind::Text),
        required("what", Kind::Text),
        required("play_id", Kind::Text),
        optional("late_ms", Kind::Integer),
    ],
    key: &["id", "what"],
    shown: Some(Shown::Always),
    kept: COMPUTED,
};

/// What can be late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// The judgement of a candidate.
    Decision,
    /// The exit of a position.
    Exit,
}

impl Late {
    /// As it is written in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Exit => "exit",
        }
    }
}

/// Something was decided late. It is no part of the state: what is decided does not depend on when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedLate {
    /// Of the decision or the position.
    pub id: DecisionId,
    /// Which of both.
    pub what: Late,
    /// How late; none where the log's time is not the clock's.
    pub late_ms: Option<i32>,
}

impl Record for DecidedLate {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        vec![
            self.id.to_string().into(),
            self.what.as_str().into(),
            self.id.play.as_str().into(),
            self.late_ms.map_or(Value::Null, Value::Integer),
        ]
    }
}
