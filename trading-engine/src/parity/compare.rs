//! Decisions against their rows in the ledger.

use std::collections::BTreeMap;

use goat::values::Seq;

use crate::core::decision::Decision;
use crate::tables::{Record, Value};

/// What was decided again and is not compared yet, and what came of what is.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// By id: the position, and the row.
    waiting: BTreeMap<String, (Seq, Vec<Value>)>,
    /// Compared.
    pub(super) decisions: u64,
    pub(super) differences: u64,
    pub(super) first: Option<String>,
}

impl Comparison {
    /// A decision was made again.
    pub(super) fn again(&mut self, decision: &Decision) {
        self.waiting.insert(decision.id.to_string(), (decision.id.seq, decision.values()));
    }

    /// Compares the rows of the ledger up to a position.
    pub(super) fn with(&mut self, rows: Vec<Vec<Value>>, to: Seq) -> Result<(), String> {
        for row in rows {
            let Some(Value::Text(id)) = row.first() else { return Err("a decision has no id".to_owned()) };
            self.decisions += 1;
            match self.waiting.remove(id) {
                None => self.differ(format!("{id} was decided, and not again")),
                Some((_, again)) => {
                    if let Some(column) = difference(&row, &again)? {
                        let column = Decision::TABLE.columns.get(column).map_or("?", |column| column.name);
                        self.differ(format!("{id} was decided with another {column}"));
                    }
                }
            }
        }
        let later = self.waiting.extract_if(.., |_, (seq, _)| *seq <= to).map(|(id, _)| id);
        for id in later.collect::<Vec<_>>() {
            self.decisions += 1;
            self.differ(format!("{id} is decided only now"));
        }
        Ok(())
    }

    fn differ(&mut self, how: String) {
        self.differences += 1;
        self.first.get_or_insert(how);
    }
}

/// The first column that is different. JSON is compared by what it says: a database may write it in its own way.
fn difference(one: &[Value], other: &[Value]) -> Result<Option<usize>, String> {
    if one.len() != other.len() {
        return Ok(Some(one.len().min(other.len())));
    }
    for (place, (one, other)) in one.iter().zip(other).enumerate() {
        let same = match (one, other) {
            (Value::Json(one), Value::Json(other)) => one == other || parsed(one)? == parsed(other)?,
            (one, other) => one == other,
        };
        if !same {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn parsed(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| format!("a decision's evaluations cannot be read: {error}"))
}
