//! Rows on their way into keyed tables: of those with the same key the last one stays.

use std::collections::BTreeMap;

use super::{Record, Table, Value};

/// A value of a key, in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Absent,
    Number(i64),
    Text(String),
}

type Rows = BTreeMap<Vec<Part>, Vec<Value>>;

/// Rows of several tables, each table's in the order of its key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    tables: BTreeMap<&'static str, (&'static Table, Rows)>,
}

impl Batch {
    /// Adds a record, or replaces the one with its key.
    pub fn put<R: Record>(&mut self, record: &R) {
        self.put_row(R::TABLE, record.values());
    }

    /// Adds a row, or replaces the one with its key.
    pub fn put_row(&mut self, table: &'static Table, row: Vec<Value>) {
        debug_assert!(
            row.len() == table.columns.len()
                && row.iter().zip(table.columns).all(|(value, column)| value.is_of(column.kind)),
            "{row:?} is no row of {}",
            table.name
        );
        let key = table.key.iter().map(|column| part(table.position(column).and_then(|at| row.get(at))));
        let key = key.collect();
        self.tables.entry(table.name).or_insert_with(|| (table, Rows::new())).1.insert(key, row);
    }

    /// Takes the rows of `newer`, which replace those of the same key.
    pub fn merge(&mut self, newer: Self) {
        for (name, (table, rows)) in newer.tables {
            self.tables.entry(name).or_insert_with(|| (table, Rows::new())).1.extend(rows);
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.values().map(|(_, rows)| rows.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Each table with its rows.
    pub fn tables(&self) -> impl Iterator<Item = (&'static Table, Vec<&[Value]>)> {
        self.tables.values().map(|(table, rows)| (*table, rows.values().map(Vec::as_slice).collect()))
    }
}

fn part(value: Option<&Value>) -> Part {
    match value {
        None | Some(Value::Null) => Part::Absent,
        Some(Value::Text(text) | Value::Json(text)) => Part::Text(text.clone()),
        Some(Value::Integer(number)) => Part::Number((*number).into()),
        Some(Value::BigInt(number) | Value::Timestamp(number) | Value::Money(number)) => {
            Part::Number(*number)
        }
        Some(Value::Boolean(value)) => Part::Number((*value).into()),
        // Tells rows apart, and that is all that a key must do.
        Some(Value::Double(number)) => Part::Number(number.to_bits().cast_signed()),
    }
}
